"""Known rigs at rest as artists and importers leave them: arms down, rolled, reordered, askew axes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.geometry import quaternion
from core.retarget.bone_map import BoneMap
from core.retarget.scheme import load_scheme
from core.retarget.scheme_rest import scheme_rest_pose
from core.types import RestPose
from tests.core.retarget.example_motion import BACK, rolled
from tests.core.retarget.example_rig import LENGTHS, scrambled


def scheme_at_rest(
    name: str, *, arms_down_deg: float, legs_apart_deg: float = 0.0
) -> tuple[RestPose, BoneMap]:
    """A known rig in a T or A pose of its own choice."""
    scheme = replace(
        load_scheme(name),
        arms_down=np.deg2rad(arms_down_deg),
        legs_apart=np.deg2rad(legs_apart_deg),
    )
    return scheme_rest_pose(scheme, LENGTHS), scheme.bone_map


def with_random_rolls(rest: RestPose, rng: np.random.Generator) -> RestPose:
    return rolled(rest, rng.uniform(-np.pi, np.pi, size=rest.num_bones))


def left_by_an_artist(rest: RestPose, rng: np.random.Generator) -> RestPose:
    """Any rolls, any order of bones."""
    return scrambled(with_random_rolls(rest, rng), rng)


def laid_across(rest: RestPose) -> RestPose:
    """The same joints, but every bone lies across its limb, as importers make of foreign axes."""
    turned = quaternion.multiply(
        rest.rotations, quaternion.from_axis_angle(np.array([0.0, 0.0, 1.0]), -0.5 * np.pi)
    )
    along = quaternion.rotate(turned, BACK)
    return replace(rest, rotations=turned, tails=rest.heads + rest.lengths[:, None] * along)


def turned_about_z(rest: RestPose, angle_deg: float) -> RestPose:
    """The whole rig facing elsewhere."""
    turn = quaternion.from_axis_angle(np.array([0.0, 0.0, 1.0]), np.deg2rad(angle_deg))
    return replace(
        rest,
        heads=quaternion.rotate(turn, rest.heads),
        tails=quaternion.rotate(turn, rest.tails),
        rotations=quaternion.multiply(turn, rest.rotations),
    )


def angle_between_deg(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(...) deg between vectors (..., 3)."""
    sine = np.linalg.norm(np.cross(first, second), axis=-1)
    return np.rad2deg(np.arctan2(sine, np.sum(first * second, axis=-1)))
