"""The command line as its own process: exit codes, quiet stdout, no trace of what failed."""

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

ROOT = Path(__file__).resolve().parents[2]
BEAM = ROOT / "tests" / "data" / "beam"
CLIP = [
    str(BEAM / "cam01_json"),
    "--calibration",
    str(BEAM / "calibration.toml"),
    "--camera",
    "cam_01",
]


def test_success_is_0_with_nothing_on_stdout(tmp_path: Path) -> None:
    done = lift("--", *CLIP, "--output", "o/b.glb", "--output", "o/b.bvh", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert {path.name for path in (tmp_path / "o").iterdir()} == {"b.glb", "b.bvh"}


def test_quiet_says_nothing_at_all(tmp_path: Path) -> None:
    done = lift(*CLIP, "--output", "b.fbx", "--output", "b.glb", "--quiet", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_corrections_are_honoured(tmp_path: Path) -> None:
    entry = {"kind": "planted", "foot": "left", "frames": [10, 80]}
    document = {"format": "lift-corrections", "version": 1, "corrections": [entry]}
    (tmp_path / "c.json").write_text(json.dumps(document))
    done = lift(*CLIP, "--poses", "p.npz", "--corrections", "c.json", "--quiet", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    with np.load(tmp_path / "p.npz") as poses:
        joints = [
            poses["joint_names"].tolist().index(f"left_{part}") for part in ("ankle", "heel", "toe")
        ]
        assert poses["contacts"][10:81, 0].all()
        assert np.ptp(poses["positions_world"][10:81, joints], axis=0).max() < 1e-3


def test_failed_clip_is_1_and_one_line(tmp_path: Path) -> None:
    done = lift("absent.json", "--output", "new/b.bvh", "--quiet", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert "absent.json" in line
    assert not list(tmp_path.iterdir())


def test_wrong_usage_is_2(tmp_path: Path) -> None:
    done = lift(*CLIP, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("lift: error: nothing to write")


def test_help_needs_no_blender(tmp_path: Path) -> None:
    script = """
import runpy, sys
sys.modules["bpy"] = None
sys.argv = [sys.argv[1], "--help"]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(ROOT / "addon" / "cli.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "--output FILE" in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C cannot be sent to one process elsewhere")
@pytest.mark.parametrize("ending", ["bvh", "glb"])
def test_ctrl_c_while_writing_leaves_no_file(ending: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    # At 30000 frames per second the clip is long enough to be caught while it is written.
    command = [*CLIP, "--scene-fps", "30000", "--output", str(out / f"b.{ending}")]
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "addon" / "cli.py"), *command],
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    # glTF is written in one go at the end, after long work in Blender.
    while not (list(out.glob(".*")) if ending == "bvh" else out.exists()):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said.splitlines()[-1] == "lift: error: interrupted"
    assert not list(tmp_path.iterdir())
