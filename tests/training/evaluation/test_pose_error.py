"""Errors of lifted poses have the closed-form values of known mistakes, each under its own measure."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from core.errors import LiftError
from core.geometry.quaternion import from_axis_angle, rotate
from core.joint_sets import BODY_12, H36M_17, LIFTED_21
from core.metrics import mpjpe, n_mpjpe, p_mpjpe
from tests.training.evaluation.judged_views import lift_perfectly, lift_shifted, make_view
from training.evaluation.breakdown import by_joint
from training.evaluation.pose_error import (
    PoseErrors,
    evaluate_clip,
    judged_by,
    pooled_mm,
    size_ratio,
)

MEASURES = [field.name for field in fields(PoseErrors) if field.name.endswith("_mm")]


@pytest.mark.parametrize("joints", [LIFTED_21.joint_names, H36M_17.joint_names, BODY_12])
def test_a_perfect_lifter_has_no_error_under_any_measure(joints: tuple[str, ...]) -> None:
    errors = evaluate_clip(make_view(joints=joints), lift_perfectly).errors
    for name in MEASURES:
        assert np.abs(getattr(errors, name)).max() < 1e-6, name


@pytest.mark.parametrize("joints", [LIFTED_21.joint_names, BODY_12])
def test_an_error_in_depth_shows_in_the_depth_part_alone(joints: tuple[str, ...]) -> None:
    view = evaluate_clip(make_view(joints=joints), lift_shifted("left_wrist", (0.0, 0.0, 0.08)))
    wrist = np.array(joints) == "left_wrist"
    assert view.errors.depth_mm[:, wrist] == pytest.approx(80.0)
    assert np.abs(view.errors.depth_mm[:, ~wrist]).max() < 1e-6
    assert np.abs(view.errors.lateral_mm).max() < 1e-6
    assert view.errors.own_scale_mm[:, wrist] == pytest.approx(80.0)


def test_an_error_across_the_line_of_sight_shows_in_the_lateral_part() -> None:
    view = evaluate_clip(make_view(), lift_shifted("left_wrist", (0.03, 0.04, 0.0)))
    wrist = LIFTED_21.index("left_wrist")
    # The frame's scale gives way a little.
    assert view.errors.lateral_mm[:, wrist] == pytest.approx(50.0, rel=0.15)
    assert view.errors.depth_mm.mean() < 0.1 * view.errors.lateral_mm[:, wrist].mean()


def test_a_size_is_no_error_but_at_ones_own_scale() -> None:
    clip = make_view()
    errors = evaluate_clip(clip, lambda clip: 1.3 * lift_perfectly(clip)).errors
    relative = clip.truth_camera - clip.truth_camera[:, :1]
    assert errors.own_scale_mm == pytest.approx(300 * np.linalg.norm(relative, axis=-1))
    for name in set(MEASURES) - {"own_scale_mm"}:
        assert np.abs(getattr(errors, name)).max() < 1e-6, name


def test_a_turn_is_no_error_after_alignment() -> None:
    turn = from_axis_angle(np.array([0.0, 1.0, 0.0]), np.pi)
    clip = make_view()
    errors = evaluate_clip(clip, lambda clip: rotate(turn, lift_perfectly(clip))).errors
    relative = (clip.truth_camera - clip.truth_camera[:, :1])[..., [0, 2]]
    assert np.abs(errors.p_mm).max() < 1e-6
    assert errors.true_scale_mm == pytest.approx(2000 * np.linalg.norm(relative, axis=-1))


def test_means_are_those_of_the_metrics() -> None:
    clip = make_view(joints=H36M_17.joint_names)
    noise = np.random.default_rng(0).normal(size=(60, 21, 3)) * 0.05
    view = evaluate_clip(clip, lambda clip: lift_perfectly(clip) + noise)
    predicted = view.poses_camera[:, :17]
    root_relative = [poses - poses[:, :1] for poses in (predicted, clip.truth_camera)]
    found = [
        pooled_mm([view], lambda errors: errors.p_mm),
        pooled_mm([view], lambda errors: errors.n_mm),
        pooled_mm([view], lambda errors: errors.own_scale_mm),
    ]
    expected = [
        p_mpjpe(predicted, clip.truth_camera),
        n_mpjpe(*root_relative),
        mpjpe(*root_relative),
    ]
    assert found == pytest.approx([1000 * error for error in expected])


def test_the_body_s_size_is_that_of_its_judged_bones() -> None:
    clip = make_view(joints=BODY_12)
    predicted, judged = clip.truth_camera / 1.25, clip.is_judged.copy()
    assert size_ratio(predicted, clip.truth_camera, judged, BODY_12) == pytest.approx(1.25)
    broken = predicted.copy()
    broken[:30, BODY_12.index("left_wrist")] += 7.0
    judged[:30, BODY_12.index("left_wrist")] = False
    assert size_ratio(broken, clip.truth_camera, judged, BODY_12) == pytest.approx(1.25)
    assert size_ratio(broken, clip.truth_camera, judged & False, BODY_12) == 1.0


def test_what_is_not_judged_does_not_count() -> None:
    clip = make_view(joints=BODY_12)
    judged, truth = clip.is_judged.copy(), clip.truth_camera.copy()
    judged[:, 4] = judged[40:] = False
    truth[:, 4] += 3.0
    truth[40:] -= [1.0, 2.0, 3.0]
    clip = replace(clip, is_judged=judged, truth_camera=truth)
    view = evaluate_clip(clip, lambda _: lift_perfectly(make_view(joints=BODY_12)))
    assert view.is_judged_frame.sum() == 40
    assert pooled_mm([view], lambda errors: errors.p_mm) < 1e-6
    assert pooled_mm([view], lambda errors: errors.true_scale_mm) < 1e-6


def test_where_the_root_is_not_judged_only_aligned_poses_are() -> None:
    clip = make_view(joints=BODY_12)
    judged, truth = clip.is_judged.copy(), clip.truth_camera.copy()
    left_hip = BODY_12.index("left_hip")
    judged[:20, left_hip] = False
    truth[:20, left_hip] += [0.3, 0.0, 0.4]
    view = evaluate_clip(
        replace(clip, is_judged=judged, truth_camera=truth),
        lambda _: lift_perfectly(make_view(joints=BODY_12)),
    )
    assert view.is_judged_frame.all()
    for name in MEASURES:
        errors = getattr(view.errors, name)
        assert pooled_mm([view], lambda _, errors=errors: errors) < 1e-6, name
        assert np.isnan(errors[:20]).all() == (name != "p_mm"), name
        assert np.isfinite(errors[20:]).all(), name
    (hip,) = [one for one in by_joint([view]) if one.label == "left_hip"]
    (knee,) = [one for one in by_joint([view]) if one.label == "left_knee"]
    assert (hip.count, knee.count) == (40, 60) and knee.depth_mm < 1e-6


def test_a_clip_whose_root_is_never_judged_has_no_error_relative_to_it() -> None:
    clip = make_view(joints=BODY_12)
    judged = clip.is_judged.copy()
    judged[:, BODY_12.index("right_hip")] = False
    view = evaluate_clip(replace(clip, is_judged=judged), lift_perfectly)
    assert pooled_mm([view], lambda errors: errors.p_mm) < 1e-6
    assert np.isnan(pooled_mm([view], lambda errors: errors.n_mm))


def test_frames_count_alike_whatever_they_have_of_judged_joints() -> None:
    clip = make_view(4)
    judged = clip.is_judged.copy()
    judged[0, 1:] = False  # the pelvis alone, and it is right
    view = evaluate_clip(
        replace(clip, is_judged=judged), lift_shifted("left_wrist", (0.0, 0.0, 0.21))
    )
    assert pooled_mm([view], lambda errors: errors.depth_mm) == pytest.approx(0.75 * 210 / 21)


def test_the_same_poses_can_be_judged_by_fewer_joints() -> None:
    view = evaluate_clip(make_view(), lift_shifted("left_wrist", (0.05, 0.0, 0.0)))
    fewer = judged_by(view, H36M_17.joint_names)
    direct = evaluate_clip(
        make_view(joints=H36M_17.joint_names), lift_shifted("left_wrist", (0.05, 0.0, 0.0))
    )
    for name in MEASURES:
        assert getattr(fewer.errors, name) == pytest.approx(getattr(direct.errors, name))


def test_poses_may_end_sooner_but_must_be_numbers_and_judged() -> None:
    clip = make_view(20)
    short = evaluate_clip(clip, lambda clip: lift_perfectly(clip)[:18])
    assert short.errors.p_mm.shape == (18, 21) and short.errors.p_mm.max() < 1e-6
    with pytest.raises(LiftError, match="somebody, view 0: expected finite poses"):
        evaluate_clip(clip, lambda clip: np.nan * lift_perfectly(clip))
    unjudged = replace(clip, is_judged=clip.is_judged & False)
    with pytest.raises(LiftError, match="somebody, view 0: expected at least one judged frame"):
        evaluate_clip(unjudged, lift_perfectly)
