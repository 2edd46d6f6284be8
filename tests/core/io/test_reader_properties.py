"""Every reader, on random valid content and on random damage to it."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.errors import LiftError
from core.io.calibration import read_calibration
from core.io.keypoints import read_keypoints, with_image_size, write_keypoints_npz
from core.io.pickled_npz import read_npy
from core.io.poses import read_poses_npz
from core.io.video import read_video_info
from core.joint_sets import BLAZEPOSE_33, BODY_25B, COCO_17, COCO_18
from core.types import Detections, Keypoints2D
from tests.core.io.sample_files import (
    blazepose_clip,
    clip,
    coco_results,
    landmarks,
    mmpose_clip,
    openpose_frame,
    openpose_person,
    write_detectron,
    write_json,
    write_videopose3d,
    yolo_detection,
    yolo_line,
)

SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.data_too_large]
)
Writer = Callable[[Path, np.ndarray], Path]


def _openpose(folder: Path, keypoints: np.ndarray) -> Path:
    for frame, person in enumerate(keypoints):
        write_json(folder / f"{frame}.json", openpose_frame(openpose_person(person)))
    return folder


def _openpose_file(folder: Path, keypoints: np.ndarray) -> Path:
    return write_json(folder / "walk_0.json", openpose_frame(openpose_person(keypoints[0])))


def _coco(folder: Path, keypoints: np.ndarray) -> Path:
    return write_json(folder / "a.json", coco_results(keypoints))


def _alphapose_cmu(folder: Path, keypoints: np.ndarray) -> Path:
    content = {
        f"{frame}.jpg": {"bodies": [{"joints": person.ravel().tolist()}]}
        for frame, person in enumerate(keypoints)
    }
    return write_json(folder / "a.json", content)


def _mmpose(folder: Path, keypoints: np.ndarray) -> Path:
    return write_json(folder / "a.json", {"instance_info": mmpose_clip(keypoints)})


def _yolo_labels(folder: Path, keypoints: np.ndarray) -> Path:
    for frame, person in enumerate(keypoints):
        (folder / f"{frame}.txt").write_text(yolo_line(person, 0.5, 3))
    return folder


def _yolo_json(folder: Path, keypoints: np.ndarray) -> Path:
    return write_json(folder / "a.json", [[yolo_detection(person)] for person in keypoints])


def _blazepose_json(folder: Path, keypoints: np.ndarray) -> Path:
    people = [{"frame": frame, "landmarks": landmarks(p)} for frame, p in enumerate(keypoints)]
    return write_json(folder / "a.json", people)


def _blazepose_npy(folder: Path, keypoints: np.ndarray) -> Path:
    np.save(folder / "a.npy", np.insert(keypoints, 2, -0.5, axis=-1))
    return folder / "a.npy"


def _blazepose_csv(folder: Path, keypoints: np.ndarray) -> Path:
    header = ["frame", *(f"{c}{joint}" for joint in range(33) for c in "xyv")]
    lines = [",".join(header)]
    for frame, person in enumerate(keypoints):
        lines.append(",".join([str(frame), *(repr(float(value)) for value in person.ravel())]))
    (folder / "a.csv").write_text("\n".join(lines))
    return folder / "a.csv"


def _videopose3d(folder: Path, keypoints: np.ndarray) -> Path:
    return write_videopose3d(folder / "a.npz", keypoints)


def _detectron(folder: Path, keypoints: np.ndarray) -> Path:
    return write_detectron(folder / "a.npz", keypoints)


def _native(folder: Path, keypoints: np.ndarray) -> Path:
    person = Keypoints2D(
        positions=keypoints[..., :2],
        confidence=keypoints[..., 2],
        frames=np.arange(len(keypoints)),
        image_size=(640, 480),
        fps=None,
        person=1,
        skeleton=COCO_17,
    )
    write_keypoints_npz(folder / "a.npz", person)
    return folder / "a.npz"


# Each with the joint count that the format is written in.
WRITERS: dict[str, tuple[Writer, int]] = {
    "openpose": (_openpose, BODY_25B.num_joints),
    "openpose file": (_openpose_file, COCO_18.num_joints),
    "coco": (_coco, 17),
    "alphapose cmu": (_alphapose_cmu, COCO_18.num_joints),
    "mmpose": (_mmpose, 17),
    "yolo labels": (_yolo_labels, 17),
    "yolo json": (_yolo_json, 17),
    "blazepose json": (_blazepose_json, BLAZEPOSE_33.num_joints),
    "blazepose npy": (_blazepose_npy, BLAZEPOSE_33.num_joints),
    "blazepose csv": (_blazepose_csv, BLAZEPOSE_33.num_joints),
    "videopose3d": (_videopose3d, 17),
    "detectron": (_detectron, 17),
    "native": (_native, 17),
}
JSON_FORMATS = [
    "openpose",
    "openpose file",
    "coco",
    "alphapose cmu",
    "mmpose",
    "yolo json",
    "blazepose json",
]
FORMATS = pytest.mark.parametrize("name", WRITERS)


def _keypoints(num_joints: int) -> st.SearchStrategy[np.ndarray]:
    """(T,J,3) px and confidence; a confidence of 1 somewhere keeps every scale at 1."""
    positions = arrays(
        float,
        st.tuples(st.integers(1, 4), st.just(num_joints), st.just(2)),
        elements=st.floats(5, 2000, width=32),
    )
    confidence = arrays(float, (4, num_joints), elements=st.sampled_from([0.0, 0.25, 0.75, 1.0]))

    def join(parts: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        values = np.concatenate((parts[0], parts[1][: len(parts[0]), :, None]), axis=-1)
        values[:, 0, 2] = 1.0
        return values

    return st.tuples(positions, confidence).map(join)


def _write(name: str, folder: Path, keypoints: np.ndarray | None = None) -> Path:
    writer, num_joints = WRITERS[name]
    if keypoints is None:
        skeletons = {25: BODY_25B, 18: COCO_18, 17: COCO_17}
        is_blazepose = num_joints == BLAZEPOSE_33.num_joints
        keypoints = blazepose_clip(3) if is_blazepose else clip(3, skeletons[num_joints])
    return writer(folder, keypoints)


def _read_or_refuse(path: Path) -> Detections | None:
    """What a user gets: detections that hold their promises, or one line."""
    try:
        detections = read_keypoints(path)
    except LiftError as error:
        assert "\n" not in str(error)
        return None
    assert np.isfinite(detections.positions).all()
    assert (detections.confidence >= 0).all() and (detections.confidence <= 1).all()
    assert (np.diff(detections.frames) > 0).all()
    assert np.isin(detections.row_frames, detections.frames).all()
    assert (np.diff(detections.row_frames) >= 0).all()
    assert (detections.confidence > 0).any(axis=1).all()
    return detections


@FORMATS
@SETTINGS
@given(data=st.data())
def test_what_was_written_is_read(name: str, data: st.DataObject) -> None:
    keypoints = data.draw(_keypoints(WRITERS[name][1]))
    with tempfile.TemporaryDirectory() as folder:
        detections = _read_or_refuse(_write(name, Path(folder), keypoints))
    assert detections is not None
    keypoints = keypoints[:1] if name == "openpose file" else keypoints
    assert len(detections.positions) == len(keypoints)
    seen = keypoints[..., 2]
    # Labels are written with six digits.
    np.testing.assert_allclose(detections.confidence, seen, atol=1e-5)
    expected = np.where(seen[..., None] > 0, keypoints[..., :2], 0.0)
    np.testing.assert_allclose(detections.positions, expected, rtol=1e-4)
    sized = with_image_size(detections, (640, 480))
    np.testing.assert_array_equal(sized.positions, detections.positions)


@FORMATS
@SETTINGS
@given(data=st.data())
def test_damaged_files_are_read_or_refused(name: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = _write(name, Path(folder))
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        for file in data.draw(st.lists(st.sampled_from(files), min_size=1, max_size=3)):
            file.write_bytes(_damaged(file.read_bytes(), data))
        _read_or_refuse(path)


@settings(SETTINGS, max_examples=400)
@given(data=st.data())
def test_damaged_pickles_are_read_or_refused(data: st.DataObject) -> None:
    """Unlike a file's bytes, which the zip's checksums guard, a pickle's may be changed at will."""
    buffer = io.BytesIO()
    content = {"walk": {"custom": [clip(2)[..., :2], "text", 3, 0.5, (1, None)]}}
    np.save(buffer, np.array(content, dtype=object), allow_pickle=True)
    try:
        read_npy(_damaged(buffer.getvalue(), data), "here")
    except LiftError as error:
        assert "\n" not in str(error)


def _damaged(content: bytes, data: st.DataObject) -> bytes:
    kind = data.draw(st.sampled_from(["cut", "change", "insert", "repeat"]))
    position = data.draw(st.integers(0, max(len(content) - 1, 0)))
    extra = data.draw(st.binary(min_size=1, max_size=8))
    if kind == "cut":
        return content[:position]
    if kind == "change":
        return content[:position] + extra + content[position + len(extra) :]
    if kind == "insert":
        return content[:position] + extra + content[position:]
    return content + content[position:]


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["7.jpg", "frame_3", "nan", 1e308, -0.0]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["x", "y", "keypoints", "people", "0"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("name", JSON_FORMATS)
@SETTINGS
@given(data=st.data())
def test_json_with_any_value_replaced_is_read_or_refused(name: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = _write(name, Path(folder))
        file = data.draw(st.sampled_from(sorted(path.iterdir()))) if path.is_dir() else path
        content = json.loads(file.read_bytes())
        write_json(file, _replaced(content, data))
        _read_or_refuse(path)


def _replaced(content: Any, data: st.DataObject) -> Any:
    """``content`` with one value, at any depth, replaced, removed or added."""
    container, key = None, None
    inner = content
    while isinstance(inner, list | dict) and inner and data.draw(st.integers(0, 4)):
        container = inner
        keys = list(inner) if isinstance(inner, dict) else range(len(inner))
        key = data.draw(st.sampled_from(keys))
        inner = inner[key]
    if container is None:
        return data.draw(JSON_VALUES)
    if data.draw(st.booleans()):
        container[key] = data.draw(JSON_VALUES)
    else:
        del container[key]
    return content


@SETTINGS
@given(content=JSON_VALUES)
def test_any_json_is_read_or_refused(content: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _read_or_refuse(write_json(Path(folder) / "walk_1.json", content))


@settings(SETTINGS, max_examples=200)
@given(
    start=st.sampled_from(
        [b"", b"{", b"[", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"1,2\n", b"0 0.5 ", b"x,y\n"]
    ),
    rest=st.binary(max_size=200),
)
def test_any_bytes_are_read_or_refused(start: bytes, rest: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "walk_1.json"
        path.write_bytes(start + rest)
        _read_or_refuse(path)
        (Path(folder) / "walk_2.json").write_bytes(rest)
        _read_or_refuse(Path(folder))


@settings(SETTINGS, max_examples=200)
@given(
    start=st.sampled_from(
        [b"", b"\0\0\0\x18ftyp", b"\0\0\0\x08moov", b"\x1a\x45\xdf\xa3", b"RIFF\0\0\0\0AVI "]
    ),
    rest=st.binary(max_size=200),
)
def test_other_readers_refuse_any_bytes(start: bytes, rest: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.mp4"
        path.write_bytes(start + rest)
        for read in (read_video_info, read_poses_npz, lambda p: read_calibration(p, None)):
            with pytest.raises(LiftError):
                read(path)


@SETTINGS
@given(data=st.data())
def test_calibration_with_any_value_is_read_or_refused(data: st.DataObject) -> None:
    values = st.sampled_from(
        [
            "[1.0, 2.0]",
            "[1, 2, 3]",
            "[[9, 0, 1], [0, 9, 1], [0, 0, 1]]",
            "true",
            "'a'",
            "nan",
            "[]",
            "[inf, 1.0, 2.0]",
            "{a = 1}",
            "1979-05-27",
            "[1e308, 1e308, 1e308]",
            "3",
        ]
    )
    keys = ("size", "matrix", "distortions", "rotation", "translation", "fisheye", "name")
    lines = [f"{key} = {data.draw(values)}" for key in keys]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.toml"
        path.write_text("[cam]\n" + "\n".join(lines))
        try:
            camera, _ = read_calibration(path, None)
        except LiftError:
            return
        assert np.isfinite(camera.rotation_world_to_camera).all()
        assert np.isfinite(camera.position_world).all()
