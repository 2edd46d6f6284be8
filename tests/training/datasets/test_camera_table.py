"""Published cameras: the convention of their numbers, and tables that are broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InputFormatError
from core.geometry.quaternion import to_matrix
from tests.shared_data import shared_data
from tests.training.datasets.dataset_writer import custom_cameras
from training.datasets import human36m, humaneva
from training.datasets.camera_table import read_camera_table, to_camera_space


def write_table(path: Path, table: Any) -> Path:
    path.write_text(json.dumps(table), encoding="utf-8")
    return path


def test_world_to_camera_agrees_with_the_reference(tmp_path: Path) -> None:
    with np.load(shared_data("parity/camera.npz")) as archive:
        parity = {name: archive[name] for name in archive.files}
    table = custom_cameras(["a"])
    place = {
        "orientation": parity["rotation_wxyz"].tolist(),
        "translation": (1000.0 * parity["translation"]).tolist(),
    }
    table["extrinsic_params"]["a"] = [place, place]
    view = read_camera_table(write_table(tmp_path / "cameras.json", table)).views("a")[0]
    assert view.pose is not None
    points = to_camera_space(parity["points_world"], view.pose)
    np.testing.assert_allclose(points, parity["world_to_camera"], atol=1e-5)


def test_orientation_turns_the_camera_s_axes_to_the_world_s(tmp_path: Path) -> None:
    view = read_camera_table(human36m.CAMERA_TABLE).views("S9")[2]
    assert view.pose is not None and view.camera is not None
    text = human36m.CAMERA_TABLE.read_text(encoding="utf-8")
    place = json.loads(text)["h36m_cameras_extrinsic_params"]["S9"][2]
    ahead = np.array(place["translation"]) / 1000 + 2 * to_matrix(place["orientation"])[:, 2]
    np.testing.assert_allclose(to_camera_space(ahead, view.pose), [0, 0, 2], atol=1e-6)
    np.testing.assert_array_equal(view.camera.position_world, view.pose.position_world)


def test_the_published_tables_are_those_of_the_data_folder() -> None:
    for ours, name in (
        (human36m.CAMERA_TABLE, "h36m_cameras.json"),
        (humaneva.CAMERA_TABLE, "humaneva_cameras.json"),
    ):
        theirs = json.loads(shared_data(name).read_text(encoding="utf-8"))
        assert json.loads(ours.read_text(encoding="utf-8")) == theirs


def test_places_are_known_for_the_published_subjects_alone() -> None:
    cameras = read_camera_table(human36m.CAMERA_TABLE)
    known = [subject for subject in cameras.poses if cameras.has_poses(subject)]
    assert set(known) == {*human36m.TRAIN_SUBJECTS, *human36m.TEST_SUBJECTS}
    unplaced = cameras.views("S2")[0]
    assert unplaced.pose is None and unplaced.camera is not None
    assert not cameras.has_poses("nobody")
    assert {view.camera for view in read_camera_table(humaneva.CAMERA_TABLE).views("S1")} == {None}


def _set(*keys: Any, to: Any) -> Any:
    def change(table: dict[str, Any]) -> None:
        inner: Any = table
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.pop("extrinsic_params"), "ends in 'extrinsic_params'"),
        (_set("intrinsic_params", to=[]), "ends in 'intrinsic_params' with a list"),
        (_set("intrinsic_params", 1, to=3), "camera 1: expected a dict, found 3"),
        (_set("intrinsic_params", 0, "center", to=[1, 2, 3]), "camera left, center: expected 2"),
        (_set("intrinsic_params", 0, "center", to=[1, "x"]), "left, center: expected numbers"),
        (
            _set("intrinsic_params", 0, "focal_length", to=[9, -9]),
            "left: expected a positive focal",
        ),
        (lambda table: table["intrinsic_params"][1].pop("center"), "right: .*missing 'center'"),
        (_set("intrinsic_params", 0, "res_w", to=0), "left: expected res_w, res_h in px, found 0"),
        (_set("extrinsic_params", "a", to=[{}]), "'a': expected the places of 2 cameras .*found 1"),
        (
            _set("extrinsic_params", "a", 0, to={"translation": [0, 0, 0]}),
            "camera left: expected o",
        ),
        (_set("extrinsic_params", "a", 0, "orientation", to=[1, 1, 0, 0]), "unit quaternion"),
        (_set("extrinsic_params", "a", 1, "translation", to=[0, 0]), "right, translation: expec"),
    ],
)
def test_broken_tables_are_refused(tmp_path: Path, change: Any, message: str) -> None:
    # Through JSON, so that the two subjects' cameras are not the same objects.
    table = json.loads(json.dumps(custom_cameras(["a"])))
    change(table)
    with pytest.raises(InputFormatError, match=f"cameras.json: .*{message}"):
        read_camera_table(write_table(tmp_path / "cameras.json", table))


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cameras.json").write_text("{")
    with pytest.raises(InputFormatError, match="not valid JSON"):
        read_camera_table(tmp_path / "cameras.json")
    with pytest.raises(InputFormatError, match="missing.json: cannot be read"):
        read_camera_table(tmp_path / "missing.json")
