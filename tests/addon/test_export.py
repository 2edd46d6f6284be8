"""Every file, imported again, shows the same joints at the same times."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np
import pytest
from lift_video_to_3d.addon import output_format, writer
from lift_video_to_3d.addon.export import export_armature, require_exporter
from lift_video_to_3d.core.errors import LiftError, NotAvailableError
from lift_video_to_3d.core.io.bvh import read_bvh
from round_trip import (
    add_animated_armature,
    example_motion,
    export_motion,
    gltf_document,
    gltf_times,
    joint_positions,
    reimport,
)

SUFFIXES = tuple(output_format.OUTPUT_FORMATS)
NTSC = Fraction(30000, 1001)


def available(suffix: str) -> str:
    """``suffix``, or skip the test where this Blender cannot write it."""
    try:
        require_exporter(suffix)
    except NotAvailableError as error:
        pytest.skip(str(error))
    return suffix


def animated_rig(**options: int) -> bpy.types.Object:
    motion = example_motion(num_frames=5)
    return add_animated_armature(motion, name="walk", **options)


@pytest.mark.parametrize("start_frame", [1, 0, 101])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_reimported_joints_are_those_of_the_motion(
    suffix: str, start_frame: int, tmp_path: Path
) -> None:
    motion = example_motion(num_frames=60)
    path = tmp_path / f"walk{available(suffix)}"
    export_motion(motion, [path], name="walk", start_frame=start_frame)
    found = reimport(path, motion.rest_pose.bone_names, fps=motion.fps)
    wanted = joint_positions(motion)
    assert found.positions.shape == wanted.shape
    assert np.abs(found.positions - wanted).max() < 2e-4
    assert found.fps == pytest.approx(30, rel=1e-4)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".bvh", ".fbx", ".usdc", ".blend"])
def test_fractional_rate_survives(suffix: str, tmp_path: Path) -> None:
    motion = example_motion(num_frames=30, fps=NTSC)
    path = tmp_path / f"walk{available(suffix)}"
    export_motion(motion, [path], name="walk", start_frame=1)
    found = reimport(path, motion.rest_pose.bone_names, fps=NTSC)
    assert found.fps == pytest.approx(float(NTSC), rel=1e-5)
    assert len(found.positions) == 30


def test_gltf_times_are_those_of_a_fractional_rate(tmp_path: Path) -> None:
    path = tmp_path / "walk.glb"
    export_motion(example_motion(num_frames=300, fps=NTSC), [path], name="walk", start_frame=1)
    first, last, num_keys = gltf_times(path)
    assert (first, num_keys) == (0.0, 300)
    assert [animation["name"] for animation in gltf_document(path)["animations"]] == ["walk"]
    assert last == pytest.approx(299 * 1.001 / 30, rel=1e-6)


def test_bvh_is_metres_with_y_up(tmp_path: Path) -> None:
    motion = example_motion(num_frames=4, fps=NTSC)
    path = tmp_path / "walk.bvh"
    export_motion(motion, [path], name="walk", start_frame=1)
    clip = read_bvh(path)
    x, y, z = motion.root_position.T
    np.testing.assert_allclose(clip.translations[:, 0], np.stack([x, z, -y], axis=-1), atol=2e-6)
    assert clip.fps == pytest.approx(float(NTSC), rel=1e-4)
    assert clip.num_frames == 4


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_one_frame_is_exported(suffix: str, tmp_path: Path) -> None:
    motion = example_motion(num_frames=1)
    path = tmp_path / f"still{available(suffix)}"
    export_motion(motion, [path], name="still", start_frame=1)
    if suffix == ".usdc":
        # Blender's USD importer makes no action of a single pose.
        assert path.stat().st_size > 1000
        return
    found = reimport(path, motion.rest_pose.bone_names, fps=motion.fps)
    assert found.positions.shape == (1, motion.rest_pose.num_bones, 3)
    assert np.abs(found.positions - joint_positions(motion)).max() < 2e-4


@pytest.mark.parametrize("suffix", [".fbx", ".glb", ".usdc"])
def test_only_the_armature_is_exported(suffix: str, tmp_path: Path) -> None:
    available(suffix)
    bpy.ops.mesh.primitive_cube_add()
    bpy.context.object.name = "bystander"
    other = add_animated_armature(example_motion(num_frames=9), name="other")
    rig = animated_rig()
    other.select_set(True)
    path = tmp_path / f"walk{suffix}"
    export_armature(bpy.context, rig, path)
    content = path.read_bytes()
    assert b"walk" in content
    assert b"bystander" not in content and b"other" not in content


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_selection_and_scene_come_back(suffix: str, tmp_path: Path) -> None:
    available(suffix)
    rig = animated_rig()
    bpy.ops.mesh.primitive_cube_add()
    cube, scene = bpy.context.object, bpy.context.scene
    scene.frame_start, scene.frame_end = 3, 77
    scene.frame_set(50)
    scene.render.fps, scene.render.fps_base = 30, 1.001
    rest = np.array(rig.data.bones["hips"].matrix_local)
    export_armature(bpy.context, rig, tmp_path / f"walk{suffix}")
    assert bpy.context.selected_objects == [cube] and bpy.context.object == cube
    assert (scene.frame_start, scene.frame_end, scene.frame_current) == (3, 77, 50)
    assert (scene.render.fps, scene.render.fps_base) == (30, pytest.approx(1.001))
    np.testing.assert_array_equal(rig.data.bones["hips"].matrix_local, rest)
    assert {found.name for found in bpy.data.objects} == {rig.name, cube.name}
    assert len(bpy.data.armatures) == len(bpy.data.actions) == 1


def test_export_works_from_pose_mode(tmp_path: Path) -> None:
    rig = animated_rig()
    bpy.ops.object.mode_set(mode="POSE")
    export_armature(bpy.context, rig, tmp_path / "walk.bvh")
    assert read_bvh(tmp_path / "walk.bvh").num_frames == 5


def test_armature_without_animation_is_refused(tmp_path: Path) -> None:
    rig = animated_rig()
    rig.animation_data_clear()
    with pytest.raises(LiftError, match="no animation"):
        export_armature(bpy.context, rig, tmp_path / "walk.bvh")


def test_every_format_has_its_writer() -> None:
    assert writer.WRITERS.keys() == output_format.OUTPUT_FORMATS.keys()


def test_unknown_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAvailableError, match=r"'.xyz'"):
        export_armature(bpy.context, animated_rig(), tmp_path / "walk.xyz")


def test_missing_exporter_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = output_format.OutputFormat("USD", "wm.no_such_export")
    monkeypatch.setitem(output_format.OUTPUT_FORMATS, ".usdc", missing)
    with pytest.raises(NotAvailableError, match="no USD exporter"):
        export_armature(bpy.context, animated_rig(), tmp_path / "walk.usdc")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_folder_that_is_not_there_is_one_clear_error(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / f"walk{available(suffix)}"
    with pytest.raises(LiftError) as caught:
        export_armature(bpy.context, animated_rig(), path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_file_that_stands_where_a_folder_must_is_one_clear_error(
    suffix: str, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    path = tmp_path / "taken" / "deeper" / f"walk{available(suffix)}"
    with pytest.raises(LiftError, match="taken"):
        export_motion(example_motion(num_frames=3), [path], name="walk", start_frame=1)
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_full_disk_leaves_the_older_file_and_no_other(suffix: str, tmp_path: Path) -> None:
    """A limit on file size makes every write beyond 4 KiB fail, as a full disk does."""
    resource = pytest.importorskip("resource", reason="limits on file size are Unix's")
    available(suffix)
    path = tmp_path / f"walk{suffix}"
    path.write_text("older")
    script = f"""
import importlib.util, os, pathlib, resource, signal, sys
def load(name, path, folder=None):
    spec = importlib.util.spec_from_file_location(
        name, path, submodule_search_locations=folder and [folder]
    )
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
root = pathlib.Path({str(Path(__file__).resolve().parents[2])!r})
load("lift_video_to_3d", root / "__init__.py", str(root))
load("round_trip", root / "tests" / "addon" / "round_trip.py")
from lift_video_to_3d.addon import compat
from lift_video_to_3d.core.errors import LiftError
from round_trip import example_motion, export_motion
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
try:
    path = pathlib.Path({str(path)!r})
    export_motion(example_motion(num_frames=300), [path], name="walk", start_frame=1)
except LiftError as error:
    print("caught", str(error).count(chr(10)), error)
    compat.leave(7)
compat.leave(0)
"""
    assert resource.RLIMIT_FSIZE is not None
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 7, (done.stdout + done.stderr)[-2000:]
    assert f"caught 0 cannot write {path}: " in done.stdout
    assert path.read_text() == "older"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
