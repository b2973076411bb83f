"""The shell around the engine: what the switch is told, and faults on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from itertools import count

import msgspec
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from acd.commands import (
    AnswerCaller,
    Command,
    CreateBridge,
    FetchLine,
    HangUp,
    JoinBridge,
    LeaveBridge,
    PlayPrompt,
    ProbePhone,
    RecordLeg,
    RingAgent,
    StartMusic,
    StartRecording,
    StopMusic,
)
from acd.engine import Engine
from acd.errors import Rejected
from acd.events import (
    CallArrived,
    ChannelGone,
    CommandFailed,
    Configure,
    DigitPressed,
    Failure,
    LegAnswered,
    Pause,
    PhoneReachable,
    PhoneUnreachable,
    SignIn,
    SwitchEvent,
)
from acd.facts import AgentStateChanged, Audited, ContactEnded, JournalEntry
from acd.flow import FlowCaller, FlowInput, FlowState, FlowTurn
from acd.model import (
    AgentId,
    AgentState,
    BridgeId,
    CallId,
    ChannelId,
    Outcome,
    PhoneId,
    PlaybackId,
    RecordingId,
)
from acd.shell.outcomes import CommandOutcome
from acd.shell.service import FloorService
from acd.shell.switchboard import Switchboard, _caller_id
from acd.state.floor import Turn
from ari import errors
from ari.settings import Snapshot
from ari.wire import AriResponse, Json
from tests.sim.scripted_flows import ScriptedFlows
from tests.sim.small_floor import START_MS, small_config

pytestmark = pytest.mark.unit

# ---- switchboard -------------------------------------------------------------------------------

CALL, LEG, BRIDGE = CallId("call-1"), ChannelId("leg-1"), BridgeId("bridge-1")


class Wire:
    """A commander that notes requests and answers each as told."""

    def __init__(self, refusal: Exception | None = None, body: bytes = b"") -> None:
        self.asked: list[tuple[str, str, Mapping[str, str], Json, str]] = []
        self.refusal = refusal
        self.body = body

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json = None,
        pin: str,
    ) -> Awaitable[AriResponse]:
        self.asked.append((method, path, query or {}, body, pin))
        reply: asyncio.Future[AriResponse] = asyncio.get_running_loop().create_future()
        if self.refusal is not None:
            reply.set_exception(self.refusal)
        else:
            reply.set_result(AriResponse(200, self.body))
        return reply


async def carried_out(wire: Wire, *commands: Command) -> list[SwitchEvent]:
    told: list[SwitchEvent] = []
    board = Switchboard(wire, "plateau", "sound:/x/", "trunk", 3600, told.append)  # type: ignore[arg-type]
    for command in commands:
        board.carry_out(command)
    await board.close()
    return told


RING = RingAgent(CALL, AgentId("ana"), LEG, PhoneId("agent-ana"), "0612", 'Evil" <1>\r\n', 25)


async def test_commands_of_a_call_leave_in_order_on_its_pin() -> None:
    wire = Wire(errors.Unavailable("POST", "/x", 503, "booting"))
    commands: list[Command] = [
        AnswerCaller(CALL, LEG),
        StartMusic(CALL, LEG, "default"),
        CreateBridge(CALL, BRIDGE),
        JoinBridge(CALL, BRIDGE, (LEG, ChannelId("leg-2"))),
        HangUp(CALL, LEG, 17),
    ]
    await carried_out(wire, *commands)
    assert [(method, path) for method, path, *_ in wire.asked] == [
        ("POST", "/channels/leg-1/answer"),
        ("POST", "/channels/leg-1/moh"),
        ("POST", "/bridges/bridge-1"),
        ("POST", "/bridges/bridge-1/addChannel"),
        ("DELETE", "/channels/leg-1"),
    ]
    assert {pin for *_, pin in wire.asked} == {CALL}
    assert wire.asked[2][2]["name"] == "plateau"
    assert wire.asked[4][2]["reason_code"] == "17"


async def test_an_agent_is_rung_with_a_limit_and_a_longest_life() -> None:
    wire = Wire(errors.Unavailable("POST", "/x", 503, "booting"))
    await carried_out(wire, RING)
    _, path, query, body, _ = wire.asked[0]
    assert path == "/channels/leg-1"
    assert query["endpoint"] == "PJSIP/agent-ana"
    assert query["appArgs"] == "rung,call-1"
    assert query["timeout"] == "25"
    assert query["callerId"] == '"Evil 1" <0612>'
    assert body == {
        "variables": {
            "TIMEOUT(absolute)": "3600",
            "FORWARD_CONTEXT": "forwarded",
            "TRANSFER_CONTEXT": "phone-transfer",
        }
    }


async def test_prompts_are_found_by_language_and_spoken_texts_by_hash() -> None:
    wire = Wire(errors.Unavailable("POST", "/x", 503, "booting"))
    media = ("prompt:welcome", "tts:abc")
    await carried_out(wire, PlayPrompt(CALL, LEG, PlaybackId("p1"), media, "en"))
    assert wire.asked[0][2]["media"] == "sound:/x/plateau/en/welcome,sound:/x/plateau-tts/abc"


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (errors.Gone, Failure.GONE),
        (errors.Conflict, Failure.CONFLICT),
        (errors.OutcomeUnknown, Failure.UNKNOWN),
        (errors.Unavailable, Failure.UNAVAILABLE),
        (errors.Replaced, Failure.UNAVAILABLE),
        (errors.BadRequest, Failure.REFUSED),
        (errors.ServerFault, Failure.REFUSED),
        (errors.Unprocessable, Failure.REFUSED),
    ],
)
async def test_what_was_not_done_comes_back_as_an_event(
    error: type[errors.AriError], failure: Failure
) -> None:
    commands: list[Command] = [RING, StartRecording(CALL, BRIDGE, RecordingId("r")), RING]
    told = await carried_out(Wire(error("POST", "/x", 0, "because")), *commands)
    assert [(e.command, e.failure) for e in told if isinstance(e, CommandFailed)] == [
        (command, failure) for command in commands
    ]


HANG_UP = HangUp(CALL, LEG, 16)
JOIN = JoinBridge(CALL, BRIDGE, (LEG,))


@pytest.mark.parametrize(
    ("command", "error", "outcome"),
    [
        (HANG_UP, None, "done"),
        (HANG_UP, errors.Gone, "gone"),
        (JOIN, errors.Gone, "gone"),
        (LeaveBridge(CALL, BRIDGE, (LEG,)), errors.Conflict, "gone"),
        (StopMusic(CALL, LEG), errors.Conflict, "gone"),
        (JOIN, errors.Conflict, "fault"),
        (HANG_UP, errors.ServerFault, "fault"),
        (JOIN, errors.Unprocessable, "gone"),
        (JOIN, errors.BadRequest, "fault"),
        (RecordLeg(CALL, LEG, RecordingId("r"), 60, 4), errors.Conflict, "fault"),
        (AnswerCaller(CALL, LEG), errors.NotAcceptable, "gone"),
        (RING, errors.ServerFault, "refused"),
        (RING, errors.BadRequest, "refused"),
        (ProbePhone(PhoneId("agent-ana")), errors.Gone, "gone"),
        (HANG_UP, errors.OutcomeUnknown, "unknown"),
        (JOIN, errors.Unavailable, "unknown"),
        (JOIN, errors.Replaced, "unknown"),
        (JOIN, RuntimeError, "fault"),
    ],
)
async def test_what_became_of_a_command_is_counted_and_faults_are_told(
    command: Command, error: type[Exception] | None, outcome: str
) -> None:
    of_switch = error is not None and issubclass(error, errors.AriError)
    wire = Wire(error("POST", "/x", 0, "because") if of_switch and error else error and error())  # type: ignore[arg-type]
    board = Switchboard(wire, "plateau", "sound:/x/", "trunk", 3600, lambda event: None)  # type: ignore[arg-type]
    with structlog.testing.capture_logs() as lines:
        board.carry_out(command)
        await board.close()
    assert board.outcomes == {CommandOutcome(outcome): 1}
    loud = [line for line in lines if line["log_level"] == "error"]
    assert len(loud) == (outcome == "fault")
    for line in loud:
        assert (line["command"], line["call"]) == (type(command).__name__, CALL)
        assert line.get("why") or line.get("exc_info")


async def test_a_standing_leg_is_answered_when_it_is_where_its_call_is() -> None:
    wire = Wire()
    told = await carried_out(wire, FetchLine(CALL, BRIDGE, LEG))
    assert told == [LegAnswered(LEG)]
    assert [(method, path, pin) for method, path, _, _, pin in wire.asked] == [
        ("POST", "/bridges/bridge-1/addChannel", CALL)
    ]


async def test_a_standing_leg_that_is_gone_is_not_answered() -> None:
    fetch = FetchLine(CALL, BRIDGE, LEG)
    told = await carried_out(Wire(errors.Gone("POST", "/x", 404, "Channel not found")), fetch)
    assert told == [CommandFailed(fetch, Failure.GONE, "POST /x: Channel not found (404)")]


@pytest.mark.parametrize("command", [RING, ProbePhone(PhoneId("a"))])
async def test_a_fault_of_ours_in_a_command_comes_back_as_refused(command: Command) -> None:
    told = await carried_out(Wire(ValueError("an id that is none")), command)
    assert told == [CommandFailed(command, Failure.REFUSED, "ValueError: an id that is none")]


@pytest.mark.parametrize("state", ["online", "offline", "unknown"])
async def test_a_phone_is_asked_how_it_is(state: str) -> None:
    body = f'{{"technology":"PJSIP","resource":"a","state":"{state}","channel_ids":[]}}'
    told = await carried_out(Wire(body=body.encode()), ProbePhone(PhoneId("a")))
    up = PhoneReachable(PhoneId("a")) if state == "online" else PhoneUnreachable(PhoneId("a"))
    assert told == [up]


@given(st.none() | st.text(), st.none() | st.text())
def test_no_text_of_a_caller_leaves_its_place(name: str | None, number: str | None) -> None:
    made = _caller_id(name, number)
    assert made.count('"') == 2
    assert made.startswith('"')
    assert made.endswith(">")
    inner, _, digits = made[1:-1].rpartition('" <')
    assert not set(inner) & set('"<>\\\r\n\0')
    assert all(c.isprintable() for c in made)
    assert not set(digits) & set(' "<>@;,')
    assert len(inner) <= 60
    assert len(digits) <= 32


# ---- service -----------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.at = START_MS

    def now_ms(self) -> int:
        return self.at


class Pages:
    """A journal whose disk may be full."""

    def __init__(self) -> None:
        self.entries: list[JournalEntry] = []
        self.full = False

    def append(self, entry: JournalEntry) -> None:
        if self.full:
            raise OSError("no space left on device")
        self.entries.append(entry)

    def seqs(self, subject: str) -> list[int]:
        return [f.seq for entry in self.entries for f in entry.facts if f.subject == subject]

    def ended(self) -> list[ContactEnded]:
        return [f for e in self.entries for f in e.facts if isinstance(f, ContactEnded)]


class Hands:
    def __init__(self, pages: Pages) -> None:
        self.done: list[Command] = []
        self._pages = pages
        self.kept_before: list[int] = []

    def carry_out(self, command: Command) -> None:
        self.done.append(command)
        self.kept_before.append(len(self._pages.entries))

    def ring(self) -> ChannelId:
        return next(c.channel_id for c in reversed(self.done) if isinstance(c, RingAgent))


class Faulty(ScriptedFlows):
    """A flow runner with a fault of ours in it."""

    def resume(
        self, state: FlowState, happened: FlowInput, caller: FlowCaller, now_ms: int
    ) -> FlowTurn:
        raise RuntimeError("a fault of ours")


class Floor:
    def __init__(self, flows: ScriptedFlows | None = None) -> None:
        ids = count(1)
        engine = Engine(
            small_config(), flows or ScriptedFlows(), lambda: f"id-{next(ids)}", START_MS
        )
        self.pages = Pages()
        self.hands = Hands(self.pages)
        self.turns: list[Turn] = []
        self.clock = Clock()
        self.service = FloorService(engine, self.pages, self.clock, self.turns.append, "33")
        self.service.use(self.hands)
        self.work = engine.floor.agents

    def sign_in(self, agent: str) -> None:
        self.service.post(PhoneReachable(PhoneId(agent)))
        self.service.ask(SignIn(AgentId(agent)))

    def call(self, dnis: str, channel: str = "c1") -> ChannelId:
        self.service.post(CallArrived(ChannelId(channel), dnis, "0612345678"))
        return ChannelId(channel)


async def test_the_journal_is_written_before_anything_is_done() -> None:
    floor = Floor()
    floor.sign_in("ana")
    entries = len(floor.pages.entries)
    floor.call("601")
    assert floor.hands.kept_before
    assert set(floor.hands.kept_before) == {entries + 1}
    floor.service.close()


async def test_a_fault_of_ours_ends_that_call_as_failed_and_serves_the_others() -> None:
    floor = Floor(Faulty())
    floor.sign_in("ana")
    menu, other = floor.call("600", "c1"), floor.call("601", "c2")
    floor.service.post(DigitPressed(menu, "1"))
    assert [(e.outcome, e.call_id) for e in floor.pages.ended()] == [(Outcome.FAILED, "id-1")]
    assert HangUp(CallId("id-1"), menu) in floor.hands.done
    assert floor.service.broken == 1
    assert floor.pages.seqs("id-1") == list(range(1, len(floor.pages.seqs("id-1")) + 1))
    floor.service.post(LegAnswered(floor.hands.ring()))
    assert floor.work[AgentId("ana")].state is AgentState.TALKING
    floor.service.post(ChannelGone(other, 16))
    assert len(floor.pages.ended()) == 2
    floor.service.close()


async def test_an_act_and_its_line_of_the_audit_log_are_kept_in_one() -> None:
    floor = Floor()
    floor.sign_in("ana")
    line = Audited("line-1", 1, START_MS, "user:boss", "pause", "agent:ana")
    floor.service.ask(Pause(AgentId("ana"), "lunch"), (line,))
    kept = floor.pages.entries[-1]
    assert [type(fact) for fact in kept.facts] == [AgentStateChanged, Audited]
    with pytest.raises(Rejected):
        floor.service.ask(Pause(AgentId("nobody"), "lunch"), (line,))
    assert floor.pages.entries[-1] is kept
    floor.service.close()


async def test_a_full_disk_stops_no_call_and_loses_no_fact() -> None:
    floor = Floor()
    floor.sign_in("ana")
    floor.call("601")
    floor.pages.full = True
    ring = floor.hands.ring()
    floor.service.post(LegAnswered(ring))
    assert any(isinstance(c, JoinBridge) for c in floor.hands.done)
    assert floor.service.unkept > 0
    floor.pages.full = False
    floor.service.post(ChannelGone(ring, 16))
    assert floor.service.unkept == 0
    seqs = floor.pages.seqs("id-1")
    assert seqs == list(range(1, len(seqs) + 1))
    floor.service.close()


async def test_the_journal_knows_how_long_the_floor_lived_and_saw_the_switch() -> None:
    floor = Floor()
    beating = asyncio.create_task(floor.service.beat_regularly())
    await asyncio.sleep(0)
    assert floor.pages.entries == [JournalEntry(START_MS)]
    floor.clock.at += 1_000
    floor.service.lost_sight()
    floor.clock.at += 1_000
    floor.service.lost_sight()
    floor.sign_in("ana")
    assert {entry.blind_since for entry in floor.pages.entries[1:]} == {START_MS + 1_000}
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    floor.clock.at += 1_000
    floor.service.close()
    assert floor.pages.entries[-1] == JournalEntry(START_MS + 3_000, blind_since=START_MS + 1_000)


async def test_beats_do_not_pile_up_before_a_full_disk() -> None:
    floor = Floor()
    floor.pages.full = True
    floor.sign_in("ana")
    held = floor.service.unkept
    floor.service.lost_sight()
    assert floor.service.unkept == held > 0
    floor.service.close()


async def test_a_talk_that_the_switch_lost_unseen_ended_when_it_was_last_heard() -> None:
    floor = Floor()
    empty = Snapshot((), (), (), "start-1", "22.10.1")
    floor.service.synchronise(empty, "plateau", START_MS)
    floor.sign_in("ana")
    floor.call("601")
    floor.service.post(LegAnswered(floor.hands.ring()))
    floor.service.lost_sight()
    floor.clock.at += 3_600_000
    floor.service.synchronise(replace(empty, startup_time="start-2"), "plateau", floor.clock.at)
    assert [(e.at, e.reason) for e in floor.pages.ended()] == [(START_MS, "node_lost")]
    states = [
        (f.state, f.at - START_MS)
        for entry in floor.pages.entries
        for f in entry.facts
        if isinstance(f, AgentStateChanged)
    ]
    assert (AgentState.UNREACHABLE, 0) in states
    assert floor.service.blind_since is None
    floor.service.close()


async def test_an_agent_removed_in_a_talk_leaves_after_it_however_often_we_are_configured() -> None:
    floor = Floor()
    floor.sign_in("ana")
    floor.call("601")
    floor.service.post(LegAnswered(floor.hands.ring()))
    config = small_config()
    agents = {k: v for k, v in config.agents.items() if k != "ana"}
    for version in (1, 2, 3):
        changed = msgspec.structs.replace(config, agents=agents, version=version)
        floor.service.ask(Configure(changed))
    assert floor.work[AgentId("ana")].state is AgentState.TALKING
    floor.service.post(ChannelGone(ChannelId("c1"), 16))
    floor.service.ask(Configure(msgspec.structs.replace(config, agents=agents, version=4)))
    assert floor.work[AgentId("ana")].state is AgentState.SIGNED_OUT
    floor.service.close()
