"""The detector that comes with the program: BlazePose's two networks, and people followed between them.

The network that finds joints looks at one person's region, and says where that will be in the next
picture; the one that finds people looks at the whole picture, seldom (Bazarevsky et al. 2020), and where
it finds nobody there, at ever smaller parts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ..joint_sets import BLAZEPOSE_33
from ..skeleton import Skeleton
from .detector import SeenPeople
from .landmark import Landmarks, join_landmarks
from .region import Regions, join_regions
from .view import search_views

DETECTOR_NAME = "BlazePose full, follower 1"
"""Changes with whatever the detector finds."""

_FRAMES_BETWEEN_SEARCHES = 10
_VIEWS_PER_SEARCH = 3
# Of somebody followed, and of somebody new: clutter is seldom taken for a person for sure.
_MIN_PRESENCE, _MIN_PRESENCE_OF_NEW = 0.5, 0.95
# Shares of a region's size, which is about 1.3 times a person's height.
_SAME_REGION, _SAME_POSE = 0.2, 0.08
_MIN_SIZE_PX = 16.0


class PoseFinder(Protocol):
    """What ``network.PoseNetworks`` can do."""

    def find_people(self, image: np.ndarray, views: Regions) -> Regions:
        """The regions of the people in some squares of a picture."""
        ...

    def find_landmarks(self, image: np.ndarray, regions: Regions) -> Landmarks:
        """The joints of whoever is in each region."""
        ...


@dataclass(slots=True, eq=False)
class BlazePoseDetector:
    """Finds and follows everyone in one clip's pictures; its joints are ``skeleton``'s."""

    finder: PoseFinder
    skeleton: Skeleton = field(default=BLAZEPOSE_33, init=False)
    _regions: Regions = field(default_factory=lambda: join_regions([]), init=False)
    _track_ids: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64), init=False)
    _num_known: int = field(default=0, init=False)
    # The first picture is looked at as thoroughly as any.
    _num_since_search: int = field(default=_FRAMES_BETWEEN_SEARCHES, init=False)
    _num_views: int = field(default=0, init=False)
    _scale: int = field(default=0, init=False)

    def detect(self, image: np.ndarray) -> SeenPeople:
        """The people in the next picture: those who are followed, and now and then new ones."""
        people = self.finder.find_landmarks(image, self._regions)
        is_kept = _is_there(people, image) & ~_repeats(people)
        people, track_ids = people[is_kept], self._track_ids[is_kept]
        self._num_since_search += 1
        is_due = self._num_since_search >= _FRAMES_BETWEEN_SEARCHES or not is_kept.all()
        if is_due:
            self._num_since_search = 0
        if not len(people):
            people, track_ids = self._search_anew(image, is_thorough=is_due)
        elif is_due:
            views = self._next_views(image)
            people, track_ids = self._search(image, views, people, track_ids)
        self._regions, self._track_ids = people.regions, track_ids
        return SeenPeople(track_ids, people.positions, people.confidence)

    def _search_anew(self, image: np.ndarray, *, is_thorough: bool) -> tuple[Landmarks, np.ndarray]:
        """Somebody where nobody is followed: in the whole, then if thorough in ever smaller parts."""
        scales = _scales(image)
        people, track_ids = self.finder.find_landmarks(image, join_regions([])), self._track_ids[:0]
        for scale, views in enumerate(scales if is_thorough else scales[:1]):
            people, track_ids = self._search(image, views, people, track_ids)
            if len(people):
                # Others are looked for in the same size: who is far smaller is no part of the scene.
                self._scale = scale
                break
        return people, track_ids

    def _next_views(self, image: np.ndarray) -> Regions:
        """A few of the scale's squares, in turn."""
        views = _scales(image)[self._scale]
        rows = (self._num_views + np.arange(min(_VIEWS_PER_SEARCH, len(views)))) % len(views)
        self._num_views += len(rows)
        return views[rows]

    def _search(
        self, image: np.ndarray, views: Regions, people: Landmarks, track_ids: np.ndarray
    ) -> tuple[Landmarks, np.ndarray]:
        """The followed people, then those in some squares whom nobody follows yet."""
        found = self.finder.find_people(image, views)
        found = found[~_are_near(found, people.regions).any(axis=1)]
        found = found[~np.tril(_are_near(found, found), -1).any(axis=1)]
        new = self.finder.find_landmarks(image, found)
        # The joints' own region is the better one, where there is a person.
        new = self.finder.find_landmarks(image, new[_is_there(new, image)].regions)
        new = new[_is_there(new, image, min_presence=_MIN_PRESENCE_OF_NEW)]
        everyone = join_landmarks([people, new])
        is_kept = ~_repeats(everyone)
        is_kept[: len(people)] = True
        num_new = int(is_kept.sum()) - len(people)
        new_ids = self._num_known + np.arange(num_new)
        self._num_known += num_new
        return everyone[is_kept], np.concatenate((track_ids, new_ids))


def _scales(image: np.ndarray) -> list[Regions]:
    return search_views((image.shape[1], image.shape[0]))


def _is_there(
    people: Landmarks, image: np.ndarray, *, min_presence: float = _MIN_PRESENCE
) -> np.ndarray:
    """(N,) whether a person is in the region at all, and the region in the picture."""
    regions = people.regions
    size = np.array([image.shape[1], image.shape[0]])
    reach = regions.sizes[:, None] / 2
    is_inside = (regions.centers + reach > 0).all(axis=1)
    is_inside &= (regions.centers - reach < size).all(axis=1)
    return is_inside & (people.presence >= min_presence) & (regions.sizes >= _MIN_SIZE_PX)


def _are_near(first: Regions, second: Regions) -> np.ndarray:
    """(N,M) whether the regions are about the same hips."""
    apart = np.linalg.norm(first.centers[:, None] - second.centers, axis=-1)
    return apart < _SAME_REGION * np.maximum(first.sizes[:, None], second.sizes)


def _repeats(people: Landmarks) -> np.ndarray:
    """(N,) whether somebody before has the same joints: two regions have come upon one person."""
    apart = np.linalg.norm(people.positions[:, None] - people.positions, axis=-1).mean(axis=-1)
    is_same = apart < _SAME_POSE * people.regions.sizes
    return np.tril(is_same, -1).any(axis=1)
