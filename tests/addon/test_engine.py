"""What the FBX files of the engine presets hold, as a parser finds it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from character import (
    MESH_NAMES,
    NUM_FRAMES,
    animated_character,
    as_it_is,
    import_file,
    in_centimetres,
    parented,
    travelling_by_its_object,
)
from io_scene_fbx import parse_fbx
from lift_video_to_3d.addon.engine import ENGINE_ARMATURE_NAME, ENGINE_PRESETS, EngineName
from lift_video_to_3d.addon.export import export_armature
from lift_video_to_3d.addon.rig import choose_bone_map, read_rest_pose
from lift_video_to_3d.addon.rig_choice import AnimationSettings, RigChoice
from lift_video_to_3d.addon.session import animate
from rig_clip import as_fbx_import, beam_clip, shown_joints

UNITS_PER_METRE = {"unity": 1.0, "unreal": 100.0}
ENGINES = tuple(ENGINE_PRESETS)
RIGS = {
    each.__name__: each
    for each in (as_it_is, as_fbx_import, parented, in_centimetres, travelling_by_its_object)
}


@dataclass(frozen=True)
class Model:
    """A node of an FBX file: what it is, and its own transform where that is not the identity."""

    kind: str
    translation: tuple[float, ...]
    rotation_deg: tuple[float, ...]
    scale: tuple[float, ...]


@dataclass(frozen=True)
class Fbx:
    """What matters to an engine in an FBX file."""

    settings: dict[str, float]
    models: dict[str, Model]
    stacks: list[str]


def parse(path: Path) -> Fbx:
    root, _ = parse_fbx.parse(str(path))
    top = {element.id: element for element in root.elems}
    models: dict[str, Model] = {}
    stacks: list[str] = []
    for element in top[b"Objects"].elems:
        name = element.props[1].split(b"\0")[0].decode() if len(element.props) > 1 else ""
        if element.id == b"AnimationStack":
            stacks.append(name)
        elif element.id == b"Model":
            own = properties(element)
            models[name] = Model(
                element.props[2].decode(),
                own.get("Lcl Translation", (0.0, 0.0, 0.0)),
                own.get("Lcl Rotation", (0.0, 0.0, 0.0)),
                own.get("Lcl Scaling", (1.0, 1.0, 1.0)),
            )
    settings = {name: values[-1] for name, values in properties(top[b"GlobalSettings"]).items()}
    return Fbx(settings, models, stacks)


def properties(element: Any) -> dict[str, tuple[Any, ...]]:
    [block] = [each for each in element.elems if each.id == b"Properties70"]
    return {each.props[0].decode(): tuple(each.props[4:]) for each in block.elems}


def written(rig: bpy.types.Object, engine: EngineName | None, folder: Path) -> Fbx:
    export_armature(bpy.context, rig, folder / "hero.fbx", engine=engine)
    return parse(folder / "hero.fbx")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("change", RIGS)
def test_nothing_in_the_file_has_a_scale(change: str, engine: EngineName, tmp_path: Path) -> None:
    rig = animated_character()
    RIGS[change](rig)
    found = written(rig, engine, tmp_path)
    assert set(found.models) >= {ENGINE_ARMATURE_NAME, *MESH_NAMES, *rig.data.bones.keys()}
    for name, model in found.models.items():
        np.testing.assert_allclose(model.scale, 1.0, atol=2e-6, err_msg=name)


def test_without_a_preset_the_armature_has_a_scale(tmp_path: Path) -> None:
    found = written(animated_character(), None, tmp_path)
    np.testing.assert_allclose(found.models["hero"].scale, 100.0)
    assert found.settings["UnitScaleFactor"] == 1.0 and found.stacks == ["hero"]


@pytest.mark.parametrize(("engine", "unit_cm"), [("unity", 100.0), ("unreal", 1.0)])
def test_the_files_unit_and_axes(engine: EngineName, unit_cm: float, tmp_path: Path) -> None:
    settings = written(animated_character(), engine, tmp_path).settings
    assert settings["UnitScaleFactor"] == settings["OriginalUnitScaleFactor"] == unit_cm
    axes = {
        name: (settings[f"{name}Axis"], settings[f"{name}AxisSign"]) for name in ("Up", "Front")
    }
    assert axes == {"Up": (1, 1), "Front": (2, 1)}
    assert (settings["CoordAxis"], settings["CoordAxisSign"]) == (0, 1)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("change", RIGS)
def test_numbers_are_in_the_engines_unit_and_the_rig_stands_at_the_origin(
    change: str, engine: EngineName, tmp_path: Path
) -> None:
    rig = animated_character()
    RIGS[change](rig)
    bpy.context.scene.frame_set(1)
    unit = bpy.context.scene.unit_settings.scale_length
    bones = rig.pose.bones
    shin_m = unit * rig.matrix_world.median_scale * (bones["foot.L"].head - bones["shin.L"].head)
    models = written(rig, engine, tmp_path).models
    length = np.linalg.norm(models["foot.L"].translation)
    assert length == pytest.approx(UNITS_PER_METRE[engine] * shin_m.length, rel=1e-4)
    armature = models[ENGINE_ARMATURE_NAME]
    assert armature.translation == (0.0, 0.0, 0.0)
    np.testing.assert_allclose(armature.rotation_deg, (-90.0, 0.0, 0.0), atol=1e-4)


@pytest.mark.parametrize("engine", ENGINES)
def test_names_are_the_armatures_the_characters_and_the_clips(
    engine: EngineName, tmp_path: Path
) -> None:
    rig = animated_character()
    bones = set(rig.data.bones.keys())
    rig.name, rig.animation_data.action.name = "someone", "walk"
    found = written(rig, engine, tmp_path)
    # No leaf bones, no numbers behind names, no Blender scene.
    assert set(found.models) == {"Armature", *MESH_NAMES, *bones}
    assert {name for name, model in found.models.items() if model.kind == "LimbNode"} == bones
    assert found.models["Armature"].kind == "Null"
    assert found.stacks == ["walk"] and bpy.context.scene.name == "Scene"


@pytest.mark.parametrize("engine", ENGINES)
def test_controls_are_left_out(engine: EngineName, tmp_path: Path) -> None:
    rig = animated_character()
    rig.data.bones["neck"].use_deform = False
    found = written(rig, engine, tmp_path)
    assert "neck" not in found.models and "head" in found.models


@pytest.mark.parametrize("engine", ENGINES)
def test_travel_of_the_object_is_a_bones_and_the_object_rests(
    engine: EngineName, tmp_path: Path
) -> None:
    rig = animated_character()
    travelling_by_its_object(rig)
    assert written(rig, engine, tmp_path).models["root"].kind == "LimbNode"
    found = import_file(tmp_path / "hero.fbx")
    places = []
    for frame in (1, NUM_FRAMES):
        bpy.context.scene.frame_set(frame)
        assert found.matrix_world.translation.length < 1e-6
        places.append(found.matrix_world @ found.pose.bones["root"].head)
    assert places[0].length < 1e-5 and places[1].length > 0.9


@pytest.mark.parametrize("engine", ENGINES)
def test_the_first_frame_is_the_t_pose_if_asked(engine: EngineName, tmp_path: Path) -> None:
    clip = beam_clip()
    settings = AnimationSettings(has_t_pose=True)
    animation = animate(bpy.context, clip, RigChoice(scheme="unreal"), settings, name="take")
    export_armature(bpy.context, animation.rig, tmp_path / "take.fbx", engine=engine)
    rig = import_file(tmp_path / "take.fbx", fps=60)
    first, last = (round(frame) for frame in rig.animation_data.action.frame_range)
    assert (first, last) == (0, clip.motion.num_frames)
    [joints] = shown_joints(rig, choose_bone_map(read_rest_pose(rig)).bone_map, range(1))
    shoulders, wrists = joints[[11, 14]], joints[[13, 16]]
    assert np.abs(wrists[:, 2] - shoulders[:, 2]).max() < 1e-3
    assert np.abs(wrists[:, 0] - shoulders[:, 0]).min() > 0.4
    # The pose that the file holds besides the animation is the same one.
    arm = parse(tmp_path / "take.fbx").models
    np.testing.assert_allclose(arm["lowerarm_l"].rotation_deg, lowerarm_deg(rig), atol=0.1)


def lowerarm_deg(rig: bpy.types.Object) -> np.ndarray:
    """The turn of the forearm against the upper arm in the first frame, as FBX has it."""
    bpy.context.scene.frame_set(0)
    upper, lower = rig.pose.bones["upperarm_l"], rig.pose.bones["lowerarm_l"]
    return np.rad2deg((upper.matrix.inverted() @ lower.matrix).to_euler())
