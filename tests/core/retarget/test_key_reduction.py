"""Few keys, and no head or tail of any bone farther off than the bound."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from core.errors import LiftError
from core.filters.decimation import interpolate_rows
from core.geometry import quaternion
from core.geometry.rotation_mode import RotationMode, from_curve_values, to_curve_values
from core.retarget.key_reduction import ReducedKeys, reduce_keys
from core.retarget.pose_curve import PoseCurves
from core.types import RestPose

MODES: tuple[RotationMode, ...] = ("QUATERNION", "XYZ", "AXIS_ANGLE", "ZYX")


def chain_and_branch() -> RestPose:
    """A root, three bones in a row from it, two from the second of them, and a bone by itself."""
    parents = (-1, 0, 1, 2, 1, 4, -1)
    rng = np.random.default_rng(5)
    heads = np.zeros((7, 3))
    tails = np.zeros((7, 3))
    rotations = quaternion.normalise(rng.normal(size=(7, 4)))
    for bone, parent in enumerate(parents):
        heads[bone] = (
            rng.normal(size=3) if parent < 0 else tails[parent] + 0.02 * rng.normal(size=3)
        )
        tails[bone] = heads[bone] + quaternion.rotate(rotations[bone], np.array([0.0, 0.35, 0.0]))
    names = tuple(f"bone{bone}" for bone in range(7))
    return RestPose(names, parents, heads, tails, rotations)


def moving_curves(mode: RotationMode = "QUATERNION", num_frames: int = 600) -> PoseCurves:
    """Every bone swings; the root, one bone in the chain and the lone bone travel too."""
    rng = np.random.default_rng(2)
    rest_pose = chain_and_branch()
    seconds = np.arange(num_frames)[:, None, None] / 60.0
    phase = rng.uniform(0.0, 6.0, size=(3, rest_pose.num_bones, 3))
    speed = rng.uniform(0.5, 6.0, size=(3, rest_pose.num_bones, 3))
    vectors = sum(0.3 * np.sin(a * seconds + b) for a, b in zip(speed, phase, strict=True))
    rotations = quaternion.from_rotation_vector(vectors)
    locations = 0.3 * np.sin(seconds[:, 0] * np.array([1.0, 2.1, 0.4]))
    return PoseCurves(
        rest_pose,
        (mode,) * rest_pose.num_bones,
        tuple(to_curve_values(rotations[:, bone], mode) for bone in range(rest_pose.num_bones)),
        {0: locations, 2: 0.1 * locations[::-1], 6: locations},
    )


def heads_and_tails(curves: PoseCurves) -> np.ndarray:
    """(T, 2 B, 3) m, by plain matrices."""
    rest = curves.rest_pose
    at_rest = np.tile(np.eye(4), (rest.num_bones, 1, 1))
    at_rest[:, :3, :3] = quaternion.to_matrix(rest.rotations)
    at_rest[:, :3, 3] = rest.heads
    posed: list[np.ndarray] = []
    points: list[np.ndarray] = []
    for bone, parent in enumerate(rest.parents):
        local = np.tile(np.eye(4), (curves.num_frames, 1, 1))
        rotations = from_curve_values(curves.rotations[bone], curves.rotation_modes[bone])
        local[:, :3, :3] = quaternion.to_matrix(rotations)
        if bone in curves.locations:
            local[:, :3, 3] = curves.locations[bone]
        base = at_rest[bone]
        if parent >= 0:
            base = posed[parent] @ np.linalg.inv(at_rest[parent]) @ at_rest[bone]
        posed.append(base @ local)
        tail = np.array([0.0, rest.lengths[bone], 0.0, 1.0])
        points += [posed[bone][:, :3, 3], (posed[bone] @ tail)[:, :3]]
    return np.stack(points, axis=1)


def with_keys(curves: PoseCurves, keys: ReducedKeys) -> PoseCurves:
    """What is left between the keys, component by component."""
    rotations = zip(curves.rotations, keys.rotation_rows, strict=True)
    return replace(
        curves,
        rotations=tuple(interpolate_rows(values, rows) for values, rows in rotations),
        locations={
            bone: interpolate_rows(curves.locations[bone], rows)
            for bone, rows in keys.location_rows.items()
        },
    )


def num_keys(keys: ReducedKeys) -> int:
    return sum(map(len, keys.rotation_rows)) + sum(map(len, keys.location_rows.values()))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("bound_m", [0.0005, 0.005, 0.05])
def test_no_head_or_tail_is_farther_off_than_the_bound(mode: RotationMode, bound_m: float) -> None:
    curves = moving_curves(mode)
    keys = reduce_keys(curves, max_error_m=bound_m)
    apart = heads_and_tails(with_keys(curves, keys)) - heads_and_tails(curves)
    error_m = np.linalg.norm(apart, axis=-1).max()
    assert error_m <= bound_m
    assert keys.max_error_m == pytest.approx(error_m, abs=1e-9)
    assert keys.location_rows.keys() == {0, 2, 6}


def test_a_looser_bound_needs_fewer_keys() -> None:
    curves = moving_curves()
    counts = [num_keys(reduce_keys(curves, max_error_m=0.001 * mm)) for mm in (1, 4, 16, 64)]
    assert all(few < many for many, few in pairwise(counts))
    assert counts[-1] < 0.2 * 10 * curves.num_frames


def test_a_still_rig_keeps_its_ends_alone() -> None:
    curves = moving_curves()
    still = replace(
        curves,
        rotations=tuple(np.tile(values[:1], (600, 1)) for values in curves.rotations),
        locations={bone: np.zeros((600, 3)) for bone in curves.locations},
    )
    keys = reduce_keys(still, max_error_m=0.001)
    for rows in (*keys.rotation_rows, *keys.location_rows.values()):
        np.testing.assert_array_equal(rows, [0, 599])
    assert keys.max_error_m == 0.0


def test_a_twist_that_moves_no_joint_is_kept_too() -> None:
    curves = moving_curves()
    twist = 0.8 * np.sin(np.arange(600) / 20.0)
    last = quaternion.from_axis_angle(np.array([0.0, 1.0, 0.0]), twist)
    curves = replace(curves, rotations=(*curves.rotations[:-1], last))
    keys = reduce_keys(curves, max_error_m=0.01)
    found = from_curve_values(with_keys(curves, keys).rotations[-1], "QUATERNION")
    turn = quaternion.to_rotation_vector(quaternion.between(last, found))
    # 10 mm beside a bone of 350 mm, half as thick to either side.
    assert np.linalg.norm(turn, axis=-1).max() < 0.01 / 0.175 * 1.01


def test_one_frame_keeps_its_key() -> None:
    keys = reduce_keys(moving_curves(num_frames=1), max_error_m=0.001)
    assert all(len(rows) == 1 for rows in keys.rotation_rows)


@pytest.mark.parametrize("bound_m", [0.0, -0.001, float("nan")])
def test_a_bound_that_is_none_is_refused(bound_m: float) -> None:
    with pytest.raises(LiftError, match="expected a bound above 0 mm"):
        reduce_keys(moving_curves(num_frames=5), max_error_m=bound_m)
