"""Every frame is learned, no window looks into a neighbour, and a mirrored window is a mirror image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.errors import InputFormatError  # noqa: E402
from core.learning.projection import project  # noqa: E402
from core.learning.sampling import SampleOrder, shuffled  # noqa: E402
from tests.core.learning.synthetic_clips import (  # noqa: E402
    CONFIG,
    SKELETON,
    make_clip,
    make_set,
    make_windows,
)

LENGTHS = (7, 1, 12)
CAUSAL = replace(CONFIG, causal=True)
MIRROR = torch.from_numpy(SKELETON.mirror)


def numbered_set():
    """Clips whose normalised keypoints say (clip, frame)."""
    clips = []
    for number, length in enumerate(LENGTHS):
        pixels = np.empty((length, 6, 2))
        pixels[..., 0] = number + 1
        pixels[..., 1] = np.arange(1, length + 1)[:, None]
        clip = make_clip(number, num_frames=length)
        clips.append(replace(clip, keypoints=pixels, image_size=(2, 2)))
    return make_set(clips)


def all_of(windows):
    return windows.gather(torch.arange(windows.num_samples))


def clips_and_frames(points):
    """(...,2) clip and frame of keypoints that name them."""
    names = points[:, :, 0].round()
    assert torch.equal(points.round(), names[:, :, None].expand_as(points))
    return names.int()


@pytest.mark.parametrize("config", [CONFIG, CAUSAL], ids=["symmetric", "causal"])
def test_single_frame_windows_show_every_frame_once_and_once_mirrored(config):
    windows = make_windows(numbered_set(), config=config)
    assert windows.num_windows == sum(LENGTHS) and windows.num_samples == 2 * sum(LENGTHS)
    shown = clips_and_frames(all_of(windows).screen)[:, 0].tolist()
    frames = [[clip, frame] for clip, length in enumerate(LENGTHS) for frame in range(length)]
    assert shown[: len(frames)] == frames
    assert shown[len(frames) :] == [[-clip, frame] for clip, frame in frames]


@pytest.mark.parametrize("chunk_length", [2, 3, 5, 20])
def test_chunks_show_every_frame_and_repeat_only_edges(chunk_length):
    windows = make_windows(numbered_set(), chunk_length=chunk_length, use_mirror=False)
    assert windows.num_windows == sum(-(-length // chunk_length) for length in LENGTHS)
    batch = all_of(windows)
    assert batch.num_outputs == windows.num_windows * chunk_length
    shown = [tuple(pair) for pair in clips_and_frames(batch.screen).reshape(-1, 2).tolist()]
    for clip, length in enumerate(LENGTHS):
        counts = [shown.count((clip, frame)) for frame in range(length)]
        assert min(counts) >= 1
        assert set(counts[1:-1]) <= {1}
        surplus = -(-length // chunk_length) * chunk_length - length
        if length > 1:
            assert (counts[0] - 1, counts[-1] - 1) == (surplus // 2, surplus - surplus // 2)


@pytest.mark.parametrize("chunk_length", [1, 3])
@pytest.mark.parametrize(("config", "before", "after"), [(CONFIG, 4, 4), (CAUSAL, 8, 0)])
def test_windows_are_padded_by_their_own_clips_edges(config, before, after, chunk_length):
    windows = make_windows(
        numbered_set(), config=config, chunk_length=chunk_length, use_mirror=False
    )
    batch = all_of(windows)
    assert batch.keypoints.shape[1] == before + chunk_length + after
    seen = clips_and_frames(batch.keypoints)
    first_window = 0
    for clip, length in enumerate(LENGTHS):
        count = -(-length // chunk_length)
        start = -((count * chunk_length - length) // 2)
        for number in range(count):
            first = start + number * chunk_length
            frames = np.clip(np.arange(first - before, first + chunk_length + after), 0, length - 1)
            window = seen[first_window + number]
            assert window[:, 0].tolist() == [clip] * len(frames)
            assert window[:, 1].tolist() == frames.tolist()
        first_window += count


def recorded_set():
    return make_set(make_clip(seed, num_frames=9, share_missing=0.3) for seed in (1, 2))


@pytest.mark.parametrize("chunk_length", [1, 4])
@pytest.mark.parametrize("in_features", [2, 3])
def test_mirrored_windows_are_mirror_images(in_features, chunk_length):
    config = replace(CONFIG, in_features=in_features)
    windows = make_windows(recorded_set(), config=config, chunk_length=chunk_length)
    numbers = torch.arange(windows.num_windows)
    plain, mirrored = windows.gather(numbers), windows.gather(numbers + windows.num_windows)
    for name in ("keypoints", "positions", "screen"):
        before, after = getattr(plain, name), getattr(mirrored, name)
        signs = torch.ones(before.shape[-1])
        signs[0] = -1
        assert torch.equal(after, before[..., MIRROR, :] * signs), name
    assert len(plain.confidence.unique()) > 1
    assert torch.equal(mirrored.confidence, plain.confidence[..., MIRROR])


@pytest.mark.parametrize("chunk_length", [1, 4])
def test_positions_project_to_their_keypoints_mirrored_or_not(chunk_length):
    """Exact keypoints of distorted lenses: a wrong sign anywhere in the mirror shows."""
    clips = make_set(make_clip(seed, num_frames=9) for seed in (1, 2))
    batch = all_of(make_windows(clips, chunk_length=chunk_length))
    screen = project(batch.positions, batch.lens)
    assert (screen - batch.screen).abs().max() < 1e-5
    linear = project(batch.positions, batch.lens, is_linear=True)
    assert (linear - batch.screen).abs().max() > 1e-3


def test_confidence_is_given_and_is_the_third_feature():
    clips = recorded_set()
    windows = make_windows(clips, config=replace(CONFIG, in_features=3), use_mirror=False)
    batch = all_of(windows)
    confidence = torch.from_numpy(np.concatenate([clip.confidence for clip in clips.clips]))
    middle = batch.keypoints.shape[1] // 2
    torch.testing.assert_close(batch.keypoints[:, middle, :, 2], confidence.float())
    torch.testing.assert_close(batch.confidence[:, 0], confidence.float())


def test_without_confidence_everything_counts_fully():
    batch = all_of(make_windows(make_set([make_clip(1, num_frames=5)])))
    assert (batch.confidence == 1).all()


def test_unlabelled_clips_have_no_positions_and_a_missing_lens_takes_all():
    clips = [make_clip(seed, num_frames=5, is_labelled=False) for seed in (1, 2)]
    batch = all_of(make_windows(make_set(clips)))
    assert batch.positions is None and batch.lens.shape == (20, 9)
    batch = all_of(make_windows(make_set([clips[0], replace(clips[1], camera=None)])))
    assert batch.lens is None


def test_windows_are_described_by_their_clips():
    windows = make_windows(make_set(make_clip(seed, num_frames=3) for seed in range(6)))
    assert windows.describe(torch.tensor([4, 5, 18 + 3])) == "S1/Swaying/cam1"
    assert windows.describe(torch.tensor([17, 0])) == "S0/Swaying/cam0, S5/Swaying/cam5"
    everything = windows.describe(torch.arange(windows.num_samples))
    assert everything.startswith("S0/Swaying/cam0, S1/") and everything.endswith(
        "S3/Swaying/cam3 and 2 more clips"
    )


def test_an_empty_or_half_labelled_set_is_refused():
    with pytest.raises(InputFormatError, match="expected clips to learn from, found an empty spl"):
        make_windows(make_set([]))
    clips = [make_clip(1, num_frames=5), make_clip(2, num_frames=5, is_labelled=False)]
    with pytest.raises(InputFormatError, match="S2/Swaying/cam2: expected every clip .* labelled"):
        make_windows(make_set(clips))


@pytest.mark.parametrize("batch_size", [1, 4, 5, 11, 22, 23, 40])
def test_each_epoch_is_a_permutation_of_all_samples(batch_size):
    order = SampleOrder(23, batch_size, seed=1, is_endless=False)
    epochs = []
    for epoch in range(3):
        steps = range(epoch * order.steps_per_pass, (epoch + 1) * order.steps_per_pass)
        batches = [order.samples(step) for step in steps]
        assert [len(batch) for batch in batches[:-1]] == [batch_size] * (len(batches) - 1)
        # Nobody is left alone (23 = 2 * 11 + 1 = 22 + 1): BatchNorm could not learn from that.
        assert batch_size == 1 or 1 < len(batches[-1]) <= batch_size + 1
        epochs.append(torch.cat(batches).tolist())
        assert sorted(epochs[-1]) == list(range(23))
    assert epochs[0] != epochs[1] != epochs[2] and epochs[0] != list(range(23))


@pytest.mark.parametrize("batch_size", [1, 4, 23, 60])
def test_the_endless_stream_has_whole_batches_and_whole_passes(batch_size):
    order = SampleOrder(23, batch_size, seed=1, is_endless=True)
    batches = [order.samples(step) for step in range(-(-23 * 4 // batch_size))]
    assert {len(batch) for batch in batches} == {batch_size}
    stream = torch.cat(batches)[: 23 * 4].reshape(4, 23)
    assert torch.equal(stream.sort(dim=1).values, torch.arange(23).expand(4, 23))
    assert len({tuple(row) for row in stream.tolist()}) == 4


@pytest.mark.parametrize("is_endless", [False, True])
def test_a_steps_samples_follow_from_seed_and_step_alone(is_endless):
    def make(seed=1):
        return SampleOrder(23, 4, seed=seed, is_endless=is_endless)

    order = make()
    forwards = [order.samples(step) for step in range(40)]
    torch.manual_seed(99)
    for step in reversed(range(40)):
        assert torch.equal(make().samples(step), forwards[step])
        assert torch.equal(order.samples(step), forwards[step])
    assert not torch.equal(make(seed=2).samples(0), forwards[0])


def test_passes_of_different_seeds_are_not_each_others():
    orders = {tuple(shuffled(30, n, seed=seed).tolist()) for n in range(8) for seed in range(8)}
    assert len(orders) == 64
