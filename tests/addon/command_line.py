"""The command line as its own process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CLI = Path(__file__).resolve().parents[2] / "addon" / "cli.py"


def run_cli(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """How ``addon/cli.py`` ends, and what it says."""
    return subprocess.run(
        [sys.executable, str(CLI), *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
