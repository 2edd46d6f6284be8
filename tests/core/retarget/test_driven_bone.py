"""A rig reduced to its driven bones moves them as the whole rig does."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import LiftError
from core.retarget.bone_rotations import solve_bone_rotations
from core.retarget.driven_bone import pick_bones
from core.retarget.kinematics import bone_transforms
from core.retarget.scheme import SCHEME_NAMES, load_scheme
from tests.core.retarget.example_motion import as_poses, random_positions
from tests.core.retarget.example_rig import known_rest_pose, scrambled, with_clutter


def test_a_bone_hangs_from_the_nearest_picked_one_above() -> None:
    rest = known_rest_pose("unreal")
    names = ["hand_l", "upperarm_l", "pelvis", "ik_hand_l"]
    picked = pick_bones(rest, names)
    above = {
        name: picked.bone_names[parent] if parent >= 0 else None
        for name, parent in zip(picked.bone_names, picked.parents, strict=True)
    }
    assert above == {
        "pelvis": None,
        "upperarm_l": "pelvis",
        "hand_l": "upperarm_l",
        "ik_hand_l": None,
    }
    kept = [rest.bone_names.index(name) for name in picked.bone_names]
    assert kept == sorted(kept)
    np.testing.assert_array_equal(picked.heads, rest.heads[kept])
    np.testing.assert_array_equal(picked.tails, rest.tails[kept])
    np.testing.assert_array_equal(picked.rotations, rest.rotations[kept])


def test_all_bones_picked_are_the_rig_itself() -> None:
    rest = known_rest_pose("metahuman")
    picked = pick_bones(rest, reversed(rest.bone_names))
    assert (picked.bone_names, picked.parents) == (rest.bone_names, rest.parents)


@pytest.mark.parametrize("name", SCHEME_NAMES)
def test_the_picked_bones_move_as_in_the_whole_rig(name: str) -> None:
    bone_map = load_scheme(name).bone_map
    rng = np.random.default_rng(5)
    whole = scrambled(with_clutter(known_rest_pose(name), bone_map), rng)
    driven = [
        bone for chains in (bone_map.bones, bone_map.twists) for c in chains.values() for bone in c
    ]
    picked = pick_bones(whole, driven)
    assert picked.num_bones == len(driven) < whole.num_bones
    poses = as_poses(random_positions(2, num_frames=20))
    kept = [whole.bone_names.index(bone) for bone in picked.bone_names]
    few = bone_transforms(solve_bone_rotations(poses, picked, bone_map))
    all_of_them = bone_transforms(solve_bone_rotations(poses, whole, bone_map))
    np.testing.assert_allclose(few[0], all_of_them[0][:, kept], atol=1e-9)
    same = np.abs(np.sum(few[1] * all_of_them[1][:, kept], axis=-1))
    np.testing.assert_allclose(same, 1.0, atol=1e-9)


def test_bones_that_are_not_there_are_named() -> None:
    with pytest.raises(LiftError, match=r"expected the armature to have tail, wing$"):
        pick_bones(known_rest_pose("default"), ["hips", "wing", "tail"])
