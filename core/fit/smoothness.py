"""What the smoothness setting means: which speeds of motion it keeps."""

from __future__ import annotations

import numpy as np

_RAW_CUTOFF_HZ, _SMOOTH_CUTOFF_HZ = 14.0, 0.8


def cutoff_of_setting(smooth: float) -> float:
    """Frequency (Hz) that is halved at a setting from 0 (raw) to 1 (very smooth)."""
    share = float(np.clip(smooth, 0.0, 1.0))
    return _RAW_CUTOFF_HZ * (_SMOOTH_CUTOFF_HZ / _RAW_CUTOFF_HZ) ** share


def penalty_of_cutoff(cutoff_hz: float, fps: float) -> float:
    """Strength of ``filters.smooth_penalized`` that halves ``cutoff_hz`` at weight 1."""
    return float((2 * np.sin(min(np.pi * cutoff_hz / fps, np.pi / 2))) ** -4)
