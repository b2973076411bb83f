"""Facts to rows: the order of telling, and telling twice, change nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.facts import AnyFact
from acd.model import AgentState, Outcome, VisitOutcome
from store.projection import ChainState, Values, plan, project
from store.tables import metadata
from tests.store.told import Told, agent_states

pytestmark = pytest.mark.unit


def _some() -> list[AnyFact]:
    lost = Told("a", 1).menu().queue().wait(5).leave(VisitOutcome.ABANDONED).end(Outcome.ABANDONED)
    served = Told("b", 2).queue().ring("bob", 5, "rona").ring("anne", 5, "answered").record("anne")
    served.talk("anne", 100, hold_ms=10, acw_ms=5)
    states = (AgentState.READY, AgentState.TALKING, AgentState.WRAP_UP, AgentState.READY)
    return lost.facts + served.facts + agent_states("anne", *((n, s) for n, s in enumerate(states)))


FACTS = _some()
Tables = dict[tuple[str, tuple[object, ...]], Values]


def _apply(tables: Tables, facts: list[AnyFact]) -> None:
    """What the writer does, on dictionaries."""
    work = plan(facts)
    for (table, key, _), rows in work.rows.items():
        for row in rows:
            tables.setdefault((table, tuple(row[name] for name in key)), {}).update(row)


@given(told=st.permutations(FACTS), again=st.lists(st.sampled_from(FACTS)), cut=st.integers(0, 60))
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


def test_every_column_has_one_kind_of_fact_that_writes_it() -> None:
    writers: dict[tuple[str, str], set[str]] = {}
    for fact in FACTS:
        for op in project(fact):
            if not isinstance(op, ChainState):
                for column in op.values:
                    writers.setdefault((op.table, column), set()).add(type(fact).__name__)
    shared = {place for place, kinds in writers.items() if len(kinds) > 1}
    # The contact of a row is the same in every fact about it.
    assert {column for _, column in shared} == {"contact_id"}


def test_rows_name_only_columns_that_exist_and_whole_keys() -> None:
    for (name, key, columns), rows in plan(FACTS).rows.items():
        table = metadata.tables[name]
        assert set(key) == {column.name for column in table.primary_key}
        assert set(columns) <= set(table.c.keys())
        assert all(set(row) == {*key, *columns} for row in rows)


def test_rows_of_one_shape_are_one_statement() -> None:
    groups = [table for table, _, _ in plan(FACTS).rows]
    assert groups.count("segment") == 1
    assert len(groups) <= 9
