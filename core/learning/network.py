"""The temporal convolutional network of Pavllo et al. (arXiv 1811.11742) and its strided twin."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..lifting.config import LifterConfig
from .distributed import JoinedBatchNorm1d


class _TemporalBase(nn.Module):
    """Layers and names that both forms share: one state fits either (METHOD.md section 1)."""

    input_coordinates: Tensor

    def __init__(self, config: LifterConfig) -> None:
        super().__init__()
        self.config = config
        change = torch.from_numpy(config.input_coordinates()).float()
        self.register_buffer("input_coordinates", change, persistent=False)
        channels = config.channels
        num_inputs = config.num_joints_in * config.in_features
        self.expand_conv = self._temporal_conv(num_inputs, config.filter_widths[0], dilation=1)
        self.expand_bn = JoinedBatchNorm1d(channels)
        self.layers_conv = nn.ModuleList()
        self.layers_bn = nn.ModuleList()
        for width, dilation in config.block_kernels():
            self.layers_conv.append(self._temporal_conv(channels, width, dilation=dilation))
            self.layers_conv.append(nn.Conv1d(channels, channels, 1, bias=False))
            self.layers_bn.extend([JoinedBatchNorm1d(channels), JoinedBatchNorm1d(channels)])
        self.shrink = nn.Conv1d(channels, config.num_outputs, 1)
        self.dropout = nn.Dropout(config.dropout)

    def _temporal_conv(self, num_inputs: int, width: int, *, dilation: int) -> nn.Conv1d:
        raise AssertionError("each form builds its own temporal convolutions")

    def _activate(self, hidden: Tensor, norm: nn.Module) -> Tensor:
        return self.dropout(torch.relu(norm(hidden)))

    def _coordinates(self, keypoints: Tensor) -> Tensor:
        """(N,T,J,F) to (N,T,J*F) in the coordinates that the first layer learns in."""
        flat = keypoints.flatten(start_dim=2)
        return flat @ self.input_coordinates.T if self.config.relative_input_scale else flat

    def forward_frames(self, keypoints: Tensor) -> Tensor:
        """(N,T,J,F) keypoints to (N,T',num_outputs): all numbers that the network writes per frame."""
        raise AssertionError("each form runs its own layers")

    def forward(self, keypoints: Tensor) -> Tensor:
        """(N,T,J_in,F) keypoints to (N,T',J_out,out_features), T' = T - receptive_field + 1."""
        config = self.config
        frames = self.forward_frames(keypoints)
        frames = frames[..., : config.num_joints_out * config.out_features]
        return frames.reshape(*frames.shape[:2], config.num_joints_out, config.out_features)


class TemporalModel(_TemporalBase):
    """Dilated form: one pass over a clip gives every frame's output."""

    def _temporal_conv(self, num_inputs: int, width: int, *, dilation: int) -> nn.Conv1d:
        return nn.Conv1d(num_inputs, self.config.channels, width, dilation=dilation, bias=False)

    def forward_frames(self, keypoints: Tensor) -> Tensor:
        """(N,T,J,F) keypoints to (N,T',num_outputs): all numbers that the network writes per frame."""
        hidden = self._coordinates(keypoints).transpose(1, 2)
        hidden = self._activate(self.expand_conv(hidden), self.expand_bn)
        for block in range(len(self.layers_conv) // 2):
            residual = hidden
            wide, narrow = self.layers_conv[2 * block], self.layers_conv[2 * block + 1]
            hidden = self._activate(wide(hidden), self.layers_bn[2 * block])
            hidden = self._activate(narrow(hidden), self.layers_bn[2 * block + 1])
            hidden = hidden + self._kept(residual, hidden.shape[2])
        return self.shrink(hidden).transpose(1, 2)

    def _kept(self, hidden: Tensor, num_left: int) -> Tensor:
        """The frames of a block's input that its ``num_left`` output frames stand on."""
        lost = hidden.shape[2] - num_left
        start = lost if self.config.causal else lost // 2
        return hidden[:, :, start : start + num_left]


class StridedTemporalModel(_TemporalBase):
    """Strided form, for windows of exactly one receptive field: no work that is thrown away.

    A convolution whose stride is its width is one matrix product over frames laid side by side: twice
    as fast on a CPU as a strided convolution.
    """

    def __init__(self, config: LifterConfig) -> None:
        assert not config.dense, "the dense ablation has no strided twin"
        super().__init__(config)

    def _temporal_conv(self, num_inputs: int, width: int, *, dilation: int) -> nn.Conv1d:
        return nn.Conv1d(num_inputs, self.config.channels, width, stride=width, bias=False)

    def forward_frames(self, keypoints: Tensor) -> Tensor:
        """(N,T,J,F) keypoints, T a multiple of the receptive field, to (N,T',num_outputs)."""
        hidden = self._coordinates(keypoints)
        hidden = self._step(hidden, self.expand_conv, self.expand_bn)
        for block, width in enumerate(self.config.filter_widths[1:]):
            kept = hidden[:, (width - 1 if self.config.causal else width // 2) :: width]
            for layer in (2 * block, 2 * block + 1):
                hidden = self._step(hidden, self.layers_conv[layer], self.layers_bn[layer])
            hidden = hidden + kept
        return F.linear(hidden, self.shrink.weight[..., 0], self.shrink.bias)

    def _step(self, hidden: Tensor, conv: nn.Module, norm: nn.Module) -> Tensor:
        """Convolve (N,T,C) with stride = width, normalise and activate."""
        assert isinstance(conv, nn.Conv1d)
        width = conv.kernel_size[0]
        # Spelled out: -1 has no meaning for a process whose share of the batch is empty.
        side_by_side = hidden.reshape(
            len(hidden), hidden.shape[1] // width, width * hidden.shape[2]
        )
        hidden = F.linear(side_by_side, conv.weight.transpose(1, 2).flatten(start_dim=1))
        return self._activate(hidden.flatten(end_dim=1), norm).unflatten(0, hidden.shape[:2])
