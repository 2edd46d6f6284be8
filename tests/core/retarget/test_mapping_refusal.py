"""Armatures that are no humanoids are refused, saying what they lack."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import LiftError
from core.geometry import quaternion
from core.retarget.automatic_map import find_bone_map, propose_bones
from core.types import RestPose
from tests.core.retarget.example_motion import REST, rest_from_pose
from tests.core.retarget.example_rig import with_bones, without

LEFT, BACK, UP = np.eye(3)


def refusal(rest: RestPose) -> str:
    with pytest.raises(LiftError) as caught:
        find_bone_map(rest)
    return str(caught.value)


def test_a_rig_without_legs_is_refused_by_naming_them() -> None:
    message = refusal(without(REST, "thigh.L", "thigh.R"))
    assert "thigh on both sides, shin on both sides, foot on both sides" in message
    assert "arm" not in message.partition("missing")[2]


@pytest.mark.parametrize("is_named", [True, False])
def test_a_rig_with_one_arm_is_refused(is_named: bool) -> None:
    rest = without(REST, "shoulder.R")
    if is_named:
        assert refusal(rest).endswith("missing hips, chest, upper_arm.R, forearm.R")
    else:
        rest = replace(rest, bone_names=tuple(f"Bone.{b:03d}" for b in range(rest.num_bones)))
        assert "upper_arm on both sides" in refusal(rest)


def test_a_rig_without_a_bone_between_hips_and_arms_is_refused() -> None:
    hips = REST.bone_names.index("hips")
    kept = without(REST, "neck")
    parents = [
        hips if name.startswith("shoulder") else parent
        for name, parent in zip(kept.bone_names, kept.parents, strict=True)
    ]
    rest = without(replace(kept, parents=tuple(parents)), "spine")
    assert refusal(rest).endswith("missing chest")


def test_two_roots_that_nothing_joins_are_named() -> None:
    spine = REST.bone_names.index("spine")
    parents = tuple(-1 if bone == spine else parent for bone, parent in enumerate(REST.parents))
    message = refusal(replace(REST, parents=parents))
    assert "legs hang from 'hips' and the arms from 'spine', two roots" in message


def test_limbs_without_length_are_named() -> None:
    knee, ankle = (REST.bone_names.index(name) for name in ("shin.L", "foot.L"))
    heads = REST.heads.copy()
    heads[ankle] = heads[knee]
    assert "shin.L ('shin.L'): expected a bone with a length" in refusal(replace(REST, heads=heads))


def test_an_animal_on_four_legs_is_refused_though_its_bones_are_named_as_a_humans() -> None:
    quarter = 0.5 * np.pi
    crouched = {
        "hips": quaternion.from_axis_angle(LEFT, quarter),
        **{f"thigh{side}": quaternion.from_axis_angle(LEFT, -quarter) for side in (".L", ".R")},
        **{f"upper_arm{side}": quaternion.from_axis_angle(LEFT, quarter) for side in (".L", ".R")},
    }
    rest = rest_from_pose(crouched)
    assert "four legs" in refusal(rest)


def chain_of(num_bones: int) -> RestPose:
    heads = np.arange(num_bones)[:, None] * 0.1 * UP
    return RestPose(
        bone_names=tuple(f"rope.{number:03d}" for number in range(num_bones)),
        parents=tuple(range(-1, num_bones - 1)),
        heads=heads,
        tails=heads + 0.1 * UP,
        rotations=np.tile(quaternion.IDENTITY, (num_bones, 1)),
    )


def car() -> RestPose:
    rest = with_bones(
        chain_of(1),
        *(
            (f"wheel_{end}_{side}", "rope.000", place, place + 0.3 * BACK)
            for end, y in (("front", -1.3), ("rear", 1.3))
            for side, x in (("l", 0.8), ("r", -0.8))
            for place in [np.array([x, y, 0.3])]
        ),
    )
    return replace(rest, bone_names=("body", *rest.bone_names[1:]))


@pytest.mark.parametrize("rest", [chain_of(1), chain_of(40), car()], ids=["bone", "rope", "car"])
def test_what_is_no_body_is_refused_with_all_that_it_lacks(rest: RestPose) -> None:
    message = refusal(rest)
    assert f"the armature's {rest.num_bones} bones" in message
    assert "hips, chest, upper_arm on both sides" in message and "foot on both sides" in message


def test_an_armature_without_bones_is_refused() -> None:
    empty = RestPose((), (), np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 4)))
    assert "0 bones" in refusal(empty)


def test_what_was_found_of_an_incomplete_rig_is_proposed() -> None:
    proposed = propose_bones(without(REST, "shoulder.R"))
    assert proposed.bones["forearm.L"] == ("forearm.L",) and "forearm.R" not in proposed.bones
    assert proposed.missing[:4] == ("hips", "chest", "upper_arm.R", "forearm.R")
