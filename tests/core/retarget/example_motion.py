"""Bodies of constant bone lengths in known and in random motion, for the retargeting tests."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from core.geometry import quaternion
from core.joint_sets import LIFTED_21
from core.proportion import mean_bone_lengths
from core.retarget.attachment import rest_joint_positions
from core.retarget.bone_map import HUMANOID
from core.retarget.humanoid import humanoid_rest_pose
from core.retarget.kinematics import bone_transforms, joint_positions
from core.types import BoneMotion, Poses3D, RestPose

REST = humanoid_rest_pose(mean_bone_lengths())
REST_JOINTS = rest_joint_positions(REST, HUMANOID)
LEFT, BACK, UP = np.eye(3)

SOFT_JOINTS = LIFTED_21.indices("nose", "left_heel", "left_toe", "right_heel", "right_toe")
"""Placed as rigid shapes: exact only where the pose's own shape is rigid."""
EXACT_JOINTS = [joint for joint in range(LIFTED_21.num_joints) if joint not in SOFT_JOINTS]


def as_poses(
    positions: np.ndarray, *, confidence: np.ndarray | None = None, fps: int = 60
) -> Poses3D:
    """(T, 21, 3) m world positions as Poses3D, every joint trusted unless told otherwise."""
    num_frames = len(positions)
    return Poses3D(
        positions=positions,
        depth_sigma=None,
        contact_probability=None,
        confidence=np.ones((num_frames, 21)) if confidence is None else confidence,
        frames=np.arange(num_frames),
        fps=Fraction(fps),
        person=1,
        space="world",
        skeleton=LIFTED_21,
    )


def as_motion(
    rotations: dict[str, np.ndarray], num_frames: int, rest: RestPose = REST
) -> BoneMotion:
    """A motion of the named bones (T, 4) or (4,) wxyz, the others at rest."""
    local = np.tile(quaternion.IDENTITY, (num_frames, rest.num_bones, 1))
    for bone, rotation in rotations.items():
        local[:, rest.bone_names.index(bone)] = rotation
    return BoneMotion(
        rotations=local,
        root_position=np.tile(rest.heads[0], (num_frames, 1)),
        contacts=np.zeros((num_frames, 2), dtype=bool),
        frames=np.arange(num_frames),
        fps=Fraction(60),
        rest_pose=rest,
    )


def posed(rotations: dict[str, np.ndarray], num_frames: int = 1) -> np.ndarray:
    """(T, 21, 3) m: the joints of the default armature with these bones turned."""
    return joint_positions(as_motion(rotations, num_frames))


def about(axis: np.ndarray, angle_deg: np.ndarray | float) -> np.ndarray:
    """(..., 4) wxyz about one of the bone's own axes."""
    return quaternion.from_axis_angle(axis, np.deg2rad(angle_deg))


def smooth_noise(rng: np.random.Generator, num_frames: int, *shape: int) -> np.ndarray:
    """(T, ...) of unit size, slowly changing: a few random waves."""
    time = np.linspace(0.0, 1.0, num_frames)[:, None]
    waves = 3
    phase = rng.uniform(0.0, 2.0 * np.pi, size=(waves, int(np.prod(shape))))
    pace = rng.uniform(0.5, 3.0, size=(waves, int(np.prod(shape))))
    angles = 2.0 * np.pi * pace * time[:, None] + phase
    return np.sin(angles).sum(axis=1).reshape(num_frames, *shape) / waves**0.5


def random_positions(seed: int, num_frames: int = 120, *, bend: float = 0.7) -> np.ndarray:
    """(T, 21, 3) m: every bone in smooth random directions, lengths constant, hips collinear."""
    rng = np.random.default_rng(seed)
    lengths = mean_bone_lengths()
    positions = np.zeros((num_frames, 21, 3))
    positions[:, 0] = smooth_noise(rng, num_frames, 3) + UP
    for joint in range(1, 21):
        parent = LIFTED_21.parents[joint]
        at_rest = (REST_JOINTS[joint] - REST_JOINTS[parent]) / lengths[joint]
        direction = at_rest + bend * smooth_noise(rng, num_frames, 3)
        direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
        if LIFTED_21.joint_names[joint] == "left_hip":
            direction = (
                -(positions[:, LIFTED_21.index("right_hip")] - positions[:, 0]) / lengths[joint]
            )
        positions[:, joint] = positions[:, parent] + lengths[joint] * direction
    return positions


def random_bone_motion(seed: int, num_frames: int = 120) -> BoneMotion:
    """The default armature in a plausible random motion: feet and head rigid, toes straight."""
    rng = np.random.default_rng(seed)
    local: dict[str, np.ndarray] = {}
    for bone in REST.bone_names:
        # A straight neck and straight toes, as the joints cannot show them bent.
        if not bone.startswith(("toes", "hand", "head")):
            size = 0.15 if bone.startswith(("neck", "foot", "shoulder")) else 0.4
            local[bone] = quaternion.from_rotation_vector(size * smooth_noise(rng, num_frames, 3))
    for bone in ("forearm.L", "forearm.R", "shin.L", "shin.R"):
        bend = np.deg2rad(60.0) + 0.3 * smooth_noise(rng, num_frames, 1)[:, 0]
        local[bone] = quaternion.from_axis_angle(LEFT, bend)
    return as_motion(local, num_frames)


def rolled(rest: RestPose, rolls: np.ndarray) -> RestPose:
    """The same bones with each rolled (B,) rad about its own axis."""
    turn = quaternion.from_axis_angle(BACK, rolls)
    return RestPose(
        bone_names=rest.bone_names,
        parents=rest.parents,
        heads=rest.heads,
        tails=rest.tails,
        rotations=quaternion.multiply(rest.rotations, turn),
    )


def rest_from_pose(rotations: dict[str, np.ndarray]) -> RestPose:
    """The default armature with another rest pose: these bones turned."""
    heads, turned = bone_transforms(as_motion(rotations, 1))
    along = quaternion.rotate(turned[0], BACK)
    return RestPose(
        bone_names=REST.bone_names,
        parents=REST.parents,
        heads=heads[0],
        tails=heads[0] + REST.lengths[:, None] * along,
        rotations=turned[0],
    )


def mirror_positions(positions: np.ndarray) -> np.ndarray:
    """(T, 21, 3) m: the pose in the mirror x = 0, left and right joints swapped."""
    return positions[:, LIFTED_21.mirror] * np.array([-1.0, 1.0, 1.0])


def step_angles_deg(rotations: np.ndarray) -> np.ndarray:
    """(T - 1, ...) how far each rotation (T, ..., 4) turns from one frame to the next."""
    steps = quaternion.to_rotation_vector(quaternion.between(rotations[:-1], rotations[1:]))
    return np.rad2deg(np.linalg.norm(steps, axis=-1))
