"""Output files that appear whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ..errors import LiftError


@contextmanager
def atomic_output(path: Path) -> Generator[Path]:
    """A temporary path beside ``path``, moved into its place when the block ends well.

    The temporary path is hidden and keeps the suffix; it does not exist yet. Whatever goes wrong,
    nothing of it stays behind and an older file at ``path`` is untouched.

    Raises
    ------
    LiftError
        When writing fails (no such folder, no permission, disk full) or the block wrote nothing.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem[:100]}.{secrets.token_hex(6)}{path.suffix}")
    try:
        try:
            yield temporary
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise LiftError(f"cannot write {path}: {_reason(path, error)}") from error


def _reason(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        is_there = path.parent.is_dir()
        return "nothing was written" if is_there else f"there is no folder {path.parent}"
    return error.strerror or str(error)
