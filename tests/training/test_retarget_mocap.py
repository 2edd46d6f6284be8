"""Recorded people on rigs of other proportions, on a floor that is known."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from core.fit.bone_lengths import fit_bone_lengths
from core.fit.contacts import detect_contacts
from core.fit.foot_lock import lock_feet
from core.joint_sets import LIFTED_21
from core.retarget.bone_rotations import solve_bone_rotations
from core.retarget.humanoid import humanoid_rest_pose
from core.retarget.kinematics import joint_positions
from core.retarget.retarget import RetargetSettings, retarget
from core.retarget.scheme import load_scheme
from core.retarget.scheme_rest import scheme_rest_pose
from core.types import Poses3D
from tests.shared_data import shared_data
from training.datasets.bvh import BODY_POINTS, load_mocap_clip
from training.evaluation.world_mocap import stand_on_floor

CLIPS = ["cmu/06_09", "cmu_more/131_07"]
SOLES = [LIFTED_21.indices(f"{side}_heel", f"{side}_toe") for side in ("left", "right")]
LEGS = [
    LIFTED_21.indices(f"{side}_hip", f"{side}_knee", f"{side}_ankle") for side in ("left", "right")
]


def recorded(name: str) -> tuple[Poses3D, np.ndarray, np.ndarray]:
    """A clip as the pipeline hands it on, its feet locked: poses, contacts, bone lengths (21,)."""
    clip = stand_on_floor(load_mocap_clip(shared_data(f"mocap/{name}.bvh")))
    positions = clip.positions[:400, BODY_POINTS.indices(*LIFTED_21.joint_names)].astype(float)
    num_frames = len(positions)
    poses = Poses3D(
        positions=positions,
        depth_sigma=None,
        contact_probability=None,
        confidence=np.ones((num_frames, LIFTED_21.num_joints)),
        frames=np.arange(num_frames),
        fps=Fraction(clip.fps).limit_denominator(1001),
        person=1,
        space="world",
        skeleton=LIFTED_21,
    )
    lengths = fit_bone_lengths(poses)
    rest = humanoid_rest_pose(lengths)
    rigid = replace(poses, positions=joint_positions(solve_bone_rotations(poses, rest)))
    locked, contacts = lock_feet(rigid, detect_contacts(rigid))
    locked = replace(locked, positions=joint_positions(solve_bone_rotations(locked, rest)))
    return locked, contacts, lengths


@pytest.mark.parametrize("name", CLIPS)
@pytest.mark.parametrize("scheme", ["mixamo", "rigify", "unreal5"])
@pytest.mark.parametrize("reach", [frozenset(), frozenset({"feet"})], ids=["pointing", "reaching"])
def test_a_recorded_persons_feet_stand_on_a_larger_rig(
    name: str, scheme: str, reach: frozenset
) -> None:
    poses, contacts, lengths = recorded(name)
    known = load_scheme(scheme)
    rest = scheme_rest_pose(known, 1.2 * lengths)
    found = retarget(poses, contacts, rest, known.bone_map, settings=RetargetSettings(reach=reach))
    joints = joint_positions(found.motion, known.bone_map)
    assert found.scale == pytest.approx(1.2, rel=0.01)
    lowest = poses.positions[:, SOLES, 2].min(axis=-1)
    on_floor = contacts & (np.abs(lowest) < 0.002)
    assert on_floor.sum() > 0.6 * contacts.sum() > 0
    heights = joints[:, SOLES, 2].min(axis=-1)[on_floor]
    assert np.quantile(np.abs(heights), 0.99) < 0.01
    alone = on_floor & ~contacts[:, ::-1]
    both_frames = (alone[1:] & alone[:-1])[..., None]
    source, posed = (
        np.linalg.norm(np.diff(positions[:, SOLES, :2], axis=0), axis=-1)
        for positions in (poses.positions, joints)
    )
    assert ((posed - 1.2 * source)[np.broadcast_to(both_frames, posed.shape)] < 0.001).all()
    if not reach:
        for leg in LEGS:
            along = [np.diff(positions[:, leg], axis=1) for positions in (poses.positions, joints)]
            first, second = (v / np.linalg.norm(v, axis=-1, keepdims=True) for v in along)
            assert np.rad2deg(np.linalg.norm(first - second, axis=-1).max()) < 0.1
