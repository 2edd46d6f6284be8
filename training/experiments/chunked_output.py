"""One output frame per window, or many: ``python -m training.experiments.chunked_output``.

Speed: output frames per second of training the paper's largest network either way, measured in turn
in one run. Accuracy (with ``--data MOCAP``): validation error of a network trained either way until it
has seen the same number of output frames.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from core.learning.network import StridedTemporalModel, TemporalModel
from core.learning.schedule import TrainingConfig
from core.lifting.config import LifterConfig

from ..configs import DataConfig, Experiment, paper_27, paper_243
from ..datasets.splits import Splits
from .arm import film_splits, train_arm
from .report import write_table

_FPS = 30


def main(arguments: list[str] | None = None) -> None:
    """Measure speed, and accuracy where there is data."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, default=1024)
    parser.add_argument("--windows", type=int, default=64, help="one-frame windows of a step")
    parser.add_argument("--chunks", type=int, default=4, help="chunks of a step")
    parser.add_argument("--chunk-length", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--data", type=Path, help="mocap folder, to compare accuracy")
    parser.add_argument("--run", type=Path, default=Path("runs/chunked_output"))
    parser.add_argument("--outputs", type=int, default=400_000, help="output frames to learn from")
    parsed = parser.parse_args(arguments)
    compare_speed(parsed)
    if parsed.data:
        compare_accuracy(parsed.data, parsed.run, num_outputs=parsed.outputs)


def compare_speed(arguments: argparse.Namespace) -> None:
    """Print output frames per second of both ways, and their ratio round by round."""
    config = replace(paper_243().lifter, channels=arguments.channels)
    device = torch.device(arguments.device)
    one = _stepper(config, arguments.windows, 1, device)
    many = _stepper(config, arguments.chunks, arguments.chunk_length, device)
    rates: list[tuple[float, float]] = []
    for number in range(arguments.rounds + 1):
        rate = (
            arguments.windows / _seconds(one, device),
            arguments.chunks * arguments.chunk_length / _seconds(many, device),
        )
        if number:  # The first round warms up.
            rates.append(rate)
    ratios = [after / before for before, after in rates]
    print(
        f"training, {config.receptive_field} frames, {config.channels} channels, {device}, "
        f"{torch.get_num_threads()} threads, output frames per second:\n"
        f"  one-frame windows, {arguments.windows} a step: "
        f"{statistics.median(rate[0] for rate in rates):.0f}\n"
        f"  chunks of {arguments.chunk_length}, {arguments.chunks} a step: "
        f"{statistics.median(rate[1] for rate in rates):.0f}\n"
        f"  ratio: {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
    )


def _stepper(
    config: LifterConfig, num_windows: int, chunk_length: int, device: torch.device
) -> Callable[[], None]:
    """One step of training: forward, backward, Adam with amsgrad."""
    model = (StridedTemporalModel if chunk_length == 1 else TemporalModel)(config).to(device)
    optimizer = torch.optim.Adam(model.parameters(), amsgrad=True)
    num_frames = chunk_length + config.receptive_field - 1
    inputs = torch.randn(num_windows, num_frames, config.num_joints_in, 2, device=device)
    target = torch.randn(num_windows, chunk_length, config.num_joints_out, 3, device=device)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        torch.linalg.vector_norm(model(inputs) - target, dim=-1).mean().backward()
        optimizer.step()

    return step


def _seconds(step: Callable[[], None], device: torch.device) -> float:
    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize()

    wait()
    began = time.perf_counter()
    step()
    wait()
    return time.perf_counter() - began


def compare_accuracy(folder: Path, run: Path, *, num_outputs: int) -> None:
    """Train 27 frames and 256 channels either way on ``num_outputs`` output frames."""
    lifter = replace(paper_27().lifter, channels=256, fps=_FPS)
    train, validation, test = film_splits(folder, lifter)
    splits = Splits(train, None, validation)
    rows: list[dict[str, object]] = []
    for chunk_length, batch_size in ((1, 256), (8, 128), (32, 32), (32, 128), (128, 8)):
        experiment = _accuracy_arm(lifter, chunk_length, batch_size, num_outputs)
        scores = train_arm(
            experiment,
            splits,
            test,
            run / f"chunk{chunk_length}x{batch_size}",
            description={"data": str(folder)},
        )
        rows.append(
            {
                "output frames of a window": chunk_length,
                "windows of a step": batch_size,
                "steps": experiment.training.num_epochs * (experiment.steps_per_epoch or 0),
                "validation MPJPE (mm)": f"{scores.val_mpjpe_mm:.1f}",
                "test MPJPE (mm)": f"{scores.test_mpjpe_mm:.1f}",
            }
        )
    write_table(run / "chunked_output.md", rows)


def _accuracy_arm(
    lifter: LifterConfig, chunk_length: int, batch_size: int, num_outputs: int
) -> Experiment:
    num_epochs = 10
    steps_per_epoch = max(1, num_outputs // (num_epochs * chunk_length * batch_size))
    return replace(
        paper_27(),
        lifter=lifter,
        training=TrainingConfig(num_epochs=num_epochs, rate_decay=0.03 ** (1 / (num_epochs - 1))),
        data=DataConfig(),
        batch_size=batch_size,
        chunk_length=chunk_length,
        steps_per_epoch=steps_per_epoch,
    )


if __name__ == "__main__":
    main()
