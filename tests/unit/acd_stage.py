"""A floor for tests of single paths: people named, time passed by hand, commands looked at.

The switch underneath is that of the random histories, so every check of theirs holds here too.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from acd.call import Call
from acd.commands import Command, GiveUpDial, RingAgent
from acd.config import AgentProfile, FloorConfig, Queue
from acd.events import CallArrived, ChannelGone, Event, LegAnswered, PhoneReachable, SignIn
from acd.facts import AnyFact
from acd.model import AgentId, AgentState, AgentWork, ChannelId, FlowId, PhoneId, QueueId
from tests.sim.switch_model import SwitchModel

C = TypeVar("C", bound=Command)
F = TypeVar("F", bound=AnyFact)

SEAT = PhoneId("seat")


def queue(name: str = "sales", /, **more: object) -> Queue:
    return msgspec.structs.replace(Queue(QueueId(name), name.title(), ring_s=10), **more)


def agent(name: str, number: str | None = None, **more: object) -> AgentProfile:
    profile = AgentProfile(AgentId(name), name.title(), PhoneId(name), number=number)
    return msgspec.structs.replace(profile, **more)


def config(*queues: Queue, agents: tuple[AgentProfile, ...] = (), **more: object) -> FloorConfig:
    people = agents or (agent("ana", "201"), agent("bob", "202"))
    made = FloorConfig(
        queues={q.id: q for q in queues or (queue(),)},
        agents={profile.id: profile for profile in people},
        numbers={"601": FlowId("direct"), "600": FlowId("menu")},
        seats=frozenset({SEAT}),
    )
    return msgspec.structs.replace(made, **more)


class Stage(SwitchModel):
    """Ana and Bob, one queue without skills, callers who dial 601 into it."""

    def __init__(self, configured: FloorConfig | None = None) -> None:
        super().__init__(config=configured or config())

    rings_outside = True
    """Whether numbers outside that nobody answers have rung."""

    def obey(self, command: Command) -> None:
        """The switch says at once whether a number rang that is given up."""
        if isinstance(command, GiveUpDial) and command.channel_id in self.legs:
            self.leg_ends(command.channel_id)
            self.tell(ChannelGone(command.channel_id, 18, sip=408, rang=self.rings_outside))
        else:
            super().obey(command)

    def signs_in(self, name: str, **more: object) -> None:
        """The agent's phone is registered and they start work."""
        self.phone_up(name)
        self.tell(msgspec.structs.replace(SignIn(AgentId(name)), **more))
        assert self.refused is None, self.refused

    def phone_up(self, name: str) -> None:
        self.phones_up.add(PhoneId(name))
        self.tell(PhoneReachable(PhoneId(name)))

    def caller(self, number: str | None = "+33612345678", dnis: str = "601") -> ChannelId:
        """Somebody dials in; their leg."""
        self.callers += 1
        channel_id = ChannelId(f"caller-{self.callers}")
        self.legs[channel_id] = "caller"
        self.tell(CallArrived(channel_id, dnis, number))
        return channel_id

    def caller_on_line(self) -> ChannelId:
        """Somebody dials in and is talked to on a standing line; their leg."""
        channel_id = self.caller()
        self.news()
        return channel_id

    def answers(self, channel_id: ChannelId) -> None:
        """A leg that we rang is picked up."""
        self.answered_legs.add(channel_id)
        self.tell(LegAnswered(channel_id))

    def hangs_up(self, channel_id: ChannelId, cause: int = 16) -> None:
        del self.legs[channel_id]
        self.out_of_bridges(channel_id)
        self.tell(ChannelGone(channel_id, cause))

    def refusal(self, event: Event) -> tuple[int, str]:
        """The status and slug with which a request is refused."""
        self.tell(event)
        assert self.refused is not None, f"{event} was granted"
        return self.refused.status, self.refused.slug

    def news(self) -> None:
        """All that the switch has still to tell."""
        while self.late:
            self.tell(self.late.pop(0))

    def ordered(self, kind: type[C]) -> list[C]:
        """The commands of this kind in the last step."""
        return [command for command in self.orders if isinstance(command, kind)]

    def ring(self, name: str) -> ChannelId:
        """The leg that rings at this agent's in the last step."""
        legs = [c.channel_id for c in self.ordered(RingAgent) if c.agent_id == name]
        assert len(legs) == 1, self.orders
        return legs[0]

    def told(self, kind: type[F]) -> list[F]:
        """All facts of this kind so far."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def work(self, name: str) -> AgentWork:
        return self.engine.floor.agents[AgentId(name)]

    def state(self, name: str) -> AgentState:
        return self.work(name).state

    def call(self) -> Call:
        """The one call in progress."""
        (call,) = self.engine.floor.calls.values()
        return call

    def talk(self, name: str = "ana") -> tuple[ChannelId, ChannelId]:
        """A caller who talks to this agent; both legs."""
        caller = self.caller()
        rung = self.ring(name)
        self.answers(rung)
        assert self.state(name) is AgentState.TALKING
        return caller, rung
