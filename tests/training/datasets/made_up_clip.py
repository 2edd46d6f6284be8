"""Made-up motion capture whose every frame is known in closed form."""

from __future__ import annotations

import numpy as np

from training.datasets.bvh import BODY_POINTS, MocapClip

_HEIGHTS = {"hip": 0.9, "knee": 0.49, "ankle": 0.08, "heel": 0.0, "toe": 0.0, "shoulder": 1.4}
_HEIGHTS |= {"elbow": 1.1, "wrist": 0.85, "eye": 1.6, "ear": 1.6, "pelvis": 0.9, "spine": 1.15}
_HEIGHTS |= {"thorax": 1.4, "nose": 1.58, "head": 1.7}


def swaying_body(num_frames: int = 200, *, fps: float = 60.0) -> MocapClip:
    """Standing on z = 0, facing -y, swaying about its ankles."""
    points = np.zeros((num_frames, BODY_POINTS.num_joints, 3), dtype=np.float32)
    for joint, name in enumerate(BODY_POINTS.joint_names):
        side = {"left": 1.0, "right": -1.0}.get(name.split("_")[0], 0.0)
        height = _HEIGHTS[name.split("_")[-1]]
        points[:, joint] = [0.15 * side, -0.15 if "toe" in name else 0.0, height]
    sway = 0.1 * np.sin(np.arange(num_frames) / 20)
    points[..., 0] += sway[:, None] * points[..., 2]
    return MocapClip("sway", "made-up", points, fps)


def gliding_body(
    num_frames: int = 200, *, fps: float = 60.0, metres_per_s: float = 1.0
) -> MocapClip:
    """Stiff, sliding along +y from y = 0: where it is tells the time of the clip."""
    points = np.repeat(swaying_body(1).positions, num_frames, axis=0)
    points[..., 1] += (np.arange(num_frames) / fps * metres_per_s)[:, None]
    return MocapClip("glide", "made-up", points.astype(np.float32), fps)
