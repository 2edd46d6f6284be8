"""People followed from picture to picture, with a finder that knows where everyone is."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from core.detect.blazepose import BlazePoseDetector
from core.detect.detector import detect_people
from core.detect.landmark import Landmarks
from core.detect.region import Regions, regions_about
from core.errors import NothingToLiftError

_IMAGE = np.zeros((400, 600, 3), np.uint8)
_RADIUS = 40.0
Scene = list[dict[str, float]]
"""For each frame, whoever is there by name, and how far to the right."""


@dataclass
class FakeFinder:
    """Sees the people of a scene: all when it searches, in a region whoever is nearest and near.

    Joints are spread over the body. Somebody called "dim" is lost by whoever follows them, somebody
    called "faint" is just sure enough to be followed. Squares of more than ``largest_view`` px show nobody.
    """

    scene: Scene
    frame: int = 0
    largest_view: float = 1e9
    searches: list[int] = field(default_factory=list)
    num_views: int = 0
    num_looks: int = 0

    def find_people(self, image: np.ndarray, views: Regions) -> Regions:
        self.searches.append(self.frame)
        self.num_views += len(views)
        return self._regions(
            [
                x
                for view in range(len(views))
                for x in self.scene[self.frame].values()
                if views.sizes[view] <= self.largest_view
                and abs(views.centers[view] - [x, 200]).max() < views.sizes[view] / 2
            ]
        )

    def find_landmarks(self, image: np.ndarray, regions: Regions) -> Landmarks:
        self.num_looks += len(regions)
        people = self.scene[self.frame]
        places, presence = [], []
        for center in regions.centers:
            near = {name: x for name, x in people.items() if abs(x - center[0]) < _RADIUS}
            name = min(near, key=lambda each: abs(near[each] - center[0]), default="")
            places.append(near.get(name, center[0]))
            presence.append({"": 0.0, "dim": 0.1, "faint": 0.7}.get(name, 1.0))
        spread = np.linspace(-_RADIUS, _RADIUS, 33)
        found = self._regions(places)
        return Landmarks(
            positions=found.centers[:, None] + np.stack((spread, spread), axis=-1),
            confidence=np.ones((len(places), 33)),
            presence=np.array(presence),
            regions=found,
        )

    @staticmethod
    def _regions(places: list[float]) -> Regions:
        centers = np.array([[x, 200.0] for x in places]).reshape(-1, 2)
        return regions_about(centers, centers - [0, _RADIUS])


def _follow(
    scene: Scene, *, largest_view: float = 1e9
) -> tuple[list[dict[int, float]], FakeFinder]:
    """By frame: each track's place to the right."""
    finder = FakeFinder(scene, largest_view=largest_view)
    detector = BlazePoseDetector(finder)
    seen: list[dict[int, float]] = []
    for frame in range(len(scene)):
        finder.frame = frame
        people = detector.detect(_IMAGE)
        middles = people.positions.mean(axis=1)[:, 0]
        seen.append(dict(zip(people.track_ids.tolist(), middles.tolist(), strict=True)))
    return seen, finder


def test_two_people_keep_their_identities_while_they_walk() -> None:
    scene = [{"a": 100.0 + 5 * frame, "b": 500.0 - 2 * frame} for frame in range(30)]
    seen, _ = _follow(scene)
    for frame, people in enumerate(scene):
        assert seen[frame] == pytest.approx({0: people["a"], 1: people["b"]})


def test_the_whole_picture_is_searched_seldom_while_somebody_is_followed() -> None:
    _, finder = _follow([{"a": 100.0}] * 35)
    assert finder.searches == [0, 10, 20, 30]


def test_somebody_new_is_found_at_the_next_search() -> None:
    scene = [{"a": 100.0}] * 5 + [{"a": 100.0, "b": 400.0}] * 10
    seen, _ = _follow(scene)
    assert [set(people) for people in seen] == [{0}] * 10 + [{0, 1}] * 5


def test_an_empty_picture_is_searched_every_time_and_its_parts_seldom() -> None:
    seen, finder = _follow([{}] * 12 + [{"a": 50.0}, {"a": 50.0}])
    assert [set(people) for people in seen] == [set()] * 12 + [{0}, {0}]
    assert finder.searches == [0, 0, 0, *range(1, 10), 10, 10, 10, 11, 12]


def test_small_people_are_found_in_parts_and_followed_there() -> None:
    """600x400: squares of 600, of 400 (two) and of 200 (fifteen)."""
    seen, finder = _follow([{"a": 150.0, "b": 480.0}] * 35, largest_view=400)
    assert [set(people) for people in seen] == [{0, 1}] * 35
    assert finder.searches == [0, 0, 10, 20, 30]
    assert finder.num_views == 1 + 2 + 3 * 2


def test_somebody_new_is_found_in_parts_in_turn() -> None:
    scene = [{"a": 100.0}] * 5 + [{"a": 100.0, "b": 400.0}] * 60
    seen, _ = _follow(scene, largest_view=200)
    assert set(seen[4]) == {0} and set(seen[-1]) == {0, 1}


def test_whoever_leaves_is_gone_and_comes_back_as_somebody_new() -> None:
    scene = [{"a": 100.0}] * 3 + [{}] * 2 + [{"a": 100.0}] * 2
    seen, _ = _follow(scene)
    assert [set(people) for people in seen] == [{0}] * 3 + [set()] * 2 + [{1}] * 2


def test_whoever_is_lost_is_looked_for_in_the_same_picture() -> None:
    scene = [{"a": 100.0, "b": 500.0}] * 3 + [{"a": 300.0, "b": 500.0}] * 2
    seen, finder = _follow(scene)
    assert seen[3] == pytest.approx({1: 500.0, 2: 300.0})
    assert finder.searches == [0, 3]


def test_two_regions_that_come_upon_one_person_are_one() -> None:
    """The other walks behind the first and is not seen: one of them stays."""
    scene = [{"a": 200.0, "b": 300.0 - 10 * frame} for frame in range(10)]
    scene += [{"a": 200.0}] * 4
    seen, _ = _follow(scene)
    assert set(seen[9]) == {0, 1}
    assert [set(people) for people in seen[-3:]] == [{0}] * 3


def test_whom_the_search_sees_and_the_joints_do_not_is_not_there() -> None:
    seen, _ = _follow([{"dim": 100.0}] * 3)
    assert seen == [{}] * 3


def test_whoever_is_followed_may_be_fainter_than_somebody_new() -> None:
    seen, _ = _follow([{"faint": 100.0}] * 2 + [{"a": 100.0}] * 2 + [{"faint": 100.0}] * 2)
    assert [set(people) for people in seen] == [set()] * 2 + [{0}] * 4


def test_one_who_is_in_several_squares_is_looked_at_twice_and_no_more() -> None:
    """Both squares of 400 show the middle: one look at the region found, one at the joints' own."""
    seen, finder = _follow([{"a": 300.0}], largest_view=400)
    assert (seen, finder.num_looks) == ([{0: pytest.approx(300.0)}], 2)


def test_a_clip_lists_everyone_by_frame() -> None:
    finder = FakeFinder([{"a": 100.0, "b": 500.0}])
    found = detect_people(((n, _IMAGE) for n in (4, 5)), BlazePoseDetector(finder), where="clip")
    assert found.frames.tolist() == [4, 5]
    assert found.row_frames.tolist() == [4, 4, 5, 5]
    assert found.track_ids.tolist() == [0, 1, 0, 1]
    assert found.image_size == (600, 400)


def test_a_clip_without_anybody_says_so() -> None:
    images = ((frame, _IMAGE) for frame in range(7))
    with pytest.raises(NothingToLiftError, match=r"clip: nobody in any of 7 frames"):
        detect_people(images, BlazePoseDetector(FakeFinder([{}])), where="clip")
