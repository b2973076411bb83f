"""What the engine does when the switch, a phone, a flow or the configuration is not as believed."""

from __future__ import annotations

from itertools import count

import msgspec
import pytest

from acd.call import Call
from acd.commands import Command, CreateBridge, JoinBridge, ProbePhone, RingAgent
from acd.config import FloorConfig
from acd.engine import Engine
from acd.events import (
    CallArrived,
    ChannelGone,
    CommandFailed,
    Configure,
    Event,
    Failure,
    LegAnswered,
    Pause,
    PhoneReachable,
    SignIn,
    SignOut,
)
from acd.facts import AnyFact, ContactEnded, SegmentClosed
from acd.flow import FlowCaller, FlowInput, FlowRunner, FlowState, FlowTurn, Walked
from acd.model import (
    AgentId,
    AgentState,
    AgentWork,
    CallState,
    ChannelId,
    OfferEnd,
    Outcome,
    PhoneId,
    QueueId,
)
from acd.sightings import SwitchChannel, SwitchSeen
from acd.state.floor import Turn
from tests.sim.scripted_flows import ScriptedFlows
from tests.sim.small_floor import START_MS, small_config

pytestmark = pytest.mark.unit

ANA, C1 = AgentId("ana"), ChannelId("c1")


class Forgotten(ScriptedFlows):
    """The flows of a floor that could not load the version a call is in."""

    def resume(
        self, state: FlowState, happened: FlowInput, caller: FlowCaller, now_ms: int
    ) -> FlowTurn:
        raise KeyError(state.flow)

    def abandon(self, state: FlowState, now_ms: int) -> Walked:
        raise KeyError(state.flow)


class World:
    def __init__(self, config: FloorConfig | None = None, flows: FlowRunner | None = None) -> None:
        ids = count(1)
        self.config = config or small_config()
        self.engine = Engine(
            self.config, flows or ScriptedFlows(), lambda: f"id-{next(ids)}", START_MS
        )
        self.facts: list[AnyFact] = []
        self.commands: list[Command] = []
        self.now_ms = START_MS

    def tell(self, event: Event, after_ms: int = 1) -> Turn:
        self.now_ms += after_ms
        return self._take(self.engine.handle(event, self.now_ms))

    def tick(self, after_ms: int) -> Turn:
        self.now_ms += after_ms
        return self._take(self.engine.tick(self.now_ms))

    def _take(self, turn: Turn) -> Turn:
        self.facts.extend(turn.facts)
        self.commands.extend(turn.commands)
        return turn

    def sign_in(self, *names: str) -> None:
        for name in names:
            self.tell(PhoneReachable(PhoneId(name)))
            self.tell(SignIn(AgentId(name)))

    def ring(self) -> RingAgent:
        return next(c for c in reversed(self.commands) if isinstance(c, RingAgent))

    def talk(self) -> ChannelId:
        self.sign_in("ana")
        self.tell(CallArrived(C1, "601", "0612345678"))
        leg = self.ring().channel_id
        self.tell(LegAnswered(leg))
        return leg

    def state(self, name: str = "ana") -> AgentState:
        return self.engine.floor.agents[AgentId(name)].state

    def ended(self) -> list[tuple[Outcome, str]]:
        return [(f.outcome, f.reason) for f in self.facts if isinstance(f, ContactEnded)]

    def saved(self) -> tuple[list[Call], list[AgentWork]]:
        return list(self.engine.floor.calls.values()), list(self.engine.floor.agents.values())


def seen(
    at: int, *channels: SwitchChannel, phones: str = "", restarted: bool = False
) -> SwitchSeen:
    up = frozenset(PhoneId(name) for name in phones.split())
    return SwitchSeen(at, True, channels, {}, up, restarted)


def offer_ends(world: World) -> list[str]:
    closed = [f.reason for f in world.facts if isinstance(f, SegmentClosed)]
    return [reason for reason in closed if reason in list(OfferEnd)]


def caller(answered: bool = False, dnis: str = "601") -> SwitchChannel:
    return SwitchChannel(C1, answered, ("inbound", dnis))


def test_an_agent_deleted_while_we_were_down_is_signed_out_and_configuring_goes_on() -> None:
    before = World()
    before.sign_in("ana")
    config = msgspec.structs.replace(
        before.config, agents={k: v for k, v in before.config.agents.items() if k != ANA}
    )
    world = World(config)
    world.engine.restore([], before.saved()[1], before.now_ms)
    world.tell(seen(before.now_ms, phones="ana"), 60_000)
    assert world.state() is AgentState.SIGNED_OUT
    world.tell(Configure(config))
    assert not world.engine.floor.at_work


def test_a_call_whose_flow_is_not_loaded_ends_and_all_others_are_taken_up() -> None:
    before = World()
    before.tell(CallArrived(C1, "600", "0612345678"))
    before.tell(CallArrived(ChannelId("c2"), "601", "0612345678"))
    before.sign_in("ana")
    before.tell(Pause(ANA))
    world = World(flows=Forgotten())
    world.engine.restore(*before.saved(), before.now_ms)
    legs = (caller(True, "600"), SwitchChannel(ChannelId("c2"), False, ("inbound", "601")))
    world.tell(seen(before.now_ms + 60_000, *legs, phones="ana bob"), 60_000)
    assert world.ended() == [(Outcome.FAILED, "flow_missing")]
    world.tell(SignIn(AgentId("bob")))
    assert [c.state for c in world.engine.floor.calls.values()] == [CallState.OFFERED]


def test_a_caller_in_a_forgotten_flow_can_hang_up() -> None:
    before = World()
    before.tell(CallArrived(C1, "600", "0612345678"))
    world = World(flows=Forgotten())
    world.engine.restore(*before.saved(), before.now_ms)
    world.tell(ChannelGone(C1, 16), 10_000)
    assert world.ended() == [(Outcome.FLOW_HANG_UP, "hung_up_in_flow")]


def test_a_caller_lost_with_the_node_is_not_given_to_the_next_agent() -> None:
    world = World()
    world.sign_in("ana", "bob")
    world.tell(CallArrived(C1, "601", "0612345678"))
    rung = len([c for c in world.commands if isinstance(c, RingAgent)])
    world.tell(seen(world.now_ms + 59_999, phones="bob", restarted=True), 60_000)
    assert world.ended() == [(Outcome.FAILED, "node_lost")]
    assert len([c for c in world.commands if isinstance(c, RingAgent)]) == rung


def test_the_start_told_again_after_the_end_makes_no_second_call() -> None:
    world = World()
    world.tell(seen(START_MS, caller(dnis="999")))
    world.tell(CallArrived(C1, "999", "0612345678"))
    assert len(world.ended()) == 1


def test_a_phone_whose_state_could_not_be_read_is_asked_until_it_is_known() -> None:
    world = World()
    world.sign_in("ana")
    world.tell(CallArrived(C1, "601", "0612345678"))
    world.tell(CommandFailed(world.ring(), Failure.REFUSED))
    for failure in (Failure.UNKNOWN, Failure.UNAVAILABLE):
        probe = world.commands[-1]
        assert isinstance(probe, ProbePhone)
        world.tell(CommandFailed(probe, failure))
        assert world.state() is AgentState.UNREACHABLE
        world.tick(5_001)
    assert isinstance(world.commands[-1], ProbePhone)
    world.tell(PhoneReachable(PhoneId("ana")))
    assert world.state() is AgentState.OFFERED


@pytest.mark.parametrize("signed_in", [True, False])
def test_another_phone_is_not_taken_for_the_one_before(signed_in: bool) -> None:
    world = World()
    world.sign_in("ana")
    if not signed_in:
        world.tell(SignOut(ANA))
    ana = msgspec.structs.replace(world.config.agents[ANA], phone=PhoneId("desk-7"))
    agents = {**world.config.agents, ANA: ana}
    world.tell(Configure(msgspec.structs.replace(world.config, agents=agents)))
    assert ProbePhone(PhoneId("desk-7")) in world.commands
    assert not world.engine.floor.agents[ANA].phone_up
    world.tell(PhoneReachable(PhoneId("desk-7")))
    assert world.state() is (AgentState.READY if signed_in else AgentState.SIGNED_OUT)


@pytest.mark.parametrize("failure", list(Failure))
def test_a_join_that_failed_is_tried_again_before_the_talk_is_given_up(failure: Failure) -> None:
    world = World()
    world.talk()
    join = next(c for c in world.commands if isinstance(c, JoinBridge))
    world.tell(CommandFailed(join, failure))
    again = world.tick(1_001).commands
    assert [type(c) for c in again] == [CreateBridge, JoinBridge]
    assert world.ended() == []
    world.tick(60_000)
    assert world.ended() == []
    for _ in range(5):
        world.tell(CommandFailed(join, failure))
        world.tick(1_001)
    assert world.ended() == [(Outcome.FAILED, "join_failed")]
    assert world.state() is AgentState.WRAP_UP


def test_what_was_ordered_after_the_look_began_is_left_alone() -> None:
    world = World()
    world.sign_in("ana")
    began = world.now_ms
    world.tell(CallArrived(C1, "601", "0612345678"), 100)
    world.tell(seen(began, caller(), phones="ana"), 100)
    assert world.state() is AgentState.OFFERED
    assert offer_ends(world) == []


def test_an_offer_whose_leg_is_gone_is_made_to_somebody_else() -> None:
    world = World()
    world.sign_in("ana", "dan")
    world.tell(CallArrived(C1, "601", "0612345678"))
    world.tell(seen(world.now_ms + 5_000, caller(), phones="ana dan"), 6_000)
    assert offer_ends(world) == [OfferEnd.FAILED]
    assert world.ring().agent_id == "dan"


@pytest.mark.parametrize("wish", [Pause(ANA, "lunch"), SignOut(ANA)])
def test_what_is_asked_for_in_a_talk_begins_after_wrap_up_and_is_forgotten(
    wish: Pause | SignOut,
) -> None:
    world = World()
    leg = world.talk()
    world.tell(wish)
    world.tell(ChannelGone(leg, 16))
    assert world.state() is AgentState.WRAP_UP
    world.tick(5_001)
    wanted = AgentState.PAUSED if isinstance(wish, Pause) else AgentState.SIGNED_OUT
    assert world.state() is wanted
    assert world.engine.floor.agents[ANA].after is None


def test_a_pause_in_wrap_up_forgets_the_sign_out_asked_for_before() -> None:
    world = World()
    leg = world.talk()
    world.tell(SignOut(ANA))
    world.tell(ChannelGone(leg, 16))
    world.tell(Pause(ANA, "coffee"))
    work = world.engine.floor.agents[ANA]
    assert (work.state, work.reason, work.after) == (AgentState.PAUSED, "coffee", None)


def test_an_unanswered_ring_in_which_a_pause_was_asked_for_ends_in_that_pause() -> None:
    world = World()
    world.sign_in("ana")
    world.tell(CallArrived(C1, "601", "0612345678"))
    world.tell(Pause(ANA, "lunch"))
    world.tick(10_001)
    work = world.engine.floor.agents[ANA]
    assert (work.state, work.reason) == (AgentState.PAUSED, "lunch")
    assert [c.state for c in world.engine.floor.calls.values()] == [CallState.WAITING]


def test_a_caller_of_a_deleted_queue_still_gets_somebody_who_is_able() -> None:
    world = World()
    # One that has nowhere to send callers.
    sales = msgspec.structs.replace(world.config.queues[QueueId("sales")], on_max_wait=None)
    queues = {**world.config.queues, sales.id: sales}
    world.tell(Configure(msgspec.structs.replace(world.config, queues=queues)))
    world.tell(CallArrived(C1, "601", "0612345678"))
    queues = {k: v for k, v in world.config.queues.items() if k != "sales"}
    world.tell(Configure(msgspec.structs.replace(world.config, queues=queues)))
    world.sign_in("cleo")
    assert world.state("cleo") is AgentState.READY
    world.sign_in("dan")
    assert world.state("dan") is AgentState.OFFERED
