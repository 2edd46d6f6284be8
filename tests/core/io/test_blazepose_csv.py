"""MediaPipe's 33 landmarks in CSV: wide and long, with and without a header."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError
from core.io.keypoints import read_keypoints
from core.joint_sets import BLAZEPOSE_33
from tests.core.io.sample_files import blazepose_clip

_OWN_NAMES = {
    "left_mouth": "MOUTH_LEFT",
    "right_mouth": "MOUTH_RIGHT",
    "left_big_toe": "LEFT_FOOT_INDEX",
    "right_big_toe": "RIGHT_FOOT_INDEX",
}
_NAMES = [_OWN_NAMES.get(name, name.upper()) for name in BLAZEPOSE_33.joint_names]


def _with_depth(keypoints: np.ndarray) -> np.ndarray:
    depth = np.full((*keypoints.shape[:2], 1), -0.1)
    return np.concatenate((keypoints[..., :2], depth, keypoints[..., 2:]), axis=-1)


def _write(path: Path, header: list[str] | None, rows: list[list[object]], mark: str = ",") -> Path:
    lines = [] if header is None else [mark.join(header)]
    lines += [mark.join(str(cell) for cell in row) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def _wide_rows(values: np.ndarray, start: int = 0) -> list[list[object]]:
    return [[frame, *row.ravel().tolist()] for frame, row in enumerate(values, start)]


@pytest.mark.parametrize("mark", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize(
    "columns",
    [
        [f"{c}{j}" for j in range(1, 34) for c in "xyzv"],
        [f"{j}_{c}" for j in range(33) for c in ("x", "y", "z", "visibility")],
        [f"{name}_{c}" for name in _NAMES for c in ("x", "y", "z", "visibility")],
        [f"landmark_{j}.{c}" for j in range(33) for c in ("X", "Y", "Z", "vis")],
    ],
    ids=["x1", "0_x", "NOSE_x", "landmark_0.X"],
)
def test_wide_tables_with_a_header_are_read(tmp_path: Path, columns: list[str], mark: str) -> None:
    keypoints = blazepose_clip()
    rows = _wide_rows(_with_depth(keypoints), start=5)
    detections = read_keypoints(_write(tmp_path / "a.csv", ["frame", *columns], rows, mark))
    assert detections.format == "MediaPipe CSV, BlazePose-33"
    assert detections.frames.tolist() == [5, 6, 7, 8]
    np.testing.assert_allclose(detections.positions, keypoints[..., :2])
    np.testing.assert_allclose(detections.confidence, keypoints[..., 2])


def test_columns_in_another_order_are_placed_by_name(tmp_path: Path) -> None:
    keypoints = blazepose_clip()
    order = np.random.default_rng(1).permutation(33)
    columns = [f"{_NAMES[joint]}_{c}" for joint in order for c in ("x", "y", "z", "visibility")]
    rows = [row[1:] for row in _wide_rows(_with_depth(keypoints)[:, order])]
    detections = read_keypoints(
        _write(tmp_path / "a.csv", ["class", *columns], [["walk", *row] for row in rows])
    )
    np.testing.assert_allclose(detections.positions, keypoints[..., :2])


@pytest.mark.parametrize("has_frame", [True, False])
@pytest.mark.parametrize("num_columns", [2, 4])
def test_tables_without_a_header_are_read(
    tmp_path: Path, has_frame: bool, num_columns: int
) -> None:
    keypoints = blazepose_clip()
    rows = _wide_rows(_with_depth(keypoints)[..., :num_columns])
    rows = rows if has_frame else [row[1:] for row in rows]
    detections = read_keypoints(_write(tmp_path / "a.csv", None, rows))
    np.testing.assert_allclose(detections.positions, keypoints[..., :2])
    expected = keypoints[..., 2] if num_columns == 4 else 1.0
    np.testing.assert_allclose(detections.confidence, expected)


@pytest.mark.parametrize("has_names", [True, False])
def test_long_tables_are_read(tmp_path: Path, has_names: bool) -> None:
    keypoints = blazepose_clip()
    rows: list[list[object]] = [
        [frame, _NAMES[joint] if has_names else joint, *keypoints[frame, joint].tolist()]
        for frame in range(4)
        for joint in (reversed(range(33)) if has_names else range(33))
    ]
    path = _write(tmp_path / "a.csv", ["frame", "landmark", "x", "y", "visibility"], rows)
    detections = read_keypoints(path)
    np.testing.assert_allclose(detections.positions, keypoints[..., :2])
    np.testing.assert_allclose(detections.confidence, keypoints[..., 2])


def test_empty_cells_are_missing_joints(tmp_path: Path) -> None:
    rows = _wide_rows(_with_depth(blazepose_clip()))
    rows[1][1 + 4 * 25] = ""
    detections = read_keypoints(_write(tmp_path / "a.csv", None, rows))
    assert detections.confidence[1, BLAZEPOSE_33.index("left_knee")] == 0
    assert "frame 1, left_knee" in detections.warnings[0]


def test_repeated_frames_keep_the_first(tmp_path: Path) -> None:
    rows = _wide_rows(_with_depth(blazepose_clip()))
    rows[2][0] = 1
    detections = read_keypoints(_write(tmp_path / "a.csv", None, rows))
    assert detections.frames.tolist() == [0, 1, 3]
    assert "1 lines repeat a frame number" in detections.warnings[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x0,y0,x1,y1\n1,2,3,4\n", "expected columns x and y of 33 landmarks, found 2"),
        ("1,2,3\n", "expected 33 landmarks of 2 to 5 columns each, found 3 columns"),
        ("frame,joint,x,y\n0,0,1,2\n", "expected 33 lines a frame, found 1 lines"),
        ("a,b,c\n", "expected lines of landmarks, found none"),
        ("1,2,3\n1,2\n", "line 2: expected 3 columns, found 2"),
        (",".join(["1"] * 66) + "\n" + ",".join(["1"] * 65 + ["b"]), "line 2, column 66: .*'b'"),
        (",".join(["nan"] + ["1"] * 66) + "\n", "line 1: expected a frame number"),
    ],
)
def test_other_tables_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputFormatError, match=f"a.csv.*{message}"):
        read_keypoints(tmp_path / "a.csv")
