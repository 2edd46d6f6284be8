"""A walker before a moving camera walks the same way in the world as before a still one."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.clip_source import settle_clip
from core.errors import LiftError
from core.geometry.camera import project_to_pixels, world_to_camera
from core.geometry.quaternion import conjugate, from_axis_angle, multiply
from core.io.poses import read_poses_npz
from core.joint_sets import LIFTED_21
from core.lifting.weights import load_weights
from core.pipeline import DEFAULT_MODEL, LiftSettings, lift_people, write_poses
from core.stopwatch import Stopwatch
from tests.core.walker import detections_of, still_camera, walk

BEAM = Path(__file__).resolve().parents[1] / "data" / "beam"
NUM_FRAMES = 120
FEET = LIFTED_21.indices("left_heel", "left_toe", "right_heel", "right_toe")


def hand_held(travel=0.15, turn=0.04):
    time = np.arange(NUM_FRAMES) / 30
    still = still_camera()
    sway = np.stack([np.sin(3 * time), np.sin(4 * time), 0.5 * np.sin(5 * time)], axis=-1)
    shake = from_axis_angle(np.array([0.6, 0.0, 0.8]), turn * np.sin(6 * time))
    return replace(
        still,
        rotation_world_to_camera=multiply(shake, still.rotation_world_to_camera),
        position_world=still.position_world + travel * sway,
    )


def write_path(folder, camera, *, unit=1.0, step=1, focal_lengths=None, **keys):
    """The camera's path as a file, in a unit of ``unit`` m; every ``step``-th frame."""
    rotations = conjugate(camera.rotation_world_to_camera)
    frames = [
        {
            "frame": row,
            "position_world": (camera.position_world[row] / unit).tolist(),
            "rotation_camera_to_world": rotations[row].tolist(),
            **({} if focal_lengths is None else {"focal_length_px": float(focal_lengths[row])}),
        }
        for row in (*range(0, NUM_FRAMES - 1, step), NUM_FRAMES - 1)
    ]
    head = {"format": "lift-camera-path", "version": 1, "convention": "opencv"}
    if focal_lengths is None:
        head["focal_length_px"] = float(camera.focal_length[0])
    path = folder / "path.json"
    path.write_text(json.dumps({**head, **keys, "frames": frames}))
    return path


def lift(walked, path, **settings):
    source = settle_clip(Path("walker"), detections_of(walked), camera_path=path)
    watch = Stopwatch(lambda *_: None)
    weights = load_weights(DEFAULT_MODEL)
    (lifted,) = lift_people(source, [1], weights, LiftSettings(**settings), watch=watch)
    return lifted


@pytest.fixture(scope="module")
def held_still(tmp_path_factory):
    """The walker before a camera whose path stays in one place."""
    camera = hand_held(travel=0.0, turn=0.0)
    walked = walk(NUM_FRAMES, camera=camera)
    path = write_path(tmp_path_factory.mktemp("still"), camera, metres_per_unit=1.0)
    return lift(walked, path)


def way_off(lifted, walked):
    """m: how far the pelvis' way is from the true one, mean over frames."""
    off = lifted.poses_world.positions[:, 0] - walked.joints_world[:, 0]
    return float(np.linalg.norm(off, axis=-1).mean())


def slide(lifted, walked):
    """m/s: mean horizontal speed of feet that stand in truth."""
    ankles = lifted.poses_world.positions[:, LIFTED_21.indices("left_ankle", "right_ankle"), :2]
    speed = 30 * np.linalg.norm(np.diff(ankles, axis=0), axis=-1)
    return float(speed[walked.contacts[1:] & walked.contacts[:-1]].mean())


def apart(lifted, other):
    """m: mean distance between two lifted clips' joints in their worlds."""
    off = lifted.poses_world.positions - other.poses_world.positions
    return float(np.linalg.norm(off, axis=-1).mean())


def test_a_path_that_stays_in_one_place_gives_the_true_way(held_still):
    walked = walk(NUM_FRAMES)
    assert way_off(held_still, walked) < 0.05
    assert held_still.report["scale_source"] == "feet on the ground of the camera path"
    assert held_still.report["focal_source"] == "camera path"
    assert held_still.report["camera_tilt_deg"] == pytest.approx(np.degrees(0.15), abs=0.01)


def test_the_way_through_the_world_is_that_before_a_still_camera(tmp_path, held_still):
    camera = hand_held()
    walked = walk(NUM_FRAMES, camera=camera)
    lifted = lift(walked, write_path(tmp_path, camera, metres_per_unit=1.0))
    assert way_off(lifted, walked) < 0.05 and apart(lifted, held_still) < 0.04
    assert slide(lifted, walked) < 0.01
    assert abs(lifted.poses_world.positions[:, FEET, 2].min(axis=1)).max() < 0.06
    pixels = project_to_pixels(lifted.poses_camera.positions, lifted.camera)
    expected = project_to_pixels(walked.joints_camera, walked.camera)
    assert np.median(np.linalg.norm(pixels - expected, axis=-1)) < 10


def test_a_path_of_unknown_unit_is_scaled_by_feet_that_stand(tmp_path, held_still):
    camera = hand_held()
    walked = walk(NUM_FRAMES, camera=camera)
    lifted = lift(walked, write_path(tmp_path, camera, unit=0.3))
    said = lifted.report["scale_source"]
    assert "assumed height 1.70 m; the camera path's unit is 0.29" in said
    assert "by feet that stand still" in said
    assert apart(lifted, held_still) < 0.06 and slide(lifted, walked) < 0.01


def test_a_given_height_scales_person_and_path_alike(tmp_path):
    camera = hand_held()
    walked = walk(NUM_FRAMES, camera=camera)
    path = write_path(tmp_path, camera, unit=0.3)
    # Feet off the ground would be free to be locked at one size and not at the other.
    small, tall = (lift(walked, path, height_m=height, lock_feet=False) for height in (1.2, 2.4))
    assert np.allclose(2 * small.poses_world.positions, tall.poses_world.positions, atol=1e-6)
    assert np.allclose(2 * small.camera.position_world, tall.camera.position_world)


def test_without_translation_the_ground_gives_the_unit(tmp_path):
    camera = hand_held(travel=0.0)
    walked = walk(NUM_FRAMES, camera=camera)
    lifted = lift(walked, write_path(tmp_path, camera, unit=0.3))
    assert "by feet on its ground" in lifted.report["scale_source"]
    assert abs(lifted.poses_world.positions[:, FEET, 2].min(axis=1)).max() < 0.05


def test_a_unit_that_nothing_tells_is_taken_for_a_metre_with_a_warning(tmp_path):
    camera = hand_held(travel=0.0)
    # Under the ground of its own path.
    camera = replace(camera, position_world=camera.position_world - [0, 0, 3.0])
    lifted = lift(walk(NUM_FRAMES, camera=hand_held(travel=0.0)), write_path(tmp_path, camera))
    assert any("unit was taken for a metre" in warning for warning in lifted.warnings)


def test_frames_between_those_of_the_path_are_interpolated(tmp_path, held_still):
    camera = hand_held()
    walked = walk(NUM_FRAMES, camera=camera)
    lifted = lift(walked, write_path(tmp_path, camera, step=3, metres_per_unit=1.0))
    assert apart(lifted, held_still) < 0.06


def test_a_zoom_does_not_move_the_person(tmp_path, held_still):
    camera = hand_held()
    focal_lengths = 1400 * np.linspace(0.7, 1.5, NUM_FRAMES)
    zooming = replace(camera, focal_length=np.repeat(focal_lengths[:, None], 2, axis=1))
    walked = walk(NUM_FRAMES, camera=zooming)
    path = write_path(tmp_path, camera, focal_lengths=focal_lengths, metres_per_unit=1.0)
    lifted = lift(walked, path)
    assert apart(lifted, held_still) < 0.04
    assert np.allclose(lifted.camera.focal_length[:, 0], focal_lengths)
    assert lifted.report["focal_source"] == "camera path, a lens that zooms"
    write_poses(tmp_path / "p.npz", lifted)
    assert read_poses_npz(tmp_path / "p.npz").focal_length.shape == (NUM_FRAMES, 2)


def test_who_is_not_in_all_frames_meets_the_camera_of_their_own(tmp_path, held_still):
    camera = hand_held()
    walked = walk(NUM_FRAMES, camera=camera)
    late = walked.keypoints.copy()
    late[:25] = late[110:] = 0.0
    lifted = lift(
        replace(walked, keypoints=late), write_path(tmp_path, camera, metres_per_unit=1.0)
    )
    off = lifted.poses_world.positions - held_still.poses_world.positions
    assert np.linalg.norm(off[30:105], axis=-1).mean() < 0.06
    # Before and after the person is held where they were, in the world.
    assert np.ptp(lifted.poses_world.positions[:25, 0], axis=0).max() < 1e-6
    ranges = lifted.report["untrusted_ranges"]
    assert [(each["start"], each["end"]) for each in ranges] == [(0, 24), (110, 119)]
    assert lifted.report["frames_untrusted"] == [*range(25), *range(110, 120)]


def test_the_poses_file_has_the_camera_of_every_frame(tmp_path):
    camera = hand_held()
    walked = walk(NUM_FRAMES, camera=camera)
    lifted = lift(walked, write_path(tmp_path, camera, metres_per_unit=1.0))
    write_poses(tmp_path / "p.npz", lifted)
    stored = read_poses_npz(tmp_path / "p.npz")
    assert stored.rotation_world_to_camera.shape == (NUM_FRAMES, 4)
    assert stored.position_world_camera.shape == (NUM_FRAMES, 3)
    seen = replace(
        still_camera(),
        rotation_world_to_camera=stored.rotation_world_to_camera,
        position_world=stored.position_world_camera,
    )
    back = world_to_camera(stored.world.positions, seen)
    assert np.allclose(back, stored.camera.positions)


@pytest.mark.parametrize("given", [{"fov_deg": 60.0}, {"focal_length_px": 1234.0}])
def test_a_lens_that_is_given_wins_over_the_paths(tmp_path, given):
    path = write_path(tmp_path, hand_held())
    source = settle_clip(Path("a"), detections_of(walk(NUM_FRAMES)), camera_path=path, **given)
    assert "given" in source.focal_source and source.zoom is None


def test_a_path_at_another_rate_or_beside_a_calibration_is_an_error(tmp_path):
    path = write_path(tmp_path, hand_held(), fps=24)
    detections = detections_of(walk(NUM_FRAMES))
    with pytest.raises(LiftError, match=r"path\.json: expected .* 30 per second, found 24"):
        settle_clip(Path("a"), detections, camera_path=path)
    with pytest.raises(LiftError, match=r"calibration\.toml and .*path\.json both say where"):
        settle_clip(
            Path("a"),
            replace(detections, image_size=(1088, 1920)),
            camera_path=path,
            calibration=BEAM / "calibration.toml",
            camera_name="cam_01",
        )


def test_the_rate_of_a_path_counts_where_nothing_else_tells_it(tmp_path):
    path = write_path(tmp_path, hand_held(), fps=24)
    unknown = replace(detections_of(walk(NUM_FRAMES)), fps=None)
    assert settle_clip(Path("a"), unknown, camera_path=path).fps == Fraction(24)


def test_a_path_that_ends_before_the_clip_names_the_frames(tmp_path):
    path = write_path(tmp_path, hand_held())
    content = json.loads(path.read_text())
    content["frames"] = content["frames"][:100]
    path.write_text(json.dumps(content))
    with pytest.raises(LiftError, match=r"path\.json: .*found 0 to 99: none for 100 to 119"):
        settle_clip(Path("a"), detections_of(walk(NUM_FRAMES)), camera_path=path)
