"""Learning rate and BatchNorm momentum are the closed forms of METHOD.md section 3."""

from __future__ import annotations

from math import exp, log

import pytest

pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.errors import LiftError
from core.learning.schedule import (
    TrainingConfig,
    batch_norm_momentum,
    learning_rate,
)


@pytest.mark.parametrize(("decay", "num_epochs"), [(0.95, 80), (0.996, 1000), (0.98, 200)])
def test_the_papers_rate_falls_by_its_factor_after_every_epoch(decay, num_epochs):
    config = TrainingConfig(num_epochs=num_epochs, rate_decay=decay)
    for epoch in (0, 1, 2, num_epochs - 1):
        rates = [learning_rate(config, 7 * epoch + step, steps_per_epoch=7) for step in range(7)]
        assert rates == pytest.approx([1e-3 * decay**epoch] * 7, rel=1e-12)


def test_batch_norm_momentum_falls_from_a_tenth_to_a_thousandth():
    config = TrainingConfig(num_epochs=80)
    for epoch in range(80):
        expected = 0.1 * exp(-epoch / 80 * log(100))
        assert batch_norm_momentum(config, epoch) == pytest.approx(expected)
    assert batch_norm_momentum(config, 0) == 0.1
    assert batch_norm_momentum(config, 80) == pytest.approx(0.001)


def test_batch_norm_momentum_may_stay():
    config = TrainingConfig(num_epochs=9, batch_norm_momentum=(0.1, 0.1))
    assert {batch_norm_momentum(config, epoch) for epoch in range(9)} == {0.1}


def test_the_trapezoid_rises_stays_and_falls_to_zero():
    config = TrainingConfig(
        num_epochs=10,
        learning_rate=2.0,
        schedule="trapezoid",
        warmup_steps=100,
        cooldown_share=0.4,
    )
    rates = [learning_rate(config, step, steps_per_epoch=100) for step in range(1001)]
    assert rates[0] == pytest.approx(0.02) and rates[49] == pytest.approx(1.0)
    assert rates[99] == rates[600] == 2.0
    assert rates[800] == pytest.approx(1.0) and rates[1000] == 0.0


def test_a_longer_trapezoid_is_the_same_until_the_shorter_ones_cooldown():
    short, long = (
        TrainingConfig(num_epochs=n, schedule="trapezoid", warmup_steps=5, cooldown_share=0.5)
        for n in (10, 20)
    )
    rates = [
        [learning_rate(config, step, steps_per_epoch=10) for step in range(60)]
        for config in (short, long)
    ]
    assert rates[0][:51] == rates[1][:51] and rates[0][51] < rates[1][51]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_epochs": 0}, "num_epochs: expected at least 1, found 0"),
        ({"learning_rate": 0.0}, "learning_rate: expected more than 0, found 0"),
        ({"learning_rate": float("nan")}, "learning_rate: expected more than 0, found nan"),
    ],
)
def test_nonsense_is_refused(changes, message):
    with pytest.raises(LiftError, match=message):
        TrainingConfig(**{"num_epochs": 1, **changes})
