"""The command line: ``blender -b --python-exit-code 1 -P addon/cli.py -- INPUT [options]``.

The same through ``python addon/cli.py INPUT [options]`` with Blender's Python module, and through
``blender --command lift INPUT [options]`` where the extension is enabled.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGE = "lift_video_to_3d"


def run(arguments: list[str], *, package: str) -> int:
    """Do what ``arguments`` ask for, as the process's only job, and return its exit code.

    ``package`` is the name under which the add-on is loaded.
    """
    try:
        options = importlib.import_module(f"{package}.cli_options").parse_options(arguments)
    except SystemExit as parser_exit:
        return int(parser_exit.code or 0)
    if options.is_stream:
        return importlib.import_module(f"{package}.stream").lift_stream(options)
    if importlib.util.find_spec("bpy") is None:
        print("error: this needs Blender, or its Python module bpy", file=sys.stderr)
        return 1
    if not options.is_verbose:
        importlib.import_module(f"{package}.console").silence_blender()
    return importlib.import_module(f"{package}.batch").lift_clips(options)


def _load_package() -> str:
    """Name of the add-on's package: the enabled extension's, else this checkout's, loaded here."""
    for name in sys.modules:
        if name.startswith("bl_ext.") and name.endswith(f".{_PACKAGE}.addon"):
            return name
    spec = importlib.util.spec_from_file_location(
        _PACKAGE, _ROOT / "__init__.py", submodule_search_locations=[str(_ROOT)]
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[_PACKAGE] = module
    spec.loader.exec_module(module)
    return f"{_PACKAGE}.addon"


def _own_arguments() -> list[str]:
    """What follows ``--`` on Blender's command line, or this script's name on Python's."""
    is_script = Path(sys.argv[0]).resolve() == Path(__file__).resolve()
    if is_script:
        return sys.argv[1:]
    return sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []


def _main() -> None:
    package = _load_package()
    exit_code = run(_own_arguments(), package=package)
    if sys.modules.get("bpy") is not None:
        importlib.import_module(f"{package}.compat").leave(exit_code)
    sys.exit(exit_code)


if __name__ == "__main__":
    _main()
