"""A picture of one judged view: what was detected, and the lifted pose beside the true one."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from core.joint_sets import BODY_23, LIFTED_21, convert_joints
from core.types import Keypoints2D

from .pose_error import ClipErrors, root_relative, size_ratio
from .skeleton_drawing import draw_body, draw_bones, draw_keypoints, side_color

NUM_COLUMNS = 6
_REACH_M = 1.0
# Drawn beside the tree's bones where the judged joints have no trunk.
_TRUNK = (
    ("left_shoulder", "right_shoulder"),
    ("left_hip", "right_hip"),
    ("left_shoulder", "left_hip"),
    ("right_shoulder", "right_hip"),
)


def draw_view(view: ClipErrors) -> Figure:
    """Six judged frames: the keypoints, the pose as the camera sees it, and from the camera's right.

    The true poses in pale colours behind the lifted ones, which are of the person's true size; the roots
    together.
    """
    clip = view.clip
    judged = np.flatnonzero(view.is_judged_frame)
    rows = judged[np.linspace(0, len(judged) - 1, NUM_COLUMNS).round().astype(int)]
    figure = Figure(figsize=(1.9 * NUM_COLUMNS, 5.9))
    figure.subplots_adjust(left=0.025, right=0.995, bottom=0.01, top=0.96, wspace=0.03, hspace=0.03)
    axes = figure.subplots(3, NUM_COLUMNS)
    body = convert_joints(clip.source.people[0], BODY_23)
    lifted, true = _comparable(view)
    bones = _bones_of(clip.joints)
    pale = [side_color(clip.joints[child], is_pale=True) for child, _ in bones]
    for column, row in enumerate(rows.tolist()):
        frame = clip.source.frame_span[0] + row
        draw_keypoints(axes[0, column], body, frame)
        _crop(axes[0, column], body, frame)
        error = view.errors.p_mm[row][view.errors.is_judged[row]].mean()
        axes[0, column].set_title(f"frame {frame}: {error:.0f} mm", fontsize=8)
        # Right and up in the picture: x and -y as the camera sees it; z and -y from its right.
        for line, across in ((1, 0), (2, 2)):
            panel = axes[line, column]
            behind = np.stack([true[row, :, across], -true[row, :, 1]], axis=-1)
            draw_bones(panel, behind, bones, colors=pale, width=4.0)
            draw_body(panel, np.stack([lifted[row, :, across], -lifted[row, :, 1]], axis=-1))
            panel.set_xlim(-_REACH_M, _REACH_M)
            panel.set_ylim(-_REACH_M, _REACH_M)
            panel.set_aspect("equal")
            panel.set_xticks([])
            panel.set_yticks([])
    for panel, label in zip(
        axes[:, 0], ("detected", "as the camera sees it", "from its right"), strict=True
    ):
        panel.set_ylabel(label, fontsize=8)
    return figure


def _comparable(view: ClipErrors) -> tuple[np.ndarray, np.ndarray]:
    """Lifted (T,21,3) and true (T,J,3) poses, m, relative to the judged root, of one size."""
    clip, poses = view.clip, view.poses_camera
    joints = list(LIFTED_21.indices(*clip.joints))
    truth = clip.truth_camera[: len(poses)]
    ratio = size_ratio(poses[:, joints], truth, view.errors.is_judged, clip.joints)
    lifted = root_relative(poses[:, joints], clip.joints)
    shift = lifted[:, :1] - poses[:, joints[:1]]
    return ratio * (poses + shift), root_relative(truth, clip.joints)


def _bones_of(joints: tuple[str, ...]) -> list[tuple[int, int]]:
    names = [
        (name, LIFTED_21.joint_names[parent])
        for name, parent in zip(LIFTED_21.joint_names, LIFTED_21.parents, strict=True)
        if parent >= 0
    ]
    names += [] if "pelvis" in joints else list(_TRUNK)
    return [(joints.index(a), joints.index(b)) for a, b in names if a in joints and b in joints]


def _crop(axes: Axes, body: Keypoints2D, frame: int) -> None:
    """A square about the person as detected over the whole clip's median size."""
    seen = body.confidence > 0
    if not seen.any(axis=1).any():
        return
    low = np.where(seen[..., None], body.positions, np.inf).min(axis=1)
    high = np.where(seen[..., None], body.positions, -np.inf).max(axis=1)
    is_found = seen.any(axis=1)
    half = 0.6 * float(np.median((high - low)[is_found].max(axis=-1)))
    nearest = int(np.argmin(np.where(is_found, np.abs(body.frames - frame), np.inf)))
    x, y = (low[nearest] + high[nearest]) / 2
    axes.set_xlim(x - half, x + half)
    axes.set_ylim(y + half, y - half)
