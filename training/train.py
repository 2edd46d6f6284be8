"""Train the default lifter on synthetic views of mocap: ``python -m training.train --data FOLDER``."""

from __future__ import annotations

import argparse
import concurrent.futures
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core.joint_sets import BODY_23, LIFTED_21
from core.learning.losses import RayLossWeights, ray_loss
from core.learning.network import TemporalModel
from core.learning.trainer import TrainingConfig, train
from core.lifting.config import LifterConfig
from core.lifting.decoding import RayOutput, decode_ray_output
from core.lifting.normalization import (
    IN_FEATURES,
    NUM_CLIP_OUTPUTS,
    OUT_FEATURES,
    ancestor_matrix,
    normalize_rays,
)
from core.metrics import p_mpjpe

from .datasets.bvh import load_mocap_split
from .datasets.synthetic import MocapWindows, ViewBatch, ViewConfig, draw_views

ANCESTORS = torch.from_numpy(ancestor_matrix()).float()


def default_config(channels: int) -> LifterConfig:
    """The default model: 81 frames at 30 fps, COCO-17 and feet in, 21 joints out."""
    return LifterConfig(
        num_joints_in=BODY_23.num_joints,
        in_features=IN_FEATURES,
        num_joints_out=LIFTED_21.num_joints,
        filter_widths=(3, 3, 3, 3),
        channels=channels,
        dropout=0.1,
        out_features=OUT_FEATURES,
        num_clip_outputs=NUM_CLIP_OUTPUTS,
        normalization="ray",
        joint_set_in=BODY_23.name,
        joint_set_out=LIFTED_21.name,
        fps=30,
    )


class Batch:
    """Tensors of one training step, made from synthetic views."""

    def __init__(self, views: ViewBatch) -> None:
        normalized = normalize_rays(views.rays, views.confidence)
        rotation = normalized.rotation
        targets = np.einsum("ntij,ntpj->ntpi", rotation, views.targets)
        is_seen = normalized.ray_confidence[..., None] > 0
        seen_xy = normalized.rays / normalized.scale[..., None, None]

        def tensor(array: np.ndarray) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))

        self.features = tensor(normalized.features)
        self.seen_xy = tensor(np.where(is_seen, seen_xy, 0.0))
        self.depth_reach = tensor(normalized.depth_reach)
        self.target_xy = tensor(targets[..., :2])
        self.target_depth = tensor(targets[..., 2] - targets[..., :1, 2])
        self.contacts = tensor(views.contacts)
        self.gravity = tensor(np.einsum("ntij,nj->nti", rotation, views.gravity))
        self.rays = tensor(normalized.rays)
        self.ray_confidence = tensor(normalized.ray_confidence)
        self.root_depth = tensor(targets[..., 0, 2])


def forward(model: nn.Module, batch: Batch, pad: tuple[int, int]) -> RayOutput:
    """Decoded output of the batch's inner frames (those with a full receptive field)."""
    assert isinstance(model, TemporalModel)
    raw = model.forward_frames(batch.features).float()
    inner = slice(pad[0], batch.features.shape[1] - pad[1])
    return decode_ray_output(raw, batch.seen_xy[:, inner], batch.depth_reach[:, inner], ANCESTORS)


def make_loss(
    windows: MocapWindows,
    config: LifterConfig,
    *,
    batch_size: int,
    num_frames: int,
    seed: int,
    views: ViewConfig,
) -> Callable[[nn.Module, int], tuple[Tensor, dict[str, Tensor]]]:
    """The loss of a step; the next step's batch is drawn in a thread meanwhile."""
    pool = concurrent.futures.ThreadPoolExecutor(1)
    waiting: dict[int, concurrent.futures.Future[Batch]] = {}

    def draw(step: int) -> Batch:
        rng = np.random.default_rng([seed, step])
        return Batch(draw_views(windows, batch_size, num_frames, views, rng))

    def loss_of_step(model: nn.Module, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        batch = (waiting.pop(step, None) or pool.submit(draw, step)).result()
        waiting[step + 1] = pool.submit(draw, step + 1)
        output = forward(model, batch, config.padding)
        inner = slice(config.padding[0], num_frames - config.padding[1])
        return ray_loss(
            output,
            batch.target_xy[:, inner],
            batch.target_depth[:, inner],
            batch.contacts[:, inner],
            batch.gravity[:, inner],
            weights=RayLossWeights(),
        )

    return loss_of_step


def make_validation(
    windows: MocapWindows, config: LifterConfig, *, num_frames: int, views: ViewConfig
) -> Callable[[nn.Module], dict[str, float]]:
    """P-MPJPE (mm) on fixed synthetic views, raw and with x and y from the rays."""
    rng = np.random.default_rng(7)
    batches = [Batch(draw_views(windows, 32, num_frames, views, rng)) for _ in range(4)]
    inner = slice(config.padding[0], num_frames - config.padding[1], 4)

    def validate(model: nn.Module) -> dict[str, float]:
        errors: list[tuple[float, float, float]] = []
        for batch in batches:
            output = forward(model, batch, config.padding)
            depth = output.depth[:, ::4]
            xy = output.xy[:, ::4]
            raw = torch.cat([xy, depth[..., None]], dim=-1)
            true_depth = batch.target_depth[:, inner]
            target = torch.cat([batch.target_xy[:, inner], true_depth[..., None]], dim=-1)
            distance = batch.root_depth[:, inner, None] + depth
            seen = batch.ray_confidence[:, inner, :, None] > 0
            on_rays = torch.where(seen, batch.rays[:, inner] * distance[..., None], xy)
            consistent = torch.cat([on_rays, depth[..., None]], dim=-1)

            def flat(poses: Tensor) -> np.ndarray:
                return poses.reshape(-1, LIFTED_21.num_joints, 3).numpy()[:, :17]

            mae = float((depth - true_depth).abs().mean())
            errors.append(
                (p_mpjpe(flat(raw), flat(target)), p_mpjpe(flat(consistent), flat(target)), mae)
            )
        raw_mm, consistent_mm, depth_mm = (1000 * np.array(errors).mean(axis=0)).tolist()
        return {"val_raw_mm": raw_mm, "val_ray_mm": consistent_mm, "val_depth_mm": depth_mm}

    return validate


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="mocap folder with index.json")
    parser.add_argument("--run", type=Path, default=Path("runs/default"), help="run folder")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--channels", type=int, default=512)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--num-frames", type=int, default=176)
    parser.add_argument("--peak-rate", type=float, default=1e-3)
    parser.add_argument("--cooldown-share", type=float, default=0.35)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    config = default_config(arguments.channels)
    clips, skipped = load_mocap_split(arguments.data, "train")
    print(f"train: {len(clips)} clips, {len(skipped)} skipped", *skipped, sep="\n", flush=True)
    weights = np.array([0.25 if "idle" in clip.group else 1.0 for clip in clips])
    val_clips, _ = load_mocap_split(arguments.data, "val")
    torch.manual_seed(arguments.seed)
    model = TemporalModel(config)
    train(
        model,
        make_loss(
            MocapWindows(clips, weights),
            config,
            batch_size=arguments.batch_size,
            num_frames=arguments.num_frames,
            seed=arguments.seed,
            views=ViewConfig(),
        ),
        make_validation(
            MocapWindows(val_clips), config, num_frames=arguments.num_frames, views=ViewConfig()
        ),
        TrainingConfig(
            num_steps=arguments.steps,
            peak_rate=arguments.peak_rate,
            cooldown_share=arguments.cooldown_share,
        ),
        run_folder=arguments.run,
        seed=arguments.seed,
    )


if __name__ == "__main__":
    main()
