"""The npz of --poses."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError, LiftError
from core.io.poses import StoredPoses, read_poses_npz, write_poses_npz
from core.joint_sets import LIFTED_21
from core.skeleton import Skeleton, skeleton_from_parent_names
from core.types import Poses3D

NUM_FRAMES = 5
OTHER = skeleton_from_parent_names(
    "three", [("root", None), ("left_hip", "root"), ("right_hip", "root")]
)


def _poses(skeleton: Skeleton = LIFTED_21) -> StoredPoses:
    rng = np.random.default_rng(3)
    shape = (NUM_FRAMES, skeleton.num_joints)
    camera = Poses3D(
        positions=rng.normal(size=(*shape, 3)),
        depth_sigma=None,
        contact_probability=None,
        confidence=rng.random(shape),
        frames=np.arange(7, 7 + NUM_FRAMES),
        fps=Fraction(30000, 1001),
        person=2,
        space="camera",
        skeleton=skeleton,
    )
    return StoredPoses(
        camera=camera,
        world=replace(camera, positions=rng.normal(size=(*shape, 3)), space="world"),
        contacts=rng.random((NUM_FRAMES, 2)) > 0.5,
        focal_length=np.array([1000.0, 1001.0]),
        image_size=(1088, 1920),
        rotation_world_to_camera=np.array([0.5, 0.5, -0.5, 0.5]),
        position_world_camera=np.array([1.0, 2.0, 3.0]),
    )


def test_the_file_has_the_keys_shapes_and_no_pickle_that_users_script_against(
    tmp_path: Path,
) -> None:
    write_poses_npz(tmp_path / "a.npz", _poses())
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        shapes = {name: arrays[name].shape for name in arrays}
        assert str(arrays["joint_names"][0]) == "pelvis"
        assert arrays["contacts"].dtype == bool
        assert arrays["frames"].tolist() == [7, 8, 9, 10, 11]
    assert shapes == {
        "joint_names": (21,),
        "parents": (21,),
        "positions_camera": (5, 21, 3),
        "positions_world": (5, 21, 3),
        "confidence": (5, 21),
        "contacts": (5, 2),
        "fps": (),
        "frames": (5,),
        "person": (),
        "focal_length": (2,),
        "image_size": (2,),
        "rotation_world_to_camera": (4,),
        "position_world_camera": (3,),
    }


@pytest.mark.parametrize("skeleton", [LIFTED_21, OTHER], ids=lambda skeleton: skeleton.name)
def test_what_was_written_is_read(tmp_path: Path, skeleton: Skeleton) -> None:
    poses = _poses(skeleton)
    write_poses_npz(tmp_path / "a.npz", poses)
    read = read_poses_npz(tmp_path / "a.npz")
    for one, other in ((read.camera, poses.camera), (read.world, poses.world)):
        np.testing.assert_array_equal(one.positions, other.positions)
        np.testing.assert_array_equal(one.confidence, other.confidence)
        np.testing.assert_array_equal(one.frames, other.frames)
        assert (one.fps, one.person, one.space) == (other.fps, other.person, other.space)
        assert one.skeleton.joint_names == skeleton.joint_names
        assert one.skeleton.mirror.tolist() == skeleton.mirror.tolist()
    np.testing.assert_array_equal(read.contacts, poses.contacts)
    np.testing.assert_array_equal(read.focal_length, poses.focal_length)
    np.testing.assert_array_equal(read.rotation_world_to_camera, poses.rotation_world_to_camera)
    np.testing.assert_array_equal(read.position_world_camera, poses.position_world_camera)
    assert read.image_size == poses.image_size


def test_a_value_that_is_not_finite_is_never_written(tmp_path: Path) -> None:
    poses = replace(_poses(), focal_length=np.array([np.nan, 1.0]))
    with pytest.raises(LiftError, match="expected finite focal_length"):
        write_poses_npz(tmp_path / "a.npz", poses)
    assert list(tmp_path.iterdir()) == []


def test_spaces_of_different_length_are_refused(tmp_path: Path) -> None:
    poses = replace(_poses(), world=_poses(OTHER).world)
    with pytest.raises(LiftError, match="expected camera and world positions of one shape"):
        write_poses_npz(tmp_path / "a.npz", poses)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", joint_names=np.array(["root"]), parents=np.array([-1]))
    with pytest.raises(InputFormatError, match="expected lifted poses with a key 'image_size'"):
        read_poses_npz(tmp_path / "a.npz")
