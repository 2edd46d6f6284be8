"""Frames in which nothing was seen: bridged inside a clip, held at its ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..filters import fade_in, neighbours
from ..types import Camera, Poses3D
from .still_frame import from_still, to_still


def bridge_unseen(poses: Poses3D, *, motion: Camera | None = None) -> Poses3D:
    """Poses of frames without any seen joint, interpolated between the seen frames around them.

    The bones of an interpolated pose are shorter than they should be; ``solve_poses`` mends that.
    ``motion``: where a moving camera is in each frame, in the poses' unit.
    """
    is_seen = (poses.confidence > 0).any(axis=1)
    if is_seen.all() or not is_seen.any():
        return poses
    before, after = neighbours(is_seen)
    first = np.where(before < 0, after, before)
    last = np.where(after >= poses.num_frames, before, after)
    share = (np.arange(poses.num_frames) - first) / np.maximum(last - first, 1)
    # Ease in and out: a body does not start or stop at once.
    share = fade_in(share)[:, None, None]
    still = to_still(poses.positions, motion)
    bridged = from_still(still[first] * (1 - share) + still[last] * share, motion)
    return replace(poses, positions=np.where(is_seen[:, None, None], poses.positions, bridged))


def extend_to_span(poses: Poses3D, first_frame: int, last_frame: int) -> Poses3D:
    """The same clip over more frames: its first and last pose are held, with confidence 0.

    Parameters
    ----------
    poses : Poses3D
        Dense frames.
    first_frame, last_frame : int
        Source frame numbers of the wider span, inclusive.
    """
    frames = np.arange(first_frame, last_frame + 1)
    if len(frames) == poses.num_frames:
        return poses
    rows = np.clip(frames - poses.frames[0], 0, poses.num_frames - 1)
    is_held = (frames < poses.frames[0]) | (frames > poses.frames[-1])
    sigma, contact = poses.depth_sigma, poses.contact_probability
    return replace(
        poses,
        positions=poses.positions[rows],
        depth_sigma=None if sigma is None else sigma[rows],
        contact_probability=None if contact is None else contact[rows],
        confidence=np.where(is_held[:, None], 0.0, poses.confidence[rows]),
        frames=frames,
    )
