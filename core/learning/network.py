"""The temporal convolutional network of Pavllo et al. (arXiv 1811.11742) and its strided twin."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..lifting.config import LifterConfig
from .distributed import JoinedBatchNorm1d


class _TemporalBase(nn.Module):
    """Layers and names that both forms share: one state fits either (METHOD.md section 1)."""

    def __init__(self, config: LifterConfig) -> None:
        super().__init__()
        self.config = config
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

    def _kept(self, hidden: Tensor, block: int, num_left: int) -> Tensor:
        """The frames of a block's input that its output frames stand on."""
        raise AssertionError("each form keeps its own frames")

    def _activate(self, hidden: Tensor, norm: nn.Module) -> Tensor:
        return self.dropout(torch.relu(norm(hidden)))

    def set_batch_norm_momentum(self, momentum: float) -> None:
        """Set the momentum of every BatchNorm layer."""
        for module in self.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.momentum = momentum

    def forward_frames(self, keypoints: Tensor) -> Tensor:
        """(N,T,J,F) keypoints to (N,T',num_outputs): all numbers that the network writes per frame."""
        batch, num_frames = keypoints.shape[:2]
        hidden = keypoints.reshape(batch, num_frames, -1).transpose(1, 2)
        hidden = self._activate(self.expand_conv(hidden), self.expand_bn)
        for block in range(len(self.layers_conv) // 2):
            residual = hidden
            wide, narrow = self.layers_conv[2 * block], self.layers_conv[2 * block + 1]
            hidden = self._activate(wide(hidden), self.layers_bn[2 * block])
            hidden = self._activate(narrow(hidden), self.layers_bn[2 * block + 1])
            hidden = hidden + self._kept(residual, block, hidden.shape[2])
        return self.shrink(hidden).transpose(1, 2)

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

    def _kept(self, hidden: Tensor, block: int, num_left: int) -> Tensor:
        lost = hidden.shape[2] - num_left
        start = lost if self.config.causal else lost // 2
        return hidden[:, :, start : start + num_left]


class StridedTemporalModel(_TemporalBase):
    """Strided form, for windows of exactly one receptive field: no work that is thrown away."""

    def __init__(self, config: LifterConfig) -> None:
        assert not config.dense, "the dense ablation has no strided twin"
        super().__init__(config)

    def _temporal_conv(self, num_inputs: int, width: int, *, dilation: int) -> nn.Conv1d:
        return nn.Conv1d(num_inputs, self.config.channels, width, stride=width, bias=False)

    def _kept(self, hidden: Tensor, block: int, num_left: int) -> Tensor:
        width = self.config.filter_widths[block + 1]
        start = width - 1 if self.config.causal else width // 2
        return hidden[:, :, start::width][:, :, :num_left]
