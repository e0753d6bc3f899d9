"""The cheapest pairs against SciPy's."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from morph.tracking.pairing import cheapest_pairs


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 5), (5, 1), (3, 7), (7, 3), (12, 12), (30, 20)])
@pytest.mark.parametrize("kind", ["any", "ties", "forbidden"])
def test_no_pairs_are_cheaper(shape, kind):
    rng = np.random.default_rng(shape[0] * 100 + shape[1])
    for _ in range(20):
        cost = rng.normal(size=shape) if kind != "ties" else rng.integers(0, 3, shape).astype(float)
        if kind == "forbidden":
            cost[rng.random(shape) < 0.5] = 1e6
        rows, columns = zip(*cheapest_pairs(cost), strict=True)
        assert len(set(rows)) == len(set(columns)) == len(rows) == min(shape)
        assert list(rows) == sorted(rows)
        assert cost[rows, columns].sum() == pytest.approx(cost[linear_sum_assignment(cost)].sum(), abs=1e-8)


def test_nothing_has_no_pairs():
    assert cheapest_pairs(np.zeros((0, 3))) == cheapest_pairs(np.zeros((3, 0))) == []
