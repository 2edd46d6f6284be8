"""What a run's config.json says: written by ``training.train``, read by ``training.evaluate``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from core.errors import InputFormatError
from core.learning.loss_weights import RayLossWeights

from .configs import DataConfig, Experiment
from .datasets.splits import DataPaths
from .datasets.view_config import ViewConfig
from .ray_reading import RayReading

MAY_CHANGE = (
    *("training.num_epochs", "training.use_compile"),
    *("paths.data", "paths.truth", "paths.cameras", "paths.unlabelled", "paths.calibration"),
)
"""What may differ when a run goes on: its length, and where the files are that it learns from."""

SINCE_ADDED: dict[str, Any] = {
    "views": asdict(ViewConfig()),
    "reading": asdict(RayReading()),
    "loss": asdict(RayLossWeights()),
}
"""What the config of a run that was begun before it had these stands for."""

Fingerprint = dict[str, dict[str, Any]]
"""Of each split: number of clips and frames, hash of the clips' names and lengths."""


def fingerprint(splits: Mapping[str, Iterable[tuple[str, int]]]) -> Fingerprint:
    """What tells a run's data from other data, wherever it is kept.

    Parameters
    ----------
    splits : mapping
        Name of a split to name and number of frames of each of its clips.
    """
    told: Fingerprint = {}
    for split, clips in splits.items():
        lengths = list(clips)
        told[split] = {
            "clips": len(lengths),
            "frames": sum(length for _, length in lengths),
            "sha256": sha256(json.dumps(lengths).encode()).hexdigest()[:16],
        }
    return told


def describe_run(experiment: Experiment, paths: DataPaths, found: Fingerprint) -> dict[str, Any]:
    """All that a run follows from, as JSON can hold it."""
    described: dict[str, Any] = {**asdict(experiment), "paths": asdict(paths)}
    described["data"]["fingerprint"] = found
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
            if name != "fingerprint"
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
