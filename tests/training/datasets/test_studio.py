"""The virtual studio: its clips are what its cameras see of its people, whoever else is filmed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import InputFormatError
from core.geometry.camera import camera_to_world, project
from core.geometry.quaternion import rotate
from core.joint_sets import BODY_23, BODY_25, COCO_17, H36M_17, LIFTED_21
from core.learning.clips import ClipSet, TrainingClip
from core.skeleton import Skeleton
from tests.training.datasets.dataset_writer import stick_figure
from training.datasets.bvh import BODY_POINTS, MocapClip
from training.datasets.studio import StudioConfig, film, place_cameras

EXACT = StudioConfig(noise=0)


def make_clip(
    name: str,
    group: str = "ann",
    *,
    num_frames: int = 40,
    fps: float = 30.0,
    travel: tuple[float, float] = (0.0, 0.0),
) -> MocapClip:
    """A stick figure that ``travel``s so many metres along x and y over the clip."""
    names = tuple(name.replace("small_", "") for name in BODY_POINTS.joint_names)
    points = np.stack(
        [
            stick_figure(Skeleton("one", (joint,), (-1,), (), ()), num_frames, motion=name)[:, 0]
            for joint in names
        ],
        axis=1,
    )
    points[..., :2] += np.linspace((0, 0), travel, num_frames)[:, None]
    return MocapClip(name, group, points.astype(np.float32), fps)


def shoot(
    *clips: MocapClip,
    config: StudioConfig = EXACT,
    seed: int = 0,
    skeleton_in: Skeleton = H36M_17,
    skeleton_out: Skeleton = H36M_17,
) -> ClipSet:
    return film(clips, skeleton_in=skeleton_in, skeleton_out=skeleton_out, config=config, seed=seed)


def truth_of(clip: TrainingClip) -> np.ndarray:
    assert clip.positions is not None
    return clip.positions.astype(float)


def in_world(clip: TrainingClip) -> np.ndarray:
    assert clip.camera is not None
    return camera_to_world(truth_of(clip), clip.camera)


def bone_lengths(clip: TrainingClip) -> np.ndarray:
    points = truth_of(clip)
    parents = np.array(H36M_17.parents[1:])
    return np.linalg.norm(points[:, 1:] - points[:, parents], axis=-1)


def assert_same(first: TrainingClip, second: TrainingClip) -> None:
    assert (first.name, first.fps, first.image_size) == (
        second.name,
        second.fps,
        second.image_size,
    )
    for field in ("keypoints", "confidence", "positions"):
        np.testing.assert_array_equal(getattr(first, field), getattr(second, field))


def test_every_clip_is_seen_by_every_camera() -> None:
    config = replace(EXACT, num_cameras=3)
    clips = shoot(make_clip("walk"), make_clip("run", "bob", num_frames=20), config=config).clips
    assert [clip.name for clip in clips] == [
        f"{who}/camera {number}" for who in ("ann/walk", "bob/run") for number in (1, 2, 3)
    ]
    assert {clip.num_frames for clip in clips[:3]} == {40}
    assert all(clip.image_size == (1000, 1000) and clip.camera is not None for clip in clips)


def test_keypoints_are_the_projections_of_the_truth() -> None:
    for clip in shoot(make_clip("walk")).clips:
        assert clip.camera is not None and clip.confidence is not None
        pixels = project(
            truth_of(clip),
            focal_length=clip.camera.focal_length,
            principal_point=clip.camera.principal_point,
            radial=clip.camera.radial,
            tangential=clip.camera.tangential,
        )
        np.testing.assert_allclose(clip.keypoints, pixels, atol=0.01)
        assert (clip.confidence == 1).all()
        # The lens is not a pinhole, and people are in the picture.
        assert clip.camera.radial.any()
        inside = (pixels >= 0) & (pixels < 1000)
        assert inside.mean() > 0.95


def test_all_cameras_see_the_same_person_at_the_same_place() -> None:
    worlds = [in_world(clip) for clip in shoot(make_clip("walk")).clips]
    assert len(worlds) == 4
    for other in worlds[1:]:
        np.testing.assert_allclose(other, worlds[0], atol=1e-5)
    # Upright on the floor.
    ankles = worlds[0][:, H36M_17.indices("left_ankle", "right_ankle"), 2]
    assert 0 <= ankles.min() < 0.2
    assert np.median(worlds[0][:, H36M_17.index("head"), 2]) > 1.3


def test_cameras_stand_around_the_stage_and_look_at_its_middle() -> None:
    cameras = place_cameras(StudioConfig())
    middle = np.array([0, 0, 0.95])
    for camera in cameras.values():
        position = camera.position_world
        assert np.hypot(*position[:2]) == pytest.approx(5.2) and position[2] == 1.6
        seen = rotate(camera.rotation_world_to_camera, middle - position)
        np.testing.assert_allclose(seen[:2], 0, atol=1e-9)
        assert seen[2] > 5
        # Level: the world's up is the image's up.
        up = rotate(camera.rotation_world_to_camera, np.array([0, 0, 1.0]))
        assert up[1] < -0.9 and up[0] == pytest.approx(0, abs=1e-9)
    bearings = [np.arctan2(*camera.position_world[1::-1]) for camera in cameras.values()]
    np.testing.assert_allclose(np.diff(np.unwrap(bearings)), np.pi / 2)


@pytest.mark.parametrize("travel", [(0.0, 0.0), (9.0, 0.0), (3.0, 3.0), (7.0, 7.0), (-20.0, 1.0)])
def test_takes_stay_on_the_stage(travel: tuple[float, float]) -> None:
    clips = [make_clip(f"walk{number}", num_frames=200, travel=travel) for number in range(8)]
    filmed = shoot(*clips, config=replace(EXACT, num_cameras=1)).clips
    for clip in filmed:
        root = in_world(clip)[:, 0, :2]
        assert np.abs(root).max() <= 3.6 / 2 + 1e-5
        assert truth_of(clip)[..., 2].min() > 0.5
    if max(np.abs(travel)) > 4:
        assert len(filmed) >= 16 and filmed[0].action == "walk0 take 1"


def test_takes_hold_the_frames_of_the_clip_in_order() -> None:
    clip = make_clip("walk", num_frames=200, travel=(9.0, 0.0))
    filmed = shoot(clip, config=replace(EXACT, num_cameras=1)).clips
    assert len(filmed) == 3
    assert sum(take.num_frames for take in filmed) == 200
    # Within a take, the person moves as the mocap does, however it was turned and placed.
    begin = 0
    for take in filmed:
        moved = np.linalg.norm(np.diff(in_world(take)[:, 0], axis=0), axis=-1)
        true = clip.positions[begin : begin + take.num_frames, 0].astype(float)
        np.testing.assert_allclose(moved, np.linalg.norm(np.diff(true, axis=0), axis=-1), atol=1e-4)
        begin += take.num_frames


def test_a_performer_has_one_body_in_all_clips_and_others_have_others() -> None:
    filmed = shoot(make_clip("walk"), make_clip("run"), make_clip("walk", "bob")).clips
    walk, run, bob = (bone_lengths(filmed[number]) for number in (0, 4, 8))
    # Bones whose length the figure itself never changes.
    rigid = [
        H36M_17.index(name) - 1 for name in ("left_knee", "left_elbow", "left_hip", "left_wrist")
    ]
    for lengths in (walk, run, bob):
        assert np.ptp(lengths[:, rigid], axis=0).max() < 1e-4
    np.testing.assert_allclose(walk[0, rigid], run[0, rigid], atol=1e-4)
    assert np.abs(walk[0, rigid] - bob[0, rigid]).max() > 0.005
    # Both sides alike.
    assert walk[0, rigid[0]] == pytest.approx(walk[0, H36M_17.index("right_knee") - 1], abs=1e-4)


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_a_clip_looks_the_same_in_every_selection_of_clips(noise: float) -> None:
    config = replace(EXACT, noise=noise)
    walk, run = make_clip("walk"), make_clip("run", "bob")
    alone = shoot(walk, config=config).clips
    together = shoot(run, make_clip("bow"), walk, config=config).clips
    for first, second in zip(alone, together[8:], strict=True):
        assert_same(first, second)


def test_the_seed_decides_bodies_places_and_noise() -> None:
    noisy = replace(EXACT, noise=1.0)
    for config in (EXACT, noisy):
        first, again = (shoot(make_clip("walk"), config=config, seed=3).clips[0] for _ in range(2))
        other = shoot(make_clip("walk"), config=config, seed=4).clips[0]
        assert_same(first, again)
        assert not np.allclose(first.keypoints, other.keypoints, atol=1.0)
        assert np.abs(bone_lengths(first)[0] - bone_lengths(other)[0]).max() > 0.005


def test_noise_disturbs_the_keypoints_alone_and_scales() -> None:
    clean, noisy, louder = (
        shoot(make_clip("walk"), config=replace(EXACT, noise=noise)).clips[0]
        for noise in (0.0, 1.0, 2.0)
    )
    np.testing.assert_array_equal(clean.positions, noisy.positions)
    off = np.linalg.norm(noisy.keypoints - clean.keypoints, axis=-1)
    # Detectors are wrong by a few pixels where a person is some 350 px tall.
    assert 1 < np.median(off) < 15
    double = np.linalg.norm(louder.keypoints - clean.keypoints, axis=-1)
    np.testing.assert_allclose(double, 2 * off, atol=0.01)
    assert noisy.confidence is not None and noisy.confidence.std() > 0
    assert noisy.confidence.min() >= 0.05 - 1e-6 and noisy.confidence.max() <= 1


def test_clips_come_at_the_studios_rate() -> None:
    clip = make_clip("walk", num_frames=60, fps=60.0)
    filmed = shoot(clip, config=replace(EXACT, fps=30.0)).clips[0]
    assert filmed.fps == 30.0 and filmed.num_frames == 30
    same = shoot(clip, config=replace(EXACT, fps=60.0)).clips[0]
    poses, denser = (truth_of(one) - truth_of(one)[:, :1] for one in (filmed, same))
    np.testing.assert_allclose(poses, denser[::2], atol=1e-4)
    assert shoot(clip, config=replace(EXACT, fps=120.0)).clips[0].num_frames == 120


@pytest.mark.parametrize(
    ("skeleton_in", "skeleton_out"), [(COCO_17, H36M_17), (BODY_23, LIFTED_21), (H36M_17, H36M_17)]
)
def test_any_joints_of_the_body_can_be_marked(
    skeleton_in: Skeleton, skeleton_out: Skeleton
) -> None:
    filmed = shoot(make_clip("walk"), skeleton_in=skeleton_in, skeleton_out=skeleton_out)
    assert filmed.skeleton_in is skeleton_in and filmed.skeleton_out is skeleton_out
    clip = filmed.clips[0]
    assert clip.camera is not None
    shared = [name for name in skeleton_in.joint_names if name in skeleton_out.joint_names]
    assert len(shared) >= 12
    pixels = project(
        truth_of(clip)[:, skeleton_out.indices(*shared)],
        focal_length=clip.camera.focal_length,
        principal_point=clip.camera.principal_point,
        radial=clip.camera.radial,
        tangential=clip.camera.tangential,
    )
    np.testing.assert_allclose(clip.keypoints[:, skeleton_in.indices(*shared)], pixels, atol=0.01)


def test_joints_that_mocap_lacks_are_named() -> None:
    with pytest.raises(InputFormatError, match=r"BODY_25.*: mocap has no .*; it has pelvis, "):
        shoot(make_clip("walk"), skeleton_in=BODY_25)
