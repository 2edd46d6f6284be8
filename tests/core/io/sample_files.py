"""A stick figure, and clips of it in every format that the readers know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.joint_sets import BLAZEPOSE_33, COCO_17
from core.skeleton import Skeleton

_FIGURE: dict[str, tuple[float, float]] = {
    "nose": (0.50, 0.14),
    "left_eye": (0.52, 0.12),
    "right_eye": (0.48, 0.12),
    "left_ear": (0.54, 0.13),
    "right_ear": (0.46, 0.13),
    "left_mouth": (0.51, 0.16),
    "right_mouth": (0.49, 0.16),
    "neck": (0.50, 0.22),
    "thorax": (0.50, 0.22),
    "head_top": (0.50, 0.06),
    "head": (0.50, 0.06),
    "left_shoulder": (0.58, 0.23),
    "right_shoulder": (0.42, 0.23),
    "left_elbow": (0.62, 0.36),
    "right_elbow": (0.38, 0.36),
    "left_wrist": (0.63, 0.48),
    "right_wrist": (0.37, 0.48),
    "mid_hip": (0.50, 0.50),
    "pelvis": (0.50, 0.50),
    "spine": (0.50, 0.36),
    "left_hip": (0.55, 0.50),
    "right_hip": (0.45, 0.50),
    "left_knee": (0.56, 0.70),
    "right_knee": (0.44, 0.70),
    "left_ankle": (0.56, 0.90),
    "right_ankle": (0.44, 0.90),
    "left_heel": (0.55, 0.93),
    "right_heel": (0.45, 0.93),
    "left_big_toe": (0.59, 0.94),
    "right_big_toe": (0.41, 0.94),
    "left_small_toe": (0.60, 0.93),
    "right_small_toe": (0.40, 0.93),
}
IMAGE_SIZE = (640, 480)


def figure(skeleton: Skeleton = COCO_17) -> np.ndarray:
    """(J,2) fractions of the image: a person standing, facing the camera."""
    positions: list[tuple[float, float]] = []
    for joint, name in enumerate(skeleton.joint_names):
        ancestor = joint
        while skeleton.joint_names[ancestor] not in _FIGURE:
            ancestor = skeleton.parents[ancestor]
        x, y = _FIGURE[skeleton.joint_names[ancestor]]
        # Fingers and the face's points lie around the joint that they hang on.
        is_own = name in _FIGURE
        positions.append((x, y) if is_own else (x + 0.001 * (joint % 7), y + 0.001 * (joint % 5)))
    return np.array(positions)


def clip(
    num_frames: int = 4, skeleton: Skeleton = COCO_17, *, in_pixels: bool = True
) -> np.ndarray:
    """(T,J,3) x, y, confidence of the figure walking to the right."""
    fractions = (
        figure(skeleton)[None] + np.array([0.01, 0.0]) * np.arange(num_frames)[:, None, None]
    )
    positions = fractions * np.array(IMAGE_SIZE) if in_pixels else fractions
    confidence = np.linspace(0.5, 0.99, skeleton.num_joints)
    return np.concatenate(
        (positions, np.broadcast_to(confidence[:, None], (*positions.shape[:2], 1))), axis=-1
    )


def moved(keypoints: np.ndarray, x: float) -> np.ndarray:
    """The same keypoints, ``x`` further to the right."""
    return keypoints + np.array([x, 0.0, 0.0])


def write_json(path: Path, content: Any) -> Path:
    """Write ``content`` as JSON and give back the path."""
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def openpose_person(keypoints: np.ndarray, person_id: Any = -1) -> dict[str, Any]:
    """One person as OpenPose writes it."""
    return {"person_id": [person_id], "pose_keypoints_2d": keypoints.ravel().tolist()}


def openpose_frame(*people: dict[str, Any]) -> dict[str, Any]:
    """One frame as OpenPose writes it."""
    return {"version": 1.3, "people": list(people)}


def write_openpose(
    folder: Path, keypoints: np.ndarray, frames: Sequence[int] | None = None
) -> Path:
    """A folder of OpenPose files with one person, (T,J,3)."""
    folder.mkdir()
    for frame, person in zip(frames or range(len(keypoints)), keypoints, strict=True):
        write_json(
            folder / f"walk_{frame:012d}_keypoints.json", openpose_frame(openpose_person(person))
        )
    return folder


def coco_results(keypoints: np.ndarray, **extra: Any) -> list[dict[str, Any]]:
    """A list of COCO results with one person, (T,J,3)."""
    return [
        {
            "image_id": frame,
            "category_id": 1,
            "keypoints": person.ravel().tolist(),
            "score": 0.9,
            **extra,
        }
        for frame, person in enumerate(keypoints)
    ]


def mmpose_clip(keypoints: np.ndarray) -> list[dict[str, Any]]:
    """A list of MMPose frames with one person, (T,J,3)."""
    return [
        {"frame_id": frame, "instances": [mmpose_instance(person)]}
        for frame, person in enumerate(keypoints)
    ]


def mmpose_instance(person: np.ndarray) -> dict[str, Any]:
    """One person, (J,3), as MMPose writes it."""
    return {
        "keypoints": person[:, :2].tolist(),
        "keypoint_scores": person[:, 2].tolist(),
        "bbox": [[0.0, 0.0, 10.0, 10.0]],
        "bbox_score": 0.9,
    }


def yolo_line(person: np.ndarray, *extra: float) -> str:
    """One person, (17,3) fractions, as a line of a YOLO label file."""
    values = [0, 0.5, 0.5, 0.2, 0.8, *person.ravel().tolist(), *extra]
    return " ".join(f"{value:g}" for value in values)


def yolo_detection(person: np.ndarray, **extra: Any) -> dict[str, Any]:
    """One person, (17,3), as an entry of YOLO's JSON."""
    x, y, visible = person.T.tolist()
    box = {"x1": 0.0, "y1": 0.0, "x2": 10.0, "y2": 10.0}
    points = {"x": x, "y": y, "visible": visible}
    return {
        "name": "person",
        "class": 0,
        "confidence": 0.9,
        "box": box,
        "keypoints": points,
        **extra,
    }


def landmarks(person: np.ndarray) -> list[dict[str, float]]:
    """One person, (33,3), as a list of MediaPipe landmarks."""
    return [
        {"x": float(x), "y": float(y), "z": -0.1, "visibility": float(visibility)}
        for x, y, visibility in person
    ]


def blazepose_clip(num_frames: int = 4) -> np.ndarray:
    """(T,33,3) fractions and visibility."""
    return clip(num_frames, BLAZEPOSE_33, in_pixels=False)


def object_array(items: Sequence[Any]) -> np.ndarray:
    """(N,) object array of ``items``, whatever their shapes."""
    array = np.empty(len(items), dtype=object)
    for position, item in enumerate(items):
        array[position] = item
    return array


def write_videopose3d(path: Path, keypoints: np.ndarray, *, layout: str = "coco") -> Path:
    """VideoPose3D's custom npz with one video, (T,17,2)."""
    width, height = IMAGE_SIZE
    metadata = {
        "layout_name": layout,
        "num_joints": 17,
        "keypoints_symmetry": [[1, 3], [2, 4]],
        "video_metadata": {"walk.mp4": {"w": width, "h": height}},
    }
    np.savez_compressed(
        path,
        positions_2d=np.array({"walk.mp4": {"custom": [keypoints]}}, dtype=object),
        metadata=np.array(metadata, dtype=object),
    )
    return path


def write_detectron(path: Path, keypoints: np.ndarray, logits: float | None = None) -> Path:
    """Detectron's raw npz with one person, (T,17,3); None in ``keypoints`` cannot be."""
    entries: list[Any] = []
    for person in keypoints:
        rows = np.stack(
            (
                person[:, 0],
                person[:, 1],
                np.full(len(person), 9.0 if logits is None else logits),
                person[:, 2],
            )
        )
        entries.append([[], rows[None]])
    width, height = IMAGE_SIZE
    np.savez_compressed(
        path,
        boxes=object_array([[[], np.array([[0.0, 0.0, 10.0, 10.0, 0.9]])] for _ in entries]),
        segments=object_array([None] * len(entries)),
        keypoints=object_array(entries),
        metadata=np.array({"w": width, "h": height}, dtype=object),
    )
    return path
