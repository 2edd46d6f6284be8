"""One's own videos: with or without 3D, with or without cameras."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InputFormatError
from core.geometry.camera import project
from core.joint_sets import COCO_17, H36M_17, HUMANEVA_15, LIFTED_21
from core.skeleton import Skeleton
from tests.training.datasets.dataset_writer import (
    edit_2d,
    edit_3d,
    in_32_joints,
    save_2d,
    save_3d,
    write_custom,
)
from training.datasets.custom import load_custom


def test_without_3d_and_cameras_the_clips_are_unlabelled(tmp_path: Path) -> None:
    path = write_custom(tmp_path, layout="coco", num_frames=7)
    clip_set = load_custom(path, path_3d=None, cameras=None, fps=25.0)
    assert clip_set.skeleton_in is COCO_17 and clip_set.skeleton_out is None
    assert [clip.name for clip in clip_set.clips] == [
        "a.mp4/custom/0",
        "a.mp4/custom/1",
        "b.mp4/custom/0",
        "b.mp4/custom/1",
    ]
    for clip in clip_set.clips:
        assert clip.positions is None and clip.camera is None and clip.confidence is None
        assert clip.image_size == (1280, 720) and clip.fps == 25.0 and clip.num_frames == 7


def test_cameras_alone_give_unlabelled_clips_their_lens(tmp_path: Path) -> None:
    path = write_custom(tmp_path, videos=["a", "b"], num_frames=3)
    table = json.loads((tmp_path / "cameras.json").read_text())
    table["extrinsic_params"] = {}
    (tmp_path / "cameras.json").write_text(json.dumps(table))
    clips = load_custom(path, path_3d=None, cameras=tmp_path / "cameras.json", fps=25.0).clips
    assert [clip.camera_name for clip in clips] == ["left", "right"] * 2
    focal = [clip.camera.focal_length.tolist() for clip in clips if clip.camera is not None]
    assert focal == [[900.0, 900.0], [1000.0, 1000.0]] * 2


@pytest.mark.parametrize("skeleton", [H36M_17, HUMANEVA_15, LIFTED_21], ids=lambda one: one.name)
def test_world_space_with_cameras_and_camera_space_without_agree(
    tmp_path: Path, skeleton: Skeleton
) -> None:
    path = write_custom(tmp_path, skeleton_out=skeleton, num_frames=4)
    world = load_custom(
        path, path_3d=tmp_path / "data_3d_world.npz", cameras=tmp_path / "cameras.json", fps=30.0
    )
    camera = load_custom(path, path_3d=tmp_path / "data_3d_camera.npz", cameras=None, fps=30.0)
    assert world.skeleton_out is skeleton and camera.skeleton_out is skeleton
    for placed, bare in zip(world.clips, camera.clips, strict=True):
        assert placed.positions is not None and bare.positions is not None
        np.testing.assert_allclose(placed.positions, bare.positions, atol=1e-5)
        assert placed.camera is not None and bare.camera is None


def test_the_positions_project_onto_the_keypoints(tmp_path: Path) -> None:
    path = write_custom(tmp_path, num_frames=4)
    clip_set = load_custom(
        path, path_3d=tmp_path / "data_3d_world.npz", cameras=tmp_path / "cameras.json", fps=30.0
    )
    for clip in clip_set.clips:
        assert clip.positions is not None and clip.camera is not None
        pixels = project(
            clip.positions,
            focal_length=clip.camera.focal_length,
            principal_point=clip.camera.principal_point,
            radial=clip.camera.radial,
            tangential=clip.camera.tangential,
        )
        np.testing.assert_allclose(pixels, clip.keypoints, atol=0.01)


def test_one_camera_takes_3d_that_is_not_in_a_list(tmp_path: Path) -> None:
    path = write_custom(tmp_path, videos=["a"], num_frames=4)
    content, truth = edit_2d(path), edit_3d(tmp_path / "data_3d_camera.npz")
    content["positions_2d"]["a"]["custom"].pop()
    save_2d(path, **content)
    bare = truth["a"]["custom"][0]
    save_3d(tmp_path / "bare.npz", {"a": {"custom": bare}})
    (clip,) = load_custom(path, path_3d=tmp_path / "bare.npz", cameras=None, fps=30.0).clips
    assert clip.name == "a/custom"
    np.testing.assert_array_equal(clip.positions, bare)


def test_32_joints_are_reduced_to_17(tmp_path: Path) -> None:
    path = write_custom(tmp_path, videos=["a"], num_frames=3)
    truth = edit_3d(tmp_path / "data_3d_world.npz")
    save_3d(tmp_path / "whole.npz", {"a": {"custom": in_32_joints(truth["a"]["custom"])}})
    options: dict[str, Any] = {"cameras": tmp_path / "cameras.json", "fps": 30.0}
    whole = load_custom(path, path_3d=tmp_path / "whole.npz", **options)
    few = load_custom(path, path_3d=tmp_path / "data_3d_world.npz", **options)
    assert whole.skeleton_out is H36M_17
    np.testing.assert_array_equal(whole.clips[1].positions, few.clips[1].positions)


def test_a_third_column_is_confidence(tmp_path: Path) -> None:
    path = write_custom(tmp_path, has_confidence=True, num_frames=3)
    clip = load_custom(path, path_3d=None, cameras=None, fps=30.0).clips[0]
    assert clip.keypoints.shape == (3, 17, 2)
    np.testing.assert_array_equal(clip.confidence, np.full((3, 17), 0.75))
    content = edit_2d(path)
    content["positions_2d"]["b.mp4"]["custom"][1][2, 5, 2] = 6.5
    save_2d(path, **content)
    with pytest.raises(
        InputFormatError, match="b.mp4/custom/1: .*from 0 to 1.*6.5 at frame 2, joint 5"
    ):
        load_custom(path, path_3d=None, cameras=None, fps=30.0)


@pytest.mark.parametrize("form", ["tuple", "objects", "stack"])
def test_views_may_be_stored_in_any_way(tmp_path: Path, form: str) -> None:
    path = write_custom(tmp_path, videos=["a"], num_frames=3)
    content = edit_2d(path)
    views = content["positions_2d"]["a"]["custom"]
    objects = np.empty(2, dtype=object)
    objects[:] = views
    stored = {"tuple": tuple(views), "objects": objects, "stack": np.stack(views)}[form]
    content["positions_2d"]["a"]["custom"] = stored
    save_2d(path, **content)
    clips = load_custom(path, path_3d=None, cameras=None, fps=30.0).clips
    np.testing.assert_array_equal(clips[1].keypoints, views[1])


def test_one_array_for_several_cameras_is_refused(tmp_path: Path) -> None:
    path = write_custom(tmp_path, num_frames=3)
    with pytest.raises(InputFormatError, match="a.mp4/custom: .*each of 2 cameras, found 1"):
        load_custom(path, path_3d=tmp_path / "data_3d_world.npz", cameras=None, fps=30.0)


def test_a_video_on_one_side_only_is_named(tmp_path: Path) -> None:
    path = write_custom(tmp_path, num_frames=3)
    truth = edit_3d(tmp_path / "data_3d_camera.npz")
    truth["c.mp4"] = truth.pop("a.mp4")
    save_3d(tmp_path / "data_3d_camera.npz", truth)
    with pytest.raises(InputFormatError, match="'c.mp4' only in 3D and 'a.mp4' only in 2D"):
        load_custom(path, path_3d=tmp_path / "data_3d_camera.npz", cameras=None, fps=30.0)


def test_2d_shorter_than_3d_is_refused(tmp_path: Path) -> None:
    path = write_custom(tmp_path, num_frames=3)
    content = edit_2d(path)
    content["positions_2d"]["b.mp4"]["custom"][1] = np.ones((2, 17, 2))
    save_2d(path, **content)
    with pytest.raises(InputFormatError, match="b.mp4/custom/1: .*found 2 and 3"):
        load_custom(path, path_3d=tmp_path / "data_3d_camera.npz", cameras=None, fps=30.0)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros((3, 14, 3)), "a/custom/0: expected 3D .*15, 17, 21, 32 joints, found 14"),
        (np.full((3, 17, 3), np.nan), "a/custom/0: 3D position at frame 0, joint 0 is not"),
    ],
)
def test_broken_3d_is_refused(tmp_path: Path, value: np.ndarray, message: str) -> None:
    path = write_custom(tmp_path, videos=["a"], num_frames=3)
    save_3d(tmp_path / "bad.npz", {"a": {"custom": [value, value]}})
    with pytest.raises(InputFormatError, match=message):
        load_custom(path, path_3d=tmp_path / "bad.npz", cameras=None, fps=30.0)


def test_3d_of_differing_joints_is_refused(tmp_path: Path) -> None:
    path = write_custom(tmp_path, num_frames=3)
    truth = edit_3d(tmp_path / "data_3d_camera.npz")
    truth["b.mp4"]["custom"] = [np.ones((3, 15, 3))] * 2
    save_3d(tmp_path / "data_3d_camera.npz", truth)
    with pytest.raises(InputFormatError, match="same joints .*'Human3.6M-17', 'HumanEva-15'"):
        load_custom(path, path_3d=tmp_path / "data_3d_camera.npz", cameras=None, fps=30.0)


def test_an_unknown_image_size_is_refused_unless_a_camera_has_it(tmp_path: Path) -> None:
    path = write_custom(tmp_path, num_frames=3)
    content = edit_2d(path)
    del content["metadata"]["video_metadata"]["b.mp4"]
    save_2d(path, **content)
    with pytest.raises(
        InputFormatError, match=r"b.mp4/custom/0: image size unknown: .*\['b.mp4'\]"
    ):
        load_custom(path, path_3d=None, cameras=None, fps=30.0)
    clips = load_custom(path, path_3d=None, cameras=tmp_path / "cameras.json", fps=30.0).clips
    assert {clip.image_size for clip in clips} == {(1280, 720)}


def test_an_image_size_other_than_the_camera_s_is_refused(tmp_path: Path) -> None:
    path = write_custom(tmp_path, num_frames=3)
    content = edit_2d(path)
    content["metadata"]["video_metadata"]["b.mp4"] = {"w": 1920, "h": 1080}
    save_2d(path, **content)
    with pytest.raises(InputFormatError, match="b.mp4: .*camera left .*1280x720, found 1920x1080"):
        load_custom(path, path_3d=None, cameras=tmp_path / "cameras.json", fps=30.0)


@pytest.mark.parametrize("fps", [0.0, -25.0, float("nan")])
def test_a_rate_that_is_not_positive_is_refused(tmp_path: Path, fps: float) -> None:
    path = write_custom(tmp_path, num_frames=3)
    with pytest.raises(InputFormatError, match="expected a positive frame rate"):
        load_custom(path, path_3d=None, cameras=None, fps=fps)
