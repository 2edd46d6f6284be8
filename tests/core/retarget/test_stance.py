"""Shifts that put feet on the floor and hold them, where the right ones are known."""

from __future__ import annotations

import numpy as np
import pytest

from core.retarget.stance import Soles, lower_to_reach, shift_along_floor, shift_to_floor

FPS = 60.0
TIME = np.arange(300) / FPS


def soles(points: np.ndarray) -> Soles:
    return Soles(points, np.zeros(points.shape[1:3]))


def still(num_feet: int = 2) -> np.ndarray:
    """(T,F,2,3) m: heels and toes at rest on the floor."""
    heel_and_toe = np.array([[0.0, 0.1, 0.0], [0.0, -0.1, 0.0]])
    return np.tile(heel_and_toe, (len(TIME), num_feet, 1, 1))


def drifting() -> np.ndarray:
    """(T,3) m: what a body of other proportions does over a standing foot."""
    return np.stack([0.05 * np.sin(3.0 * TIME), 0.1 * TIME, 0.02 * np.cos(4.0 * TIME)], axis=-1)


def test_a_foot_that_stands_alone_is_held_and_on_the_floor() -> None:
    contacts = np.zeros((len(TIME), 2), dtype=bool)
    contacts[:, 0] = True
    posed = still()
    posed[:, 0] += drifting()[:, None]
    posed[:, 1] += np.array([0.0, 0.0, 0.3])
    rise = shift_to_floor(soles(still()), soles(posed), contacts, fps=FPS)
    shift = shift_along_floor(soles(still()), soles(posed), contacts, fps=FPS)
    # The other foot's height, 0.3 m too much, is hardly asked for.
    np.testing.assert_allclose(posed[:, 0, 0, 2] + rise, 0.0, atol=4e-3)
    held = posed[:, 0, 0, :2] + shift
    assert np.abs(np.diff(held, axis=0)).max() < 1e-4


def test_in_the_air_the_shift_along_the_floor_returns() -> None:
    contacts = np.ones((len(TIME), 1), dtype=bool)
    contacts[100:250] = False
    posed = still(1)
    posed[:100, 0] += np.linspace(0.0, 0.3, 100)[:, None, None] * np.array([1.0, 0.0, 0.0])
    shift = shift_along_floor(soles(still(1)), soles(posed), contacts, fps=FPS)[:, 0]
    assert abs(shift[99] - shift[0] + 0.3) < 0.01
    assert abs(shift[245]) < 0.2 * abs(shift[99])
    assert np.abs(np.diff(shift, 2)).max() < 1e-3


def test_who_stands_on_two_feet_goes_over_from_one_to_the_other() -> None:
    contacts = np.zeros((len(TIME), 2), dtype=bool)
    contacts[:180, 0] = contacts[150:, 1] = True
    posed = still()
    posed[:, 1, :, 2] += 0.02
    rise = shift_to_floor(soles(still()), soles(posed), contacts, fps=FPS)
    np.testing.assert_allclose(rise[:130], 0.0, atol=1e-3)
    np.testing.assert_allclose(rise[200:], -0.02, atol=1e-3)
    assert (np.diff(rise[150:180]) < 1e-4).all()
    assert np.abs(np.diff(rise)).max() < 0.003


@pytest.mark.parametrize(("height", "wanted"), [(0.03, 0.0), (-0.05, 0.0), (0.3, 0.3)])
def test_feet_near_the_floor_are_put_on_it(height: float, wanted: float) -> None:
    source = still()
    source[..., 2] += height
    contacts = np.ones((len(TIME), 2), dtype=bool)
    rise = shift_to_floor(soles(source), soles(source), contacts, fps=FPS)
    np.testing.assert_allclose(height + rise, wanted, atol=1e-9)


def test_hips_are_lowered_just_enough_and_smoothly() -> None:
    hips = np.tile([[0.0, 0.0, 0.9]], (len(TIME), 1, 1)).astype(float)
    ankles = np.zeros_like(hips)
    ankles[140:160, 0, 0] = 0.4
    contacts = np.ones((len(TIME), 1), dtype=bool)
    lower = lower_to_reach(hips, ankles, np.full((len(TIME), 1), 0.92), contacts, fps=FPS)
    needed = 0.9 - np.sqrt(0.92**2 - 0.4**2)
    np.testing.assert_allclose(lower[140:160], needed, atol=1e-9)
    assert not lower[:110].any() and not lower[190:].any()
    assert np.abs(np.diff(lower)).max() < 0.2 * needed
    in_the_air = lower_to_reach(
        hips, ankles, np.full((len(TIME), 1), 0.92), np.zeros_like(contacts), fps=FPS
    )
    assert not in_the_air.any()
