"""How much each part of a loss counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RayLossWeights:
    """Weight of each term of ``ray_loss`` beside the position error; of 0 the term has no pull.

    ``bone_length``, of the error of the bones' lengths, is not even computed at 0.
    """

    depth: float = 1.0
    likelihood: float = 0.05
    velocity: float = 0.3
    contact: float = 0.03
    gravity: float = 0.05
    bone_length: float = 0.0
