"""Live use: every frame's pose at once, as good as the past allows, whatever comes or does not."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from core import streaming
from core.errors import LiftError
from core.fit.bone_lengths import bone_lengths_per_frame, standing_height
from core.geometry.camera import camera_to_world
from core.joint_sets import BODY_23, BODY_25B, COCO_17, LIFTED_21
from core.lifting.ray_pose import RayPoses
from core.streaming import StreamLifter
from tests.core.lifting.small_network import random_weights, ray_config
from tests.core.walker import walk

FEET = LIFTED_21.indices("left_heel", "left_toe", "right_heel", "right_toe")


class TrueNetwork:
    """Stands in for a trained network: says what is true of a walk, but for the distance."""

    def __init__(self, walked):
        self._walked = walked
        self._next = 0
        self.confidences = []

    def reset(self):
        """A walk has no beginning to go back to."""

    def push(self, rays, confidence):
        self.confidences.append(confidence)
        frame = min(self._next, len(self._walked.joints_camera) - 1)
        self._next += 1
        joints = self._walked.joints_camera[frame]
        return RayPoses(
            positions=(joints - joints[0] + [0.0, 0.0, 4.0])[None],
            sigma=np.full((1, 21), 0.05),
            contact=self._walked.contacts[frame : frame + 1].astype(float),
            gravity=self._walked.gravity[None],
        )


@pytest.fixture
def live(monkeypatch):
    """Makes a lifter whose network says what is true of a walk at 30 Hz."""

    def make(walked, **settings):
        network = TrueNetwork(walked)
        monkeypatch.setattr(streaming, "LiftStream", lambda _: network)
        weights = random_weights(ray_config(channels=2))
        return StreamLifter(weights, walked.camera, **{"fps": 30.0, **settings})

    return make


def small_lifter(walked, **settings):
    """With a network of random weights."""
    weights = random_weights(ray_config(channels=8))
    return StreamLifter(weights, walked.camera, **{"fps": 30.0, **settings})


def push_all(lifter, keypoints, **named):
    return [push(lifter, one, **named) for one in keypoints]


def push(lifter, keypoints, **named):
    return lifter.push(keypoints[:, :2], keypoints[:, 2], skeleton=BODY_23, **named)


def stacked(poses, name):
    return np.stack([getattr(pose, name) for pose in poses])


NOBODY = np.zeros((23, 3))


def test_a_walk_is_followed_in_a_level_world_on_its_floor(live):
    walked = walk(150)
    poses = push_all(live(walked, height_m=true_height(walked)), walked.keypoints)
    expected = walked.joints_world - [*walked.joints_world[0, 0, :2], 0.0]
    off = np.linalg.norm(stacked(poses, "positions_world") - expected, axis=-1)
    # The filters are some hundredths of a second behind; who walks is 0.8 m/s fast.
    assert off[10:].mean() < 0.05 and off[10:].max() < 0.25
    feet = stacked(poses, "positions_world")[10:, FEET, 2]
    assert abs(feet.min()) < 0.06
    assert (stacked(poses, "contacts") == walked.contacts)[10:].mean() > 0.85


def true_height(walked):
    lengths = bone_lengths_per_frame(walked.joints_world[0], LIFTED_21.parents)
    return standing_height(lengths, LIFTED_21.joint_names)


def test_both_spaces_are_one_pose_seen_by_the_camera_that_comes_with_it(live):
    walked = walk(60)
    for pose in push_all(live(walked), walked.keypoints)[::10]:
        world = camera_to_world(pose.positions_camera, pose.camera)
        assert np.allclose(world, pose.positions_world)


def test_bones_do_not_stretch_and_the_person_has_the_height_asked_for(live):
    walked = walk(150)
    for height in (1.5, 1.9):
        poses = push_all(live(walked, height_m=height), walked.keypoints)
        lengths = bone_lengths_per_frame(stacked(poses, "positions_camera"), LIFTED_21.parents)
        assert np.ptp(lengths[30:], axis=0).max() < 1e-3
        assert standing_height(lengths[-1], LIFTED_21.joint_names) == pytest.approx(height)


def test_a_calibrated_camera_keeps_its_world_and_its_floor_tells_the_size(live):
    walked = walk(150, size=1.1)
    poses = push_all(live(walked, is_calibrated=True), walked.keypoints)
    assert all(pose.camera is walked.camera for pose in poses)
    lengths = bone_lengths_per_frame(poses[-1].positions_world, LIFTED_21.parents)
    found = standing_height(lengths, LIFTED_21.joint_names) / true_height(walked)
    # Not 1.70 m, but nearly the true 1.88 m.
    assert found == pytest.approx(1.0, abs=0.04)
    assert abs(stacked(poses, "positions_world")[60:, FEET, 2].min()) < 0.08


@pytest.mark.parametrize("fps", [15.0, 25.0, 50.0, 60.0])
def test_every_frame_of_any_rate_gets_its_own_pose(live, fps):
    slow = walk(150)
    same = walk(round(5 * fps), fps=fps)
    # Both walks are in the middle of the picture at their half.
    lifter = live(slow, fps=fps, height_m=true_height(slow))
    poses = push_all(lifter, same.keypoints)
    off = np.linalg.norm(
        stacked(poses, "positions_camera")[:, 0] - same.joints_camera[: len(poses), 0], axis=-1
    )
    assert len(poses) == len(same.keypoints)
    assert [pose.frame for pose in poses] == list(range(len(poses)))
    assert np.allclose([pose.time for pose in poses], np.arange(len(poses)) / fps)
    assert off[10:].mean() < 0.1


def test_no_pose_changes_with_what_comes_after_it():
    walked = walk(60)
    changed = walked.keypoints.copy()
    changed[40:, :, :2] += 100.0
    before = push_all(small_lifter(walked), walked.keypoints)[:40]
    after = push_all(small_lifter(walked), changed)[:40]
    for name in ("positions_camera", "positions_world", "contacts"):
        assert np.array_equal(stacked(before, name), stacked(after, name)), name


def test_joint_sets_may_differ_from_frame_to_frame():
    walked = walk(20)
    wide = np.zeros((20, 25, 3))
    shared = [name for name in BODY_25B.joint_names if name in BODY_23.joint_names]
    wide[:, BODY_25B.indices(*shared)] = walked.keypoints[:, BODY_23.indices(*shared)]
    expected = push_all(small_lifter(walked), walked.keypoints)
    lifter = small_lifter(walked)
    for frame in range(20):
        one = walked.keypoints[frame] if frame % 2 else wide[frame]
        skeleton = BODY_23 if frame % 2 else BODY_25B
        pose = lifter.push(one[:, :2], one[:, 2], skeleton=skeleton)
        assert np.array_equal(pose.positions_world, expected[frame].positions_world)


def test_until_somebody_is_seen_there_is_no_pose(live):
    walked = walk(60)
    lifter = live(walked)
    assert push_all(lifter, np.repeat(NOBODY[None], 100, axis=0)) == [None] * 100
    first = push(lifter, walked.keypoints[0])
    # As if the stream had begun there.
    assert (first.frame, first.time) == (100, 100 / 30)
    begun = push(live(walked), walked.keypoints[0])
    assert np.allclose(first.positions_world, begun.positions_world, atol=1e-9)


def test_in_a_gap_the_pose_is_held_and_then_led_over(live):
    walked = walk(150)
    keypoints = walked.keypoints.copy()
    keypoints[60:75] = 0.0
    poses = push_all(live(walked), keypoints)
    positions = stacked(poses, "positions_camera")
    assert np.array_equal(positions[60:75], np.repeat(positions[59:60], 15, axis=0))
    assert not stacked(poses, "confidence")[60:75].any()
    assert not stacked(poses, "contacts")[60:75].any()
    steps = np.linalg.norm(np.diff(positions[:, 0], axis=0), axis=-1)
    # Half a second's way, 0.4 m, is made up for without a jump.
    assert steps[74:].max() < 0.12
    unbroken = stacked(push_all(live(walked), walked.keypoints), "positions_camera")
    assert np.linalg.norm(positions[100:] - unbroken[100:], axis=-1).max() < 0.05


def test_frames_that_are_missing_are_a_gap_too(live):
    walked = walk(150)
    lifter = live(walked)
    poses = [
        push(lifter, walked.keypoints[frame], frame=frame)
        for frame in range(150)
        if not 60 <= frame < 75
    ]
    assert poses[60].frame == 75
    positions = stacked(poses, "positions_camera")
    assert np.linalg.norm(np.diff(positions[:, 0], axis=0), axis=-1)[59:].max() < 0.12


def test_frames_that_come_slowly_are_no_gap(live):
    walked = walk(150)
    lifter = live(walked)
    poses = [push(lifter, one, time=float(at)) for at, one in enumerate(walked.keypoints[::30])]
    off = stacked(poses, "positions_camera")[:, 0, 0] - walked.joints_camera[::30, 0, 0]
    assert np.abs(off[2:]).max() < 0.3


def test_who_is_gone_for_long_is_met_anew(live, monkeypatch):
    walked = walk(60)
    lifter = live(walked)
    network = lifter._lifter
    resets = []
    monkeypatch.setattr(network, "reset", lambda: resets.append(len(network.confidences)))
    push_all(lifter, walked.keypoints[:30])
    push_all(lifter, np.repeat(NOBODY[None], 300, axis=0))
    # After a second the network is no longer told of frames without anybody.
    assert len(network.confidences) == 60 and resets == [0]
    push(lifter, walked.keypoints[31])
    assert resets == [0, 60] and len(network.confidences) == 61
    # An hour without a frame costs no more than a frame.
    push(lifter, walked.keypoints[32], time=3600.0)
    assert resets == [0, 60, 61] and len(network.confidences) == 62


def test_bad_frames_are_refused_and_leave_no_trace():
    walked = walk(40)
    expected = push_all(small_lifter(walked), walked.keypoints)
    lifter = small_lifter(walked)
    push_all(lifter, walked.keypoints[:20])
    for broken, said in (
        (np.full((23, 3), np.nan), "frame 20: expected finite positions and confidence"),
        (np.full((23, 3), np.inf), "frame 20: expected finite"),
        (np.zeros((22, 3)), r"frame 20: expected 23 joints of COCO-17\+feet, found positions"),
    ):
        with pytest.raises(LiftError, match=said):
            push(lifter, broken)
    with pytest.raises(LiftError, match="frame 19: expected a number after 19"):
        push(lifter, walked.keypoints[19], frame=19)
    with pytest.raises(
        LiftError, match=r"frame 20: expected a time after 0\.63\d* s, found 0\.5 s"
    ):
        push(lifter, walked.keypoints[20], time=0.5)
    with pytest.raises(LiftError, match="frame 20: expected a time after .* found nan s"):
        push(lifter, walked.keypoints[20], time=np.nan)
    for frame in range(20, 40):
        pose = push(lifter, walked.keypoints[frame])
        assert np.array_equal(pose.positions_world, expected[frame].positions_world)


def test_a_reset_lifter_is_a_new_one():
    walked, other = walk(30), walk(30, speed=-0.5, pitch=0.4)
    lifter = small_lifter(walked)
    push_all(lifter, other.keypoints)
    lifter.reset()
    again = push_all(lifter, walked.keypoints)
    fresh = push_all(small_lifter(walked), walked.keypoints)
    assert [pose.frame for pose in again] == list(range(30))
    assert np.array_equal(stacked(again, "positions_world"), stacked(fresh, "positions_world"))


def memory_after(lifter, keypoints):
    """Bytes that are held after more frames."""
    for one in keypoints:
        push(lifter, one)
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_memory_does_not_grow_with_the_stream():
    walked = walk(100)
    lifter = small_lifter(walked)
    keypoints = np.concatenate([walked.keypoints, walked.keypoints[::-1]])
    keypoints[50:80] = 0.0
    tracemalloc.start()
    held = [memory_after(lifter, keypoints) for _ in range(2)]
    tracemalloc.stop()
    # The keypoints alone of these frames are a hundred kilobytes.
    assert keypoints.nbytes > 100_000 and held[1] - held[0] < 20_000


def only(walked, *names):
    """The walk's keypoints, none seen but these."""
    keypoints = walked.keypoints.copy()
    keypoints[..., 2] = [name in names for name in BODY_23.joint_names]
    return keypoints


@pytest.mark.parametrize("unmarked", ["left_ear", "right_eye", "left_small_toe"])
def test_who_shows_no_joint_of_the_body_is_not_seen_yet(live, unmarked):
    walked = walk(40)
    lifter = live(walked)
    assert push_all(lifter, only(walked, unmarked)[:5]) == [None] * 5
    first = push(lifter, walked.keypoints[0])
    begun = push(live(walked), walked.keypoints[0])
    assert np.allclose(first.positions_world, begun.positions_world, atol=1e-9)
    held = push(lifter, only(walked, unmarked)[1])
    assert not held.confidence.any() and not held.contacts.any()
    assert np.array_equal(held.positions_camera, first.positions_camera)


def test_times_that_are_hardly_apart_still_give_a_finite_pose():
    walked = walk(10)
    lifter = small_lifter(walked)
    for frame, one in enumerate(walked.keypoints):
        assert np.isfinite(push(lifter, one, time=frame * 1e-310).positions_world).all()


def test_what_is_hardly_believed_still_gives_a_finite_pose():
    walked = walk(10)
    keypoints = walked.keypoints.copy()
    keypoints[..., 2] = 1e-200
    for pose in push_all(small_lifter(walked), keypoints):
        assert np.isfinite(pose.positions_world).all()


@pytest.mark.parametrize(
    "visible", [["nose"], ["left_wrist"], ["left_hip", "right_hip", "left_knee"]]
)
def test_hardly_anything_seen_still_gives_a_whole_finite_pose(visible):
    walked = walk(60)
    for pose in push_all(small_lifter(walked), only(walked, *visible)):
        assert np.isfinite(pose.positions_world).all()
        assert np.abs(pose.positions_world).max() < 100


def test_wild_keypoints_give_a_finite_pose():
    walked = walk(60)
    rng = np.random.default_rng(0)
    wild = walked.keypoints.copy()
    wild[:, :, :2] = rng.uniform(-1e6, 1e6, size=(60, 23, 2))
    for pose in push_all(small_lifter(walked), wild):
        assert np.isfinite(pose.positions_world).all()


def test_coco_joints_without_feet_are_enough(live):
    walked = walk(60)
    lifter = live(walked)
    poses = [lifter.push(one[:17, :2], one[:17, 2], skeleton=COCO_17) for one in walked.keypoints]
    assert np.isfinite(stacked(poses, "positions_world")).all()
    assert not stacked(poses, "confidence")[:, FEET].any()


@pytest.mark.parametrize("fps", [0.0, -1.0, np.nan, np.inf])
def test_an_impossible_rate_is_refused(fps):
    with pytest.raises(LiftError, match="expected a positive frame rate"):
        small_lifter(walk(2), fps=fps)


def test_a_symmetric_model_is_refused():
    walked = walk(2)
    weights = random_weights(ray_config(causal=False, channels=2))
    with pytest.raises(LiftError, match="expected a causal model"):
        StreamLifter(weights, walked.camera, fps=30.0)


def test_a_lens_that_bends_is_undone(live):
    walked = walk(60)
    bent = replace(walked, camera=replace(walked.camera, radial=np.array([0.05, 0.0, 0.0])))
    straight, curved = (
        stacked(push_all(live(one), walked.keypoints), "positions_camera") for one in (walked, bent)
    )
    assert 0.01 < np.abs(straight - curved).max() < 0.3
