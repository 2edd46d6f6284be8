"""Real detections with 3D truth: the evaluation clips of the data folder's ``real``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from core.clip_source import ClipSource, open_clip
from core.errors import InputFormatError
from core.geometry.quaternion import from_matrix
from core.joint_sets import BODY_12, COCO_17
from core.types import Camera, Keypoints2D

from .npz_arrays import read_arrays
from .one_person_clip import clip_of_one_person
from .trc import read_trc

MIN_GOOD_VIEWS = 3
"""How many cameras must have seen a joint well for its triangulation to be believed."""

_MIN_GOOD_JOINTS = 10
_MAX_FLOOR_MM = 50.0
_AIST_CAMERAS = "cameras.npz"
_AIST_CAMERA_ARRAYS = (
    *("camera_index", "rotation_world_to_camera", "translation", "focal_length", "radial_k1"),
    *("principal_point", "image_size", "fps"),
)


@dataclass(frozen=True, slots=True, eq=False)
class RealClip:
    """One camera's view of one sequence, with the truth.

    ``truth`` (T,12,3) m, the axes of the calibration, of the ``BODY_12`` joints; ``is_judged`` (T,12)
    which joints count; ``floor_mm`` (T,) P-MPJPE that true depths on these detections would leave, or
    None.
    """

    name: str
    camera_name: str
    source: ClipSource
    truth: np.ndarray
    is_judged: np.ndarray
    floor_mm: np.ndarray | None


def load_real_clips(folder: Path) -> list[RealClip]:
    """Every evaluation clip below ``folder``: AIST-style npz sequences and the calibrated demo clips.

    Raises
    ------
    InputFormatError
        When none is there.
    """
    clips = [
        clip
        for path in sorted((folder / "aistpp").glob("breakdance_*.npz"))
        for clip in _load_aist(path)
    ]
    single = folder / "pose2sim_single"
    if single.is_dir():
        clips += [_load_pose2sim(single, number) for number in (1, 2)]
    if not clips:
        raise InputFormatError(f"{folder}: expected aistpp or pose2sim_single in it")
    return clips


def is_aist_sequence(names: Sequence[str]) -> bool:
    """Whether an npz with these array names is an AIST-style sequence."""
    return "keypoints_2d" in names


def read_aist_views(path: Path) -> dict[str, ClipSource]:
    """What each camera of an AIST-style sequence saw, by the camera's name; its 3D is not read.

    Raises
    ------
    InputFormatError
        When the file, or ``cameras.npz`` beside it, is missing, broken or lacks an array.
    """
    cameras = read_arrays(path.with_name(_AIST_CAMERAS), _AIST_CAMERA_ARRAYS)
    detected = read_arrays(path, ("keypoints_2d",))["keypoints_2d"]
    numbers = cameras["camera_index"].tolist()
    if detected.ndim != 4 or len(detected) != len(numbers) or detected.shape[2:] != (17, 3):
        raise InputFormatError(
            f"{path}: keypoints_2d: expected ({len(numbers)} cameras, frames, 17, 3), "
            f"found {detected.shape}"
        )
    return {
        f"camera {number}": _aist_source(path, detected[row], cameras, row)
        for row, number in enumerate(numbers)
    }


def _load_aist(path: Path) -> list[RealClip]:
    sequence = read_arrays(path, ("num_good_views", "floor_mm", "positions_3d"))
    body = COCO_17.indices(*BODY_12)
    clips: list[RealClip] = []
    for row, (camera_name, source) in enumerate(read_aist_views(path).items()):
        good = sequence["num_good_views"][row][:, body] >= MIN_GOOD_VIEWS
        floor = sequence["floor_mm"][row]
        frame_counts = (good.sum(axis=1) >= _MIN_GOOD_JOINTS) & (floor <= _MAX_FLOOR_MM)
        clips.append(
            RealClip(
                name=path.stem,
                camera_name=camera_name,
                source=source,
                truth=sequence["positions_3d"][row][:, body].astype(float),
                is_judged=good & frame_counts[:, None],
                floor_mm=floor,
            )
        )
    return clips


def _aist_source(
    path: Path, detected: np.ndarray, cameras: dict[str, np.ndarray], row: int
) -> ClipSource:
    is_found = np.isfinite(detected).all(axis=-1)
    confidence = np.where(is_found, np.clip(detected[..., 2], 0, 1), 0.0).astype(float)
    positions = np.where(is_found[..., None], detected[..., :2], 0.0).astype(float)
    size = (int(cameras["image_size"][0]), int(cameras["image_size"][1]))
    fps = Fraction(float(cameras["fps"])).limit_denominator(1001)
    rotation = cameras["rotation_world_to_camera"][row]
    camera = Camera(
        focal_length=np.full(2, cameras["focal_length"][row]),
        principal_point=cameras["principal_point"].astype(float),
        radial=np.array([cameras["radial_k1"][row], 0.0, 0.0]),
        tangential=np.zeros(2),
        rotation_world_to_camera=from_matrix(rotation),
        position_world=-rotation.T @ cameras["translation"][row],
    )
    frames = np.arange(len(positions))
    keypoints = Keypoints2D(positions, confidence, frames, size, fps, 1, COCO_17)
    return clip_of_one_person(
        keypoints,
        camera,
        path=path,
        format="AIST-style npz",
        focal_source="calibration",
        is_calibrated=True,
    )


def _load_pose2sim(folder: Path, number: int) -> RealClip:
    source = open_clip(
        folder / f"cam{number:02d}_json",
        fps=Fraction(60),
        calibration=folder / "calibration.toml",
        camera_name=f"cam_{number:02d}",
    )
    first, last = source.frame_span
    truth = read_trc(folder / "triangulated.trc", BODY_12)[first : last + 1]
    is_known = np.isfinite(truth).all(axis=(1, 2))
    return RealClip(
        name="pose2sim_single",
        camera_name=f"cam_{number:02d}",
        source=source,
        truth=np.where(is_known[:, None, None], truth, 0.0),
        is_judged=np.repeat(is_known[:, None], len(BODY_12), axis=1),
        floor_mm=None,
    )
