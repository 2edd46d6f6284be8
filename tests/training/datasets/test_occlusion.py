"""What is not seen comes out as often and as long as configured; what is seen is left alone."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from core.joint_sets import BODY_23
from tests.training.datasets.made_up_clip import swaying_body
from training.datasets.motion_window import MocapWindows
from training.datasets.occlusion import hide_keypoints
from training.datasets.synthetic import draw_views
from training.datasets.view_config import ViewConfig, plain_views

NAMES = BODY_23.joint_names
FEET = [j for j, name in enumerate(NAMES) if "toe" in name or "heel" in name]
FACE = list(range(5))
PARTIAL = (
    "share_cropped",
    "share_close_up",
    "share_lower_body_hidden",
    "share_limb_hidden",
    "share_lost",
)


@cache
def true_rays() -> np.ndarray:
    """(N,T,23,2) of a standing person, whole in the image."""
    windows = MocapWindows([swaying_body(400)])
    config = replace(plain_views(), joint_offset=0.0, detector="perfect")
    return draw_views(windows, 600, 90, config, np.random.default_rng(1)).rays


def report(config: ViewConfig) -> np.ndarray:
    """(N,T,23) confidence left of a sure detector's."""
    sure = np.ones(true_rays().shape[:3], dtype=np.float32)
    return hide_keypoints(true_rays(), sure, config, np.random.default_rng(0))[1]


def test_plain_views_hide_nothing() -> None:
    assert (report(plain_views()) == 1).all()


def test_by_default_most_windows_have_nothing_hidden_for_long() -> None:
    config = replace(
        ViewConfig(), share_without_feet=0, share_without_face=0, share_dropped=0, max_bursts=0
    )
    is_whole = (report(config) == 1).all(axis=(1, 2))
    # 44% are partial, a few of which leave the window as it was.
    assert 0.53 < is_whole.mean() < 0.63


@pytest.mark.parametrize("kind", PARTIAL)
def test_a_kind_of_partial_view_has_its_share_of_the_windows(kind: str) -> None:
    seen = report(replace(plain_views(), **{kind: 0.3}))
    is_partial = (seen < 1).any(axis=(1, 2))
    assert 0.2 < is_partial.mean() < 0.34


def test_shares_of_partial_views_cannot_add_up_to_more_than_all() -> None:
    with pytest.raises(AssertionError, match=r"shares of partial views add up to 1\.2"):
        report(replace(plain_views(), share_cropped=0.6, share_lost=0.6))


def test_a_hidden_lower_body_is_hidden_from_the_feet_up_and_alike_on_both_sides() -> None:
    hidden = report(replace(plain_views(), share_lower_body_hidden=1.0)) == 0
    assert np.array_equal(hidden, hidden[:, :, BODY_23.mirror])
    assert not hidden[:, :, :11].any()
    ankle, knee, hip = BODY_23.indices("left_ankle", "left_knee", "left_hip")
    for upper, lower in ((hip, knee), (knee, ankle), (ankle, FEET[0])):
        assert not (hidden[..., upper] & ~hidden[..., lower]).any()
    for joint, share in ((ankle, 1.0), (knee, 2 / 3), (hip, 1 / 3)):
        assert abs(hidden[..., joint].any(axis=1).mean() - share) < 0.1
    lasts = hidden[..., ankle].mean(axis=1)
    assert 0.45 < (lasts == 1).mean() < 0.7


def test_limbs_are_hidden_from_the_end_inwards_one_kind_at_a_time() -> None:
    hidden = report(replace(plain_views(), share_limb_hidden=1.0)) == 0
    for upper, lower in (("elbow", "wrist"), ("shoulder", "elbow"), ("knee", "ankle")):
        for side in ("left", "right"):
            upper_joint, lower_joint = BODY_23.indices(f"{side}_{upper}", f"{side}_{lower}")
            assert not (hidden[..., upper_joint] & ~hidden[..., lower_joint]).any()
    assert not hidden[..., FACE].any()
    is_left, is_right = (
        hidden[..., BODY_23.indices(f"{side}_wrist", f"{side}_ankle")].any(axis=(1, 2))
        for side in ("left", "right")
    )
    assert (is_left & ~is_right).mean() > 0.3 and (is_right & ~is_left).mean() > 0.3


def test_a_lost_person_is_lost_whole_and_for_less_than_two_thirds_of_a_second_at_a_time() -> None:
    hidden = report(replace(plain_views(), share_lost=1.0)) == 0
    assert np.array_equal(hidden.all(axis=-1), hidden.any(axis=-1))
    assert 0.03 < hidden.mean() < 0.2
    assert hidden[..., 0].sum(axis=1).max() <= 3 * 21
    begins = (np.diff(hidden[..., 0].astype(int), axis=1) == 1).sum(axis=1)
    assert begins.max() == 3


def test_feet_and_faces_are_absent_at_random() -> None:
    seen = report(replace(plain_views(), share_without_feet=0.5, share_without_face=0.3)) > 0
    without_feet = ~seen[..., FEET].any(axis=(1, 2))
    without_face = ~seen[..., FACE].any(axis=(1, 2))
    assert 0.45 < without_feet.mean() < 0.55 and 0.25 < without_face.mean() < 0.35
    body = [j for j in range(23) if j not in FEET + FACE]
    assert seen[..., body].all()


def test_single_keypoints_and_bursts_of_a_joint_are_missed() -> None:
    dropped = report(replace(plain_views(), share_dropped=0.05)) == 0
    assert abs(dropped.mean() - 0.05) < 0.005
    bursts = report(replace(plain_views(), max_bursts=3)) == 0
    num_joints = bursts.any(axis=1).sum(axis=-1)
    assert num_joints.max() == 3 and 0.2 < (num_joints == 0).mean() < 0.35
    # One or two that overlap in a joint: no burst is longer than a second.
    assert bursts.sum(axis=1).max() <= 3 * 31
