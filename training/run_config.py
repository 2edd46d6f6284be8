"""What a run's config.json says: written by ``training.train``, read by ``training.evaluate``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import InputFormatError

from .configs import DataConfig, Experiment
from .datasets.splits import DataPaths


def describe_run(experiment: Experiment, paths: DataPaths) -> dict[str, Any]:
    """All that a run follows from, as JSON can hold it."""
    described = {**asdict(experiment), "paths": asdict(paths)}
    return json.loads(json.dumps(described, default=str))


def read_run(folder: Path) -> tuple[DataPaths, DataConfig, int]:
    """Data, protocol and seed of the run in ``folder``.

    Raises
    ------
    InputFormatError
        When it holds no run of this program.
    """
    path = folder / "config.json"
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        data: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in described["data"].items()
        }
        return _read_paths(described["paths"]), DataConfig(**data), int(described["seed"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputFormatError(f"{path}: expected the config of a training run: {error}") from error


def _read_paths(stored: dict[str, Any]) -> DataPaths:
    files = ("data", "truth", "cameras", "calibration")
    paths: dict[str, Any] = {
        name: Path(value) if name in files and value is not None else value
        for name, value in stored.items()
    }
    paths["unlabelled"] = tuple(Path(path) for path in stored["unlabelled"])
    return DataPaths(**paths)
