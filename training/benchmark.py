"""How fast it is, in one run: ``python -m training.benchmark``.

Network inference in NumPy against torch, the default model against the paper's, baking against
``keyframe_insert``, and the whole command line on clips of growing length with its peak memory.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from core.clip_source import open_clip
from core.io.native import write_keypoints_npz
from core.learning.network import TemporalModel
from core.lifting.config import LifterConfig
from core.lifting.inference import TemporalNetwork
from core.lifting.weights import fold_batch_norm, load_weights
from core.pipeline import DEFAULT_MODEL
from core.types import Keypoints2D

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


def benchmark_inference(num_frames: int) -> None:
    """The paper's 243-frame network in NumPy and in torch, and the default model in NumPy."""
    paper = LifterConfig(
        num_joints_in=17, in_features=2, num_joints_out=17, filter_widths=(3, 3, 3, 3, 3)
    )
    torch.manual_seed(0)
    model = TemporalModel(paper).eval()
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    network = TemporalNetwork(fold_batch_norm(paper, state))
    default = TemporalNetwork(load_weights(DEFAULT_MODEL))
    rng = np.random.default_rng(0)
    clip = rng.normal(size=(num_frames, 17 * 2)).astype(np.float32)
    before, after = paper.padding
    padded = np.pad(clip, ((before, after), (0, 0)), mode="edge")
    tensor = torch.from_numpy(padded.reshape(1, -1, 17, 2))
    inputs = default.config.num_joints_in * default.config.in_features
    own_clip = rng.normal(size=(num_frames, inputs)).astype(np.float32)
    with torch.no_grad():
        in_numpy, in_torch, own = median_seconds(
            [
                lambda: network.forward_clip(clip),
                lambda: model(tensor),
                lambda: default.forward_clip(own_clip),
            ]
        )
    print(f"inference, {num_frames} frames, frames per second:")
    print(f"  243 frames, 1024 channels, torch  {num_frames / in_torch:10.0f}")
    print(f"  243 frames, 1024 channels, NumPy  {num_frames / in_numpy:10.0f}")
    print(f"  default model, NumPy              {num_frames / own:10.0f}")
    print(f"  NumPy / torch {in_torch / in_numpy:.2f}, default / 243 frames {in_numpy / own:.2f}")


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


def main() -> None:
    """Parse the command line and run everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=3000, help="clip length for inference")
    parser.add_argument(
        "--lengths", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="whole clips"
    )
    arguments = parser.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads; NumPy {np.__version__}")
    benchmark_inference(arguments.frames)
    subprocess.run(
        [sys.executable, str(_ROOT / "tests" / "addon" / "bake_benchmark.py")], check=True
    )
    benchmark_command_line(arguments.lengths)


if __name__ == "__main__":
    main()
