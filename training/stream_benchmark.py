"""How long a frame takes in live use, on one core: OMP_NUM_THREADS=1 python -m training.stream_benchmark.

The bundled causal model, or random weights of its shape while there is none, on the demo clip; the class
alone, and with its JSON lines. Processor time is what a busy machine distorts least.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from core.clip_source import choose_camera
from core.lifting.config import LifterConfig
from core.lifting.weights import LifterWeights, load_weights, save_weights
from core.pipeline import LiftSettings
from core.stream_session import StreamSession
from core.streaming import CAUSAL_MODEL, StreamLifter

from .benchmark import long_clip
from .configs import EXPERIMENTS

_WARM_UP_FRAMES = 100


def random_weights(config: LifterConfig) -> LifterWeights:
    """Weights that keep the size of what goes through a network: they cost what trained ones cost."""
    rng = np.random.default_rng(0)
    shapes = [(config.channels, config.num_joints_in * config.in_features, config.filter_widths[0])]
    for width, _ in config.block_kernels():
        shapes += [(config.channels, config.channels, width), (config.channels, config.channels, 1)]
    shapes.append((config.num_outputs, config.channels, 1))
    layers = tuple(
        (
            (rng.normal(size=shape) / np.sqrt(2 * shape[1] * shape[2])).astype(np.float32),
            np.zeros(shape[0], dtype=np.float32),
        )
        for shape in shapes
    )
    return LifterWeights(config, layers)


def benchmark_stream(model: Path, num_frames: int) -> None:
    """Print the time that a frame takes, pushed as arrays and answered as a line."""
    clip = long_clip(num_frames)
    assert clip.image_size is not None
    camera, _ = choose_camera(clip.image_size, None, None, None)
    lifter = StreamLifter(load_weights(model), camera, fps=30.0)
    frames = list(zip(clip.positions, clip.confidence, strict=True))
    _print_times(
        "arrays",
        [lambda one=one: lifter.push(one[0], one[1], skeleton=clip.skeleton) for one in frames],
    )
    session = StreamSession(LiftSettings(model=model), warn=print)
    header = {"fps": 30, "image_size": clip.image_size, "joint_set": clip.skeleton.name}
    session.answer(json.dumps(header).encode())
    lines = [
        json.dumps({"keypoints": np.column_stack(one).round(2).tolist()}).encode() for one in frames
    ]
    _print_times("JSON lines", [lambda line=line: session.answer(line) for line in lines])


def _print_times(label: str, jobs: Sequence[Callable[[], object]]) -> None:
    wall, processor = np.zeros((2, len(jobs)))
    for number, job in enumerate(jobs):
        began, began_processor = time.perf_counter(), time.process_time()
        job()
        wall[number] = time.perf_counter() - began
        processor[number] = time.process_time() - began_processor
    wall, processor = wall[_WARM_UP_FRAMES:], processor[_WARM_UP_FRAMES:]
    median, slowest = 1000 * np.quantile(wall, [0.5, 0.99])
    print(
        f"  {label:11s} {median:6.2f} {slowest:6.2f} {1000 * wall.min():6.2f} "
        f"{1000 * processor.mean():10.2f} {1 / wall.mean():10.0f} {1 / processor.mean():10.0f}"
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and run everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=3000)
    parser.add_argument("--model", type=Path, help="default: the bundled one, else random weights")
    arguments = parser.parse_args(argv)
    if arguments.frames <= _WARM_UP_FRAMES:
        parser.error(f"--frames: expected more than the {_WARM_UP_FRAMES} that warm up")
    model = arguments.model or CAUSAL_MODEL
    with tempfile.TemporaryDirectory() as folder:
        name = str(model)
        if arguments.model is None and not model.is_file():
            model, name = Path(folder) / "random.npz", "random weights"
            save_weights(model, random_weights(EXPERIMENTS["default_causal"]().lifter))
        threads = os.environ.get("OMP_NUM_THREADS", "all")
        print(f"live use, {name}, {arguments.frames} frames, {threads} thread(s), ms a frame:")
        print("              median    99%  least  processor   frames/s  by processor")
        benchmark_stream(model, arguments.frames)


if __name__ == "__main__":
    main()
