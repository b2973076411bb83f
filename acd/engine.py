"""The engine: an event in, commands and facts out. Synchronous, therefore atomic on the loop.

Sends each event to the room that decides (`news`, `requests`, `mishaps`, `waking`, `reconcile`)
and matches agents with calls once its dust has settled. Knows neither sockets, clocks nor chance:
`now_ms` and the id factory are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import assert_never

from acd.agents import availability, seating
from acd.call import Call
from acd.calls.ending import Ending, end
from acd.commands import ProbePhone
from acd.config import FloorConfig
from acd.desk import phone_codes
from acd.destinations import arrivals, leaving
from acd.dispatch import about, mishaps, news, requests, waking
from acd.dispatch.matching import settle
from acd.dispatch.reconcile import Suspects, reconcile
from acd.dispatch.restoring import restore
from acd.errors import ImpossibleTransition
from acd.events import (
    AgentRequest,
    CallArrived,
    ChannelGone,
    ChannelHeld,
    ChannelResumed,
    CommandFailed,
    Configure,
    DigitPressed,
    Event,
    LegAnswered,
    LegReplaced,
    PhoneDialled,
    PhoneReachable,
    PhoneTransferred,
    PhoneUnreachable,
    PromptFinished,
    RecordingEnded,
    RecordingVerified,
    SnoopStarted,
    SwitchEvent,
    TalkRequest,
)
from acd.flow import FlowRunner
from acd.model import AgentWork, CallId, CallState, ChannelId, Outcome, PhoneId
from acd.queues import stay
from acd.sightings import SwitchSeen
from acd.state.floor import Floor, Turn
from acd.states import CallInput, call_goes


class Engine:
    """The floor's decisions. One instance holds all live calls and agents of a node."""

    def __init__(
        self, config: FloorConfig, flows: FlowRunner, new_id: Callable[[], str], now_ms: int
    ) -> None:
        self.floor = Floor(config, flows, new_id, now_ms)
        self._suspects = Suspects()
        self._about: CallId | None = None

    def next_timer(self) -> int | None:
        """When `tick` is next needed (UTC ms), None while nothing is waited for."""
        return self.floor.timers.next_at()

    def restore(
        self,
        live_calls: Iterable[Call],
        at_work: Iterable[AgentWork],
        now_ms: int,
        alive_at: int | None = None,
    ) -> None:
        """Take up what an earlier life, last known of at `alive_at`, left in the journal.

        Nobody is matched until `SwitchSeen` has told which legs and phones are still there. What
        it changes (an agent who was deleted meanwhile signs out) is told with the next step.
        """
        restore(self.floor, live_calls, at_work, now_ms, alive_at)

    def handle(self, event: Event, now_ms: int) -> Turn:
        """One event: what is to be done and kept.

        Raises Rejected, with nothing changed, where a person's request cannot be granted.
        """
        floor = self.floor
        floor.now_ms = now_ms
        self._about = about.call_of(floor, event)
        try:
            self._dispatch(event)
        except ImpossibleTransition as impossible:
            self._end_safely(self._about or about.call_of(floor, event), impossible)
        settle(floor)
        return floor.take_turn()

    def tick(self, now_ms: int) -> Turn:
        """Every timer that has come due.

        Nobody is matched before all have been heard: a search that widens and a callback that is
        due at the same time must not depend on which was first. Where a timer fails by a fault of
        ours, the rest are heard by the next `tick`.
        """
        floor = self.floor
        floor.now_ms = now_ms
        while (due := floor.timers.pop_due(now_ms)) is not None:
            self._about = about.call_woken(floor, *due)
            try:
                waking.wake(floor, *due)
            except ImpossibleTransition as impossible:
                self._end_safely(self._about, impossible)
            next_at = floor.timers.next_at()
            if next_at is None or next_at > now_ms:
                settle(floor)
        return floor.take_turn()

    def after_fault(self, event: Event | None, now_ms: int) -> Turn:
        """What the failed `handle` of this event (`tick`: None) led to, and the end of its call.

        What it had done by then stays done. May fail itself; then `Floor.take_turn` has what is to
        be kept.
        """
        floor, call_id = self.floor, self._about
        floor.now_ms = now_ms
        if call_id is None and event is not None:
            call_id = about.call_of(floor, event)
        if call_id is not None:
            self._fail_call(call_id)
        settle(floor)
        return floor.take_turn()

    def _fail_call(self, call_id: CallId) -> None:
        floor, call = self.floor, self.floor.calls.get(call_id)
        if call is None:
            phone_codes.too_slow(floor, ChannelId(call_id))
        elif call_goes(call.state, CallInput.SWITCH_FAILED, CallState.ENDED):
            end(floor, call, Ending(Outcome.FAILED, "fault_of_ours"))

    # ---- dispatch ----

    def _dispatch(self, event: Event) -> None:
        floor = self.floor
        if isinstance(event, SwitchEvent):
            self._from_switch(event)
        elif isinstance(event, Configure):
            self._configure(event.config)
        elif isinstance(event, AgentRequest):
            requests.of_agent(floor, event)
        elif isinstance(event, TalkRequest):
            requests.of_talk(floor, event)
        else:
            requests.of_floor(floor, event)

    def _from_switch(self, event: SwitchEvent) -> None:
        floor = self.floor
        match event:
            case CallArrived():
                arrivals.arrive(floor, event)
            case PhoneDialled():
                phone_codes.phone_dialled(floor, event)
            case LegAnswered(channel_id=channel_id):
                news.leg_answered(floor, channel_id)
            case SnoopStarted(channel_id=channel_id):
                news.snoop_started(floor, channel_id)
            case PhoneTransferred():
                news.phone_transferred(floor, event)
            case LegReplaced():
                news.leg_replaced(floor, event)
            case DigitPressed():
                news.digit(floor, event)
            case PromptFinished():
                news.prompt_finished(floor, event)
            case ChannelGone():
                news.channel_gone(floor, event)
            case ChannelHeld(channel_id=channel_id):
                news.held(floor, channel_id, on_hold=True)
            case ChannelResumed(channel_id=channel_id):
                news.held(floor, channel_id, on_hold=False)
            case RecordingEnded():
                news.recording_ended(floor, event)
            case RecordingVerified():
                news.recording_verified(floor, event)
            case PhoneReachable(phone=phone):
                news.phone_seen(floor, phone, up=True)
            case PhoneUnreachable(phone=phone):
                news.phone_seen(floor, phone, up=False)
            case CommandFailed():
                mishaps.command_failed(floor, event)
            case SwitchSeen():
                self._switch_seen(event)
            case _:
                assert_never(event)

    def _configure(self, config: FloorConfig) -> None:
        floor = self.floor
        before = floor.config.agents
        for agent_id, work in list(floor.at_work.items()):
            if agent_id not in config.agents:
                seating.removed(floor, work)
        fresh: list[PhoneId] = [seat for seat in config.seats if seat not in floor.config.seats]
        for profile in config.agents.values():
            known = before.get(profile.id)
            if known is None or known.phone != profile.phone:
                fresh.append(profile.phone)
                if known is not None:
                    news.phone_seen(floor, known.phone, up=False)
        for seat in floor.config.seats - config.seats:
            # Taken away from under who sits there: they are asked to sit elsewhere.
            news.phone_seen(floor, seat, up=False)
        queues = floor.config.queues
        floor.configure(config)
        for phone in fresh:
            floor.order(ProbePhone(phone))
        for call in list(floor.calls.values()):
            if call.state is CallState.WAITING and call.visit is not None:
                stay.stand(floor, call, "configured")
        for queue in [queue for queue in queues.values() if queue.id not in config.queues]:
            leaving.queue_deleted(floor, queue)
        for work in list(floor.at_work.values()):
            availability.index(floor, work)

    def _switch_seen(self, event: SwitchSeen) -> None:
        floor = self.floor
        reconcile(floor, event, self._suspects)
        if event.in_sync:
            for call in floor.calls.values():
                if call.state is CallState.WAITING:
                    floor.calls_to_route.setdefault(call.id, "restart")

    # ---- what went wrong ----

    def _end_safely(self, call_id: CallId | None, impossible: ImpossibleTransition) -> None:
        """End the one call that it was about; everybody else is served."""
        self.floor.impossible_count += 1
        call = self.floor.calls.get(call_id) if call_id is not None else None
        if call is not None:
            reason = f"impossible:{impossible.state}:{impossible.happened}"
            end(self.floor, call, Ending(Outcome.FAILED, reason))
