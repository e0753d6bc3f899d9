"""Tables line up, and JSON holds no NaN."""

from __future__ import annotations

import json

from morph.evaluation.weights.tables import plain, table


def test_columns_line_up() -> None:
    lines = table(("weight", "r"), [("jawOpen", 0.5), ("tongueOut", float("nan"))])
    assert lines == ["weight         r", "jawOpen    0.500", "tongueOut      -"]
    assert table((), [("pictures", 3)]) == ["pictures  3"]
    assert table((), []) == []


def test_what_is_not_known_is_null() -> None:
    assert json.dumps(plain({"a": (float("nan"), 0.123456), "b": {"c": 2}, "d": [True]})) == (
        '{"a": [null, 0.1235], "b": {"c": 2}, "d": [true]}'
    )
