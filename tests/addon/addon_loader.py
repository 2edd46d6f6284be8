"""Loads the repository as the package ``lift_video_to_3d`` for scripts that stand beside this file."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def load(name: str, path: Path, folder: Path | None = None) -> None:
    """Load ``path`` as the module ``name``, a package where its ``folder`` is given."""
    spec = importlib.util.spec_from_file_location(
        name, path, submodule_search_locations=[str(folder)] if folder else None
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


load("lift_video_to_3d", HERE.parents[1] / "__init__.py", HERE.parents[1])
