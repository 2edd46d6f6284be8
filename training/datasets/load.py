"""Any data set of ready clips, told by what is in the path that the user gives."""

from __future__ import annotations

from pathlib import Path

from core.errors import InputFormatError
from core.io.pickled_npz import list_npz_names
from core.learning.clips import ClipSet

from . import human36m, humaneva
from .custom import load_custom
from .human36m import load_human36m
from .humaneva import load_humaneva
from .npz_pair import listed

_LOADERS = {human36m.FILE_3D: load_human36m, humaneva.FILE_3D: load_humaneva}
_EXPECTED = (
    f"expected a folder with {' or '.join(_LOADERS)}, or an npz with positions_2d "
    "(VideoPose3D's custom format)"
)


def load_clip_set(
    path: Path,
    *,
    detector: str | None,
    path_3d: Path | None = None,
    cameras: Path | None = None,
    fps: float | None = None,
) -> ClipSet:
    """The clips of Human3.6M, HumanEva or a custom npz.

    Parameters
    ----------
    path : Path
        A folder with ``data_3d_h36m.npz`` or ``data_3d_humaneva15.npz``, that file itself (where a
        folder has both), or an npz with ``positions_2d``.
    detector : str, or None
        Whose 2D, for the first two.
    path_3d, cameras : Path, or None
    fps : float, or None
        Hz. These three for a custom npz alone, as ``load_custom``; it needs ``fps``.

    Raises
    ------
    InputFormatError
        When the path is none of these, an option is missing or out of place, or the data is bad.
    """
    path = Path(path)
    is_custom = path.is_file() and path.name not in _LOADERS
    if is_custom:
        return _load_custom(path, detector=detector, path_3d=path_3d, cameras=cameras, fps=fps)
    name_3d = _choose_published(path)
    surplus = {"path_3d": path_3d, "cameras": cameras, "fps": fps}
    given = [name for name, value in surplus.items() if value is not None]
    if given:
        raise InputFormatError(f"{path}: {listed(given)} is for a custom npz, not for {name_3d}")
    folder = path if path.is_dir() else path.parent
    return _LOADERS[name_3d](folder, detector=detector)


def _choose_published(path: Path) -> str:
    if path.is_file():
        return path.name
    if not path.is_dir():
        raise InputFormatError(f"{path}: {_EXPECTED}; found no such file or folder")
    found = [name for name in _LOADERS if (path / name).is_file()]
    if len(found) > 1:
        raise InputFormatError(
            f"{path}: expected one data set, found {' and '.join(found)}: give the path of one"
        )
    if not found:
        there = sorted(entry.name for entry in path.iterdir())
        raise InputFormatError(f"{path}: {_EXPECTED}; found {listed(there)}")
    return found[0]


def _load_custom(
    path: Path,
    *,
    detector: str | None,
    path_3d: Path | None,
    cameras: Path | None,
    fps: float | None,
) -> ClipSet:
    if path.suffix != ".npz":
        raise InputFormatError(f"{path}: {_EXPECTED}; found another kind of file")
    names = list_npz_names(path)
    if "positions_2d" not in names:
        raise InputFormatError(f"{path}: {_EXPECTED}; found an npz with {listed(names)}")
    if detector is not None:
        raise InputFormatError(
            f"{path}: a detector ({detector!r}) is for Human3.6M and HumanEva, not for a custom npz"
        )
    if fps is None:
        raise InputFormatError(f"{path}: expected the frame rate of these videos (fps)")
    return load_custom(path, path_3d=path_3d, cameras=cameras, fps=fps)
