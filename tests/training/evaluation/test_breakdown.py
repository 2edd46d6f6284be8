"""Errors are told apart by joint, by the camera's elevation and by the detector's confidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.joint_sets import BODY_23, LIFTED_21
from tests.training.evaluation.judged_views import lift_perfectly, lift_shifted, make_view
from training.evaluation.breakdown import by_confidence, by_elevation, by_joint
from training.evaluation.pose_error import ClipErrors, evaluate_clip


def view_from(elevation_deg: float, *, depth_error_m: float = 0.0) -> ClipErrors:
    """A person in the middle of the image; gravity tells how far the camera looks down on them."""
    clip = make_view()
    clip = replace(clip, truth_camera=clip.truth_camera - clip.truth_camera[:, :1] + [0, 0, 40.0])
    angle = np.radians(elevation_deg)
    gravity = np.tile([0.0, np.cos(angle), np.sin(angle)], (clip.num_frames, 1))
    lift = lift_shifted("left_wrist", (0.0, 0.0, depth_error_m))
    return evaluate_clip(replace(clip, gravity_camera=gravity), lift)


def test_each_joint_has_its_own_error() -> None:
    view = evaluate_clip(make_view(), lift_shifted("right_ankle", (0.0, 0.0, 0.07)))
    slices = {one.label: one for one in by_joint([view, view])}
    assert tuple(slices) == LIFTED_21.joint_names
    assert slices["right_ankle"].depth_mm == pytest.approx(70.0)
    others = [one for name, one in slices.items() if name != "right_ankle"]
    assert max(one.depth_mm for one in others) < 1e-6
    assert max(one.lateral_mm for one in slices.values()) < 1e-6
    assert {one.count for one in slices.values()} == {120}


def test_views_are_sorted_by_how_far_the_camera_looks_down() -> None:
    views = [view_from(-5.0), view_from(40.0, depth_error_m=0.21), view_from(50.0)]
    slices = {one.label: one for one in by_elevation(views)}
    assert list(slices) == ["-15 to 0", "30 to 45", "45 to 60"]
    assert slices["30 to 45"].depth_mm == pytest.approx(210 / 21)
    assert slices["-15 to 0"].depth_mm < 1e-6 and slices["45 to 60"].depth_mm < 1e-6


def test_without_a_vertical_there_is_no_elevation() -> None:
    lost = evaluate_clip(replace(make_view(), gravity_camera=None), lift_perfectly)
    assert by_elevation([lost]) == []
    assert sum(one.count for one in by_elevation([lost, view_from(10.0)])) == 60 * 21


def test_tenths_of_confidence_go_from_the_least_to_the_most_sure() -> None:
    clip = make_view(200)
    seen = clip.source.people[0]
    confidence = np.where(seen.confidence > 0, np.linspace(0.1, 0.9, 200)[:, None], 0.0)
    source = replace(clip.source, people=(replace(seen, confidence=confidence),))
    clip = replace(clip, source=source)

    def lift_worse_when_unsure(clip):
        poses = lift_perfectly(clip)
        poses[:, 1:, 2] += (1 - confidence[:, BODY_23.index("left_wrist")])[:, None]
        return poses

    unseen, *tenths = by_confidence([evaluate_clip(clip, lift_worse_when_unsure)])
    # No detector marks the spine or the top of the head.
    assert (unseen.label, unseen.count) == ("not seen", 2 * 200)
    assert sum(one.count for one in tenths) == 19 * 200
    assert len(tenths) == 10 and len({one.count for one in tenths}) == 1
    errors = [one.depth_mm for one in tenths]
    assert errors == sorted(errors, reverse=True) and errors[0] > errors[-1] + 500
    assert (tenths[0].label, tenths[-1].label) == ("0.10 to 0.18", "0.82 to 0.90")


def test_one_confidence_for_all_is_one_slice() -> None:
    slices = by_confidence([evaluate_clip(make_view(), lift_perfectly)])
    assert [one.label for one in slices] == ["not seen", "0.90 to 0.90"]
