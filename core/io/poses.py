"""The lifted clip as an npz: what ``--poses`` writes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..errors import InputFormatError, LiftError
from ..joint_sets import JOINT_SETS
from ..skeleton import Skeleton
from ..types import Poses3D, Space
from .atomic import atomic_output
from .pickled_npz import read_npz

_MAX_DENOMINATOR = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class StoredPoses:
    """One person's clip in both spaces with the camera that saw it.

    ``camera`` and ``world`` share frames, joints and confidence; ``contacts`` (T,2) bool, left and
    right foot; ``focal_length`` (2,) px; ``image_size`` (width, height) px;
    ``rotation_world_to_camera`` (4,) wxyz; ``position_world_camera`` (3,) m. Of a camera that moves
    these are (T,4) and (T,3), and of a lens that zooms ``focal_length`` is (T,2).
    """

    camera: Poses3D
    world: Poses3D
    contacts: np.ndarray
    focal_length: np.ndarray
    image_size: tuple[int, int]
    rotation_world_to_camera: np.ndarray
    position_world_camera: np.ndarray


def write_poses_npz(path: Path, poses: StoredPoses) -> None:
    """Write the npz of the command line's ``--poses``: whole or not at all, no pickle.

    Keys: ``joint_names`` (J,), ``parents`` (J,), ``positions_camera``, ``positions_world`` (T,J,3)
    m, ``confidence`` (T,J), ``contacts`` (T,2), ``fps``, ``frames`` (T,), ``person``,
    ``focal_length`` (2,), ``image_size`` (2,), ``rotation_world_to_camera`` (4,),
    ``position_world_camera`` (3,); of a camera that moves (T,4) and (T,3), of a lens that zooms
    ``focal_length`` (T,2).

    Raises
    ------
    LiftError
        When a value is not finite, the two spaces differ in shape, or the file cannot be written.
    """
    camera, world = poses.camera, poses.world
    if camera.positions.shape != world.positions.shape:
        raise LiftError(
            f"{path}: expected camera and world positions of one shape, found "
            f"{camera.positions.shape} and {world.positions.shape}"
        )
    skeleton = camera.skeleton
    arrays = {
        "joint_names": np.array(skeleton.joint_names),
        "parents": np.array(skeleton.parents, dtype=np.int64),
        "positions_camera": camera.positions,
        "positions_world": world.positions,
        "confidence": camera.confidence,
        "contacts": np.asarray(poses.contacts, dtype=bool),
        "fps": np.array(float(camera.fps)),
        "frames": np.asarray(camera.frames, dtype=np.int64),
        "person": np.array(camera.person, dtype=np.int64),
        "focal_length": np.asarray(poses.focal_length, dtype=float),
        "image_size": np.array(poses.image_size, dtype=np.int64),
        "rotation_world_to_camera": np.asarray(poses.rotation_world_to_camera, dtype=float),
        "position_world_camera": np.asarray(poses.position_world_camera, dtype=float),
    }
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise LiftError(f"{path}: expected finite {name}, found NaN or infinity")
    with atomic_output(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)


def read_poses_npz(path: Path) -> StoredPoses:
    """What ``write_poses_npz`` wrote; depth and contact probabilities are not in it.

    Raises
    ------
    InputFormatError
        When the file is broken or a key is missing.
    """
    path = Path(path)
    arrays = read_npz(path)
    try:
        skeleton = _skeleton(arrays)

        def poses(space: Space) -> Poses3D:
            return Poses3D(
                positions=arrays[f"positions_{space}"].astype(float),
                depth_sigma=None,
                contact_probability=None,
                confidence=arrays["confidence"].astype(float),
                frames=arrays["frames"].astype(np.int64),
                fps=Fraction(float(arrays["fps"])).limit_denominator(_MAX_DENOMINATOR),
                person=int(arrays["person"]),
                space=space,
                skeleton=skeleton,
            )

        width, height = (int(side) for side in arrays["image_size"])
        return StoredPoses(
            camera=poses("camera"),
            world=poses("world"),
            contacts=arrays["contacts"].astype(bool),
            focal_length=arrays["focal_length"].astype(float),
            image_size=(width, height),
            rotation_world_to_camera=arrays["rotation_world_to_camera"].astype(float),
            position_world_camera=arrays["position_world_camera"].astype(float),
        )
    except KeyError as error:
        raise InputFormatError(f"{path}: expected lifted poses with a key {error}") from error
    except (ValueError, TypeError, OverflowError, LiftError, AssertionError) as error:
        raise InputFormatError(f"{path}: broken poses: {error}") from error


def _skeleton(arrays: dict[str, np.ndarray]) -> Skeleton:
    """The joint set of that name order, or one made from the names and parents in the file."""
    names = tuple(str(name) for name in arrays["joint_names"])
    parents = tuple(int(parent) for parent in arrays["parents"])
    for skeleton in JOINT_SETS.values():
        if skeleton.joint_names == names and skeleton.parents == parents:
            return skeleton
    left = [name for name in names if f"right_{name.removeprefix('left_')}" in names]
    left = [name for name in left if name.startswith("left_")]
    return Skeleton(
        name="stored joints",
        joint_names=names,
        parents=parents,
        joints_left=tuple(names.index(name) for name in left),
        joints_right=tuple(names.index(f"right_{name.removeprefix('left_')}") for name in left),
    )
