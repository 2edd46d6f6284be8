"""Clips on a true floor before cameras that hold all of their way: the same in every run."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import InputFormatError
from core.geometry.camera import project_to_pixels, world_to_camera
from core.joint_sets import BODY_23
from tests.shared_data import shared_data
from tests.training.datasets.bvh_writer import write_bvh_folder, write_index
from training.datasets.bvh import BODY_POINTS, MocapClip, point_name
from training.evaluation.world_measure import FOOT_POINTS
from training.evaluation.world_mocap import (
    IMAGE_SIZE,
    MAX_SECONDS,
    choose_take,
    film_clip,
    find_contacts,
    find_floor,
    load_mocap_views,
    place_camera,
    stand_on_floor,
    why_no_floor,
)
from training.evaluation.world_view import FOCAL_GIVEN, FOCAL_UNKNOWN

FEET = BODY_POINTS.indices(*FOOT_POINTS)
FPS = 30.0


def stepping(
    seconds: float = 4.0, *, ground: float = 0.3, step_height: float = 0.0, name: str = "walk"
) -> MocapClip:
    """A rigid upper body that goes 0.5 m/s over feet that step by turns, each step ``step_height`` up."""
    time = np.arange(round(seconds * FPS)) / FPS
    figure = np.random.default_rng(4).uniform((-0.2, -0.2, 0.7), (0.2, 0.2, 1.3), (27, 3))
    points = figure + 0.5 * time[:, None, None] * np.array([1.0, 0, 0])
    for side, phase in (("left", 0.0), ("right", 0.5)):
        turn = time + phase
        # Half a second on the spot, half a second a metre a second ahead.
        swing = np.clip(turn % 1 - 0.5, 0, 0.5)
        place = 0.5 * np.floor(turn) + swing
        lift = 0.2 * np.sin(2 * np.pi * swing) + step_height * np.floor(turn)
        for part, ahead in (("heel", 0.0), ("toe", 0.25)):
            joint = BODY_POINTS.index(f"{side}_{part}")
            points[:, joint] = np.stack([place + ahead, 0 * place, lift], axis=-1)
    points[..., 2] += ground
    return MocapClip(name, "ann", points.astype(np.float32), FPS)


def test_the_floor_is_where_feet_stand() -> None:
    clip = stepping(ground=0.3)
    assert find_floor(clip) == pytest.approx(0.3, abs=1e-6)
    standing = stand_on_floor(clip)
    contacts = find_contacts(standing)
    lowest = standing.positions[:, FEET, 2].reshape(-1, 2, 2).min(axis=-1)
    assert np.abs(lowest[contacts]).max() < 0.04
    # Each foot stands about half the time, and one of them at any time.
    assert 0.4 < contacts.mean() < 0.65
    assert contacts.any(axis=1).mean() > 0.9


def test_performers_differ_in_size_and_keep_it() -> None:
    walk, run = (stand_on_floor(stepping(name=name)).positions for name in ("walk", "run"))
    np.testing.assert_array_equal(walk, run)
    bob = stand_on_floor(replace(stepping(), group="bob")).positions
    ratio = np.ptp(bob[0, :, 2]) / np.ptp(walk[0, :, 2])
    assert 0.8 < ratio < 1.25 and abs(ratio - 1) > 0.001
    assert bob[:, FEET, 2].min() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("clip", "reason"),
    [
        (stepping(), ""),
        (stepping(step_height=0.02), ""),
        (stepping(step_height=0.18), "of the standing feet are at one height"),
        (stepping(0.5), "shorter than 1 s"),
    ],
)
def test_clips_without_a_floor_are_told_from_others(clip: MocapClip, reason: str) -> None:
    assert why_no_floor(clip).endswith(reason)
    assert bool(why_no_floor(clip)) == bool(reason)


def test_clips_whose_feet_never_stand_or_sink_have_no_floor() -> None:
    slide = stepping()
    ever_on = slide.positions.copy()
    ever_on[:, FEET] = ever_on[:1, FEET]
    ever_on += np.arange(len(ever_on))[:, None, None] * np.array([0.02, 0, 0])
    assert why_no_floor(replace(slide, positions=ever_on)) == "no foot stands still"
    sunk = stand_on_floor(slide).positions.copy()
    # Too fast to stand still, a tenth of the time.
    frames = np.arange(len(sunk)) % 20 < 2
    sunk[frames, FEET[0], 2] -= 0.1 + 0.1 * (np.arange(frames.sum()) % 2)
    assert why_no_floor(replace(slide, positions=sunk)).startswith(
        "no floor: a foot is below it in"
    )


def test_takes_are_parts_of_the_clip_at_about_thirty_hertz() -> None:
    long = stepping(25.0)
    take = choose_take(replace(long, fps=60.0))
    assert take.fps == 30.0
    assert len(take.positions) == 300 == MAX_SECONDS * take.fps
    np.testing.assert_array_equal(choose_take(replace(long, fps=60.0)).positions, take.positions)
    halves = long.positions[::2].astype(float)
    begin = int(np.flatnonzero((halves == take.positions[0]).all(axis=(1, 2)))[0])
    np.testing.assert_array_equal(take.positions, halves[begin : begin + 300])
    assert choose_take(replace(long, fps=24.0)).fps == 24.0
    assert len(choose_take(stepping(4.0)).positions) == 120


def test_the_camera_holds_all_of_the_way_in_its_image_from_a_tripod() -> None:
    clip = stand_on_floor(stepping(8.0))
    for seed in range(40):
        camera = place_camera(clip.positions, np.random.default_rng(seed))
        seen = world_to_camera(clip.positions, camera)
        assert seen[..., 2].min() > 0.5
        pixels = project_to_pixels(seen, camera)
        assert (pixels >= 0).all() and (pixels < np.array(IMAGE_SIZE)).all()
        # As large as it can be, or up to about half of that.
        extent = np.ptp(pixels.reshape(-1, 2), axis=0) / np.array(IMAGE_SIZE)
        assert extent.max() > 0.35
        assert 0.2 < camera.position_world[2] < 3.5
        up = world_to_camera(camera.position_world + np.array([[[0, 0, 1.0]]]), camera)[0, 0]
        assert up[1] < -0.8 and abs(up[0]) < 0.15


def test_a_clip_is_seen_twice_with_the_same_keypoints() -> None:
    clip = stand_on_floor(stepping())
    views = film_clip(clip)
    assert [view.case for view in views] == [FOCAL_GIVEN, FOCAL_UNKNOWN]
    given, unknown = (view.source for view in views)
    np.testing.assert_array_equal(given.people[0].positions, unknown.people[0].positions)
    truth = views[0].truth
    assert given.camera.focal_length[0] == pytest.approx(truth.camera.focal_length[0])
    assert given.focal_source == "given focal length"
    assert not given.is_calibrated and not unknown.is_calibrated
    assert unknown.focal_source != "given focal length"
    assert (given.image_size, given.fps, given.joint_set) == (IMAGE_SIZE, 30, BODY_23.name)
    again = film_clip(clip)[0].source.people[0].positions
    np.testing.assert_array_equal(given.people[0].positions, again)


def test_keypoints_are_the_projected_body_with_a_detectors_noise() -> None:
    clip = stand_on_floor(stepping())
    view = film_clip(clip)[0]
    camera, person = view.truth.camera, view.source.people[0]
    marked = clip.positions[:, BODY_POINTS.indices(*map(point_name, BODY_23.joint_names))]
    seen = world_to_camera(marked, camera)
    off = np.linalg.norm(person.positions - project_to_pixels(seen, camera), axis=-1)
    metres = off / camera.focal_length[0] * seen[..., 2]
    assert 0.003 < np.median(metres) < 0.08
    # The truth is the person who was filmed, as tall as is told.
    np.testing.assert_array_equal(view.truth.positions, clip.positions[:, :21])
    assert view.height_m is not None and 1.0 < view.height_m < 3.0
    np.testing.assert_array_equal(view.truth.is_contact, find_contacts(clip))


def test_clips_that_are_not_there_are_told(tmp_path: Path) -> None:
    names = ("ann/walk", "ann/run", "bob/walk")
    write_bvh_folder(tmp_path, names)
    write_index(tmp_path, dict.fromkeys(names, "test"))
    with pytest.raises(InputFormatError, match="'test' with a floor whose name holds 'nobody'"):
        load_mocap_views(tmp_path, "test", clips_per_performer=2, only="nobody")


def test_mocap_gives_two_views_of_each_chosen_clip(tmp_path: Path) -> None:
    names = ("golf/64_26", "golf/64_27", "golf/64_28")
    for name in names:
        path = tmp_path / f"{name}.bvh"
        path.parent.mkdir(exist_ok=True)
        (found,) = shared_data("mocap").rglob(path.name)
        shutil.copy(found, path)
    write_index(tmp_path, dict.fromkeys(names, "test"))
    views, notes = load_mocap_views(tmp_path, "test", clips_per_performer=2)
    assert [(view.clip, view.group) for view in views[::2]] == [
        ("64_26", "golf"),
        ("64_28", "golf"),
    ]
    assert notes == []
    (given, _), _ = load_mocap_views(tmp_path, "test", clips_per_performer=2, only="64_27")
    assert given.clip == "64_27"
    # A golfer stands: his feet are on the ground, but for a heel as he swings.
    assert given.truth.is_contact is not None and given.truth.is_contact.mean() > 0.7
    feet = given.truth.positions[:, -4:, 2].reshape(-1, 2, 2).min(axis=-1)
    assert np.abs(np.median(feet)) < 0.03
