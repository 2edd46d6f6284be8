"""The paper's training as a task: windows of clips, one or two networks (METHOD.md sections 3, 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from core.errors import InputFormatError
from core.learning.clips import ClipSet, TrainingClip, normalized_keypoints
from core.learning.distributed import Share
from core.learning.network import StridedTemporalModel, TemporalModel
from core.learning.objectives import (
    Network,
    PairedBatch,
    PoseObjective,
    SemiSupervisedObjective,
)
from core.learning.prediction import predict_clip
from core.learning.projection import normalized_lens
from core.learning.sampling import ClipWindows, SampleOrder, WindowBatch
from core.learning.trainer import Task
from core.lifting.config import LifterConfig
from core.metrics import mpjpe, mpjve
from core.skeleton import Skeleton

from .configs import Experiment
from .datasets.splits import Splits

_UNLABELLED_SEED = 500_009


def make_paper_task(
    experiment: Experiment, splits: Splits, *, device: torch.device, share: Share
) -> Task:
    """Networks, batches and validation of a supervised or semi-supervised run.

    Raises
    ------
    InputFormatError
        When a split is empty, a batch would hold one window of one frame, or semi-supervision lacks
        the lens of an unlabelled clip or a labelled one's place before its camera.
    """
    labelled = _windows(splits.train, experiment, device)
    order = SampleOrder(
        labelled.num_samples, experiment.batch_size, seed=experiment.seed, is_endless=False
    )
    _check_batch(labelled.num_samples, experiment)
    objective = _make_objective(experiment, splits).to(device)

    def draw_labelled(step: int) -> WindowBatch:
        return labelled.gather(share.of(order.samples(step)))

    def describe_labelled(step: int) -> str:
        return labelled.describe(order.samples(step))

    draw: Callable[[int], WindowBatch | PairedBatch] = draw_labelled
    describe = describe_labelled
    semi = experiment.semi
    if semi is not None:
        if splits.unlabelled is None:
            raise InputFormatError(
                "semi-supervised training: expected unlabelled clips (--unlabelled-subjects, or "
                "--unlabelled for keypoint files), found none"
            )
        _check_lenses(splits.unlabelled)
        _check_depths(splits.train)
        if semi.is_root_on_ray:
            _check_lenses(splits.train)
            _check_lenses(splits.validation)
        unlabelled = _windows(splits.unlabelled, experiment, device)
        stream = SampleOrder(
            unlabelled.num_samples,
            experiment.batch_size,
            seed=experiment.seed + _UNLABELLED_SEED,
            is_endless=True,
        )
        num_warmup_steps = semi.warmup_epochs * _steps_per_epoch(experiment, order)

        def draw_pair(step: int) -> PairedBatch:
            if step < num_warmup_steps:
                return PairedBatch(draw_labelled(step), None)
            samples = share.of(stream.samples(step - num_warmup_steps))
            return PairedBatch(draw_labelled(step), unlabelled.gather(samples))

        def describe_pair(step: int) -> str:
            if step < num_warmup_steps:
                return describe_labelled(step)
            samples = stream.samples(step - num_warmup_steps)
            return f"{describe_labelled(step)}; unlabelled: {unlabelled.describe(samples)}"

        draw, describe = draw_pair, describe_pair

    return Task(
        objective=objective,
        steps_per_epoch=_steps_per_epoch(experiment, order),
        draw_batch=draw,
        describe_batch=describe,
        validate=lambda: validate(objective, experiment.lifter, splits.validation),
    )


def validate(objective: nn.Module, config: LifterConfig, clips: ClipSet) -> dict[str, float]:
    """Frame-averaged errors (mm) of a run's pose network, and of its trajectory network if any."""
    predict = make_predictor(_network(objective, "model_pos"), config, clips, use_flip=False)
    totals = np.zeros(3)
    trajectory = getattr(objective, "model_traj", None)
    predict_root = None
    if trajectory is not None:
        root_config = trajectory.config
        predict_root = make_predictor(trajectory, root_config, clips, use_flip=False)
    num_frames = num_steps = 0
    for clip in clips.clips:
        assert clip.positions is not None
        target = clip.positions - clip.positions[:, :1]
        predicted = predict(clip)
        totals[0] += mpjpe(predicted, target) * len(target)
        if len(target) > 1:
            totals[1] += mpjve(predicted, target) * (len(target) - 1)
        if predict_root is not None:
            root = _placed_root(objective, predict_root(clip), clip)
            totals[2] += np.linalg.norm(root - clip.positions[:, 0], axis=-1).sum()
        num_frames += len(target)
        num_steps += len(target) - 1
    figures = {
        "val_mpjpe_mm": 1000 * totals[0] / num_frames,
        "val_mpjve_mm": 1000 * totals[1] / max(num_steps, 1),
    }
    if predict_root is not None:
        figures["val_root_mm"] = 1000 * totals[2] / num_frames
    return figures


def _placed_root(objective: nn.Module, trajectory: np.ndarray, clip: TrainingClip) -> np.ndarray:
    """(T,3) m: the root that a trajectory network's output (T,1,3) stands for."""
    assert isinstance(objective, SemiSupervisedObjective)
    keypoint = objective.root_keypoint
    if keypoint is None:
        return trajectory[:, 0]
    assert clip.camera is not None
    screen = normalized_keypoints(clip, in_features=3)[:, keypoint]
    lens = normalized_lens(clip.camera, clip.image_size)
    placed = objective.place(
        torch.from_numpy(trajectory)[None],
        torch.from_numpy(screen[None, :, :2]),
        torch.from_numpy(screen[None, :, 2]),
        torch.from_numpy(lens)[None],
    )
    return placed[0, :, 0].numpy()


def make_predictor(
    network: nn.Module, config: LifterConfig, clips: ClipSet, *, use_flip: bool
) -> Callable[[TrainingClip], np.ndarray]:
    """A function from a clip to the network's output (T,K,3), m.

    ``network`` is either form of the temporal network; ``use_flip`` averages with the mirrored clip.
    """
    device = next(network.parameters()).device
    model = TemporalModel(config).to(device).eval()
    model.load_state_dict(network.state_dict())
    mirror_in = mirror_out = None
    if use_flip:
        mirror_in = torch.from_numpy(clips.skeleton_in.mirror).to(device)
        mirror_out = torch.from_numpy(_output_mirror(config, clips.skeleton_out)).to(device)

    def predict(clip: TrainingClip) -> np.ndarray:
        inputs = torch.from_numpy(normalized_keypoints(clip, in_features=config.in_features))
        with torch.no_grad():
            output = predict_clip(
                model, inputs.to(device), mirror_in=mirror_in, mirror_out=mirror_out
            )
        return output.cpu().numpy()

    return predict


def _output_mirror(config: LifterConfig, skeleton: Skeleton | None) -> np.ndarray:
    if skeleton is not None and skeleton.num_joints == config.num_joints_out:
        return skeleton.mirror
    return np.arange(config.num_joints_out)


def _network(objective: nn.Module, name: str) -> nn.Module:
    network = getattr(objective, name)
    assert isinstance(network, nn.Module)
    return network


def _windows(clips: ClipSet, experiment: Experiment, device: torch.device) -> ClipWindows:
    return ClipWindows(
        clips,
        in_features=experiment.lifter.in_features,
        chunk_length=experiment.chunk_length,
        padding=experiment.lifter.padding,
        use_mirror=experiment.use_mirror,
        device=device,
    )


def _make_objective(experiment: Experiment, splits: Splits) -> nn.Module:
    torch.manual_seed(experiment.seed)
    model_pos = make_network(experiment.lifter, chunk_length=experiment.chunk_length)
    semi = experiment.semi
    if semi is None:
        return PoseObjective(model_pos)
    skeleton_in, skeleton_out = splits.train.skeleton_in, splits.train.skeleton_out
    assert skeleton_out is not None
    return SemiSupervisedObjective(
        model_pos,
        make_network(root_config(experiment.lifter), chunk_length=experiment.chunk_length),
        bones=torch.from_numpy(skeleton_out.bones),
        projected=shared_joints(skeleton_in, skeleton_out),
        is_linear=semi.projection == "linear",
        use_bone_lengths=semi.use_bone_lengths,
        root_keypoint=root_keypoint(skeleton_in, skeleton_out) if semi.is_root_on_ray else None,
    )


def make_network(config: LifterConfig, *, chunk_length: int) -> Network:
    """The strided form for windows of one output frame, the dilated one for longer chunks."""
    if chunk_length == 1 and not config.dense:
        return StridedTemporalModel(config)
    return TemporalModel(config)


def root_config(config: LifterConfig) -> LifterConfig:
    """The trajectory network beside a pose network: the same, one joint out."""
    return replace(config, num_joints_out=1)


def shared_joints(skeleton_in: Skeleton, skeleton_out: Skeleton) -> Tensor:
    """(P,2) indices of the joints that both skeletons name: keypoint, output joint.

    Raises
    ------
    InputFormatError
        When they have fewer than six in common: too few to hold a pose.
    """
    pairs = [
        (skeleton_in.index(name), joint)
        for joint, name in enumerate(skeleton_out.joint_names)
        if name in skeleton_in.joint_names
    ]
    if len(pairs) < 6:
        raise InputFormatError(
            f"semi-supervised training: keypoints {skeleton_in.name} and poses {skeleton_out.name} "
            f"share {len(pairs)} joints by name, expected 6 or more"
        )
    return torch.tensor(pairs)


def root_keypoint(skeleton_in: Skeleton, skeleton_out: Skeleton) -> int:
    """The keypoint that marks the output skeleton's root.

    Raises
    ------
    InputFormatError
        When no keypoint does.
    """
    name = skeleton_out.joint_names[0]
    if name not in skeleton_in.joint_names:
        raise InputFormatError(
            f"root on its keypoint's ray: expected a keypoint {name!r}, found {skeleton_in.name} "
            "without one"
        )
    return skeleton_in.index(name)


def _check_lenses(clips: ClipSet) -> None:
    for clip in clips.clips:
        if clip.camera is None:
            raise InputFormatError(
                f"{clip.name}: semi-supervised training projects into the image and needs the lens: "
                "give cameras, or a field of view"
            )


def _check_depths(clips: ClipSet) -> None:
    """The trajectory's loss is weighted by 1 / depth: nothing or nonsense for a root not in front."""
    for clip in clips.clips:
        assert clip.positions is not None
        depth = clip.positions[:, 0, 2]
        is_behind = depth <= 0
        if is_behind.any():
            frame = int(is_behind.argmax())
            raise InputFormatError(
                f"{clip.name}: semi-supervised training needs absolute camera-space positions (m, the "
                f"root in front of the camera): at frame {frame} the root's z is {depth[frame]:g} "
                f"({int(is_behind.sum())} such)"
            )


def _check_batch(num_samples: int, experiment: Experiment) -> None:
    """BatchNorm cannot learn from one number: a lone window of one frame would end the run."""
    size = min(experiment.batch_size, num_samples)
    if experiment.chunk_length == 1 and size == 1:
        raise InputFormatError(
            f"batch size {experiment.batch_size} of {num_samples} windows: expected batches of two "
            "windows or more: give another --batch-size, or a --chunk-length"
        )


def _steps_per_epoch(experiment: Experiment, order: SampleOrder) -> int:
    return experiment.steps_per_epoch or order.steps_per_pass
