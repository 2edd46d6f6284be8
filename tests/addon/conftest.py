"""Loads the repository as the package ``lift_video_to_3d``; without bpy these tests are skipped."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HAS_BPY = importlib.util.find_spec("bpy") is not None


def _load(name: str, path: Path, folder: Path | None = None) -> None:
    """Load ``path`` as the module ``name`` (a package where its ``folder`` is given)."""
    if name in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(
        name, path, submodule_search_locations=[str(folder)] if folder else None
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


_load("lift_video_to_3d", ROOT / "__init__.py", ROOT)
_load("command_line", HERE / "command_line.py")
if HAS_BPY:
    _load("round_trip", HERE / "round_trip.py")
    _load("rig_state", HERE / "rig_state.py")
    _load("rig_clip", HERE / "rig_clip.py")
    _load("character", HERE / "character.py")


class _SkippedModule(pytest.Module):
    """A test module that is never imported."""

    def collect(self) -> list[pytest.Item]:
        """Skip, saying why."""
        pytest.skip("needs Blender's Python module bpy", allow_module_level=True)


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Without bpy, stand in for this folder's test modules."""
    if HAS_BPY or not module_path.is_relative_to(HERE):
        return None
    return _SkippedModule.from_parent(parent, path=module_path)


@pytest.fixture(autouse=True)
def empty_file() -> Iterator[None]:
    """Every test starts in an empty Blender file."""
    if HAS_BPY:
        import round_trip  # noqa: PLC0415

        round_trip.start_empty_file()
    yield


_exit_status = 0


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember how the tests ended, for ``pytest_unconfigure``."""
    global _exit_status  # noqa: PLW0603
    _exit_status = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End without the interpreter's clean-up, in which bpy 4.2 can crash and 4.5 wait for ever."""
    if "bpy" in sys.modules:
        from lift_video_to_3d.addon import compat  # noqa: PLC0415

        compat.leave(_exit_status)
