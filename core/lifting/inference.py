"""The temporal convolutional network's forward pass in NumPy: as fast as torch, nothing to install.

A convolution over time is one matrix product per tap, added up; frames lie in rows. Long clips run in
chunks, so memory does not grow with their length.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .weights import LifterWeights

_CHUNK_FRAMES = 1024


class TemporalNetwork:
    """A network's weights laid out for matrix products.

    Parameters
    ----------
    weights : LifterWeights
        As loaded from a model file.
    """

    def __init__(self, weights: LifterWeights) -> None:
        self.config = weights.config
        # (width, C_in, C_out): one contiguous matrix per tap.
        self._taps = [
            np.ascontiguousarray(weight.transpose(2, 1, 0)) for weight, _ in weights.layers
        ]
        self._biases = [bias for _, bias in weights.layers]

    def forward_valid(self, features: np.ndarray) -> np.ndarray:
        """Outputs of every frame that has its whole receptive field.

        Parameters
        ----------
        features : (T, J*F) array
            float32, one frame a row.

        Returns
        -------
        (T - receptive_field + 1, num_outputs) array
        """
        hidden = self._convolve(features, 0, dilation=1)
        np.maximum(hidden, 0.0, out=hidden)
        for block, (_, dilation) in enumerate(self.config.block_kernels()):
            wide = self._convolve(hidden, 1 + 2 * block, dilation=dilation)
            np.maximum(wide, 0.0, out=wide)
            narrow = self._convolve(wide, 2 + 2 * block, dilation=1)
            np.maximum(narrow, 0.0, out=narrow)
            lost = len(hidden) - len(narrow)
            start = lost if self.config.causal else lost // 2
            narrow += hidden[start : start + len(narrow)]
            hidden = narrow
        return self._convolve(hidden, len(self._taps) - 1, dilation=1)

    def forward_clip(self, features: np.ndarray) -> np.ndarray:
        """Outputs (T, num_outputs) of every frame of a clip (T, J*F), its ends repeated outwards."""
        outputs = np.empty((len(features), self.config.num_outputs), dtype=np.float32)
        for start, chunk in self._padded_chunks(features):
            valid = self.forward_valid(chunk)
            outputs[start : start + len(valid)] = valid
        return outputs

    def _padded_chunks(self, features: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """(first output frame, input rows) of each chunk, edge frames repeated as padding."""
        before, after = self.config.padding
        num_frames = len(features)
        for start in range(0, num_frames, _CHUNK_FRAMES):
            stop = min(start + _CHUNK_FRAMES, num_frames)
            rows = np.clip(np.arange(start - before, stop + after), 0, num_frames - 1)
            yield start, features[rows].astype(np.float32, copy=False)

    def _convolve(self, rows: np.ndarray, layer: int, *, dilation: int) -> np.ndarray:
        taps = self._taps[layer]
        num_left = len(rows) - (len(taps) - 1) * dilation
        result = rows[:num_left] @ taps[0]
        for tap in range(1, len(taps)):
            result += rows[tap * dilation : tap * dilation + num_left] @ taps[tap]
        result += self._biases[layer]
        return result
