"""Semi-supervised training of a network of rays on real video (METHOD.md sections 4 and 7).

Beside every batch of synthetic views, whose 3D is known, stands one of real keypoints, of which the 2D
alone is: what the network makes of them has to project back to them, and has to have the bones of people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from core.errors import InputFormatError
from core.geometry.camera import MIN_DEPTH, pixels_to_rays
from core.joint_sets import BODY_23, LIFTED_21
from core.learning.clips import ClipSet, TrainingClip
from core.learning.distributed import joined_mean
from core.learning.loss_weights import RayLossWeights
from core.learning.losses import bone_lengths
from core.learning.network import TemporalModel
from core.learning.trainer import Task
from core.lifting.config import LifterConfig
from core.lifting.decoding import RayOutput, decode_ray_output
from core.lifting.normalization import NormalizedRays, normalize_rays
from core.lifting.ray_pose import mirror_rays

from .ray_batch import RayBatch
from .ray_task import RayObjective

_STREAM_SEED = 500_009


@dataclass(frozen=True, slots=True)
class RealVideoWeights:
    """Weight of each term of the unlabelled stream.

    ``projection``: how far, at the person's distance, the predicted points lie off the rays that were
    seen (m). The others are of the points put on their rays. ``bone_length``: mean difference (m)
    between the mean lengths of the bones and those of the labelled stream, as in the paper.
    ``steadiness``: mean deviation (m) of the bones' lengths from those of the window, left and right
    together: nobody's change.
    """

    projection: float = 1.0
    bone_length: float = 1.0
    steadiness: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class RealBatch:
    """Windows of real keypoints; N windows of T frames, of which L have an output.

    ``features`` (N,T,23,4); of the output frames ``base_xy`` (N,L,21,2) and ``depth_reach`` (N,L,21) m
    as the decoder takes them, ``rays`` (N,L,21,2), their ``confidence`` (N,L,21), 0 as well in frames
    beyond the clip, and ``distance`` (N,L) m of the person.
    """

    features: Tensor
    base_xy: Tensor
    depth_reach: Tensor
    rays: Tensor
    confidence: Tensor
    distance: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class RealVideoBatch:
    """A step's labelled and unlabelled windows, equally many."""

    labelled: RayBatch
    unlabelled: RealBatch

    @property
    def num_outputs(self) -> int:
        """Labelled output frames."""
        return self.labelled.num_outputs


class RealWindows:
    """Unlabelled clips as windows, and mirrored ones; whole clips are read as in use.

    Parameters
    ----------
    clips : ClipSet
        Keypoints of ``BODY_23`` at the network's rate, with the lens of each.
    config : LifterConfig
    chunk_length : int
        Output frames of a window.
    device : torch.device

    Raises
    ------
    InputFormatError
        When a clip's lens is unknown.
    """

    def __init__(
        self, clips: ClipSet, config: LifterConfig, *, chunk_length: int, device: torch.device
    ) -> None:
        assert clips.skeleton_in is BODY_23
        read = [_read(clip, is_causal=config.causal) for clip in clips.clips]
        # Twice as many clips: each, then all in a mirror.
        read += [mirror_rays(one, BODY_23.mirror) for one in read]
        self._lengths = np.array([len(one.features) for one in read])
        self._starts = np.concatenate([[0], np.cumsum(self._lengths)[:-1]])
        self._features = np.concatenate([one.features for one in read])
        self._rays = np.concatenate([one.rays for one in read])
        self._confidence = np.concatenate([one.ray_confidence for one in read])
        self._reach = np.concatenate([one.depth_reach for one in read])
        self._scale = np.concatenate([one.scale for one in read])
        self._padding = config.padding
        self._chunk_length = chunk_length
        self._device = device

    @property
    def num_frames(self) -> int:
        """Frames of all clips, mirrored ones not counted."""
        return int(self._lengths.sum()) // 2

    def draw(self, num_windows: int, rng: np.random.Generator) -> RealBatch:
        """Windows whose output frames lie inside a clip where it is long enough; each frame as likely."""
        clips = rng.choice(len(self._lengths), num_windows, p=self._lengths / self._lengths.sum())
        lengths, starts = self._lengths[clips, None], self._starts[clips, None]
        spare = np.maximum(lengths[:, 0] - self._chunk_length, 0)
        first = (rng.random(num_windows) * (spare + 1)).astype(int)[:, None]
        before, after = self._padding
        seen = first + np.arange(-before, self._chunk_length + after)
        asked = first + np.arange(self._chunk_length)
        # Beyond its ends a clip is padded as the lifter pads it.
        rows = starts + np.clip(asked, 0, lengths - 1)
        is_inside = (asked < lengths)[..., None]
        confidence = self._confidence[rows]
        distance = 1 / self._scale[rows]
        is_seen = (confidence > 0)[..., None]

        def tensor(array: np.ndarray) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).to(self._device)

        return RealBatch(
            features=tensor(self._features[starts + np.clip(seen, 0, lengths - 1)]),
            base_xy=tensor(np.where(is_seen, self._rays[rows] * distance[..., None, None], 0.0)),
            depth_reach=tensor(self._reach[rows]),
            rays=tensor(np.where(is_seen, self._rays[rows], 0.0)),
            confidence=tensor(confidence * is_inside),
            distance=tensor(distance),
        )


def _read(clip: TrainingClip, *, is_causal: bool) -> NormalizedRays:
    if clip.camera is None or clip.confidence is None:
        raise InputFormatError(f"{clip.name}: expected keypoints with confidence, and a lens")
    rays = pixels_to_rays(clip.keypoints.astype(float), clip.camera)
    return normalize_rays(rays, clip.confidence.astype(float), is_causal=is_causal)


class RealVideoObjective(RayObjective):
    """Loss of a labelled batch of synthetic views and an unlabelled one of real video.

    BatchNorm keeps the statistics that the network came with. Of both streams together they are those of
    neither: ten steps at a rate of 2e-5 that follow them cost 1 mm on real clips (82 to 83), these none.
    """

    mirrored_bones: Tensor

    def __init__(
        self, model_pos: TemporalModel, weights: RayLossWeights, real_weights: RealVideoWeights
    ) -> None:
        super().__init__(model_pos, weights)
        self._real_weights = real_weights
        ends = LIFTED_21.bones[:, 1].tolist()
        mirrored = torch.tensor([ends.index(LIFTED_21.mirror[end]) for end in ends])
        self.register_buffer("mirrored_bones", mirrored, persistent=False)

    def train(self, mode: bool = True) -> Self:
        """Set the mode of all but BatchNorm."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.eval()
        return self

    def forward(self, batch: RayBatch | RealVideoBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss and its terms; of a labelled batch alone where there is no other."""
        if isinstance(batch, RayBatch):
            return super().forward(batch)
        labelled, real = batch.labelled, batch.unlabelled
        count = len(labelled.features)
        features = torch.cat([labelled.features, real.features])
        raw = self.model_pos.forward_frames(features).float()
        told = self.read(raw[:count], labelled)
        total, terms = self.loss_of(told, labelled)
        output = decode_ray_output(raw[count:], real.base_xy, real.depth_reach, self.ancestors)
        terms |= self.real_terms(output, real, told, labelled)
        weights = self._real_weights
        total = total + weights.projection * terms["projection"]
        total = total + weights.bone_length * terms["real_bone_length"]
        return total + weights.steadiness * terms["steadiness"], terms

    def real_terms(
        self, output: RayOutput, real: RealBatch, told: RayOutput, labelled: RayBatch
    ) -> dict[str, Tensor]:
        """The terms of the unlabelled stream, unweighted; ``told`` of the ``labelled`` one is as it is."""
        distance = _distance(output, real.distance)
        off_ray = output.xy / distance[..., None] - real.rays
        projection = torch.linalg.vector_norm(off_ray, dim=-1) * real.distance[..., None]
        lengths = bone_lengths(_on_rays(real.rays, distance), self.bones)
        trust = self._bone_trust(real.confidence)
        with torch.no_grad():
            inner = labelled.inner
            where = _distance(told, labelled.distance[:, inner])
            expected = bone_lengths(_on_rays(labelled.rays[:, inner], where), self.bones)
            sure = self._bone_trust(labelled.ray_confidence[:, inner])
            expected = _weighted_mean(expected, sure, dim=(0, 1))
        is_known = ((trust.sum(dim=(0, 1)) > 0) & (sure.sum(dim=(0, 1)) > 0)).float()
        found = _weighted_mean(lengths, trust, dim=(0, 1))
        own = _weighted_mean(lengths, trust, dim=(1,))
        both = trust.sum(dim=1) + trust.sum(dim=1)[:, self.mirrored_bones]
        shares = trust.sum(dim=1) / both.clamp(min=1e-6)
        own = shares * own + shares[:, self.mirrored_bones] * own[:, self.mirrored_bones]
        return {
            "projection": joined_mean(projection, real.confidence),
            "real_bone_length": joined_mean((found - expected).abs(), is_known),
            "steadiness": joined_mean((lengths - own[:, None]).abs(), trust),
        }

    def _bone_trust(self, confidence: Tensor) -> Tensor:
        """(N,L,B) how far a bone is known: as its less sure end."""
        ends = confidence[..., self.bones]
        return ends.amin(dim=-1)


def _distance(output: RayOutput, person: Tensor) -> Tensor:
    """(N,L,J) m: each joint's distance along the line of sight, the ``person`` being at (N,L)."""
    return (person[..., None] + output.depth).clamp(min=MIN_DEPTH)


def _on_rays(rays: Tensor, distance: Tensor) -> Tensor:
    """(N,L,J,3) m: points of ``rays`` (N,L,J,2) at their ``distance`` (N,L,J)."""
    return torch.cat([rays * distance[..., None], distance[..., None]], dim=-1)


def _weighted_mean(values: Tensor, weights: Tensor, *, dim: tuple[int, ...]) -> Tensor:
    return (values * weights).sum(dim=dim) / weights.sum(dim=dim).clamp(min=1e-6)


def with_real_video(
    task: Task,
    windows: RealWindows | None,
    *,
    loss: RayLossWeights,
    weights: RealVideoWeights,
    num_windows: int,
    seed: int,
) -> Task:
    """A task on synthetic views (``make_ray_task``) with real video beside it, or with None.

    Its network, labelled batches and validation stay the same; ``num_windows`` and ``seed`` are of the
    unlabelled stream.
    """
    assert isinstance(task.objective, RayObjective)
    device = next(task.objective.parameters()).device
    objective = RealVideoObjective(task.objective.model_pos, loss, weights).to(device)
    if windows is None:
        return replace(task, objective=objective)
    draw_labelled: Callable[[int], object] = task.draw_batch

    def draw_batch(step: int) -> RealVideoBatch:
        labelled = draw_labelled(step)
        assert isinstance(labelled, RayBatch)
        rng = np.random.default_rng([_STREAM_SEED, seed, step])
        return RealVideoBatch(labelled, windows.draw(num_windows, rng))

    return replace(task, objective=objective, draw_batch=draw_batch)
