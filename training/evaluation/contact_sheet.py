"""A picture of a result: ``python -m training.evaluation.contact_sheet KEYPOINTS POSES.npz SHEET.png``.

Six frames of the clip, each with the detected skeleton over the video, and the lifted pose from the
front and from the side, standing on the ground.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from core.clip_source import open_clip
from core.geometry.camera import camera_at_origin
from core.io.poses import StoredPoses, read_poses_npz
from core.io.video import find_video_beside
from core.joint_sets import BODY_23, LIFTED_21, convert_joints
from core.lifting.weights import load_weights
from core.types import Keypoints2D

from .network_pose import network_poses
from .skeleton_drawing import draw_body, draw_keypoints

_NUM_COLUMNS = 6


def draw_contact_sheet(
    keypoints: Keypoints2D,
    poses: StoredPoses,
    video: Path | None,
    sheet: Path,
    *,
    before: np.ndarray | None = None,
) -> None:
    """Draw the sheet.

    Parameters
    ----------
    keypoints : Keypoints2D
        What went in.
    poses : StoredPoses
        What came out.
    video : Path or None
        Background of the first row, where there is one.
    sheet : Path
        PNG to write.
    before : (T,21,3) array, optional
        m, camera space, of the same frames: the poses before the solve, for two rows more.
    """
    rows = np.linspace(0, len(poses.world.frames) - 1, _NUM_COLUMNS).round().astype(int)
    frames = poses.world.frames[rows]
    pictures = {} if video is None else _video_frames(video, frames.tolist())
    shown = [("", poses.world.positions)]
    if before is not None:
        shown.insert(0, (", before", _level_with_camera(before)))
    num_rows = 1 + 2 * len(shown)
    figure, axes = plt.subplots(
        num_rows, _NUM_COLUMNS, figsize=(2.6 * _NUM_COLUMNS, 3.5 * num_rows)
    )
    body = convert_joints(keypoints, BODY_23)
    for column, frame in enumerate(frames):
        _draw_detected(axes[0, column], body, int(frame), pictures.get(int(frame)))
        axes[0, column].set_title(f"frame {frame}", fontsize=9)
    axes[0, 0].set_ylabel("detected")
    for pair, (when, positions) in enumerate(shown):
        for turn, direction in enumerate(_view_axes(positions)):
            line = axes[1 + 2 * pair + turn]
            line[0].set_ylabel(("front", "side")[turn] + when)
            for axis, row in zip(line, rows, strict=True):
                _draw_pose(axis, positions[row], direction)
    figure.tight_layout()
    sheet.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(sheet, dpi=90)
    plt.close(figure)


def _level_with_camera(positions: np.ndarray) -> np.ndarray:
    """Camera space (T,21,3) stood up as if the camera were level; the clip's lowest joint at 0."""
    upright = positions[..., [0, 2, 1]] * [1.0, 1.0, -1.0]
    upright[..., 2] -= upright[..., 2].min()
    return upright


def _view_axes(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Horizontal unit vectors to the right of the picture: seen from the person's front and side."""
    across = positions[:, LIFTED_21.index("left_hip")] - positions[:, LIFTED_21.index("right_hip")]
    mean = across[:, :2].mean(axis=0)
    left = np.append(mean / max(float(np.linalg.norm(mean)), 1e-9), 0.0)
    return left, np.array([-left[1], left[0], 0.0])


def _draw_pose(axis: Axes, joints: np.ndarray, right: np.ndarray) -> None:
    across = (joints - joints[:1]) @ right
    draw_body(axis, np.stack([across, joints[:, 2]], axis=-1))
    axis.axhline(0.0, color="black", linewidth=0.8)
    axis.set_xlim(-1.0, 1.0)
    axis.set_ylim(-0.15, 2.25)
    axis.set_aspect("equal")
    axis.set_xticks([])


def _draw_detected(axis: Axes, body: Keypoints2D, frame: int, picture: np.ndarray | None) -> None:
    assert body.image_size is not None
    width, height = body.image_size
    if picture is not None:
        axis.imshow(picture, extent=(0, width, height, 0))
    draw_keypoints(axis, body, frame)
    axis.set_xlim(0, width)
    axis.set_ylim(height, 0)


def _video_frames(video: Path, frames: list[int]) -> dict[int, np.ndarray]:
    """The wanted frames (H,W,3) of a video, turned as a player shows them; none if PyAV is absent."""
    try:
        import av  # noqa: PLC0415
    except ImportError:
        return {}
    pictures: dict[int, np.ndarray] = {}
    with av.open(str(video)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number in frames:
                turns = round(frame.rotation / 90) if hasattr(frame, "rotation") else 0
                pictures[number] = np.rot90(frame.to_ndarray(format="rgb24"), turns)
            if number >= max(frames):
                break
    return pictures


def main() -> None:
    """Parse the command line and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("keypoints", type=Path)
    parser.add_argument("poses", type=Path)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("--video", type=Path, help="default: the one beside the keypoints")
    parser.add_argument(
        "--before",
        type=Path,
        metavar="MODEL",
        help="draw what this network says before the solve too",
    )
    arguments = parser.parse_args()
    poses = read_poses_npz(arguments.poses)
    source = open_clip(arguments.keypoints, image_size=poses.image_size, fps=poses.world.fps)
    video = arguments.video or find_video_beside(arguments.keypoints)
    keypoints = source.people[poses.world.person - 1]
    before = None
    if arguments.before is not None:
        camera = camera_at_origin(float(np.mean(poses.focal_length)), poses.image_size)
        before = network_poses(keypoints, camera, load_weights(arguments.before), poses.camera)
    draw_contact_sheet(keypoints, poses, video, arguments.sheet, before=before)
    print(arguments.sheet)


if __name__ == "__main__":
    main()
