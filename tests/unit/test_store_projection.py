"""Facts to rows: the order of telling, and telling twice, change nothing."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.facts import AnyFact
from store.projection import ChainState, Values, plan, project
from store.tables import metadata
from tests.store.told import everything

pytestmark = pytest.mark.unit


FACTS = everything()
Tables = dict[tuple[str, tuple[object, ...]], Values]


def _apply(tables: Tables, facts: list[AnyFact]) -> None:
    """What the writer does, on dictionaries."""
    work = plan(facts)
    for what, rows in work.rows.items():
        for row in rows:
            kept = tables.setdefault((what.table, tuple(row[name] for name in what.key)), {})
            before = kept.get(what.newest) if what.newest is not None else None
            new = row[what.newest] if what.newest is not None else None
            if not isinstance(before, int) or not isinstance(new, int) or before < new:
                kept.update(row)


@given(told=st.permutations(FACTS), again=st.lists(st.sampled_from(FACTS)), cut=st.integers(0, 120))
def test_order_repetition_and_batching_change_nothing(
    told: list[AnyFact], again: list[AnyFact], cut: int
) -> None:
    expected: Tables = {}
    _apply(expected, FACTS)
    found: Tables = {}
    everything = told + again
    _apply(found, everything[:cut])
    _apply(found, everything[cut:])
    assert found == expected


def test_every_kind_of_fact_is_told_here() -> None:
    told = {type(fact) for fact in FACTS}
    # A recording that was lost writes as one that was kept does.
    assert {kind.__name__ for kind in get_args(AnyFact)} - {kind.__name__ for kind in told} == {
        "RecordingLost"
    }


def test_every_column_has_one_kind_of_fact_that_writes_it_or_a_guard() -> None:
    writers: dict[tuple[str, str], set[str]] = {}
    for fact in FACTS:
        for op in project(fact):
            if not isinstance(op, ChainState):
                how = op.newest or type(fact).__name__
                for column in op.values:
                    writers.setdefault((op.table, column), set()).add(how)
    shared = {place for place, kinds in writers.items() if len(kinds) > 1}
    # The contact of a row is the same in every fact about it.
    assert {column for _, column in shared} == {"contact_id"}


def test_rows_name_only_columns_that_exist_and_whole_keys() -> None:
    for what, rows in plan(FACTS).rows.items():
        table = metadata.tables[what.table]
        unique = [index.columns for index in table.indexes if index.unique]
        whole = [table.primary_key.columns, *unique]
        assert set(what.key) in [{column.name for column in key} for key in whole]
        assert set(what.columns) <= set(table.c.keys())
        assert all(set(row) == {*what.key, *what.columns} for row in rows)


def test_rows_of_one_shape_are_one_statement() -> None:
    groups = [what.table for what in plan(FACTS).rows]
    assert groups.count("segment") == 1
    assert len(groups) <= 24


def test_the_last_word_on_a_callback_and_a_priority_stays() -> None:
    tables: Tables = {}
    _apply(tables, FACTS[::-1])
    callback = tables[("callback", ("d",))]
    assert (callback["state"], callback["outcome"], callback["attempts"]) == (
        "reached",
        "reached",
        2,
    )
    assert (callback["booked_at"], callback["ended_at"]) == (14, 54)
    (visit,) = (row for row in tables.values() if row.get("priority") == 6)
    assert (visit["queue_id"], visit["key"]) == ("sales", -10)


def test_alerts_pair_up_and_a_consultations_time_is_told_apart() -> None:
    tables: Tables = {}
    _apply(tables, FACTS)
    first, second = (tables[("alert_event", ("alert:long:sales", n))] for n in (1, 3))
    assert (first["raised_at"], first["cleared_at"]) == (10, 20)
    assert (second["raised_at"], second.get("cleared_at")) == (30, None)
    consults = [row for (table, _), row in tables.items() if row.get("consult_id") is not None]
    assert [row["consult_id"] for row in consults] == ["consult-1"]
