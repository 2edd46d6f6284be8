"""Two-bone limbs reach what they can, bend the natural way, and are never stretched."""

from __future__ import annotations

import numpy as np
import pytest

from core.retarget.kinematics import bone_transforms
from core.retarget.limb_reach import EASED_SHARE, LimbTarget, reach_targets
from core.types import BoneMotion
from tests.core.retarget.example_motion import BACK, LEFT, REST, UP, about, as_motion

NAMES = REST.bone_names
THIGH, SHIN, FOOT = (NAMES.index(f"{part}.L") for part in ("thigh", "shin", "foot"))
HIP, ANKLE = REST.heads[THIGH], REST.heads[FOOT]
LENGTH = float(REST.lengths[[THIGH, SHIN]].sum())


def leg_to(targets: np.ndarray, *, held: int | None = FOOT) -> LimbTarget:
    return LimbTarget(
        upper=THIGH,
        lower=SHIN,
        carrier=SHIN,
        end_at_rest=ANKLE,
        held=held,
        targets=targets,
        hinge_at_rest=LEFT,
    )


def ankles_and_knees(motion: BoneMotion) -> tuple[np.ndarray, np.ndarray]:
    heads, _ = bone_transforms(motion)
    return heads[:, FOOT], heads[:, SHIN]


@pytest.mark.parametrize("bend_deg", [0.0, 50.0])
def test_the_end_gets_to_its_target_with_the_knee_ahead(bend_deg: float) -> None:
    rng = np.random.default_rng(1)
    targets = HIP - rng.uniform(0.5, 0.95, (80, 1)) * LENGTH * UP
    targets[:, :2] += rng.uniform(-0.1, 0.1, (80, 2))
    motion = as_motion({"shin.L": about(LEFT, bend_deg)}, len(targets))
    reached, missed = reach_targets(motion, [leg_to(targets)])
    ankles, knees = ankles_and_knees(reached)
    np.testing.assert_allclose(ankles, targets, atol=1e-9)
    assert missed.max() < 1e-9
    line = (targets - HIP) / np.linalg.norm(targets - HIP, axis=-1, keepdims=True)
    ahead = (knees - HIP) - ((knees - HIP) * line).sum(-1, keepdims=True) * line
    # The body faces -y: knees go there, in the plane of the leg.
    assert (ahead @ BACK < 0.0).all()
    assert np.abs(ahead @ LEFT).max() < 0.15 * np.abs(ahead @ BACK).max()


def test_a_target_out_of_reach_is_approached_along_its_line() -> None:
    away = np.linspace(0.9, 1.5, 200)
    aim = -(UP + 0.3 * BACK) / np.linalg.norm(UP + 0.3 * BACK)
    motion = as_motion({"shin.L": about(LEFT, 60.0)}, len(away))
    targets = HIP + LENGTH * away[:, None] * aim
    reached, missed = reach_targets(motion, [leg_to(targets)])
    ankles, _ = ankles_and_knees(reached)
    got = np.linalg.norm(ankles - HIP, axis=-1) / LENGTH
    np.testing.assert_allclose((ankles - HIP) / (LENGTH * got[:, None]), aim * np.ones((200, 1)))
    within = away <= 1.0 - EASED_SHARE
    np.testing.assert_allclose(got[within], away[within], atol=1e-9)
    assert (np.diff(got[got < 1.0 - 1e-6]) > 0.0).all() and got.max() <= 1.0 + 1e-12
    np.testing.assert_allclose(missed[:, 0], LENGTH * (away - got), atol=1e-9)


def test_a_straight_leg_may_stay_straight() -> None:
    reached, missed = reach_targets(as_motion({}, 5), [leg_to(np.tile(ANKLE, (5, 1)))])
    assert missed.max() < 1e-9
    np.testing.assert_allclose(
        ankles_and_knees(reached)[1], np.tile(REST.heads[SHIN], (5, 1)), atol=1e-9
    )


def test_what_is_held_keeps_its_direction_and_what_is_not_goes_along() -> None:
    targets = np.tile(HIP - 0.7 * LENGTH * UP, (3, 1))
    motion = as_motion({}, 3)
    before = bone_transforms(motion)[1][:, FOOT]
    for held in (FOOT, None):
        reached, _ = reach_targets(motion, [leg_to(targets, held=held)])
        after = bone_transforms(reached)[1][:, FOOT]
        alike = np.abs((after * before).sum(axis=-1))
        assert alike.min() > 1.0 - 1e-9 if held is not None else alike.max() < 0.99


def test_limbs_are_solved_side_by_side() -> None:
    arms = [NAMES.index(f"{part}.R") for part in ("upper_arm", "forearm", "hand")]
    wrist = REST.heads[arms[2]]
    target = np.tile(REST.heads[arms[0]] + 0.3 * (wrist - REST.heads[arms[0]]), (4, 1))
    arm = LimbTarget(arms[0], arms[1], arms[1], wrist, None, target, UP)
    leg = leg_to(np.tile(HIP - 0.7 * LENGTH * UP, (4, 1)))
    both, missed = reach_targets(as_motion({}, 4), [leg, arm])
    assert missed.shape == (4, 2) and missed.max() < 1e-9
    heads, _ = bone_transforms(both)
    np.testing.assert_allclose(heads[:, arms[2]], target, atol=1e-9)
