"""The detector on real videos: ``python -m training.evaluation.detector --data ../shared/data/real``.

What a user gets who gives a video and no keypoints: P-MPJPE of the lifted poses, as
``training.evaluate`` has it of other detectors' keypoints; how people are found and followed; and what
it costs.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from core.clip_source import ClipSource, settle_clip
from core.errors import LiftError
from core.joint_sets import BODY_12
from core.lifting.weights import load_weights
from core.pipeline import DEFAULT_MODEL, LiftSettings
from core.types import Keypoints2D
from core.video_people import find_video_people

from ..datasets.real import RealClip, load_real_clips
from .judged_clip import judge_real, through_pipeline
from .pose_error import ClipErrors, evaluate_clip
from .real import pooled_rows, print_heading, print_row, view_row

_FPS = Fraction(60)
_CALIBRATION = "calibration.toml"


@dataclass(frozen=True, slots=True)
class Following:
    """How one person is followed: in which share of the frames, and how far they jump at most.

    ``largest_step``: of the mean of ``BODY_12`` from a frame to the next, in the person's own heights; one
    who becomes somebody else makes a large one.
    """

    person: int
    share: float
    largest_step: float


def main(arguments: list[str] | None = None) -> int:
    """Measure and print as the command line says; 0 when done, 1 when the data is bad."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", metavar="FOLDER", type=Path, required=True)
    parsed = parser.parse_args(arguments)
    try:
        print_heading()
        views = evaluate_videos(parsed.data)
        for view in views:
            print_row(view_row(view))
        for row in pooled_rows(views):
            print_row(row)
        print("\nfollowed            share  largest step")
        multi = parsed.data / "pose2sim_multi"
        found = _source(multi / "cam01.mp4", multi, "cam_01")
        for one in map(partial(measure_following, num_frames=_span(found)), found.people):
            print(f"person {one.person:<12} {one.share:6.1%} {one.largest_step:13.3f}")
        _print_cost(multi.parent / "pose2sim_single" / "cam01.mp4")
    except LiftError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def evaluate_videos(folder: Path) -> list[ClipErrors]:
    """Errors of the calibrated demo clips, lifted from their videos by the default model.

    Raises
    ------
    LiftError
        When the clips are not there, or a video cannot be read.
    """
    lift = through_pipeline(load_weights(DEFAULT_MODEL), LiftSettings())
    single = folder / "pose2sim_single"
    clips = [clip for clip in load_real_clips(folder) if clip.name == single.name]
    return [evaluate_clip(judge_real(_from_video(clip, single)), lift) for clip in clips]


def measure_following(person: Keypoints2D, *, num_frames: int) -> Following:
    """How a person is followed through a clip of so many frames."""
    body = person.positions[:, person.skeleton.indices(*BODY_12)]
    height = float(np.median(np.ptp(body[..., 1], axis=1)))
    steps = np.linalg.norm(np.diff(body.mean(axis=1), axis=0), axis=-1) / np.diff(person.frames)
    return Following(
        person=person.person,
        share=person.num_frames / num_frames,
        largest_step=float(steps.max(initial=0.0)) / height,
    )


def _from_video(clip: RealClip, folder: Path) -> RealClip:
    """The same clip as the detector sees it, of several people the one who is seen most."""
    video = folder / f"{clip.camera_name.replace('_', '')}.mp4"
    source = _source(video, folder, clip.camera_name)
    assert source.frame_span == clip.source.frame_span
    return replace(clip, source=replace(source, people=source.people[:1]))


def _source(video: Path, folder: Path, camera_name: str) -> ClipSource:
    detections, info = find_video_people(video)
    return settle_clip(
        video,
        detections,
        video_info=info,
        fps=_FPS,
        calibration=folder / _CALIBRATION,
        camera_name=camera_name,
    )


def _span(source: ClipSource) -> int:
    first, last = source.frame_span
    return last - first + 1


def _print_cost(video: Path) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    detections, info = find_video_people(video)
    num_frames = len(detections.frames)
    wall, cpu = (
        1000 * spent / num_frames
        for spent in (time.perf_counter() - wall, time.process_time() - cpu)
    )
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\n{num_frames} frames of {info.size[0]}x{info.size[1]}: {wall:.1f} ms a frame, {cpu:.1f} ms "
        f"of processor time; peak memory {peak_mb:.0f} MB"
    )


if __name__ == "__main__":
    sys.exit(main())
