"""A detector that is planted in made-up detections is found again by the fit."""

import shutil
from dataclasses import fields, replace

import numpy as np
import pytest

from core.errors import InputFormatError
from core.joint_sets import BODY_23
from tests.shared_data import shared_data
from tests.training.datasets.turning_body import turning_bodies
from training.datasets.detector_calibration import mean_run, redraw
from training.datasets.detector_check import describe, print_check
from training.datasets.detector_fit import fit_detector
from training.datasets.detector_model import CHANCE_NODES, bundled_detector
from training.datasets.detector_residual import Residuals, read_residuals
from training.datasets.detector_sight_fit import find_mistaken, fitted_kinds
from training.datasets.detector_view import PART_OF_JOINT, see_body

NUM_CLIPS, NUM_FRAMES = 10, 210
IS_FOOT = np.array([name.endswith(("toe", "heel")) for name in BODY_23.joint_names])


def pair(part):
    return BODY_23.indices(f"left_{part}", f"right_{part}")


def lasting_bursts(rng, shape, *, share, num_frames):
    """Bool (N,T,...) that is true for ``num_frames`` at a time and in ``share`` of all frames."""
    starts = rng.uniform(size=shape) < share / num_frames
    return np.stack([np.roll(starts, step, axis=1) for step in range(num_frames)]).any(axis=0)


@pytest.fixture(scope="module")
def planted():
    """A detector with one fault per kind of joint; all else errs by 3 mm.

    Knees jitter by 10 mm, ankles drift by 20, hips are 40 mm too far forward, wrists are lost for 12
    frames at a time, elbows are put on the other side's for 6; the less sure a shoulder, the more it
    errs.
    """
    rng = np.random.default_rng(3)
    marked = turning_bodies(NUM_CLIPS, NUM_FRAMES)
    shape = marked.shape[:3]
    error = rng.normal(size=(*shape, 2)) * 0.003
    # Confidence stays for half a second: what flickers from frame to frame is no visibility.
    steps = np.arange(NUM_FRAMES) // 15 * 15
    confidence = rng.uniform(0.5, 0.9, shape)[:, steps]
    error[:, :, pair("knee")] = rng.normal(size=(*shape[:2], 2, 2)) * 0.010
    drift = rng.normal(size=(*shape[:2], 2, 2))
    for frame in range(1, NUM_FRAMES):
        drift[:, frame] = 0.95 * drift[:, frame - 1] + np.sqrt(1 - 0.95**2) * drift[:, frame]
    error[:, :, pair("ankle")] = 0.020 * drift
    points = np.ascontiguousarray(marked.transpose(3, 2, 0, 1), dtype=np.float32)
    forward = np.moveaxis(see_body(points, fps=30.0).axes[2, 1], 0, -1)
    for joint in pair("hip"):
        moved = marked[:, :, joint] + 0.040 * forward
        true = marked[:, :, joint]
        error[:, :, joint] += 4.0 * (
            moved[..., :2] / moved[..., 2:] - true[..., :2] / true[..., 2:]
        )
    sureness = rng.uniform(size=(*shape[:2], 2))[:, steps]
    confidence[:, :, pair("shoulder")] = sureness
    error[:, :, pair("shoulder")] *= (1 + 9 * (1 - sureness))[..., None]
    lost = lasting_bursts(rng, (*shape[:2], 2), share=0.2, num_frames=12)
    confidence[:, :, pair("wrist")] *= ~lost
    place = marked[..., :2] / marked[..., 2:] * 4.0
    other = place[:, :, pair("elbow")[::-1]] - place[:, :, pair("elbow")]
    wrong = lasting_bursts(rng, (*shape[:2], 2), share=0.06, num_frames=6)
    error[:, :, pair("elbow")] += other * wrong[..., None]
    confidence[:, :, pair("elbow")] = np.where(wrong, 0.1, confidence[:, :, pair("elbow")])
    confidence[..., IS_FOOT] = 0
    is_marked = np.broadcast_to(~IS_FOOT, shape)
    return Residuals(marked, error, confidence, is_marked, 30.0)


@pytest.fixture(scope="module")
def fitted(planted):
    return fit_detector(planted)


@pytest.fixture(scope="module")
def drawn(planted, fitted):
    return redraw(planted, fitted, 77)


def test_planted_jitter_is_found_in_size_and_quickness(planted, fitted, drawn):
    knee = BODY_23.index("left_knee")
    sigma = fitted.error[knee, 5, 1:6] / CHANCE_NODES[1:6]
    np.testing.assert_allclose(sigma, 0.010, rtol=0.15)
    assert abs(describe(drawn, tuple(pair("knee")))[4]) < 0.15


def test_planted_drift_is_found_to_last(planted, drawn):
    real, model = (describe(each, tuple(pair("ankle"))) for each in (planted, drawn))
    assert model[0] == pytest.approx(real[0], rel=0.2)
    assert real[4] > 0.9
    assert model[4] == pytest.approx(real[4], abs=0.06)


def test_a_planted_bias_is_found_in_the_body_s_axes(planted, fitted):
    view = see_body(planted.points, fps=30.0)
    hip = BODY_23.index("left_hip")
    terms = view.view_terms[PART_OF_JOINT[hip]].reshape(9, -1)
    bias = fitted.view_bias[hip] @ terms
    # What points away from the camera cannot be seen: compare where the body stands sideways.
    is_sideways = np.abs(terms[2]) < 0.3
    np.testing.assert_allclose(bias[1, is_sideways], 0.040, atol=0.006)
    unbiased = fitted.view_bias[BODY_23.index("left_knee")] @ terms
    assert np.abs(unbiased[1, is_sideways]).max() < 0.01


def test_planted_dropouts_are_found_in_share_and_length(planted, drawn):
    lost = [each.confidence[..., pair("wrist")] == 0 for each in (planted, drawn)]
    assert lost[1].mean() == pytest.approx(lost[0].mean(), rel=0.2)
    assert 0.5 < mean_run(lost[1]) / mean_run(lost[0]) < 1.5
    assert not (drawn.confidence[..., pair("knee")] == 0).any()


def test_planted_mistakes_are_found_in_share_and_only_where_they_are(planted, drawn):
    real, model = (find_mistaken(each)[0] for each in (planted, drawn))
    assert real[..., pair("elbow")].mean() > 0.03
    assert model[..., pair("elbow")].mean() == pytest.approx(
        real[..., pair("elbow")].mean(), rel=0.4
    )
    assert not model[..., pair("knee")].any()


def test_planted_doubt_goes_with_planted_error(fitted):
    middle = fitted.error[BODY_23.index("left_shoulder"), :, 2]
    assert middle[1] > 3 * middle[-2]
    unrelated = fitted.error[BODY_23.index("left_knee"), :, 2]
    assert unrelated[1] < 1.3 * unrelated[-2]


def test_feet_without_a_truth_err_as_the_ankle_does(fitted):
    ankle = BODY_23.index("right_ankle")
    for name in ("right_big_toe", "right_small_toe", "right_heel"):
        foot = BODY_23.index(name)
        np.testing.assert_array_equal(fitted.error[foot], fitted.error[ankle])
        mixing = fitted.error_mixing
        assert (mixing[foot] ** 2).sum() == pytest.approx(1.0)
        assert mixing[foot] @ mixing[ankle] == pytest.approx(0.7, abs=0.01)


def test_the_fit_is_the_same_every_time(planted):
    part = replace(
        planted,
        marked=planted.marked[:3, :90],
        error=planted.error[:3, :90],
        confidence=planted.confidence[:3, :90],
        is_marked=planted.is_marked[:3, :90],
    )
    first, second = fit_detector(part), fit_detector(part)
    for field in fields(first):
        np.testing.assert_array_equal(getattr(second, field.name), getattr(first, field.name))


def test_the_check_prints_a_line_of_both_for_every_kind(planted, fitted, capsys):
    print_check(planted, fitted)
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("ankle") for line in lines) == 3
    assert sum(line.startswith("  model") for line in lines) == 3 * len(fitted_kinds(planted))


@pytest.fixture(scope="module")
def real_residuals():
    return read_residuals(shared_data("real"))


def test_the_bundled_model_errs_as_the_real_detector_does(real_residuals):
    drawn = redraw(real_residuals, bundled_detector(), 123)
    for kind in fitted_kinds(real_residuals):
        name = BODY_23.joint_names[kind[0]]
        real, model = (describe(each, kind) for each in (real_residuals, drawn))
        np.testing.assert_allclose(model[:3], real[:3], rtol=0.3, err_msg=name)
        np.testing.assert_allclose(model[4:6], real[4:6], atol=0.12, err_msg=name)
        assert model[7] == pytest.approx(real[7], rel=0.2, abs=0.02), name


def test_the_bundled_model_is_what_a_refit_gives(real_residuals):
    refit, bundled = fit_detector(real_residuals), bundled_detector()
    # These are chosen from a few values by drawing: rounding may tip them.
    tuned = {"flicker", "visibility_seconds", "error_slow_share", "mistaken", "mistaken_seconds"}
    for field in fields(bundled):
        if field.name not in tuned:
            np.testing.assert_allclose(
                getattr(bundled, field.name),
                getattr(refit, field.name),
                rtol=0.01,
                atol=1e-3,
                err_msg=field.name,
            )


def test_a_held_out_sequence_under_another_name_is_refused(tmp_path):
    source = shared_data("real/aistpp")
    (tmp_path / "aistpp").mkdir()
    shutil.copy(source / "cameras.npz", tmp_path / "aistpp")
    shutil.copy(source / "breakdance_ch04.npz", tmp_path / "aistpp" / "breakdance_ch01.npz")
    with pytest.raises(InputFormatError, match="breakdance_ch04, which is for validation alone"):
        read_residuals(tmp_path)


def test_a_sequence_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputFormatError, match="breakdance_ch01.npz"):
        read_residuals(tmp_path)
