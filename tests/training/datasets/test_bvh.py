"""Mocap becomes bodies of human proportions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError
from core.joint_sets import BODY_23, LIFTED_21
from core.proportion import mean_bone_lengths
from tests.shared_data import shared_data
from tests.training.datasets.bvh_writer import write_bvh, write_rope
from training.datasets.bvh import BODY_POINTS, load_mocap_clip, point_name

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


@pytest.mark.parametrize("clip", SKELETONS)
def test_every_skeleton_becomes_an_upright_body_of_mean_proportions(clip: str) -> None:
    points = load_mocap_clip(shared_data(f"mocap/{clip}.bvh")).positions.astype(float)
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


def test_what_detectors_mark_has_a_point_on_every_body() -> None:
    assert {point_name(joint) for joint in BODY_23.joint_names} <= set(BODY_POINTS.joint_names)
    assert [point_name(joint) for joint in ("left_big_toe", "left_small_toe", "nose")] == [
        "left_toe",
        "left_small_toe",
        "nose",
    ]


def test_a_skeleton_that_cannot_be_mapped_lists_what_it_needs(tmp_path: Path) -> None:
    path = write_rope(tmp_path / "rope.bvh")
    with pytest.raises(InputFormatError, match="no joint for hips, left_upper_arm.*among rope"):
        load_mocap_clip(path)
    path.write_text(path.read_text().replace("Frames: 2", "Frames: 1"))
    with pytest.raises(InputFormatError, match=r"rope\.bvh: expected a motion, found 1 frame"):
        load_mocap_clip(path)


def test_a_skeleton_whose_legs_have_no_length_is_named(tmp_path: Path) -> None:
    path = write_bvh(tmp_path / "legless.bvh")
    path.write_text(path.read_text().replace("OFFSET 0 -42 0", "OFFSET 0 0 0"))
    with pytest.raises(InputFormatError, match=r"legless\.bvh: .*found legs without length"):
        load_mocap_clip(path)
