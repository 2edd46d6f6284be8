"""How fast it is, in one run: ``python -m training.benchmark [--model MODEL.npz ...]``.

Network inference in NumPy against torch, model files against the paper's network, live use on one core,
baking against ``keyframe_insert``, and the whole command line on clips of growing length with its peak
memory.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from core.clip_source import open_clip
from core.geometry.camera import camera_at_origin
from core.io.native import write_keypoints_npz
from core.learning.network import TemporalModel
from core.lifting.config import LifterConfig
from core.lifting.inference import TemporalNetwork
from core.lifting.lift import lift
from core.lifting.weights import LifterWeights, fold_batch_norm, load_weights
from core.pipeline import DEFAULT_MODEL
from core.types import Keypoints2D

_PAPER = LifterConfig(
    num_joints_in=17, in_features=2, num_joints_out=17, filter_widths=(3, 3, 3, 3, 3)
)
_PARTS = ("inference", "stream", "bake", "command-line")
_ROOT = Path(__file__).resolve().parents[1]
_BEAM = _ROOT / "tests" / "data" / "beam" / "cam01_json"
# Runs in a child so that its peak memory is its own: prints wall seconds and peak MB.
_MEASURED = """
import resource, subprocess, sys, time
began = time.perf_counter()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
seconds = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(code, seconds, peak)
"""


def median_seconds(jobs: list[Callable[[], object]], *, num_rounds: int = 9) -> list[float]:
    """Median time of each job, run in turn so that a busy machine disturbs all alike."""
    times: list[list[float]] = [[] for _ in jobs]
    for number in range(num_rounds + 1):
        for job, taken in zip(jobs, times, strict=True):
            began = time.perf_counter()
            job()
            if number:
                taken.append(time.perf_counter() - began)
    return [statistics.median(taken) for taken in times]


def benchmark_inference(num_frames: int, model_paths: list[Path]) -> None:
    """Frames per second of the paper's 243-frame network, in NumPy and in torch, and of model files.

    The networks alone on clips of noise, one after the other; then lifting as the pipeline does it, with
    flip averaging, of one clip by each: what a network needs before and after it counts there.

    Parameters
    ----------
    num_frames : int
        Length of the clips.
    model_paths : list of Path
    """
    torch.manual_seed(0)
    model = TemporalModel(_PAPER).eval()
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    weights = {"243 frames, 1024 channels": fold_batch_norm(_PAPER, state)}
    weights |= {str(path): load_weights(path) for path in model_paths}
    before, after = _PAPER.padding
    padded = np.pad(_noise(num_frames, _PAPER), ((before, after), (0, 0)), mode="edge")
    tensor = torch.from_numpy(padded.reshape(1, -1, 17, 2))
    alone = [_forward_job(each, num_frames) for each in weights.values()]
    with torch.no_grad():
        in_torch, *seconds = median_seconds([lambda: model(tensor), *alone])
    print(
        f"inference, {num_frames} frames, frames per second (times the paper's network in NumPy):"
    )
    print(
        f"  {num_frames / in_torch:10.0f} {seconds[0] / in_torch:8.2f}  torch, {next(iter(weights))}"
    )
    _print_rates(num_frames, dict(zip(weights, seconds, strict=True)))
    seconds = median_seconds([_lift_job(each, num_frames) for each in weights.values()])
    print("lifting with flip averaging, likewise:")
    _print_rates(num_frames, dict(zip(weights, seconds, strict=True)))


def _noise(num_frames: int, config: LifterConfig) -> np.ndarray:
    size = (num_frames, config.num_joints_in * config.in_features)
    return np.random.default_rng(0).normal(size=size).astype(np.float32)


def _forward_job(weights: LifterWeights, num_frames: int) -> Callable[[], object]:
    network, clip = TemporalNetwork(weights), _noise(num_frames, weights.config)
    return lambda: network.forward_clip(clip)


def _lift_job(weights: LifterWeights, num_frames: int) -> Callable[[], object]:
    keypoints = replace(long_clip(num_frames), fps=Fraction(weights.config.fps))
    assert keypoints.image_size is not None
    camera = camera_at_origin(1000.0, keypoints.image_size)
    return lambda: lift(keypoints, camera, weights)


def _print_rates(num_frames: int, seconds: dict[str, float]) -> None:
    """Frames per second of each, and how many times those of the first."""
    first = next(iter(seconds.values()))
    for name, taken in seconds.items():
        print(f"  {num_frames / taken:10.0f} {first / taken:8.2f}  NumPy, {name}")


def long_clip(num_frames: int) -> Keypoints2D:
    """The demo clip played to and fro until it has ``num_frames``."""
    source = open_clip(_BEAM, fps=Fraction(60)).people[0]
    there_and_back = np.concatenate([np.arange(100), np.arange(98, 0, -1)])
    rows = np.resize(there_and_back, num_frames)
    return Keypoints2D(
        positions=source.positions[rows],
        confidence=source.confidence[rows],
        frames=np.arange(num_frames),
        image_size=source.image_size,
        fps=source.fps,
        person=1,
        skeleton=source.skeleton,
    )


def benchmark_command_line(lengths: list[int]) -> None:
    """Wall time and peak memory of ``addon/cli.py`` for clips of several lengths."""
    print("whole command line, keypoints npz to BVH and poses:")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for num_frames in lengths:
            clip = folder / f"clip{num_frames}.npz"
            write_keypoints_npz(clip, long_clip(num_frames))
            outputs = ["--output", str(folder / "out.bvh"), "--poses", str(folder / "poses.npz")]
            command = [sys.executable, str(_ROOT / "addon" / "cli.py"), str(clip), *outputs]
            result = subprocess.run(
                [sys.executable, "-c", _MEASURED, *command],
                capture_output=True,
                text=True,
                check=True,
            )
            code, seconds, peak = result.stdout.split()
            state = "" if code == "0" else f"  FAILED, exit {code}"
            print(f"  {num_frames:7d} frames {float(seconds):8.1f} s {float(peak):8.0f} MB{state}")


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and run everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=3000, help="clip length for inference")
    parser.add_argument(
        "--lengths", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="whole clips"
    )
    parser.add_argument(
        "--model",
        type=Path,
        nargs="+",
        default=[DEFAULT_MODEL],
        help="model files, beside the paper's network",
    )
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=_PARTS, help="default: all")
    arguments = parser.parse_args(argv)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads; NumPy {np.__version__}")
    if "inference" in arguments.parts:
        benchmark_inference(arguments.frames, arguments.model)
    if "stream" in arguments.parts:
        subprocess.run(
            [sys.executable, "-m", "training.stream_benchmark"],
            check=True,
            cwd=_ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    if "bake" in arguments.parts:
        script = _ROOT / "tests" / "addon" / "bake_benchmark.py"
        subprocess.run([sys.executable, str(script)], check=True)
    if "command-line" in arguments.parts:
        benchmark_command_line(arguments.lengths)


if __name__ == "__main__":
    main()
