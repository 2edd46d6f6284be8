"""People keep their identity over frames, whatever the detector does."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import LiftError, NothingToLiftError
from core.io.keypoints import read_keypoints
from core.preprocess.track import track
from core.types import Detections, Keypoints2D
from tests.core.preprocess.walking_people import detections_of, walk
from tests.shared_data import shared_data

T = 200
LEFT_TO_RIGHT = walk(T, x=300, speed=120)
RIGHT_TO_LEFT = walk(T, x=1100, speed=-120, phase=1.0)


def owners_of(clip: Keypoints2D, people: list[np.ndarray]) -> np.ndarray:
    """(T',) which of the people each frame of the clip is nearest to."""
    apart = [np.abs(person[clip.frames] - clip.positions).mean(axis=(1, 2)) for person in people]
    return np.argmin(apart, axis=0)


def share_of_main_owner(clip: Keypoints2D, people: list[np.ndarray]) -> float:
    counts = np.bincount(owners_of(clip, people), minlength=len(people))
    return float(counts.max() / counts.sum())


def hidden_while_near(first: np.ndarray, second: np.ndarray, distance: float) -> np.ndarray:
    return np.abs(first[:, 0, 0] - second[:, 0, 0]) >= distance


def test_one_person_comes_back_as_detected() -> None:
    detections, _ = detections_of([LEFT_TO_RIGHT])
    (clip,), warnings = track(detections)
    np.testing.assert_array_equal(clip.positions, LEFT_TO_RIGHT)
    np.testing.assert_array_equal(clip.frames, np.arange(T))
    assert (clip.person, clip.fps, clip.image_size) == (1, Fraction(30), (1920, 1080))
    assert warnings == ()


@pytest.mark.parametrize("seed", range(5))
def test_two_people_who_cross_keep_their_identity(seed: int) -> None:
    people = [LEFT_TO_RIGHT, RIGHT_TO_LEFT]
    detections, _ = detections_of(people, rng=np.random.default_rng(seed), noise=3.0)
    clips, _ = track(detections)
    assert len(clips) == 2
    assert all(clip.num_frames > 0.95 * T for clip in clips)
    assert all(share_of_main_owner(clip, people) > 0.97 for clip in clips)


@pytest.mark.parametrize("hidden", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("seed", range(3))
def test_identity_survives_an_occlusion_at_the_crossing(hidden: tuple[int, ...], seed: int) -> None:
    people = [LEFT_TO_RIGHT, RIGHT_TO_LEFT]
    apart = hidden_while_near(*people, distance=100.0)
    is_seen = [apart if index in hidden else np.ones(T, bool) for index in range(2)]
    rng = np.random.default_rng(seed)
    detections, _ = detections_of(people, is_seen=is_seen, rng=rng, noise=3.0)
    clips, _ = track(detections)
    assert sorted(clip.num_frames for clip in clips) == sorted(int(seen.sum()) for seen in is_seen)
    assert all(share_of_main_owner(clip, people) > 0.97 for clip in clips)


def test_size_tells_people_apart_who_turn_back_where_they_meet() -> None:
    large, small = walk(T, x=300, speed=120), walk(T, x=1100, speed=-120, height=260)
    # Both turn round while nobody sees them: motion alone would exchange them.
    meeting = int(np.argmin(np.abs(large[:, 0, 0] - small[:, 0, 0])))
    after = np.arange(T) > meeting
    large[after], small[after] = large[meeting], small[meeting]
    seconds = (np.arange(T)[after] - meeting)[:, None] / 30
    large[after, :, 0] -= 120 * seconds
    small[after, :, 0] += 120 * seconds
    is_seen = np.abs(np.arange(T) - meeting) > 10
    people = [large, small]
    detections, _ = detections_of(
        people, is_seen=[is_seen, is_seen], rng=np.random.default_rng(0), noise=2.0
    )
    clips, _ = track(detections)
    assert len(clips) == 2
    assert all(share_of_main_owner(clip, people) == 1.0 for clip in clips)


def test_who_is_seen_most_is_person_one_and_a_gap_stays_a_gap() -> None:
    is_seen = np.ones(T, bool)
    is_seen[80:95] = False
    people = [walk(T, x=300), walk(T, x=900)]
    detections, _ = detections_of(
        people, is_seen=[is_seen, np.ones(T, bool)], rng=np.random.default_rng(0), noise=1.0
    )
    (first, second), warnings = track(detections)
    assert (first.person, second.person) == (1, 2)
    assert set(owners_of(first, people)) == {1}
    np.testing.assert_array_equal(second.frames, np.nonzero(is_seen)[0])
    assert warnings == ("people found: 2",)


def test_duplicates_and_flickering_detections_are_left_out() -> None:
    rng = np.random.default_rng(0)
    person = walk(T, x=400, speed=40)
    duplicate = person + rng.normal(scale=4.0, size=person.shape)
    elsewhere = walk(T, x=1600, height=150)
    detections, owners = detections_of(
        [person, duplicate, elsewhere],
        is_seen=[np.ones(T, bool), rng.random(T) < 0.2, rng.random(T) < 0.03],
        rng=rng,
        noise=1.0,
    )
    (clip,), warnings = track(detections)
    np.testing.assert_array_equal(clip.frames, np.arange(T))
    assert (
        f"duplicate detections of a person in a frame, left out: {(owners == 1).sum()}" in warnings
    )
    assert any("momentary detections" in warning for warning in warnings)


def test_the_only_person_is_kept_however_short() -> None:
    detections, _ = detections_of([LEFT_TO_RIGHT[:1]])
    (clip,), _ = track(detections)
    assert clip.num_frames == 1


@pytest.mark.parametrize("others", [0, 1])
def test_who_leaves_and_comes_back_is_the_same_person(others: int) -> None:
    is_seen = np.ones(T, bool)
    is_seen[50:140] = False
    people = [walk(T, x=300), walk(T, x=1200)][: 1 + others]
    detections, _ = detections_of(people, is_seen=[is_seen, np.ones(T, bool)])
    clips, warnings = track(detections)
    assert len(clips) == 1 + others
    np.testing.assert_array_equal(clips[-1].frames, np.nonzero(is_seen)[0])
    assert "people who left and came back, taken as the same person: 1" in warnings


def test_someone_of_another_size_who_comes_later_is_someone_else() -> None:
    frames = np.arange(T)
    people = [walk(T, x=300, height=500), walk(T, x=1300, height=200)]
    detections, _ = detections_of(people, is_seen=[frames < 80, frames > 120])
    clips, _ = track(detections)
    assert [clip.num_frames for clip in clips] == [80, 79]


@pytest.mark.parametrize(
    ("track_ids", "reason"),
    [
        ([1, 1], "several people at once"),
        ([np.arange(T) % 2, 1 - np.arange(T) % 2], "jump between people"),
    ],
)
def test_track_ids_that_cannot_be_right_are_not_trusted(track_ids: list, reason: str) -> None:
    people = [walk(T, x=300), walk(T, x=1100)]
    detections, _ = detections_of(people, track_ids=track_ids, rng=np.random.default_rng(0))
    clips, warnings = track(detections)
    assert [clip.num_frames for clip in clips] == [T, T]
    assert all(share_of_main_owner(clip, people) == 1.0 for clip in clips)
    assert any(reason in warning for warning in warnings)


def test_plausible_track_ids_decide_where_geometry_cannot() -> None:
    # Alike, and hidden while both turn back: only the detector's appearance model can know.
    first, second = walk(T, x=300, speed=60), walk(T, x=700, speed=-60)
    first[100:], second[100:] = second[100:].copy(), first[100:].copy()
    is_seen = np.abs(np.arange(T) - 100) > 8
    people = [first, second]
    for track_ids in ([4, 9], [9, 4]):
        detections, _ = detections_of(
            people,
            is_seen=[is_seen, is_seen],
            track_ids=track_ids,
            rng=np.random.default_rng(0),
            noise=2.0,
        )
        clips, _ = track(detections)
        assert len(clips) == 2
        assert all(share_of_main_owner(clip, people) == 1.0 for clip in clips)


def test_a_new_track_id_after_an_occlusion_is_still_the_same_person() -> None:
    is_seen = np.abs(np.arange(T) - 100) > 8
    track_ids = np.where(np.arange(T) < 100, 3, 8)
    detections, _ = detections_of([LEFT_TO_RIGHT], is_seen=[is_seen], track_ids=[track_ids])
    (clip,), _ = track(detections)
    assert clip.num_frames == is_seen.sum()


def test_rows_in_any_order_give_the_same_people() -> None:
    people = [LEFT_TO_RIGHT, walk(T, x=1500, height=300)]
    detections, _ = detections_of(people)
    order = np.random.default_rng(0).permutation(len(detections.row_frames))
    shuffled = replace(
        detections,
        positions=detections.positions[order],
        confidence=detections.confidence[order],
        row_frames=detections.row_frames[order],
        track_ids=detections.track_ids[order],
    )
    for one, other in zip(track(detections)[0], track(shuffled)[0], strict=True):
        np.testing.assert_array_equal(one.positions, other.positions)


def test_every_fifth_frame_is_enough() -> None:
    detections, _ = detections_of([LEFT_TO_RIGHT[::5], walk(T, x=1500)[::5]])
    strided = replace(
        detections, row_frames=detections.row_frames * 5, frames=detections.frames * 5
    )
    clips, _ = track(strided)
    assert [clip.num_frames for clip in clips] == [40, 40]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 25), st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_no_frame_is_invented_and_nobody_is_twice_in_one(
    num_frames: int, most_people: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, most_people + 1, num_frames)
    row_frames = np.repeat(np.arange(num_frames), counts)
    num_rows = len(row_frames)
    base, _ = detections_of([LEFT_TO_RIGHT[:1]])
    detections = replace(
        base,
        positions=rng.uniform(0, 1000, (num_rows, 17, 2)),
        confidence=np.where(rng.random((num_rows, 17)) < 0.5, 0.0, rng.random((num_rows, 17))),
        row_frames=row_frames,
        track_ids=rng.integers(-1, 3, num_rows),
        frames=np.arange(num_frames),
    )
    if not (detections.confidence > 0).any():
        with pytest.raises(NothingToLiftError):
            track(detections)
        return
    clips, _ = track(detections)
    assert len(clips) >= 1 and [clip.person for clip in clips] == list(range(1, len(clips) + 1))
    rows = {(int(f), p.tobytes()) for f, p in zip(row_frames, detections.positions, strict=True)}
    found = [
        (int(f), p.tobytes())
        for clip in clips
        for f, p in zip(clip.frames, clip.positions, strict=True)
    ]
    assert len(set(found)) == len(found) and set(found) <= rows


def empty_detections(num_frames: int) -> Detections:
    base, _ = detections_of([LEFT_TO_RIGHT[:1]])
    return replace(
        base,
        positions=np.zeros((0, 17, 2)),
        confidence=np.zeros((0, 17)),
        row_frames=np.zeros(0, int),
        track_ids=np.zeros(0, int),
        frames=np.arange(num_frames),
    )


def test_nobody_at_all_is_told() -> None:
    with pytest.raises(NothingToLiftError, match="nobody was detected in any of 12 frames"):
        track(empty_detections(12))


def test_fractions_of_the_image_are_refused() -> None:
    detections, _ = detections_of([LEFT_TO_RIGHT[:3]])
    with pytest.raises(LiftError, match="expected positions in pixels"):
        track(replace(detections, is_normalized=True))


def test_two_real_people_are_followed_through_the_whole_clip() -> None:
    detections = read_keypoints(shared_data("real/pose2sim_multi/cam01_json"))
    clips, _ = track(detections)
    assert [clip.num_frames for clip in clips] == [100, 98]
    for clip in clips:
        body = clip.skeleton.indices("left_shoulder", "right_shoulder", "left_hip", "right_hip")
        is_seen = (clip.confidence[:, body] > 0).all(axis=1)
        assert is_seen.mean() > 0.9
        trunk = clip.positions[is_seen][:, body].mean(axis=1)
        assert np.linalg.norm(np.diff(trunk, axis=0), axis=1).max() < 20.0
