"""Which files each input of the command line becomes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.errors import LiftError


@dataclass(frozen=True, slots=True)
class Clip:
    """One input and every file that it becomes."""

    source: Path
    outputs: tuple[Path, ...]
    poses: Path | None
    report: Path | None
    keypoints: Path | None = None

    @property
    def targets(self) -> tuple[Path, ...]:
        """All files that lifting this clip writes, while it holds one person."""
        single = (self.poses, self.report, self.keypoints)
        return (*self.outputs, *(path for path in single if path is not None))

    def for_person(self, person: int) -> Clip:
        """The same clip with ``-personN`` before the extension of every file."""

        def renamed(path: Path) -> Path:
            return path.with_name(f"{path.stem}-person{person}{path.suffix}")

        return replace(
            self,
            outputs=tuple(map(renamed, self.outputs)),
            poses=self.poses and renamed(self.poses),
            report=self.report and renamed(self.report),
            keypoints=self.keypoints and renamed(self.keypoints),
        )


def plan_clips(
    sources: Sequence[Path],
    *,
    outputs: Sequence[Path],
    output_dir: Path | None,
    endings: Sequence[str],
    poses: Path | None,
    report: Path | None,
    keypoints: Path | None = None,
) -> tuple[Clip, ...]:
    """Every input with its output files, checked against each other.

    ``outputs`` are for one source only; ``poses``, ``report`` and ``keypoints`` are a file for one
    source and a folder for several; ``endings`` are what ``output_dir`` gets.

    Raises
    ------
    LiftError
        When nothing is to be written, two files have the same name, or one would replace an input.
    """
    is_batch = len(sources) > 1

    def single_or_inside(path: Path | None, name: str) -> Path | None:
        return path / name if path is not None and is_batch else path

    clips = []
    for source in sources:
        stem = source.resolve().name if source.is_dir() else source.stem
        inside = [] if output_dir is None else [output_dir / f"{stem}{end}" for end in endings]
        clips.append(
            Clip(
                source=source,
                outputs=(*outputs, *inside),
                poses=single_or_inside(poses, f"{stem}.npz"),
                report=single_or_inside(report, f"{stem}.json"),
                keypoints=single_or_inside(keypoints, f"{stem}.npz"),
            )
        )
    _check_distinct(clips)
    return tuple(clips)


def _check_distinct(clips: Sequence[Clip]) -> None:
    taken_by = {file_identity(clip.source): f"the input {clip.source}" for clip in clips}
    for clip in clips:
        if not clip.targets:
            raise LiftError(
                "nothing to write: give --output, --output-dir, --poses, --report or --keypoints"
            )
        for path in clip.targets:
            identity = file_identity(path)
            if identity in taken_by:
                raise LiftError(f"{path}: {clip.source} would replace {taken_by[identity]}")
            taken_by[identity] = f"the output of {clip.source}"


def file_identity(path: Path) -> str:
    """The same text for every spelling of one file's path."""
    return os.path.normcase(os.path.realpath(path))
