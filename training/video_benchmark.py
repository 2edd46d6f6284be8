"""What finding people in a video costs: ``python -m training.video_benchmark VIDEO --loops 360``.

Time of decoding and detection together, and the process's peak memory, for the video as many
times over as asked: the demo clip 360 times is ten minutes at 60 frames/s.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from core.errors import LiftError
from core.video_people import find_video_people

from .looped_video import loop_mp4


def main(arguments: list[str] | None = None) -> int:
    """Measure and print as the command line says; 0 when done, 1 when the video is bad."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("video", metavar="VIDEO", type=Path, help="an MP4 without sound")
    parser.add_argument("--loops", type=int, default=1)
    parsed = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "looped.mp4"
        try:
            loop_mp4(parsed.video, path, parsed.loops)
            _measure(path)
        except LiftError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    return 0


def _measure(path: Path) -> None:
    began, began_cpu = time.perf_counter(), time.process_time()
    shown = 0

    def show(share: float) -> None:
        nonlocal shown
        tenth = int(10 * share)
        if tenth > shown:
            shown = tenth
            print(f"{share:.0%}: peak memory {_peak_mb():.0f} MB", flush=True)

    detections, info = find_video_people(path, progress=show)
    seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    print(
        f"{info.num_frames} frames of {info.size[0]}x{info.size[1]}, "
        f"{len(detections.row_frames)} people's frames: {info.num_frames / seconds:.1f} frames/s, "
        f"{1e3 * seconds / info.num_frames:.1f} ms a frame, {1e3 * cpu / info.num_frames:.1f} ms of "
        f"processor time; peak memory {_peak_mb():.0f} MB"
    )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
