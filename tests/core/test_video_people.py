"""A video straight in: the demo clip's people, found and lifted."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core import opencv, video_people
from core.clip_source import open_clip
from core.errors import LiftError, NotAvailableError, NothingToLiftError
from core.io.video import VideoInfo
from core.io.video_reader import open_video
from core.joint_sets import BODY_12, BODY_23, convert_joints
from core.pipeline import LiftedPerson, LiftSettings, lift_clip, write_keypoints
from core.types import Detections
from core.video_people import find_video_people

cv2 = pytest.importorskip("cv2", reason="OpenCV absent: no video can be read")

BEAM = Path(__file__).resolve().parents[1] / "data" / "beam"
VIDEO = BEAM / "cam01.mp4"
RANGE = (10, 29)
CALIBRATED = LiftSettings(
    fps=Fraction(60),
    calibration=BEAM / "calibration.toml",
    camera_name="cam_01",
    frame_range=RANGE,
)


def _lift(path: Path, settings: LiftSettings) -> tuple[LiftedPerson, list[tuple[str, float]]]:
    told: list[tuple[str, float]] = []
    (lifted,) = lift_clip(
        path, person=1, settings=settings, progress=lambda *done: told.append(done)
    )
    return lifted, told


@pytest.fixture(scope="module")
def found() -> tuple[Detections, VideoInfo]:
    return find_video_people(VIDEO, frame_range=RANGE)


@pytest.fixture(scope="module")
def lifted() -> tuple[LiftedPerson, list[tuple[str, float]]]:
    return _lift(VIDEO, CALIBRATED)


def test_the_man_on_the_rail_is_found_in_every_frame(found: tuple[Detections, VideoInfo]) -> None:
    detections, info = found
    assert detections.row_frames.tolist() == list(range(10, 30))
    assert set(detections.track_ids) == {0}
    assert (info.size, info.fps, info.num_frames) == ((1080, 1920), 60, 100)


def test_joints_lie_where_another_detector_has_them(found: tuple[Detections, VideoInfo]) -> None:
    """OpenPose's keypoints of the same clip; a person is about 800 px high."""
    person = open_clip(BEAM / "cam01_json").people[0]
    theirs = convert_joints(person, BODY_23)
    joints = BODY_23.indices(*BODY_12)
    rows = np.searchsorted(theirs.frames, found[0].row_frames)
    seen = theirs.confidence[rows][:, joints] > 0.3
    ours = found[0].positions[:, found[0].skeleton.indices(*BODY_12)]
    apart = np.linalg.norm(ours - theirs.positions[rows][:, joints], axis=-1)[seen]
    assert np.median(apart) < 20 and np.quantile(apart, 0.95) < 60


def test_a_lifted_video_says_what_it_was(
    lifted: tuple[LiftedPerson, list[tuple[str, float]]],
) -> None:
    person, _ = lifted
    assert person.report["format"] == "video, BlazePose-33"
    assert person.report["num_frames"] == 20
    assert person.motion.frames[0] == 10
    assert person.report["fps"] == 60


def test_progress_goes_forward_to_the_end(
    lifted: tuple[LiftedPerson, list[tuple[str, float]]],
) -> None:
    _, told = lifted
    shares = [share for _, share in told]
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert len({share for stage, share in told if stage == "detecting"}) > 15


def test_exported_keypoints_lift_to_the_same(
    tmp_path: Path, lifted: tuple[LiftedPerson, list[tuple[str, float]]]
) -> None:
    person, _ = lifted
    write_keypoints(tmp_path / "keypoints.npz", person)
    again, _ = _lift(tmp_path / "keypoints.npz", replace(CALIBRATED, frame_range=None))
    apart = np.linalg.norm(again.poses_camera.positions - person.poses_camera.positions, axis=-1)
    assert apart.mean() < 0.02


def test_what_was_kept_is_not_looked_for_again(
    tmp_path: Path, found: tuple[Detections, VideoInfo], monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_at(*_: object) -> tuple[Detections, VideoInfo]:
        looked.append(1)
        return found

    looked: list[int] = []
    monkeypatch.setattr(video_people, "_look_at", look_at)
    first, second = (find_video_people(VIDEO, frame_range=RANGE, cache=tmp_path) for _ in range(2))
    assert len(looked) == 1
    assert np.allclose(first[0].positions, second[0].positions, atol=1e-3)
    assert second[1].path == VIDEO


def test_a_folder_that_takes_nothing_is_a_warning(
    tmp_path: Path, found: tuple[Detections, VideoInfo], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(video_people, "_look_at", lambda *_: found)
    detections, _ = find_video_people(VIDEO, frame_range=RANGE, cache=tmp_path / "file")
    assert detections.warnings[-1].startswith("not kept: cannot write")


def test_cancelling_leaves_nothing_behind(tmp_path: Path) -> None:
    def cancel(share: float) -> None:
        if share > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find_video_people(VIDEO, frame_range=(0, 9), cache=tmp_path / "cache", progress=cancel)
    assert list(tmp_path.iterdir()) == []


def test_nobody_in_view_is_told(tmp_path: Path) -> None:
    path = tmp_path / "empty.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (64, 48))
    for _ in range(3):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    with pytest.raises(NothingToLiftError, match=r"empty\.avi: nobody in any of 3 frames"):
        find_video_people(path)


def write_pictures(path: Path, pictures: list[np.ndarray], fps: int = 25) -> Path:
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), fps, (width, height))
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return path


def demo_pictures(num_frames: int) -> list[np.ndarray]:
    images = open_video(VIDEO).images(last=num_frames - 1)
    return [image.copy() for _, image in images]


def test_who_is_in_view_for_a_part_of_the_clip_is_found_there(tmp_path: Path) -> None:
    pictures = demo_pictures(8)
    empty = [np.zeros_like(pictures[0])] * 8
    found, info = find_video_people(write_pictures(tmp_path / "a.avi", [*empty, *pictures, *empty]))
    assert found.row_frames.tolist() == list(range(8, 16)) and info.num_frames == 24
    assert found.frames.tolist() == list(range(24))


def test_a_picture_of_eight_thousand_pixels_and_a_fast_camera_are_taken(tmp_path: Path) -> None:
    small = demo_pictures(3)
    large = [cv2.resize(picture, (4320, 7680)) for picture in small]
    found, info = find_video_people(write_pictures(tmp_path / "large.avi", large, fps=240))
    assert (info.size, info.fps) == ((4320, 7680), 240)
    wanted, _ = find_video_people(VIDEO, frame_range=(0, 2))
    apart = np.linalg.norm(found.positions / 4 - wanted.positions, axis=-1)
    assert np.median(apart) < 5


def test_another_video_is_for_keypoints() -> None:
    with pytest.raises(LiftError, match=r"cam01\.mp4: is a video itself: expected no other, found"):
        _lift(VIDEO, replace(CALIBRATED, video=BEAM / "other.mp4"))


def test_a_range_of_frames_is_for_videos() -> None:
    with pytest.raises(LiftError, match="cam01_json: a range of frames is for videos"):
        _lift(BEAM / "cam01_json", CALIBRATED)


def test_without_opencv_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> object:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(opencv.importlib, "import_module", refuse)
    with pytest.raises(NotAvailableError, match="No module named 'cv2'.*the full package"):
        find_video_people(VIDEO)
