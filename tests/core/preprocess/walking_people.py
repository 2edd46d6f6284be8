"""People who walk through the image, as a perfect detector would see them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from core.joint_sets import COCO_17
from core.types import Detections, Keypoints2D

# Standing, seen from the front: x to the right and y down, in heights from the middle of the hips.
_STANDING = {
    "nose": (0.0, -0.40),
    "left_eye": (0.02, -0.42),
    "right_eye": (-0.02, -0.42),
    "left_ear": (0.045, -0.41),
    "right_ear": (-0.045, -0.41),
    "left_shoulder": (0.11, -0.30),
    "right_shoulder": (-0.11, -0.30),
    "left_elbow": (0.14, -0.13),
    "right_elbow": (-0.14, -0.13),
    "left_wrist": (0.15, 0.02),
    "right_wrist": (-0.15, 0.02),
    "left_hip": (0.07, 0.0),
    "right_hip": (-0.07, 0.0),
    "left_knee": (0.08, 0.24),
    "right_knee": (-0.08, 0.24),
    "left_ankle": (0.08, 0.48),
    "right_ankle": (-0.08, 0.48),
}
STANDING = np.array([_STANDING[name] for name in COCO_17.joint_names])
_SWING = {"wrist": 0.16, "elbow": 0.08, "knee": 0.1, "ankle": 0.2}


def walk(
    num_frames: int,
    *,
    x: float = 300.0,
    speed: float = 0.0,
    y: float = 500.0,
    height: float = 400.0,
    fps: float = 30.0,
    phase: float = 0.0,
    turn_hz: float = 0.0,
) -> np.ndarray:
    """(T,17,2) px: limbs swing once a second; ``speed`` px/s; ``turn_hz`` turns about the spine."""
    seconds = np.arange(num_frames) / fps
    pose = np.repeat(STANDING[None], num_frames, axis=0)
    pose[..., 0] *= np.cos(2 * np.pi * turn_hz * seconds)[:, None]
    for joint, name in enumerate(COCO_17.joint_names):
        side, _, part = name.partition("_")
        sign = 1.0 if (side == "left") == (part in ("wrist", "elbow")) else -1.0
        reach = _SWING.get(part, 0.0) * (0.3 if speed == 0 else 1.0)
        pose[:, joint, 0] += sign * reach * np.sin(2 * np.pi * seconds + phase)
    path = np.stack([x + speed * seconds, np.full(num_frames, y)], axis=-1)
    return height * pose + path[:, None]


def keypoints_of(
    positions: np.ndarray, *, fps: Fraction | None = Fraction(30), first_frame: int = 0
) -> Keypoints2D:
    """One person seen in every frame, confidence 0.9."""
    return Keypoints2D(
        positions=positions,
        confidence=np.full(positions.shape[:2], 0.9),
        frames=np.arange(first_frame, first_frame + len(positions)),
        image_size=(1920, 1080),
        fps=fps,
        person=1,
        skeleton=COCO_17,
    )


def detections_of(
    people: Sequence[np.ndarray],
    *,
    is_seen: Sequence[np.ndarray] | None = None,
    track_ids: Sequence[np.ndarray | int] | None = None,
    rng: np.random.Generator | None = None,
    noise: float = 0.0,
    fps: Fraction | None = Fraction(30),
) -> tuple[Detections, np.ndarray]:
    """Everyone's rows, shuffled in each frame by ``rng``; and (N,) whose row each is.

    ``people`` (T,17,2) each; ``is_seen`` (T,) bool each; ``noise`` px.
    """
    num_frames = len(people[0])
    rows: list[tuple[int, float, int]] = []
    for owner in range(len(people)):
        seen = np.ones(num_frames, bool) if is_seen is None else is_seen[owner]
        for frame in np.nonzero(seen)[0].tolist():
            rows.append((frame, float(owner) if rng is None else rng.random(), owner))
    rows.sort()
    frames = np.array([frame for frame, _, _ in rows], dtype=int)
    owners = np.array([owner for _, _, owner in rows], dtype=int)
    positions = np.stack([people[owner][frame] for frame, _, owner in rows]).astype(float)
    if rng is not None:
        positions += noise * rng.normal(size=positions.shape)
    ids = np.full(len(rows), -1)
    if track_ids is not None:
        columns = [np.broadcast_to(np.asarray(given), num_frames) for given in track_ids]
        ids = np.array([columns[owner][frame] for frame, _, owner in rows])
    detections = Detections(
        positions=positions,
        confidence=np.full(positions.shape[:2], 0.9),
        row_frames=frames,
        track_ids=ids,
        frames=np.arange(num_frames),
        image_size=(1920, 1080),
        fps=fps,
        is_normalized=False,
        format="made for a test",
        skeleton=COCO_17,
    )
    return detections, owners
