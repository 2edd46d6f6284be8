"""Named experiments: the paper's settings (METHOD.md sections 1 to 4) and the default model's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from core.joint_sets import BODY_23, COCO_17, H36M_17, LIFTED_21
from core.learning.clips import ClipSet
from core.learning.loss_weights import RayLossWeights
from core.learning.schedule import TrainingConfig
from core.lifting.config import LifterConfig
from core.lifting.normalization import IN_FEATURES, NUM_CLIP_OUTPUTS, OUT_FEATURES

from .datasets.view_config import ViewConfig
from .ray_reading import RayReading

_H36M_TRAIN = ("S1", "S5", "S6", "S7", "S8")
_H36M_TEST = ("S9", "S11")


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Who is learned from and who is tested, for data sets with named subjects.

    None stands for everyone; data that brings its own split (BVH folders) has no use for subjects.
    ``labelled_share`` keeps that share of every training clip, ``downsample`` every n-th frame of them;
    ``unlabelled_subjects`` give their 2D alone. ``by_subject``: scores are reported for each subject.
    """

    train_subjects: tuple[str, ...] | None = None
    test_subjects: tuple[str, ...] | None = None
    unlabelled_subjects: tuple[str, ...] | None = None
    actions: tuple[str, ...] | None = None
    labelled_share: float = 1.0
    downsample: int = 1
    by_subject: bool = False


@dataclass(frozen=True, slots=True)
class SemiConfig:
    """Semi-supervised terms: they begin after ``warmup_epochs`` epochs of supervision alone.

    ``is_root_on_ray``: the root is placed on its keypoint's ray and the trajectory network learns its
    depth; otherwise it gives the root's position, as in the paper.
    """

    warmup_epochs: int = 1
    projection: Literal["full", "linear"] = "full"
    use_bone_lengths: bool = True
    is_root_on_ray: bool = False


@dataclass(frozen=True, slots=True)
class Experiment:
    """One training run, but for the place of its data.

    Parameters
    ----------
    name : str
    recipe : {"paper", "ray"}
        "paper": windows of recorded clips, image coordinates in, poses relative to the root out.
        "ray": endless synthetic views of mocap, rays in; the default model.
    lifter : LifterConfig
        Its joints follow the data where the data says otherwise.
    training : TrainingConfig
    data : DataConfig
    semi : SemiConfig or None
        None: supervised.
    batch_size, chunk_length : int
        Windows of a step (of each stream), and output frames of a window (1 in the paper).
    use_mirror : bool
        Show every window mirrored too.
    steps_per_epoch : int or None
        None: as many as show every window once.
    start_from : path or None
        Model file whose network training goes on from; None: a new one.
    seed : int
    views, reading, loss : ViewConfig, RayReading, RayLossWeights
        Of the recipe "ray": what the views are like, what the network is shown of them, and what counts.
    """

    name: str
    recipe: Literal["paper", "ray"]
    lifter: LifterConfig
    training: TrainingConfig
    data: DataConfig = field(default_factory=DataConfig)
    semi: SemiConfig | None = None
    batch_size: int = 1024
    chunk_length: int = 1
    use_mirror: bool = True
    steps_per_epoch: int | None = None
    start_from: Path | None = None
    seed: int = 0
    views: ViewConfig = field(default_factory=ViewConfig)
    reading: RayReading = field(default_factory=RayReading)
    loss: RayLossWeights = field(default_factory=RayLossWeights)

    def for_clips(self, clips: ClipSet) -> Experiment:
        """The experiment with the joints and the frame rate of the clips that it learns from."""
        assert clips.skeleton_out is not None
        lifter = replace(
            self.lifter,
            num_joints_in=clips.skeleton_in.num_joints,
            joint_set_in=clips.skeleton_in.name,
            num_joints_out=clips.skeleton_out.num_joints,
            joint_set_out=clips.skeleton_out.name,
            fps=round(clips.clips[0].fps),
        )
        return replace(self, lifter=lifter)


def _paper(name: str, filter_widths: tuple[int, ...], *, is_causal: bool = False) -> Experiment:
    return Experiment(
        name=name,
        recipe="paper",
        lifter=LifterConfig(
            num_joints_in=H36M_17.num_joints,
            in_features=2,
            num_joints_out=H36M_17.num_joints,
            filter_widths=filter_widths,
            causal=is_causal,
            joint_set_in=H36M_17.name,
            joint_set_out=H36M_17.name,
            fps=50,
        ),
        training=TrainingConfig(num_epochs=80),
        data=DataConfig(train_subjects=_H36M_TRAIN, test_subjects=_H36M_TEST),
    )


def paper_243() -> Experiment:
    """The paper's best model on Human3.6M: 243 frames."""
    return _paper("paper_243", (3, 3, 3, 3, 3))


def paper_81() -> Experiment:
    """81 frames."""
    return _paper("paper_81", (3, 3, 3, 3))


def paper_27() -> Experiment:
    """27 frames."""
    return _paper("paper_27", (3, 3, 3))


def paper_1() -> Experiment:
    """The single-frame ablation."""
    return _paper("paper_1", (1, 1, 1))


def paper_243_causal() -> Experiment:
    """243 frames of the past alone."""
    return _paper("paper_243_causal", (3, 3, 3, 3, 3), is_causal=True)


def paper_humaneva() -> Experiment:
    """HumanEva-I: 27 frames, one model for walking, jogging and boxing."""
    base = _paper("paper_humaneva", (3, 3, 3))
    return replace(
        base,
        lifter=replace(
            base.lifter,
            num_joints_out=15,
            joint_set_in=COCO_17.name,
            joint_set_out="HumanEva-15",
            fps=60,
        ),
        training=TrainingConfig(num_epochs=1000, rate_decay=0.996),
        data=DataConfig(
            train_subjects=("Train/S1", "Train/S2", "Train/S3"),
            test_subjects=("Validate/S1", "Validate/S2", "Validate/S3"),
            actions=("Walking", "Jog", "Box"),
            by_subject=True,
        ),
        batch_size=128,
    )


def paper_semi_s1_10pct() -> Experiment:
    """Scarce labels: 10 % of S1 labelled, S5 to S8 as 2D alone."""
    base = _paper("paper_semi_s1_10pct", (3, 3, 3))
    return replace(
        base,
        training=TrainingConfig(num_epochs=200, rate_decay=0.98),
        data=DataConfig(
            train_subjects=("S1",),
            test_subjects=_H36M_TEST,
            unlabelled_subjects=("S5", "S6", "S7", "S8"),
            labelled_share=0.1,
        ),
        semi=SemiConfig(warmup_epochs=5),
        batch_size=64,
    )


def default() -> Experiment:
    """The bundled model: 81 frames at 30 fps, COCO-17 and feet in, 21 joints out."""
    return Experiment(
        name="default",
        recipe="ray",
        lifter=LifterConfig(
            num_joints_in=BODY_23.num_joints,
            in_features=IN_FEATURES,
            num_joints_out=LIFTED_21.num_joints,
            filter_widths=(3, 3, 3, 3),
            channels=512,
            dropout=0.1,
            out_features=OUT_FEATURES,
            num_clip_outputs=NUM_CLIP_OUTPUTS,
            normalization="ray",
            joint_set_in=BODY_23.name,
            joint_set_out=LIFTED_21.name,
            fps=30,
        ),
        training=TrainingConfig(
            num_epochs=32,
            optimizer="adamw",
            schedule="trapezoid",
            warmup_steps=300,
            weight_decay=0.01,
            clip_norm=1.0,
            batch_norm_momentum=(0.1, 0.1),
            precision="bfloat16",
            best_by="val_ray_mm",
        ),
        batch_size=32,
        chunk_length=96,
        steps_per_epoch=250,
    )


def default_causal() -> Experiment:
    """The bundled model's sibling for live use: the same, but for frames that are still to come."""
    base = default()
    return replace(base, name="default_causal", lifter=replace(base.lifter, causal=True))


EXPERIMENTS: dict[str, Callable[[], Experiment]] = {
    function.__name__: function
    for function in (
        paper_243,
        paper_81,
        paper_27,
        paper_1,
        paper_243_causal,
        paper_humaneva,
        paper_semi_s1_10pct,
        default,
        default_causal,
    )
}
"""Every experiment by name."""
