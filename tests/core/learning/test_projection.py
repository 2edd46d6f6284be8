"""The torch projection is the reference's, and core.geometry's in the paper's image units."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.geometry.camera import normalize_screen  # noqa: E402
from core.geometry.camera import project as project_px  # noqa: E402
from core.learning.projection import LENS_MIRROR, normalized_lens, project  # noqa: E402
from core.types import Camera  # noqa: E402
from tests.shared_data import shared_data  # noqa: E402


def assert_close(actual, expected, tolerance=1e-5):
    assert actual.shape == expected.shape
    assert np.abs(actual - expected).max() <= tolerance * np.abs(expected).max()


def parity():
    return np.load(shared_data("parity/camera.npz"))


@pytest.mark.parametrize(("name", "is_linear"), [("project", False), ("project_linear", True)])
def test_projection_equals_the_reference(name, is_linear):
    archive = parity()
    screen = project(
        torch.from_numpy(archive["points_camera"]),
        torch.from_numpy(archive["intrinsics"]),
        is_linear=is_linear,
    )
    assert_close(screen.numpy(), archive[name])


def camera_of(intrinsics, image_size):
    """The pixel camera whose lens, in the paper's units, is ``intrinsics``."""
    width, height = image_size
    return Camera(
        focal_length=intrinsics[:2] * width / 2,
        principal_point=(intrinsics[2:4] + [1, height / width]) * width / 2,
        radial=intrinsics[4:7],
        tangential=intrinsics[7:],
        rotation_world_to_camera=np.array([1.0, 0.0, 0.0, 0.0]),
        position_world=np.zeros(3),
    )


def test_a_pixel_camera_becomes_the_references_lens():
    archive = parity()
    image_size = tuple(archive["image_size"].tolist())
    for intrinsics in archive["intrinsics"].astype(float):
        lens = normalized_lens(camera_of(intrinsics, image_size), image_size)
        np.testing.assert_allclose(lens, intrinsics, rtol=1e-5, atol=1e-7)


def draw_case(seed, *, image_size=(1920, 1080)):
    rng = np.random.default_rng(seed)
    intrinsics = np.concatenate(
        [rng.uniform(1, 2.5, 2), rng.uniform(-0.1, 0.1, 2), rng.normal(0, [0.2] * 3 + [0.01] * 2)]
    )
    # Some beside the camera: both projections clamp.
    points = rng.normal(0, [2, 1, 0.5], size=(4, 6, 3)) + [0, 0, 3]
    return camera_of(intrinsics, image_size), points


@pytest.mark.parametrize("is_linear", [False, True])
def test_projection_equals_the_pixel_camera(is_linear):
    image_size = (1920, 1080)
    camera, points = draw_case(0, image_size=image_size)
    pixels = project_px(
        points,
        focal_length=camera.focal_length,
        principal_point=camera.principal_point,
        radial=camera.radial * (not is_linear),
        tangential=camera.tangential * (not is_linear),
        clamp=True,
    )
    lens = np.repeat(normalized_lens(camera, image_size)[None], len(points), axis=0)
    screen = project(torch.from_numpy(points), torch.from_numpy(lens), is_linear=is_linear)
    assert (np.abs(points[..., :2] / points[..., 2:]) > 1).any()
    assert_close(screen.numpy(), normalize_screen(pixels, image_size))


def test_each_window_has_its_own_lens():
    cases = [draw_case(seed) for seed in range(3)]
    lenses = torch.stack(
        [torch.from_numpy(normalized_lens(camera, (1920, 1080))) for camera, _ in cases]
    )
    points = torch.from_numpy(np.stack([points for _, points in cases])).float()
    together = project(points, lenses)
    for number in range(3):
        alone = project(points[number : number + 1], lenses[number : number + 1])
        assert torch.equal(together[number], alone[0])


def test_a_mirrored_lens_sees_mirrored_points_in_the_mirror():
    camera, points = draw_case(1)
    lens = torch.from_numpy(normalized_lens(camera, (1920, 1080))).expand(4, 9)
    seen = project(torch.from_numpy(points), lens)
    mirrored = project(
        torch.from_numpy(points * [-1, 1, 1]), lens * torch.tensor(LENS_MIRROR), is_linear=False
    )
    assert_close(mirrored.numpy(), seen.numpy() * [-1, 1], 1e-6)


def test_points_behind_and_beside_the_camera_stay_on_the_clamped_edge():
    lens = torch.tensor([[1.0, 1, 0, 0, 0, 0, 0, 0, 0]])
    points = torch.tensor([[[5.0, 0, 1], [-3, 2, 1], [0, 9, 0.001], [2, 2, -1]]])
    expected = torch.tensor([[[1.0, 0], [-1, 1], [0, 1], [-1, -1]]])
    assert torch.equal(project(points, lens), expected)
