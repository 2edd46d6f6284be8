"""The default model's training as a task: endless synthetic views of mocap, rays in (METHOD.md 7, 8)."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core.errors import InputFormatError
from core.joint_sets import LIFTED_21
from core.learning.distributed import Share
from core.learning.losses import RayLossWeights, ray_loss
from core.learning.network import TemporalModel
from core.learning.trainer import Task
from core.learning.warm_start import start_from
from core.lifting.config import LifterConfig
from core.lifting.decoding import RayOutput, decode_ray_output
from core.lifting.normalization import normalize_rays
from core.lifting.weights import load_weights
from core.metrics import p_mpjpe

from .configs import Experiment
from .datasets.bvh import MocapClip
from .datasets.motion_window import MocapWindows
from .datasets.synthetic import ViewBatch, draw_views
from .datasets.view_config import ViewConfig

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
    num_frames = experiment.chunk_length + config.receptive_field - 1
    # Hours of standing about would teach little else.
    weights = np.array([_IDLE_WEIGHT if "idle" in clip.group else 1.0 for clip in train_clips])
    torch.manual_seed(experiment.seed)
    objective = RayObjective(TemporalModel(config)).to(device)
    assert experiment.steps_per_epoch is not None
    train_windows = MocapWindows(list(train_clips), weights)
    if experiment.start_from is not None and not is_begun:
        _start_from(objective.model_pos, experiment.start_from, train_windows, num_frames, device)
    return Task(
        objective=objective,
        steps_per_epoch=experiment.steps_per_epoch,
        draw_batch=_drawer(
            train_windows,
            num_windows=experiment.batch_size,
            num_frames=num_frames,
            config=config,
            seed=experiment.seed,
            share=share,
            device=device,
        ),
        describe_batch=lambda step: (
            f"synthetic views drawn with seed {experiment.seed} and step {step} (from 0)"
        ),
        validate=_validator(
            objective,
            MocapWindows(list(val_clips)),
            config,
            num_frames=num_frames,
            device=device,
        ),
    )


class RayBatch:
    """Tensors of one training step, made from synthetic views; targets of all frames.

    ``padding``: frames before and after those that the network gives an output for; ``is_causal``: it
    has seen no later frame, nor has its input.
    """

    def __init__(
        self,
        views: ViewBatch,
        padding: tuple[int, int],
        device: torch.device,
        *,
        is_causal: bool = False,
    ) -> None:
        normalized = normalize_rays(views.rays, views.confidence, is_causal=is_causal)
        rotation = normalized.rotation
        targets = views.targets @ rotation.swapaxes(-1, -2)
        is_seen = normalized.ray_confidence[..., None] > 0
        seen_xy = normalized.rays / normalized.scale[..., None, None]

        def tensor(array: np.ndarray) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).to(device)

        self.inner = slice(padding[0], views.rays.shape[1] - padding[1])
        self.features = tensor(normalized.features)
        self.seen_xy = tensor(np.where(is_seen, seen_xy, 0.0))
        self.depth_reach = tensor(normalized.depth_reach)
        self.target_xy = tensor(targets[..., :2])
        self.target_depth = tensor(targets[..., 2] - targets[..., :1, 2])
        self.contacts = tensor(views.contacts)
        self.gravity = tensor((rotation @ views.gravity[..., None])[..., 0])
        self.rays = tensor(normalized.rays)
        self.ray_confidence = tensor(normalized.ray_confidence)
        self.root_depth = tensor(targets[..., 0, 2])

    @property
    def num_outputs(self) -> int:
        """Output frames of all windows."""
        return self.target_depth[:, self.inner, 0].numel()


class RayObjective(nn.Module):
    """Loss of the ray-based lifter on a batch of synthetic views."""

    def __init__(self, model_pos: TemporalModel) -> None:
        super().__init__()
        self.model_pos = model_pos
        ancestors = torch.from_numpy(LIFTED_21.chains).float()
        self.register_buffer("ancestors", ancestors, persistent=False)

    def decode(self, batch: RayBatch) -> RayOutput:
        """Decoded output of the batch's inner frames (those with a full receptive field)."""
        raw = self.model_pos.forward_frames(batch.features).float()
        inner = batch.inner
        return decode_ray_output(
            raw, batch.seen_xy[:, inner], batch.depth_reach[:, inner], self.ancestors
        )

    def forward(self, batch: RayBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss and its terms."""
        inner = batch.inner
        return ray_loss(
            self.decode(batch),
            batch.target_xy[:, inner],
            batch.target_depth[:, inner],
            batch.contacts[:, inner],
            batch.gravity[:, inner],
            weights=RayLossWeights(),
        )


def view_config(config: LifterConfig, num_frames: int) -> ViewConfig:
    """How the views vary that a network learns from, in windows of ``num_frames``."""
    if not config.causal:
        return ViewConfig()
    # All that a causal network sees lies before: clips may begin as late as its first outputs.
    reach = (config.padding[0] + _LATEST_BEGINNING) / num_frames
    return ViewConfig(cut_reach=min(reach, _LARGEST_REACH))


def _start_from(
    model: TemporalModel,
    path: Path,
    windows: MocapWindows,
    num_frames: int,
    device: torch.device,
) -> None:
    weights = load_weights(path)
    theirs, ours = ({**asdict(config), **_NOT_SHAPE} for config in (weights.config, model.config))
    differing = [name for name in ours if theirs[name] != ours[name]]
    if differing:
        found = ", ".join(f"{name} {theirs[name]} (not {ours[name]})" for name in differing)
        raise InputFormatError(f"{path}: expected a network of the same shape, found {found}")
    rng = np.random.default_rng(_START_SEED)
    config = model.config
    views = draw_views(
        windows, _VALIDATION_BATCH_SIZE, num_frames, view_config(config, num_frames), rng
    )
    batch = RayBatch(views, config.padding, device, is_causal=config.causal)
    start_from(model, weights, batch.features)


def _drawer(
    windows: MocapWindows,
    *,
    num_windows: int,
    num_frames: int,
    config: LifterConfig,
    seed: int,
    share: Share,
    device: torch.device,
) -> Callable[[int], RayBatch]:
    """A step's batch (this process' share); a thread draws the next step's meanwhile."""
    rows = share.of(torch.arange(num_windows)).numpy()
    pool = concurrent.futures.ThreadPoolExecutor(1)
    waiting: dict[int, concurrent.futures.Future[RayBatch]] = {}

    def draw(step: int) -> RayBatch:
        rng = np.random.default_rng([seed, step])
        # Every process draws the whole batch: the views are those of a single process.
        views = draw_views(windows, num_windows, num_frames, view_config(config, num_frames), rng)
        return RayBatch(_part(views, rows), config.padding, device, is_causal=config.causal)

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
    objective: RayObjective,
    windows: MocapWindows,
    config: LifterConfig,
    *,
    num_frames: int,
    device: torch.device,
) -> Callable[[], dict[str, float]]:
    """P-MPJPE (mm) on fixed synthetic views, raw and with x and y from the rays."""
    rng = np.random.default_rng(7)
    batches = [
        RayBatch(
            draw_views(
                windows, _VALIDATION_BATCH_SIZE, num_frames, view_config(config, num_frames), rng
            ),
            config.padding,
            device,
            is_causal=config.causal,
        )
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
    on_rays = torch.where(seen, batch.rays[:, inner] * distance[..., None], xy)
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
