"""Calibration TOML."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError, NotAvailableError
from core.geometry.quaternion import to_matrix
from core.io.calibration import read_calibration
from tests.shared_data import shared_data

CAMERA = """
[{name}]
name = "{name}"
size = [ 640.0, 480.0]
matrix = [ [ 500.0, 0.0, 320.0], [ 0.0, 510.0, 240.0], [ 0.0, 0.0, 1.0]]
distortions = [ 0.1, 0.2, 0.3, 0.4]
rotation = [ 0.0, 0.0, 1.5707963267948966]
translation = [ 1.0, 2.0, 3.0]
fisheye = false
"""


def _write(path: Path, *names: str, replace: tuple[str, str] = ("", "")) -> Path:
    text = "".join(CAMERA.format(name=name) for name in names) + "\n[metadata]\nerror = 0.0\n"
    path.write_text(text.replace(*replace) if replace[0] else text)
    return path


def test_the_only_camera_needs_no_name(tmp_path: Path) -> None:
    camera, size = read_calibration(_write(tmp_path / "a.toml", "cam"), None)
    assert size == (640, 480)
    np.testing.assert_allclose(camera.focal_length, [500, 510])
    np.testing.assert_allclose(camera.principal_point, [320, 240])
    np.testing.assert_allclose(camera.radial, [0.1, 0.2, 0.0])
    np.testing.assert_allclose(camera.tangential, [0.3, 0.4])
    # A quarter turn about z: R = [[0, -1, 0], [1, 0, 0], [0, 0, 1]].
    half = np.sqrt(0.5)
    np.testing.assert_allclose(camera.rotation_world_to_camera, [half, 0, 0, half], atol=1e-12)
    np.testing.assert_allclose(camera.position_world, [-2, 1, -3], atol=1e-12)


def test_x_camera_is_r_x_plus_t_for_the_real_file() -> None:
    path = shared_data("real/pose2sim_single/calibration.toml")
    camera, size = read_calibration(path, "cam_02")
    assert size == (1088, 1920)
    rotation = to_matrix(camera.rotation_world_to_camera)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(
        -rotation @ camera.position_world,
        [-0.11152829000000014, 0.7766184800000001, 3.0675519599999994],
    )
    # The man stands at the origin of the world, in front of the camera and in the picture.
    point = rotation @ (np.array([0.0, 0.0, 1.0]) - camera.position_world)
    pixel = camera.focal_length * point[:2] / point[2] + camera.principal_point
    assert point[2] > 0
    assert (pixel > 0).all() and (pixel < size).all()


def test_several_cameras_need_a_name(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.toml", "left", "right")
    assert read_calibration(path, "right")[1] == (640, 480)
    with pytest.raises(InputFormatError, match="name of one of its cameras: left, right"):
        read_calibration(path, None)
    with pytest.raises(InputFormatError, match=r"one of its cameras \(left, right\), found 'top'"):
        read_calibration(path, "top")


def test_a_camera_is_also_known_by_the_name_in_it(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.toml", "one", "two", replace=('name = "two"', 'name = "door"'))
    assert read_calibration(path, "door")[1] == (640, 480)


@pytest.mark.parametrize(
    ("replace", "error", "message"),
    [
        (("fisheye = false", "fisheye = true"), NotAvailableError, "fisheye lenses"),
        (("0.3, 0.4]", "0.3, 0.4, 0.0, 0.5]"), NotAvailableError, "found 6 distortion"),
        (("translation", "position"), InputFormatError, "camera cam: .*missing 'translation'"),
        (("1.0, 2.0, 3.0", "1.0, 2.0"), InputFormatError, r"translation: expected finite .*\(3,\)"),
        (("1.0, 2.0, 3.0", "1.0, 2.0, nan"), InputFormatError, "translation: expected finite"),
        (("[ 640.0, 480.0]", '"big"'), InputFormatError, "size: expected numbers, found 'big'"),
        (("[ 640.0, 480.0]", "[0, 480]"), InputFormatError, "size: expected px, found 0 x 480"),
        (("[ 500.0,", "[ -500.0,"), InputFormatError, "expected positive focal lengths"),
        (("[ 0.1, 0.2, 0.3, 0.4]", "3"), InputFormatError, "distortions: expected"),
        (("[cam]", "[cam"), InputFormatError, "a.toml: not valid TOML"),
        (("[cam]", "[[cam]]"), InputFormatError, "expected a table for each camera"),
    ],
)
def test_broken_files_are_told(
    tmp_path: Path, replace: tuple[str, str], error: type[Exception], message: str
) -> None:
    path = _write(tmp_path / "a.toml", "cam", replace=replace)
    with pytest.raises(error, match=message):
        read_calibration(path, "cam")


def test_five_coefficients_and_zeros_beyond_are_read(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.toml", "cam", replace=("0.3, 0.4]", "0.3, 0.4, 0.5, 0, 0, 0]"))
    assert read_calibration(path, None)[0].radial.tolist() == [0.1, 0.2, 0.5]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputFormatError, match=r"none.toml: cannot be read"):
        read_calibration(tmp_path / "none.toml", None)
