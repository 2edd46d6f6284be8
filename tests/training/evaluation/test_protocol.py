"""Scores have the closed-form values of known errors, pool exactly and are averaged over actions."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable

import numpy as np
import pytest

from core import metrics
from core.errors import LiftError
from core.geometry import quaternion
from core.learning.clips import TrainingClip
from training.evaluation.protocol import (
    ClipScore,
    by_action,
    by_subject_and_action,
    evaluate_clips,
)
from training.evaluation.table import format_scores, print_scores, write_scores


def make_clip(
    action: str = "Walking",
    *,
    subject: str = "S9",
    camera: str = "0",
    frames: int = 20,
    seed: int = 0,
) -> TrainingClip:
    rng = np.random.default_rng(seed)
    positions = np.cumsum(rng.normal(size=(frames, 17, 3)) * 0.05, axis=0)
    positions += rng.normal(size=(1, 17, 3)) * 0.3 + [0.5, -0.2, 4.0]
    return TrainingClip(
        subject,
        action,
        camera,
        np.zeros((frames, 17, 2)),
        None,
        positions,
        None,
        (1000, 1000),
        50.0,
    )


def truth_of(clip: TrainingClip) -> np.ndarray:
    assert clip.positions is not None
    return clip.positions - clip.positions[:, :1]


def shifted(millimetres: float) -> Callable[[TrainingClip], np.ndarray]:
    return lambda clip: truth_of(clip) + [0.0, millimetres / 1000, 0.0]


def first_word(action: str) -> str:
    return action.split(maxsplit=1)[0]


def make_score(action: str, num_frames: int, error_mm: float, *, subject: str = "S9") -> ClipScore:
    return ClipScore(
        subject=subject,
        action=action,
        camera_name="0",
        num_frames=num_frames,
        mpjpe_mm=error_mm,
        p_mpjpe_mm=error_mm / 2,
        n_mpjpe_mm=error_mm / 4,
        mpjve_mm=error_mm / 10 if num_frames > 1 else None,
    )


def test_the_root_relative_truth_has_no_error() -> None:
    (score,) = evaluate_clips(truth_of, [make_clip()])
    assert (score.subject, score.action, score.camera_name) == ("S9", "Walking", "0")
    assert score.num_frames == 20
    errors = [score.mpjpe_mm, score.p_mpjpe_mm, score.n_mpjpe_mm, score.mpjve_mm]
    assert errors == pytest.approx([0.0] * 4, abs=1e-6)


def test_a_constant_offset_is_a_position_error_but_no_velocity_error() -> None:
    (score,) = evaluate_clips(shifted(30.0), [make_clip()])
    assert score.mpjpe_mm == pytest.approx(30.0)
    assert score.p_mpjpe_mm == pytest.approx(0.0, abs=1e-6)
    assert score.n_mpjpe_mm > 5.0
    assert score.mpjve_mm == pytest.approx(0.0, abs=1e-9)


def test_a_scaled_prediction_is_right_but_for_its_scale() -> None:
    clip = make_clip()
    (score,) = evaluate_clips(lambda clip: 1.1 * truth_of(clip), [clip])
    truth = truth_of(clip)
    assert score.mpjpe_mm == pytest.approx(100 * np.linalg.norm(truth, axis=-1).mean())
    assert score.n_mpjpe_mm == pytest.approx(0.0, abs=1e-6)
    assert score.p_mpjpe_mm == pytest.approx(0.0, abs=1e-6)
    speeds = np.linalg.norm(np.diff(truth, axis=0), axis=-1)
    assert score.mpjve_mm == pytest.approx(100 * speeds.mean())


def test_a_turned_prediction_is_wrong_but_for_its_shape() -> None:
    half_turn = np.array([0.0, 0.0, 1.0, 0.0])
    clip = make_clip()
    (score,) = evaluate_clips(lambda clip: quaternion.rotate(half_turn, truth_of(clip)), [clip])
    sideways = np.linalg.norm(truth_of(clip)[..., [0, 2]], axis=-1)
    assert score.mpjpe_mm == pytest.approx(2000 * sideways.mean())
    assert score.p_mpjpe_mm == pytest.approx(0.0, abs=1e-6)
    assert score.n_mpjpe_mm > 10.0


def test_a_drift_is_a_velocity_error() -> None:
    def drifting(clip: TrainingClip) -> np.ndarray:
        return truth_of(clip) + np.arange(clip.num_frames)[:, None, None] * [0.003, 0.0, 0.004]

    (score,) = evaluate_clips(drifting, [make_clip()])
    assert score.mpjve_mm == pytest.approx(5.0)


def test_the_predicted_root_counts_as_it_was_predicted() -> None:
    def off_at_root(clip: TrainingClip) -> np.ndarray:
        predicted = truth_of(clip)
        predicted[:, 0] += [0.0, 0.0, 0.17]
        return predicted

    (score,) = evaluate_clips(off_at_root, [make_clip()])
    assert score.mpjpe_mm == pytest.approx(10.0)


def test_rows_pool_the_frames_of_their_clips_exactly() -> None:
    clips = [make_clip("Walking 1", frames=7, seed=1), make_clip("Walking 2", frames=31, seed=2)]
    noise = {clip.action: np.random.default_rng(clip.num_frames) for clip in clips}
    predictions = {
        clip.action: truth_of(clip)
        + noise[clip.action].normal(size=(clip.num_frames, 17, 3)) * 0.02
        for clip in clips
    }
    table = by_action(
        evaluate_clips(lambda clip: predictions[clip.action], clips), group=first_word
    )
    (row,) = table.rows
    joined = np.concatenate([predictions[clip.action] for clip in clips])
    truth = np.concatenate([truth_of(clip) for clip in clips])
    assert (row.action, row.num_frames) == ("Walking", 38)
    assert row.mpjpe_mm == pytest.approx(1000 * metrics.mpjpe(joined, truth))
    assert row.p_mpjpe_mm == pytest.approx(1000 * metrics.p_mpjpe(joined, truth))
    assert row.n_mpjpe_mm == pytest.approx(1000 * metrics.n_mpjpe(joined, truth))
    steps = [
        np.linalg.norm(np.diff(predictions[clip.action] - truth_of(clip), axis=0), axis=-1)
        for clip in clips
    ]
    assert row.mpjve_mm == pytest.approx(1000 * np.concatenate(steps).mean())


def test_the_average_is_over_actions_not_frames() -> None:
    scores = [
        make_score("Walking", 900, 40.0),
        make_score("Sitting 1", 50, 100.0),
        make_score("Sitting 2", 50, 60.0),
    ]
    table = by_action(scores, group=first_word)
    assert [(row.action, row.num_frames) for row in table.rows] == [
        ("Sitting", 100),
        ("Walking", 900),
    ]
    assert [row.mpjpe_mm for row in table.rows] == pytest.approx([80.0, 40.0])
    average = table.average
    assert average.num_frames == 1000
    assert average.mpjpe_mm == pytest.approx(60.0)  # over frames: 44
    assert average.p_mpjpe_mm == pytest.approx(30.0)
    assert average.n_mpjpe_mm == pytest.approx(15.0)
    assert average.mpjve_mm == pytest.approx(6.0)


def test_subjects_are_pooled_by_action_and_apart_by_subject_and_action() -> None:
    scores = [
        make_score("Jog 1 chunk0", 10, 20.0, subject="Validate/S1"),
        make_score("Jog 1 chunk1", 30, 40.0, subject="Validate/S1"),
        make_score("Jog 1 chunk0", 10, 70.0, subject="Validate/S2"),
        make_score("Box 1 chunk0", 10, 10.0, subject="Validate/S2"),
    ]
    table = by_subject_and_action(scores, group=first_word)
    found = [(row.subject, row.action, row.num_frames, row.mpjpe_mm) for row in table.rows]
    assert found == [
        ("Validate/S1", "Jog", 40, pytest.approx(35.0)),
        ("Validate/S2", "Box", 10, pytest.approx(10.0)),
        ("Validate/S2", "Jog", 10, pytest.approx(70.0)),
    ]
    assert table.average.mpjpe_mm == pytest.approx(115.0 / 3)

    pooled = by_action(scores, group=first_word)
    assert [(row.subject, row.action) for row in pooled.rows] == [("", "Box"), ("", "Jog")]
    assert pooled.average.mpjpe_mm == pytest.approx((10.0 + 42.0) / 2)


def test_a_single_frame_has_no_velocity_error_and_spoils_no_other() -> None:
    clips = [make_clip("Walk", frames=1), make_clip("Walk", frames=5), make_clip("Jump", frames=1)]
    scores = evaluate_clips(lambda clip: 1.2 * truth_of(clip), clips)
    assert [score.mpjve_mm is None for score in scores] == [True, False, True]
    table = by_action(scores, group=first_word)
    jump, walk = table.rows
    assert jump.mpjve_mm is None
    assert jump.mpjpe_mm == pytest.approx(scores[2].mpjpe_mm)
    assert walk.num_frames == 6
    assert walk.mpjve_mm == pytest.approx(scores[1].mpjve_mm)
    assert table.average.mpjve_mm == pytest.approx(scores[1].mpjve_mm)


def test_a_broken_prediction_is_refused_by_the_clips_name() -> None:
    clip = make_clip("Posing 1", subject="S11", camera="54138969")

    def broken(clip: TrainingClip) -> np.ndarray:
        predicted = truth_of(clip)
        if clip.subject == "S11":
            predicted[3, 5, 1] = np.nan
            predicted[4, 0, 2] = np.inf
        return predicted

    place = r"S11/Posing 1/54138969"
    with pytest.raises(
        LiftError, match=place + r": .* frame 3, joint 5 .*not a finite.*\(2 such\)"
    ):
        evaluate_clips(broken, [make_clip(), clip])
    with pytest.raises(LiftError, match=place + r": .*\(20, 17, 3\), found \(18, 17, 3\)"):
        evaluate_clips(lambda clip: truth_of(clip)[1:-1], [clip])
    with pytest.raises(LiftError, match=place + r": expected 3D positions"):
        evaluate_clips(lambda clip: np.zeros((20, 17, 3)), [clip.without_truth()])


def test_nothing_to_evaluate_is_an_error() -> None:
    with pytest.raises(LiftError, match="at least one clip, found none"):
        evaluate_clips(truth_of, [])
    with pytest.raises(LiftError, match="at least one clip's scores, found none"):
        by_action([], group=first_word)


def test_the_printed_table_is_aligned_and_ends_with_the_average(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = by_action([make_score("Walking", 12345, 46.84), make_score("Sit", 1, 100.0)], group=str)
    print_scores(table)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:-1] == format_scores(table).splitlines()
    assert lines[0].split() == ["action", "frames", "MPJPE", "P-MPJPE", "N-MPJPE", "MPJVE"]
    assert lines[2].split() == ["Sit", "1", "100.0", "50.0", "25.0", "-"]
    assert lines[3].split() == ["Walking", "12345", "46.8", "23.4", "11.7", "4.7"]
    assert lines[5].split() == ["average", "12346", "73.4", "36.7", "18.4", "4.7"]
    assert "mm" in lines[-1]
    assert len({len(line) for line in lines[:-1]}) == 1
    assert lines[0].index("MPJPE") + len("MPJPE") == lines[3].index("46.8") + len("46.8")


def test_the_printed_table_names_subjects_where_there_are_any() -> None:
    table = by_subject_and_action([make_score("Box", 3, 7.0, subject="S2")], group=str)
    lines = format_scores(table).splitlines()
    assert lines[0].split()[:3] == ["subject", "action", "frames"]
    assert lines[2].split()[:4] == ["S2", "Box", "3", "7.0"]
    assert lines[4].split()[:3] == ["average", "3", "7.0"]


def test_scores_are_written_as_csv(tmp_path) -> None:
    path = tmp_path / "scores.csv"
    write_scores(
        path,
        {
            "one pass": by_action(
                [make_score("Walk", 9, 40.0), make_score("Sit", 1, 60.0)], group=str
            ),
            "flip averaged": by_action([make_score("Walk", 9, 30.0)], group=str),
        },
    )
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["pass"] for row in rows] == ["one pass"] * 3 + ["flip averaged"] * 2
    assert [row["action"] for row in rows] == ["Sit", "Walk", "average", "Walk", "average"]
    assert [row["num_frames"] for row in rows] == ["1", "9", "10", "9", "9"]
    assert [float(row["mpjpe_mm"]) for row in rows] == [60.0, 40.0, 50.0, 30.0, 30.0]
    assert [row["mpjve_mm"] for row in rows] == ["", "4.0", "4.0", "3.0", "3.0"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["scores.csv"]


def test_scores_are_written_as_json(tmp_path) -> None:
    path = tmp_path / "scores.json"
    scores = [make_score("Walk", 9, 40.0), make_score("Sit", 1, 60.0, subject="S11")]
    flipped = by_action([make_score("Walk", 9, 30.0)], group=str)
    tables = {"one pass": by_subject_and_action(scores, group=str), "flip averaged": flipped}
    write_scores(path, tables)
    both = json.loads(path.read_text(encoding="utf-8"))
    assert list(both) == ["one pass", "flip averaged"]
    assert both["flip averaged"]["average"]["mpjpe_mm"] == 30.0
    written = both["one pass"]
    assert [row["subject"] for row in written["rows"]] == ["S11", "S9"]
    assert written["rows"][0]["mpjve_mm"] is None
    assert written["average"]["mpjpe_mm"] == 50.0
    assert written["average"]["num_frames"] == 10


def test_scores_of_an_unknown_ending_or_place_are_refused(tmp_path) -> None:
    table = {"one pass": by_action([make_score("Walk", 9, 40.0)], group=str)}
    with pytest.raises(LiftError, match=r"scores\.txt: expected .*\.csv or \.json"):
        write_scores(tmp_path / "scores.txt", table)
    with pytest.raises(LiftError, match="there is no folder"):
        write_scores(tmp_path / "absent" / "scores.csv", table)
