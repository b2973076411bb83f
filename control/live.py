"""The live picture: what changed since the last look, coalesced, with a version for each change.

Fed with the engine's steps; asked for a change a few times a second. A page that missed a version
asks for the whole again. Holds views only.
"""

from __future__ import annotations

from acd.config import AlertMetric
from acd.counting.alerts import Alerts, Figures
from acd.counting.tally import Tally
from acd.model import AgentId, CallId, CallState, QueueId
from acd.state.floor import Floor, Turn
from control.occupancy import occupancy_of
from control.protocol import AlertView, Live, LiveChange, QueueView
from control.views import agent_view, call_view, queue_view

LOOK_EVERY_MS = 5_000
"""How often queues are looked at though nothing has happened."""


class LivePicture:
    """The changes of one floor, ready to be sent."""

    def __init__(self, floor: Floor, tally: Tally, alerts: Alerts | None = None) -> None:
        self._floor = floor
        self._tally = tally
        self._alerts = alerts or Alerts()
        self._sent_alerts: tuple[AlertView, ...] = ()
        self.version = 0
        self._agents: set[AgentId] = set()
        self._calls: set[CallId] = set()
        self._ended: set[CallId] = set()
        self._sent_queues: dict[str, QueueView] = {q.id: q for q in self._queues()}
        self._queues_stale = False
        self._queues_at = 0

    def on_turn(self, turn: Turn) -> None:
        """Take note of what a step changed."""
        for work in turn.agents:
            self._agents.add(work.id)
        for call in turn.calls:
            if call.state is CallState.ENDED:
                self._calls.discard(call.id)
                self._ended.add(call.id)
            else:
                self._calls.add(call.id)
        self._queues_stale = self._queues_stale or bool(turn.calls or turn.agents)

    def reconfigured(self) -> None:
        """Names or the set of agents and queues changed."""
        self._agents.update(self._floor.agents)
        self._queues_stale = True

    def whole(self, now_ms: int) -> Live:
        """Everything, at the present version."""
        floor = self._floor
        self._tally.turn_day(now_ms)
        return Live(
            version=self.version,
            at=now_ms,
            agents=tuple(
                agent_view(floor, work)
                for agent_id, work in sorted(floor.agents.items())
                if agent_id in floor.config.agents
            ),
            queues=tuple(self._queues()),
            calls=tuple(call_view(floor, call) for call in floor.calls.values()),
            alerts=self._alert_views(),
        )

    def _alert_views(self) -> tuple[AlertView, ...]:
        return tuple(
            AlertView(
                rule_id=alert.rule.id,
                queue_id=alert.queue_id,
                since=alert.since,
                value=alert.value,
                threshold=alert.rule.threshold,
                severity=alert.rule.severity,
                names=alert.rule.names,
                metric=alert.rule.metric,
            )
            for alert in self._alerts.standing()
        )

    def figures(self, now_ms: int) -> dict[QueueId, Figures]:
        """Each queue's figures as alert rules compare them."""
        return {
            view.id: _figures(view, self._occupancy(view.id, now_ms), now_ms)
            for view in self._queues()
        }

    def _occupancy(self, queue_id: QueueId, now_ms: int) -> float | None:
        """Mean occupancy of the agents signed in who may serve this queue; None: nobody's known."""
        floor = self._floor
        shares = [
            occupancy_of(work, now_ms)
            for work in floor.at_work.values()
            if queue_id in floor.foretelling.queues_of(work.id)
        ]
        known = [share for share in shares if share is not None]
        return sum(known) / len(known) if known else None

    def _queues(self) -> list[QueueView]:
        return [
            queue_view(self._floor, self._tally, queue_id)
            for queue_id in sorted(self._floor.config.queues)
        ]

    def change(self, now_ms: int) -> LiveChange | None:
        """What differs since the last call of this; None where nothing does."""
        counted_from = self._tally.counted_from
        self._tally.turn_day(now_ms)
        # Queues open and close by the clock, with nothing happening on the floor.
        by_clock = now_ms - self._queues_at >= LOOK_EVERY_MS
        turned = counted_from != self._tally.counted_from
        self._queues_stale = self._queues_stale or turned or by_clock
        alerts = self._alert_views()
        alerts_changed = alerts != self._sent_alerts
        self._sent_alerts = alerts
        stale = self._agents or self._calls or self._ended or self._queues_stale
        if not (stale or alerts_changed):
            return None
        floor = self._floor
        queues = self._queues() if self._queues_stale else []
        changed = tuple(q for q in queues if self._sent_queues.get(q.id) != q)
        queues_gone = tuple(
            old.id for old in self._sent_queues.values() if old.id not in floor.config.queues
        )
        if self._queues_stale:
            self._queues_at = now_ms
            self._sent_queues = {queue.id: queue for queue in queues}
        moved = changed or queues_gone or self._agents or self._calls or self._ended
        if not (moved or alerts_changed):
            self._queues_stale = False
            return None
        self.version += 1
        made = LiveChange(
            version=self.version,
            at=now_ms,
            agents=tuple(
                agent_view(floor, floor.agents[agent_id])
                for agent_id in sorted(self._agents)
                if agent_id in floor.config.agents
            ),
            queues=changed,
            calls=tuple(
                call_view(floor, floor.calls[call_id])
                for call_id in sorted(self._calls)
                if call_id in floor.calls
            ),
            calls_ended=tuple(sorted(self._ended)),
            agents_gone=tuple(a for a in sorted(self._agents) if a not in floor.config.agents),
            queues_gone=queues_gone,
            alerts=alerts if alerts_changed else None,
        )
        self._agents.clear()
        self._calls.clear()
        self._ended.clear()
        self._queues_stale = False
        return made


def _figures(view: QueueView, occupancy: float | None, now_ms: int) -> Figures:
    in_time, lost = view.answered_in_time_today, view.abandoned_today
    counted = view.answered_today + lost - view.short_abandoned_today
    over = view.answered_today + lost
    return Figures(
        {
            AlertMetric.WAITING: float(view.waiting),
            AlertMetric.LONGEST_WAIT_S: (
                (now_ms - view.oldest_at) / 1000 if view.oldest_at is not None else 0.0
            ),
            AlertMetric.SERVICE_LEVEL: in_time / counted if counted else None,
            AlertMetric.ABANDON_RATIO: lost / over if over else None,
            AlertMetric.AGENTS_READY: float(view.fit_ready),
            AlertMetric.AGENTS_SIGNED_IN: float(view.fit_signed_in),
            AlertMetric.OCCUPANCY: occupancy,
            AlertMetric.ESTIMATE_S: (
                view.estimate_ms / 1000 if view.estimate_ms is not None else None
            ),
        }
    )
