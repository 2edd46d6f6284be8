"""Subjects, actions and shares of the frames: what is selected, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from core.errors import InputFormatError
from core.joint_sets import H36M_17
from core.learning.clips import ClipSet, TrainingClip
from training.datasets.protocol import action_group, select_clips, unlabelled

ACTIONS = ["Walking 1", "Walking", "WalkTogether", "Sitting 2", "SittingDown"]


def make_clip(subject: str, action: str, camera: str, num_frames: int) -> TrainingClip:
    numbers = np.arange(num_frames, dtype=float)[:, None, None]
    return TrainingClip(
        subject=subject,
        action=action,
        camera_name=camera,
        keypoints=np.broadcast_to(numbers, (num_frames, 17, 2)),
        confidence=None,
        positions=np.broadcast_to(numbers, (num_frames, 17, 3)),
        camera=None,
        image_size=(100, 100),
        fps=50.0,
    )


def make_set(actions: Iterable[str] = ACTIONS, num_frames: int = 100) -> ClipSet:
    clips = [
        make_clip(subject, action, camera, num_frames)
        for subject in ("S1", "S5", "S11")
        for action in actions
        for camera in ("a", "b")
    ]
    return ClipSet(tuple(clips), H36M_17, H36M_17)


def frames_of(clip: TrainingClip) -> list[int]:
    assert clip.positions is not None
    np.testing.assert_array_equal(clip.positions[:, 0, 0], clip.keypoints[:, 0, 0])
    return clip.keypoints[:, 0, 0].astype(int).tolist()


@pytest.mark.parametrize(
    ("action", "group"),
    [
        ("Walking 1", "Walking"),
        ("Walking", "Walking"),
        ("Walking 1 chunk0", "Walking"),
        ("ThrowCatch 2 chunk13", "ThrowCatch"),
        ("Jog chunk4", "Jog"),
        ("custom", "custom"),
        ("take2", "take2"),
    ],
)
def test_trials_and_chunks_are_one_action(action: str, group: str) -> None:
    assert action_group(action) == group


def test_no_choice_is_every_clip() -> None:
    clip_set = make_set()
    assert select_clips(clip_set, subjects=None, actions=None).clips == clip_set.clips


def test_subjects_are_chosen_by_their_whole_name() -> None:
    chosen = select_clips(make_set(), subjects=["S1"], actions=None)
    assert chosen.subjects == ("S1",) and len(chosen.clips) == len(ACTIONS) * 2


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (["Walking"], {"Walking", "Walking 1"}),
        (["Walking 1"], {"Walking 1"}),
        (["Walk"], {"Walking", "Walking 1", "WalkTogether"}),
        (["Sitting"], {"Sitting 2"}),
        (["Sitting", "WalkT"], {"Sitting 2", "WalkTogether"}),
    ],
)
def test_actions_are_chosen_by_name_then_group_then_beginning(
    wanted: list[str], expected: set[str]
) -> None:
    chosen = select_clips(make_set(), subjects=None, actions=wanted)
    assert {clip.action for clip in chosen.clips} == expected


def test_names_that_are_not_there_are_refused_with_those_that_are() -> None:
    with pytest.raises(InputFormatError, match="subject 'S2' is not .* found 'S1', 'S5', 'S11'"):
        select_clips(make_set(), subjects=["S1", "S2"], actions=None)
    with pytest.raises(InputFormatError, match="action 'Eating' is not .* found 'Walking', 'WalkT"):
        select_clips(make_set(), subjects=None, actions=["Walking", "Eating"])
    with pytest.raises(InputFormatError, match="action '' is not"):
        select_clips(make_set(), subjects=None, actions=[""])


def test_an_action_that_only_other_subjects_have_is_not_there() -> None:
    both = make_set(["Walking"]).clips + (make_clip("S9", "Eating", "a", 10),)
    clip_set = ClipSet(both, H36M_17, H36M_17)
    with pytest.raises(InputFormatError, match="action 'Eating' is not in the data: found 'Walk"):
        select_clips(clip_set, subjects=["S1"], actions=["Eating"])


@pytest.mark.parametrize(
    ("subjects", "actions"), [([], None), (None, []), ([], ["Walking"]), (["S1"], [])]
)
def test_an_empty_split_is_refused(subjects: list[str] | None, actions: list[str] | None) -> None:
    with pytest.raises(InputFormatError, match="empty split"):
        select_clips(make_set(), subjects=subjects, actions=actions)


def test_downsampling_takes_every_nth_frame_and_divides_the_rate() -> None:
    clip = select_clips(make_set(), subjects=None, actions=None, downsample=5).clips[0]
    assert frames_of(clip) == list(range(0, 100, 5)) and clip.fps == 10.0


def test_a_share_is_one_contiguous_part_the_same_for_all_cameras() -> None:
    chosen = select_clips(make_set(), subjects=None, actions=None, share=0.1, seed=3).clips
    parts = [frames_of(clip) for clip in chosen]
    assert {len(part) for part in parts} == {10}
    assert all(part == list(range(part[0], part[0] + 10)) for part in parts)
    assert all(first == second for first, second in zip(parts[::2], parts[1::2], strict=True))
    starts = [part[0] for part in parts]
    assert len(set(starts)) > 8 and min(starts) >= 0 and max(starts) <= 90
    assert max(starts) - min(starts) > 50


def test_the_part_depends_on_the_seed_alone_and_not_on_the_other_clips() -> None:
    def starts(seed: int, subjects: list[str]) -> list[int]:
        chosen = select_clips(make_set(), subjects=subjects, actions=None, share=0.1, seed=seed)
        return [frames_of(clip)[0] for clip in chosen.clips if clip.subject == "S5"]

    assert starts(1, ["S1", "S5"]) == starts(1, ["S5"]) != starts(2, ["S5"])


def test_a_share_is_a_multiple_of_the_downsampling() -> None:
    clip = select_clips(
        make_set(), subjects=["S1"], actions=["Walking 1"], share=0.25, downsample=6
    ).clips[0]
    frames = frames_of(clip)
    assert len(frames) == 4 and set(np.diff(frames)) == {6}


def test_a_share_of_a_short_clip_keeps_a_frame() -> None:
    chosen = select_clips(
        make_set(num_frames=4), subjects=None, actions=None, share=0.01, downsample=5
    )
    assert {clip.num_frames for clip in chosen.clips} == {1}


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, float("nan")])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(InputFormatError, match="share: expected more than 0 and at most 1"):
        select_clips(make_set(), subjects=None, actions=None, share=share)


def test_a_downsampling_below_one_is_refused() -> None:
    with pytest.raises(InputFormatError, match="downsample: expected at least 1, found 0"):
        select_clips(make_set(), subjects=None, actions=None, downsample=0)


def test_unlabelled_clips_keep_all_but_the_truth() -> None:
    clip_set = make_set()
    bare = unlabelled(clip_set)
    assert bare.skeleton_out is None and bare.skeleton_in is H36M_17
    assert all(clip.positions is None for clip in bare.clips)
    assert [clip.name for clip in bare.clips] == [clip.name for clip in clip_set.clips]
    assert clip_set.clips[0].positions is not None
