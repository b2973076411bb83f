"""The formulas at their edges, and the dictionary that people read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi.definition import Unit
from kpi.definitions import BY_KEY, DEFINITIONS, compute, dictionary
from kpi.rows import COUNTED, Sums, add

pytestmark = pytest.mark.unit

sums_of = st.builds(
    Sums,
    **{field: st.integers(0, 10**6) for field in COUNTED},
    max_wait_ms=st.none() | st.integers(0, 10**6),
    max_wait_answered_ms=st.none() | st.integers(0, 10**6),
)


def test_without_anything_every_ratio_and_mean_is_null_and_every_count_zero() -> None:
    for key, value in compute(Sums()).items():
        expected = 0 if BY_KEY[key].unit is Unit.COUNT or key in ("signed_in", "paused") else None
        assert value == expected, key


@given(a=sums_of, b=sums_of, c=sums_of)
def test_sums_add_in_any_order(a: Sums, b: Sums, c: Sums) -> None:
    assert add(a, b) == add(b, a)
    assert add(add(a, b), c) == add(a, add(b, c))
    assert add(a, Sums()) == a


def test_a_mean_over_parts_is_not_the_mean_of_means() -> None:
    small, large = Sums(received=10, handled=10), Sums(received=90, handled=0)
    assert compute(add(small, large))["qs"] == 0.1


def test_ciscos_counts() -> None:
    sums = Sums(
        timed_offered=100,
        timed_answered=90,
        timed_abandoned=10,
        answered_in_time=70,
        abandoned_in_time=10,
    )
    found = compute(sums)
    assert found["service_level_ignore"] == pytest.approx(0.7778, abs=0.0001)
    assert found["service_level_negative"] == 0.7
    assert found["service_level_positive"] == 0.8


def test_handle_time_is_the_sum_of_its_parts() -> None:
    found = compute(Sums(served=4, talk_ms=400_000, hold_ms=40_000, wrap_up_ms=8_000))
    assert (found["dmc"], found["mea"], found["acw"], found["dmt"]) == (100, 10, 2, 112)


def test_hold_and_wrap_up_are_unknown_where_nobody_watched() -> None:
    found = compute(Sums(served=4, talk_ms=400_000, talk_unwatched_ms=1))
    assert found["dmc"] == 100
    assert (found["mea"], found["acw"], found["dmt"]) == (None, None, None)


def test_keys_are_unique_and_both_languages_filled() -> None:
    assert len(BY_KEY) == len(DEFINITIONS)
    for definition in DEFINITIONS:
        assert definition.fr
        assert definition.en
        assert definition.formula
        assert definition.edges


def test_the_page_for_people_holds_exactly_these_definitions() -> None:
    page = (Path(__file__).parents[2] / "docs" / "kpi.md").read_text(encoding="utf-8")
    assert dictionary() in page, (
        "docs/kpi.md is not that of kpi/definitions.py: paste `kpi.definitions.dictionary()`"
    )
