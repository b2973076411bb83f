"""A queue whose callers ask to be called back, and how each callback of theirs is followed."""

from __future__ import annotations

import msgspec

from acd.call import Call
from acd.commands import DialOutside
from acd.config import AgentProfile, CallbackMode, CallbackPolicy, FloorConfig, Outside, Queue
from acd.events import BookCallback, CallArrived, DigitPressed
from acd.facts import CallbackChanged, ContactArrived, ContactEnded
from acd.model import CallId, CallKind, ChannelId, Outcome, QueueId, Target, TargetKind
from tests.unit.acd_stage import Stage, config, queue

SECOND = 1_000
MINUTE = 60 * SECOND
CUSTOMER = "+33612345678"
CALLBACK = Target(TargetKind.CALLBACK)


def calls_back(
    mode: CallbackMode = CallbackMode.AGENT_FIRST, name: str = "sales", **more: object
) -> Queue:
    given: dict[str, object] = {
        "exits": {"1": CALLBACK},
        "callback": CallbackPolicy(mode, attempts=2, retry_s=600, ring_s=20),
        "ring_s": 10,
        "wrap_up_s": 30,
        **more,
    }
    return msgspec.structs.replace(queue(name), **given)


def floor_of(*queues: Queue, agents: tuple[AgentProfile, ...] = (), **more: object) -> FloorConfig:
    given: dict[str, object] = {"outside": Outside(allowed=("+33",)), **more}
    return msgspec.structs.replace(config(*queues, agents=agents), **given)


class Desk(Stage):
    """A queue whose callers ask by key 1 to be called back."""

    def __init__(self, configured: FloorConfig | None = None) -> None:
        super().__init__(configured or floor_of(calls_back()))

    def waits(self, number: str | None = CUSTOMER) -> ChannelId:
        self.callers += 1
        channel_id = ChannelId(f"caller-{self.callers}")
        self.legs[channel_id] = "caller"
        self.tell(CallArrived(channel_id, "601", number))
        # The flow `direct` lets it ring: an answer makes the keys count.
        return channel_id

    def asks(self, number: str | None = CUSTOMER) -> ChannelId:
        """A caller who waits and asks to be called back, and hears that they will be."""
        channel_id = self.waits(number)
        self.tell(DigitPressed(channel_id, "1"))
        return channel_id

    def kept(self, number: str = CUSTOMER) -> Call:
        """The callback of a caller who asked for one and has hung up; it stands in the queue."""
        self.hangs_up(self.asks(number))
        self.pass_time(0)
        return self.callback()

    def callback(self) -> Call:
        (call,) = (c for c in self.engine.floor.calls.values() if c.kind is CallKind.CALLBACK)
        return call

    def dialled(self) -> DialOutside:
        (command,) = self.ordered(DialOutside)
        return command

    def states(self) -> list[str]:
        return [fact.state for fact in self.told(CallbackChanged)]

    def outcomes(self, kind: CallKind) -> list[tuple[Outcome, str]]:
        kinds = {f.call_id: f.kind for f in self.told(ContactArrived)}
        ended = [f for f in self.told(ContactEnded) if kinds[f.call_id] is kind]
        return [(f.outcome, f.reason) for f in ended]


def customer_first() -> Desk:
    return Desk(floor_of(calls_back(CallbackMode.CUSTOMER_FIRST)))


def booking(**more: object) -> BookCallback:
    given: dict[str, object] = {"at": None, **more}
    return BookCallback(CallId("booked"), QueueId("sales"), CUSTOMER, "lea", **given)  # type: ignore[arg-type]
