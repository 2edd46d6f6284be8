"""Mocap becomes bodies of human proportions; synthetic views of them are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import InputFormatError
from core.joint_sets import LIFTED_21
from core.proportion import mean_bone_lengths
from tests.shared_data import SHARED_DATA, needs_shared_data
from training.datasets.bvh import BODY_POINTS, MocapClip, load_mocap_clip
from training.datasets.real import read_trc
from training.datasets.synthetic import MocapWindows, ViewConfig, draw_views, foot_contacts

MOCAP = SHARED_DATA / "mocap"
SKELETONS = [
    "cmu/01_01",
    "cmu_more/13_07",
    "dance_martial/indian_04",
    "animated_drawings/8yr_old_ROM",
    "animated_drawings/cmu1_jumping_jacks",
    "animated_drawings/cmu_new2_Indian_Dance_Odissi005",
    "animated_drawings/cmu_new3_back_handspring1_autolabel",
    "animated_drawings/custom_avatar_animations_boxing",
    "animated_drawings/rokoko_jesse_dance",
    "deepmimic/walk",
    "idle/000_genuine",
]


@needs_shared_data
@pytest.mark.parametrize("clip", SKELETONS)
def test_every_skeleton_becomes_an_upright_body_of_mean_proportions(clip):
    path = MOCAP / f"{clip}.bvh"
    if not path.exists():
        pytest.skip(f"{clip} is not in this copy of the data")
    points = load_mocap_clip(path).positions.astype(float)
    parents = np.array(LIFTED_21.parents)
    bones = np.linalg.norm(points[:, 1:21] - points[:, parents[1:]], axis=-1)
    rigid = [j - 1 for j in range(1, 21) if LIFTED_21.joint_names[j] not in ("nose", "head")]
    assert np.abs(bones - mean_bone_lengths()[1:])[:, rigid].max() < 0.03
    up = points[:, BODY_POINTS.index("thorax")] - points[:, 0]
    assert np.median(up[:, 2]) > 0.2
    # The face looks where the chest does, the toes point away from the heels.
    left = points[:, BODY_POINTS.index("left_shoulder")] - points[:, BODY_POINTS.index("thorax")]
    nose = points[:, BODY_POINTS.index("nose")] - points[:, BODY_POINTS.index("head")]
    forward = np.cross(left, up)
    assert np.median((nose * forward).sum(axis=-1)) > 0
    for side in ("left", "right"):
        toe, heel = BODY_POINTS.indices(f"{side}_toe", f"{side}_heel")
        assert np.median(((points[:, toe] - points[:, heel]) * forward).sum(axis=-1)) > 0


def test_a_skeleton_that_cannot_be_mapped_lists_what_it_needs(tmp_path):
    path = tmp_path / "rope.bvh"
    path.write_text(
        "HIERARCHY\nROOT rope\n{\nOFFSET 0 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n"
        "End Site\n{\nOFFSET 0 1 0\n}\n}\nMOTION\nFrames: 2\nFrame Time: 0.1\n0 0 0\n0 0 0\n"
    )
    with pytest.raises(InputFormatError, match="no joint for hips, left_upper_arm.*among rope"):
        load_mocap_clip(path)
    path.write_text(path.read_text().replace("Frames: 2", "Frames: 1"))
    with pytest.raises(InputFormatError, match=r"rope\.bvh: expected a motion, found 1 frame"):
        load_mocap_clip(path)


def swaying_body(num_frames=200):
    """A made-up clip: mean proportions, standing on z = 0, swaying about its ankles."""
    points = np.zeros((num_frames, BODY_POINTS.num_joints, 3), dtype=np.float32)
    heights = {"hip": 0.9, "knee": 0.49, "ankle": 0.08, "heel": 0.0, "toe": 0.0}
    heights |= {"shoulder": 1.4, "elbow": 1.1, "wrist": 0.85, "eye": 1.6, "ear": 1.6}
    heights |= {"pelvis": 0.9, "spine": 1.15, "thorax": 1.4, "nose": 1.58, "head": 1.7}
    for joint, name in enumerate(BODY_POINTS.joint_names):
        side = {"left": 1.0, "right": -1.0}.get(name.split("_")[0], 0.0)
        height = heights[name.split("_")[-1]]
        points[:, joint] = [0.15 * side, -0.15 if "toe" in name else 0.0, height]
    sway = 0.1 * np.sin(np.arange(num_frames) / 20)
    points[..., 0] += sway[:, None] * points[..., 2]
    return MocapClip("sway", "made-up", points, 60.0)


def quiet(**changes):
    return ViewConfig(
        **{
            "joint_offset": 0.0,
            "noise_median": 1e-9,
            "noise_spread": 0.0,
            "share_wrong_focal_length": 0.0,
            **changes,
        }
    )


def test_views_are_deterministic_from_their_seed():
    windows = MocapWindows([swaying_body()])
    first, second = (
        draw_views(windows, 4, 50, ViewConfig(), np.random.default_rng(3)) for _ in range(2)
    )
    assert np.array_equal(first.rays, second.rays)
    assert np.array_equal(first.confidence, second.confidence)
    other = draw_views(windows, 4, 50, ViewConfig(), np.random.default_rng(4))
    assert not np.array_equal(first.rays, other.rays)


def test_without_noise_the_rays_are_the_targets_rays():
    views = draw_views(MocapWindows([swaying_body()]), 64, 40, quiet(), np.random.default_rng(0))
    wrist_in, wrist_out = 9, LIFTED_21.index("left_wrist")
    target = views.targets[:, :, wrist_out]
    off = np.linalg.norm(views.rays[:, :, wrist_in] - target[..., :2] / target[..., 2:], axis=-1)
    seen = views.confidence[:, :, wrist_in] > 0
    # All but the outliers and the left-right swaps that every detector has.
    assert np.quantile(off[seen], 0.95) < 1e-3
    assert (views.targets[..., 2] > 0).all()


def test_gravity_points_from_head_to_feet_in_the_camera():
    views = draw_views(MocapWindows([swaying_body()]), 32, 10, quiet(), np.random.default_rng(1))
    down = views.targets[:, 0, LIFTED_21.index("left_ankle")] - views.targets[:, 0, 0]
    down = down / np.linalg.norm(down, axis=-1, keepdims=True)
    assert (np.sum(down * views.gravity, axis=-1) > 0.9).all()
    assert np.allclose(np.linalg.norm(views.gravity, axis=-1), 1)


def test_noise_has_the_size_that_was_asked_for():
    loud = quiet(noise_median=0.02)
    windows = MocapWindows([swaying_body()])
    clean, noisy = (
        draw_views(windows, 64, 60, config, np.random.default_rng(2)) for config in (quiet(), loud)
    )
    depth = noisy.targets[:, :, :1, 2]
    metres = np.linalg.norm(noisy.rays - clean.rays, axis=-1) * depth
    assert 0.015 < np.median(metres) < 0.045


def test_feet_and_faces_are_absent_at_random():
    config = ViewConfig(share_without_feet=0.5, share_without_face=0.3)
    views = draw_views(MocapWindows([swaying_body()]), 300, 20, config, np.random.default_rng(0))
    without_feet = ~(views.confidence[..., 17:] > 0).any(axis=(1, 2))
    without_face = ~(views.confidence[..., :5] > 0).any(axis=(1, 2))
    assert 0.4 < without_feet.mean() < 0.65 and 0.2 < without_face.mean() < 0.45


def test_still_low_feet_are_in_contact_and_lifted_ones_are_not():
    clip = swaying_body()
    assert foot_contacts(clip).all()
    raised = clip.positions.copy()
    raised[50:100, BODY_POINTS.indices("left_heel", "left_toe"), 2] += 0.3
    contacts = foot_contacts(MocapClip("raised", "made-up", raised, 60.0))
    assert not contacts[55:95, 0].any() and contacts[:, 1].all()


@needs_shared_data
def test_triangulated_markers_read_as_a_person_of_human_size():
    joints = read_trc(SHARED_DATA / "real" / "pose2sim_single" / "triangulated.trc")
    assert joints.shape == (100, 12, 3)
    thigh = np.linalg.norm(joints[:, 6] - joints[:, 8], axis=-1)
    assert 0.3 < np.median(thigh) < 0.5
