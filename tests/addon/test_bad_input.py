"""The README's table of bad input, row by row, through the real command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from command_line import run_cli

ROOT = Path(__file__).resolve().parents[2]
BEAM = ROOT / "tests" / "data" / "beam" / "cam01_json"
RATE = ["--fps", "60", "--image-size", "1088x1920"]


def lift(*arguments, cwd):
    """The command line's exit code and its lines on stderr that are not progress."""
    done = run_cli(*map(str, arguments), cwd=cwd)
    return done.returncode, done.stderr


def frame_files():
    return sorted(BEAM.glob("*.json"))


@pytest.fixture
def frames(tmp_path):
    """A folder of the demo's first 30 frames, to be spoiled."""
    folder = tmp_path / "clip"
    folder.mkdir()
    for path in frame_files()[:30]:
        shutil.copy(path, folder)
    return folder


def rewrite(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def set_keypoints(content, values):
    content["people"][0]["pose_keypoints_2d"] = values


def expect_error(tmp_path, source, *patterns):
    """The clip fails with one clear line, and no file is left."""
    code, errors = lift(source, *RATE, "--quiet", "--output", "out/a.bvh", cwd=tmp_path)
    lines = [line for line in errors.splitlines() if line.strip()]
    assert code == 1 and len(lines) == 1, errors
    assert "Traceback" not in errors
    for pattern in patterns:
        assert pattern in lines[0]
    assert not (tmp_path / "out").exists()


def expect_result(tmp_path, source, *patterns, options=RATE, num_frames=None):
    """The clip is lifted, with a warning that says what was done; every value is finite."""
    code, errors = lift(source, *options, "--poses", "poses.npz", "--output", "a.bvh", cwd=tmp_path)
    assert code == 0, errors
    for pattern in patterns:
        assert pattern in errors, errors
    with np.load(tmp_path / "poses.npz", allow_pickle=False) as poses:
        assert np.isfinite(poses["positions_world"]).all()
        assert np.isfinite(poses["positions_camera"]).all()
        if num_frames is not None:
            assert len(poses["frames"]) == num_frames
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= {"clip", "clip.npz", "poses.npz", "a.bvh"}


def test_empty_folder(tmp_path):
    (tmp_path / "clip").mkdir()
    expect_error(tmp_path, "clip", "clip")


def test_missing_path(tmp_path):
    expect_error(tmp_path, "gone", "gone")


def test_not_json(tmp_path):
    (tmp_path / "clip.json").write_bytes(b"\x00\x01 not json")
    expect_error(tmp_path, "clip.json", "clip.json")


def test_truncated_json(tmp_path):
    (tmp_path / "clip.json").write_text(frame_files()[0].read_text()[:200])
    expect_error(tmp_path, "clip.json", "clip.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_unreadable_path(tmp_path):
    path = tmp_path / "clip.json"
    path.write_text(frame_files()[0].read_text())
    path.chmod(0)
    expect_error(tmp_path, "clip.json", "clip.json")


def test_wrong_joint_count(frames, tmp_path):
    for path in frames.iterdir():
        rewrite(path, lambda content: set_keypoints(content, [1.0, 2.0, 0.5] * 11))
    expect_error(tmp_path, "clip", "11")


def test_nobody_in_any_frame(frames, tmp_path):
    for path in frames.iterdir():
        rewrite(path, lambda content: content.update(people=[]))
    expect_error(tmp_path, "clip", "nobody")


def test_all_joints_zero(frames, tmp_path):
    for path in frames.iterdir():
        rewrite(path, lambda content: set_keypoints(content, [0.0] * 75))
    expect_error(tmp_path, "clip", "nobody")


class Hostile:
    """Writes a file when its pickle is run."""

    def __reduce__(self):
        return (os.system, ("touch ran",))


def test_hostile_pickle(tmp_path):
    positions = np.empty((), dtype=object)
    positions[()] = {"video": {"custom": [Hostile()]}}
    np.savez(tmp_path / "clip.npz", positions_2d=positions, metadata=positions)
    expect_error(tmp_path, "clip.npz", "system")
    assert not (tmp_path / "ran").exists()


def test_a_few_broken_frame_files(frames, tmp_path):
    for path in sorted(frames.iterdir())[10:13]:
        path.write_text('{"people": [')
    expect_result(tmp_path, "clip", "warning", "3", num_frames=30)


def test_nan_and_infinite_coordinates(frames, tmp_path):
    def spoil(content):
        keypoints = content["people"][0]["pose_keypoints_2d"]
        keypoints[0], keypoints[16] = float("nan"), float("inf")

    rewrite(sorted(frames.iterdir())[5], spoil)
    expect_result(tmp_path, "clip", "warning", num_frames=30)


def test_missing_frames(frames, tmp_path):
    paths = sorted(frames.iterdir())
    for path in [*paths[5:7], *paths[12:26]]:
        path.unlink()
    expect_result(tmp_path, "clip", "warning", num_frames=30)


def test_frames_out_of_order(tmp_path):
    entries = []
    for number, path in enumerate(frame_files()[:30]):
        keypoints = json.loads(path.read_text())["people"][0]["pose_keypoints_2d"][:51]
        entries.append({"image_id": number, "category_id": 1, "keypoints": keypoints, "score": 1.0})
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip" / "results.json").write_text(json.dumps(entries[::-1]))
    expect_result(tmp_path, "clip/results.json", "order", num_frames=30)


def test_one_frame(frames, tmp_path):
    for path in sorted(frames.iterdir())[1:]:
        path.unlink()
    expect_result(tmp_path, "clip", num_frames=1)


def test_two_people_whose_order_in_the_file_swaps(frames, tmp_path):
    def add_second(content, number):
        first = content["people"][0]
        moved = np.array(first["pose_keypoints_2d"]).reshape(-1, 3) + [400.0, 0.0, 0.0]
        second = {**first, "pose_keypoints_2d": moved.ravel().tolist()}
        content["people"] = [first, second] if number % 2 else [second, first]

    for number, path in enumerate(sorted(frames.iterdir())):
        rewrite(path, lambda content, number=number: add_second(content, number))
    code, errors = lift("clip", *RATE, "--person", "all", "--poses", "p.npz", cwd=tmp_path)
    assert code == 0, errors
    pelvis = []
    for person in (1, 2):
        with np.load(tmp_path / f"p-person{person}.npz") as poses:
            camera = poses["positions_camera"][:, 0]
            pelvis.append(camera[:, 0] / camera[:, 2])
    assert np.abs(np.diff(pelvis[0])).max() < 0.05
    assert np.abs(pelvis[0] - pelvis[1]).min() > 0.1


def test_left_and_right_swapped(frames, tmp_path):
    # BODY_25B: COCO's order, left and right in turn from joint 1 on.
    pairs = np.arange(75).reshape(25, 3)
    mirror = [0, *[j + 1 if j % 2 else j - 1 for j in range(1, 17)], 17, 18, 22, 23, 24, 19, 20, 21]

    def swap(content):
        keypoints = content["people"][0]["pose_keypoints_2d"]
        set_keypoints(content, np.array(keypoints)[pairs[mirror]].ravel().tolist())

    for path in sorted(frames.iterdir())[14:17]:
        rewrite(path, swap)
    expect_result(tmp_path, "clip", "swap", num_frames=30)


def test_frame_rate_and_size_unknown(frames, tmp_path):
    expect_result(tmp_path, "clip", "frame rate unknown", "image size unknown", options=[])


def test_a_video_given_but_broken(frames, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"nothing")
    code, errors = lift("clip", "--video", "broken.mp4", "--output", "a.bvh", cwd=tmp_path)
    assert code == 1 and "broken.mp4" in errors and not (tmp_path / "a.bvh").exists()


def test_output_folder_not_writable(frames, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    code, errors = lift("clip", *RATE, "--output", "file/a.bvh", cwd=tmp_path)
    assert code == 1 and "file" in errors and "Traceback" not in errors


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("ending", ["bvh", "fbx", "usdc", "blend"])
def test_full_disk(frames, tmp_path, ending):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(small)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("cannot mount a small file system here")
    try:
        code, errors = lift("clip", *RATE, "--output", f"small/a.{ending}", cwd=tmp_path)
        said = [line for line in errors.splitlines() if "error" in line.lower()]
        assert code == 1 and len(said) == 1 and f"a.{ending}" in said[0], errors
        assert "Traceback" not in errors
        assert not list(small.iterdir())
    finally:
        subprocess.run(["umount", str(small)], check=True)


def write_camera_path(path, frames, **changes):
    pose = {"position_world": [0, -5, 1.5], "rotation_camera_to_world": [1, 0, 0, 0], **changes}
    head = {"format": "lift-camera-path", "version": 1, "convention": "opencv"}
    entries = [{"frame": frame, **pose} for frame in frames]
    path.write_text(json.dumps({**head, "frames": entries}))


@pytest.mark.parametrize(
    ("frames_given", "changes", "said"),
    [
        (range(20), {}, "none for 20 to 29"),
        (range(30), {"position_world": [0, float("nan"), 0]}, "frame 0, position_world"),
        (
            range(30),
            {"rotation_camera_to_world": [1, 1, 0, 0]},
            "frame 0: expected a rotation of unit",
        ),
    ],
)
def test_a_camera_path_that_cannot_be_used(frames, tmp_path, frames_given, changes, said):
    write_camera_path(tmp_path / "path.json", frames_given, **changes)
    options = [*RATE, "--quiet", "--camera-path", "path.json", "--poses", "out/p.npz"]
    code, errors = lift("clip", *options, cwd=tmp_path)
    [line] = [line for line in errors.splitlines() if line.strip()]
    assert code == 1 and "path.json" in line and said in line, errors
    assert not (tmp_path / "out").exists()


def test_a_camera_path_of_an_unknown_convention(frames, tmp_path):
    write_camera_path(tmp_path / "path.json", range(30))
    rewrite(tmp_path / "path.json", lambda content: content.update(convention="maya"))
    options = [*RATE, "--quiet", "--camera-path", "path.json", "--poses", "p.npz"]
    code, errors = lift("clip", *options, cwd=tmp_path)
    assert code == 1 and "path.json" in errors and "found 'maya'" in errors


def test_a_camera_path_beside_a_calibration(frames, tmp_path):
    options = ["--camera-path", "path.json", "--calibration", "c.toml", "--poses", "p.npz"]
    code, errors = lift("clip", *RATE, *options, cwd=tmp_path)
    assert code == 2 and "both say where the camera is" in errors


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"kind": "wrong joint", "joint": "tail", "frames": [1, 2]}, "1: unknown joint 'tail'"),
        ({"kind": "planted", "foot": "left", "frames": [20, 90]}, "1: frames 20 to 90: the clip"),
        ({"kind": "planted", "foot": "left", "frames": [5, 2]}, "1: expected frames from 0 on"),
    ],
)
def test_corrections_that_do_not_fit(frames, tmp_path, entry, said):
    document = {"format": "lift-corrections", "version": 1, "corrections": [entry]}
    (tmp_path / "c.json").write_text(json.dumps(document))
    options = [*RATE, "--quiet", "--corrections", "c.json", "--poses", "p.npz"]
    code, errors = lift("clip", *options, cwd=tmp_path)
    assert code == 1 and f"c.json, correction {said}" in errors, errors
    assert not (tmp_path / "p.npz").exists()


def test_the_other_clips_of_a_batch_are_done(frames, tmp_path):
    (tmp_path / "empty").mkdir()
    code, errors = lift(
        "empty", "clip", *RATE, "--output-dir", "out", "--format", "bvh", cwd=tmp_path
    )
    assert code == 1 and errors.count("error") == 1
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"clip.bvh"}
