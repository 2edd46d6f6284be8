"""Go on training from a model file, whose batch normalisation is folded away."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..lifting.weights import LifterWeights, unfold_batch_norm
from .network import TemporalModel

_ROW_NORM = 1.0


def start_from(model: TemporalModel, weights: LifterWeights, features: Tensor) -> None:
    """Make ``model`` write what ``weights`` write, in training as in evaluation.

    Batch normalisation gets the statistics of its inputs over ``features`` back, and gain and shift
    that undo them; every filter gets the same norm, so that one learning rate suits all of them.

    Parameters
    ----------
    model : TemporalModel
        Of the same architecture, without ``relative_input_scale``.
    weights : LifterWeights
    features : (N,T,J,F) tensor
        Input like that of training, on the model's device.
    """
    state = {name: torch.from_numpy(array) for name, array in unfold_batch_norm(weights).items()}
    model.load_state_dict(state)
    was_training = model.training
    model.eval()
    outputs: dict[nn.Conv1d, Tensor] = {}

    def keep(conv: nn.Module, _: object, output: Tensor) -> None:
        assert isinstance(conv, nn.Conv1d)
        outputs[conv] = output

    pairs = _convolutions_and_norms(model)
    hooks = [conv.register_forward_hook(keep) for conv, _ in pairs]
    with torch.no_grad():
        model.forward_frames(features)
        for hook in hooks:
            hook.remove()
        for conv, norm in pairs:
            _renormalise(conv, norm, outputs[conv])
    model.train(was_training)


def _convolutions_and_norms(model: TemporalModel) -> list[tuple[nn.Conv1d, nn.BatchNorm1d]]:
    pairs: list[tuple[nn.Conv1d, nn.BatchNorm1d]] = []
    convolutions = [model.expand_conv, *model.layers_conv]
    for conv, norm in zip(convolutions, [model.expand_bn, *model.layers_bn], strict=True):
        assert isinstance(conv, nn.Conv1d) and isinstance(norm, nn.BatchNorm1d)
        pairs.append((conv, norm))
    return pairs


def _renormalise(conv: nn.Conv1d, norm: nn.BatchNorm1d, output: Tensor) -> None:
    """Scale the filters; ``norm``, which only shifts, standardises ``output`` (N,C,T) and undoes it."""
    size = conv.weight.flatten(start_dim=1).norm(dim=1).clamp(min=1e-6)
    factor = _ROW_NORM / size
    mean = output.mean(dim=(0, 2)) * factor
    variance = output.var(dim=(0, 2)) * factor**2
    assert norm.running_mean is not None and norm.running_var is not None
    conv.weight.mul_(factor[:, None, None])
    norm.bias.add_(mean / factor)
    norm.weight.copy_((variance + norm.eps).sqrt() / factor)
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
