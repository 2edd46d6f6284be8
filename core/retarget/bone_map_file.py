"""A bone map as a file of the user's: JSON, made to be read and corrected by hand.

``{"format": "lift bone map", "version": 1, "name": "my rig", "bones": {"hips": "Pelvis",
"spine": ["Spine", "Spine1"], ...}, "twists": {"forearm.L": ["Forearm Roll L"]}}``: each role's bone,
or its chain of bones from parent to child; ``twists`` may be left out. The roles are those of
``bone_map.ROLES``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import InputFormatError, LiftError
from ..io.atomic import atomic_output
from ..io.file_content import read_bytes
from .bone_map import BoneMap

_FORMAT = "lift bone map"
_VERSION = 1
_KEYS = ("format", "version", "name", "bones", "twists")


def read_bone_map(path: Path) -> BoneMap:
    """Read a bone map.

    Raises
    ------
    InputFormatError
        When the file cannot be read, is no bone map of a known version, or its map lacks a required
        role, has an unknown one, or one bone twice.
    """
    path = Path(path)
    content = read_bytes(path)
    try:
        data = json.loads(content, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        raise InputFormatError(f"{path}: not valid JSON: {error}") from error
    except LiftError as error:
        raise InputFormatError(f"{path}: {error}") from error
    if not isinstance(data, dict) or data.get("format") != _FORMAT:
        raise InputFormatError(f'{path}: expected a bone map, with "format": "{_FORMAT}"')
    if data.get("version") != _VERSION:
        raise InputFormatError(
            f"{path}: expected a bone map of version {_VERSION}, found {data.get('version')!r}"
        )
    unknown = [key for key in data if key not in _KEYS]
    if unknown:
        raise InputFormatError(f"{path}: expected {', '.join(_KEYS)}, found {unknown[0]!r}")
    name = data.get("name", path.stem)
    if not isinstance(name, str):
        raise InputFormatError(f"{path}, name: expected a text, found {name!r}")
    bones = _chains(data.get("bones"), f"{path}, bones")
    twists = _chains(data.get("twists", {}), f"{path}, twists")
    try:
        return BoneMap(name=name, bones=bones, twists=twists)
    except LiftError as error:
        raise InputFormatError(f"{path}: {error}") from error


def write_bone_map(path: Path, bone_map: BoneMap) -> None:
    """Write ``bone_map``, whole or not at all.

    Raises
    ------
    LiftError
        When the file cannot be written.
    """
    data = {
        "format": _FORMAT,
        "version": _VERSION,
        "name": bone_map.name,
        "bones": {role: _plain(chain) for role, chain in bone_map.bones.items()},
        "twists": {role: list(chain) for role, chain in bone_map.twists.items()},
    }
    text = json.dumps(data, indent=2, ensure_ascii=False)
    with atomic_output(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def _plain(chain: tuple[str, ...]) -> str | list[str]:
    return chain[0] if len(chain) == 1 else list(chain)


def _chains(value: Any, where: str) -> dict[str, tuple[str, ...]]:
    """Role to chain; a bone on its own is a chain of one."""
    if not isinstance(value, dict):
        raise InputFormatError(f"{where}: expected roles with their bones, found {value!r:.60}")
    chains: dict[str, tuple[str, ...]] = {}
    for role, bones in value.items():
        chain = [bones] if isinstance(bones, str) else bones
        if not isinstance(chain, list) or not all(isinstance(bone, str) for bone in chain):
            raise InputFormatError(
                f"{where}, {role}: expected a bone's name or a list of names, found {bones!r:.60}"
            )
        chains[role] = tuple(chain)
    return chains


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose keys stand there once: of two, one would be lost without a word."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise LiftError(f"expected {key!r} once, found it twice")
        found[key] = value
    return found
