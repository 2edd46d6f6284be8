"""The two networks that find people and their joints, run by OpenCV (see weights/POSE_MODELS.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputFormatError, NotAvailableError
from ..opencv import WHAT_TO_DO, load_opencv
from . import landmark, person_box
from .landmark import Landmarks, decode_landmarks
from .person_box import decode_people
from .region import Regions, join_regions, regions_about

_WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
PERSON_MODEL = _WEIGHTS / "person.onnx"
LANDMARK_MODEL = _WEIGHTS / "landmark.onnx"

_MIN_SCORE, _MAX_OVERLAP = 0.5, 0.3


@dataclass(frozen=True, slots=True, eq=False)
class PoseNetworks:
    """Both networks, ready to run on one picture after the other; pictures are blue, green, red."""

    opencv: Any
    person: Any
    landmark: Any

    def find_people(self, image: np.ndarray, views: Regions) -> Regions:
        """The regions of the people in some squares of a picture (H,W,3) uint8.

        The surest first; one who is in several squares comes several times.
        """
        found: list[Regions] = []
        scores: list[np.ndarray] = []
        for row, seen in enumerate(self._crop(image, views, person_box.INPUT_PIXELS)):
            boxes, logits = self._run(self.person, 2 * seen - 1, ("boxes", "scores"))
            people = decode_people(
                boxes, logits[:, 0], min_score=_MIN_SCORE, max_overlap=_MAX_OVERLAP
            )
            hips, rims = (
                views[[row]].to_image(each[None])[0] for each in (people.hips, people.rims)
            )
            found.append(regions_about(hips, rims))
            scores.append(people.scores)
        return join_regions(found)[np.argsort(-np.concatenate(scores), kind="stable")]

    def find_landmarks(self, image: np.ndarray, regions: Regions) -> Landmarks:
        """The joints of whoever is in each of N regions of a picture (H,W,3) uint8."""
        numbers = np.zeros((len(regions), landmark.NUM_NUMBERS))
        presence = np.zeros(len(regions))
        for row, seen in enumerate(self._crop(image, regions, landmark.INPUT_PIXELS)):
            numbers[row], [presence[row]] = self._run(
                self.landmark, seen, ("landmarks", "presence")
            )
        return decode_landmarks(numbers, presence, regions)

    def _crop(self, image: np.ndarray, regions: Regions, num_pixels: int) -> Iterator[np.ndarray]:
        """(3,P,P) red, green, blue 0..1 of each region; black beyond the picture."""
        for matrix in regions.crop_matrices(num_pixels):
            crop = self.opencv.warpAffine(
                image,
                matrix,
                (num_pixels, num_pixels),
                flags=self.opencv.INTER_LINEAR | self.opencv.WARP_INVERSE_MAP,
            )
            yield crop[..., ::-1].transpose(2, 0, 1).astype(np.float32) / 255

    @staticmethod
    def _run(network: Any, seen: np.ndarray, outputs: tuple[str, str]) -> list[np.ndarray]:
        """What a network writes of (3,P,P) numbers, without the leading axis of one picture."""
        network.setInput(np.ascontiguousarray(seen[None]))
        return [output[0] for output in network.forward(outputs)]


def load_networks() -> PoseNetworks:
    """Both networks from the files that come with the program.

    Raises
    ------
    NotAvailableError
        When there is no OpenCV, or a file is missing, as the light package lacks both.
    InputFormatError
        When a file is damaged.
    """
    opencv = load_opencv()
    networks: list[Any] = []
    for path in (PERSON_MODEL, LANDMARK_MODEL):
        if not path.is_file():
            raise NotAvailableError(f"videos need {path.name}, which is not here: {WHAT_TO_DO}")
        try:
            networks.append(opencv.dnn.readNetFromONNX(np.frombuffer(path.read_bytes(), np.uint8)))
        except (OSError, opencv.error) as error:
            raise InputFormatError(f"{path}: expected a pose network: {error}") from error
    return PoseNetworks(opencv, *networks)
