"""A bone map says which bones play which part, and refuses what cannot be driven."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import InputFormatError, LiftError
from core.retarget.bone_map import (
    HUMANOID,
    REQUIRED_ROLES,
    ROLES,
    BoneMap,
    nearest_parent_role,
    parent_role,
)
from core.retarget.bone_map_file import read_bone_map, write_bone_map
from core.retarget.scheme import SCHEME_NAMES, load_scheme
from tests.core.retarget.example_motion import REST
from tests.core.retarget.example_rig import known_rest_pose

LEAST = {role: (role,) for role in REQUIRED_ROLES}


def test_every_role_hangs_from_the_root_by_roles_that_stand_before_it() -> None:
    for place, role in enumerate(ROLES[1:], start=1):
        above = parent_role(role)
        assert above in ROLES[:place]
        assert above is None or above[-2:] == role[-2:] or not above.endswith((".L", ".R"))
    assert parent_role("root") is None


def test_the_nearest_role_above_passes_over_those_that_are_absent() -> None:
    assert nearest_parent_role("upper_arm.L", {"chest", "shoulder.R"}) == "chest"
    assert nearest_parent_role("hips", {"chest"}) is None


def test_the_least_map_is_enough() -> None:
    assert set(BoneMap("least", LEAST).bones) == set(REQUIRED_ROLES)


@pytest.mark.parametrize("role", REQUIRED_ROLES)
def test_a_map_without_a_required_part_names_it(role: str) -> None:
    lacking = {other: chain for other, chain in LEAST.items() if other != role}
    with pytest.raises(LiftError, match=rf"both arms.*missing {role}$"):
        BoneMap("short", lacking)


def test_unknown_roles_empty_chains_and_bones_used_twice_are_refused() -> None:
    with pytest.raises(LiftError, match="'tail'"):
        BoneMap("long", {**LEAST, "tail": ("tail",)})
    with pytest.raises(LiftError, match="a bone for neck"):
        BoneMap("empty", {**LEAST, "neck": ()})
    with pytest.raises(LiftError, match=r"own, found 'foot\.R' for foot\.R and hand\.L"):
        BoneMap("double", {**LEAST, "hand.L": ("foot.R",)})
    with pytest.raises(LiftError, match=r"'hips' for hips and forearm\.L"):
        BoneMap("double", LEAST, {"forearm.L": ("hips",)})
    with pytest.raises(LiftError, match="twist bones.*'hips'"):
        BoneMap("twisted", LEAST, {"hips": ("hips_twist",)})


def test_a_map_does_not_change_with_its_source() -> None:
    names = dict(HUMANOID.bones)
    bone_map = BoneMap("copy", names)
    names["hips"] = ("other",)
    assert bone_map.bones["hips"] == ("hips",)


def test_indices_are_those_of_the_armature_in_the_order_of_the_chain() -> None:
    rest = known_rest_pose("unreal5")
    bone_map = load_scheme("unreal5").bone_map
    for role, indices in bone_map.indices(rest).items():
        assert tuple(rest.bone_names[bone] for bone in indices) == bone_map.bones[role]
    twists = bone_map.twist_indices(rest)["forearm.L"]
    assert [rest.bone_names[bone] for bone in twists] == [
        "lowerarm_twist_02_l",
        "lowerarm_twist_01_l",
    ]


def test_further_roots_are_accepted() -> None:
    rest = replace(REST, parents=(-1, *REST.parents[1:-1], -1))
    bones = {role: chain for role, chain in HUMANOID.bones.items() if role != "toes.R"}
    assert BoneMap("two roots", bones).indices(rest)["hips"] == (0,)


def test_bones_that_the_armature_lacks_are_named() -> None:
    bones = {**HUMANOID.bones, "hips": ("mixamorig:Hips",), "head": ("Head",)}
    with pytest.raises(LiftError, match="have mixamorig:Hips, Head"):
        BoneMap("other", bones).indices(REST)
    with pytest.raises(LiftError, match="have roll"):
        BoneMap("other", HUMANOID.bones, {"shin.L": ("roll",)}).twist_indices(REST)


def test_a_chain_runs_down_the_armature() -> None:
    longer = {**HUMANOID.bones, "chest": ("chest", "neck")}
    del longer["neck"]
    assert BoneMap("longer", longer).indices(REST)["chest"] == (2, 3)


def test_what_is_no_chain_is_refused() -> None:
    aside = {**HUMANOID.bones, "spine": ("spine", "toes.L")}
    del aside["toes.L"]
    with pytest.raises(LiftError, match=r"spine \('toes.L'\).*hangs elsewhere"):
        BoneMap("aside", aside).indices(REST)
    turned = {**HUMANOID.bones, "spine": ("neck", "spine")}
    del turned["neck"]
    with pytest.raises(LiftError, match=r"'spine'\) to hang below spine \('neck'\).*cyclic"):
        BoneMap("turned", turned).indices(REST)


def test_roles_that_hang_the_wrong_way_round_are_refused() -> None:
    swapped = {**HUMANOID.bones, "thigh.L": ("shin.L",), "shin.L": ("thigh.L",)}
    with pytest.raises(LiftError, match=r"shin\.L \('thigh\.L'\).*below thigh\.L.*cyclic"):
        BoneMap("swapped", swapped).indices(REST)


@pytest.mark.parametrize("name", SCHEME_NAMES)
def test_a_written_map_is_read_back(name: str, tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    bone_map = load_scheme(name).bone_map
    write_bone_map(path, bone_map)
    assert read_bone_map(path) == bone_map


def test_a_map_by_hand_may_give_a_chain_of_one_as_its_name(tmp_path: Path) -> None:
    path = tmp_path / "rig of mine.json"
    bones = {role: role for role in REQUIRED_ROLES} | {"spine": ["low", "high"]}
    content = {"format": "lift bone map", "version": 1, "bones": bones}
    path.write_text(json.dumps(content), encoding="utf-8")
    bone_map = read_bone_map(path)
    assert bone_map.name == "rig of mine"
    assert bone_map.bones["spine"] == ("low", "high") and bone_map.bones["hips"] == ("hips",)


WHOLE = {
    "format": "lift bone map",
    "version": 1,
    "name": "mine",
    "bones": {role: role for role in REQUIRED_ROLES},
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "expected a bone map"),
        ({"version": 2}, "version 1, found 2"),
        ({"name": 3}, "name: expected a text, found 3"),
        ({"bone": {}}, "found 'bone'"),
        ({"bones": ["hips"]}, "bones: expected roles"),
        ({"bones": {**WHOLE["bones"], "hips": 1}}, "hips: expected a bone's name"),
        ({"bones": {**WHOLE["bones"], "hips": ["a", 1]}}, "hips: expected a bone's name"),
        ({"bones": {**WHOLE["bones"], "hip": "a"}}, "found 'hip'"),
        ({"bones": {**WHOLE["bones"], "neck": "hips"}}, "'hips' for hips and neck"),
        ({"bones": {"hips": "hips"}}, "missing chest"),
        ({"twists": {"neck": "a"}}, "found 'neck'"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(WHOLE | change), encoding="utf-8")
    with pytest.raises(InputFormatError, match=rf"mine\.json.*{message}"):
        read_bone_map(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "expected a bone map"),
        ('{"bones": {"hips": "a", "hips": "b"}}', "expected 'hips' once"),
    ],
)
def test_what_is_no_json_object_is_refused(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputFormatError, match=message):
        read_bone_map(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputFormatError, match=r"none\.json"):
        read_bone_map(tmp_path / "none.json")
    with pytest.raises(LiftError, match="no folder"):
        write_bone_map(tmp_path / "none" / "map.json", HUMANOID)
