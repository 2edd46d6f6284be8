"""The cheapest one-to-one assignment, exactly, for the few people of a frame."""

from __future__ import annotations

import math
from collections.abc import Sequence


def assign(costs: Sequence[Sequence[float]], *, cost_of_none: float) -> list[int]:
    """Give each row a column of its own, or none, at the least total cost.

    Shortest augmenting paths with potentials (the Hungarian method, Kuhn 1955), O(rows^2 columns).

    Parameters
    ----------
    costs : (R, C) numbers
        ``inf`` forbids a pair.
    cost_of_none : float
        What a row costs that is left without a column.

    Returns
    -------
    list of int
        (R,) the column of each row, -1 for none.
    """
    num_rows = len(costs)
    num_columns = len(costs[0]) if num_rows else 0
    # Every row may take a column that stands for "none" and is its own.
    table = [
        [*row, *(cost_of_none if other == index else math.inf for other in range(num_rows))]
        for index, row in enumerate(costs)
    ]
    total = num_columns + num_rows
    row_price, column_price = [0.0] * num_rows, [0.0] * total
    row_of = [-1] * total
    for start in range(num_rows):
        _augment(table, start, row_price, column_price, row_of)
    column_of = [-1] * num_rows
    for column, row in enumerate(row_of[:num_columns]):
        if row >= 0:
            column_of[row] = column
    return column_of


def _augment(
    table: list[list[float]],
    start: int,
    row_price: list[float],
    column_price: list[float],
    row_of: list[int],
) -> None:
    """Add one row to the assignment along the cheapest alternating path; the prices follow."""
    total = len(row_of)
    distance = [math.inf] * total
    came_from = [-1] * total
    is_settled = [False] * total
    row, column, reached = start, -1, 0.0
    while True:
        for other in range(total):
            if not is_settled[other]:
                step = reached + table[row][other] - row_price[row] - column_price[other]
                if step < distance[other]:
                    distance[other], came_from[other] = step, column
        column = min((c for c in range(total) if not is_settled[c]), key=distance.__getitem__)
        is_settled[column], reached = True, distance[column]
        if row_of[column] < 0:
            break
        row = row_of[column]
    row_price[start] += reached
    for other in range(total):
        if is_settled[other] and other != column:
            row_price[row_of[other]] += reached - distance[other]
            column_price[other] -= reached - distance[other]
    while True:
        previous = came_from[column]
        row_of[column] = start if previous < 0 else row_of[previous]
        if previous < 0:
            return
        column = previous
