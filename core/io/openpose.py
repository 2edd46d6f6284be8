"""OpenPose's JSON, one file per frame, and what other tools write in the same form."""

from __future__ import annotations

from typing import Any

from ..errors import InputFormatError
from .file_content import parse_json, show, track_id_from
from .frame_file import FrameFormat
from .person_row import PersonRow, parse_keypoints

_KEYS = ("pose_keypoints_2d", "pose_keypoints")


def is_openpose_frame(content: Any) -> bool:
    """Whether decoded JSON is one OpenPose frame."""
    return isinstance(content, dict) and "people" in content


def parse_openpose_frame(content: Any, frame: int, where: str) -> list[PersonRow]:
    """The people of one frame; those without body keypoints are left out.

    Raises
    ------
    InputFormatError
        When the content is not an OpenPose frame or a person's keypoints are broken.
    """
    people = content.get("people") if isinstance(content, dict) else None
    if not isinstance(people, list):
        raise InputFormatError(f"{where}: expected an OpenPose frame with a list 'people'")
    rows: list[PersonRow] = []
    for number, person in enumerate(people, start=1):
        if not isinstance(person, dict):
            raise InputFormatError(
                f"{where}, person {number}: expected an object, found {show(person)}"
            )
        values = next((person[key] for key in _KEYS if person.get(key)), None)
        if values is not None:
            keypoints = parse_keypoints(values, f"{where}, person {number}")
            track_id = track_id_from(person.get("person_id"))
            rows.append(PersonRow(frame, keypoints, track_id, f"{where}, person {number}"))
    return rows


OPENPOSE_FRAME = FrameFormat(
    name="OpenPose JSON",
    decode=parse_json,
    matches=is_openpose_frame,
    parse=parse_openpose_frame,
    units="signed",
    drop_counting_ids=True,
)
