"""The network's forward pass frame by frame: each new frame costs one column of every layer."""

from __future__ import annotations

import numpy as np

from ..errors import LiftError
from .inference import TemporalNetwork


class TemporalStream:
    """A causal network that is given one frame at a time.

    Each layer remembers as many of its inputs as its taps reach back, so that a frame's output is that of
    ``TemporalNetwork.forward_clip`` up to rounding. Before the first frame was that frame, as there.

    Parameters
    ----------
    network : TemporalNetwork
        Causal.

    Raises
    ------
    LiftError
        When the network is symmetric: it needs frames that are still to come.
    """

    def __init__(self, network: TemporalNetwork) -> None:
        config = network.config
        if not config.causal:
            raise LiftError("streaming: expected a causal network, found a symmetric one")
        # One matrix (C_out, W*C_in) per layer.
        self._matrices = [
            taps.transpose(1, 0, 2).reshape(taps.shape[1], -1) for taps in network.taps
        ]
        self._floors = [floor[:, 0] for floor in network.floors]
        self._output_bias = network.output_bias
        num_inputs = config.num_joints_in * config.in_features
        self._frames = _PastColumns(num_inputs, config.filter_widths[0], 1)
        self._hidden = [
            _PastColumns(config.channels, width, dilation)
            for width, dilation in config.block_kernels()
        ]

    def reset(self) -> None:
        """Forget all frames."""
        for past in (self._frames, *self._hidden):
            past.reset()

    def push(self, features: np.ndarray) -> np.ndarray:
        """Outputs of the next frame.

        Parameters
        ----------
        features : (J*F,) array
            float32.

        Returns
        -------
        (num_outputs,) array
        """
        hidden = self._activate(self._frames.push(features), 0)
        for block, past in enumerate(self._hidden):
            wide = self._activate(past.push(hidden), 1 + 2 * block)
            hidden = self._activate(wide, 2 + 2 * block) + hidden
        return self._matrices[-1] @ hidden + self._output_bias

    def _activate(self, column: np.ndarray, layer: int) -> np.ndarray:
        return np.maximum(self._matrices[layer] @ column, self._floors[layer])


class _PastColumns:
    """A layer's last inputs (C,), as far back as its taps reach."""

    def __init__(self, depth: int, width: int, dilation: int) -> None:
        self._ages = np.arange(width - 1, -1, -1) * dilation
        self._ring = np.zeros((self._ages[0] + 1, depth), dtype=np.float32)
        self._num_pushed = 0

    def reset(self) -> None:
        self._num_pushed = 0

    def push(self, column: np.ndarray) -> np.ndarray:
        """(W*C,) the columns that the taps see when ``column`` is the latest."""
        size = len(self._ring)
        if self._num_pushed:
            self._ring[self._num_pushed % size] = column
        else:
            self._ring[:] = column
        seen = self._ring[(self._num_pushed - self._ages) % size]
        self._num_pushed += 1
        return seen.ravel()
