"""Whoever carries the way, the body is where it was; with nobody it stays on the spot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import LiftError
from core.geometry import quaternion
from core.proportion import mean_bone_lengths
from core.retarget.bone_map import HUMANOID, BoneMap
from core.retarget.kinematics import bone_transforms
from core.retarget.retarget import RetargetSettings, retarget
from core.retarget.scheme import load_scheme
from core.retarget.scheme_rest import scheme_rest_pose
from core.retarget.travel import carry_by_object, carry_by_root, find_travel, keep_in_place
from core.types import BoneMotion
from tests.core.retarget.example_motion import LEFT, REST, UP, about, as_motion
from tests.core.retarget.example_walk import Gait, walk


def walk_on(name: str, gait: Gait | None = None) -> tuple[BoneMotion, BoneMap]:
    scheme = load_scheme(name)
    rest = scheme_rest_pose(scheme, mean_bone_lengths())
    poses, contacts = walk(gait)
    found = retarget(poses, contacts, rest, scheme.bone_map, settings=RetargetSettings())
    return found.motion, scheme.bone_map


def body_of(motion: BoneMotion) -> list[int]:
    """The hips and all that hangs from them."""
    body = [motion.root_bone]
    for bone, parent in enumerate(motion.rest_pose.parents):
        if parent in body:
            body.append(bone)
    return body


def assert_rotations_equal(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(np.abs((found * expected).sum(axis=-1)), 1.0, atol=1e-9)


@pytest.mark.parametrize("name", ["unreal", "rigify", "biped"])
def test_a_root_bone_that_carries_leaves_the_body_where_it_was(name: str) -> None:
    motion, bone_map = walk_on(name)
    carried = carry_by_root(motion, bone_map)
    heads, rotations = bone_transforms(motion)
    moved_heads, moved_rotations = bone_transforms(carried)
    body = body_of(motion)
    np.testing.assert_allclose(moved_heads[:, body], heads[:, body], atol=1e-9)
    assert_rotations_equal(moved_rotations[:, body], rotations[:, body])
    root = motion.rest_pose.bone_names.index(bone_map.bones["root"][0])
    way = moved_heads[:, root]
    np.testing.assert_allclose(way[:, 2], motion.rest_pose.heads[root, 2], atol=1e-12)
    hips = motion.root_position[:, :2] - motion.rest_pose.heads[motion.root_bone, :2]
    assert np.linalg.norm(way[:, :2] - motion.rest_pose.heads[root, :2] - hips, axis=1).max() < 0.2


@pytest.mark.parametrize("name", ["default", "unreal"])
def test_an_object_that_carries_leaves_the_body_where_it_was(name: str) -> None:
    motion, _ = walk_on(name)
    relative, travel = carry_by_object(motion)
    heads, rotations = bone_transforms(motion)
    own_heads, own_rotations = bone_transforms(relative)
    for bone in body_of(motion):
        np.testing.assert_allclose(travel.to_stage(own_heads[:, bone]), heads[:, bone], atol=1e-9)
        turned = quaternion.multiply(travel.rotations, own_rotations[:, bone])
        assert_rotations_equal(turned, rotations[:, bone])
    assert not travel.positions[:, 2].any()
    # What is left goes nowhere.
    left = relative.root_position[:, :2] - motion.rest_pose.heads[motion.root_bone, :2]
    assert np.abs(left).max() < 0.1


def test_the_heading_is_the_ways() -> None:
    gait = Gait(turn_rate=1.5)
    motion, _ = walk_on("default", gait)
    headings = find_travel(motion).headings
    middle = slice(30, -30)
    expected = gait.turn_rate * np.arange(motion.num_frames) / 60.0
    np.testing.assert_allclose(headings[middle], expected[middle], atol=0.03)


def test_the_heading_goes_round_and_round_without_a_jump() -> None:
    turns = quaternion.from_axis_angle(UP, np.linspace(0.0, 6.0 * np.pi, 600))
    hips = REST.rotations[0]
    local = quaternion.multiply(quaternion.conjugate(hips), quaternion.multiply(turns, hips))
    headings = find_travel(as_motion({"hips": local}, 600)).headings
    assert np.abs(np.diff(headings)).max() < 0.05
    assert headings[-1] - headings[0] == pytest.approx(6.0 * np.pi, abs=0.3)


def test_a_somersault_keeps_its_heading() -> None:
    somersault = about(LEFT, np.linspace(0.0, 360.0, 120))
    headings = find_travel(as_motion({"hips": somersault}, 120)).headings
    assert np.abs(headings).max() < 1e-6


def test_at_rest_nothing_travels() -> None:
    travel = find_travel(as_motion({}, 50))
    assert np.abs(travel.positions).max() < 1e-9 and np.abs(travel.headings).max() < 1e-9


def test_placed_bones_are_carried_too() -> None:
    motion = walk_on("unreal")[0]
    placed = motion.rest_pose.bone_names.index("ik_foot_root")
    free = np.random.default_rng(3).normal(size=(motion.num_frames, 3))
    motion = replace(motion, placed={placed: free})
    relative, travel = carry_by_object(motion)
    np.testing.assert_allclose(travel.to_stage(relative.placed[placed]), free, atol=1e-9)
    still = keep_in_place(motion)
    np.testing.assert_allclose(
        still.placed[placed] - still.root_position, free - motion.root_position, atol=1e-9
    )


def test_in_place_only_the_height_is_left() -> None:
    motion, _ = walk_on("default")
    still = keep_in_place(motion)
    np.testing.assert_array_equal(still.root_position[:, 2], motion.root_position[:, 2])
    np.testing.assert_array_equal(
        still.root_position[:, :2],
        np.tile(motion.rest_pose.heads[motion.root_bone, :2], (motion.num_frames, 1)),
    )
    np.testing.assert_array_equal(still.rotations, motion.rotations)


def test_a_map_without_a_root_cannot_carry_by_it() -> None:
    with pytest.raises(LiftError, match="'humanoid': expected a bone for root"):
        carry_by_root(as_motion({}, 3), HUMANOID)


@pytest.mark.parametrize("travel", ["hips", "root", "object", "in_place"])
def test_retarget_lets_carry_who_is_told_to(travel: str) -> None:
    motion, bone_map = walk_on("unreal")
    poses, contacts = walk()
    settings = RetargetSettings(travel=travel)  # type: ignore[arg-type]
    found = retarget(poses, contacts, motion.rest_pose, bone_map, settings=settings)
    expected = {
        "hips": lambda: motion,
        "root": lambda: carry_by_root(motion, bone_map),
        "object": lambda: carry_by_object(motion)[0],
        "in_place": lambda: keep_in_place(motion),
    }[travel]()
    assert (found.travel is not None) == (travel == "object")
    np.testing.assert_allclose(found.motion.root_position, expected.root_position, atol=1e-12)
    np.testing.assert_allclose(found.motion.rotations, expected.rotations, atol=1e-12)
    assert found.motion.placed.keys() == expected.placed.keys()
