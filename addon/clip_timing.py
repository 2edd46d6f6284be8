"""Which frames of a clip lie where on the timeline."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np


@dataclass(frozen=True, slots=True)
class ClipTiming:
    """Rows of a lifted clip on the timeline, and the clip's own numbers of them.

    Row 0 is at scene frame ``start_frame``, and ``frames_per_row`` scene frames lie between rows.
    ``knots`` (row, frame number), the first for row 0: from one to the next rows and numbers go on
    together; where a video's rate varies, frames may be left out or stand in several rows.
    """

    start_frame: int
    frames_per_row: Fraction
    knots: tuple[tuple[int, int], ...]

    def clip_range(self, first: int, last: int) -> tuple[int, int]:
        """The clip's frames that the scene frames ``first`` to ``last`` show, both included.

        A scene frame shows what lies nearer to it than to its neighbours, so that stretches side by
        side on the timeline are side by side in the clip; at least one frame.
        """
        half = Fraction(1, 2)
        begin = math.ceil((first - half - self.start_frame) / self.frames_per_row)
        end = math.ceil((last + half - self.start_frame) / self.frames_per_row)
        if end <= begin:
            middle = Fraction(first + last, 2) - self.start_frame
            begin = math.floor(middle / self.frames_per_row + half)
            end = begin + 1
        number = self._number(begin)
        return number, max(self._number(end - 1), self._number(end) - 1, number)

    def scene_range(self, first: int, last: int) -> tuple[int, int]:
        """The scene frames nearest to the clip's frames ``first`` and ``last``."""
        return self._scene_frame(first), self._scene_frame(last)

    def scene_stretch(self, first: int, last: int) -> tuple[int, int]:
        """From the clip's frame ``first`` to ``last``: the first scene frame, and the one after them.

        Stretches side by side in the clip are side by side on the timeline; at least one frame.
        """
        begin = self._scene_frame(first)
        return begin, max(begin + 1, self._scene_frame(last + 1))

    def to_text(self) -> str:
        """All of it in a line, for ``timing_from_text``."""
        return json.dumps([self.start_frame, str(self.frames_per_row), self.knots])

    def _number(self, row: int) -> int:
        knot = max(0, bisect_right(self.knots, row, key=lambda knot: knot[0]) - 1)
        return self.knots[knot][1] + row - self.knots[knot][0]

    def _scene_frame(self, number: int) -> int:
        knot = max(0, bisect_right(self.knots, number, key=lambda knot: knot[1]) - 1)
        row = self.knots[knot][0] + number - self.knots[knot][1]
        return math.floor(self.start_frame + row * self.frames_per_row + Fraction(1, 2))


# A list asks for it row by row, and a rate that varies has thousands of knots.
@lru_cache(maxsize=4)
def timing_from_text(text: str) -> ClipTiming:
    """What ``ClipTiming.to_text`` wrote."""
    start_frame, frames_per_row, knots = json.loads(text)
    return ClipTiming(start_frame, Fraction(frames_per_row), tuple(map(tuple, knots)))


def timing_of(frames: np.ndarray, *, start_frame: int, frames_per_row: Fraction) -> ClipTiming:
    """The timing of a clip whose rows have the numbers ``frames`` (T,)."""
    rows = np.flatnonzero(np.diff(frames, prepend=frames[0] - 2) != 1)
    knots = zip(rows.tolist(), frames[rows].tolist(), strict=True)
    return ClipTiming(start_frame, frames_per_row, tuple(knots))
