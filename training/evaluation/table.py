"""Scores as a table on the terminal, and as CSV or JSON files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import Any

from core.errors import LiftError
from core.io.atomic import atomic_output

from .protocol import ScoreRow, ScoreTable

_FIGURES = {
    "mpjpe_mm": "MPJPE",
    "p_mpjpe_mm": "P-MPJPE",
    "n_mpjpe_mm": "N-MPJPE",
    "mpjve_mm": "MPJVE",
}


def format_scores(table: ScoreTable) -> str:
    """Aligned lines: names, frames and the errors in mm (MPJVE in mm per frame), the average last."""
    rows = [*table.rows, table.average]
    lines = [["action", "frames", *_FIGURES.values()]]
    for row in rows:
        figures = asdict(row)
        errors = [_shown(figures[name]) for name in _FIGURES]
        lines.append([row.action, str(row.num_frames), *errors])
    if any(row.subject for row in rows):
        subjects = ["subject", *(row.subject for row in rows)]
        lines = [[subject, *line] for subject, line in zip(subjects, lines, strict=True)]
    num_names = len(lines[0]) - len(_FIGURES) - 1
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    aligned = ["  ".join(_aligned(line, widths, num_names)) for line in lines]
    rule = "-" * len(aligned[0])
    return "\n".join([aligned[0], rule, *aligned[1:-1], rule, aligned[-1]])


def print_scores(table: ScoreTable) -> None:
    """Print the table (``format_scores``) and the unit of its errors."""
    print(format_scores(table))
    print("mm; MPJVE mm per frame; the average is over rows, not frames", flush=True)


def write_scores(path: Path, tables: Mapping[str, ScoreTable]) -> None:
    """Write tables by name as the file's name says, CSV or JSON; unknown figures are blank, or null.

    CSV: one table below the other, the first column, ``pass``, has the name. JSON: an object of them.

    Raises
    ------
    LiftError
        When the name ends in neither .csv nor .json, or writing fails.
    """
    path = Path(path)
    writers = {".csv": _csv_text, ".json": _json_text}
    if path.suffix.lower() not in writers:
        raise LiftError(f"{path}: expected a name that ends in .csv or .json")
    text = writers[path.suffix.lower()](tables)
    with atomic_output(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="")


def _csv_text(tables: Mapping[str, ScoreTable]) -> str:
    records = [
        {"pass": name, **_record(row)}
        for name, table in tables.items()
        for row in (*table.rows, table.average)
    ]
    file = StringIO()
    writer = csv.DictWriter(file, fieldnames=list(records[0]))
    writer.writeheader()
    writer.writerows(records)
    return file.getvalue()


def _json_text(tables: Mapping[str, ScoreTable]) -> str:
    scores = {
        name: {"rows": [_record(row) for row in table.rows], "average": _record(table.average)}
        for name, table in tables.items()
    }
    return json.dumps(scores, indent=2) + "\n"


def _record(row: ScoreRow) -> dict[str, Any]:
    """The row by the names of its figures, to a tenth of a micrometre."""
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in asdict(row).items()
    }


def _shown(error_mm: float | None) -> str:
    return "-" if error_mm is None else f"{error_mm:.1f}"


def _aligned(line: list[str], widths: list[int], num_names: int) -> Iterable[str]:
    """Names to the left, numbers to the right of their columns."""
    for column, (text, width) in enumerate(zip(line, widths, strict=True)):
        yield text.ljust(width) if column < num_names else text.rjust(width)
