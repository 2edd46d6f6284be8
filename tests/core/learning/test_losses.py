"""Losses are the reference's numbers, and each term is the formula that it is named after."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.learning.losses import RayLossWeights, mpjpe, ray_loss, weighted_mpjpe  # noqa: E402
from core.lifting.decoding import RayOutput  # noqa: E402
from tests.shared_data import shared_data  # noqa: E402


def test_losses_equal_the_reference():
    archive = np.load(shared_data("parity/metrics.npz"))
    predicted, target, weights = (
        torch.from_numpy(archive[name]) for name in ("predicted", "target", "weights")
    )
    assert mpjpe(predicted, target).item() == pytest.approx(float(archive["mpjpe"]), rel=1e-5)
    weighted = weighted_mpjpe(predicted, target, weights).item()
    assert weighted == pytest.approx(float(archive["weighted_mpjpe"]), rel=1e-5)


def test_mpjpe_is_the_mean_distance():
    target = torch.randn(2, 3, 4, 3)
    assert mpjpe(target, target) == 0
    offset = torch.zeros(2, 3, 4, 3)
    offset[..., 0, :] = torch.tensor([3.0, 0.0, 4.0])
    assert mpjpe(target + offset, target).item() == pytest.approx(5 / 4)


def test_weights_scale_each_error_and_are_not_normalised():
    target = torch.zeros(1, 2, 1, 3)
    predicted = torch.tensor([[[[1.0, 0, 0]], [[0, 2.0, 0]]]])
    assert weighted_mpjpe(predicted, target, torch.full((1, 2, 1), 0.5)).item() == 0.75
    assert weighted_mpjpe(predicted, target, torch.tensor([[[3.0], [0.0]]])).item() == 1.5


@pytest.mark.parametrize("loss", [mpjpe, lambda p, t: weighted_mpjpe(p, t, torch.ones(2, 1))])
def test_a_perfect_prediction_has_a_finite_gradient(loss):
    predicted = torch.ones(2, 5, 3, requires_grad=True)
    loss(predicted, torch.ones(2, 5, 3)).backward()
    assert torch.isfinite(predicted.grad).all()


NUM_FRAMES, NUM_JOINTS = 5, 4


def ray_case():
    generator = torch.Generator().manual_seed(2)

    def draw(*shape):
        return torch.randn(2, NUM_FRAMES, *shape, generator=generator)

    gravity = torch.nn.functional.normalize(draw(3), dim=-1)
    contacts = (draw(2) > 0).float()
    perfect = RayOutput(
        xy=draw(NUM_JOINTS, 2),
        depth=draw(NUM_JOINTS),
        log_sigma=torch.zeros(2, NUM_FRAMES, NUM_JOINTS),
        contact_logits=(contacts * 2 - 1) * 40,
        gravity=gravity * 3,
    )
    return perfect, (perfect.xy, perfect.depth, contacts, gravity)


def test_a_perfect_ray_output_costs_nothing():
    output, targets = ray_case()
    total, terms = ray_loss(output, *targets, weights=RayLossWeights())
    assert total.item() == pytest.approx(0, abs=1e-6)
    assert all(abs(term.item()) < 1e-6 for term in terms.values())


def test_ray_terms_are_their_closed_forms():
    output, targets = ray_case()
    log_sigma = torch.full_like(output.log_sigma, -1.0)
    moved = output._replace(depth=output.depth + 0.3, log_sigma=log_sigma, gravity=-output.gravity)
    weights = RayLossWeights(depth=2.0, likelihood=3.0, velocity=5.0, contact=7.0, gravity=11.0)
    total, terms = ray_loss(moved, *targets, weights=weights)
    expected = {
        "position": 0.3,
        "depth": 0.3,
        "likelihood": 0.3 * np.e - 1,
        "velocity": 0.0,
        "contact": 0.0,
        "gravity": 2.0,
    }
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, abs=1e-5)
    assert total.item() == pytest.approx(0.3 + 0.6 + 3 * (0.3 * np.e - 1) + 22, abs=1e-4)


def test_ray_velocity_is_three_times_the_error_of_first_differences():
    output, targets = ray_case()
    drift = 0.01 * torch.arange(NUM_FRAMES)[:, None]
    _, terms = ray_loss(
        output._replace(depth=output.depth + drift), *targets, weights=RayLossWeights()
    )
    assert terms["velocity"].item() == pytest.approx(0.03, rel=1e-4)


def test_uncertainty_does_not_pull_at_the_depth():
    output, targets = ray_case()
    depth = (output.depth + 0.3).requires_grad_()
    log_sigma = output.log_sigma.clone().requires_grad_()
    _, terms = ray_loss(
        output._replace(depth=depth, log_sigma=log_sigma), *targets, weights=RayLossWeights()
    )
    pull = torch.autograd.grad(terms["likelihood"], [depth, log_sigma], allow_unused=True)
    assert pull[0] is None and (pull[1] != 0).all()


def test_the_bone_length_term_is_the_mean_error_of_the_lengths_where_it_is_asked_for():
    output, targets = ray_case()
    bones = torch.tensor([[0, 1], [1, 2]])
    grown = output._replace(xy=1.5 * output.xy, depth=1.5 * output.depth)
    poses = torch.cat([output.xy, output.depth[..., None]], dim=-1)
    lengths = torch.stack(
        [(poses[..., child, :] - poses[..., parent, :]).norm(dim=-1) for parent, child in bones]
    )
    plain, without = ray_loss(grown, *targets, weights=RayLossWeights())
    weights = RayLossWeights(bone_length=2.0)
    total, terms = ray_loss(grown, *targets, weights=weights, bones=bones)
    assert terms["bone_length"].item() == pytest.approx(0.5 * lengths.mean().item(), rel=1e-5)
    assert (total - plain).item() == pytest.approx(2 * terms["bone_length"].item(), rel=1e-4)
    assert "bone_length" not in without
