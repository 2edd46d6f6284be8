"""The table of features by Blender says what the tests' own reports say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
spec = importlib.util.spec_from_file_location("feature_table", TESTS / "feature_table.py")
assert spec is not None and spec.loader is not None
table = importlib.util.module_from_spec(spec)
sys.modules["feature_table"] = table
spec.loader.exec_module(table)

REPORT = """<testsuites><testsuite>
<testcase classname="tests.addon.test_cli" name="a"/>
<testcase classname="tests.addon.test_cli" name="b"><skipped/></testcase>
<testcase classname="tests.addon.test_panel" name="c"><failure/></testcase>
</testsuite></testsuites>"""


def test_a_row_tells_what_ran_on_each_blender(tmp_path: Path) -> None:
    full, short = tmp_path / "bpy 4.2.0.xml", tmp_path / "bpy 5.0.1.xml"
    full.write_text(REPORT)
    short.write_text('<testsuite><testcase classname="tests.addon.test_cli" name="a"/></testsuite>')
    heading, _, cli, panel = table.feature_table([full, short]).splitlines()
    assert heading == "| feature | bpy 4.2.0 | bpy 5.0.1 |"
    assert cli.endswith("| 1 passed, 1 skipped | 1 passed |")
    assert panel.startswith("| The panel's operators without a window")
    assert panel.endswith("| 1 failed | - |")
