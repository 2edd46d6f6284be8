"""The default model's training as a task: endless synthetic views of mocap, rays in (METHOD.md 7, 8)."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core.errors import InputFormatError
from core.joint_sets import LIFTED_21
from core.learning.distributed import Share
from core.learning.loss_weights import RayLossWeights
from core.learning.losses import ray_loss
from core.learning.network import TemporalModel
from core.learning.trainer import Task
from core.learning.warm_start import start_from
from core.lifting.decoding import RayOutput, decode_ray_output
from core.lifting.weights import load_weights
from core.metrics import p_mpjpe

from .configs import Experiment
from .datasets.bvh import MocapClip
from .datasets.motion_window import MocapWindows
from .datasets.synthetic import ViewBatch, draw_views
from .datasets.view_config import ViewConfig
from .ray_batch import RayBatch

_IDLE_WEIGHT = 0.25
_NUM_VALIDATION_BATCHES = 4
_VALIDATION_BATCH_SIZE = 32
# Where a clip begins inside a causal network's window: at most so many frames after the first output.
_LATEST_BEGINNING, _LARGEST_REACH = 16, 0.9
_START_SEED = 11
# What may differ between a model file and the network that goes on from it.
_NOT_SHAPE = {"dropout": 0.0, "training": {}, "causal": False}


def make_ray_task(
    experiment: Experiment,
    train_clips: Sequence[MocapClip],
    val_clips: Sequence[MocapClip],
    *,
    device: torch.device,
    share: Share,
    is_begun: bool = False,
) -> Task:
    """Network, endless batches and validation of a default run.

    Parameters
    ----------
    experiment : Experiment
    train_clips, val_clips : sequences of MocapClip
        What the network learns from, and what its figures are of.
    device : torch.device
    share : Share
    is_begun : bool
        The run has a checkpoint, from which the trainer takes the network: ``experiment.start_from``
        is not read.

    Raises
    ------
    InputFormatError
        When the network to start from is of another shape.
    """
    config = experiment.lifter
    # Hours of standing about would teach little else.
    weights = np.array([_IDLE_WEIGHT if "idle" in clip.group else 1.0 for clip in train_clips])
    torch.manual_seed(experiment.seed)
    objective = RayObjective(TemporalModel(config), experiment.loss).to(device)
    assert experiment.steps_per_epoch is not None
    train_windows = MocapWindows(list(train_clips), weights)
    if experiment.start_from is not None and not is_begun:
        batch = _draw(
            train_windows,
            experiment,
            _VALIDATION_BATCH_SIZE,
            np.random.default_rng(_START_SEED),
            device,
        )
        _start_from(objective.model_pos, experiment.start_from, batch)
    return Task(
        objective=objective,
        steps_per_epoch=experiment.steps_per_epoch,
        draw_batch=_drawer(train_windows, experiment, share, device),
        describe_batch=lambda step: (
            f"synthetic views drawn with seed {experiment.seed} and step {step} (from 0)"
        ),
        validate=_validator(objective, MocapWindows(list(val_clips)), experiment, device),
    )


class RayObjective(nn.Module):
    """Loss of the ray-based lifter on a batch of synthetic views."""

    ancestors: Tensor
    bones: Tensor

    def __init__(self, model_pos: TemporalModel, weights: RayLossWeights | None = None) -> None:
        super().__init__()
        self.model_pos = model_pos
        self._weights = weights or RayLossWeights()
        bones = torch.from_numpy(LIFTED_21.bones)
        self.register_buffer("bones", bones, persistent=False)
        ancestors = torch.from_numpy(LIFTED_21.chains).float()
        self.register_buffer("ancestors", ancestors, persistent=False)

    def decode(self, batch: RayBatch) -> RayOutput:
        """Decoded output of the batch's inner frames (those with a full receptive field)."""
        return self.read(self.model_pos.forward_frames(batch.features).float(), batch)

    def read(self, raw: Tensor, batch: RayBatch) -> RayOutput:
        """What the network's numbers ``raw`` say of the batch's inner frames."""
        inner = batch.inner
        return decode_ray_output(
            raw, batch.base_xy[:, inner], batch.depth_reach[:, inner], self.ancestors
        )

    def forward(self, batch: RayBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss and its terms."""
        return self.loss_of(self.decode(batch), batch)

    def loss_of(self, output: RayOutput, batch: RayBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss of the output for a batch, and its terms."""
        inner = batch.inner
        return ray_loss(
            output,
            batch.target_xy[:, inner],
            batch.target_depth[:, inner],
            batch.contacts[:, inner],
            batch.gravity[:, inner],
            weights=self._weights,
            bones=self.bones,
        )


def view_config(experiment: Experiment) -> ViewConfig:
    """How the views vary that an experiment's network learns from."""
    config = experiment.lifter
    if not config.causal:
        return experiment.views
    # All that a causal network sees lies before: clips may begin as late as its first outputs.
    reach = (config.padding[0] + _LATEST_BEGINNING) / _num_frames(experiment)
    return replace(experiment.views, cut_reach=min(reach, _LARGEST_REACH))


def _num_frames(experiment: Experiment) -> int:
    return experiment.chunk_length + experiment.lifter.receptive_field - 1


def _draw(
    windows: MocapWindows,
    experiment: Experiment,
    num_windows: int,
    rng: np.random.Generator,
    device: torch.device,
    *,
    rows: np.ndarray | None = None,
) -> RayBatch:
    """A batch as the network reads it; of the views drawn only ``rows`` where they are given."""
    num_frames = _num_frames(experiment)
    views = draw_views(windows, num_windows, num_frames, view_config(experiment), rng)
    config = experiment.lifter
    return RayBatch(
        views if rows is None else _part(views, rows),
        config.padding,
        device,
        is_causal=config.causal,
        reading=experiment.reading,
    )


def _start_from(model: TemporalModel, path: Path, batch: RayBatch) -> None:
    weights = load_weights(path)
    theirs, ours = ({**asdict(config), **_NOT_SHAPE} for config in (weights.config, model.config))
    differing = [name for name in ours if theirs[name] != ours[name]]
    if differing:
        found = ", ".join(f"{name} {theirs[name]} (not {ours[name]})" for name in differing)
        raise InputFormatError(f"{path}: expected a network of the same shape, found {found}")
    start_from(model, weights, batch.features)


def _drawer(
    windows: MocapWindows, experiment: Experiment, share: Share, device: torch.device
) -> Callable[[int], RayBatch]:
    """A step's batch (this process' share); a thread draws the next step's meanwhile."""
    rows = share.of(torch.arange(experiment.batch_size)).numpy()
    pool = concurrent.futures.ThreadPoolExecutor(1)
    waiting: dict[int, concurrent.futures.Future[RayBatch]] = {}

    def draw(step: int) -> RayBatch:
        rng = np.random.default_rng([experiment.seed, step])
        # Every process draws the whole batch: the views are those of a single process.
        return _draw(windows, experiment, experiment.batch_size, rng, device, rows=rows)

    def draw_batch(step: int) -> RayBatch:
        batch = (waiting.pop(step, None) or pool.submit(draw, step)).result()
        waiting[step + 1] = pool.submit(draw, step + 1)
        return batch

    return draw_batch


def _part(views: ViewBatch, rows: np.ndarray) -> ViewBatch:
    return ViewBatch(
        rays=views.rays[rows],
        confidence=views.confidence[rows],
        targets=views.targets[rows],
        gravity=views.gravity[rows],
        contacts=views.contacts[rows],
    )


def _validator(
    objective: RayObjective, windows: MocapWindows, experiment: Experiment, device: torch.device
) -> Callable[[], dict[str, float]]:
    """P-MPJPE (mm) on fixed synthetic views, raw and with x and y from the rays."""
    rng = np.random.default_rng(7)
    batches = [
        _draw(windows, experiment, _VALIDATION_BATCH_SIZE, rng, device)
        for _ in range(_NUM_VALIDATION_BATCHES)
    ]

    def validate() -> dict[str, float]:
        errors = [_errors_mm(objective.decode(batch), batch) for batch in batches]
        raw_mm, consistent_mm, depth_mm = np.array(errors).mean(axis=0).tolist()
        return {"val_raw_mm": raw_mm, "val_ray_mm": consistent_mm, "val_depth_mm": depth_mm}

    return validate


def _errors_mm(output: RayOutput, batch: RayBatch) -> tuple[float, float, float]:
    """P-MPJPE raw and with x and y from the rays, and mean depth error, of every fourth frame."""
    inner = slice(batch.inner.start, batch.inner.stop, 4)
    depth, xy = output.depth[:, ::4], output.xy[:, ::4]
    raw = torch.cat([xy, depth[..., None]], dim=-1)
    true_depth = batch.target_depth[:, inner]
    target = torch.cat([batch.target_xy[:, inner], true_depth[..., None]], dim=-1)
    distance = batch.root_depth[:, inner, None] + depth
    seen = batch.ray_confidence[:, inner, :, None] > 0
    on_rays = torch.where(
        seen, batch.rays[:, inner] * distance[..., None], xy + batch.root_xy[:, inner]
    )
    consistent = torch.cat([on_rays, depth[..., None]], dim=-1)

    def flat(poses: Tensor) -> np.ndarray:
        return poses.reshape(-1, LIFTED_21.num_joints, 3).cpu().numpy()[:, :17]

    mean_depth = float((depth - true_depth).abs().mean())
    truth = flat(target)
    return (
        1000 * p_mpjpe(flat(raw), truth),
        1000 * p_mpjpe(flat(consistent), truth),
        1000 * mean_depth,
    )
