"""World figures have the closed-form values of known errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import LiftError
from core.fit.bone_lengths import bone_lengths_per_frame
from core.geometry import quaternion
from core.joint_sets import LIFTED_21
from tests.training.evaluation.world_result import (
    FEET,
    FPS,
    NUM_FRAMES,
    UP,
    body,
    camera,
    measure,
    result_of,
    truth_of,
)
from training.evaluation.world_measure import WorldFigures, measure_world


def turned(positions: np.ndarray, yaw: float, shift: tuple[float, float, float]) -> np.ndarray:
    return quaternion.rotate(quaternion.from_axis_angle(UP, yaw), positions) + np.array(shift)


def assert_perfect(figures: WorldFigures) -> None:
    for name in ("w_mpjpe_mm", "wa_mpjpe_mm", "w_mpjpe_scaled_mm", "wa_mpjpe_scaled_mm"):
        assert getattr(figures, name) < 1e-6
    for name in ("root_mm", "rte", "up_deg", "foot_height_mm", "bone_spread_mm", "mpjpe_mm"):
        assert getattr(figures, name) == pytest.approx(0, abs=1e-6)
    assert figures.foot_height_bias_mm == pytest.approx(0, abs=1e-6)
    assert figures.foot_slide_mm_per_s == pytest.approx(figures.true_foot_slide_mm_per_s)
    assert figures.jitter == pytest.approx(figures.true_jitter) and figures.jitter > 0
    assert figures.path_m == pytest.approx(figures.true_path_m) == pytest.approx(2.0)
    assert figures.focal_ratio == pytest.approx(1) == pytest.approx(figures.size_ratio)


def test_a_perfect_result_has_no_error() -> None:
    truth = truth_of(body())
    assert truth.is_contact is not None
    figures = measure(body(), truth, found=truth.is_contact)
    assert_perfect(figures)
    ground = figures.ground
    assert ground is not None
    assert ground.penetration_mm == ground.floating_mm == 0.0
    assert ground.num_contacts == ground.num_contacts_found == ground.num_contacts_right == 120


def test_where_nothing_is_given_the_world_may_face_and_lie_anywhere() -> None:
    own_world = turned(body(), 2.0, (3.0, -1.0, 0.0))
    seen_by = replace(
        camera(),
        rotation_world_to_camera=quaternion.multiply(
            camera().rotation_world_to_camera, quaternion.from_axis_angle(UP, -2.0)
        ),
        position_world=turned(camera().position_world, 2.0, (3.0, -1.0, 0.0)),
    )
    assert_perfect(measure(own_world, truth_of(body(), is_placed=False), seen_by=seen_by))
    # Without a ground both share, upwards too.
    truth = truth_of(body(), is_placed=False, has_ground=False)
    seen_by = replace(seen_by, position_world=seen_by.position_world + 0.7 * UP)
    figures = measure(own_world + 0.7 * UP, truth, seen_by=seen_by)
    assert_perfect(figures)
    assert figures.ground is None


def test_with_the_cameras_place_given_a_shift_is_an_error() -> None:
    shift = (0.06, 0.0, 0.08)
    figures = measure(turned(body(), 0.0, shift), truth_of(body()))
    assert figures.root_mm == pytest.approx(100)
    assert figures.foot_height_bias_mm == pytest.approx(80)
    assert figures.wa_mpjpe_mm < 1e-6 and figures.rte < 1e-9
    # The ground is the ground in any world.
    figures = measure(turned(body(), 0.0, shift), truth_of(body(), is_placed=False))
    assert figures.root_mm == pytest.approx(80)


@pytest.mark.parametrize("tilt_deg", [0.5, -3.0, 20.0])
def test_a_tilted_world_has_its_angle_as_up_error(tilt_deg: float) -> None:
    figures = measure(
        body(), truth_of(body(), is_placed=False), seen_by=camera(0.1 + np.radians(tilt_deg))
    )
    assert figures.up_deg == pytest.approx(abs(tilt_deg))


def test_an_error_of_size_is_told_by_its_ratio() -> None:
    large = 1.1 * body()
    figures = measure(large, truth_of(body(), is_placed=False))
    assert figures.size_ratio == pytest.approx(1.1)
    assert figures.jitter / figures.true_jitter == pytest.approx(1.1)
    assert figures.path_m == pytest.approx(2.2)
    assert figures.w_mpjpe_scaled_mm < 1e-6 and figures.wa_mpjpe_scaled_mm < 1e-6
    assert figures.w_mpjpe_mm > 20 and figures.wa_mpjpe_mm > 20
    relative = body() - body()[:, :1]
    assert figures.mpjpe_mm == pytest.approx(100 * np.linalg.norm(relative, axis=-1).mean())


def test_an_error_of_focal_length_is_told_by_its_ratio() -> None:
    longer = replace(camera(), focal_length=1.25 * camera().focal_length)
    assert measure(body(), truth_of(body()), seen_by=longer).focal_ratio == pytest.approx(1.25)


def test_a_sliding_foot_slides_while_the_true_one_stands() -> None:
    positions = body()
    assert measure(positions, truth_of(positions)).num_still > 200
    seconds = np.arange(NUM_FRAMES)[:, None, None] / FPS
    still = body()[:1].repeat(NUM_FRAMES, axis=0)
    positions = still.copy()
    positions[:, FEET] += seconds * np.array([0.03, 0.04, 0.0])
    figures = measure(positions, truth_of(still))
    assert figures.foot_slide_mm_per_s == pytest.approx(50)
    assert figures.true_foot_slide_mm_per_s == 0
    assert figures.num_still == 4 * NUM_FRAMES


@pytest.mark.parametrize(("height", "floats", "sinks"), [(0.03, 30.0, 0.0), (-0.02, 0.0, 20.0)])
def test_a_body_above_or_in_the_ground_floats_or_sinks(
    height: float, floats: float, sinks: float
) -> None:
    ground = measure(body() + height * UP, truth_of(body(), is_placed=False)).ground
    assert ground is not None
    assert ground.floating_mm == pytest.approx(floats)
    assert ground.penetration_mm == pytest.approx(sinks)
    assert ground.true_floating_mm == ground.true_penetration_mm == 0


def test_a_bone_that_stretches_is_told() -> None:
    positions = body()
    joint = LIFTED_21.index("left_wrist")
    length = bone_lengths_per_frame(positions, LIFTED_21.parents)[0, joint]
    bone = positions[:, joint] - positions[:, LIFTED_21.parents[joint]]
    positions[:, joint] += np.where(np.arange(NUM_FRAMES) % 2, 0.01, -0.01)[:, None] / length * bone
    assert measure(positions, truth_of(body())).bone_spread_mm == pytest.approx(10)


def test_poses_before_the_solve_are_measured_too() -> None:
    lifted = result_of(body())
    before = lifted.poses_camera.positions.copy()
    before[:, 1:] += np.array([0.0, 0.03, 0.04])
    figures = measure_world(lifted, truth_of(body()), before)
    assert figures.network_mpjpe_mm == pytest.approx(50 * 20 / 21)
    assert figures.mpjpe_mm < 1e-9


def test_frames_are_paired_by_their_numbers() -> None:
    truth = body(NUM_FRAMES + 1)
    assert_perfect(measure(truth[1:], truth_of(truth, first_frame=-1)))
    figures = measure(truth[1:], truth_of(truth, first_frame=0))
    assert figures.num_frames == NUM_FRAMES and figures.root_mm > 1
    assert measure(truth[1:], truth_of(truth, first_frame=100)).num_frames == 20
    with pytest.raises(LiftError, match="4 frames or more in a row with a truth, found 3"):
        measure(truth[1:], truth_of(truth, first_frame=117))


def test_a_gap_in_the_truth_leaves_the_longer_part_of_it() -> None:
    broken = body()
    broken[40, 7] = np.nan
    figures = measure(body(), truth_of(broken))
    assert figures.num_frames == NUM_FRAMES - 41
    assert figures.w_mpjpe_mm < 1e-6 and figures.jitter == pytest.approx(figures.true_jitter)
    with pytest.raises(LiftError, match="in a row with a truth, found 0"):
        measure(body(), truth_of(np.nan * body()))
