"""The detector model: what it makes of true points, and its JSON file."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest

from core.errors import InputFormatError
from core.joint_sets import BODY_23
from tests.training.datasets.turning_body import standing_body, turning_bodies
from training.datasets.detector import AS_FITTED, DetectorVariety, detect
from training.datasets.detector_model import (
    bundled_detector,
    gaussian_detector,
    named_detector,
    perfect_detector,
    read_detector,
    write_detector,
)

FPS = 30.0


def detect_bundled(marked, *, seed=0, variety=AS_FITTED):
    rng = np.random.default_rng(seed)
    return detect(marked, bundled_detector(), rng, fps=FPS, variety=variety)


def errors_m(rays, marked):
    """(N,T,23) m at 4 m."""
    return 4.0 * np.linalg.norm(rays - marked[..., :2] / marked[..., 2:], axis=-1)


def test_a_perfect_detector_returns_the_true_rays_and_is_sure():
    marked = turning_bodies(3, 50).astype(np.float32)
    rays, confidence = detect(
        marked, perfect_detector(), np.random.default_rng(0), fps=FPS, variety=AS_FITTED
    )
    np.testing.assert_array_equal(rays, marked[..., :2] / marked[..., 2:])
    assert (confidence == 1).all()


def test_every_joint_of_every_frame_gets_a_finite_ray_and_a_confidence_between_0_and_1():
    rays, confidence = detect_bundled(turning_bodies(3, 50), variety=DetectorVariety())
    assert rays.shape == (3, 50, 23, 2) and confidence.shape == (3, 50, 23)
    assert np.isfinite(rays).all()
    assert confidence.min() >= 0 and confidence.max() <= 1


def test_one_frame_is_enough():
    rays, confidence = detect_bundled(turning_bodies(2, 1))
    assert rays.shape == (2, 1, 23, 2) and np.isfinite(rays).all() and np.isfinite(confidence).all()


def test_the_same_seed_gives_the_same_detections_and_another_seed_others():
    marked = turning_bodies(2, 40)
    first, again, other = (detect_bundled(marked, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert np.abs(first[0] - other[0]).max() > 0.001


def test_the_lower_the_confidence_the_larger_the_error():
    marked = turning_bodies(24, 200)
    rays, confidence = detect_bundled(marked)
    for name in ("elbow", "wrist", "shoulder", "knee"):
        joints = BODY_23.indices(f"left_{name}", f"right_{name}")
        order = np.argsort(confidence[..., joints].ravel())
        size = errors_m(rays, marked)[..., joints].ravel()[order]
        doubtful, middling, sure = (np.median(part) for part in np.array_split(size, 3))
        assert doubtful > 1.2 * middling > 1.2 * sure, name


def test_a_person_twice_as_far_away_is_seen_with_rays_half_as_wrong():
    marked = turning_bodies(16, 60)
    farther = marked + [0.0, 0.0, 4.0]
    errors = [
        np.sqrt((errors_m(detect_bundled(each)[0], each) ** 2).mean()) for each in (marked, farther)
    ]
    assert errors[1] / errors[0] == pytest.approx(0.5, rel=0.15)


def test_a_face_that_is_turned_away_is_doubted():
    facing, away = (np.stack([standing_body(yaw, 30)] * 8) for yaw in (0.0, np.pi))
    nose = BODY_23.index("nose")
    assert np.median(detect_bundled(facing)[1][..., nose]) > 0.8
    assert np.median(detect_bundled(away)[1][..., nose]) < 0.3


def test_a_wrist_behind_the_trunk_is_seen_worse_than_one_before_it():
    wrist = BODY_23.index("left_wrist")
    confidence = []
    for depth in (-0.25, 0.25):
        marked = np.stack([standing_body(0.0, 30)] * 16)
        trunk = marked[..., BODY_23.indices("left_hip", "right_shoulder"), :].mean(axis=-2)
        marked[..., wrist, :] = trunk + [0.0, 0.0, depth]
        confidence.append(np.median(detect_bundled(marked)[1][..., wrist]))
    assert confidence[1] < confidence[0] - 0.2


def test_a_strict_detector_leaves_out_what_it_doubts_and_the_fitted_one_reports_all():
    marked = turning_bodies(16, 60)
    strict = replace(AS_FITTED, share_strict=1.0, most_strict=0.3)
    assert (detect_bundled(marked)[1] > 0).all()
    reported = detect_bundled(marked, variety=strict)[1]
    assert 0.02 < (reported == 0).mean() < 0.5


def test_errors_differ_more_between_clips_with_variety_than_without():
    marked = turning_bodies(48, 60)
    knees = BODY_23.indices("left_knee", "right_knee")

    def spread(variety):
        rays = detect_bundled(marked, variety=variety)[0]
        return np.log(np.median(errors_m(rays, marked)[..., knees], axis=(1, 2))).std()

    assert spread(replace(AS_FITTED, level_spread=0.6)) > 1.5 * spread(AS_FITTED)


def test_a_model_survives_its_file(tmp_path):
    path = tmp_path / "model.json"
    model = bundled_detector()
    write_detector(path, model)
    again = read_detector(path)
    for field in fields(model):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(model, field.name))


def test_both_sides_of_the_bundled_model_are_alike():
    model = bundled_detector()
    mirror = list(BODY_23.mirror)
    np.testing.assert_array_equal(model.error, model.error[mirror])
    np.testing.assert_array_equal(model.confidence, model.confidence[mirror])
    sideways = model.view_bias[:, 0, 0]
    np.testing.assert_array_equal(sideways, -sideways[mirror])


def bundled_content(tmp_path):
    path = tmp_path / "model.json"
    write_detector(path, bundled_detector())
    return path, json.loads(path.read_text())


def test_a_file_that_is_no_detector_model_is_refused(tmp_path):
    path = tmp_path / "model.json"
    path.write_text("{}")
    with pytest.raises(InputFormatError, match=r"model.json: expected a detector model"):
        read_detector(path)
    path.write_text("{")
    with pytest.raises(InputFormatError, match="not valid JSON"):
        read_detector(path)


def test_a_missing_field_is_named(tmp_path):
    path, content = bundled_content(tmp_path)
    del content["speed_power"]
    path.write_text(json.dumps(content))
    with pytest.raises(InputFormatError, match="expected the field 'speed_power'"):
        read_detector(path)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([0.1, 0.2], r"speed_power: expected shape \(23,\), found \(2,\)"),
        (["fast"] * 23, "speed_power: expected numbers"),
        ([float("nan")] * 23, "speed_power: expected finite numbers"),
    ],
)
def test_a_field_of_the_wrong_content_is_refused(tmp_path, value, message):
    path, content = bundled_content(tmp_path)
    content["speed_power"] = value
    path.write_text(json.dumps(content))
    with pytest.raises(InputFormatError, match=message):
        read_detector(path)


def test_joints_in_another_order_are_refused(tmp_path):
    path, content = bundled_content(tmp_path)
    content["joints"].reverse()
    path.write_text(json.dumps(content))
    with pytest.raises(InputFormatError, match=r"joints: expected those of COCO-17\+feet"):
        read_detector(path)


def test_the_guessed_detector_errs_alike_everywhere_anew_in_every_frame_and_is_sure():
    marked = np.random.default_rng(0).normal(size=(40, 60, 23, 3)) * 0.3
    marked[..., 2] = 4.0
    rays, confidence = detect(
        marked, gaussian_detector(), np.random.default_rng(1), fps=FPS, variety=AS_FITTED
    )
    off = (rays - marked[..., :2] / marked[..., 2:]) * 4.0
    assert np.allclose(off.std(axis=(0, 1)), 0.016, rtol=0.08)
    assert abs(np.corrcoef(off[:, 1:].ravel(), off[:, :-1].ravel())[0, 1]) < 0.02
    assert (confidence == 1).all()


def test_every_named_detector_is_one_of_the_three():
    assert named_detector("fitted") is bundled_detector()
    assert named_detector("gaussian") is gaussian_detector()
    assert not named_detector("perfect").error.any()
