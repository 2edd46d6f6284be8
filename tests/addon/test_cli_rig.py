"""The command line on rigs: a kind that is built, or the user's own in a .blend file."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import bpy
import pytest
from character import add_badge
from command_line import run_cli
from lift_video_to_3d.addon import batch
from lift_video_to_3d.addon.armature import create_armature
from lift_video_to_3d.addon.cli_options import parse_options
from lift_video_to_3d.addon.rig import choose_bone_map, read_rest_pose
from lift_video_to_3d.core import pipeline
from lift_video_to_3d.core.pipeline import LiftedPerson
from lift_video_to_3d.core.retarget.bone_map import BoneMap
from lift_video_to_3d.core.retarget.bone_map_file import write_bone_map
from lift_video_to_3d.core.retarget.driven_bone import pick_bones
from lift_video_to_3d.core.retarget.scheme import load_scheme
from rig_clip import as_fbx_import, beam_clip, limb_errors_deg, shown_joints
from rig_state import rolled_rest_pose
from round_trip import reimport, start_empty_file

ROOT = Path(__file__).resolve().parents[2]
BEAM = ROOT / "tests" / "data" / "beam"
RIG_KEYS = {
    *("rig", "bone_map", "rig_size_per_person", "num_keys", "num_keys_full", "reduction_error_mm"),
}


@pytest.fixture(autouse=True)
def lifted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each clip is the repository's own, already lifted; one called "duet" has two people."""
    clip = beam_clip()

    def lift_clip(path: Path, **_: object) -> list[LiftedPerson]:
        people = (1, 2) if path.stem == "duet" else (1,)
        return [replace(clip, person=person, warnings=()) for person in people]

    monkeypatch.setattr(pipeline, "lift_clip", lift_clip)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lift(command: str) -> int:
    return batch.lift_clips(parse_options(command.split()))


def save(path: Path, *names: str, scheme: str = "mixamo") -> None:
    """A file with an armature of each name, the first with a mesh on its head."""
    start_empty_file()
    for name in names:
        create_armature(bpy.context, rolled_rest_pose(scheme), name=name)
    if names:
        rig = bpy.data.objects[names[0]]
        add_badge(rig, load_scheme(scheme).bone_map.bones["head"][-1])
    bpy.context.view_layer.objects.active = None
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    start_empty_file()


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def opened(path: Path, name: str) -> bpy.types.Object:
    bpy.ops.wm.open_mainfile(filepath=str(path))
    return bpy.data.objects[name]


def assert_moves_as_the_clip(rig: bpy.types.Object) -> None:
    clip = beam_clip()
    bone_map = choose_bone_map(read_rest_pose(rig)).bone_map
    joints = shown_joints(rig, bone_map, range(1, clip.motion.num_frames + 1))
    assert limb_errors_deg(joints, clip.poses_world.positions).max() < 2.0


def test_a_known_kind_is_built(folder: Path) -> None:
    assert lift("w.json --rig mixamo --output w.blend --output w.fbx --report r.json") == 0
    report = json.loads((folder / "r.json").read_text())
    assert report.keys() > RIG_KEYS
    assert (report["rig"], report["bone_map"]) == ("w", "mixamo")
    rig = opened(folder / "w.blend", "w")
    assert "mixamorig:Hips" in rig.data.bones
    assert_moves_as_the_clip(rig)
    found = reimport(folder / "w.fbx", ("mixamorig:Hips",), fps=beam_clip().motion.fps)
    assert len(found.positions) == beam_clip().motion.num_frames


def test_the_users_character_moves_in_its_own_file(folder: Path) -> None:
    save(folder / "hero.blend", "Hero")
    original = (folder / "hero.blend").read_bytes()
    command = "w.json --rig hero.blend --output w.blend --output w.glb --report r.json --reduce 2"
    assert lift(command) == 0
    assert files_in(folder) == {"hero.blend", "w.blend", "w.glb", "r.json"}
    assert (folder / "hero.blend").read_bytes() == original
    report = json.loads((folder / "r.json").read_text())
    assert report.keys() > RIG_KEYS
    assert (report["rig"], report["bone_map"]) == ("Hero", "mixamo")
    assert 0 < report["num_keys"] < report["num_keys_full"]
    assert 0 < report["reduction_error_mm"] <= 2.0
    rig = opened(folder / "w.blend", "Hero")
    assert rig.animation_data.action.name == "w" and rig.animation_data.action.use_fake_user
    assert bpy.data.objects["badge"].parent == rig
    assert_moves_as_the_clip(rig)


def test_one_of_several_is_picked_by_name(folder: Path) -> None:
    save(folder / "cast.blend", "Hero", "Villain")
    assert lift("w.json --rig cast.blend --rig-object Villain --output w.blend") == 0
    villain = opened(folder / "w.blend", "Villain")
    assert_moves_as_the_clip(villain)
    assert bpy.data.objects["Hero"].animation_data is None


def test_a_map_names_the_bones_that_no_name_tells(folder: Path) -> None:
    start_empty_file()
    rest = rolled_rest_pose("mixamo")
    known = load_scheme("mixamo").bone_map
    kept = pick_bones(rest, [bone for chain in known.bones.values() for bone in chain])
    new_names = {name: f"b{number:03}" for number, name in enumerate(kept.bone_names)}
    plain = replace(kept, bone_names=tuple(new_names.values()))
    create_armature(bpy.context, plain, name="Hero")
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "hero.blend"))
    bones = {role: tuple(new_names[bone] for bone in chain) for role, chain in known.bones.items()}
    mine = BoneMap("mine", bones)
    write_bone_map(folder / "map.json", mine)
    command = "w.json --rig hero.blend --rig map.json --output w.blend --report r.json"
    assert lift(command) == 0
    assert json.loads((folder / "r.json").read_text())["bone_map"] == "mine"
    rig = opened(folder / "w.blend", "Hero")
    clip = beam_clip()
    joints = shown_joints(rig, mine, range(1, clip.motion.num_frames + 1))
    assert limb_errors_deg(joints, clip.poses_world.positions).max() < 2.0


def test_the_rig_of_the_open_file_is_taken_by_name(folder: Path) -> None:
    save(folder / "cast.blend", "Hero", "Villain")
    bpy.ops.wm.open_mainfile(filepath=str(folder / "cast.blend"))
    assert lift("w.json --rig-object Villain --output w.blend") == 0
    assert_moves_as_the_clip(opened(folder / "w.blend", "Villain"))


@pytest.mark.parametrize("rig", ["--rig cast.blend --rig-object Hero", "--rig-object Hero"])
def test_every_clip_starts_from_the_file_as_it_is_on_disk(rig: str, folder: Path) -> None:
    save(folder / "cast.blend", "Hero", "Villain")
    bpy.ops.wm.open_mainfile(filepath=str(folder / "cast.blend"))
    assert lift(f"a.json b.json duet.json --person all {rig} --output-dir o --format blend") == 0
    assert files_in(folder / "o") == {
        *("a.blend", "b.blend", "duet-person1.blend", "duet-person2.blend"),
    }
    for path in (folder / "o").iterdir():
        hero = opened(path, "Hero")
        assert hero.animation_data.action.name == path.stem
        assert [action.name for action in bpy.data.actions] == [path.stem]
        assert [track.name for track in hero.animation_data.nla_tracks] == []


@pytest.mark.parametrize("output", ["w.bvh", "w.fbx", "w.glb", "w.usdc", "w.blend"])
def test_a_strip_is_written_in_every_format(output: str, folder: Path) -> None:
    save(folder / "hero.blend", "Hero")
    assert lift(f"w.json --rig hero.blend --bake-to nla --output {output}") == 0
    assert files_in(folder) == {"hero.blend", output}


def test_what_is_doubtful_about_the_rig_is_said(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    save(folder / "hero.blend", "Hero")
    rig = opened(folder / "hero.blend", "Hero")
    rig.pose.bones["mixamorig:Head"].constraints.new("LIMIT_ROTATION")
    bpy.ops.wm.save_mainfile()
    (folder / "hero.blend1").unlink(missing_ok=True)
    assert lift("w.json --rig hero.blend --output w.bvh") == 0
    said = capfd.readouterr().err.splitlines()
    assert any(line.startswith("w.json: warning: ") and "mixamorig:Head" in line for line in said)
    assert lift("w.json --rig hero.blend --output w.bvh --quiet") == 0
    assert not capfd.readouterr().err


@pytest.mark.parametrize("how", ["exclude", "hide_viewport"])
def test_a_character_that_is_hidden_moves_and_stays_hidden(how: str, folder: Path) -> None:
    start_empty_file()
    scene = bpy.context.scene
    rig = create_armature(bpy.context, rolled_rest_pose("mixamo"), name="Hero")
    as_fbx_import(rig)
    away = bpy.data.collections.new("away")
    scene.collection.children.link(away)
    scene.collection.objects.unlink(rig)
    away.objects.link(rig)
    setattr(bpy.context.view_layer.layer_collection.children["away"], how, True)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "hero.blend"))
    assert lift("w.json --rig hero.blend --output w.blend --output w.fbx") == 0
    rig = opened(folder / "w.blend", "Hero")
    away = bpy.context.view_layer.layer_collection.children["away"]
    assert getattr(away, how) and bpy.data.collections.keys() == ["away"]
    setattr(away, how, False)
    bpy.context.view_layer.update()
    assert rig.scale.x == pytest.approx(0.01)
    assert_moves_as_the_clip(rig)


def _missing(folder: Path) -> str:
    return "--rig gone.blend"


def _no_blend(folder: Path) -> str:
    (folder / "hero.blend").write_bytes(b"no blend file\n" * 100)
    return "--rig hero.blend"


def _a_folder(folder: Path) -> str:
    (folder / "hero.blend").mkdir()
    return "--rig hero.blend"


def _without_armature(folder: Path) -> str:
    save(folder / "hero.blend")
    return "--rig hero.blend"


def _two_and_no_name(folder: Path) -> str:
    save(folder / "hero.blend", "Hero", "Villain")
    return "--rig hero.blend"


def _no_such_object(folder: Path) -> str:
    save(folder / "hero.blend", "Hero")
    return "--rig hero.blend --rig-object Villain"


def _a_mesh(folder: Path) -> str:
    save(folder / "hero.blend", "Hero")
    return "--rig hero.blend --rig-object badge"


def _another_rigs_map(folder: Path) -> str:
    save(folder / "hero.blend", "Hero")
    write_bone_map(folder / "map.json", load_scheme("unreal").bone_map)
    return "--rig hero.blend --rig map.json"


def _no_map(folder: Path) -> str:
    save(folder / "hero.blend", "Hero")
    (folder / "map.json").write_text("{")
    return "--rig hero.blend --rig map.json"


def _missing_map(folder: Path) -> str:
    save(folder / "hero.blend", "Hero")
    return "--rig hero.blend --rig map.json"


def _non_humanoid(folder: Path) -> str:
    start_empty_file()
    rest = rolled_rest_pose("mixamo")
    arm = pick_bones(rest, [name for name in rest.bone_names if "Left" in name])
    create_armature(bpy.context, arm, name="Hero")
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "hero.blend"))
    return "--rig hero.blend"


def _mirrored(folder: Path) -> str:
    save(folder / "hero.blend", "Hero")
    opened(folder / "hero.blend", "Hero").scale.x = -1.0
    bpy.ops.wm.save_mainfile()
    return "--rig hero.blend"


def _too_late(folder: Path) -> str:
    save(folder / "hero.blend", "Hero")
    return "--rig hero.blend --start-frame 1048570"


def _no_room_for_a_t_pose(folder: Path) -> str:
    save(folder / "hero.blend", "Hero")
    return "--rig hero.blend --start-frame 0 --t-pose"


BAD: dict[str, Callable[[Path], str]] = {
    "gone.blend: no such file": _missing,
    "hero.blend: Blender cannot open it": _no_blend,
    "hero.blend: no such file": _a_folder,
    "expected one armature, or to be told which; the scene's: none": _without_armature,
    "told which; the scene's: 'Hero', 'Villain'": _two_and_no_name,
    "no object 'Villain' in the scene; its armatures: 'Hero'": _no_such_object,
    "'badge': expected an armature, found a mesh": _a_mesh,
    "bone map 'unreal': expected the armature to have": _another_rigs_map,
    "map.json: not": _no_map,
    "map.json: ": _missing_map,
    "no humanoid found": _non_humanoid,
    "found a mirrored one: apply it": _mirrored,
    "after Blender's last frame": _too_late,
    "expected a start frame of at least 1, found 0": _no_room_for_a_t_pose,
}


@pytest.mark.parametrize("message", BAD)
def test_a_bad_rig_is_one_line_and_nothing_is_written(
    message: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    option = BAD[message](folder)
    for spare in folder.glob("*.blend1"):
        spare.unlink()
    start_empty_file()
    before = files_in(folder)
    capfd.readouterr()
    assert lift(f"w.json {option} --output new/deep/w.fbx --report new/r.json --quiet") == 1
    [line] = capfd.readouterr().err.splitlines()
    assert line.startswith("w.json: error: ") and message in line
    assert files_in(folder) == before


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The real command line on the real clip, in a process of its own."""
    calibration = ["--calibration", str(BEAM / "calibration.toml"), "--camera", "cam_01"]
    return run_cli(str(BEAM / "cam01_json"), *calibration, *arguments, cwd=cwd)


def test_a_process_of_its_own_puts_the_clip_on_the_users_rig(folder: Path) -> None:
    save(folder / "hero.blend", "Hero")
    done = run(
        *("--rig", "hero.blend", "--t-pose", "--engine", "unreal"),
        *("--output", "o/w.fbx", "--output", "o/w.blend", "--report", "o/r.json"),
        cwd=folder,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "known rig" not in done.stderr and "Traceback" not in done.stderr
    assert files_in(folder) == {"hero.blend", *("o", "o/w.fbx", "o/w.blend", "o/r.json")}
    assert json.loads((folder / "o" / "r.json").read_text()).keys() > RIG_KEYS


@pytest.mark.parametrize("make", [_missing, _no_blend, _two_and_no_name, _non_humanoid])
def test_a_process_that_fails_says_one_line(make: Callable[[Path], str], folder: Path) -> None:
    option = make(folder)
    before = files_in(folder)
    done = run(*option.split(), "--output", "new/w.fbx", "--quiet", cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1 and ": error: " in done.stderr, done.stderr
    assert files_in(folder) == before
