"""Markers are read in the calibration's axes; what is blank is not known, what is broken is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError
from core.joint_sets import BODY_12
from tests.shared_data import shared_data
from training.datasets.trc import read_trc

HEADER = (
    "PathFileType\t4\t(X/Y/Z)\tmade up",
    "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits",
    "60\t60\t2\t3\tm",
    "Frame#\tTime\tRHip\t\t\tRBigToe\t\t\tLWrist\t\t",
    "\t\tX1\tY1\tZ1\tX2\tY2\tZ2\tX3\tY3\tZ3",
)
FRAMES = ("1\t0.0\t1\t2\t3\t4\t5\t6\t7\t8\t9", "2\t0.1\t11\t12\t13\t14\t15\t16\t17\t18\t19")


def write_trc(folder: Path, *lines: str) -> Path:
    path = folder / "markers.trc"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_markers_are_found_by_the_joints_names_and_stand_z_up(tmp_path: Path) -> None:
    path = write_trc(tmp_path, *HEADER, "", *FRAMES)
    markers = read_trc(path, ("left_wrist", "right_hip"))
    # y up there: (z, x, y) here.
    assert markers.tolist() == [[[9, 7, 8], [3, 1, 2]], [[19, 17, 18], [13, 11, 12]]]
    assert read_trc(path, ("right_big_toe",))[0].tolist() == [[6, 4, 5]]


def test_a_blank_cell_is_not_known_and_shifts_no_other(tmp_path: Path) -> None:
    path = write_trc(tmp_path, *HEADER, "1\t0.0\t1\t2\t3\t\t\t\t7\t8\t9", FRAMES[1])
    markers = read_trc(path, ("right_hip", "right_big_toe", "left_wrist"))
    assert np.isnan(markers[0, 1]).all() and np.isfinite(markers[1]).all()
    assert markers[0, [0, 2]].tolist() == [[3, 1, 2], [9, 7, 8]]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "expected a TRC file with 5 lines of header, found 1"),
        (HEADER, "expected a line for each frame, found none"),
        ((*HEADER, FRAMES[0], "2\t0.1\t11"), "line 7: marker RHip: expected three coor.*found 1"),
        ((*HEADER, "1\t0.0\t1\t2\tx"), "line 6: marker RHip: expected numbers, found '1 2 x'"),
        (
            (*HEADER[:3], "Frame#\tTime\tLHip\t\t", HEADER[4], FRAMES[0]),
            "line 4: expected a marker RHip, found LHip",
        ),
        ((*HEADER[:3], "", HEADER[4], FRAMES[0]), "line 4: expected a marker RHip, found none"),
    ],
)
def test_what_is_broken_is_named(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputFormatError, match=rf"markers\.trc: {message}"):
        read_trc(write_trc(tmp_path, *lines), ("right_hip",))


def test_what_is_no_text_or_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "picture.trc").write_bytes(b"\x89PNG\xff\x00")
    for name in ("picture.trc", "gone.trc"):
        with pytest.raises(InputFormatError, match=f"{name}: expected a TRC file of markers"):
            read_trc(tmp_path / name, ("right_hip",))


def test_triangulated_markers_read_as_an_upright_person_of_human_size() -> None:
    path = shared_data("real/pose2sim_single/triangulated.trc")
    joints = read_trc(path, BODY_12)
    assert joints.shape == (100, 12, 3)
    hip, knee = (joints[:, BODY_12.index(f"left_{part}")] for part in ("hip", "knee"))
    thigh = np.linalg.norm(hip - knee, axis=-1)
    assert 0.3 < np.median(thigh) < 0.5
    shoulder = joints[:, BODY_12.index("left_shoulder")]
    assert np.median((shoulder - hip)[:, 2]) > 0.3
