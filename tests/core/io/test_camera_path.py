"""A moving camera's path from JSON: conventions, interpolation, and one clear error for each fault."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest

from core.errors import InputFormatError, NotAvailableError
from core.geometry.camera import camera_at_origin
from core.geometry.quaternion import conjugate, from_axis_angle, rotate
from core.io.camera_path import read_camera_path

LENS = camera_at_origin(1000.0, (1920, 1080))
Z = np.array([0.0, 0.0, 1.0])


def frame(number, position=(0.0, -5.0, 1.5), rotation=(1.0, 0.0, 0.0, 0.0), **keys):
    return {
        "frame": number,
        "position_world": list(position),
        "rotation_camera_to_world": list(rotation),
        **keys,
    }


def document(*frames, **keys):
    head = {"format": "lift-camera-path", "version": 1, "convention": "blender"}
    return {**head, **keys, "frames": list(frames) or [frame(0), frame(10)]}


def read(tmp_path, content):
    path = tmp_path / "path.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_camera_path(path)


def test_blenders_unturned_camera_looks_down(tmp_path):
    camera = read(tmp_path, document()).camera_on(LENS, np.arange(11))
    to_world = conjugate(camera.rotation_world_to_camera)
    # Its own axes are the world's: right is x, the image's top y; it looks along -z.
    assert np.allclose(rotate(to_world, np.array([1.0, 0, 0])), [1, 0, 0])
    assert np.allclose(rotate(to_world, np.array([0, -1.0, 0])), [0, 1, 0])
    assert np.allclose(rotate(to_world, Z), [0, 0, -1])


def test_blenders_camera_turned_a_quarter_up_looks_ahead_and_stands_upright(tmp_path):
    half = np.sqrt(0.5)
    path = read(tmp_path, document(frame(0, rotation=(half, half, 0, 0))))
    to_world = conjugate(path.camera_on(LENS, np.array([0])).rotation_world_to_camera[0])
    assert np.allclose(rotate(to_world, Z), [0, 1, 0])
    assert np.allclose(rotate(to_world, np.array([0, 1.0, 0])), [0, 0, -1])


@pytest.mark.parametrize("is_inverse", [True, False])
def test_both_directions_of_the_rotation_mean_the_same_camera(tmp_path, is_inverse):
    turn = from_axis_angle(np.array([0.6, 0.0, 0.8]), 0.7)
    given = frame(3, rotation=turn.tolist())
    if is_inverse:
        given["rotation_world_to_camera"] = conjugate(turn).tolist()
        del given["rotation_camera_to_world"]
    found = read(tmp_path, document(given, convention="opencv")).rotations_world_to_camera[0]
    assert np.allclose(rotate(found, Z), rotate(conjugate(turn), Z))


def test_between_given_frames_it_turns_evenly_and_moves_straight(tmp_path):
    ends = [from_axis_angle(Z, angle).tolist() for angle in (0.0, 1.0)]
    path = read(
        tmp_path,
        # Out of order, as a file may be.
        document(
            frame(14, (4.0, 0, 2.0), ends[1]), frame(10, (0, 0, 1.0), ends[0]), convention="opencv"
        ),
    )
    camera = path.camera_on(LENS, np.array([10, 11, 12, 14]))
    assert np.allclose(camera.position_world[:, 0], [0, 1, 2, 4])
    expected = conjugate(from_axis_angle(Z, np.array([0, 0.25, 0.5, 1.0])))
    assert np.allclose(camera.rotation_world_to_camera, expected)


def test_a_field_of_view_spans_the_width_and_a_zoom_is_interpolated(tmp_path):
    wide = read(tmp_path, document(fov_deg=90)).focal_lengths((1920, 1080))
    assert np.allclose(wide, 960)
    path = read(tmp_path, document(frame(0, focal_length_px=1000), frame(2, focal_length_px=2000)))
    assert np.allclose(path.focal_lengths((1920, 1080)), [1000, 2000])
    halved = read(tmp_path, document(focal_length_px=1000, image_size=[1920, 1080]))
    assert np.allclose(halved.focal_lengths((960, 540)), 500)
    with pytest.raises(InputFormatError, match="is for 1920x1080 px, the clip is 1080x1920 px"):
        halved.focal_lengths((1080, 1920))


def test_rate_and_scale_are_optional(tmp_path):
    path = read(tmp_path, document())
    assert path.fps is None and path.metres_per_unit is None
    path = read(tmp_path, document(fps="30000/1001", metres_per_unit=0.01))
    assert path.fps == Fraction(30000, 1001) and path.metres_per_unit == 0.01


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ((0, 10), "frames 0 to 10, found 3 to 8: none for 0 to 2 and 9 to 10"),
        ((2, 8), "none for 2$"),
        ((20, 30), "none for 20 to 30$"),
        ((0, 1), "none for 0 to 1$"),
    ],
)
def test_frames_beyond_the_path_are_named(tmp_path, wanted, said):
    path = read(tmp_path, document(frame(3), frame(8)))
    with pytest.raises(InputFormatError, match=said):
        path.camera_on(LENS, np.arange(wanted[0], wanted[1] + 1))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not valid JSON"),
        ([], 'expected a camera path: an object with "format": "lift-camera-path"'),
        (document(convention="maya"), '"convention" "blender" or "opencv", found \'maya\''),
        (document(metre_per_unit=1), "found 'metre_per_unit'"),
        (document(metres_per_unit=0), "metres_per_unit: expected a number above 0, found 0"),
        (document(fps="soon"), "fps: expected a rate"),
        (document(fov_deg=180), "fov_deg: expected less than 180"),
        (
            document(fov_deg=50, focal_length_px=900),
            "either fov_deg or focal_length_px, found both",
        ),
        (document(frame(0, fov_deg=50), fov_deg=50), "for the clip or in its frames, found both"),
        (document(frame(0, fov_deg=50), frame(1)), "frame 1: expected fov_deg, as other frames"),
        (document(image_size=[1920]), "image_size: expected a list of 2 finite numbers"),
        ({**document(), "frames": []}, '"frames", a list of poses, found a list of 0'),
        ({**document(), "frames": [7]}, "expected an object for each, found 7"),
        (document(frame(1.5)), 'expected "frame", a whole number, found 1.5'),
        (document(frame(4), frame(4)), "frame 4 is given twice"),
        (document(frame(4, roll=1)), "frame 4: expected frame, .*; found 'roll'"),
        (document(frame(4, rotation=(1, 1, 0, 0))), "frame 4: .*unit length.*found length 1.41"),
        (document(frame(4, rotation=(0, 0, 0, 0))), "frame 4: .*unit length.*found length 0"),
        (document(frame(4, rotation=(1, 0, 0))), "frame 4, .*a list of 4 finite numbers, found"),
        (document(frame(4, (0, float("nan"), 0))), r"frame 4, position_world: .*\[0, nan, 0\]"),
        (document(frame(4, (0, None, 0))), "frame 4, position_world"),
        (
            document(frame(4, rotation_world_to_camera=[1, 0, 0, 0])),
            "frame 4: expected either rotation_world_to_camera or .*, found both",
        ),
        (document({"frame": 4, "position_world": [0, 0, 0]}), "frame 4: expected either .*neither"),
    ],
)
def test_every_fault_is_named_with_file_and_frame(tmp_path, content, said):
    with pytest.raises(InputFormatError, match=said) as caught:
        read(tmp_path, content)
    assert str(tmp_path / "path.json") in str(caught.value)


def test_a_later_version_is_said_to_be_one(tmp_path):
    with pytest.raises(NotAvailableError, match="expected version 1, found 2"):
        read(tmp_path, document(version=2))
