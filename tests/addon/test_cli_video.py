"""The command line with a video as its input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from command_line import run_cli as lift
from lift_video_to_3d.addon import console
from lift_video_to_3d.addon.cli_options import parse_options

pytest.importorskip("cv2", reason="OpenCV absent: no video can be read")

ROOT = Path(__file__).resolve().parents[2]
VIDEO = ROOT / "tests" / "data" / "beam" / "cam01.mp4"


def test_a_video_becomes_animation_report_and_keypoints(tmp_path: Path) -> None:
    done = lift(
        *(str(VIDEO), "--frames", "0-11", "--output", "x.bvh", "--report", "x.json"),
        *("--keypoints", "x.npz"),
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "cam01.mp4: detecting" in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"x.bvh", "x.json", "x.npz"}
    report = json.loads((tmp_path / "x.json").read_text())
    assert (report["num_frames"], report["fps"], report["image_size"]) == (12, 60, [1080, 1920])
    with np.load(tmp_path / "x.npz") as keypoints:
        assert keypoints["positions"].shape == (12, 33, 2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected an MP4, MOV, MKV, WebM or AVI video, found none"),
        (VIDEO.read_bytes()[:100_000], "expected an MP4 header (moov), found none: cut short?"),
    ],
    ids=["empty", "half"],
)
def test_a_bad_video_is_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "bad.mp4").write_bytes(content)
    done = lift("bad.mp4", "--output", "new/x.bvh", "--quiet", cwd=tmp_path)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "bad.mp4" in line and message in line
    assert [path.name for path in tmp_path.iterdir()] == ["bad.mp4"]


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C cannot be sent to one process elsewhere")
def test_ctrl_c_while_detecting_leaves_nothing(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "addon" / "cli.py"), str(VIDEO)]
        + ["--output", "new/x.bvh", "--keypoint-cache", "cache"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while "detecting" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert not list(tmp_path.iterdir())


def test_options_of_videos_arrive() -> None:
    options = parse_options(
        ["walk.mp4", "--keypoints", "k.npz", "--frames", "120-480", "--keypoint-cache", "c"]
    )
    assert options.clips[0].targets == (Path("k.npz"),)
    assert options.settings.frame_range == (120, 480)
    assert options.settings.keypoint_cache == Path("c")


def test_several_inputs_have_a_folder_of_keypoints_and_people_a_number() -> None:
    options = parse_options(["a.mp4", "b.mp4", "--keypoints", "k"])
    assert [clip.keypoints for clip in options.clips] == [Path("k/a.npz"), Path("k/b.npz")]
    assert options.clips[0].for_person(2).keypoints == Path("k/a-person2.npz")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("a.mp4 --output x.bvh --frames 9", "expected the first and the last frame as 120-480"),
        ("a.mp4 --output x.bvh --frames 9-3", "expected the first and the last frame as 120-480"),
        ("a.mp4 --keypoints k.json", "expected a file that ends in .npz"),
        ("a.mp4 --keypoints a.npz --poses a.npz", "would replace"),
        ("--stream --frames 1-2", "--frames is not for --stream"),
    ],
)
def test_wrong_options_are_refused(
    command: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_options(command.split())
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_progress_tells_the_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    progress = console.Console(is_quiet=False, is_verbose=False).progress("a.mp4")
    for seconds, share in ((0, 0.0), (1, 0.01), (4, 0.04), (30, 0.2), (31, 0.21), (75, 0.5)):
        now[0] = 100.0 + seconds
        progress("detecting", share)
    assert capsys.readouterr().err.splitlines() == [
        "a.mp4: detecting",
        "a.mp4: detecting 4%",
        "a.mp4: detecting 20%, 120 s left",
        "a.mp4: detecting 50%, 75 s left",
    ]
