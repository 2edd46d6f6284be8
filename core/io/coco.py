"""Lists in COCO's results form: COCO results and AlphaPose, and AlphaPose's two other forms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import InputFormatError
from .assembly import FoundPeople
from .file_content import frame_number_from_id, parse_json, show, track_id_from
from .frame_file import FrameFormat, found_in_frames
from .openpose import is_openpose_frame, parse_openpose_frame
from .person_row import PersonRow, parse_keypoints, stack_rows

_ALPHAPOSE_COUNTS = (26, 136)


def is_coco_results(content: Any) -> bool:
    """Whether decoded JSON is a list of COCO results, AlphaPose's among them."""
    first = content[0] if isinstance(content, list) and content else None
    return isinstance(first, dict) and "image_id" in first and "keypoints" in first


def read_coco_results(content: Any, path: Path) -> FoundPeople:
    """Everyone in a list of ``{image_id, keypoints, score, ...}``.

    Raises
    ------
    InputFormatError
        When an entry is broken, naming it.
    """
    entries: list[dict[str, Any]] = []
    for number, entry in enumerate(content):
        if not isinstance(entry, dict) or "image_id" not in entry or "keypoints" not in entry:
            raise InputFormatError(
                f"{path}, entry {number}: expected image_id and keypoints, found {show(entry)}"
            )
        entries.append(entry)
    numbers, warnings = frame_numbers([entry["image_id"] for entry in entries], path)
    rows: list[PersonRow] = []
    for number, (frame, entry) in enumerate(zip(numbers, entries, strict=True)):
        where = f"{path}, entry {number}, frame {frame}"
        keypoints = parse_keypoints(entry["keypoints"], where)
        rows.append(PersonRow(frame, keypoints, track_id_from(entry.get("idx", -1)), where))
    stacked, _ = stack_rows(rows, path=path)
    is_alphapose = _is_alphapose(entries[0], max(len(row.keypoints) for row in rows))
    return FoundPeople(
        positions=stacked.keypoints[..., :2],
        confidence=stacked.keypoints[..., 2],
        row_frames=stacked.row_frames,
        track_ids=stacked.track_ids,
        frames=numbers,
        skeleton=stacked.skeleton,
        format=f"{'AlphaPose' if is_alphapose else 'COCO results'} JSON, {stacked.skeleton.name}",
        units="unknown",
        warnings=(*warnings, *stacked.warnings),
    )


def _is_alphapose(entry: dict[str, Any], num_joints: int) -> bool:
    has_own_key = "idx" in entry or "box" in entry or num_joints in _ALPHAPOSE_COUNTS
    return has_own_key or (isinstance(entry["image_id"], str) and "bbox" not in entry)


def frame_numbers(ids: list[Any], path: Path) -> tuple[list[int], tuple[str, ...]]:
    """The frame number of every image id, and warnings.

    Where no id has one, images are counted from 0 in the order of their first appearance.

    Raises
    ------
    InputFormatError
        When only some have one.
    """
    numbers = [
        frame_number_from_id(value, f"{path}, entry {entry}") for entry, value in enumerate(ids)
    ]
    known = [number for number in numbers if number is not None]
    if len(known) == len(ids):
        return known, ()
    if known:
        missing = numbers.index(None)
        raise InputFormatError(
            f"{path}, entry {missing}: expected a frame number in {show(ids[missing])}, found none"
        )
    order = {name: frame for frame, name in enumerate(dict.fromkeys(ids))}
    warning = "no image name holds a frame number: images counted from 0 in the file's order"
    return [order[name] for name in ids], (warning,) if len(order) > 1 else ()


def is_cmu_frame(content: Any) -> bool:
    """Whether decoded JSON is one frame of AlphaPose's ``--format cmu``."""
    return isinstance(content, dict) and "bodies" in content


def parse_cmu_frame(content: Any, frame: int, where: str) -> list[PersonRow]:
    """The people of one frame of AlphaPose's ``--format cmu``.

    Raises
    ------
    InputFormatError
        When the content is not such a frame or a person's joints are broken.
    """
    bodies = content.get("bodies") if isinstance(content, dict) else None
    if not isinstance(bodies, list):
        raise InputFormatError(f"{where}: expected a frame with a list 'bodies'")
    rows: list[PersonRow] = []
    for number, body in enumerate(bodies, start=1):
        there = f"{where}, person {number}"
        if not isinstance(body, dict):
            raise InputFormatError(f"{there}: expected an object, found {show(body)}")
        if body.get("joints"):
            keypoints = parse_keypoints(body["joints"], there)
            rows.append(PersonRow(frame, keypoints, track_id_from(body.get("idx")), there))
    return rows


ALPHAPOSE_CMU_FRAME = FrameFormat(
    name="AlphaPose cmu JSON",
    decode=parse_json,
    matches=is_cmu_frame,
    parse=parse_cmu_frame,
    units="unknown",
)
_ALPHAPOSE_OPEN_FRAME = FrameFormat(
    name="AlphaPose open JSON",
    decode=parse_json,
    matches=is_openpose_frame,
    parse=parse_openpose_frame,
    units="unknown",
    drop_counting_ids=True,
)


def is_alphapose_by_image(content: Any) -> bool:
    """Whether decoded JSON maps image names to frames of ``--format cmu`` or ``open``."""
    return _frame_format_by_image(content) is not None


def _frame_format_by_image(content: Any) -> FrameFormat | None:
    first = next(iter(content.values()), None) if isinstance(content, dict) else None
    known: tuple[tuple[Callable[[Any], bool], FrameFormat], ...] = (
        (is_cmu_frame, ALPHAPOSE_CMU_FRAME),
        (is_openpose_frame, _ALPHAPOSE_OPEN_FRAME),
    )
    return next((frame_format for matches, frame_format in known if matches(first)), None)


def read_alphapose_by_image(content: Any, path: Path) -> FoundPeople:
    """Everyone in AlphaPose's single file of ``--format cmu`` or ``open``.

    Raises
    ------
    InputFormatError
        When a frame is broken, naming it.
    """
    frame_format = _frame_format_by_image(content)
    assert frame_format is not None, "call after is_alphapose_by_image"
    numbers, warnings = frame_numbers(list(content), path)
    rows: list[PersonRow] = []
    # A file has no order of frames that would mean anything: image names are its keys.
    for frame, value in sorted(
        zip(numbers, content.values(), strict=True), key=lambda item: item[0]
    ):
        rows += frame_format.parse(value, frame, f"{path}, frame {frame}")
    stacked, _ = stack_rows(rows, path=path)
    return found_in_frames(stacked, sorted(numbers), frame_format, layout="file", warnings=warnings)
