"""Training losses: the paper's (METHOD.md sections 3 and 4) and those of the ray-based lifter."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..lifting.decoding import RayOutput
from .distributed import joined_mean
from .loss_weights import RayLossWeights


def mpjpe(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean per-joint position error of (...,J,3) poses, in their unit (protocol 1)."""
    return joined_mean(torch.linalg.vector_norm(predicted - target, dim=-1))


def weighted_mpjpe(predicted: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Mean of each joint's error times its weight (...,J) or (...,1), not normalised by them."""
    return joined_mean(torch.linalg.vector_norm(predicted - target, dim=-1) * weights)


def ray_loss(
    output: RayOutput,
    target_xy: Tensor,
    target_depth: Tensor,
    target_contacts: Tensor,
    target_gravity: Tensor,
    *,
    weights: RayLossWeights,
    bones: Tensor | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Loss of a decoded network output, and its terms.

    Parameters
    ----------
    output : RayOutput
        Of tensors (N,T,...).
    target_xy, target_depth : (N,T,J,2) and (N,T,J) tensors
        m, in the virtual camera; depth relative to the root.
    target_contacts : (N,T,2) tensor
        0 or 1.
    target_gravity : (N,T,3) tensor
        Unit vectors, in the virtual camera.
    weights : RayLossWeights
    bones : (B,2) tensor, or None
        Parent and child of every bone, where ``weights`` ask for their lengths.
    """
    predicted = torch.cat([output.xy, output.depth[..., None]], dim=-1)
    target = torch.cat([target_xy, target_depth[..., None]], dim=-1)
    depth_error = (output.depth - target_depth).abs()
    log_sigma = output.log_sigma.clamp(-5.0, 1.0)
    terms = {
        "position": mpjpe(predicted, target),
        "depth": joined_mean(depth_error),
        # Laplace likelihood: the uncertainty learns from the error, not the other way round.
        "likelihood": joined_mean(depth_error.detach() * torch.exp(-log_sigma) + log_sigma),
        "velocity": mpjpe(predicted.diff(dim=1), target.diff(dim=1)) * 3.0,
        "contact": joined_mean(
            F.binary_cross_entropy_with_logits(
                output.contact_logits, target_contacts, reduction="none"
            )
        ),
        "gravity": joined_mean(1 - F.cosine_similarity(output.gravity, target_gravity, dim=-1)),
    }
    if weights.bone_length:
        assert bones is not None
        lengths = bone_lengths(predicted, bones), bone_lengths(target, bones)
        terms["bone_length"] = joined_mean((lengths[0] - lengths[1]).abs())
    total = terms["position"]
    for name, weight in (
        ("depth", weights.depth),
        ("likelihood", weights.likelihood),
        ("velocity", weights.velocity),
        ("contact", weights.contact),
        ("gravity", weights.gravity),
        ("bone_length", weights.bone_length),
    ):
        if name in terms:
            total = total + weight * terms[name]
    return total, terms


def bone_lengths(poses: Tensor, bones: Tensor) -> Tensor:
    """(...,B) lengths of the ``bones`` (B,2), parent and child, of poses (...,J,3), in their unit."""
    bone = poses[..., bones[:, 1], :] - poses[..., bones[:, 0], :]
    return torch.linalg.vector_norm(bone, dim=-1)
