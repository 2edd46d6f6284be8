"""One person of a clip in camera space: cleaned, lifted, fitted to the image, their size still open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from .clip_source import ClipSource
from .correction import Correction, corrections_of, is_of_keypoints
from .fit.bone_lengths import fit_bone_lengths, scale_poses
from .fit.contacts import with_told_probability
from .fit.evidence import RayEvidence, ray_evidence
from .fit.foothold import steady_distance
from .fit.gaps import bridge_unseen
from .fit.ground import scale_to_ground
from .fit.path_unit import estimate_path_unit
from .fit.person_scale import Measured, choose_scale
from .fit.solve import solve_poses
from .fit.trajectory import solve_trajectory
from .geometry.camera_motion import camera_at, is_moving, with_unit
from .lift_cache import ClipMemory
from .lift_settings import LiftSettings
from .lifting.lift import LiftResult, lift
from .lifting.weights import LifterWeights
from .preprocess.clean import clean
from .preprocess.resample import make_timeline, resample, resample_poses
from .steady_view import from_steady, steady_keypoints, steady_turn
from .stopwatch import Stopwatch
from .types import Camera, Keypoints2D, Poses3D


@dataclass(frozen=True, slots=True, eq=False)
class FittedPerson:
    """One person in camera space: poses of constant bone lengths (21,) m, and what they rest on.

    ``path_unit`` (m) is the unit of a moving camera's path for a person of this size, where the path
    does not tell and their feet do.
    """

    number: int
    keypoints: Keypoints2D
    poses: Poses3D
    gravity: np.ndarray | None
    bone_lengths: np.ndarray
    path_unit: Measured | None
    notes: tuple[str, ...]
    watch: Stopwatch

    def scaled(self, factor: float) -> FittedPerson:
        """The same person ``factor`` times as large, and seen from as many times as far away."""
        unit = self.path_unit
        return replace(
            self,
            poses=scale_poses(self.poses, factor),
            bone_lengths=self.bone_lengths * factor,
            path_unit=None if unit is None else Measured(unit.value * factor, unit.sigma),
        )


def fit_person(
    source: ClipSource,
    number: int,
    weights: LifterWeights,
    settings: LiftSettings,
    watch: Stopwatch,
    *,
    memory: ClipMemory,
) -> FittedPerson:
    """Lift person ``number`` (1-based) and fit them to the image, about as large as people are.

    ``memory`` is of this source.
    """
    corrections = corrections_of(settings.corrections, number)
    on_keypoints = tuple(each for each in corrections if is_of_keypoints(each))
    seen = memory.recall(
        "seen",
        number,
        (weights, on_keypoints),
        lambda: _see(source, number, weights, on_keypoints, watch),
    )
    # Of a calibrated path the height tells how large the person is while they are fitted.
    height = settings.height_m if source.has_camera_path and source.is_calibrated else None
    poses, bone_lengths, unit = memory.recall(
        "fitted",
        number,
        (seen, corrections, settings.smooth, height),
        lambda: _fit_seen(source, seen, corrections, settings, watch),
    )
    return FittedPerson(
        number=number,
        keypoints=seen.keypoints,
        poses=poses,
        gravity=seen.lifted.gravity,
        bone_lengths=bone_lengths,
        path_unit=unit,
        notes=seen.notes,
        watch=watch,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What the network makes of one person's cleaned keypoints."""

    keypoints: Keypoints2D
    notes: tuple[str, ...]
    lifted: LiftResult


def _see(
    source: ClipSource,
    number: int,
    weights: LifterWeights,
    corrections: tuple[Correction, ...],
    watch: Stopwatch,
) -> _Seen:
    with watch.stage("cleaning", 0.05):
        keypoints, notes = clean(source.people[number - 1], corrections=corrections)
    with watch.stage("lifting", 0.15):
        lifted = _lift(keypoints, _camera_of(source, keypoints), source, weights)
    return _Seen(keypoints, notes, lifted)


def _fit_seen(
    source: ClipSource,
    seen: _Seen,
    corrections: tuple[Correction, ...],
    settings: LiftSettings,
    watch: Stopwatch,
) -> tuple[Poses3D, np.ndarray, Measured | None]:
    camera = _camera_of(source, seen.keypoints)
    with watch.stage("fitting", 0.45):
        poses = with_told_probability(seen.lifted.poses, corrections)
        evidence = ray_evidence(seen.keypoints, camera)
        return _fit(poses, evidence, camera, source, settings)


def _camera_of(source: ClipSource, keypoints: Keypoints2D) -> Camera:
    return camera_at(source.camera, keypoints.frames - source.frame_span[0])


def _lift(
    keypoints: Keypoints2D, camera: Camera, source: ClipSource, weights: LifterWeights
) -> LiftResult:
    """The network's poses in the camera's axes; it is shown what a camera that does not shake sees."""
    if not is_moving(camera):
        return _lift_at_model_rate(keypoints, camera, source, weights)
    turn = steady_turn(camera, float(source.fps))
    steady, lens = steady_keypoints(keypoints, camera, turn)
    return from_steady(_lift_at_model_rate(steady, lens, source, weights), turn)


def _lift_at_model_rate(
    keypoints: Keypoints2D, camera: Camera, source: ClipSource, weights: LifterWeights
) -> LiftResult:
    """Lift at the rate the network knows and come back to the clip's own frames."""
    timeline = make_timeline(
        keypoints, fps=Fraction(weights.config.fps), frame_times=source.frame_times
    )
    lifted = lift(resample(keypoints, timeline), camera, weights)
    nearest = np.round(timeline.model_position).astype(int)
    return LiftResult(
        poses=resample_poses(lifted.poses, timeline),
        gravity=None if lifted.gravity is None else lifted.gravity[nearest],
    )


def _fit(
    poses: Poses3D,
    evidence: RayEvidence,
    camera: Camera,
    source: ClipSource,
    settings: LiftSettings,
) -> tuple[Poses3D, np.ndarray, Measured | None]:
    """Camera-space poses that agree with the image, their constant bone lengths, the path's unit."""
    smooth = settings.smooth
    motion, unit = None, None
    if is_moving(camera):
        # Where the person is in the camera tells how far that moves for someone of this size.
        placed = _place(poses, evidence, smooth, None)
        motion, unit = _motion_beside(placed, fit_bone_lengths(placed), camera, source, settings)
    placed = _place(poses, evidence, smooth, motion)
    bone_lengths = fit_bone_lengths(placed)
    solved = solve_poses(placed, evidence, bone_lengths, smooth=smooth, motion=motion)
    if is_moving(camera):
        motion, unit = _motion_beside(solved, bone_lengths, camera, source, settings)
    return steady_distance(solved, motion=motion), bone_lengths, unit


def _place(poses: Poses3D, evidence: RayEvidence, smooth: float, motion: Camera | None) -> Poses3D:
    bridged = replace(bridge_unseen(poses, motion=motion), confidence=evidence.confidence)
    return solve_trajectory(bridged, evidence, smooth=smooth, motion=motion)


def _motion_beside(
    poses: Poses3D,
    bone_lengths: np.ndarray,
    camera: Camera,
    source: ClipSource,
    settings: LiftSettings,
) -> tuple[Camera, Measured | None]:
    """Where the moving camera is in each frame, in units in which the person has their present size."""
    floor_scale = scale_to_ground(poses, camera)
    if source.is_calibrated:
        scale, _ = choose_scale(bone_lengths, height_m=settings.height_m, floor_scale=floor_scale)
        return with_unit(camera, 1 / scale), None
    unit = estimate_path_unit(poses, camera)
    if unit is not None:
        return with_unit(camera, unit.value), unit
    return with_unit(camera, 1.0 if floor_scale is None else 1 / floor_scale), None
