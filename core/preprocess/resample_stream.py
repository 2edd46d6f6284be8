"""From any frame rate to the model's, frame by frame and without waiting for the next frame."""

from __future__ import annotations

import numpy as np

from ..errors import LiftError

LONGEST_BRIDGE_SECONDS = 0.25
# A tick that is due within this share of a tick's length is due now.
_ROUNDING = 1e-6


class ResampleStream:
    """Gives the model's frames that are due when one of the source's comes in.

    The model's frames are evenly spaced from the source's first. Those between two of the source's lie
    on a straight line between them, where a joint was seen in both; so the latest is less than one of the
    model's frames old, and none waits for what is to come. Between frames that are more than a quarter of
    a second apart nobody was seen.

    Parameters
    ----------
    fps : float
        The model's rate, Hz.
    """

    def __init__(self, *, fps: float) -> None:
        self._fps = fps
        self.reset()

    def reset(self) -> None:
        """Begin anew with the next frame."""
        self._start = 0.0
        self._num_given = 0
        self._last: tuple[float, np.ndarray, np.ndarray] | None = None

    def push(
        self, time: float, positions: np.ndarray, confidence: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The model's frames that are due.

        Parameters
        ----------
        time : float
            s, later than that of the frame before.
        positions : (J,C) array
        confidence : (J,) array
            0 where a joint is missing.

        Returns
        -------
        positions, confidence
            (T,J,C) and (T,J): none, one or several frames.

        Raises
        ------
        LiftError
            When time does not go on.
        """
        if self._last is None:
            self._start, self._num_given = time, 1
            self._last = time, positions, confidence
            return positions[None], confidence[None]
        before, first_positions, first_confidence = self._last
        if not time > before:
            raise LiftError(f"expected a time after {before:g} s, found {time:g} s")
        num_due = int((time - self._start) * self._fps + _ROUNDING) + 1
        places = self._start + np.arange(self._num_given, num_due) / self._fps
        share = np.clip((places - before) / (time - before), 0.0, 1.0)
        # Where a frame of the source is one of the model's, the other does not matter.
        share = np.where(1 - share < _ROUNDING, 1.0, share)[:, None]
        self._num_given = num_due
        self._last = time, positions, confidence
        is_seen = ((first_confidence > 0) & (confidence > 0)) | ((share == 1) & (confidence > 0))
        if time - before > LONGEST_BRIDGE_SECONDS:
            is_seen &= share == 1
        blend = share[..., None]
        return (
            (1 - blend) * first_positions + blend * positions,
            np.where(is_seen, (1 - share) * first_confidence + share * confidence, 0.0),
        )
