"""Left and right settled over a clip."""

from __future__ import annotations

import numpy as np
import pytest

from core.detect.sides import settle_sides
from core.joint_sets import BLAZEPOSE_33


def _walk(num_frames: int, *, turns: float = 0.0) -> np.ndarray:
    """A body of scattered joints 200 px high, left and right 60 px apart, that drifts and may turn."""
    rng = np.random.default_rng(0)
    depth_and_height = rng.uniform(-100, 100, (33, 2))
    mirror = BLAZEPOSE_33.mirror
    height = (depth_and_height[:, 1] + depth_and_height[mirror, 1]) / 2
    side = np.zeros(33)
    side[list(BLAZEPOSE_33.joints_left)], side[list(BLAZEPOSE_33.joints_right)] = 30, -30
    time = np.linspace(0, 1, num_frames)[:, None]
    x = side * np.cos(2 * np.pi * turns * time) + 300 * time
    noise = rng.normal(0, 0.5, (num_frames, 33, 2))
    return np.stack((x, np.broadcast_to(height, x.shape)), axis=-1) + noise


def _exchange(positions: np.ndarray, rows: list[int], part: tuple[str, ...] = ("",)) -> np.ndarray:
    """Left and right exchanged in some frames, of the joints whose names end in one of ``part``."""
    names, mirror = BLAZEPOSE_33.joint_names, BLAZEPOSE_33.mirror
    joints = np.array([joint for joint, name in enumerate(names) if name.endswith(part)])
    exchanged = positions.copy()
    exchanged[np.ix_(rows, joints)] = positions[np.ix_(rows, mirror[joints])]
    return exchanged


def _settle(positions: np.ndarray) -> np.ndarray:
    return settle_sides(positions, np.ones(positions.shape[:2]), BLAZEPOSE_33)[0]


@pytest.mark.parametrize(
    "rows", [[], [7], [0], [39], [3, 4, 5, 20, 22], list(range(10, 25))], ids=str
)
def test_exchanged_frames_are_put_right_where_they_are_the_fewer(rows: list[int]) -> None:
    walk = _walk(40)
    assert np.array_equal(_settle(_exchange(walk, rows)), walk)


_LEGS = ("hip", "knee", "ankle", "heel", "toe")
_ARMS = ("shoulder", "elbow", "wrist", "pinky", "index", "thumb")


@pytest.mark.parametrize("part", [_LEGS, _ARMS, ("eye", "ear", "mouth", "inner", "outer")], ids=str)
def test_parts_of_the_body_are_put_right_by_themselves(part: tuple[str, ...]) -> None:
    walk = _walk(40)
    exchanged = _exchange(_exchange(walk, [5, 6, 20, 21, 22]), [11, 12, 21], part)
    assert np.array_equal(_settle(exchanged), walk)


def test_a_frame_that_fits_no_other_does_not_part_those_beside_it() -> None:
    """Most frames after it are exchanged; only the long stretch before tells."""
    walk = _walk(60)
    broken = _exchange(walk, list(range(41, 60)))
    broken[40] += np.random.default_rng(2).normal(0, 60, (33, 2))
    settled = _settle(broken)
    assert np.array_equal(np.delete(settled, 40, axis=0), np.delete(walk, 40, axis=0))


def test_most_frames_decide() -> None:
    walk = _walk(40)
    exchanged = _exchange(walk, list(range(4, 40)))
    assert np.array_equal(_settle(exchanged), _exchange(walk, list(range(40))))


def test_a_body_that_turns_round_is_left_alone() -> None:
    walk = _walk(120, turns=1.0)
    assert np.array_equal(_settle(walk), walk)


def test_confidence_goes_with_its_joint() -> None:
    walk, confidence = _exchange(_walk(40), [7]), np.ones((40, 33))
    left, right = BLAZEPOSE_33.indices("left_wrist", "right_wrist")
    confidence[:, left] = 0.5
    confidence[7, [left, right]] = (1.0, 0.5)
    _, settled = settle_sides(walk, confidence, BLAZEPOSE_33)
    assert (settled[:, left] == 0.5).all() and (settled[:, right] == 1.0).all()


def test_joints_that_nobody_saw_do_not_count() -> None:
    walk, confidence = _walk(40), np.ones((40, 33))
    arms = BLAZEPOSE_33.indices("left_wrist", "right_wrist")
    walk[:, arms] = np.random.default_rng(1).uniform(0, 500, (40, 2, 2))
    confidence[:, arms] = 0
    settled, _ = settle_sides(_exchange(walk, [5, 6, 30]), confidence, BLAZEPOSE_33)
    assert np.array_equal(settled, walk)


@pytest.mark.parametrize("num_frames", [0, 1])
def test_a_single_frame_stays_as_it_is(num_frames: int) -> None:
    frames = _walk(2)[:num_frames]
    assert np.array_equal(_settle(frames), frames)
