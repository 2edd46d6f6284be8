"""Clips from keypoints and positions of the same names: every subject, action and camera, or an error."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputFormatError
from core.learning.clips import ClipSet, TrainingClip
from core.skeleton import Skeleton

from .camera_table import CameraTable, View, to_camera_space
from .npz_pair import DetectedVideos, TruePositions, checked_positions, listed

Truth = tuple[tuple[np.ndarray, ...], Skeleton]
"""One (T,K,3) array per camera, m, camera space; and what the K joints are."""


def pair_clips(
    detected: DetectedVideos,
    true: TruePositions | None,
    *,
    views_of: Callable[[str, str], tuple[View, ...]],
    truth_of: Callable[[Any, str, tuple[View, ...]], Truth],
    may_lack_3d: Callable[[str], bool],
    fps: float,
) -> ClipSet:
    """A clip for every subject, action and camera; 2D frames beyond the last 3D one are cut.

    Parameters
    ----------
    detected : DetectedVideos
    true : TruePositions, or None
        None leaves every clip unlabelled.
    views_of : callable
        (subject, action) -> the cameras that the 2D must have, in order.
    truth_of : callable
        (what the 3D file says of an action, where that stands, views) -> positions in each camera's
        space, and their joints.
    may_lack_3d : callable
        Whether a subject may be in the 2D alone: its clips are then unlabelled.
    fps : float
        Hz.

    Raises
    ------
    InputFormatError
        When a subject or action is on one side only, a camera is missing, 2D is shorter than 3D,
        joints differ, or a number is not finite.
    """
    videos_3d = {} if true is None else true.videos
    if true is not None:
        subjects = [name for name in detected.videos if name in videos_3d or not may_lack_3d(name)]
        _check_same_names(subjects, videos_3d, _both(detected.path, true.path), "subjects")
    clips: list[TrainingClip] = []
    skeletons: dict[str, Skeleton] = {}
    for subject, actions in detected.videos.items():
        if true is not None and subject in videos_3d:
            where = f"{_both(detected.path, true.path)}: {subject}"
            _check_same_names(actions, videos_3d[subject], where, "actions")
        for action in actions:
            views, truth = views_of(subject, action), None
            if true is not None and subject in true.videos:
                where = f"{true.path}: {subject}/{action}"
                truth, skeleton = truth_of(true.videos[subject][action], where, views)
                skeletons.setdefault(skeleton.name, skeleton)
            clips += _action_clips(detected, subject, action, views=views, truth=truth, fps=fps)
    if len(skeletons) > 1:
        raise InputFormatError(
            f"{detected.path}: expected 3D of the same joints in every action, "
            f"found {listed(skeletons)}"
        )
    return ClipSet(tuple(clips), detected.skeleton, next(iter(skeletons.values()), None))


def pair_world_clips(
    detected: DetectedVideos,
    true: TruePositions | None,
    cameras: CameraTable,
    *,
    subject_key: Callable[[str], str],
    joint_counts: Collection[int],
    may_lack_3d: Callable[[str], bool],
    fps: float,
) -> ClipSet:
    """``pair_clips`` of a data set whose positions are in world space, with a table of its cameras.

    ``subject_key`` gives a subject's name in the table; ``joint_counts`` how many joints the
    positions may have.

    Raises
    ------
    InputFormatError
        As ``pair_clips``; or when the table lacks the place of a subject's cameras.
    """

    def truth_of(value: Any, where: str, views: tuple[View, ...]) -> Truth:
        points, skeleton = checked_positions(value, where, joint_counts)
        poses = [view.pose for view in views if view.pose is not None]
        if len(poses) < len(views):
            known = [name for name in cameras.poses if cameras.has_poses(name)]
            raise InputFormatError(
                f"{where}: expected a subject whose cameras' places are in {cameras.path.name} "
                f"({listed(known)}), found another"
            )
        return tuple(to_camera_space(points, pose) for pose in poses), skeleton

    return pair_clips(
        detected,
        true,
        views_of=lambda subject, _: cameras.views(subject_key(subject)),
        truth_of=truth_of,
        may_lack_3d=may_lack_3d,
        fps=fps,
    )


def choose_npz(folder: Path, stem_2d: str, name_3d: str, detector: str | None) -> tuple[Path, Path]:
    """The 2D and 3D file of a data set in ``folder``: ``{stem_2d}{detector}.npz`` and ``name_3d``.

    Raises
    ------
    InputFormatError
        When one is missing, naming the detectors whose files are there.
    """
    path_2d, path_3d = folder / f"{stem_2d}{detector}.npz", folder / name_3d
    if not path_3d.is_file():
        raise InputFormatError(f"{folder}: expected {name_3d} in it, found no such file")
    if detector is None or not path_2d.is_file():
        there = sorted(path.stem.removeprefix(stem_2d) for path in folder.glob(f"{stem_2d}*.npz"))
        asked = "no detector was named" if detector is None else f"found no {path_2d.name}"
        raise InputFormatError(
            f"{folder}: expected the 2D file of a detector ({stem_2d}DETECTOR.npz), {asked}; "
            f"there are files of the detectors: {listed(there)}"
        )
    return path_2d, path_3d


def _both(path_2d: Path, path_3d: Path) -> str:
    return f"{path_2d} and {path_3d.name}"


def _check_same_names(
    detected: Collection[str], true: Collection[str], where: str, noun: str
) -> None:
    lacks_2d = [name for name in true if name not in detected]
    lacks_3d = [name for name in detected if name not in true]
    if lacks_2d or lacks_3d:
        faults = [
            f"{listed(names)} only in {side}"
            for names, side in ((lacks_2d, "3D"), (lacks_3d, "2D"))
            if names
        ]
        raise InputFormatError(
            f"{where}: expected the same {noun} in 2D and 3D, found {' and '.join(faults)}"
        )


def _action_clips(
    detected: DetectedVideos,
    subject: str,
    action: str,
    *,
    views: tuple[View, ...],
    truth: tuple[np.ndarray, ...] | None,
    fps: float,
) -> Iterator[TrainingClip]:
    """A clip for each camera of one action."""
    found = detected.videos[subject][action]
    where = f"{detected.path}: {subject}/{action}"
    if len(found) != len(views):
        names = ", ".join(view.name for view in views)
        raise InputFormatError(
            f"{where}: expected 2D of {len(views)} cameras ({names}), found {len(found)}"
        )
    for number, (view, keypoints) in enumerate(zip(views, found, strict=True)):
        there = f"{where}/{view.name}" if view.name else where
        positions = None if truth is None else truth[number]
        if positions is not None and len(keypoints) < len(positions):
            raise InputFormatError(
                f"{there}: expected at least as many 2D frames as 3D ones, "
                f"found {len(keypoints)} and {len(positions)}"
            )
        kept = keypoints if positions is None else keypoints[: len(positions)]
        yield TrainingClip(
            subject=subject,
            action=action,
            camera_name=view.name,
            keypoints=kept[..., :2].astype(np.float32),
            confidence=_confidence(kept, there),
            positions=positions,
            camera=view.camera,
            image_size=_image_size(detected, subject, view, there),
            fps=fps,
        )


def _confidence(keypoints: np.ndarray, where: str) -> np.ndarray | None:
    """(T,J) float32 of a third column."""
    if keypoints.shape[2] == 2:
        return None
    confidence = keypoints[..., 2].astype(np.float32)
    is_bad = ~((confidence >= 0) & (confidence <= 1))
    if is_bad.any():
        frame, joint = np.argwhere(is_bad)[0].tolist()
        raise InputFormatError(
            f"{where}: expected confidence from 0 to 1 in the third column, found "
            f"{confidence[frame, joint]:g} at frame {frame}, joint {joint}"
        )
    return confidence


def _image_size(detected: DetectedVideos, subject: str, view: View, where: str) -> tuple[int, int]:
    """The camera table's, else the 2D file's."""
    size = view.image_size or detected.image_sizes.get(subject)
    if size is None:
        raise InputFormatError(
            f"{where}: image size unknown: expected metadata video_metadata[{subject!r}] "
            "with 'w' and 'h'"
        )
    return size
