"""Every text of the interface has its Chinese, and no Chinese is left without its text."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import bpy
import lift_video_to_3d
import pytest
from lift_video_to_3d.addon import translation
from lift_video_to_3d.addon.core_message import CHINESE_CORE_MESSAGES
from lift_video_to_3d.addon.plain_name import plain_name
from lift_video_to_3d.addon.registration import CLASSES
from lift_video_to_3d.addon.text_lines import wrap_text
from lift_video_to_3d.addon.translation import PANEL_CONTEXT, TRANSLATIONS
from lift_video_to_3d.core import opencv, trust
from lift_video_to_3d.core.joint_sets import LIFTED_21
from lift_video_to_3d.core.pipeline import LiftSettings, lift_clip
from lift_video_to_3d.core.retarget.bone_map import ROLES
from lift_video_to_3d.core.retarget.scheme import SCHEME_NAMES

ROOT = Path(__file__).resolve().parents[2]
CHINESE = TRANSLATIONS["zh_HANS"]
GETTERS = ("translate_label", "translate_message")
ANYWHERE, OPERATOR = "*", "Operator"
PROPER_NAMES = {*SCHEME_NAMES, "Unity", "Unreal"}
# What core calls its stages, the parts of a body, why a pose is not to be trusted, and its sentences.
NAMES_OF_CORE = ("_job.stage", "plain_name(", "item.why", "template")


def calls_below(*folders: str) -> Iterator[tuple[str, ast.Call, str]]:
    """Every call in the sources: where it stands, itself, and the called function's last name."""
    for path in chain.from_iterable(sorted((ROOT / folder).rglob("*.py")) for folder in folders):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                name = node.func.id if isinstance(node.func, ast.Name) else name
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node, name


def keyword_of(call: ast.Call, name: str) -> ast.expr | None:
    return next((found.value for found in call.keywords if found.arg == name), None)


def texts_of_literals(node: ast.expr) -> list[str]:
    """The text that is written there, or both that may stand there."""
    if isinstance(node, ast.IfExp):
        return texts_of_literals(node.body) + texts_of_literals(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def texts_of_sources() -> set[tuple[str, str]]:
    """What the add-on asks the translations for, and what it writes straight into a layout."""
    found: set[tuple[str, str]] = set()
    for _, call, name in calls_below("addon"):
        if name in GETTERS:
            found |= {(ANYWHERE, text) for text in texts_of_literals(call.args[0])}
        for keyword in ("text", "heading"):
            value = keyword_of(call, keyword)
            if value is not None and keyword_of(call, "translate") is None:
                context = OPERATOR if name == "operator" else ANYWHERE
                if keyword_of(call, f"{keyword}_ctxt") is not None:
                    context = PANEL_CONTEXT
                found |= {(context, text) for text in texts_of_literals(value) if text}
    return found


def stages_of_core() -> set[tuple[str, str]]:
    """What the progress bar says: ``lift`` asks for the names that core gives its stages."""
    return {
        (ANYWHERE, text)
        for _, call, name in calls_below("core")
        if name in ("stage", "progress") and call.args
        for text in texts_of_literals(call.args[0])
        if text
    }


def names_of_core() -> set[tuple[str, str]]:
    """Parts of the body in plain words, and why frames are not to be trusted."""
    parts = {plain_name(name) for name in (*LIFTED_21.joint_names, *ROLES)}
    reasons = {value for name, value in vars(trust).items() if name.isupper() and name[0] != "_"}
    assert len(reasons) == 4
    return {(ANYWHERE, text) for text in parts | reasons}


def texts_of_classes() -> set[tuple[str, str]]:
    """What Blender shows of the registered classes and of the properties that they add."""
    found: set[tuple[str, str]] = set()
    for registered in CLASSES:
        rna = registered.bl_rna
        if issubclass(registered, bpy.types.Operator):
            group, _, name = registered.bl_idname.partition(".")
            rna = getattr(getattr(bpy.ops, group), name).get_rna_type()
            found |= {(OPERATOR, rna.name), (ANYWHERE, rna.description)}
        elif hasattr(registered, "bl_label"):
            context = getattr(registered, "bl_translation_context", ANYWHERE)
            found.add((context, registered.bl_label))
        if hasattr(registered, "bl_category"):
            found.add((ANYWHERE, registered.bl_category))
        declared = vars(registered).get("__annotations__", {})
        for identifier in declared.keys() & rna.properties.keys():
            found |= texts_of_property(rna.properties[identifier])
    return found


def texts_of_property(shown: Any) -> set[tuple[str, str]]:
    # Without a name of its own a property is called as in the code, and never drawn.
    texts = [shown.name, shown.description] if shown.name != shown.identifier else []
    if shown.type == "ENUM":
        for item in shown.enum_items:
            texts += (
                [item.description] if item.name in PROPER_NAMES else [item.name, item.description]
            )
    return {(ANYWHERE, text) for text in texts if text}


def fields_of(text: str) -> list[tuple[str | None, str | None]]:
    return sorted(
        (name or "", form or "") for _, name, form, _ in string.Formatter().parse(text) if name
    )


@pytest.fixture
def registered() -> Iterator[None]:
    lift_video_to_3d.register()
    yield
    lift_video_to_3d.unregister()


@pytest.mark.usefixtures("registered")
def test_no_text_is_without_its_translation_and_no_translation_without_its_text() -> None:
    used = texts_of_sources() | stages_of_core() | names_of_core() | texts_of_classes()
    used |= {(ANYWHERE, sentence) for sentence in CHINESE_CORE_MESSAGES}
    assert len(used) > 100
    assert sorted(used - set(CHINESE)) == []
    assert sorted(set(CHINESE) - used) == []


def test_a_translation_is_chinese_and_fills_in_the_same_values() -> None:
    for (_, text), chinese in CHINESE.items():
        assert re.search("[\u4e00-\u9fff]", chinese), text
        assert fields_of(chinese) == fields_of(text)


def test_no_text_is_put_together_where_no_translation_can_find_it() -> None:
    put_together: list[str] = []
    for place, call, name in calls_below("addon"):
        shown = [keyword_of(call, "text"), keyword_of(call, "heading")]
        if name == "report" and len(call.args) == 2:
            shown.append(call.args[1])
            assert not texts_of_literals(call.args[1]), place
        assert not name.startswith("pgettext") or place.startswith("addon/translation.py"), place
        if name in GETTERS:
            is_of_core = any(name in ast.unparse(call) for name in NAMES_OF_CORE)
            assert texts_of_literals(call.args[0]) or is_of_core, place
        put_together += [place for value in shown if isinstance(value, ast.JoinedStr)]
    assert put_together == []


def test_lines_are_as_wide_as_the_sidebar_in_both_scripts() -> None:
    assert wrap_text("one two three", 7) == ["one two", "three"]
    assert wrap_text("每一帧都可信", 6) == ["每一帧", "都可信"]
    assert wrap_text("", 6) == []


def shape_of(node: ast.expr) -> str:
    """A text with {} for all that is put into it."""
    values = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(
        str(value.value) if isinstance(value, ast.Constant) else "{}" for value in values
    )


def test_every_sentence_of_cores_that_is_translated_is_still_said() -> None:
    said = {
        shape_of(node)
        for folder in ("core", "addon")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "core_message.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.JoinedStr)
        or (isinstance(node, ast.Constant) and isinstance(node.value, str))
    }
    # A constant's text may be put into a sentence.
    said |= {each.replace(": {}", f": {opencv.WHAT_TO_DO}") for each in said}
    shapes = {re.sub(r"\{\w+\}", "{}", each): each for each in CHINESE_CORE_MESSAGES}
    assert sorted(set(shapes) - said) == []


@pytest.fixture
def in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a Blender that speaks Chinese: its modules for Python know no language."""
    monkeypatch.setattr(
        translation, "translate_message", lambda text: CHINESE.get((ANYWHERE, text), text)
    )


@pytest.mark.usefixtures("in_chinese")
def test_sentences_of_core_are_recognised_with_what_is_in_them() -> None:
    assert translation.translate_core("people found: 3") == "找到的人数：3"
    assert (
        translation.translate_core(
            "the video beside the keypoints was not used: walk.mp4: expected a video track, found none"
        )
        == "未使用关键点旁边的视频：walk.mp4：没有视频轨"
    )
    assert translation.translate_core("{odd} {braces}") == "{odd} {braces}"
    assert translation.translate_core("walk.{x}.json: no such file or folder") == (
        "walk.{x}.json：文件或文件夹不存在"
    )


@pytest.mark.usefixtures("in_chinese")
def test_what_is_said_of_the_demo_clip_is_chinese() -> None:
    [lifted] = lift_clip(
        ROOT / "tests" / "data" / "beam" / "cam01_json",
        person=1,
        settings=LiftSettings(),
        progress=lambda _, __: None,
    )
    assert lifted.warnings
    for sentence in lifted.warnings:
        assert translation.translate_core(sentence) != sentence, sentence


def test_english_stays_as_it_is() -> None:
    assert translation.translate_core("people found: 3") == "people found: 3"
