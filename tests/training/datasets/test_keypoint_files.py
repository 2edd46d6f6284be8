"""Any folders of keypoint files become unlabelled clips, and what was left out is said."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InputFormatError
from core.geometry.camera import focal_length_from_fov, project_to_pixels
from core.io.keypoints import write_keypoints_npz
from core.io.pickled_npz import read_npz
from core.joint_sets import BODY_23, BODY_25B, COCO_17, H36M_17, convert_joints
from core.skeleton import Skeleton
from core.types import Camera, Keypoints2D
from tests.core.io.sample_files import (
    IMAGE_SIZE,
    blazepose_clip,
    clip,
    coco_results,
    landmarks,
    mmpose_clip,
    mmpose_instance,
    moved,
    openpose_frame,
    openpose_person,
    write_json,
    write_openpose,
    yolo_line,
)
from tests.shared_data import shared_data
from tests.training.datasets.dataset_writer import edit_2d, save_2d, write_custom
from training.datasets.held_out import refuse_held_out
from training.datasets.keypoint_files import load_keypoint_files
from training.datasets.real import read_aist_views
from training.datasets.unlabelled_view import VideoFacts

NUM_FRAMES = 12
BEAM = Path(__file__).resolve().parents[2] / "data" / "beam" / "cam01_json"
_DEFAULTS: dict[str, int] = {"fps": 30, "min_frames": 5}


def load(*paths: Path, skeleton: Skeleton = COCO_17, **changes: Any) -> Any:
    """Everything but the rate and the shortest clip is a fact of the videos."""
    options = {name: changes.pop(name, default) for name, default in _DEFAULTS.items()}
    return load_keypoint_files(paths, skeleton, **options, facts=VideoFacts(**changes))


def write_native(path: Path, *, fps: int = 30, hidden: dict[str, slice] | None = None) -> Path:
    """Our own npz of COCO-17 keypoints; ``hidden`` joints are missing in some frames."""
    keypoints = clip(NUM_FRAMES)
    for name, frames in (hidden or {}).items():
        keypoints[frames, COCO_17.index(name)] = 0
    write_keypoints_npz(
        path,
        Keypoints2D(
            positions=keypoints[..., :2],
            confidence=keypoints[..., 2],
            frames=np.arange(NUM_FRAMES),
            image_size=IMAGE_SIZE,
            fps=Fraction(fps),
            person=1,
            skeleton=COCO_17,
        ),
    )
    return path


def test_a_file_becomes_an_unlabelled_clip(tmp_path: Path) -> None:
    path = write_native(tmp_path / "walk.npz")
    clip_set, notes = load(path, fov_deg=60.0)
    (found,) = clip_set.clips
    assert (found.subject, found.action, found.name) == ("walk", "person 1", "walk/person 1")
    assert found.positions is None and found.image_size == IMAGE_SIZE and found.fps == 30.0
    assert clip_set.skeleton_in is COCO_17 and clip_set.skeleton_out is None
    np.testing.assert_allclose(found.keypoints, clip(NUM_FRAMES)[..., :2], atol=0.01)
    np.testing.assert_allclose(found.confidence, clip(NUM_FRAMES)[..., 2], atol=1e-6)
    assert found.camera.focal_length[0] == pytest.approx(focal_length_from_fov(60, IMAGE_SIZE[0]))
    assert notes == []


def test_an_assumed_lens_rate_or_size_is_said(tmp_path: Path) -> None:
    _, notes = load(write_native(tmp_path / "walk.npz"))
    assert notes == ["walk: field of view unknown: assumed 50 degrees across the longer side"]
    folder = write_openpose(tmp_path / "run", clip(NUM_FRAMES, BODY_25B))
    clips, notes = load(folder, image_size=IMAGE_SIZE)
    assert any("run: frame rate unknown: took 30" in note for note in notes)
    # The add-on's option is called otherwise here.
    assert any("(give --unlabelled-fps)" in note for note in notes)
    assert clips.clips[0].num_frames == NUM_FRAMES
    clips, notes = load(folder, image_size=IMAGE_SIZE, fps=30, min_frames=5)
    assert clips.clips[0].image_size == IMAGE_SIZE


def test_the_users_rate_of_the_videos_is_obeyed(tmp_path: Path) -> None:
    folder = write_openpose(tmp_path / "run", clip(NUM_FRAMES, BODY_25B))
    facts = VideoFacts(fps=Fraction(60), image_size=IMAGE_SIZE, fov_deg=50)
    clips, notes = load_keypoint_files([folder], COCO_17, fps=30, min_frames=5, facts=facts)
    assert clips.clips[0].num_frames == NUM_FRAMES // 2 + 1
    assert not any("unknown" in note for note in notes)


def test_a_clip_of_unknown_image_size_is_left_out(tmp_path: Path) -> None:
    folder = write_openpose(tmp_path / "run", clip(NUM_FRAMES, BODY_25B))
    write_native(tmp_path / "walk.npz")
    clips, notes = load(tmp_path)
    assert [found.subject for found in clips.clips] == ["walk"]
    assert any(
        note.startswith("left out: run: image size unknown")
        and "(give --unlabelled-image-size WxH)" in note
        for note in notes
    )
    with pytest.raises(InputFormatError, match="found none .*give --unlabelled-image-size WxH"):
        load(folder)


def test_a_camera_of_several_is_chosen_by_name(tmp_path: Path) -> None:
    path = write_native(tmp_path / "walk.npz")
    calibration = tmp_path / "calibration.toml"
    calibration.write_text(
        "".join(
            f"[{name}]\nsize = [640, 480]\nmatrix = [[{focal}, 0, 320], [0, {focal}, 240], [0, 0, 1]]"
            "\ndistortions = [0, 0, 0, 0]\nrotation = [0, 0, 0]\ntranslation = [0, 0, 0]\n"
            for name, focal in (("left", 500), ("right", 700))
        )
    )
    (found,) = load(path, calibration=calibration, camera_name="right")[0].clips
    assert found.camera.focal_length.tolist() == [700.0, 700.0]
    with pytest.raises(InputFormatError, match="expected the name of one of its cameras: left, ri"):
        load(path, calibration=calibration)


def test_clips_come_at_the_rate_that_is_asked_for(tmp_path: Path) -> None:
    (found,) = load(write_native(tmp_path / "walk.npz", fps=60), fps=30)[0].clips
    assert found.fps == 30.0 and found.num_frames == NUM_FRAMES // 2 + 1


def test_every_kind_of_file_in_a_folder_is_a_clip(tmp_path: Path) -> None:
    write_native(tmp_path / "a.npz")
    write_json(tmp_path / "b.json", coco_results(clip(NUM_FRAMES)))
    write_json(tmp_path / "c.json", mmpose_clip(clip(NUM_FRAMES)))
    write_openpose(tmp_path / "d", clip(NUM_FRAMES, BODY_25B))
    (tmp_path / "deep" / "labels").mkdir(parents=True)
    for frame, person in enumerate(clip(NUM_FRAMES, in_pixels=False)):
        (tmp_path / "deep" / "labels" / f"e_{frame}.txt").write_text(yolo_line(person))
    for name in ("film.mp4", "film2.mp4", "notes.md"):
        (tmp_path / name).write_text("other")
    clip_set, notes = load(tmp_path, image_size=IMAGE_SIZE)
    assert [found.subject for found in clip_set.clips] == ["a", "b", "c", "d", "labels"]
    assert {found.num_frames for found in clip_set.clips} == {NUM_FRAMES}
    assert "left out: 3 files that hold no keypoints (1 .md, 2 .mp4)" in notes


@pytest.mark.parametrize(
    "write",
    [
        lambda path, person: write_json(path, openpose_frame(openpose_person(person))),
        lambda path, person: write_json(path, [mmpose_instance(person)]),
    ],
    ids=["OpenPose", "MMPose"],
)
def test_a_folder_of_frames_is_one_clip(tmp_path: Path, write: Any) -> None:
    folder = tmp_path / "dance"
    folder.mkdir()
    (folder / "f_000.json").write_text("{ broken")
    for frame, person in enumerate(clip(NUM_FRAMES), start=1):
        write(folder / f"f_{frame:03d}.json", person)
    clip_set, notes = load(folder, image_size=IMAGE_SIZE)
    assert [found.name for found in clip_set.clips] == ["dance/person 1"]
    assert any("frame files could not be used" in note for note in notes)
    clip_set, _ = load(tmp_path, image_size=IMAGE_SIZE)
    assert [found.name for found in clip_set.clips] == ["dance/person 1"]


def test_clips_inside_a_folder_of_frames_are_found_too(tmp_path: Path) -> None:
    folder = write_openpose(tmp_path / "dance", clip(NUM_FRAMES, BODY_25B))
    write_openpose(folder / "second", clip(NUM_FRAMES, BODY_25B))
    (folder / "frame.png").touch()
    clip_set, notes = load(folder, image_size=IMAGE_SIZE)
    assert [found.subject for found in clip_set.clips] == ["dance", "second"]
    assert "left out: 1 files that hold no keypoints (1 .png)" in notes


def test_a_clip_that_is_given_twice_counts_once(tmp_path: Path) -> None:
    path = write_native(tmp_path / "walk.npz")
    clip_set, notes = load(path, tmp_path)
    assert len(clip_set.clips) == 1 and "left out: 1 clips that were given twice" in notes


def test_landmarks_of_clips_and_of_frames_are_told_apart(tmp_path: Path) -> None:
    every = [landmarks(person) for person in blazepose_clip(NUM_FRAMES)]
    (tmp_path / "frames").mkdir()
    (tmp_path / "clips").mkdir()
    for frame, entry in enumerate(every):
        write_json(tmp_path / "frames" / f"{frame}.json", entry)
    for name in ("one", "two"):
        write_json(tmp_path / "clips" / f"{name}.json", every)
    assert [found.subject for found in load(tmp_path, image_size=IMAGE_SIZE)[0].clips] == [
        "one",
        "two",
        "frames",
    ]


def test_everyone_seen_long_enough_is_a_clip(tmp_path: Path) -> None:
    first = clip(NUM_FRAMES)
    people = coco_results(first) + coco_results(moved(first, 250.0)[: NUM_FRAMES // 2])
    path = write_json(tmp_path / "two.json", people)
    both, _ = load(path, min_frames=6, image_size=IMAGE_SIZE)
    assert [found.action for found in both.clips] == ["person 1", "person 2"]
    assert [found.num_frames for found in both.clips] == [12, 6]
    one, notes = load(path, min_frames=7, image_size=IMAGE_SIZE)
    assert [found.action for found in one.clips] == ["person 1"]
    assert "left out: two/person 2: seen in 6 frames at 30 Hz, fewer than 7" in notes


def test_unusable_files_are_named_and_counted(tmp_path: Path) -> None:
    write_native(tmp_path / "a.npz")
    write_json(tmp_path / "b.json", {"something": "else"})
    (tmp_path / "c.csv").write_text("")
    (tmp_path / "empty").mkdir()
    clip_set, notes = load(tmp_path)
    assert [found.subject for found in clip_set.clips] == ["a"]
    left_out = [note for note in notes if note.startswith("left out: ")]
    assert len(left_out) == 3
    assert "b.json: expected" in left_out[1] and "c.csv: expected" in left_out[2]
    assert notes[-1] == "2 of 3 keypoint files could not be used"
    assert left_out[0].endswith("empty: an empty folder")


def test_no_usable_clip_is_an_error_with_the_reasons(tmp_path: Path) -> None:
    write_native(tmp_path / "a.npz")
    with pytest.raises(
        InputFormatError, match="at least 13 frames at 30 Hz.*a/person 1: seen in 12"
    ):
        load(tmp_path, min_frames=13)
    write_json(tmp_path / "b.json", {"something": "else"})
    with pytest.raises(InputFormatError, match="found none .*b.json: expected"):
        load(tmp_path / "b.json")
    with pytest.raises(InputFormatError, match="no path: expected keypoint files"):
        load()


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    write_native(tmp_path / "a.npz")
    with pytest.raises(InputFormatError, match="gone: no such file or folder"):
        load(tmp_path / "a.npz", tmp_path / "gone")


def test_joints_that_the_file_lacks_are_made_of_those_around_them(tmp_path: Path) -> None:
    clip_set, notes = load(write_native(tmp_path / "walk.npz"), skeleton=H36M_17)
    (found,) = clip_set.clips
    source = clip(NUM_FRAMES)

    def middle(*names: str) -> np.ndarray:
        return source[:, COCO_17.indices(*names), :2].mean(axis=1)

    hips, shoulders = middle("left_hip", "right_hip"), middle("left_shoulder", "right_shoulder")
    expected = {"pelvis": hips, "thorax": shoulders, "spine": (hips + shoulders) / 2}
    expected |= {"head": middle("left_eye", "right_eye"), "left_knee": middle("left_knee")}
    for name, places in expected.items():
        joint = H36M_17.index(name)
        np.testing.assert_allclose(found.keypoints[:, joint], places, atol=0.01)
    # As sure as the least sure of what they are made of.
    least = source[:, COCO_17.indices("left_hip", "right_hip"), 2].min(axis=1)
    np.testing.assert_allclose(found.confidence[:, H36M_17.index("pelvis")], least, atol=1e-6)
    assert any(
        note == "walk/person 1: 4 joints made of others: 'pelvis', 'spine', 'thorax', 'head'"
        for note in notes
    )
    assert not any("never seen" in note for note in notes)


def test_joints_that_cannot_be_made_are_unsure_and_amid_the_others(tmp_path: Path) -> None:
    face = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
    path = write_native(tmp_path / "walk.npz", hidden=dict.fromkeys(face, slice(None)))
    clip_set, notes = load(path, skeleton=H36M_17)
    (found,) = clip_set.clips
    lacking = H36M_17.indices("nose", "head")
    there = [joint for joint in range(17) if joint not in lacking]
    assert (found.confidence[:, lacking] == 0).all() and (found.confidence[:, there] > 0).all()
    for joint in lacking:
        np.testing.assert_allclose(
            found.keypoints[:, joint], found.keypoints[:, there].mean(axis=1), atol=0.01
        )
    assert any("2 joints never seen (confidence 0): 'nose', 'head'" in note for note in notes)


def test_a_joint_that_is_never_seen_is_said_too(tmp_path: Path) -> None:
    path = write_native(tmp_path / "walk.npz", hidden={"left_wrist": slice(None)})
    clip_set, notes = load(path, skeleton=BODY_23)
    wrist = BODY_23.index("left_wrist")
    assert (clip_set.clips[0].confidence[:, wrist] == 0).all()
    assert np.isfinite(clip_set.clips[0].keypoints).all()
    assert any("7 joints never seen" in note and "'left_wrist'" in note for note in notes)


def test_short_gaps_are_filled_and_said(tmp_path: Path) -> None:
    path = write_native(tmp_path / "walk.npz", hidden={"left_knee": slice(5, 7)})
    clip_set, notes = load(path)
    knee = COCO_17.index("left_knee")
    np.testing.assert_allclose(
        clip_set.clips[0].keypoints[5:7, knee], clip(NUM_FRAMES)[5:7, knee, :2], atol=0.5
    )
    assert (clip_set.clips[0].confidence[5:7, knee] > 0).all()
    assert any("walk/person 1: doubtful or missing joint positions inter" in note for note in notes)


def test_equal_stems_take_their_folder_s_name(tmp_path: Path) -> None:
    for folder in ("x/day", "y/day", "y/night"):
        (tmp_path / folder).mkdir(parents=True)
        write_native(tmp_path / folder / "walk.npz")
    write_native(tmp_path / "run.npz")
    subjects = [found.subject for found in load(tmp_path)[0].clips]
    assert subjects == ["run", "x/day/walk", "y/day/walk", "night/walk"]


def test_a_calibrated_lens_s_distortion_is_taken_out(tmp_path: Path) -> None:
    lens = Camera(
        focal_length=np.array([500.0, 510.0]),
        principal_point=np.array([330.0, 236.0]),
        radial=np.array([-0.2, 0.05, 0.0]),
        tangential=np.array([0.003, -0.002]),
        rotation_world_to_camera=np.array([1.0, 0, 0, 0]),
        position_world=np.zeros(3),
    )
    rays = (clip(NUM_FRAMES)[..., :2] - lens.principal_point) / lens.focal_length
    points = np.concatenate([rays, np.ones((*rays.shape[:2], 1))], axis=-1)
    seen = np.concatenate([project_to_pixels(points, lens), clip(NUM_FRAMES)[..., 2:]], axis=-1)
    path = write_json(tmp_path / "walk.json", coco_results(seen))
    calibration = tmp_path / "calibration.toml"
    calibration.write_text(
        "[cam]\nsize = [640, 480]\nmatrix = [[500, 0, 330], [0, 510, 236], [0, 0, 1]]\n"
        "distortions = [-0.2, 0.05, 0.003, -0.002]\nrotation = [0, 0, 0]\ntranslation = [0, 0, 0]\n"
    )
    (found,) = load(path, calibration=calibration)[0].clips
    assert np.abs(seen[..., :2] - clip(NUM_FRAMES)[..., :2]).max() > 5
    np.testing.assert_allclose(found.keypoints, clip(NUM_FRAMES)[..., :2], atol=0.05)
    assert not found.camera.radial.any() and not found.camera.tangential.any()
    assert found.camera.focal_length.tolist() == [500.0, 510.0]


def test_every_video_of_a_custom_npz_is_read(tmp_path: Path) -> None:
    path = write_custom(tmp_path, layout="coco", num_frames=NUM_FRAMES)
    clip_set, notes = load(path, skeleton=H36M_17, fov_deg=60.0)
    assert [found.name for found in clip_set.clips] == [
        f"data_2d_custom_mine/{video}/custom/person 1/{camera}"
        for video in ("a.mp4", "b.mp4")
        for camera in (0, 1)
    ]
    content = edit_2d(path)
    for found in clip_set.clips:
        video, camera = found.action.split("/")[0], int(found.camera_name)
        source = content["positions_2d"][video]["custom"][camera]
        knee = source[:, COCO_17.index("left_knee")]
        np.testing.assert_allclose(found.keypoints[:, H36M_17.index("left_knee")], knee, atol=0.01)
        assert found.positions is None and found.image_size == (1280, 720)
        assert found.camera.focal_length[0] == pytest.approx(focal_length_from_fov(60, 1280))
    assert sum("frame rate unknown" in note for note in notes) == 4


def test_a_bad_video_of_a_custom_npz_is_left_out_alone(tmp_path: Path) -> None:
    path = write_custom(tmp_path, layout="coco", num_frames=NUM_FRAMES)
    content = edit_2d(path)
    content["positions_2d"]["a.mp4"]["custom"][1][:] = 0
    del content["metadata"]["video_metadata"]["b.mp4"]
    save_2d(path, **content)
    clip_set, notes = load(path)
    assert [found.name for found in clip_set.clips] == [
        "data_2d_custom_mine/a.mp4/custom/person 1/0"
    ]
    assert any("left out: " in note and "a.mp4/custom/1: " in note for note in notes)
    assert sum("b.mp4/custom" in note and "image size unknown" in note for note in notes) == 2
    del content["metadata"]["layout_name"]
    save_2d(path, **content)
    with pytest.raises(InputFormatError, match="expected a layout_name .*unknown order"):
        load(path)


def test_a_recording_for_validation_is_refused_under_any_name(tmp_path: Path) -> None:
    copy = tmp_path / "mine"
    copy.mkdir()
    frames = sorted(BEAM.iterdir())
    # A part of it, numbered anew.
    for number, frame in enumerate(frames[30:90]):
        (copy / f"take_{number:04d}.json").write_bytes(frame.read_bytes())
    message = "mine: expected a recording that may be learned from, found .*pose2sim_single"
    for size in (None, (1088, 1920)):
        with pytest.raises(InputFormatError, match=message):
            load(copy, image_size=size)


def test_every_view_of_the_recordings_for_validation_is_known() -> None:
    single = shared_data("real/pose2sim_single")
    for camera in ("cam01_json", "cam02_json"):
        with pytest.raises(InputFormatError, match="found real/pose2sim_single"):
            load(single / camera)
    with pytest.raises(InputFormatError, match="found real/aistpp breakdance_ch04"):
        load(shared_data("real/aistpp") / "breakdance_ch04.npz")
    for number, source in enumerate(
        read_aist_views(shared_data("real/aistpp") / "breakdance_ch04.npz").values()
    ):
        person = source.people[0]
        converted = convert_joints(person, BODY_23)
        for start in (0, 361):
            with pytest.raises(InputFormatError, match=f"{number}: .* breakdance_ch04"):
                refuse_held_out(
                    converted.positions[start : start + 359].astype(np.float32),
                    BODY_23,
                    str(number),
                )


def test_the_other_sequences_are_unlabelled_views_of_known_cameras() -> None:
    folder = shared_data("real/aistpp")
    clip_set, notes = load(folder / "breakdance_ch01.npz", fps=60, min_frames=100, fov_deg=50.0)
    assert [found.camera_name for found in clip_set.clips] == [
        f"camera {number}" for number in read_npz(folder / "cameras.npz")["camera_index"]
    ]
    focal = read_npz(folder / "cameras.npz")["focal_length"]
    for found, expected in zip(clip_set.clips, focal, strict=True):
        assert found.positions is None and found.fps == 60 and found.num_frames > 600
        assert found.camera.focal_length[0] == pytest.approx(expected)
    assert any("has its own rate, size and cameras: 'fov_deg' not used" in note for note in notes)


def test_a_sequence_needs_its_cameras(tmp_path: Path) -> None:
    np.savez(tmp_path / "dance.npz", keypoints_2d=np.zeros((2, 20, 17, 3), np.float32))
    with pytest.raises(InputFormatError, match=r"cameras\.npz: not a usable npz: .*No such file"):
        load(tmp_path / "dance.npz")


def test_real_detections_are_read() -> None:
    folder = shared_data("real/pose2sim_multi")
    jsons = sorted(path for path in folder.iterdir() if path.name.endswith("_json"))
    clip_set, notes = load(*jsons, skeleton=BODY_23, fps=30, min_frames=15)
    # The second of the two people is the man of pose2sim_single: the same detections.
    assert [found.action for found in clip_set.clips] == ["person 1"]
    assert any("cam01_json/person 2: real/pose2sim_single" in note for note in notes)
    assert all(np.isfinite(found.keypoints).all() for found in clip_set.clips)
