"""People as the network's numbers say: anchors, boxes, and one box for each person."""

from __future__ import annotations

import numpy as np

from core.detect.person_box import PersonBoxes, decode_people, make_anchors


def _numbers(anchors: dict[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Boxes of 56 px about the given anchors, rim 44.8 px above the middle; logits, others far below."""
    boxes, logits = np.zeros((2254, 12)), np.full(2254, -50.0)
    for anchor, logit in anchors.items():
        boxes[anchor, 2:4] = 56
        boxes[anchor, 7] = -44.8
        logits[anchor] = logit
    return boxes, logits


def _decode(anchors: dict[int, float]) -> PersonBoxes:
    return decode_people(*_numbers(anchors), min_score=0.5, max_overlap=0.3)


def test_anchors_are_the_middles_of_three_grids() -> None:
    anchors = make_anchors()
    assert anchors.shape == (28 * 28 * 2 + 14 * 14 * 2 + 7 * 7 * 6, 2)
    assert np.allclose(
        anchors[:3], [[0.5 / 28, 0.5 / 28], [0.5 / 28, 0.5 / 28], [1.5 / 28, 0.5 / 28]]
    )
    assert np.allclose(anchors[2 * 28], [0.5 / 28, 1.5 / 28])
    assert np.allclose(anchors[1568], 0.5 / 14)
    assert np.allclose(anchors[-1], 6.5 / 7)


def test_a_box_is_about_its_anchor() -> None:
    people = _decode({2000: 0.0})
    middle = make_anchors()[2000]
    assert np.allclose(people.scores, 0.5)
    assert np.allclose(people.corners[0], [middle - 0.125, middle + 0.125])
    assert np.allclose(people.hips[0], middle)
    assert np.allclose(people.rims[0], middle - [0, 0.2])


def test_boxes_of_one_person_become_their_average_by_score() -> None:
    people = _decode({300: 1.0, 302: 2.0})
    anchors = make_anchors()
    low, high = 1 / (1 + np.exp([-1.0, -2.0]))
    assert len(people) == 1
    assert np.allclose(people.scores, high)
    assert np.allclose(people.hips[0], (low * anchors[300] + high * anchors[302]) / (low + high))


def test_people_apart_stay_apart_and_the_surest_is_first() -> None:
    people = _decode({0: 1.0, 1566: 3.0})
    assert len(people) == 2
    assert np.allclose(people.hips[0], make_anchors()[1566])


def test_nobody_is_below_the_least_score() -> None:
    assert len(_decode({5: -0.01})) == 0


def test_absurd_numbers_stay_finite() -> None:
    people = _decode({5: 1e30})
    assert np.isfinite(people.scores).all()
