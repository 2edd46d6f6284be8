"""Lines of the live stream: what a line may be, what is refused, and what comes out."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest

from core.errors import InputFormatError
from core.io.stream_line import (
    StreamFrame,
    StreamHeader,
    drop_extra_joints,
    format_error,
    format_opening,
    format_pose,
    parse_stream_line,
    skeleton_of_count,
)
from core.joint_sets import BODY_25B, COCO_17, HALPE_26, LIFTED_21


def line_of(**content):
    return json.dumps(content).encode()


def test_a_header_says_what_holds_for_all_frames():
    parsed = parse_stream_line(
        line_of(fps="30000/1001", image_size=[1920, 1080], joint_set="BODY_25B")
    )
    assert parsed == StreamHeader(Fraction(30000, 1001), (1920, 1080), BODY_25B)
    assert parse_stream_line(b"{}") == StreamHeader(None, None, None)


def test_a_frame_is_what_has_keypoints():
    parsed = parse_stream_line(
        line_of(
            frame=7, time=0.25, keypoints=[[10.5, 20, 0.5]] * 17, image_size=[640, 480], score=1
        )
    )
    assert isinstance(parsed, StreamFrame)
    assert (parsed.frame, parsed.time, parsed.image_size) == (7, 0.25, (640, 480))
    assert parsed.keypoints.tolist() == [[10.5, 20.0, 0.5]] * 17
    assert parsed.skeleton is None


@pytest.mark.parametrize("nobody", [None, []])
def test_nobody_in_the_frame(nobody):
    parsed = parse_stream_line(line_of(keypoints=nobody))
    assert isinstance(parsed, StreamFrame)
    assert parsed.keypoints.shape == (0, 3) and parsed.frame is None and parsed.time is None


def test_flat_keypoints_are_read_too():
    flat = parse_stream_line(line_of(keypoints=[1.0, 2.0, 0.5] * 17))
    assert isinstance(flat, StreamFrame) and flat.keypoints.tolist() == [[1.0, 2.0, 0.5]] * 17


@pytest.mark.parametrize(
    "joint",
    [
        "[0, 0, 0.9]",
        "[null, 5, 0.9]",
        "[NaN, 5, 1]",
        "[5, Infinity, 1]",
        "[5, 5, NaN]",
        "[5, 1e9, 1]",
        "[5, 5, -1]",
    ],
)
def test_a_joint_that_cannot_be_used_is_missing(joint):
    parsed = parse_stream_line(f'{{"keypoints": [[3, 4, 2.0], {joint}]}}'.encode())
    assert isinstance(parsed, StreamFrame)
    assert parsed.keypoints[0].tolist() == [3.0, 4.0, 1.0]
    assert parsed.keypoints[1, 2] == 0 and np.isfinite(parsed.keypoints).all()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"walk", "not valid JSON"),
        (b"\xff\xfe{}", "not valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[1, 2]", "expected a JSON object, found a list of 2"),
        (b'{"keypoint": []}', r"expected 'keypoints', or a header of fps, .* found 'keypoint'"),
        (b'{"keypoints": [[1, 2, "x"]]}', "keypoints: .*expected numbers"),
        (b'{"keypoints": [[1, 2]]}', "expected x, y, confidence for every joint"),
        (b'{"keypoints": 5}', "expected a list of numbers, found 5"),
        (b'{"keypoints": [], "frame": 1.5}', "frame: expected a whole number from 0, found 1.5"),
        (b'{"keypoints": [], "frame": -1}', "frame: expected a whole number from 0, found -1"),
        (b'{"keypoints": [], "frame": true}', "frame: .* found True"),
        (b'{"keypoints": [], "frame": 1' + b"0" * 400 + b"}", "frame: expected a whole number"),
        (b'{"keypoints": [], "time": "now"}', "time: expected seconds, found 'now'"),
        (b'{"keypoints": [], "time": NaN}', "time: expected seconds, found nan"),
        (b'{"keypoints": [], "time": 1e300}', "time: expected seconds"),
        (b'{"fps": 0}', "fps: expected a rate as 25 or '30000/1001', found 0"),
        (b'{"fps": "1/0"}', "fps: expected a rate"),
        (b'{"fps": "1e999999999"}', "fps: expected a rate .* found '1e999999999'"),
        (b'{"fps": "10001"}', "fps: expected a rate"),
        (b'{"fps": 1e300}', "fps: expected a rate"),
        (b'{"fps": NaN}', "fps: expected a rate"),
        (b'{"fps": true}', "fps: .* found True"),
        (b'{"image_size": [1920]}', r"image_size: expected \[width, height\] in pixels"),
        (b'{"image_size": [0, 5]}', "image_size: expected"),
        (b'{"image_size": [1e3, 5]}', "image_size: expected"),
        (b'{"joint_set": "coco"}', "joint_set: expected one of COCO-17, .* found 'coco'"),
    ],
)
def test_what_cannot_be_used_is_named(line, said):
    with pytest.raises(InputFormatError, match=said):
        parse_stream_line(line)


def test_the_number_of_keypoints_tells_the_joint_set_where_it_can():
    assert skeleton_of_count(17) is COCO_17 and skeleton_of_count(136) is HALPE_26
    with pytest.raises(InputFormatError, match="'joint_set' of BODY_25 or BODY_25B"):
        skeleton_of_count(25)
    with pytest.raises(InputFormatError, match="expected a known joint count .* found 5"):
        skeleton_of_count(5)


def test_only_what_a_number_of_keypoints_stands_for_leaves_joints_out():
    halpe_136, surplus = np.arange(136 * 3.0).reshape(136, 3), np.zeros((27, 3))
    assert np.array_equal(drop_extra_joints(halpe_136, HALPE_26), halpe_136[:26])
    assert len(drop_extra_joints(halpe_136, COCO_17)) == 136
    assert len(drop_extra_joints(surplus, HALPE_26)) == 27


def test_a_pose_that_is_no_number_is_never_written():
    with pytest.raises(ValueError, match="not JSON compliant"):
        format_pose(0, 0.0, {"confidence": np.array([np.nan])})


def test_lines_out_are_json_of_their_own():
    opening = json.loads(format_opening(LIFTED_21, "1.2.3"))
    assert opening["joint_names"] == list(LIFTED_21.joint_names)
    assert (opening["parents"][:3], opening["latency_frames"]) == ([-1, 0, 1], 0)
    arrays = {
        "positions_world": np.array([[1 / 3, -1e-9, 2.0]]),
        "confidence": np.array([0.5]),
        "contacts": np.array([True, False]),
    }
    assert json.loads(format_pose(3, 0.1, arrays)) == {
        "frame": 3,
        "time": 0.1,
        "is_seen": True,
        "positions_world": [[0.3333, 0.0, 2.0]],
        "confidence": [0.5],
        "contacts": [True, False],
    }
    assert "-0.0" not in format_pose(3, 0.1, arrays)
    held = json.loads(format_pose(4, 0.2, {**arrays, "confidence": np.array([0.0])}))
    assert held["is_seen"] is False and held["positions_world"]
    assert json.loads(format_pose(0, 0.0, {})) == {"frame": 0, "time": 0.0, "is_seen": False}
    assert json.loads(format_error(5, ValueError("no\nuse"))) == {"line": 5, "error": "no\nuse"}
    assert "\n" not in format_error(5, ValueError("no\nuse"))
