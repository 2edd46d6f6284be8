"""Joint sets and the one table of body part names."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from core.joint_sets import (
    BODY_23,
    BODY_25,
    COCO_17,
    H36M_17,
    HALPE_26,
    JOINT_SETS,
    LIFTED_21,
    convert_joints,
    lifted_from_detected,
)
from core.skeleton import find_body_parts
from core.types import Keypoints2D


@pytest.mark.parametrize("skeleton", JOINT_SETS.values(), ids=lambda skeleton: skeleton.name)
def test_mirroring_twice_is_nothing(skeleton):
    assert np.array_equal(skeleton.mirror[skeleton.mirror], np.arange(skeleton.num_joints))
    sides = sum(name.startswith(("left_", "right_")) for name in skeleton.joint_names)
    assert (skeleton.mirror != np.arange(skeleton.num_joints)).sum() == sides


def test_the_output_joints_begin_with_human36m():
    assert LIFTED_21.joint_names[:17] == H36M_17.joint_names
    assert LIFTED_21.is_topological and LIFTED_21.num_joints == 21


def test_published_orders_at_a_few_known_places():
    assert BODY_25.index("mid_hip") == 8 and BODY_25.index("right_heel") == 24
    assert HALPE_26.index("mid_hip") == 19 and HALPE_26.index("right_big_toe") == 21
    assert COCO_17.index("right_ankle") == 16


def test_conversion_matches_joints_by_name_and_leaves_others_missing():
    rng = np.random.default_rng(0)
    keypoints = Keypoints2D(
        positions=rng.normal(size=(4, 26, 2)),
        confidence=rng.uniform(0.1, 1, (4, 26)),
        frames=np.arange(4),
        image_size=(10, 10),
        fps=Fraction(30),
        person=1,
        skeleton=HALPE_26,
    )
    converted = convert_joints(keypoints, BODY_23)
    toe, source = BODY_23.index("right_big_toe"), HALPE_26.index("right_big_toe")
    assert np.array_equal(converted.positions[:, toe], keypoints.positions[:, source])
    back = convert_joints(converted, COCO_17)
    assert np.array_equal(back.positions, keypoints.positions[:, :17])
    only_17 = convert_joints(back, BODY_23)
    assert (only_17.confidence[:, 17:] == 0).all() and (only_17.confidence[:, :17] > 0).all()


def test_chains_add_up_bones_along_the_skeleton():
    depth = LIFTED_21.chains @ np.ones(21)
    ankle, wrist = LIFTED_21.indices("right_ankle", "left_wrist")
    assert (depth[0], depth[ankle], depth[wrist]) == (0, 3, 5)


def test_output_joints_are_marked_by_detected_ones():
    points = np.zeros((23, 2))
    points[BODY_23.index("left_hip")], points[BODY_23.index("right_hip")] = [2, 0], [4, 2]
    confidence = np.ones(23)
    confidence[BODY_23.index("right_hip")] = 0.3
    lifted, lifted_confidence = lifted_from_detected(points, confidence)
    assert lifted[0].tolist() == [3, 1] and lifted_confidence[0] == 0.3
    assert lifted_confidence[LIFTED_21.indices("spine", "head")].tolist() == [0, 0]
    confidence[BODY_23.index("right_hip")] = 0.0
    assert lifted_from_detected(points, confidence)[1][0] == 0.0


@pytest.mark.parametrize(
    ("upper_arm", "collar", "thigh"),
    [
        ("LeftArm", "LeftShoulder", "LeftUpLeg"),
        ("LeftShoulder", "LeftCollar", "LeftHip"),
        ("mixamorig:LeftArm", "mixamorig:LeftShoulder", "mixamorig:LeftUpLeg"),
        ("upper_arm.L", "shoulder.L", "thigh.L"),
        ("lShldr", "lCollar", "lThigh"),
        ("lhumerus", "lclavicle", "lfemur"),
        ("upperarm_l", "clavicle_l", "thigh_l"),
    ],
)
def test_body_parts_are_found_under_many_names(upper_arm, collar, thigh):
    names = ("Hips", collar, upper_arm, thigh)
    parts = find_body_parts(names)
    assert parts == {"hips": 0, "left_clavicle": 1, "left_upper_arm": 2, "left_upper_leg": 3}


def test_unknown_names_are_no_body_parts():
    assert find_body_parts(("Cube", "rope", "lamp", "LeftArmour")) == {}
