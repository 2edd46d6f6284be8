"""Small seeded clips of a made-up body, seen through distorted lenses, and tasks to learn them."""

from __future__ import annotations

import numpy as np
import torch

from core.geometry.camera import project
from core.learning.clips import ClipSet, TrainingClip
from core.learning.distributed import Share
from core.learning.network import StridedTemporalModel, TemporalModel
from core.learning.objectives import PairedBatch, PoseObjective, SemiSupervisedObjective
from core.learning.prediction import predict_clip
from core.learning.sampling import ClipWindows, SampleOrder
from core.learning.trainer import Task
from core.lifting.config import LifterConfig
from core.skeleton import Skeleton
from core.types import Camera

IMAGE_SIZE = (1000, 800)
SKELETON = Skeleton(
    name="toy-6",
    joint_names=("pelvis", "left_hip", "right_hip", "left_knee", "right_knee", "head"),
    parents=(-1, 0, 0, 1, 2, 0),
    joints_left=(1, 3),
    joints_right=(2, 4),
)
REST = np.array(
    [[0, 0, 0], [0.2, 0, 0], [-0.2, 0, 0], [0.2, 0.5, 0], [-0.2, 0.5, 0], [0, -0.7, 0]], dtype=float
)
CONFIG = LifterConfig(
    num_joints_in=6,
    in_features=2,
    num_joints_out=6,
    filter_widths=(3, 3),
    channels=16,
    dropout=0.25,
    joint_set_in="toy-6",
    joint_set_out="toy-6",
)


def make_camera(rng):
    return Camera(
        focal_length=rng.uniform(900, 1200, 2),
        principal_point=np.array(IMAGE_SIZE) / 2 + rng.uniform(-40, 40, 2),
        radial=rng.uniform(-0.2, 0.2, 3),
        tangential=rng.uniform(-0.02, 0.02, 2),
        rotation_world_to_camera=np.array([1.0, 0.0, 0.0, 0.0]),
        position_world=np.zeros(3),
    )


def make_clip(seed, *, num_frames, is_labelled=True, share_missing=0.0):
    """A body that sways before its own camera; its keypoints are its exact projections."""
    rng = np.random.default_rng(seed)
    time = np.arange(num_frames)[:, None, None] / 10
    sway = 0.1 * np.sin(time * rng.uniform(1, 3, (1, 6, 3)) + rng.uniform(0, 6, (1, 6, 3)))
    walk = rng.uniform([-0.4, -0.3, 3.0], [0.4, 0.3, 5.0]) + 0.1 * np.sin(
        time[:, :, :1] + [0, 1, 2]
    )
    positions = REST * rng.uniform(0.8, 1.2) + sway + walk
    camera = make_camera(rng)
    keypoints = project(
        positions,
        focal_length=camera.focal_length,
        principal_point=camera.principal_point,
        radial=camera.radial,
        tangential=camera.tangential,
    )
    is_missing = rng.random((num_frames, 6)) < share_missing
    keypoints[is_missing] = rng.uniform(0, 1000, (int(is_missing.sum()), 2))
    return TrainingClip(
        subject=f"S{seed}",
        action="Swaying",
        camera_name=f"cam{seed}",
        keypoints=keypoints,
        confidence=np.where(is_missing, 0.0, 0.9) if share_missing else None,
        positions=positions if is_labelled else None,
        camera=camera,
        image_size=IMAGE_SIZE,
        fps=50.0,
    )


def make_set(clips):
    clips = tuple(clips)
    is_labelled = any(clip.positions is not None for clip in clips)
    return ClipSet(clips, SKELETON, SKELETON if is_labelled else None)


def make_windows(clip_set, *, config=CONFIG, chunk_length=1, use_mirror=True):
    return ClipWindows(
        clip_set,
        in_features=config.in_features,
        chunk_length=chunk_length,
        padding=config.padding,
        use_mirror=use_mirror,
        device=torch.device("cpu"),
    )


def make_task(
    *,
    is_semi=False,
    config=CONFIG,
    batch_size=8,
    chunk_length=1,
    num_frames=(17, 10),
    is_linear=False,
    share=Share(),  # noqa: B008
):
    """Two labelled clips, 27 windows an epoch unless told: batches of 8, 8, 8 and 3.

    ``is_semi``: two unlabelled clips beside them, a third of their keypoints missing, after one epoch
    of warming up.
    """
    labelled = make_set(
        make_clip(seed, num_frames=length) for seed, length in enumerate(num_frames, 1)
    )
    windows = make_windows(labelled, config=config, chunk_length=chunk_length, use_mirror=False)
    order = SampleOrder(windows.num_samples, batch_size, seed=3, is_endless=False)
    torch.manual_seed(5)
    kind = StridedTemporalModel if chunk_length == 1 else TemporalModel
    model_pos = kind(config)
    objective = PoseObjective(model_pos)

    def draw(step):
        return windows.gather(share.of(order.samples(step)))

    draw_batch = draw
    if is_semi:
        joints = torch.arange(6)
        objective = SemiSupervisedObjective(
            model_pos,
            kind(LifterConfig(6, 2, 1, config.filter_widths, config.channels, config.dropout)),
            bones=torch.from_numpy(SKELETON.bones),
            projected=torch.stack([joints, joints], dim=1),
            is_linear=is_linear,
            use_bone_lengths=True,
        )
        unlabelled = make_windows(
            make_set(
                make_clip(seed, num_frames=9 + seed, is_labelled=False, share_missing=1 / 3)
                for seed in (11, 12)
            ),
            config=config,
            chunk_length=chunk_length,
        )
        stream = SampleOrder(unlabelled.num_samples, batch_size, seed=4, is_endless=True)

        def draw_pair(step):
            if step < order.steps_per_pass:
                return PairedBatch(draw(step), None)
            return PairedBatch(draw(step), unlabelled.gather(share.of(stream.samples(step))))

        draw_batch = draw_pair

    def validate():
        model = TemporalModel(config).eval()
        model.load_state_dict(model_pos.state_dict())
        errors = []
        for clip in labelled.clips:
            predicted = predict_clip(model, make_inputs(clip))
            target = torch.from_numpy(clip.positions - clip.positions[:, :1]).float()
            errors.append(torch.linalg.vector_norm(predicted - target, dim=-1).mean(dim=1))
        return {"val_mpjpe_mm": 1000 * torch.cat(errors).mean().item()}

    return Task(
        objective=objective,
        steps_per_epoch=order.steps_per_pass,
        draw_batch=draw_batch,
        describe_batch=lambda step: windows.describe(share.of(order.samples(step))),
        validate=validate,
    )


def make_inputs(clip):
    pixels = torch.from_numpy(clip.keypoints).float()
    return pixels / IMAGE_SIZE[0] * 2 - torch.tensor([1, IMAGE_SIZE[1] / IMAGE_SIZE[0]])
