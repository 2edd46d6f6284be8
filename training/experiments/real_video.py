"""Does unlabelled video help? ``python -m training.experiments.real_video --data MOCAP --real REAL``.

A model file goes on training on synthetic views, with or without real keypoints beside them whose 3D
nobody tells (``real/aistpp`` 01 to 03 and ``real/pose2sim_multi``), as many steps either way. Compared
on mocap's validation split and the real validation clips; the table is written after every finished run.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from core.clip_source import choose_camera
from core.errors import InputFormatError
from core.joint_sets import BODY_23
from core.learning.clips import ClipSet, TrainingClip
from core.learning.distributed import Share
from core.learning.trainer import Task
from core.lifting.weights import LifterWeights, load_weights
from core.pipeline import DEFAULT_MODEL

from ..configs import Experiment, default
from ..datasets.keypoint_files import load_keypoint_files
from ..datasets.unlabelled_view import VideoFacts
from ..ray_task import make_ray_task
from ..real_video_task import RealVideoWeights, RealWindows, with_real_video
from .ray_arm import (
    MocapSplits,
    arm_parser,
    load_mocap_splits,
    short_experiment,
    train_ray_arm,
)
from .report import write_table
from .validation import Scores, load_validation, score, score_cells

_AIST_SEQUENCES = ("breakdance_ch01", "breakdance_ch02", "breakdance_ch03")
_STEADY = RealVideoWeights(steadiness=3.0)
_NOT_TRAINED = "model"


@dataclass(frozen=True, slots=True)
class Arm:
    """In the table's words, and what stands beside the synthetic views.

    ``weights`` of the real stream's terms, None for an arm without; ``has_cameras``: its lenses are
    known, else taken for what the pipeline assumes.
    """

    title: str
    weights: RealVideoWeights | None
    has_cameras: bool = True


ARMS: dict[str, Arm] = {
    "supervised": Arm("synthetic views alone", None),
    "known": Arm("real 2D, cameras known", RealVideoWeights()),
    "unknown": Arm("real 2D, cameras unknown", RealVideoWeights(), has_cameras=False),
    "known_steady": Arm("real 2D, cameras known, steady bones", _STEADY),
    "unknown_steady": Arm("real 2D, cameras unknown, steady bones", _STEADY, has_cameras=False),
}
"""Every arm by name."""


def load_unlabelled(real: Path, *, fps: int, chunk_length: int, has_cameras: bool) -> ClipSet:
    """The real clips whose 2D may be learned from, as keypoints alone.

    Raises
    ------
    InputFormatError
        When there are none.
    """
    aist = [real / "aistpp" / f"{name}.npz" for name in _AIST_SEQUENCES]
    multi = real / "pose2sim_multi"
    paths = [path for path in [*aist, multi / "cam01_json"] if path.exists()]
    if not paths:
        raise InputFormatError(
            f"{real}: expected aistpp ({', '.join(_AIST_SEQUENCES)}) or pose2sim_multi in it"
        )
    calibration = multi / "calibration.toml"
    is_calibrated = calibration.exists()
    clips, notes = load_keypoint_files(
        paths,
        BODY_23,
        fps=fps,
        # A window may reach beyond a short clip, but not for most of its frames.
        min_frames=chunk_length // 3,
        facts=VideoFacts(
            calibration=calibration if is_calibrated else None,
            camera_name="cam_01" if is_calibrated else None,
        ),
    )
    print(
        f"unlabelled: {len(clips.clips)} clips, {clips.num_frames} frames, cameras "
        f"{'known' if has_cameras else 'unknown'}; {len(notes)} notes",
        flush=True,
    )
    return clips if has_cameras else clips.with_clips(map(_with_assumed_camera, clips.clips))


def _with_assumed_camera(clip: TrainingClip) -> TrainingClip:
    camera, _ = choose_camera(clip.image_size, None, None, None)
    return replace(clip, camera=camera)


def make_experiment(options: argparse.Namespace, weights: LifterWeights, seed: int) -> Experiment:
    """The default recipe, going on from a model file at a low rate."""
    lifter = replace(weights.config, training={})
    experiment = short_experiment("real_video", lifter, options, warmup_steps=50, seed=seed)
    return replace(experiment, start_from=options.model)


def main(arguments: list[str] | None = None) -> None:
    """Score the model as it is, then train every arm and seed; write the table after each."""
    parsed = parse(arguments)
    weights = load_weights(parsed.model)
    if weights.config.normalization != "ray":
        raise InputFormatError(f"{parsed.model}: expected a network of rays, found one of images")
    splits = load_mocap_splits(parsed.data)
    found = splits.fingerprint()
    clips = load_validation(parsed.data, parsed.real, num_views=parsed.views)
    results: dict[str, list[Mapping[str, Scores]]] = {
        _NOT_TRAINED: [score(weights, default().reading, clips)]
    }
    streams = {
        has_cameras: load_unlabelled(
            parsed.real,
            fps=weights.config.fps,
            chunk_length=default().chunk_length,
            has_cameras=has_cameras,
        )
        for has_cameras in sorted({ARMS[name].has_cameras for name in parsed.arms})
    }
    for seed in parsed.seeds:
        experiment = make_experiment(parsed, weights, seed)
        for name in parsed.arms:
            arm = ARMS[name]
            print(f"arm {name}, seed {seed}: {arm.title}", flush=True)
            scores = train_ray_arm(
                experiment,
                _task_maker(arm, splits, streams[arm.has_cameras]),
                clips,
                parsed.run / f"{name}-seed{seed}",
                description={
                    "fingerprint": found,
                    "num_views": parsed.views,
                    "arm": asdict(arm),
                    "unlabelled_frames": streams[arm.has_cameras].num_frames,
                },
            )
            results.setdefault(name, []).append(scores)
            write_results(parsed.run, results)


def _task_maker(arm: Arm, splits: MocapSplits, stream: ClipSet) -> Callable[..., Task]:
    def make(experiment: Experiment, device: torch.device, is_begun: bool) -> Task:
        task = make_ray_task(
            experiment, splits.train, splits.val, device=device, share=Share(), is_begun=is_begun
        )
        windows = None
        if arm.weights is not None:
            windows = RealWindows(
                stream, experiment.lifter, chunk_length=experiment.chunk_length, device=device
            )
        return with_real_video(
            task,
            windows,
            loss=experiment.loss,
            weights=arm.weights or RealVideoWeights(),
            num_windows=experiment.batch_size,
            seed=experiment.seed,
        )

    return make


def write_results(folder: Path, results: Mapping[str, Sequence[Mapping[str, Scores]]]) -> None:
    """The table: the model as it was, then a row per arm, mean and spread over its seeds."""
    titles = {_NOT_TRAINED: "as it was", **{name: arm.title for name, arm in ARMS.items()}}
    rows = [
        {"arm": name, "stream": titles[name], "seeds": len(runs), **score_cells(runs)}
        for name, runs in results.items()
    ]
    write_table(folder / "real_video.md", rows)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line's options."""
    parser = arm_parser(__doc__, arms=list(ARMS), run="runs/real_video")
    parser.add_argument(
        "--model", type=Path, default=DEFAULT_MODEL, help="model file to go on from"
    )
    parser.set_defaults(epochs=6, steps_per_epoch=50, learning_rate=2e-4)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
