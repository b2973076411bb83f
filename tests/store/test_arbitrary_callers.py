"""Whatever strangers call themselves and whatever is written about them, the next call is served.

The floor's own way, from the frame that Asterisk sends to the rows in SQL, with nothing in between
left out but the switch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.caller_identity import on_one_line
from acd.commands import RingAgent
from acd.counting.tally import Tally
from acd.engine import Engine
from acd.events import AddNote, ChannelGone, LegAnswered, PhoneReachable, SetData, SignIn
from acd.model import AgentId, CallId, ChannelId, PhoneId
from acd.shell.service import FloorService
from acd.texts import fit
from ari.counters import Counters
from ari.decode import decode
from ari.events_gen import StasisStart
from control.live import LivePicture
from control.protocol import Answer, Ask, Done, Result
from control.server import ControlServer
from store import tables as t
from store.journal import Journal
from store.writer import StoreWriter
from tests.sim.scripted_flows import ScriptedFlows
from tests.sim.small_floor import START_MS, small_config
from tests.unit.test_acd_shell import Clock, Hands, Pages

pytestmark = pytest.mark.store

ODD = st.one_of(
    st.text(max_size=500),
    st.text(
        st.one_of(
            st.characters(categories=["Cs", "Cc", "Cf", "Zl", "Zp"]),
            st.sampled_from("\ud83d\udc51\0\x1b\x7f\u202e\u2066\ufeff'\"\\<>&; \t\r\n"),
        ),
        max_size=60,
    ),
    st.sampled_from(["x" * 100_000, "\ud83d" * 5_000, "\0" * 5_000, "👑" * 5_000]),
)
NAMES = st.binary(max_size=60) | ODD.map(lambda text: text.encode("utf-8", "surrogatepass"))
SOME = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)
HALVES = re.compile("[\ud800-\udfff]")
_folders = count(1)


def in_json(raw: bytes) -> bytes:
    """The bytes between two quotes, as a writer of JSON that minds no UTF-8 would put them."""
    escaped = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return b"".join(b"\\u%04x" % b if b < 32 else bytes([b]) for b in escaped)


def frame(channel: str, name: bytes, number: bytes) -> bytes:
    """What Asterisk sends when a call enters the application."""
    return (
        b'{"type":"StasisStart","timestamp":"2026-11-22T15:54:11.459+0000","args":["inbound","601"],'
        b'"channel":{"id":"' + channel.encode() + b'","name":"PJSIP/trunk-00000149","state":"Ring",'
        b'"protocol_id":"1","caller":{"name":"' + in_json(name) + b'","number":"'
        b"" + in_json(number) + b'"},"connected":{"name":"","number":""},"accountcode":"",'
        b'"dialplan":{"context":"in","exten":"601","priority":2,"app_name":"Stasis","app_data":""},'
        b'"creationtime":"2026-11-22T15:54:11.458+0000","language":"en"},"asterisk_id":"a",'
        b'"application":"plateau"}'
    )


class Whole:
    """Engine, journal and writer in one."""

    def __init__(self, engine: AsyncEngine, folder: Path) -> None:
        run = next(_folders)
        ids = (f"{run}-{n}" for n in count(1))
        made = Engine(small_config(), ScriptedFlows(), lambda: next(ids), START_MS)
        self.clock, self.hands = Clock(), Hands(Pages())
        self.journal = Journal(folder / f"journal-{run}", rotate_bytes=20_000)
        self.service = FloorService(made, self.journal, self.clock, lambda turn: None, "33")
        self.service.use(self.hands)
        self.writer = StoreWriter(engine, self.journal, self.clock.now_ms)
        self.floor = made.floor
        self.service.post(PhoneReachable(PhoneId("ana")))
        self.service.ask(SignIn(AgentId("ana")))

    def arrives(self, channel: str, name: bytes, number: bytes = b"0612345678") -> CallId:
        counters = Counters()
        event = decode(frame(channel, name, number), counters)
        assert isinstance(event, StasisStart), name
        assert counters.malformed_frames == 0
        self.service.on_ari_event(event)
        return self.floor.legs[ChannelId(channel)][0]

    def next_call_is_served(self) -> CallId:
        """Somebody plain calls, an agent answers, both hang up."""
        call_id = self.arrives("plain", "Zoë".encode())
        ringing = [c for c in self.hands.done if isinstance(c, RingAgent)][-1]
        assert ringing.call_id == call_id
        self.service.post(LegAnswered(ringing.channel_id))
        assert self.floor.agents[AgentId("ana")].call_id == call_id
        self.service.post(ChannelGone(ChannelId("plain"), 16))
        return call_id


@contextmanager
def whole(engine: AsyncEngine, folder: Path) -> Iterator[Whole]:
    made = Whole(engine, folder)
    try:
        yield made
        assert made.service.broken == made.service.lost == made.service.unkept == 0
    finally:
        made.service.close()
        made.journal.close()


async def told(engine: AsyncEngine, made: Whole) -> dict[str, str | None]:
    """The name of each contact in SQL."""
    while await made.writer.step():
        pass
    await made.writer.step()
    assert made.writer.behind == 0
    async with engine.connect() as conn:
        rows = await conn.execute(select(t.contact.c.id, t.contact.c.name))
        return {row.id: row.name for row in rows}


@SOME
@given(name=NAMES, number=NAMES)
async def test_whoever_calls_is_served_and_so_is_the_next(
    engine: AsyncEngine, tmp_path: Path, name: bytes, number: bytes
) -> None:
    with whole(engine, tmp_path) as made:
        strange = made.arrives("strange", name, number)
        shown = made.floor.calls[strange].name
        made.service.post(ChannelGone(ChannelId("strange"), 16))
        plain = made.next_call_is_served()
        names = await told(engine, made)
        assert (names[strange], names[plain]) == (shown, "Zoë")
        assert made.journal.set_aside == made.writer.rejected == 0
        read = on_one_line(fit(name.decode("utf-8", "replace")))
        assert shown == read


@SOME
@given(words=ODD)
async def test_whatever_gets_past_the_doors_stops_nobody(
    engine: AsyncEngine, tmp_path: Path, words: str
) -> None:
    with whole(engine, tmp_path) as made:
        picture = LivePicture(made.floor, Tally(ZoneInfo("Europe/Paris"), START_MS))
        server = ControlServer(tmp_path / "no.sock", picture, made.clock.now_ms, _nobody)
        strange = made.arrives("strange", b"")
        made.service.ask(SetData(strange, {"client": words, "k" + words[:50]: "v"}))
        made.service.ask(AddNote(strange, words))
        change = picture.change(made.clock.now_ms())
        assert server._line(Answer(1, picture.whole(made.clock.now_ms())))
        assert change is None or server._line(change)
        made.service.post(ChannelGone(ChannelId("strange"), 16))
        plain = made.next_call_is_served()
        assert (await told(engine, made))[plain] == "Zoë"
        async with engine.connect() as conn:
            rows = await conn.execute(select(t.contact_note.c.text))
            (note,) = [row.text for row in rows]
        half = HALVES.search(words)
        assert note == (fit(words) if half else words.replace("\0", "\ufffd"))
        assert (made.journal.set_aside > 0) == bool(half)
        assert made.writer.rejected == 0
        async with engine.begin() as conn:
            await conn.execute(delete(t.contact_note))
    again = Journal(made.journal.folder)
    assert again.recover().damaged == 0
    again.close()


async def _nobody(ask: Ask) -> Result:
    return Done()
