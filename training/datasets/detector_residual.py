"""How far real detections are from the truth, as the network meets them: cleaned and at its rate.

Read from the data folder's ``real/aistpp`` 01 to 03 alone; 04 and ``pose2sim_single`` are held out.
The truth of camera i is triangulated from the other cameras, so that its residual is honest; a
constant offset of the detector's joint in all views is not seen in it. Of ``real/pose2sim_multi``
nothing can be learned: the keypoints of its person 1 are projections of the truth with confidence 1
(0.7 mm about one constant shift), and person 2 is the recording that is held out.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from core.clip_source import ClipSource
from core.geometry.camera import pixels_to_rays, world_to_camera
from core.joint_sets import BODY_23, COCO_17
from core.preprocess.clean import clean
from core.preprocess.resample import make_timeline, resample

from .detector_view import trunk_depth
from .held_out import refuse_held_out
from .npz_arrays import read_arrays
from .real import MIN_GOOD_VIEWS, read_aist_views

RESIDUAL_FPS = 30.0
"""The rate of the default network."""

_SEQUENCES = ("breakdance_ch01", "breakdance_ch02", "breakdance_ch03")
_TRUTH = ("positions_3d", "num_good_views")
_STANDS_IN = [
    COCO_17.index(name if name in COCO_17.joint_names else name.split("_")[0] + "_ankle")
    for name in BODY_23.joint_names
]
_IS_MARKED = np.array([name in COCO_17.joint_names for name in BODY_23.joint_names])


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """Detections of N clips of T frames against the truth, joints in the order of ``BODY_23``.

    ``marked`` (N,T,23,3) m, camera space, the true points (a joint that has none stands at its
    ankle); ``error`` (N,T,23,2) m across the view at the trunk's depth, detected less true;
    ``confidence`` (N,T,23), 0 where nothing was reported; ``is_marked`` (N,T,23) where truth and
    detector know the joint; ``fps`` Hz.
    """

    marked: np.ndarray
    error: np.ndarray
    confidence: np.ndarray
    is_marked: np.ndarray
    fps: float

    @property
    def is_known(self) -> np.ndarray:
        """(N,T,23) bool: where the error is known."""
        return self.is_marked & (self.confidence > 0)

    @property
    def depth(self) -> np.ndarray:
        """(N,T) m: how far the trunk is before the camera."""
        return _depth(self.marked)

    @property
    def place(self) -> np.ndarray:
        """(N,T,23,2) m: the true points across the view at the trunk's depth."""
        return self.marked[..., :2] / self.marked[..., 2:] * self.depth[..., None, None]

    @property
    def side_distance(self) -> np.ndarray:
        """(N,T,23) m across the view: how far from the other side's joint each one is."""
        place = self.place
        return np.linalg.norm(place - place[..., list(BODY_23.mirror), :], axis=-1)

    @property
    def points(self) -> np.ndarray:
        """(3,23,N,T) float32: ``marked`` as ``see_body`` takes it."""
        return np.ascontiguousarray(self.marked.transpose(3, 2, 0, 1), dtype=np.float32)


def read_residuals(folder: Path) -> Residuals:
    """The residuals of every camera of the sequences below ``folder`` that may be learned from.

    Raises
    ------
    InputFormatError
        When a sequence is missing, broken, or one that is held out.
    """
    clips: list[tuple[np.ndarray, ...]] = []
    for stem in _SEQUENCES:
        path = folder / "aistpp" / f"{stem}.npz"
        truth = read_arrays(path, _TRUTH)
        for row, (camera_name, source) in enumerate(read_aist_views(path).items()):
            where = f"{path}: {camera_name}"
            refuse_held_out(source.people[0].positions, COCO_17, where)
            clips.append(_read_clip(source, *(truth[name][row] for name in _TRUTH)))
    num_frames = min(len(clip[0]) for clip in clips)
    marked, error, confidence, is_marked = (
        np.stack([clip[item][:num_frames] for clip in clips]) for item in range(4)
    )
    return Residuals(marked, error, confidence, is_marked, RESIDUAL_FPS)


def error_from_rays(rays: np.ndarray, marked: np.ndarray) -> np.ndarray:
    """(...,T,23,2) m: how far ``rays`` are beside the true points, at the trunk's depth."""
    true_rays = marked[..., :2] / marked[..., 2:]
    return (rays - true_rays) * _depth(marked)[..., None, None]


def _depth(marked: np.ndarray) -> np.ndarray:
    return trunk_depth(np.moveaxis(marked, (-1, -2), (0, 1)))


def _read_clip(
    source: ClipSource, positions: np.ndarray, num_good_views: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One clip's ``marked``, ``error``, ``confidence``, ``is_marked`` at the network's rate."""
    cleaned, _ = clean(source.people[0])
    timeline = make_timeline(cleaned, fps=Fraction(int(RESIDUAL_FPS)))
    seen = resample(cleaned, timeline)
    steps = round(float(source.fps) / RESIDUAL_FPS)
    truth = world_to_camera(positions.astype(np.float64), source.camera)[::steps, _STANDS_IN]
    is_good = (num_good_views >= MIN_GOOD_VIEWS)[::steps, _STANDS_IN]
    num_frames = min(len(truth), seen.num_frames)
    truth, is_good = truth[:num_frames], is_good[:num_frames]
    rays = pixels_to_rays(seen.positions[:num_frames, _STANDS_IN], source.camera)
    confidence = np.where(_IS_MARKED, seen.confidence[:num_frames, _STANDS_IN], 0.0)
    is_marked = is_good & _IS_MARKED & np.isfinite(truth).all(axis=-1)
    return truth, error_from_rays(rays, truth), confidence, is_marked
