"""A clip with its true world beside it, lifted as a user would meet it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from core.clip_source import ClipSource
from core.fit.bone_lengths import fit_bone_lengths, standing_height
from core.lifting.lift import lift
from core.lifting.weights import LifterWeights
from core.pipeline import LiftedPerson, LiftSettings, lift_people
from core.preprocess.clean import clean
from core.preprocess.resample import make_timeline, resample, resample_poses
from core.stopwatch import Stopwatch

from .world_measure import WorldFigures, WorldTruth, measure_world

CALIBRATED, FOCAL_GIVEN, FOCAL_UNKNOWN = "calibrated", "focal length given", "nothing given"
"""What the lifter is told of the camera: all of it, the focal length alone, nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class WorldView:
    """What one camera saw of one person, and what of the camera the lifter is told.

    ``clip`` of the motion; ``group`` whose motion (or which camera's view) it is; ``case`` what is told;
    ``height_m`` the person's, None where it is not told; ``shift_frames`` by how many frames the truth was
    moved to be in step with the camera.
    """

    clip: str
    group: str
    case: str
    source: ClipSource
    height_m: float | None
    truth: WorldTruth
    shift_frames: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class JudgedView:
    """A view and its figures."""

    view: WorldView
    figures: WorldFigures


def judge_view(view: WorldView, weights: LifterWeights, settings: LiftSettings) -> JudgedView:
    """Send a view through the whole pipeline and measure what comes out.

    Raises
    ------
    LiftError
        When it cannot be lifted, or has hardly a frame with a truth.
    """
    watch = Stopwatch(lambda _name, _share: None)
    settings = replace(settings, height_m=view.height_m)
    (lifted,) = lift_people(view.source, [1], weights, settings, watch=watch)
    return JudgedView(
        view, measure_world(lifted, view.truth, _network_poses(view, weights, lifted))
    )


def _network_poses(view: WorldView, weights: LifterWeights, lifted: LiftedPerson) -> np.ndarray:
    """(T,21,3) m, camera space: the network's own poses on the result's frames, as tall as the result.

    Frames before the first and after the last detection hold the pose there, as in the result.
    """
    keypoints, _ = clean(view.source.people[0])
    timeline = make_timeline(keypoints, fps=Fraction(weights.config.fps))
    poses = lift(resample(keypoints, timeline), lifted.camera, weights).poses
    poses = resample_poses(poses, timeline)
    names = poses.skeleton.joint_names
    heights = [
        standing_height(fit_bone_lengths(each), names) for each in (lifted.poses_camera, poses)
    ]
    rows = np.clip(lifted.poses_camera.frames - poses.frames[0], 0, poses.num_frames - 1)
    return poses.positions[rows] * heights[0] / heights[1]
