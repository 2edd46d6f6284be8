"""The temporal convolutional network's forward pass in NumPy: as fast as torch, nothing to install.

A convolution over time is one matrix product per tap, added up; frames lie in columns, so that a tap's
frames are a view. relu(x + b) = max(x, -b) + b: the constant b is not added to every frame but handed on
to the layers that follow, which are linear. Long clips run in chunks, so memory does not grow with them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .weights import LifterWeights

_CHUNK_FRAMES = 4096


class TemporalNetwork:
    """A network's weights laid out for matrix products.

    Parameters
    ----------
    weights : LifterWeights
        As loaded from a model file.

    Attributes
    ----------
    config : LifterConfig
        The weights' own.
    taps : list of (W,C_out,C_in) arrays
        Of each layer, from the earliest frame to the latest: one contiguous matrix per tap.
    floors : list of (C,1) arrays
        -b of each activation, constants handed on included.
    output_bias : (num_outputs,) array
        Likewise of the output.
    """

    def __init__(self, weights: LifterWeights) -> None:
        self.config = weights.config
        self.taps = [
            np.ascontiguousarray(weight.transpose(2, 0, 1)) for weight, _ in weights.layers
        ]
        self.floors, self.output_bias = _floors_of(weights)
        # Fresh arrays of this size cost the system page faults: the same memory serves every layer.
        self._memory: dict[str, np.ndarray] = {}

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
        hidden = self._activate(np.ascontiguousarray(features.T), 0, dilation=1, place="odd")
        for block, (_, dilation) in enumerate(self.config.block_kernels()):
            place = "odd" if block % 2 else "even"
            wide = self._activate(hidden, 1 + 2 * block, dilation=dilation, place="wide")
            narrow = self._activate(wide, 2 + 2 * block, dilation=1, place=place)
            lost = hidden.shape[1] - narrow.shape[1]
            start = lost if self.config.causal else lost // 2
            narrow += hidden[:, start : start + narrow.shape[1]]
            hidden = narrow
        last = len(self.taps) - 1
        return self._convolve(hidden, last, dilation=1, place="output").T + self.output_bias

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

    def _activate(
        self, columns: np.ndarray, layer: int, *, dilation: int, place: str
    ) -> np.ndarray:
        """Convolution and relu, short of the constant that the next layers account for."""
        result = self._convolve(columns, layer, dilation=dilation, place=place)
        return np.maximum(result, self.floors[layer], out=result)

    def _convolve(
        self, columns: np.ndarray, layer: int, *, dilation: int, place: str
    ) -> np.ndarray:
        """(C_out, T') convolution of (C_in, T) ``columns``, in the memory named ``place``."""
        taps = self.taps[layer]
        shape = taps.shape[1], columns.shape[1] - (len(taps) - 1) * dilation
        result = np.matmul(taps[0], columns[:, : shape[1]], out=self._array(place, shape))
        for tap in range(1, len(taps)):
            shifted = columns[:, tap * dilation : tap * dilation + shape[1]]
            result += np.matmul(taps[tap], shifted, out=self._array("product", shape))
        return result

    def _array(self, place: str, shape: tuple[int, int]) -> np.ndarray:
        """An array of ``shape`` in the memory named ``place``; what it held is lost."""
        size = shape[0] * shape[1]
        memory = self._memory.get(place)
        if memory is None or memory.size < size:
            memory = self._memory[place] = np.empty(size, dtype=np.float32)
        return memory[:size].reshape(shape)


def _floors_of(weights: LifterWeights) -> tuple[list[np.ndarray], np.ndarray]:
    """-b (C,1) of every activation, and the bias of the output, constants handed on included."""
    biases: list[np.ndarray] = []

    def bias_after(constant: np.ndarray | float) -> np.ndarray:
        weight, bias = weights.layers[len(biases)]
        total = bias + weight.sum(axis=2) @ np.broadcast_to(constant, weight.shape[1])
        biases.append(total)
        return total

    hidden = bias_after(0.0)
    for _ in weights.config.block_kernels():
        hidden = hidden + bias_after(bias_after(hidden))
    output = bias_after(hidden)
    return [-bias[:, None].astype(np.float32) for bias in biases[:-1]], output.astype(np.float32)
