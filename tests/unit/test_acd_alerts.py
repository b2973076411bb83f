"""Thresholds: raised after their time, once, cleared once; continued over a restart."""

from __future__ import annotations

import pytest

from acd.config import AlertMetric, AlertRule, Comparison
from acd.counting.alerts import Alerts, Figures
from acd.model import QueueId

pytestmark = pytest.mark.unit

SALES, SUPPORT = QueueId("sales"), QueueId("support")
LONG = AlertRule("long", AlertMetric.LONGEST_WAIT_S, Comparison.ABOVE, 60.0, for_s=10)
EMPTY = AlertRule("empty", AlertMetric.AGENTS_READY, Comparison.BELOW, 1.0, queue=SUPPORT)
RULES = {rule.id: rule for rule in (LONG, EMPTY)}


def figures(wait: float | None, ready: float) -> Figures:
    return Figures({AlertMetric.LONGEST_WAIT_S: wait, AlertMetric.AGENTS_READY: ready})


def test_a_threshold_is_told_after_its_time_and_once() -> None:
    alerts = Alerts()
    at = {SALES: figures(61, 0), SUPPORT: figures(None, 3)}
    assert alerts.look(RULES, at, 0) == ()
    (raised,) = alerts.look(RULES, at, 10_000)
    assert (raised.rule_id, raised.queue_id, raised.raised, raised.value) == (
        "long",
        SALES,
        True,
        61,
    )
    assert alerts.look(RULES, at, 12_000) == ()
    assert [alert.queue_id for alert in alerts.standing()] == [SALES]
    (cleared,) = alerts.look(RULES, {SALES: figures(60, 0), SUPPORT: figures(None, 3)}, 14_000)
    assert (cleared.raised, cleared.seq) == (False, 2)
    assert alerts.standing() == ()


def test_a_threshold_passed_for_too_short_a_time_is_not_told() -> None:
    alerts = Alerts()
    assert alerts.look(RULES, {SALES: figures(61, 1)}, 0) == ()
    assert alerts.look(RULES, {SALES: figures(5, 1)}, 9_000) == ()
    assert alerts.look(RULES, {SALES: figures(61, 1)}, 11_000) == ()


def test_a_rule_for_one_queue_leaves_the_others_alone() -> None:
    alerts = Alerts()
    told = alerts.look(RULES, {SALES: figures(None, 0), SUPPORT: figures(None, 0)}, 0)
    assert [(fact.rule_id, fact.queue_id) for fact in told] == [("empty", SUPPORT)]


def test_a_rule_that_is_taken_away_clears_its_alert() -> None:
    alerts = Alerts()
    at = {SUPPORT: figures(None, 0)}
    assert len(alerts.look(RULES, at, 0)) == 1
    (cleared,) = alerts.look({}, at, 1_000)
    assert not cleared.raised


def test_numbers_of_facts_go_on_after_a_restart() -> None:
    alerts = Alerts({"alert:empty:support": 7})
    (raised,) = alerts.look(RULES, {SUPPORT: figures(None, 0)}, 0)
    assert (raised.subject, raised.seq) == ("alert:empty:support", 8)
