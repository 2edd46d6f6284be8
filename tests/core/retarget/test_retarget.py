"""A known walk on rigs of other proportions: limbs point alike, feet stand, nothing else moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.errors import LiftError
from core.geometry import quaternion
from core.joint_sets import LIFTED_21
from core.proportion import mean_bone_lengths
from core.retarget.bone_map import HUMANOID, BoneMap
from core.retarget.bone_rotations import solve_bone_rotations
from core.retarget.kinematics import bone_transforms, joint_positions
from core.retarget.part import PARTS
from core.retarget.retarget import RetargetedMotion, RetargetSettings, retarget
from core.retarget.scheme import SCHEME_NAMES, load_scheme
from core.retarget.scheme_rest import scheme_rest_pose
from core.types import Poses3D, RestPose
from tests.core.retarget.example_motion import REST, UP, as_poses, step_angles_deg
from tests.core.retarget.example_walk import LEGS, SOLES, Gait, walk

RUN = Gait(speed=2.0, stance=0.35, crouch=0.12)
FEET = RetargetSettings(reach=frozenset({"feet"}))
HANDS = RetargetSettings(reach=frozenset({"hands"}))
LIMBS = [
    (f"{side}_{start}", f"{side}_{end}")
    for side in ("left", "right")
    for start, end in (
        ("hip", "knee"),
        ("knee", "ankle"),
        ("shoulder", "elbow"),
        ("elbow", "wrist"),
    )
]


def sized(scheme: str = "default", *, size: float = 1.0, **factors: float) -> RestPose:
    """A known rig with the bones that end at these joints longer or shorter at both sides."""
    lengths = size * mean_bone_lengths()
    for joint, factor in factors.items():
        for side in ("left", "right"):
            lengths[LIFTED_21.index(f"{side}_{joint}")] *= factor
    return scheme_rest_pose(load_scheme(scheme), lengths)


PROPORTIONS = {
    "the same": sized(),
    "long legs": sized(knee=1.3, ankle=1.3),
    "short legs": sized(knee=0.6, ankle=0.6),
    "short thighs": sized(knee=0.92, ankle=1.05),
    "big feet": sized(heel=1.5, toe=1.5),
    "wide hips": sized(hip=1.5),
    "small": sized(size=0.4),
}


def put(
    rest: RestPose,
    bone_map: BoneMap = HUMANOID,
    *,
    gait: Gait | None = None,
    settings: RetargetSettings | None = None,
) -> tuple[RetargetedMotion, np.ndarray, Poses3D, np.ndarray]:
    """The walk on a rig, its joints (T,21,3), the source and its contacts."""
    poses, contacts = walk(gait)
    found = retarget(poses, contacts, rest, bone_map, settings=settings or RetargetSettings())
    return found, joint_positions(found.motion, bone_map), poses, contacts


def directions(joints: np.ndarray) -> np.ndarray:
    """(T,8,3) unit vectors along the limbs' bones."""
    starts, ends = zip(*LIMBS, strict=True)
    along = joints[:, LIFTED_21.indices(*ends)] - joints[:, LIFTED_21.indices(*starts)]
    return along / np.linalg.norm(along, axis=-1, keepdims=True)


def angles_deg(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.rad2deg(2.0 * np.arcsin(0.5 * np.linalg.norm(first - second, axis=-1)))


def sole_heights(joints: np.ndarray) -> np.ndarray:
    """(T,2) m of each foot's heel or toe, which is lower."""
    return joints[:, SOLES, 2].min(axis=-1)


def slides_mm(joints: np.ndarray, contacts: np.ndarray) -> np.ndarray:
    """(S,) mm that a foot moves along the floor in each of its stances, while it stands alone."""
    slides = []
    alone = contacts & ~contacts[:, ::-1]
    for foot in range(2):
        edges = np.flatnonzero(np.diff(alone[:, foot].astype(int), prepend=0, append=0))
        for begin, end in edges.reshape(-1, 2):
            stance = joints[begin:end, SOLES[foot], :2]
            slides.append(1000.0 * np.linalg.norm(stance - stance[:1], axis=-1).max())
    return np.array(slides)


def test_on_a_rig_of_the_persons_size_it_is_the_solved_motion() -> None:
    poses, contacts = walk()
    found = retarget(poses, contacts, REST, HUMANOID, settings=RetargetSettings())
    solved = solve_bone_rotations(poses, REST)
    assert found.scale == pytest.approx(1.0, abs=1e-9)
    assert found.travel is None and found.warnings == ()
    np.testing.assert_array_equal(found.motion.contacts, contacts)
    np.testing.assert_allclose(found.motion.rotations, solved.rotations, atol=1e-12)
    np.testing.assert_allclose(found.motion.root_position, solved.root_position, atol=1e-6)


def test_a_rig_of_twice_the_size_goes_twice_as_far() -> None:
    found, joints, poses, _ = put(sized(size=2.0))
    assert found.scale == pytest.approx(2.0)
    np.testing.assert_allclose(joints[:, LEGS], 2.0 * poses.positions[:, LEGS], atol=1e-5)


@pytest.mark.parametrize("name", SCHEME_NAMES)
def test_limbs_point_where_the_persons_do_on_every_known_rig(name: str) -> None:
    rest = sized(name, knee=0.9, ankle=1.1, elbow=1.2, hip=1.2)
    _, joints, poses, _ = put(rest, load_scheme(name).bone_map)
    assert angles_deg(directions(joints), directions(poses.positions)).max() < 0.1


@pytest.mark.parametrize("name", PROPORTIONS)
@pytest.mark.parametrize("gait", [Gait(), RUN], ids=["walk", "run"])
def test_standing_feet_are_on_the_floor_and_still(name: str, gait: Gait) -> None:
    _, joints, poses, contacts = put(PROPORTIONS[name], gait=gait)
    assert np.abs(sole_heights(joints)[contacts]).max() < 0.01
    assert slides_mm(poses.positions, contacts).max() < 1e-6
    assert slides_mm(joints, contacts).max() < 1.0


@pytest.mark.parametrize("name", PROPORTIONS)
def test_who_is_in_the_air_stays_there(name: str) -> None:
    _, joints, poses, contacts = put(PROPORTIONS[name], gait=RUN)
    flies = ~contacts.any(axis=1)
    high = sole_heights(poses.positions).min(axis=1) > 0.008
    assert (flies & high).sum() > 10
    assert (sole_heights(joints)[flies & high] > 0.0).all()


@pytest.mark.parametrize("name", PROPORTIONS)
@pytest.mark.parametrize("settings", [RetargetSettings(), FEET], ids=["pointing", "reaching"])
def test_nothing_jumps(name: str, settings: RetargetSettings) -> None:
    found, _, poses, _ = put(PROPORTIONS[name], settings=settings)
    bends = 60.0**2 * np.linalg.norm(np.diff(poses.positions[:, 0], 2, axis=0), axis=-1)
    posed = 60.0**2 * np.linalg.norm(np.diff(found.motion.root_position, 2, axis=0), axis=-1)
    # A hip that follows a standing foot of other proportions is pushed, but no harder than a step.
    assert posed.max() < found.scale * bends.max() + 12.0
    solved = solve_bone_rotations(poses, REST)
    assert step_angles_deg(found.motion.rotations).max() < (
        step_angles_deg(solved.rotations).max() + 4.0
    )


def test_the_way_is_as_long_as_the_legs_make_it() -> None:
    _, joints, poses, _ = put(PROPORTIONS["long legs"])
    source, way = (
        np.linalg.norm(np.diff(positions[::30, 0, :2], axis=0), axis=-1).sum()
        for positions in (poses.positions, joints)
    )
    assert way / source == pytest.approx(1.3, rel=0.02)


def raised(rest: RestPose, height: float) -> RestPose:
    return replace(rest, heads=rest.heads + height * UP, tails=rest.tails + height * UP)


def test_soles_are_as_thick_as_at_rest() -> None:
    _, joints, _, contacts = put(raised(REST, 0.04))
    np.testing.assert_allclose(sole_heights(joints)[contacts], 0.04, atol=1e-4)


@pytest.mark.parametrize("height", [-0.95, -0.01, 0.3])
def test_a_rig_whose_origin_is_not_on_its_floor_stands_on_its_lowest_point(height: float) -> None:
    _, joints, _, contacts = put(raised(REST, height))
    np.testing.assert_allclose(sole_heights(joints)[contacts], height, atol=1e-4)


def test_feet_that_stand_on_something_stay_that_high() -> None:
    poses, contacts = walk()
    on_a_stage = replace(poses, positions=poses.positions + 0.5 * UP)
    found = retarget(
        on_a_stage, contacts, PROPORTIONS["long legs"], HUMANOID, settings=RetargetSettings()
    )
    heights = sole_heights(joint_positions(found.motion))[contacts]
    np.testing.assert_allclose(heights, 0.5 * found.scale, atol=0.01)


def test_feet_that_float_a_little_are_put_on_the_floor() -> None:
    poses, contacts = walk()
    floating = replace(poses, positions=poses.positions + 0.04 * UP)
    found = retarget(floating, contacts, REST, HUMANOID, settings=RetargetSettings())
    assert np.abs(sole_heights(joint_positions(found.motion))[contacts]).max() < 0.001


@pytest.mark.parametrize("name", [*PROPORTIONS, "hips' origin"])
def test_feet_that_reach_step_in_the_scaled_footprints(name: str) -> None:
    rest = raised(REST, -0.9) if name == "hips' origin" else PROPORTIONS[name]
    floor = -0.9 if name == "hips' origin" else 0.0
    found, joints, poses, contacts = put(rest, settings=FEET)
    assert np.abs(sole_heights(joints) - floor)[contacts].max() < 0.001
    for foot, (_, _, ankle) in enumerate(LEGS):
        away = joints[:, ankle] - found.scale * poses.positions[:, ankle]
        assert np.linalg.norm(away[contacts[:, foot], :2], axis=-1).max() < 0.001
    assert found.warnings == ()


def test_reaching_where_one_is_changes_nothing() -> None:
    both = RetargetSettings(reach=frozenset({"feet", "hands"}))
    _, joints, poses, _ = put(REST, settings=both)
    exact = [joint for joint in range(21) if LIFTED_21.joint_names[joint] != "nose"]
    np.testing.assert_allclose(joints[:, exact], poses.positions[:, exact], atol=1e-5)


def test_reaching_feet_keep_their_direction_and_knees_bend_in_their_plane() -> None:
    _, joints, poses, _ = put(PROPORTIONS["short thighs"], settings=FEET)
    for leg, soles in zip(LEGS, SOLES, strict=True):
        source, posed = (
            positions[:, soles[1]] - positions[:, soles[0]]
            for positions in (poses.positions, joints)
        )
        assert np.linalg.norm(np.cross(source, posed), axis=-1).max() < 1e-6
        source, posed = (
            np.cross(
                positions[:, leg[1]] - positions[:, leg[0]],
                positions[:, leg[2]] - positions[:, leg[1]],
            )
            for positions in (poses.positions, joints)
        )
        assert (
            angles_deg(*(v / np.linalg.norm(v, axis=-1, keepdims=True) for v in (source, posed)))
            < 3.0
        ).all()


def clapping() -> tuple[Poses3D, np.ndarray]:
    """The walk with the hands together before the chest, elbows apart."""
    poses, contacts = walk()
    positions = poses.positions.copy()
    thorax = positions[:, LIFTED_21.index("thorax")]
    across = positions[:, LIFTED_21.index("left_shoulder")] - thorax
    ahead = np.cross(across, UP)
    ahead /= np.linalg.norm(ahead, axis=-1, keepdims=True)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        shoulder, elbow, wrist = LIFTED_21.indices(
            *(f"{side}_{part}" for part in ("shoulder", "elbow", "wrist"))
        )
        hands = thorax + 0.3 * ahead - 0.1 * UP
        upper, lower = (mean_bone_lengths()[joint] for joint in (elbow, wrist))
        line = hands - positions[:, shoulder]
        reach = np.linalg.norm(line, axis=-1, keepdims=True)
        out = sign * across - (sign * across * line).sum(-1, keepdims=True) / reach**2 * line
        out /= np.linalg.norm(out, axis=-1, keepdims=True)
        share = (upper**2 - lower**2 + reach**2) / (2.0 * reach)
        positions[:, elbow] = (
            positions[:, shoulder] + share * line / reach + np.sqrt(upper**2 - share**2) * out
        )
        positions[:, wrist] = hands
    return replace(poses, positions=positions), contacts


def test_hands_that_meet_do_so_on_wider_shoulders() -> None:
    poses, contacts = clapping()
    rest = sized(shoulder=1.3, elbow=1.1, wrist=0.95)
    wrists = LIFTED_21.indices("left_wrist", "right_wrist")
    apart = {}
    for settings in (RetargetSettings(), HANDS):
        found = retarget(poses, contacts, rest, HUMANOID, settings=settings)
        joints = joint_positions(found.motion)
        apart[settings] = np.linalg.norm(np.diff(joints[:, wrists], axis=1), axis=-1).max()
    assert apart[RetargetSettings()] > 0.08
    assert apart[HANDS] < 1e-3


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_left_out_rests_and_the_others_do_as_before(part: str) -> None:
    scheme = load_scheme("mixamo")
    rest = sized("mixamo")
    whole, _, _, contacts = put(rest, scheme.bone_map)
    settings = RetargetSettings(parts=frozenset(PARTS) - {part})
    found, _, _, _ = put(rest, scheme.bone_map, settings=settings)
    same = np.isclose(found.motion.rotations, whole.motion.rotations, atol=1e-12).all(axis=(0, 2))
    resting = np.isclose(found.motion.rotations, quaternion.IDENTITY, atol=1e-12).all(axis=(0, 2))
    expected = {
        "trunk": "Spine1",
        "head": "Neck",
        "left_arm": "LeftHand",
        "right_arm": "RightArm",
        "left_leg": "LeftLeg",
        "right_leg": "RightFoot",
        "fingers": "RightHandIndex2",
    }
    for name, bone in expected.items():
        index = next(i for i, full in enumerate(rest.bone_names) if full.endswith(bone))
        assert resting[index] if name == part else same[index]
    if part == "trunk":
        hips = found.motion.root_bone
        assert (found.motion.root_position == rest.heads[hips]).all()
    else:
        np.testing.assert_array_equal(found.motion.root_position, whole.motion.root_position)
    is_driven = np.array([part != "left_leg", part != "right_leg"])
    np.testing.assert_array_equal(found.motion.contacts, contacts & is_driven)


def test_without_the_trunk_nothing_travels() -> None:
    settings = RetargetSettings(travel="object", parts=frozenset({"left_arm"}))
    found, _, _, _ = put(REST, settings=settings)
    assert found.travel is None
    assert found.warnings == ("nothing travels without the trunk",)


@pytest.mark.parametrize("num_frames", [1, 2, 3])
@pytest.mark.parametrize("travel", ["hips", "object", "in_place"])
def test_a_few_frames_are_enough(num_frames: int, travel: Any) -> None:
    poses, contacts = walk(num_frames=num_frames)
    settings = RetargetSettings(travel=travel, reach=frozenset({"feet", "hands"}))
    found = retarget(poses, contacts, PROPORTIONS["long legs"], HUMANOID, settings=settings)
    assert np.isfinite(bone_transforms(found.motion)[0]).all()
    assert found.motion.num_frames == num_frames


def test_legs_that_cannot_both_stand_are_told_of_and_reaching_helps() -> None:
    rest = sized(knee=0.8, ankle=1.15)
    found, _, _, _ = put(rest)
    assert len(found.warnings) == 1
    assert "standing foot is off the floor" in found.warnings[0]
    assert put(rest, settings=FEET)[0].warnings == ()


def test_feet_out_of_reach_are_told_of_and_no_leg_is_stretched() -> None:
    poses, contacts = walk()
    apart = poses.positions.copy()
    for leg, soles, sign in zip(LEGS, SOLES, (1.0, -1.0), strict=True):
        across = apart[:, LEGS[0][0]] - apart[:, LEGS[1][0]]
        apart[:, [*leg[2:], *soles]] += sign * 3.0 * across[:, None]
    found = retarget(
        replace(poses, positions=apart), contacts, sized(hip=0.5), HUMANOID, settings=FEET
    )
    assert any("feet are out of reach" in warning for warning in found.warnings)
    joints = joint_positions(found.motion)
    at_rest = mean_bone_lengths()[LEGS[0][1:]].sum()
    for hip, _, ankle in LEGS:
        reach = np.linalg.norm(joints[:, ankle] - joints[:, hip], axis=-1)
        assert (reach < at_rest + 1e-9).all()


def test_contacts_of_another_length_are_refused() -> None:
    poses, contacts = walk()
    with pytest.raises(LiftError, match=r"expected contacts \(240, 2\), found \(239, 2\)"):
        retarget(poses, contacts[1:], REST, HUMANOID, settings=RetargetSettings())


def test_a_rig_whose_legs_have_no_length_is_refused() -> None:
    heads = np.broadcast_to(REST.heads[0], REST.heads.shape).copy()
    poses, contacts = walk()
    with pytest.raises(LiftError, match="expected legs with a length"):
        retarget(poses, contacts, replace(REST, heads=heads), HUMANOID, settings=RetargetSettings())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"travel": "feet"}, "travel: expected hips, root, object, in_place, found 'feet'"),
        ({"reach": frozenset({"knees"})}, "reach: expected hands, feet, found 'knees'"),
        ({"parts": frozenset({"tail", "head"})}, "parts: expected trunk, .*, found 'tail'"),
    ],
)
def test_unknown_settings_are_refused(settings: Any, message: str) -> None:
    with pytest.raises(LiftError, match=message):
        RetargetSettings(**settings)


def test_the_person_stays_as_given() -> None:
    poses, contacts = walk()
    before = poses.positions.copy()
    retarget(poses, contacts, sized(size=1.2), HUMANOID, settings=FEET)
    np.testing.assert_array_equal(poses.positions, before)
    assert as_poses(before).num_frames == poses.num_frames
