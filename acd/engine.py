"""The engine: an event in, commands and facts out. Synchronous, therefore atomic on the loop.

Dispatches to the rooms that decide (`arrivals`, `calls`, `agents`, `reconcile`) and matches agents
with calls once the dust of an event has settled. Knows neither sockets, clocks nor chance: `now_ms`
and the id factory are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import assert_never

import msgspec

from acd import agents, arrivals, calls
from acd.commands import (
    AnswerCaller,
    CreateBridge,
    HangUp,
    IndicateRinging,
    JoinBridge,
    PlayPrompt,
    ProbePhone,
    RingAgent,
    StartMusic,
    StartRecording,
)
from acd.ending import Ending, end
from acd.errors import ImpossibleTransition, Rejected
from acd.events import (
    AgentAnswered,
    CallArrived,
    ChannelGone,
    ChannelHeld,
    ChannelResumed,
    CommandFailed,
    Configure,
    DigitPressed,
    EndCall,
    Event,
    Failure,
    GetReady,
    Pause,
    PhoneDialled,
    PhoneReachable,
    PhoneUnreachable,
    PromptFinished,
    RecordingEnded,
    SignIn,
    SignOut,
    SwitchSeen,
)
from acd.facts import Call
from acd.floor import Floor, Role, Turn
from acd.flow import Digit, FlowRunner, PromptDone, Woken
from acd.matching import settle
from acd.model import (
    AgentId,
    AgentWork,
    CallId,
    CallState,
    ChannelId,
    FloorConfig,
    OfferEnd,
    Outcome,
    PhoneId,
)
from acd.reconcile import NOBODYS, Suspects, reconcile
from acd.restoring import restore
from acd.states import CallInput, call_goes
from acd.timers import Wake

JOIN_PATIENCE_MS = 1_000
"""How long a failed join waits for the news that a party hung up, before it is tried again."""

JOIN_TRIES = 3

PROBE_AGAIN_MS = 5_000
"""A phone whose state could not be read is asked again: else its agent would wait for ever."""

CALL_REJECTED = 21

_OFFER_ENDS = {
    17: OfferEnd.BUSY,
    21: OfferEnd.REJECTED,
    18: OfferEnd.RONA,
    19: OfferEnd.RONA,
    3: OfferEnd.UNREACHABLE,
    20: OfferEnd.UNREACHABLE,
    27: OfferEnd.UNREACHABLE,
}
"""What a Q.850 cause says about an offer that ended by itself; other causes are failures."""


class Engine:
    """The floor's decisions. One instance holds all live calls and agents of a node."""

    def __init__(
        self, config: FloorConfig, flows: FlowRunner, new_id: Callable[[], str], now_ms: int
    ) -> None:
        self.floor = Floor(config, flows, new_id, now_ms)
        self._suspects = Suspects()

    def next_timer(self) -> int | None:
        """When `tick` is next needed (UTC ms), None while nothing is waited for."""
        return self.floor.timers.next_at()

    def restore(
        self, live_calls: Iterable[Call], at_work: Iterable[AgentWork], now_ms: int
    ) -> None:
        """Take up what an earlier life left in the journal.

        Nobody is matched until `SwitchSeen` has told which legs and phones are still there. What
        it changes (an agent who was deleted meanwhile signs out) is told with the next step.
        """
        restore(self.floor, live_calls, at_work, now_ms)

    def handle(self, event: Event, now_ms: int) -> Turn:
        """One event: what is to be done and kept.

        Raises Rejected, with nothing changed, where a person's request cannot be granted.
        """
        floor = self.floor
        floor.now_ms = now_ms
        try:
            self._dispatch(event)
        except ImpossibleTransition as impossible:
            self._end_safely(event, impossible)
        settle(self.floor)
        return floor.take_turn()

    def tick(self, now_ms: int) -> Turn:
        """Every timer that has come due."""
        floor = self.floor
        floor.now_ms = now_ms
        while (due := floor.timers.pop_due(now_ms)) is not None:
            self._wake(*due)
            settle(self.floor)
        return floor.take_turn()

    # ---- dispatch ----

    def _dispatch(self, event: Event) -> None:
        match event:
            case SignIn(agent_id=agent_id, ready=ready):
                agents.sign_in(self.floor, agent_id, ready)
            case SignOut(agent_id=agent_id):
                agents.sign_out(self.floor, agent_id)
            case GetReady(agent_id=agent_id):
                agents.get_ready(self.floor, agent_id)
            case Pause(agent_id=agent_id, reason=reason):
                agents.pause(self.floor, agent_id, reason)
            case EndCall(call_id=call_id):
                self._asked_to_end(call_id)
            case Configure(config=config):
                self._configure(config)
            case _:
                self._from_switch(event)

    def _from_switch(
        self,
        event: CallArrived
        | PhoneDialled
        | AgentAnswered
        | DigitPressed
        | PromptFinished
        | ChannelGone
        | ChannelHeld
        | ChannelResumed
        | RecordingEnded
        | PhoneReachable
        | PhoneUnreachable
        | CommandFailed
        | SwitchSeen,
    ) -> None:
        match event:
            case CallArrived():
                arrivals.arrive(self.floor, event)
            case PhoneDialled(channel_id=channel_id):
                self.floor.order(HangUp(NOBODYS, channel_id, CALL_REJECTED))
            case AgentAnswered(channel_id=channel_id):
                self._agent_answered(channel_id)
            case DigitPressed(channel_id=channel_id, digit=digit):
                self._digit(channel_id, digit)
            case PromptFinished():
                self._prompt_finished(event)
            case ChannelGone():
                self._channel_gone(event)
            case ChannelHeld(channel_id=channel_id):
                self._hold(channel_id, on_hold=True)
            case ChannelResumed(channel_id=channel_id):
                self._hold(channel_id, on_hold=False)
            case RecordingEnded():
                pass  # the recording room checks the file; no decision hangs on it here
            case PhoneReachable(phone=phone):
                self._phone(phone, up=True)
            case PhoneUnreachable(phone=phone):
                self._phone(phone, up=False)
            case CommandFailed():
                self._command_failed(event)
            case SwitchSeen():
                self._switch_seen(event)
            case _:
                assert_never(event)

    def _leg(self, channel_id: ChannelId) -> tuple[Call, Role] | None:
        leg = self.floor.legs.get(channel_id)
        call = self.floor.calls.get(leg[0]) if leg else None
        return (call, leg[1]) if call and leg else None

    def _agent_answered(self, channel_id: ChannelId) -> None:
        found = self._leg(channel_id)
        if found is None:
            # The offer was withdrawn while the agent picked up: nobody is there to talk to.
            self.floor.order(HangUp(NOBODYS, channel_id))
        else:
            calls.agent_answered(self.floor, found[0])

    def _digit(self, channel_id: ChannelId, digit: str) -> None:
        found = self._leg(channel_id)
        if found is not None and found[1] is Role.CALLER:
            call = found[0]
            if call_goes(call.state, CallInput.DIGIT_PRESSED):
                arrivals.go_on(self.floor, call, Digit(digit))

    def _prompt_finished(self, event: PromptFinished) -> None:
        call_id = self.floor.playbacks.pop(event.playback_id, None)
        call = self.floor.calls.get(call_id) if call_id is not None else None
        if call is None:
            return
        call = self.floor.put_call(msgspec.structs.replace(call, playback_id=None))
        if call_goes(call.state, CallInput.PROMPT_FINISHED):
            arrivals.go_on(self.floor, call, PromptDone(event.failed))

    def _channel_gone(self, event: ChannelGone) -> None:
        found = self._leg(event.channel_id)
        if found is None:
            # News may come in any order: its StasisStart must not make a call of it afterwards.
            self.floor.forget_leg(event.channel_id, alive=True)
            return
        call, role = found
        if role is Role.CALLER:
            calls.caller_gone(self.floor, call)
        elif call.talk is not None and call.talk.agent_channel_id == event.channel_id:
            calls.agent_gone(self.floor, call)
        elif call.offer is not None and call.offer.channel_id == event.channel_id:
            how = _OFFER_ENDS.get(event.cause or 0, OfferEnd.FAILED)
            if how is OfferEnd.UNREACHABLE:
                self._probe(call.offer.agent_id)
            calls.offer_failed(self.floor, call, how, leg_alive=False)

    def _hold(self, channel_id: ChannelId, on_hold: bool) -> None:
        found = self._leg(channel_id)
        if found is not None:
            calls.hold(self.floor, found[0], on_hold)

    def _phone(self, phone: PhoneId, up: bool) -> None:
        ringing = agents.phone_seen(self.floor, phone, up)
        if ringing is not None and ringing.call_id in self.floor.calls:
            call = self.floor.calls[ringing.call_id]
            calls.offer_failed(self.floor, call, OfferEnd.UNREACHABLE, leg_alive=True)

    def _probe(self, agent_id: AgentId) -> None:
        profile = self.floor.config.agents.get(agent_id)
        if profile is not None:
            self.floor.order(ProbePhone(profile.phone))

    def _asked_to_end(self, call_id: CallId) -> None:
        call = self.floor.calls.get(call_id)
        if call is None:
            raise Rejected("unknown-call", f"There is no call {call_id!r} in progress.", 404)
        call_goes(call.state, CallInput.ASKED_TO_END, CallState.ENDED)
        outcome = Outcome.ANSWERED if call.served else Outcome.OVERFLOW
        end(self.floor, call, Ending(outcome, "ended_by_request"))

    def _configure(self, config: FloorConfig) -> None:
        floor = self.floor
        before = floor.config.agents
        for agent_id, work in list(floor.at_work.items()):
            if agent_id not in config.agents:
                agents.removed(floor, work)
        fresh: list[PhoneId] = []
        for profile in config.agents.values():
            known = before.get(profile.id)
            if known is None or known.phone != profile.phone:
                fresh.append(profile.phone)
                if known is not None:
                    self._phone(known.phone, up=False)
        floor.configure(config)
        for phone in fresh:
            floor.order(ProbePhone(phone))
        for call in floor.calls.values():
            if call.state is CallState.WAITING and call.visit is not None:
                calls.wait(floor, call, call.visit, "configured")
        for work in floor.at_work.values():
            agents.index(floor, work)

    def _switch_seen(self, event: SwitchSeen) -> None:
        floor = self.floor
        reconcile(floor, event, self._suspects)
        if event.in_sync:
            for call in floor.calls.values():
                if call.state is CallState.WAITING:
                    floor.calls_to_route.setdefault(call.id, "restart")

    # ---- what went wrong ----

    def _command_failed(self, event: CommandFailed) -> None:
        command, failure = event.command, event.failure
        match command:
            case RingAgent():
                self._ring_failed(command, failure)
            case JoinBridge():
                self.floor.timers.set(
                    Wake.JOIN, command.call_id, self.floor.now_ms + JOIN_PATIENCE_MS
                )
            case ProbePhone(phone=phone):
                if failure is not Failure.GONE:
                    self.floor.timers.set(Wake.PROBE, phone, self.floor.now_ms + PROBE_AGAIN_MS)
            case PlayPrompt() if failure is not Failure.GONE:
                self._prompt_finished(PromptFinished(command.playback_id, failed=True))
            case AnswerCaller() | IndicateRinging() | StartMusic() | PlayPrompt():
                if failure is Failure.GONE:
                    self._channel_gone(ChannelGone(command.channel_id))
            case CreateBridge() | StartRecording():
                pass  # the join that follows fails too; a missing recording is told by its room
            case _:
                pass  # stopping or letting go of what is gone already is what was wanted

    def _ring_failed(self, command: RingAgent, failure: Failure) -> None:
        found = self._leg(command.channel_id)
        if found is None or found[0].offer is None:
            return
        refused = failure is Failure.REFUSED or failure is Failure.GONE
        if refused:
            self._probe(command.agent_id)
        how = OfferEnd.UNREACHABLE if refused else OfferEnd.FAILED
        calls.offer_failed(self.floor, found[0], how, leg_alive=failure is Failure.UNKNOWN)

    def _end_safely(self, event: Event, impossible: ImpossibleTransition) -> None:
        """End the one call that the event was about; everybody else is served."""
        floor = self.floor
        floor.impossible_count += 1
        channel_id = getattr(event, "channel_id", None)
        found = self._leg(channel_id) if channel_id is not None else None
        if found is not None:
            reason = f"impossible:{impossible.state}:{impossible.happened}"
            end(floor, found[0], Ending(Outcome.FAILED, reason))

    # ---- time ----

    def _wake(self, wake: Wake, owner: str) -> None:
        floor = self.floor
        call = floor.calls.get(CallId(owner))
        match wake:
            case Wake.FLOW:
                if call is not None and call_goes(call.state, CallInput.WOKEN):
                    arrivals.go_on(floor, call, Woken())
            case Wake.OFFER:
                if call is not None and call.offer is not None:
                    calls.offer_failed(floor, call, OfferEnd.RONA, leg_alive=True)
            case Wake.JOIN:
                if call is not None:
                    self._join_again(call)
            case Wake.PROBE:
                floor.order(ProbePhone(PhoneId(owner)))
            case Wake.WRAP_UP:
                agents.wrap_up_over(floor, AgentId(owner))
            case Wake.REST:
                agents.rested(floor, AgentId(owner))
            case _:
                assert_never(wake)

    def _join_again(self, call: Call) -> None:
        """Both are still there, so the join was lost on its way: try again, or give up."""
        talk = call.talk
        if talk is None:
            return
        if talk.join_tries >= JOIN_TRIES:
            call_goes(call.state, CallInput.SWITCH_FAILED, CallState.ENDED)
            end(self.floor, call, Ending(Outcome.FAILED, "join_failed"))
            return
        legs = (call.channel_id, talk.agent_channel_id)
        self.floor.order(CreateBridge(call.id, talk.bridge_id))
        self.floor.order(JoinBridge(call.id, talk.bridge_id, legs))
        talk = msgspec.structs.replace(talk, join_tries=talk.join_tries + 1)
        self.floor.put_call(msgspec.structs.replace(call, talk=talk))

    def fail_call(self, call_id: CallId, reason: str, now_ms: int) -> Turn:
        """End one call because of a fault of ours; harmless for one that is not here."""
        self.floor.now_ms = now_ms
        call = self.floor.calls.get(call_id)
        if call is not None and call_goes(call.state, CallInput.SWITCH_FAILED, CallState.ENDED):
            end(self.floor, call, Ending(Outcome.FAILED, reason))
        settle(self.floor)
        return self.floor.take_turn()
