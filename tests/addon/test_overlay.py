"""What is drawn over the video: the right things, in the right colours, and nothing in the background."""

from __future__ import annotations

import bpy
import lift_video_to_3d
import numpy as np
from lift_video_to_3d.addon import overlay
from lift_video_to_3d.addon.overlay_shape import (
    DRAWN_BONES,
    Lines,
    Triangles,
    confidence_colors,
    discs,
    distance_shapes,
    keypoint_shapes,
)
from lift_video_to_3d.core.joint_sets import BODY_23, LIFTED_21
from lift_video_to_3d.core.video_trace import VideoTrace

# Twice as large, y up, moved.
TO_REGION = np.array([[2.0, 0.0, 10.0], [0.0, -2.0, 500.0]])
WRIST, ELBOW = BODY_23.indices("left_wrist", "left_elbow")
SOLVED_WRIST = LIFTED_21.joint_names.index("left_wrist")


def a_trace(*seen: int) -> VideoTrace:
    """One frame, joint j at (j, 10 j) px and solved 5 px to the right of there; ``seen`` alone."""
    joints = np.arange(BODY_23.num_joints)
    confidence = np.isin(joints, seen).astype(float)
    solved = np.zeros((LIFTED_21.num_joints, 2))
    solved[SOLVED_WRIST] = (WRIST + 5, 10 * WRIST)
    return VideoTrace(
        seen=np.stack([joints, 10.0 * joints], axis=-1)[None],
        confidence=confidence[None],
        solved=solved[None],
        image_size=(1920, 1080),
    )


def in_region(joint: int, right: float = 0.0) -> tuple[float, float]:
    return 2 * (joint + right) + 10, 500 - 20 * joint


def test_bones_join_seen_joints_alone() -> None:
    for seen, num_bones in (((WRIST,), 0), ((WRIST, ELBOW), 1), (range(23), len(DRAWN_BONES))):
        shapes = keypoint_shapes(a_trace(*seen), 0, TO_REGION, unit=1.0)
        lines = [shape for shape in shapes if isinstance(shape, Lines)]
        assert [len(shape.positions) for shape in lines] == [2 * num_bones] * 2
        joints = [shape for shape in shapes if isinstance(shape, Triangles)]
        num_corners = len(discs(np.zeros((1, 2)), np.ones((1, 4)), 1.0).positions)
        assert [len(shape.positions) for shape in joints] == [num_corners * len(seen)] * 2
    ends = keypoint_shapes(a_trace(WRIST, ELBOW), 0, TO_REGION, unit=1.0)[2].positions
    assert {tuple(end) for end in ends.tolist()} == {in_region(WRIST), in_region(ELBOW)}


def test_shoulders_and_hips_are_lines_across() -> None:
    pairs = {frozenset(BODY_23.joint_names[joint] for joint in bone) for bone in DRAWN_BONES}
    assert {frozenset({"left_hip", "right_hip"}), frozenset({"left_ankle", "left_heel"})} <= pairs
    assert frozenset({"nose", "left_shoulder"}) not in pairs and len(pairs) == len(DRAWN_BONES)


def test_a_distance_goes_from_the_detected_joint_to_the_lifted_one() -> None:
    shapes = distance_shapes(a_trace(WRIST), 0, TO_REGION, unit=1.0)
    lines = [shape for shape in shapes if isinstance(shape, Lines)]
    for shape in lines:
        np.testing.assert_allclose(shape.positions, [in_region(WRIST), in_region(WRIST, right=5)])
    assert all(
        not len(shape.positions) for shape in distance_shapes(a_trace(), 0, TO_REGION, unit=1)
    )


def test_doubt_is_red_and_what_is_sure_is_blue() -> None:
    red, yellow, blue, bluest = confidence_colors(np.array([0.0, 0.4, 0.8, 1.0]))
    assert red[0] > 0.9 and red[2] < 0.3 and blue[2] > 0.9 and blue[0] < 0.3
    assert yellow[0] > 0.9 and yellow[1] > 0.7 and yellow[2] < 0.3
    np.testing.assert_array_equal(blue, bluest)


def test_discs_have_the_area_of_circles() -> None:
    disc = discs(np.array([[3.0, 4.0]]), np.ones((1, 4)), 5.0)
    corners = disc.positions.reshape(-1, 3, 2)
    is_solid = (disc.colors.reshape(-1, 3, 4)[..., 3] == 1).all(axis=1)
    first, second = (
        corners[is_solid, 1] - corners[is_solid, 0],
        corners[is_solid, 2] - corners[is_solid, 0],
    )
    area = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).sum() / 2
    assert 0.95 < area / (np.pi * 25) < 1.0
    reach = np.linalg.norm(disc.positions - [3.0, 4.0], axis=1)
    assert (disc.colors[reach > 5.5, 3] == 0).all() and reach.max() <= 6.0 + 1e-9


def test_nothing_is_drawn_in_the_background() -> None:
    assert bpy.app.background
    for _ in range(2):
        lift_video_to_3d.register()
        assert overlay._handles == []
        lift_video_to_3d.unregister()
