"""Which features were tested on which Blender: ``python tests/feature_table.py REPORT.xml ... > table.md``.

Each report is pytest's (``--junitxml``), named after the Blender it ran on (``bpy 4.2.0.xml``). A row is a
test file by its first line, so the table says what the tests say.
"""

from __future__ import annotations

import ast
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUTCOMES = ("passed", "skipped", "failed")


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    print(feature_table([Path(each) for each in arguments]))


def feature_table(reports: Sequence[Path]) -> str:
    """A Markdown table: a row per test file, a column per report, the tests in words."""
    counted = {path.stem: count_outcomes(path) for path in reports}
    modules = sorted({module for counts in counted.values() for module in counts})
    lines = ["| feature | " + " | ".join(counted) + " |", "|---" * (len(counted) + 1) + "|"]
    for module in modules:
        cells = [in_words(counts.get(module, Counter())) for counts in counted.values()]
        lines.append(f"| {title_of(module)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def count_outcomes(report: Path) -> dict[str, Counter[str]]:
    """How many tests of each module (as ``tests.addon.test_cli``) ended how."""
    counts: dict[str, Counter[str]] = {}
    for case in ET.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "passed"
        if "skipped" in kinds:
            outcome = "skipped"
        counts.setdefault(case.get("classname", ""), Counter())[outcome] += 1
    return counts


def in_words(counts: Counter[str]) -> str:
    """As "12 passed, 1 skipped"; a dash where nothing was run."""
    told = [f"{counts[outcome]} {outcome}" for outcome in OUTCOMES if counts[outcome]]
    return ", ".join(told) or "-"


def title_of(module: str) -> str:
    """The first line of a test module's docstring, without its last mark."""
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or module
    return said.splitlines()[0].rstrip(".")


if __name__ == "__main__":
    main(sys.argv[1:])
