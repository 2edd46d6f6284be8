"""How a camera sees a body: what a 2D detector's errors depend on besides chance.

From which side the camera sees the head, the chest and the hips, what hides a joint, how fast it
moves. Joints are those of ``BODY_23``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.joint_sets import BODY_23

from .vector import unit

NUM_VIEW_TERMS = 9
"""1, x, y, z, xx, yy, xy, yz, zx of the viewing direction along a part's left, forward and up."""
NUM_SIGHT_TERMS = NUM_VIEW_TERMS + 4
"""The view terms, then: behind the trunk, before the trunk, behind limbs, speed."""
VIEW_TERM_SIGNS = np.array([1, -1, 1, 1, 1, 1, -1, 1, -1])
"""What becomes of each view term in a mirror."""

PART_OF_JOINT = np.array([0] * 5 + [1] * 6 + [2] * 12)
"""Which part's axes each joint goes with: 0 head, 1 chest (and arms), 2 hips (and legs)."""
JOINTS_OF_PART = (slice(0, 5), slice(5, 11), slice(11, 23))

_LEAST_DEPTH = 0.5
# Frames; what hides a joint changes little in a sixth of a second.
_HIDING_HOP = 5
# Sine of the angle to the horizontal plane of a part. The fitted footage has hardly any steeper view
# (2 % of the chest's): those count as this one, lest a polynomial be read where it is not known.
_STEEPEST = 0.4
_TRUNK_RADIUS, _TRUNK_DEPTH = 0.15, 0.15
_LIMB_RADIUS, _LIMB_DEPTH = 0.08, 0.10
_SPEED_FLOOR, _SPEED_SECONDS = 0.3, 0.13
_LIMBS = [
    BODY_23.indices(side + start, side + end)
    for side in ("left_", "right_")
    for start, end in (
        ("shoulder", "elbow"),
        ("elbow", "wrist"),
        ("hip", "knee"),
        ("knee", "ankle"),
    )
]
_SHOULDERS = BODY_23.indices("left_shoulder", "right_shoulder")
_HIPS = BODY_23.indices("left_hip", "right_hip")
_TRUNK = [*_SHOULDERS, *_HIPS]
_EARS = BODY_23.indices("left_ear", "right_ear")
_NOSE = BODY_23.index("nose")


@dataclass(frozen=True, slots=True, eq=False)
class BodyView:
    """N bodies over T frames as a camera sees them; planes of (N,T), float32.

    ``depth`` (N,T) m, of the trunk; ``axes`` (3,3,3,N,T): of head, chest and hips the unit vectors
    left, forward, up in camera space x, y, z; ``view_terms`` (3,9,N,T) of each of them; ``hiding``
    (3,23,N,T) behind the trunk, before the trunk, behind limbs, each 0 to about 2; ``speed``
    (23,N,T) natural logarithm of the speed across the view, 0 at 1 m/s.
    """

    depth: np.ndarray
    axes: np.ndarray
    view_terms: np.ndarray
    hiding: np.ndarray
    speed: np.ndarray


def see_body(points: np.ndarray, *, fps: float) -> BodyView:
    """What of a body's pose and motion bears on a detector's errors.

    Parameters
    ----------
    points : (3,23,N,T) array
        m, camera space x, y, z (forward); float32.
    fps : float
        Hz.
    """
    axes = _part_axes(points)
    return BodyView(
        depth=trunk_depth(points),
        axes=axes,
        view_terms=_view_terms(axes, unit(points[:, _TRUNK].mean(axis=1), axis=0)),
        hiding=_hiding(points),
        speed=_log_speed(points, fps),
    )


def trunk_depth(points: np.ndarray) -> np.ndarray:
    """(...) m: how far before the camera the trunk of ``points`` (3,23,...) is, 0.5 at least."""
    return np.maximum(points[2, _TRUNK].mean(axis=0), _LEAST_DEPTH)


def sight_terms(view: BodyView) -> np.ndarray:
    """(23,13,N,T): what each joint's visibility depends on."""
    others = np.concatenate([view.hiding, view.speed[None]])
    return np.concatenate([view.view_terms[PART_OF_JOINT], others.swapaxes(0, 1)], axis=1)


def expect_visibility(view: BodyView, weights: np.ndarray) -> np.ndarray:
    """(23,N,T): ``sight_terms`` times ``weights`` (23,13), without building them."""
    planes = weights[..., None, None]
    expected = view.speed * planes[:, -1]
    for hidden, weight in zip(view.hiding, planes.swapaxes(0, 1)[NUM_VIEW_TERMS:-1], strict=True):
        expected += hidden * weight
    for terms, joints in zip(view.view_terms, JOINTS_OF_PART, strict=True):
        expected[joints] += weigh(terms, weights[joints, :NUM_VIEW_TERMS])
    return expected


def weigh(planes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(J,N,T) sums of ``planes`` (K,N,T) by ``weights`` (J,K)."""
    flat = weights @ planes.reshape(len(planes), -1)
    return flat.reshape(len(weights), *planes.shape[1:])


def sight_reach(fps: float) -> int:
    """How many frames to each side a detector's sight is smoothed over: 0.07 s."""
    return max(1, round(0.07 * fps))


def _part_axes(points: np.ndarray) -> np.ndarray:
    """(3,3,3,N,T): left, forward, up of the head, the chest and the hips."""

    def middle(pair: list[int]) -> np.ndarray:
        return (points[:, pair[0]] + points[:, pair[1]]) * 0.5

    def across(pair: list[int]) -> np.ndarray:
        return points[:, pair[0]] - points[:, pair[1]]

    head_forward = unit(points[:, _NOSE] - middle(_EARS), axis=0)
    up = unit(middle(_SHOULDERS) - middle(_HIPS), axis=0)
    parts = [(head_forward, unit(_cross(head_forward, across(_EARS)), axis=0))]
    parts += [(unit(_cross(across(pair), up), axis=0), up) for pair in (_SHOULDERS, _HIPS)]
    return np.stack([np.stack([_cross(above, ahead), ahead, above]) for ahead, above in parts])


def _view_terms(axes: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """(3,9,N,T) of the unit ``direction`` (3,N,T) from the camera to the body."""
    x, y, z = (axes * direction).sum(axis=2).swapaxes(0, 1)
    z = np.clip(z, -_STEEPEST, _STEEPEST)
    flat = np.sqrt((1 - z * z) / np.maximum(x * x + y * y, 1e-6))
    x, y = x * flat, y * flat
    return np.stack([np.ones_like(x), x, y, z, x * x, y * y, x * y, y * z, z * x], axis=1)


def _hiding(points: np.ndarray) -> np.ndarray:
    """(3,23,N,T), evaluated every few frames and interpolated."""
    num_frames = points.shape[-1]
    knots = np.minimum(np.arange(0, num_frames + _HIDING_HOP - 1, _HIDING_HOP), num_frames - 1)
    coarse = _hiding_at(points[..., knots])
    frames = np.arange(num_frames)
    lower = frames // _HIDING_HOP
    upper = np.minimum(lower + 1, len(knots) - 1)
    span = np.maximum(knots[upper] - knots[lower], 1)
    # Each frame's two knots and their shares, as one product.
    shares = np.zeros((len(knots), num_frames), dtype=np.float32)
    blend = (frames - knots[lower]) / span
    shares[lower, frames] = 1 - blend
    shares[upper, frames] += blend
    return coarse @ shares


def _hiding_at(points: np.ndarray) -> np.ndarray:
    """(3,23,N,T) of every frame given."""
    depth = trunk_depth(points)
    scale = depth / np.maximum(points[2], _LEAST_DEPTH)
    place = np.stack([points[0] * scale, points[1] * scale, points[2] - depth])
    shoulders, hips = place[:, _SHOULDERS].mean(axis=1), place[:, _HIPS].mean(axis=1)
    nearness, behind = _against_bone(place, shoulders, hips, _TRUNK_RADIUS)
    behind *= 1 / _TRUNK_DEPTH
    limbs = np.zeros_like(nearness)
    for start, end in _LIMBS:
        near, distance = _against_bone(place, place[:, start], place[:, end], _LIMB_RADIUS)
        near *= np.clip(distance * (1 / _LIMB_DEPTH), 0, 1.5)
        near[[start, end]] = 0
        limbs += near
    return np.stack([nearness * np.clip(behind, 0, 2), nearness * np.clip(-behind, 0, 2), limbs])


def _against_bone(
    place: np.ndarray, start: np.ndarray, end: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """How near the joints ``place`` (3,23,...) appear to a bone, 0..1, and how far behind it, m."""
    x, y, z = end - start
    from_x, from_y, from_z = place - start[:, None]
    share = from_x * x
    share += from_y * y
    share *= 1 / np.maximum(x * x + y * y, 1e-4)
    np.clip(share, 0, 1, out=share)
    from_x -= share * x
    from_y -= share * y
    from_z -= share * z
    from_x *= from_x
    from_x += from_y * from_y
    from_x *= -1 / radius**2
    return np.exp(from_x, out=from_x), from_z


def _log_speed(points: np.ndarray, fps: float) -> np.ndarray:
    """(23,N,T) natural logarithm of the speed across the view, 0 at 1 m/s, over about 0.13 s."""
    reach = max(1, round(fps * _SPEED_SECONDS / 2))
    held = [np.repeat(points[:2, ..., end], reach, axis=-1) for end in (slice(1), slice(-1, None))]
    padded = np.concatenate([held[0], points[:2], held[1]], axis=-1)
    step_x, step_y = padded[..., 2 * reach :] - padded[..., : -2 * reach]
    frames = np.arange(points.shape[-1])
    span = np.minimum(frames, reach) + np.minimum(frames[::-1], reach)
    step_x *= step_x
    step_x += step_y * step_y
    speed = np.sqrt(step_x, out=step_x)
    speed *= (fps / np.maximum(span, 1) / (1 + _SPEED_FLOOR)).astype(np.float32)
    speed += _SPEED_FLOOR / (1 + _SPEED_FLOOR)
    return np.log(speed, out=speed)


def _cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    (ax, ay, az), (bx, by, bz) = first, second
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])
