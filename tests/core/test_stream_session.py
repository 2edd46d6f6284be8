"""A live stream of JSON lines, in this process and through the real command, which needs no Blender."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core import stream_session
from core.errors import LiftError
from core.geometry.camera import camera_at_origin
from core.joint_sets import BODY_23, LIFTED_21
from core.lifting.weights import load_weights, save_weights
from core.pipeline import DEFAULT_MODEL, LiftSettings
from core.stream_session import StreamSession
from core.streaming import CAUSAL_MODEL, StreamLifter
from tests.core.lifting.small_network import random_weights, ray_config
from tests.core.walker import IMAGE_SIZE, walk

ROOT = Path(__file__).resolve().parents[2]
BEAM = ROOT / "tests" / "data" / "beam"
HEADER = {"fps": 30, "image_size": list(IMAGE_SIZE), "joint_set": BODY_23.name}
POSE_KEYS = {
    *("frame", "time", "is_seen", "positions_camera", "positions_world", "confidence", "contacts"),
    *("rotation_world_to_camera", "position_world_camera"),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "causal.npz"
    save_weights(path, random_weights(ray_config(channels=8)))
    return path


def session_of(model, said=None, **settings):
    warnings = [] if said is None else said
    return StreamSession(
        LiftSettings(model=model, focal_length_px=1400.0, **settings), warn=warnings.append
    )


def encode(**content):
    return json.dumps(content).encode()


def frame_lines(keypoints, start=0):
    return [
        encode(frame=start + row, keypoints=one.round(6).tolist())
        for row, one in enumerate(keypoints)
    ]


def test_a_stream_gives_what_the_class_gives(model):
    walked = walk(40)
    session = session_of(model)
    assert session.answer(encode(**HEADER)) is None
    answers = [json.loads(session.answer(line)) for line in frame_lines(walked.keypoints)]
    lifter = StreamLifter(load_weights(model), camera_at_origin(1400.0, IMAGE_SIZE), fps=30.0)
    for one, answer in zip(walked.keypoints, answers, strict=True):
        pose = lifter.push(one[:, :2], one[:, 2], skeleton=BODY_23)
        assert set(answer) == POSE_KEYS and answer["is_seen"] is True
        assert (answer["frame"], answer["time"]) == (pose.frame, round(pose.time, 6))
        assert np.allclose(answer["positions_world"], pose.positions_world, atol=2e-4)
        assert np.allclose(answer["positions_camera"], pose.positions_camera, atol=2e-4)
        assert np.allclose(
            answer["rotation_world_to_camera"], pose.camera.rotation_world_to_camera, atol=1e-4
        )
        assert answer["contacts"] == pose.contacts.tolist()


def test_before_anyone_and_in_a_gap_a_line_is_still_answered(model):
    walked = walk(3)
    session = session_of(model)
    session.answer(encode(**HEADER))
    assert json.loads(session.answer(encode(keypoints=[]))) == {
        "frame": 0,
        "time": 0.0,
        "is_seen": False,
    }
    seen = json.loads(session.answer(frame_lines(walked.keypoints[:1], start=1)[0]))
    held = json.loads(session.answer(encode(keypoints=None)))
    assert held["is_seen"] is False and not any(held["confidence"])
    assert held["positions_camera"] == seen["positions_camera"]
    assert session.answer(b"  \n") is None


def test_what_is_given_wins_over_the_header_and_the_header_over_the_frame(model):
    lens = []

    def remember(size, *_):
        lens.append(size)
        return camera_at_origin(1000.0, size), ""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream_session, "choose_camera", remember)
        for given, header in (
            ((1, 2), {"image_size": [3, 4]}),
            (None, {"image_size": [3, 4]}),
        ):
            session = session_of(model, image_size=given)
            session.answer(encode(**header))
            session.answer(encode(keypoints=[]))
        session = session_of(model)
        session.answer(encode(keypoints=[], image_size=[640, 480]))
    assert lens == [(1, 2), (3, 4), (640, 480)]


def test_a_size_that_is_given_holds_whatever_frames_say(model):
    session = session_of(model, image_size=IMAGE_SIZE)
    for size in ([1280, 720], [1920, 1080], [640, 480]):
        assert session.answer(encode(keypoints=[], image_size=size))


@pytest.mark.parametrize("first", [{}, {"image_size": [1920, 1080]}])
def test_frames_of_another_size_than_the_streams_are_refused_from_the_first_on(model, first):
    session = session_of(model)
    session.answer(encode(**HEADER))
    wrong = encode(keypoints=[], image_size=[1280, 720])
    for frame in (encode(keypoints=[], **first), encode(keypoints=[])):
        with pytest.raises(LiftError, match=r"expected \(1920, 1080\), found \(1280, 720\)"):
            session.answer(wrong)
        assert session.answer(frame)


def test_a_rate_that_nobody_gave_is_said(model):
    line = encode(keypoints=walk(1).keypoints[0, :17].tolist())
    timed = encode(time=5.0, keypoints=walk(1).keypoints[0, :17].tolist())
    for header, settings, first, expected in (
        ({}, {}, line, ["frame rate unknown: took 30 frames per second (give --fps)"]),
        ({"fps": 25}, {}, line, []),
        ({}, {"fps": Fraction(25)}, line, []),
        ({}, {}, timed, []),
    ):
        said = []
        session = session_of(model, said, image_size=IMAGE_SIZE, **settings)
        session.answer(encode(**header))
        session.answer(first)
        assert said == expected


def test_what_was_assumed_is_said_once_the_stream_has_begun(model):
    said = []
    session = session_of(model, said, image_size=IMAGE_SIZE)
    for _ in range(2):
        with pytest.raises(LiftError, match="expected 17 joints"):
            session.answer(encode(joint_set="COCO-17", keypoints=[[1, 2, 1]] * 5))
    assert said == []
    for _ in range(2):
        session.answer(encode(keypoints=[]))
    assert len(said) == 1


def test_halpe_136_is_halpe_26_and_more(model):
    walked = np.full((136, 3), 0.9)
    walked[:, :2] = np.random.default_rng(0).uniform(200, 900, size=(136, 2))
    answers = []
    for keypoints in (walked, walked[:26]):
        session = session_of(model, image_size=IMAGE_SIZE)
        answers.append(session.answer(encode(keypoints=keypoints.tolist())))
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"keypoints": [[1, 2, 3]]}', r"expected a known joint count \(17, .*found 1"),
        (encode(keypoints=[[1, 2, 1]] * 25), "'joint_set' of BODY_25 or BODY_25B"),
        (encode(joint_set="COCO-17", keypoints=[[1, 2, 1]] * 5), "expected 17 joints of COCO-17"),
        (encode(joint_set="COCO-17", keypoints=[[1, 2, 1]] * 18), "17 joints of COCO-17, .*18"),
        (encode(joint_set="COCO-17", keypoints=[[1, 2, 1]] * 136), "17 joints of COCO-17, .*136"),
        (encode(joint_set="Halpe-26", keypoints=[[1, 2, 1]] * 33), "26 joints of Halpe-26, .*33"),
        (encode(frame=0, keypoints=[]), "frame 0: expected a number after 0"),
        (encode(time=-1, keypoints=[]), "expected a time after 0 s"),
        (
            encode(image_size=[5, 5], keypoints=[]),
            r"image_size: expected \(1920, 1080\), found \(5, 5\)",
        ),
        (encode(fps=30), "expected 'keypoints': a header can only be the first line"),
        (b"{", "not valid JSON"),
    ],
)
def test_a_line_that_cannot_be_used_leaves_no_trace(model, line, said):
    walked = walk(2)
    header = {key: value for key, value in HEADER.items() if key != "joint_set"}
    first, second = (
        encode(keypoints=one.tolist(), joint_set=BODY_23.name) for one in walked.keypoints
    )
    plain, disturbed = session_of(model), session_of(model)
    for session in (plain, disturbed):
        session.answer(encode(**header))
        session.answer(first)
    with pytest.raises(LiftError, match=said):
        disturbed.answer(line)
    assert disturbed.answer(second) == plain.answer(second)


def test_without_an_image_size_the_first_frame_is_refused(model):
    session = session_of(model)
    with pytest.raises(LiftError, match="image size unknown: expected --image-size"):
        session.answer(encode(keypoints=[]))
    assert not session.has_begun


def test_a_calibration_gives_the_size_and_the_world(model):
    settings = LiftSettings(
        model=model, calibration=BEAM / "calibration.toml", camera_name="cam_01"
    )
    session = StreamSession(settings, warn=print)
    answer = json.loads(session.answer(encode(time=0, keypoints=[[500, 900, 1]] * 17)))
    assert answer["position_world_camera"][2] > 0.5


def test_a_codecs_padding_is_no_other_size_than_the_calibrations(model):
    answers = []
    for size in ([1088, 1920], [1080, 1920]):
        settings = LiftSettings(
            model=model, calibration=BEAM / "calibration.toml", camera_name="cam_01"
        )
        session = StreamSession(settings, warn=print)
        lines = [
            encode(time=time, keypoints=[[500, 900, 1]] * 17, image_size=size) for time in (0, 1)
        ]
        answers.append([session.answer(line) for line in lines])
    assert answers[0] == answers[1]
    with pytest.raises(LiftError, match=r"expected \(1088, 1920\), found \(544, 960\)"):
        session.answer(encode(time=2, keypoints=[], image_size=[544, 960]))


def test_models_that_cannot_stream_are_refused_before_any_line(model, monkeypatch):
    with pytest.raises(LiftError, match="expected a causal model"):
        session_of(DEFAULT_MODEL)
    with pytest.raises(LiftError, match=r"absent\.npz"):
        session_of(model.with_name("absent.npz"))
    monkeypatch.setattr(stream_session, "CAUSAL_MODEL", model.with_name("absent.npz"))
    with pytest.raises(LiftError, match=r"needs a causal model: .*absent\.npz is missing"):
        session_of(None)
    monkeypatch.setattr(stream_session, "CAUSAL_MODEL", model)
    assert session_of(None).opening


def test_the_bundled_causal_model_streams():
    if not CAUSAL_MODEL.is_file():
        pytest.skip("core/weights/causal.npz is not there yet")
    session = session_of(None)
    session.answer(encode(**HEADER))
    for line in frame_lines(walk(30).keypoints):
        assert json.loads(session.answer(line))["is_seen"]


# The command without Blender's module: as on a machine that has none.
COMMAND = """
import runpy, sys
sys.modules["bpy"] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def command(*arguments):
    return [
        *(sys.executable, "-c", COMMAND, str(ROOT / "addon" / "cli.py"), "--stream"),
        *("--focal-length", "1400", *map(str, arguments)),
    ]


@contextmanager
def started(model):
    """The command, its first answer read."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command("--model", model), **pipes) as process:
        assert process.stdout is not None
        assert b"joint_names" in process.stdout.readline()
        yield process


def run(lines, *arguments):
    done = subprocess.run(
        command(*arguments),
        input=b"\n".join(lines) + b"\n",
        capture_output=True,
        check=False,
        timeout=60,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, answers, done.stderr.decode()


def test_the_command_answers_every_line(model):
    walked = walk(20)
    lines = [encode(**HEADER), *frame_lines(walked.keypoints)]
    code, answers, said = run(lines, "--model", model, "--height", "1.8", "--smooth", "0.5")
    assert (code, said) == (0, "")
    assert answers[0]["joint_names"] == list(LIFTED_21.joint_names)
    session = session_of(model, height_m=1.8, smooth=0.5)
    expected = [session.answer(line) for line in lines][1:]
    assert answers[1:] == [json.loads(line) for line in expected]


def test_the_command_goes_on_after_a_bad_line_and_ends_with_1(model):
    good = frame_lines(walk(3).keypoints)
    code, answers, said = run(
        [encode(**HEADER), good[0], b"nonsense", *good[1:]], "--model", model, "--quiet"
    )
    assert code == 1
    assert [answer.get("frame") for answer in answers[1:]] == [0, None, 1, 2]
    assert answers[2]["line"] == 3 and "not valid JSON" in answers[2]["error"]
    [line] = said.splitlines()
    assert line.startswith("stream, line 3: error: ")


def test_the_command_stops_at_a_header_that_cannot_be_used(model):
    lines = [encode(**{**HEADER, "fps": "fast"}), *frame_lines(walk(3).keypoints)]
    code, answers, said = run(lines, "--model", model, "--quiet")
    assert code == 1 and len(answers) == 2
    assert answers[1]["line"] == 1 and "fps: expected a rate" in answers[1]["error"]
    assert len(said.splitlines()) == 1


def test_the_command_without_a_model_says_which_one_is_missing(model):
    code, answers, said = run([encode(**HEADER)], "--model", model.with_name("absent.npz"))
    assert (code, answers) == (1, [])
    assert "absent.npz" in said and len(said.splitlines()) == 1


def test_an_answer_comes_before_the_next_line(model):
    lines = [encode(**HEADER), *frame_lines(walk(3).keypoints)]
    with started(model) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(lines[0] + b"\n")
        for frame, line in enumerate(lines[1:]):
            process.stdin.write(line + b"\n")
            process.stdin.flush()
            # Waits for ever if the answer waits for more.
            assert json.loads(process.stdout.readline())["frame"] == frame
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_a_reader_that_leaves_ends_the_stream(model):
    with started(model) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write(b"\n".join([encode(**HEADER), *frame_lines(walk(3).keypoints)]) + b"\n")
        process.stdin.flush()
        assert process.wait(timeout=30) == 1
        assert process.stderr.read() == b"stream: error: nobody reads the output any more\n"


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C cannot be sent to one process elsewhere")
def test_ctrl_c_ends_the_stream_with_130(model):
    with started(model) as process:
        assert process.stderr is not None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
        assert process.stderr.read() == b"stream: error: interrupted\n"
