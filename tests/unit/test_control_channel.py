"""Server and client on a real Unix socket: answers, changes, slow and broken clients, the end."""

from __future__ import annotations

import asyncio
import stat
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

import control.server
from acd.counting.tally import Tally
from acd.events import CallArrived, EndCall, Hold, PhoneReachable, SignIn
from acd.facts import Audited
from acd.model import AgentId, AgentState, CallId, ChannelId, PhoneId
from control.client import FloorAbsent, FloorClient
from control.live import LivePicture
from control.protocol import (
    Answer,
    Ask,
    Done,
    Live,
    LiveChange,
    ReadLive,
    Refused,
    Reload,
    Result,
    Wish,
)
from control.server import ControlServer
from tests.sim.small_floor import START_MS
from tests.sim.switch_model import SwitchModel
from tests.waiting import until

pytestmark = pytest.mark.unit

PATIENCE_S = 5.0


class Stand:
    """A floor's end of the channel, with an engine behind it and a door that a test can hold."""

    def __init__(self, path: Path) -> None:
        self.world = SwitchModel()
        self.picture = LivePicture(
            self.world.engine.floor, Tally(ZoneInfo("Europe/Paris"), START_MS)
        )
        self.path = path
        self.wishes: list[Wish] = []
        self.audited: list[Audited | None] = []
        self.door = asyncio.Event()
        self.door.set()
        self.server = ControlServer(path, self.picture, lambda: START_MS, self.answer)

    async def answer(self, ask: Ask) -> Result:
        wish = ask.wish
        self.wishes.append(wish)
        self.audited.append(ask.audit)
        if isinstance(wish, EndCall):
            return Refused("unknown-call", 404, "There is no such call.")
        if isinstance(wish, Reload):
            await self.door.wait()
            raise RuntimeError("the store is on fire")
        return Done()

    def step(self, event: CallArrived | SignIn | PhoneReachable) -> None:
        turn = self.world.engine.handle(event, START_MS)
        self.picture.on_turn(turn)


@pytest.fixture
async def stand(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stand]:
    monkeypatch.setattr(control.server, "PUSH_EVERY_S", 0.005)
    # Not tmp_path: a socket's path has 107 bytes at most.
    with tempfile.TemporaryDirectory() as folder:
        made = Stand(Path(folder) / "run" / "control.sock")
        await made.server.start()
        yield made
        await made.server.close()


@pytest.fixture
async def client(stand: Stand) -> AsyncIterator[FloorClient]:
    made = FloorClient(stand.path)
    yield made
    await made.close()


async def test_the_socket_is_for_owner_and_group_only(stand: Stand) -> None:
    assert stat.S_IMODE(stand.path.stat().st_mode) == 0o660


async def test_a_wish_is_granted_or_refused(stand: Stand, client: FloorClient) -> None:
    assert await client.ask(SignIn(AgentId("ana"), ready=False)) == Done()
    assert stand.wishes == [SignIn(AgentId("ana"), ready=False)]
    assert stand.audited == [None]
    line = Audited("l1", 1, START_MS, "user:boss", "hold", "agent:ana", {"n": 1, "b": True})
    assert await client.ask(Hold(AgentId("ana")), audit=line) == Done()
    assert stand.audited[-1] == line
    refused = await client.ask(EndCall(CallId("x")))
    assert isinstance(refused, Refused)
    assert refused.status == 404


async def test_a_fault_of_the_floor_is_an_answer_and_others_are_not_kept_waiting(
    stand: Stand, client: FloorClient
) -> None:
    stand.door.clear()
    slow = asyncio.create_task(client.ask(Reload()))
    assert await client.ask(SignIn(AgentId("ana"))) == Done()
    assert not slow.done()
    stand.door.set()
    answer = await slow
    assert isinstance(answer, Refused)
    assert (answer.slug, answer.status) == ("floor-fault", 500)


async def test_what_was_done_is_in_the_picture_before_it_is_answered(
    stand: Stand, client: FloorClient
) -> None:
    stand.step(PhoneReachable(PhoneId("ana")))
    async with aclosing(client.follow()) as following, asyncio.timeout(PATIENCE_S):
        live = await anext(following)
        assert isinstance(live, Live)
        stand.step(SignIn(AgentId("ana")))
        done = await client.ask(SignIn(AgentId("ana")))
        assert isinstance(done, Done)
        assert done.version > live.version
        seen: list[LiveChange] = []
        while not seen or seen[-1].version < done.version:
            change = await anext(following)
            assert isinstance(change, LiveChange)
            seen.append(change)
        assert AgentId("ana") in {agent.id for change in seen for agent in change.agents}


async def test_a_follower_gets_the_whole_and_every_change_after(
    stand: Stand, client: FloorClient
) -> None:
    stand.step(PhoneReachable(PhoneId("ana")))
    async with aclosing(client.follow()) as following, asyncio.timeout(PATIENCE_S):
        live = await anext(following)
        assert isinstance(live, Live)
        stand.step(SignIn(AgentId("ana")))
        stand.step(CallArrived(ChannelId("c1"), "601", "0612345678"))
        seen: list[LiveChange] = []
        while not (seen and seen[-1].calls):
            change = await anext(following)
            assert isinstance(change, LiveChange)
            seen.append(change)
        assert [c.version for c in seen] == [live.version + 1 + n for n in range(len(seen))]
        agents = {a.id: a.state for change in seen for a in change.agents}
        assert agents[AgentId("ana")] is AgentState.OFFERED


async def test_the_whole_is_read_without_following(stand: Stand, client: FloorClient) -> None:
    stand.step(CallArrived(ChannelId("c1"), "601", "0612345678"))
    live = await client.ask(ReadLive())
    assert isinstance(live, Live)
    assert [call.dnis for call in live.calls] == ["601"]


async def test_no_floor_is_one_sentence(tmp_path: Path) -> None:
    client = FloorClient(tmp_path / "none.sock")
    with pytest.raises(FloorAbsent, match="not running") as absent:
        await client.ask(ReadLive())
    assert not absent.value.maybe_done


async def test_a_floor_that_does_not_answer_may_have_done_it(
    stand: Stand, client: FloorClient
) -> None:
    stand.door.clear()
    with pytest.raises(FloorAbsent, match="did not answer") as absent:
        await client.ask(Reload(), timeout_s=0.05)
    assert absent.value.maybe_done
    stand.door.set()
    assert await client.ask(SignIn(AgentId("ana"))) == Done()


async def test_a_restarted_floor_is_found_again(stand: Stand, client: FloorClient) -> None:
    assert await client.ask(SignIn(AgentId("ana"))) == Done()
    async with aclosing(client.follow()) as following, asyncio.timeout(PATIENCE_S):
        assert isinstance(await anext(following), Live)
        await stand.server.close()
        while await anext(following) is not None:
            pass
        again = Stand(stand.path)
        await again.server.start()
        assert isinstance(await anext(following), Live)
        assert await client.ask(SignIn(AgentId("ana"))) == Done()
        await again.server.close()


async def test_what_is_no_message_ends_that_connection_only(
    stand: Stand, client: FloorClient
) -> None:
    for noise in (b"GET / HTTP/1.1\r\n", b'{"type":"Ask","id":"x"}\n', b"x" * (2 << 20) + b"\n"):
        reader, writer = await asyncio.open_unix_connection(stand.path)
        writer.write(noise)
        with suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE_S):
                assert await reader.read() == b""
        writer.close()
    assert await client.ask(SignIn(AgentId("ana"))) == Done()


async def test_a_client_that_does_not_read_is_dropped_and_costs_nobody(
    stand: Stand, client: FloorClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control.server, "_MOST_UNREAD", 50_000)
    _, writer = await asyncio.open_unix_connection(stand.path, limit=1)
    writer.write(b'{"type":"Ask","id":1,"wish":{"type":"Follow"}}\n')
    async with asyncio.timeout(PATIENCE_S):
        await until("somebody follows", lambda: bool(stand.server._followers))
        number = 0
        while stand.server._followers:
            for _ in range(200):
                number += 1
                stand.step(CallArrived(ChannelId(f"c{number}"), "601", "0612345678"))
            assert isinstance(await client.ask(SignIn(AgentId("ana"))), Done)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def test_closing_leaves_no_task_and_no_file() -> None:
    with tempfile.TemporaryDirectory() as folder:
        before = asyncio.all_tasks()
        stand = Stand(Path(folder) / "control.sock")
        await stand.server.start()
        client = FloorClient(stand.path)
        stand.door.clear()
        asking = asyncio.create_task(client.ask(Reload()))
        async with asyncio.timeout(PATIENCE_S):
            await until("the wish arrives", lambda: bool(stand.wishes))
            await stand.server.close()
            with pytest.raises(FloorAbsent) as absent:
                await asking
            assert absent.value.maybe_done
            await client.close()
            await until("no task is left", lambda: not asyncio.all_tasks() - before)
        assert not stand.path.exists()


async def test_what_cannot_be_understood_is_refused_and_others_are_answered(
    stand: Stand, client: FloorClient
) -> None:
    reader, writer = await asyncio.open_unix_connection(stand.path)
    for line in (
        b'{"type":"Ask","id":1,"wish":{"type":"NoSuchWish"}}',
        b'{"type":"Ask","id":2,"wish":{"type":"EndCall","call_id":7}}',
        b'{"type":"Ask","id":3,"wish":{"type":"ReadLive"}}',
    ):
        writer.write(line + b"\n")
    answers: dict[int, type] = {}
    async with asyncio.timeout(PATIENCE_S):
        while len(answers) < 3:
            answer = msgspec.json.decode(await reader.readline(), type=Answer)
            answers[answer.id] = type(answer.result)
        assert answers == {1: Refused, 2: Refused, 3: Live}
        writer.write(b'{"type":"Ask","id":4,"wish":' + b"[" * 5000 + b"\n")
        assert await reader.read() == b""
    assert isinstance(await client.ask(ReadLive()), Live)
    writer.close()


async def test_what_cannot_be_told_is_refused_before_it_is_sent(
    stand: Stand, client: FloorClient
) -> None:
    half = await client.ask(EndCall(CallId("\ud83d")))
    assert isinstance(half, Refused)
    assert (half.slug, half.status) == ("not-sent", 422)
    large = await client.ask(EndCall(CallId("x" * 9_000_000)))
    assert isinstance(large, Refused)
    assert large.status == 413
    assert isinstance(await client.ask(ReadLive()), Live)


async def test_the_picture_is_shown_whatever_is_in_it(stand: Stand, client: FloorClient) -> None:
    async with aclosing(client.follow()) as following, asyncio.timeout(PATIENCE_S):
        await anext(following)
        stand.step(CallArrived(ChannelId("c1"), "601", "0612345678", "VIP \ud83d"))
        change = await anext(following)
        assert isinstance(change, LiveChange)
        assert [call.name for call in change.calls] == ["VIP \ufffd"]
        stand.step(CallArrived(ChannelId("c2"), "601", "0612345678", "Zoë"))
        change = await anext(following)
        assert isinstance(change, LiveChange)
    live = await client.ask(ReadLive())
    assert isinstance(live, Live)
    assert [call.name for call in live.calls] == ["VIP \ufffd", "Zoë"]
