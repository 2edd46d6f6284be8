"""Error on motion capture through random synthetic cameras, a detector's noise included.

The bodies are known to the last joint, the performers unseen in training: what is measured is the
lifter alone, at any speed of play. The same seed draws the same bodies, cameras and motions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from core.geometry.camera import camera_at_origin
from core.joint_sets import BODY_23, H36M_17, LIFTED_21
from core.types import Keypoints2D

from ..datasets.bvh import MocapClip
from ..datasets.mocap_folder import Split, load_mocap
from ..datasets.motion_window import MocapWindows
from ..datasets.one_person_clip import clip_of_one_person
from ..datasets.synthetic import ViewBatch, draw_views
from ..datasets.view_config import plain_views
from .judged_clip import JudgedClip
from .pose_error import ClipErrors, judged_by, pooled_mm

ALL_PERFORMERS = "all"
VIEW_SECONDS = 6.0
DEFAULT_NUM_VIEWS = 192

_LEAST_VIEWS = 4
_BATCH = 32
_SEED = 11
# Rays are what counts: a focal length and an image that hold wide angles in plain numbers.
_FOCAL_LENGTH_PX = 1000.0
_IMAGE_SIZE = (2000, 2000)


@dataclass(frozen=True, slots=True)
class MocapRow:
    """Errors of one performer's views, or of all pooled, mm.

    ``mpjpe_mm`` at the person's true size, ``own_scale_mm`` at the network's (``PoseErrors``).
    """

    stage: str
    name: str
    num_joints: int
    num_frames: int
    mpjpe_mm: float
    own_scale_mm: float
    n_mpjpe_mm: float
    p_mpjpe_mm: float


def load_performers(folder: Path, split: Split) -> tuple[dict[str, MocapWindows], list[str]]:
    """Every performer's clips of a split, by name, and what was left out or cut.

    Raises
    ------
    InputFormatError
        As ``load_mocap``.
    """
    clips, notes = load_mocap(folder, split)
    by_name: dict[str, list[MocapClip]] = {}
    for clip in clips:
        by_name.setdefault(clip.group, []).append(clip)
    return {name: MocapWindows(by_name[name]) for name in sorted(by_name)}, notes


def draw_clips(
    performers: Mapping[str, MocapWindows],
    *,
    num_views: int = DEFAULT_NUM_VIEWS,
    seconds: float = VIEW_SECONDS,
    speed: float = 1.0,
) -> list[JudgedClip]:
    """About ``num_views`` views, of each performer in proportion to their footage but a few at least.

    Parameters
    ----------
    performers : mapping
        ``load_performers``.
    num_views : int
    seconds : float
        Of motion in each view: it plays ``1 / speed`` times as long.
    speed : float
        Of play. At another speed the same motions are seen by the same cameras.
    """
    config = replace(plain_views(), min_speed=speed, max_speed=speed)
    num_frames = round(seconds * config.fps / speed) + 1
    total = sum(windows.seconds for windows in performers.values())
    clips: list[JudgedClip] = []
    for number, (name, windows) in enumerate(performers.items()):
        count = max(_LEAST_VIEWS, round(num_views * windows.seconds / total))
        for start in range(0, count, _BATCH):
            rng = np.random.default_rng([_SEED, number, start])
            views = draw_views(windows, min(_BATCH, count - start), num_frames, config, rng)
            clips += judge_views(views, name, fps=config.fps, first=start)
    return [clip for clip in clips if clip.is_judged.any()]


def judge_views(views: ViewBatch, name: str, *, fps: float, first: int = 0) -> list[JudgedClip]:
    """Each window of a batch as a clip of one person; resting frames at a window's ends do not count."""
    num_views, num_frames = views.rays.shape[:2]
    camera = camera_at_origin(_FOCAL_LENGTH_PX, _IMAGE_SIZE)
    pixels = views.rays * camera.focal_length + camera.principal_point
    is_moving = _is_moving(views.targets)
    clips: list[JudgedClip] = []
    for row in range(num_views):
        keypoints = Keypoints2D(
            positions=pixels[row].astype(float),
            confidence=views.confidence[row].astype(float),
            frames=np.arange(num_frames),
            image_size=_IMAGE_SIZE,
            fps=Fraction(fps).limit_denominator(1001),
            person=1,
            skeleton=BODY_23,
        )
        clips.append(
            JudgedClip(
                name=name,
                camera_name=f"view {first + row}",
                source=clip_of_one_person(
                    keypoints,
                    camera,
                    path=Path(name),
                    format="synthetic view",
                    focal_source="synthetic camera",
                ),
                joints=LIFTED_21.joint_names,
                truth_camera=views.targets[row].astype(float),
                is_judged=np.repeat(is_moving[row, :, None], LIFTED_21.num_joints, axis=1),
                gravity_camera=views.gravity[row].astype(float),
                floor_mm=None,
            )
        )
    return clips


def tabulate_mocap(stage: str, views: Sequence[ClipErrors]) -> list[MocapRow]:
    """A row per performer and one for all, over Human3.6M's 17 joints; one for all over all 21."""
    paper = [judged_by(view, H36M_17.joint_names) for view in views]
    names = sorted({view.clip.name for view in views})
    rows = [
        _pool(stage, name, [view for view in paper if view.clip.name == name]) for name in names
    ]
    return [*rows, _pool(stage, ALL_PERFORMERS, paper), _pool(stage, ALL_PERFORMERS, views)]


def print_mocap(rows: Sequence[MocapRow]) -> None:
    """Print the table; MPJPE is at the true size of the body."""
    print(
        f"{'stage':12}{'performer':20}{'joints':>7}{'frames':>8}{'MPJPE':>8}{'own size':>10}"
        f"{'N-MPJPE':>9}{'P-MPJPE':>9}"
    )
    for row in rows:
        print(
            f"{row.stage:12}{row.name:20}{row.num_joints:7d}{row.num_frames:8d}{row.mpjpe_mm:8.1f}"
            f"{row.own_scale_mm:10.1f}{row.n_mpjpe_mm:9.1f}{row.p_mpjpe_mm:9.1f}",
            flush=True,
        )


def _is_moving(targets: np.ndarray) -> np.ndarray:
    """(N,T) whether the body (N,T,21,3) is elsewhere in the frame before or after."""
    steps = (np.diff(targets, axis=1) != 0).any(axis=(2, 3))
    none = np.zeros((len(targets), 1), dtype=bool)
    return np.concatenate([steps, none], axis=1) | np.concatenate([none, steps], axis=1)


def _pool(stage: str, name: str, views: Sequence[ClipErrors]) -> MocapRow:
    return MocapRow(
        stage=stage,
        name=name,
        num_joints=len(views[0].clip.joints),
        num_frames=sum(int(view.is_judged_frame.sum()) for view in views),
        mpjpe_mm=pooled_mm(views, lambda errors: errors.true_scale_mm),
        own_scale_mm=pooled_mm(views, lambda errors: errors.own_scale_mm),
        n_mpjpe_mm=pooled_mm(views, lambda errors: errors.n_mm),
        p_mpjpe_mm=pooled_mm(views, lambda errors: errors.p_mm),
    )
