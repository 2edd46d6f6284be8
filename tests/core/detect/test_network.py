"""The networks as OpenCV runs them, against the public runtime's numbers (tests/data/detect)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.detect import network
from core.detect.network import PoseNetworks, load_networks
from core.detect.person_box import decode_people
from core.detect.region import Regions
from core.errors import InputFormatError, NotAvailableError
from core.joint_sets import BLAZEPOSE_33

pytest.importorskip("cv2", reason="OpenCV absent: the detector is not tested")

_REFERENCE = Path(__file__).resolve().parents[2] / "data" / "detect" / "reference.npz"


@pytest.fixture(scope="module")
def networks() -> PoseNetworks:
    return load_networks()


@pytest.fixture(scope="module")
def reference() -> dict[str, np.ndarray]:
    with np.load(_REFERENCE) as arrays:
        return dict(arrays)


def _doubled(picture: np.ndarray) -> np.ndarray:
    """Blue, green, red, each pixel as four."""
    return picture[..., ::-1].repeat(2, axis=0).repeat(2, axis=1)


def _whole(side: int) -> Regions:
    return Regions(
        np.array([[side / 2, side / 2]]), np.array([float(side)]), np.array([[0.0, -1.0]])
    )


def test_landmarks_are_those_of_the_public_runtime(
    networks: PoseNetworks, reference: dict[str, np.ndarray]
) -> None:
    found = networks.find_landmarks(_doubled(reference["person"]), _whole(256))
    points = reference["landmarks"].reshape(39, 5)[:33]
    assert np.abs(found.positions[0] - points[:, :2]).max() < 0.02
    assert np.abs(found.confidence[0] - 1 / (1 + np.exp(-points[:, 3]))).max() < 1e-3
    assert found.presence[0] == pytest.approx(float(reference["presence"][0]), abs=1e-4)


def test_people_are_those_of_the_public_runtime(
    networks: PoseNetworks, reference: dict[str, np.ndarray]
) -> None:
    boxes, logits = np.zeros((2254, 12)), np.full(2254, -50.0)
    boxes[reference["anchors"]] = reference["boxes"]
    logits[reference["anchors"]] = reference["logits"]
    wanted = decode_people(boxes, logits, min_score=0.5, max_overlap=0.3)
    found = networks.find_people(_doubled(reference["picture"]), _whole(224))
    assert len(found) == len(wanted) == 1
    assert np.abs(found.centers - 224 * wanted.hips).max() < 0.05


def test_a_turned_picture_gives_turned_joints(
    networks: PoseNetworks, reference: dict[str, np.ndarray]
) -> None:
    """A quarter turn to the right, the region turned with it: the network sees the same."""
    picture = _doubled(reference["person"])
    upright = networks.find_landmarks(picture, _whole(256))
    region = Regions(np.array([[128.0, 128.0]]), np.array([256.0]), np.array([[1.0, 0.0]]))
    turned = networks.find_landmarks(np.ascontiguousarray(np.rot90(picture, -1)), region)
    x, y = upright.positions[0].T
    assert np.abs(turned.positions[0] - np.stack((256 - y, x), axis=-1)).max() < 0.05


def test_a_person_is_the_right_way_up(
    networks: PoseNetworks, reference: dict[str, np.ndarray]
) -> None:
    positions = networks.find_landmarks(_doubled(reference["person"]), _whole(256)).positions[0]
    nose, hip, ankle = BLAZEPOSE_33.indices("nose", "left_hip", "left_ankle")
    assert positions[nose, 1] < positions[hip, 1] < positions[ankle, 1]


def test_nobody_is_in_an_empty_picture(networks: PoseNetworks) -> None:
    assert len(networks.find_people(np.zeros((240, 320, 3), np.uint8), _whole(320))) == 0


def test_the_light_package_says_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "LANDMARK_MODEL", tmp_path / "landmark.onnx")
    with pytest.raises(NotAvailableError, match=r"need landmark\.onnx.*the full package"):
        load_networks()


@pytest.mark.parametrize("content", [b"", b"no network"], ids=["empty", "other"])
def test_a_damaged_network_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    path = tmp_path / "person.onnx"
    path.write_bytes(content)
    monkeypatch.setattr(network, "PERSON_MODEL", path)
    with pytest.raises(InputFormatError, match=r"person\.onnx: expected a pose network"):
        load_networks()
