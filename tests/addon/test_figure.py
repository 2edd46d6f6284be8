"""The people's pictures: told from the frame they were seen best in, drawn in memory, and released."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import lift_video_to_3d
import numpy as np
import pytest
from lift_video_to_3d.addon import thumbnail
from lift_video_to_3d.addon.figure import (
    cutting_text,
    draw_cutting,
    draw_figure,
    figure_of,
)
from lift_video_to_3d.core.joint_sets import COCO_17
from lift_video_to_3d.core.types import Keypoints2D

SIZE = 80
BACKGROUND = 0.1
BEAM = Path(__file__).resolve().parents[1] / "data" / "beam"


@pytest.fixture
def panel() -> Iterator[Any]:
    lift_video_to_3d.register()
    yield bpy.context.scene.lift
    lift_video_to_3d.unregister()


def standing(confidence: np.ndarray) -> Keypoints2D:
    """Somebody who stands facing the camera: head at 100 px, feet at 500 px, their left on our right."""
    names = COCO_17.joint_names
    heights = {"shoulder": 180, "elbow": 240, "wrist": 300, "hip": 310, "knee": 400, "ankle": 500}
    points = np.full((17, 2), 100.0)
    for joint, name in enumerate(names):
        side, _, part = name.partition("_")
        across = {"left": 40, "right": -40}.get(side, 0)
        points[joint] = 300 + across, heights.get(part, 100)
    return Keypoints2D(
        positions=np.stack([points] * len(confidence)),
        confidence=confidence,
        frames=np.arange(len(confidence)),
        image_size=(640, 640),
        fps=Fraction(30),
        person=1,
        skeleton=COCO_17,
    )


def test_the_picture_is_upright_and_left_is_blue() -> None:
    picture = draw_figure(figure_of(standing(np.ones((1, 17)))), SIZE)
    assert picture.shape == (SIZE, SIZE, 4) and picture.dtype == np.float32
    is_drawn = np.abs(picture[..., :3] - BACKGROUND).max(axis=-1) > 0.3
    rows, columns = is_drawn.nonzero()
    # The lowest row first: the feet stand at the bottom, and the figure fills the picture's height.
    assert rows.min() < 0.12 * SIZE and rows.max() > 0.88 * SIZE
    assert columns.min() > 0.3 * SIZE and columns.max() < 0.7 * SIZE
    shins = picture[int(0.15 * SIZE)]
    left, right = shins[columns.max() - 1], shins[columns.min() + 1]
    assert left[2] > 0.9 and left[0] < 0.5 and right[0] > 0.9 and right[2] < 0.5


def test_the_frame_is_the_one_in_which_most_is_seen() -> None:
    confidence = np.zeros((3, 17))
    confidence[0, :5], confidence[1], confidence[2, :12] = 1.0, 0.8, 1.0
    clip = standing(confidence)
    clip.positions[[0, 2]] = 0.0
    assert figure_of(clip) == figure_of(standing(np.ones((1, 17))))


def test_what_was_not_seen_is_not_drawn() -> None:
    empty = draw_figure(figure_of(standing(np.zeros((1, 17)))), SIZE)
    np.testing.assert_allclose(empty[..., :3], BACKGROUND)
    alone = np.zeros((1, 17))
    alone[0, 0] = 1.0
    np.testing.assert_allclose(draw_figure(figure_of(standing(alone)), SIZE)[..., :3], BACKGROUND)


def test_everybody_in_the_list_has_a_picture_that_is_released(panel: Any) -> None:
    panel.source = str(BEAM / "cam01_json")
    [person] = panel.people
    assert len(bytes.fromhex(person.figure)) == 46
    for _ in range(2):
        thumbnail.icon_of(person)
    [drawn] = thumbnail._drawn
    assert list(drawn.keys()) == [person.figure] and tuple(drawn[person.figure].image_size) == (
        96,
        96,
    )
    assert np.ptp(drawn[person.figure].icon_pixels_float) > 0.5
    panel.source = ""
    assert thumbnail._drawn == []
    panel.source = str(BEAM / "cam01_json")
    [person] = panel.people
    thumbnail.icon_of(person)
    lift_video_to_3d.unregister()
    assert thumbnail._drawn == []
    lift_video_to_3d.register()


def test_the_chosen_row_is_the_chosen_person(panel: Any) -> None:
    for number in (1, 2, 3):
        panel.people.add().number = number
    panel.person_index = 2
    assert panel.person == 3
    panel.person = 2
    assert panel.person_index == 1


def test_a_cutting_of_the_video_comes_back_and_is_reduced_area_by_area() -> None:
    rng = np.random.default_rng(0)
    cutting = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    whole = draw_cutting(cutting_text(cutting), 6)
    np.testing.assert_allclose(whole[..., :3], cutting[::-1] / 255, atol=1e-6)
    half = draw_cutting(cutting_text(cutting), 3)
    np.testing.assert_allclose(half[0, 0, :3], cutting[4:, :2].mean(axis=(0, 1)) / 255, atol=1e-6)
    assert (half[..., 3] == 1).all()
