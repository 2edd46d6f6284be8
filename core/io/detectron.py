"""Detectron's raw output as VideoPose3D's inference scripts store it: pickled in an npz."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputFormatError
from .assembly import FoundPeople
from .file_content import show
from .person_row import PersonRow, stack_rows
from .pickled_npz import read_npz
from .videopose3d import size_from

_PEOPLE_CLASS = 1
_VISIBLE_LOGIT = 2.0


def is_detectron(names: tuple[str, ...]) -> bool:
    """Whether an npz with these array names is Detectron's raw output."""
    return "keypoints" in names and "boxes" in names


def read_detectron(path: Path) -> FoundPeople:
    """Everyone in the file.

    Raises
    ------
    InputFormatError
        When the file is broken or people are not (N,4,17).
    """
    arrays = read_npz(path, ("keypoints", "metadata"))
    metadata = arrays.get("metadata")
    entries = arrays["keypoints"]
    if not entries.ndim:
        raise InputFormatError(f"{path}: expected keypoints of every frame, found one value")
    rows: list[PersonRow] = []
    extras: list[np.ndarray] = []
    for frame, entry in enumerate(entries):
        where = f"{path}, frame {frame}"
        people = _people(entry, where)
        for number, person in enumerate(people, start=1):
            rows.append(PersonRow(frame, person[[0, 1, 3]].T, -1, f"{where}, person {number}"))
            extras.append(person[2])
    stacked, _ = stack_rows(rows, path=path)
    logits = np.array(extras).reshape(stacked.keypoints.shape[:2])
    return FoundPeople(
        positions=stacked.keypoints[..., :2],
        confidence=_confidence(logits, stacked.keypoints[..., 2]),
        row_frames=stacked.row_frames,
        track_ids=stacked.track_ids,
        frames=range(len(entries)),
        skeleton=stacked.skeleton,
        format=f"Detectron npz, {stacked.skeleton.name}",
        units="pixels",
        image_size=size_from(
            metadata.item() if metadata is not None and not metadata.ndim else None
        ),
        warnings=stacked.warnings,
    )


def _people(entry: Any, where: str) -> np.ndarray:
    """(N,4,J) rows x, y, logit, probability of one frame's people."""
    nobody = np.zeros((0, 4, 17))
    if entry is None or (isinstance(entry, list | tuple) and len(entry) <= _PEOPLE_CLASS):
        return nobody
    if not isinstance(entry, list | tuple | np.ndarray):
        raise InputFormatError(f"{where}: expected a list per class, found {show(entry)}")
    try:
        people = np.asarray(entry[_PEOPLE_CLASS], dtype=float)
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise InputFormatError(f"{where}: expected numbers: {error}") from error
    if not people.size:
        return nobody
    if people.ndim != 3 or people.shape[1] != 4:
        raise InputFormatError(f"{where}: expected shape (N, 4, 17), found {people.shape}")
    return people


def _confidence(logits: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """(N,J) 0..1 from logits and probabilities.

    Detectron's probability is a softmax over all pixels of the person's box, a few hundredths even
    for a joint in plain view. Then the logit tells more: Detectron's own drawing calls 2 visible.
    """
    finite = probability[np.isfinite(probability)]
    if not finite.size or float(np.quantile(finite, 0.99)) >= 0.5:
        return probability
    if np.isfinite(logits).all() and (logits != 0).any():
        return 1.0 / (1.0 + np.exp(np.clip(_VISIBLE_LOGIT - logits, -30, 30)))
    return probability / max(float(np.quantile(finite, 0.99)), 1e-12)
