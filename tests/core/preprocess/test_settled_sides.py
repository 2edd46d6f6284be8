"""Keypoints whose sides a detector has settled keep them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.joint_sets import COCO_17
from core.preprocess.clean import clean
from core.preprocess.track import track
from core.types import Detections
from tests.core.preprocess.walking_people import keypoints_of, walk

_WALK = walk(60, x=300, speed=100)
_SWAPPED = _WALK.copy()
_SWAPPED[30:34] = _WALK[30:34][:, COCO_17.mirror]


def test_settled_sides_stay_where_others_are_put_right() -> None:
    keypoints = keypoints_of(_SWAPPED)
    _, told = clean(keypoints)
    _, told_of_settled = clean(replace(keypoints, has_settled_sides=True))
    assert any("left and right were swapped back: 4" in note for note in told)
    assert not any("swapped back" in note for note in told_of_settled)


def test_people_of_settled_detections_are_settled() -> None:
    detections = Detections(
        positions=_WALK,
        confidence=np.ones(_WALK.shape[:2]),
        row_frames=np.arange(60),
        track_ids=np.zeros(60, np.int64),
        frames=np.arange(60),
        image_size=None,
        fps=None,
        is_normalized=False,
        format="",
        skeleton=COCO_17,
    )
    for is_settled in (False, True):
        [person], _ = track(replace(detections, has_settled_sides=is_settled))
        assert person.has_settled_sides is is_settled
