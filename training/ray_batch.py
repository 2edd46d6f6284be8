"""Tensors of one training step of a network of rays, made from synthetic views."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .datasets.synthetic import ViewBatch
from .ray_reading import RayReading, read_rays


class RayBatch:
    """What a network reads of views, and targets of all frames.

    ``padding``: frames before and after those that the network gives an output for; ``is_causal``: it
    has seen no later frame, nor has its input; ``reading``: what it is shown.
    """

    def __init__(
        self,
        views: ViewBatch,
        padding: tuple[int, int],
        device: torch.device,
        *,
        is_causal: bool = False,
        reading: RayReading | None = None,
    ) -> None:
        reading = reading or RayReading()
        read = read_rays(views.rays, views.confidence, reading, is_causal=is_causal)
        shown = read.shown
        rotation = shown.rotation
        targets = views.targets @ rotation.swapaxes(-1, -2)
        root_xy = np.zeros_like(targets[..., :1, :2])
        if not reading.is_on_rays:
            root_xy = targets[..., :1, :2]

        def tensor(array: np.ndarray) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).to(device)

        self.inner = slice(padding[0], views.rays.shape[1] - padding[1])
        self.features = tensor(shown.features)
        self.base_xy = tensor(read.base_xy)
        self.depth_reach = tensor(read.depth_reach)
        self.root_xy = tensor(root_xy)
        self.target_xy = tensor(targets[..., :2] - root_xy)
        self.target_depth = tensor(targets[..., 2] - targets[..., :1, 2])
        self.contacts = tensor(views.contacts)
        self.gravity = tensor((rotation @ views.gravity[..., None])[..., 0])
        self.rays = tensor(shown.rays)
        self.ray_confidence = tensor(shown.ray_confidence)
        self.distance = tensor(1 / shown.scale)
        self.root_depth = tensor(targets[..., 0, 2])

    @property
    def num_outputs(self) -> int:
        """Output frames of all windows."""
        return self.target_depth[:, self.inner, 0].numel()
