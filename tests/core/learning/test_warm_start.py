"""Training goes on where a model file stands."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.learning.network import TemporalModel  # noqa: E402
from core.learning.warm_start import start_from  # noqa: E402
from core.lifting.config import LifterConfig  # noqa: E402
from core.lifting.weights import fold_batch_norm  # noqa: E402

CONFIG = LifterConfig(6, 3, 5, (3, 3), channels=16, dropout=0.0)


def trained():
    """A network whose batch normalisation has seen something."""
    torch.manual_seed(1)
    model = TemporalModel(CONFIG)
    for _ in range(30):
        model(3 * torch.randn(8, 20, 6, 3) + 1)
    for norm in (model.expand_bn, *model.layers_bn):
        torch.nn.init.normal_(norm.weight, 1.0, 0.3)
        torch.nn.init.normal_(norm.bias)
    return model.eval()


def started(features):
    model = trained()
    weights = fold_batch_norm(CONFIG, {k: v.numpy() for k, v in model.state_dict().items()})
    torch.manual_seed(2)
    begun = TemporalModel(CONFIG)
    start_from(begun, weights, features)
    return model, begun


def test_it_writes_what_the_model_file_writes_in_training_too():
    torch.manual_seed(0)
    features = 3 * torch.randn(256, 20, 6, 3) + 1
    model, begun = started(features)
    expected = model(features)
    assert begun.training
    assert torch.allclose(begun.eval()(features), expected, atol=1e-4)
    in_training = begun.train()(features)
    assert torch.allclose(in_training, expected, atol=3e-2 * expected.std().item())
    assert not torch.allclose(in_training, torch.zeros_like(expected), atol=0.1)


def test_every_filter_has_the_same_norm():
    _, begun = started(torch.randn(8, 20, 6, 3))
    for conv in (begun.expand_conv, *begun.layers_conv):
        norms = conv.weight.flatten(start_dim=1).norm(dim=1)
        assert torch.allclose(norms, torch.ones_like(norms), atol=1e-4)
