"""What a lifting network is: its shape, what it reads and writes, and how it was trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Literal

import numpy as np

from ..errors import InputFormatError


@dataclass(frozen=True, slots=True)
class LifterConfig:
    """A temporal convolutional network's architecture and contract.

    The first block of fields names the architecture in the paper's terms (arXiv 1811.11742); the
    second says how its numbers are to be read.

    Parameters
    ----------
    num_joints_in, in_features : int
        The network reads (N,T,num_joints_in,in_features).
    num_joints_out, out_features : int
        It writes (N,T',num_joints_out,out_features), and ``num_clip_outputs`` more numbers per frame.
    filter_widths : tuple of int
        Odd width of each temporal convolution; their product is the receptive field.
    relative_input_scale : float
        Not 0: the network's first layer sees every joint relative to joint 0, times this, and joint 0
        as it is: a change of its coordinates, which learns faster. Model files have it folded into
        the first layer, where it is 0 again.
    normalization : {"image", "ray"}
        "image": pixels scaled to the image's width, 3D relative to the root (the paper). "ray": see
        ``core.lifting.normalization``.
    joint_set_in, joint_set_out : str
        Names in ``core.joint_sets.JOINT_SETS``.
    fps : int
        Frame rate the network was trained at, Hz.
    training : dict
        Summary of the training run: free text for the model card and the report.
    """

    num_joints_in: int
    in_features: int
    num_joints_out: int
    filter_widths: tuple[int, ...]
    channels: int = 1024
    dropout: float = 0.25
    causal: bool = False
    dense: bool = False

    out_features: int = 3
    num_clip_outputs: int = 0
    relative_input_scale: float = 0.0
    normalization: Literal["image", "ray"] = "image"
    joint_set_in: str = "COCO-17"
    joint_set_out: str = "Human3.6M-17"
    fps: int = 50
    training: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "filter_widths", tuple(self.filter_widths))
        if not self.filter_widths or any(width % 2 == 0 for width in self.filter_widths):
            raise InputFormatError(
                f"filter_widths: expected odd widths, found {list(self.filter_widths)}"
            )
        if self.normalization not in ("image", "ray"):
            raise InputFormatError(
                f"normalization: expected 'image' or 'ray', found {self.normalization!r}"
            )

    @property
    def receptive_field(self) -> int:
        """Frames that one output frame depends on."""
        return prod(self.filter_widths)

    @property
    def padding(self) -> tuple[int, int]:
        """Frames to repeat before and after a clip so that every frame has an output."""
        span = self.receptive_field - 1
        return (span, 0) if self.causal else (span // 2, span - span // 2)

    @property
    def num_outputs(self) -> int:
        """Numbers written per frame."""
        return self.num_joints_out * self.out_features + self.num_clip_outputs

    def block_kernels(self) -> list[tuple[int, int]]:
        """(width, dilation) of the temporal convolution of every residual block."""
        kernels: list[tuple[int, int]] = []
        dilation = self.filter_widths[0]
        for width in self.filter_widths[1:]:
            # The dense ablation covers the same span without holes.
            kernels.append(((width - 1) * dilation + 1, 1) if self.dense else (width, dilation))
            dilation *= width
        return kernels

    def input_coordinates(self) -> np.ndarray:
        """(J*F,J*F) the change of coordinates before the first layer; the identity unless asked for."""
        num_joints, num_features = self.num_joints_in, self.in_features
        change = np.eye(num_joints * num_features)
        if self.relative_input_scale:
            # x and y alone: confidence is no place.
            for axis in range(2):
                rows = np.arange(1, num_joints) * num_features + axis
                change[rows, rows] = self.relative_input_scale
                change[rows, axis] = -self.relative_input_scale
        return change
