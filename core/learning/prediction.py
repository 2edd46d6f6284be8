"""Run a network over whole clips: every frame gets an output, averaged with the mirrored clip's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .network import TemporalModel


def predict_clip(
    model: TemporalModel,
    keypoints: Tensor,
    *,
    mirror_in: Tensor | None = None,
    mirror_out: Tensor | None = None,
) -> Tensor:
    """The network's output for every frame of a clip; edge frames repeat at its ends.

    Parameters
    ----------
    model : TemporalModel
        In evaluation mode.
    keypoints : (T,J,F) tensor
        Normalised as in training, on the model's device.
    mirror_in, mirror_out : (J,) and (K,) index tensors
        Each joint's mirror image, to average with the mirrored clip's output (METHOD.md section 2);
        both or neither.

    Returns
    -------
    (T,K,out_features) tensor
    """
    if mirror_in is None or mirror_out is None:
        return _predict(model, keypoints[None])[0]
    both = _predict(model, torch.stack([keypoints, mirror_x(keypoints, mirror_in)]))
    return (both[0] + mirror_x(both[1], mirror_out)) / 2


def mirror_x(points: Tensor, mirror: Tensor) -> Tensor:
    """Points (...,J,C) seen in a mirror: x negated, left and right joints exchanged."""
    mirrored = points[..., mirror, :].clone()
    mirrored[..., 0] *= -1
    return mirrored


def _predict(model: TemporalModel, keypoints: Tensor) -> Tensor:
    count, num_frames = keypoints.shape[:2]
    flat = keypoints.reshape(count, num_frames, -1).transpose(1, 2)
    padded = F.pad(flat, model.config.padding, mode="replicate").transpose(1, 2)
    return model(padded.reshape(count, -1, *keypoints.shape[2:]))
