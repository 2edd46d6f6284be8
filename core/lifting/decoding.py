"""What the network's numbers mean: body points in metres in the virtual camera."""

from __future__ import annotations

from typing import Any, NamedTuple

from .normalization import NUM_CLIP_OUTPUTS, OUT_FEATURES


class RayOutput(NamedTuple):
    """Decoded network output; NumPy arrays at run time, torch tensors in training.

    ``xy`` (...,T,J,2) m, lateral position in the virtual camera; ``depth`` (...,T,J) m relative to the
    root; ``log_sigma`` (...,T,J) log of the depth's uncertainty; ``contact_logits`` (...,T,2) left and
    right foot; ``gravity`` (...,T,3) towards the ground in the virtual camera, any length.
    """

    xy: Any
    depth: Any
    log_sigma: Any
    contact_logits: Any
    gravity: Any


def decode_ray_output(raw: Any, seen_xy: Any, depth_reach: Any, ancestors: Any) -> RayOutput:
    """Read the network's output (arithmetic only, so that it serves NumPy and torch alike).

    Parameters
    ----------
    raw : (...,T,J*5+5) array
        Network output.
    seen_xy : (...,T,J,2) array
        m: where the joints were seen, at the person's depth; 0 where not seen.
    depth_reach : (...,T,J) array
        m: how far the bone that ends at each joint reaches into depth, up to its sign.
    ancestors : (J,J) array
        The output skeleton's ``chains``: adds bones up along it.

    Returns
    -------
    RayOutput
    """
    num_joints = depth_reach.shape[-1]
    joints = raw[..., :-NUM_CLIP_OUTPUTS].reshape(*raw.shape[:-1], num_joints, OUT_FEATURES)
    bone_depth = depth_reach * joints[..., 2] + joints[..., 3]
    return RayOutput(
        xy=seen_xy + joints[..., :2],
        depth=bone_depth @ ancestors.T,
        log_sigma=joints[..., 4],
        contact_logits=raw[..., -5:-3],
        gravity=raw[..., -3:],
    )
