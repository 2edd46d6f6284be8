"""MMPose's predictions: a clip in one file, or one file per image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import InputFormatError
from ..joint_sets import COCO_17, H36M_17
from .assembly import FoundPeople
from .file_content import frame_number_from_id, parse_json, show, track_id_from
from .frame_file import FrameFormat
from .person_row import PersonRow, join_scores, stack_rows


def is_mmpose(content: Any) -> bool:
    """Whether decoded JSON is a clip as MMPose writes it, with or without ``meta_info``."""
    if isinstance(content, dict):
        return isinstance(content.get("instance_info"), list)
    first = content[0] if isinstance(content, list) and content else None
    return isinstance(first, dict) and "instances" in first


def read_mmpose(content: Any, path: Path) -> FoundPeople:
    """Everyone in a list of ``{frame_id, instances}``.

    Raises
    ------
    InputFormatError
        When a frame or an instance is broken, naming it.
    """
    entries = content["instance_info"] if isinstance(content, dict) else content
    frames: list[int] = []
    rows: list[PersonRow] = []
    num_repeated = 0
    known: set[int] = set()
    for number, entry in enumerate(entries):
        there = f"{path}, entry {number}"
        if not isinstance(entry, dict) or not isinstance(entry.get("instances"), list):
            raise InputFormatError(f"{there}: expected frame_id and a list 'instances'")
        frame = frame_number_from_id(entry.get("frame_id", number), there)
        if frame is None:
            raise InputFormatError(
                f"{there}: expected a number as frame_id, found {show(entry['frame_id'])}"
            )
        if frame in known:
            num_repeated += 1
            continue
        known.add(frame)
        frames.append(frame)
        rows += parse_mmpose_instances(entry["instances"], frame, f"{path}, frame {frame}")
    stacked, _ = stack_rows(rows, path=path)
    meta = content.get("meta_info") if isinstance(content, dict) else None
    skeleton = stacked.skeleton
    if isinstance(meta, dict) and "h36m" in str(meta.get("dataset_name")) and skeleton is COCO_17:
        skeleton = H36M_17
    warning = f"{num_repeated} entries repeat a frame_id: the first of each was taken"
    return FoundPeople(
        positions=stacked.keypoints[..., :2],
        confidence=stacked.keypoints[..., 2],
        row_frames=stacked.row_frames,
        track_ids=stacked.track_ids,
        frames=frames,
        skeleton=skeleton,
        format=f"MMPose JSON, {skeleton.name}",
        units="unknown",
        warnings=(*((warning,) if num_repeated else ()), *stacked.warnings),
    )


def parse_mmpose_instances(instances: Any, frame: int, where: str) -> list[PersonRow]:
    """The people of one frame's list of instances.

    Raises
    ------
    InputFormatError
        When an instance is broken, naming it.
    """
    if not isinstance(instances, list):
        raise InputFormatError(f"{where}: expected a list of instances, found {show(instances)}")
    rows: list[PersonRow] = []
    for number, instance in enumerate(instances, start=1):
        there = f"{where}, person {number}"
        if not isinstance(instance, dict) or not isinstance(instance.get("keypoints"), list):
            raise InputFormatError(f"{there}: expected an object with a list 'keypoints'")
        if instance["keypoints"]:
            keypoints = join_scores(instance["keypoints"], instance.get("keypoint_scores"), there)
            track_id = track_id_from(instance.get("track_id"))
            rows.append(PersonRow(frame, keypoints, track_id, there))
    return rows


def is_mmpose_frame(content: Any) -> bool:
    """Whether decoded JSON is one image's list of MMPose instances."""
    first = content[0] if isinstance(content, list) and content else None
    return isinstance(first, dict) and "keypoint_scores" in first


MMPOSE_FRAME = FrameFormat(
    name="MMPose JSON",
    decode=parse_json,
    matches=is_mmpose_frame,
    parse=parse_mmpose_instances,
    units="unknown",
)
