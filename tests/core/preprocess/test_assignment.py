"""The assignment is the cheapest of all."""

from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from core.preprocess.assignment import assign

COST = st.one_of(st.just(math.inf), st.integers(-3, 5).map(float), st.floats(0, 2))


@st.composite
def cost_tables(draw: st.DrawFn) -> list[list[float]]:
    num_columns = draw(st.integers(0, 4))
    row = st.lists(COST, min_size=num_columns, max_size=num_columns)
    return draw(st.lists(row, min_size=1, max_size=4))


@given(cost_tables(), st.floats(0.1, 2.0))
def test_no_other_assignment_is_cheaper(costs: list[list[float]], cost_of_none: float) -> None:
    def total(columns: tuple[int, ...]) -> float:
        return sum(
            cost_of_none if column < 0 else costs[row][column] for row, column in enumerate(columns)
        )

    chosen = tuple(assign(costs, cost_of_none=cost_of_none))
    choices = itertools.product(range(-1, len(costs[0])), repeat=len(costs))
    allowed = [c for c in choices if len({x for x in c if x >= 0}) == sum(x >= 0 for x in c)]
    assert chosen in allowed
    assert math.isclose(total(chosen), min(map(total, allowed)), abs_tol=1e-9)


def test_nobody_to_assign_is_no_assignment() -> None:
    assert assign([], cost_of_none=1.0) == []
