"""Mocap becomes bodies of human proportions."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import InputFormatError
from core.joint_sets import LIFTED_21
from core.proportion import mean_bone_lengths
from tests.shared_data import SHARED_DATA, needs_shared_data
from training.datasets.bvh import BODY_POINTS, load_mocap_clip
from training.datasets.real import read_trc

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


@needs_shared_data
def test_triangulated_markers_read_as_a_person_of_human_size():
    joints = read_trc(SHARED_DATA / "real" / "pose2sim_single" / "triangulated.trc")
    assert joints.shape == (100, 12, 3)
    thigh = np.linalg.norm(joints[:, 6] - joints[:, 8], axis=-1)
    assert 0.3 < np.median(thigh) < 0.5
