"""The cheapest way to give each row a column of its own."""

from __future__ import annotations

import numpy as np

from morph.arrays import Reals


def cheapest_pairs(cost: Reals) -> list[tuple[int, int]]:
    """Rows and columns by growing rows, as many pairs as the shorter side has, whose costs add up to the least.

    The Hungarian method by shortest augmenting paths: each row in turn takes a column, and those before it make room.

    Args:
        cost: ``(n, m)`` finite.

    Example:
        >>> cheapest_pairs(np.array([[1.0, 2.0], [1.0, 9.0]]))
        [(0, 1), (1, 0)]
    """
    if cost.shape[0] > cost.shape[1]:
        return sorted((row, column) for column, row in cheapest_pairs(cost.T))
    n, m = cost.shape
    price_of_row, price = np.zeros(n), np.zeros(m + 1)  # what rows and columns cost beside their pairs
    owner = np.full(m + 1, -1)  # row of each column; the last column stands for the row that has none yet
    for row in range(n):
        owner[m] = row
        least, came_from, done = np.full(m, np.inf), np.full(m, m), np.zeros(m + 1, bool)
        column = m
        while owner[column] >= 0:
            done[column] = True
            away = cost[owner[column]] - price_of_row[owner[column]] - price[:m]
            nearer = ~done[:m] & (away < least)
            least[nearer], came_from[nearer] = away[nearer], column
            open_ones = np.where(done[:m], np.inf, least)
            following = int(open_ones.argmin())
            step = open_ones[following]
            price_of_row[owner[done]] += step
            price[done] -= step
            least[~done[:m]] -= step
            column = following
        while column != m:
            owner[column] = owner[came_from[column]]
            column = int(came_from[column])
    return sorted((int(row), column) for column, row in enumerate(owner[:m].tolist()) if row >= 0)
