"""Text in lines of a sidebar's width, in scripts whose characters are twice as wide too."""

from __future__ import annotations

import textwrap
import unicodedata

_PAD = "\0"


def wrap_text(text: str, num_columns: int) -> list[str]:
    """Break ``text`` into lines; an East Asian wide character takes two columns."""
    padded = "".join(
        character + _PAD if unicodedata.east_asian_width(character) in ("W", "F") else character
        for character in text
    )
    return [line.replace(_PAD, "") for line in textwrap.wrap(padded, num_columns)]
