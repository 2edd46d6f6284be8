"""The model's frames out of frames of any rate: at their times, at once, and never more than are due."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from core.errors import LiftError
from core.preprocess.resample_stream import ResampleStream

SEEN = np.ones(2)


def place(time):
    """Two joints that move evenly: (2,2)."""
    return np.array([[time, 2 * time], [1.0 - time, 0.0]])


def give(times, *, fps=30.0, confidence=None):
    """For every time, the model's frames that were due: lists of (T,2,2) and (T,2)."""
    stream = ResampleStream(fps=fps)
    confidence = [SEEN] * len(times) if confidence is None else confidence
    return list(
        zip(
            *(
                stream.push(time, place(time), known)
                for time, known in zip(times, confidence, strict=True)
            ),
            strict=True,
        )
    )


@pytest.mark.parametrize(
    "fps",
    [Fraction(10), Fraction(24), Fraction(30), Fraction(30000, 1001), Fraction(50), Fraction(60)],
)
def test_an_even_motion_comes_out_at_the_models_times(fps):
    times = [2.5 + float(frame / fps) for frame in range(200)]
    positions, confidence = give(times)
    found = np.concatenate(positions)
    due = 2.5 + np.arange(len(found)) / 30
    assert np.allclose(found[:, 0, 0], due, atol=1e-9)
    assert (np.concatenate(confidence) == 1.0).all()
    # None waits: the latest is less than one of the model's frames old.
    assert -1e-6 < times[-1] - due[-1] < 1 / 30 + 1e-6
    num_due = [len(one) for one in positions]
    assert num_due[0] == 1 and max(num_due) <= np.ceil(30 / fps) and sum(num_due) == len(due)


def test_frames_at_the_models_rate_pass_unchanged():
    positions, confidence = give([frame / 30 for frame in range(1000)])
    assert [len(one) for one in positions] == [1] * 1000
    assert np.array_equal(np.concatenate(positions), [place(frame / 30) for frame in range(1000)])
    assert (np.concatenate(confidence) == 1.0).all()


def test_uneven_times_are_taken_as_they_are():
    times = [0.0, 0.05, 0.06, 0.13]
    positions, _ = give(times)
    assert [len(one) for one in positions] == [1, 1, 0, 2]
    assert np.allclose(np.concatenate(positions)[:, 0, 0], np.arange(4) / 30)


def test_nothing_is_seen_between_a_frame_that_shows_a_joint_and_one_that_does_not():
    known = [SEEN, np.array([1.0, 0.0]), SEEN]
    _, confidence = give([0.0, 0.1, 0.2], confidence=known)
    assert [one[:, 1].tolist() for one in confidence] == [[1.0], [0.0] * 3, [0.0, 0.0, 1.0]]
    assert (np.concatenate(confidence)[:, 0] == 1.0).all()


def test_nobody_was_seen_while_frames_are_missing_for_long():
    _, confidence = give([0.0, 0.2, 1.2])
    assert (confidence[1] == 1.0).all()
    assert confidence[2].tolist() == [[0.0, 0.0]] * 29 + [[1.0, 1.0]]


def test_it_begins_anew_after_a_reset():
    stream = ResampleStream(fps=30.0)
    stream.push(0.0, place(0.0), SEEN)
    stream.reset()
    positions, _ = stream.push(100.0, place(100.0), SEEN)
    assert np.array_equal(positions, place(100.0)[None])


def test_time_that_does_not_go_on_is_refused():
    stream = ResampleStream(fps=30.0)
    stream.push(1.0, place(1.0), SEEN)
    with pytest.raises(LiftError, match="expected a time after 1 s, found 1 s"):
        stream.push(1.0, place(1.0), SEEN)
