"""Outputs appear whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from core.errors import LiftError
from core.io.atomic import atomic_output


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "walk.v2.bvh"
    with atomic_output(target) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".bvh"
        assert temporary.name.startswith(".")
        temporary.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert _names(tmp_path) == ["walk.v2.bvh"]


@pytest.mark.parametrize("error", [ValueError("bad"), KeyboardInterrupt(), LiftError("no")])
def test_any_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: BaseException
) -> None:
    target = tmp_path / "walk.bvh"
    target.write_text("old")
    with pytest.raises(type(error)), atomic_output(target) as temporary:
        temporary.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert _names(tmp_path) == ["walk.bvh"]


def test_a_full_disk_is_one_clear_line_and_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "walk.bvh"
    message = r"cannot write .*walk.bvh: No space left on device"
    with pytest.raises(LiftError, match=message), atomic_output(target) as temporary:
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert _names(tmp_path) == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    target = tmp_path / "none" / "walk.bvh"
    with (
        pytest.raises(LiftError, match=r"there is no folder .*none"),
        atomic_output(target) as temporary,
    ):
        temporary.write_text("x")


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(LiftError, match=r"cannot write"),
        atomic_output(tmp_path / "file" / "walk.bvh") as temporary,
    ):
        temporary.write_text("x")


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "walk.bvh").mkdir()
    with (
        pytest.raises(LiftError, match=r"cannot write .*walk.bvh"),
        atomic_output(tmp_path / "walk.bvh") as temporary,
    ):
        temporary.write_text("x")
    assert _names(tmp_path) == ["walk.bvh"]


def test_writing_nothing_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(LiftError, match=r"walk.bvh: nothing was written"),
        atomic_output(tmp_path / "walk.bvh"),
    ):
        pass


def test_long_names_stay_within_the_file_systems_limit(tmp_path: Path) -> None:
    target = tmp_path / ("w" * 250 + ".bvh")
    with atomic_output(target) as temporary:
        temporary.write_text("x")
    assert target.exists()
