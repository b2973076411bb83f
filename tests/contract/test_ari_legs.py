"""`ari/` on legs of a real Asterisk: a supervisor's ear and voice, voicemail, hold, keys, a holding
bridge.

Each party is a Local channel: its near half is a leg as the floor has them, its far half stands
for the person, who speaks by a playback of a tone and hears by a recording.
"""

import asyncio
import base64
import os
import uuid
import wave
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ari import (
    AriConnection,
    AriEvent,
    AriSettings,
    bridges,
    channels,
    errors,
    events_gen,
    playbacks,
    recordings,
)
from ari.channels import Direction, EndRecordingOn
from load.sound import RATE
from switch import lifecycle
from switch.finder import default_rootfs
from switch.model import RunningSwitch, SwitchConfig
from tests.contract.harness.tones import is_silent, read_wav, tone, wav_tones

pytestmark = pytest.mark.contract

_BASE = int(os.environ.get("PLATEAU_ARI_TEST_PORT", "15180")) + 20
_RTP = int(os.environ.get("PLATEAU_ARI_TEST_RTP", "32000")) + 500
_DEADLINE_S = 10.0
_CALLER_HZ, _AGENT_HZ, _SUPERVISOR_HZ = 450, 1000, 1850
_VOICE_S = 60.0
_APP = "plateau"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSwitch]:
    config = SwitchConfig(
        home=tmp_path_factory.mktemp("ari-legs-switch"),
        sip_port=_BASE,
        tls_port=_BASE + 1,
        http_port=_BASE + 3010,
        https_port=_BASE + 3011,
        rtp_first=_RTP,
        rtp_last=_RTP + 99,
        rootfs=default_rootfs(),
        app=_APP,
    )
    switch = lifecycle.up(config)
    for hz in (_CALLER_HZ, _AGENT_HZ, _SUPERVISOR_HZ):
        with wave.open(str(switch.sounds / f"voice-{hz}.wav"), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(tone(hz, _VOICE_S).tobytes())
    yield switch
    lifecycle.down(config, grace_s=0.5)


@dataclass
class Room:
    """A connection, what it told, and ways to make persons."""

    conn: AriConnection
    running: RunningSwitch
    told: list[AriEvent] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, event: AriEvent) -> None:
        self.told.append(event)
        self.news.set()

    async def until_told(self, *kinds: type[AriEvent], of: str, count: int = 1) -> AriEvent:
        """Wait for the event number `count` of these kinds whose subject is `of`."""
        async with asyncio.timeout(_DEADLINE_S):
            while True:
                found = [e for e in self.told if isinstance(e, kinds) and _subject(e) == of]
                if len(found) >= count:
                    return found[count - 1]
                self.news.clear()
                await self.news.wait()

    async def person(self, number: str) -> "Person":
        """Two halves of a Local channel, both in our application and up."""
        leg, far = fresh("leg"), ""
        await channels.originate(
            self.conn, leg, f"Local/{number}@from-agents/n", app=_APP, app_args="leg", pin=leg
        )
        async with asyncio.timeout(_DEADLINE_S):
            while not far:
                self.news.clear()
                for event in self.told:
                    if not isinstance(event, events_gen.StasisStart) or not event.args[1:]:
                        continue
                    if number.encode() in base64.b64decode(event.args[1]):
                        far = event.channel.id
                if not far:
                    await self.news.wait()
        await channels.answer(self.conn, far, pin=leg)
        await self.until_told(events_gen.StasisStart, of=leg)
        return Person(self, leg, far)


@dataclass(frozen=True)
class Person:
    """`leg` is what the floor would hold; `far` is where the person's mouth and ears are."""

    room: Room
    leg: str
    far: str

    async def speak(self, hz: int) -> str:
        """Say a tone for a minute; returns the playback."""
        name, media = fresh("voice"), f"{self.room.running.sounds_uri_prefix}voice-{hz}"
        await channels.play(self.room.conn, self.far, name, [media], pin=self.leg)
        await self.room.until_told(events_gen.PlaybackStarted, of=name)
        return name

    async def listen(self, seconds: int = 1) -> Path:
        """What the person hears from now on."""
        name = fresh("ears")
        await channels.record(self.room.conn, self.far, name, pin=self.leg, max_duration_s=seconds)
        await self.room.until_told(events_gen.RecordingFinished, of=name)
        return self.room.running.recordings / f"{name}.wav"


def _subject(event: AriEvent) -> str | None:
    match event:
        case events_gen.PlaybackStarted() | events_gen.PlaybackFinished():
            return event.playback.id
        case (
            events_gen.RecordingStarted()
            | events_gen.RecordingFinished()
            | events_gen.RecordingFailed()
        ):
            return event.recording.name
        case (
            events_gen.StasisStart()
            | events_gen.StasisEnd()
            | events_gen.ChannelDtmfReceived()
            | events_gen.ChannelEnteredBridge()
            | events_gen.ChannelLeftBridge()
        ):
            return event.channel.id if event.channel else None
        case _:
            return None


@pytest.fixture
async def room(running: RunningSwitch) -> AsyncIterator[Room]:
    holder: list[Room] = []
    conn = AriConnection(
        AriSettings(
            base_url=running.ari_url,
            user=running.ari_user,
            password=running.ari_password,
            app=_APP,
        ),
        on_event=lambda event: holder[0].hear(event),
        on_state=lambda state: None,
    )
    holder.append(Room(conn, running))
    await conn.start(timeout_s=_DEADLINE_S)
    try:
        yield holder[0]
    finally:
        for bridge in await bridges.list_all(conn):
            await bridges.destroy(conn, bridge.id, pin="end")
        for channel in await channels.list_all(conn):
            await channels.hangup(conn, channel.id, pin="end")
        await conn.close()


def fresh(kind: str) -> str:
    return f"{kind}-{uuid.uuid4()}"


async def joined(room: Room, *legs: str, bridge_type: str = "mixing") -> str:
    bridge = fresh("bridge")
    await bridges.create(room.conn, bridge, pin="c", bridge_type=bridge_type)
    await bridges.add_channels(
        room.conn, bridge, legs, pin="c", inhibit_connected_line_updates=True
    )
    return bridge


def tones(path: Path) -> set[int]:
    return {heard.hz for heard in wav_tones(path) if heard.seconds >= 0.5}


async def test_a_supervisor_whispers_to_the_agent_alone_and_muted_only_listens(room: Room) -> None:
    caller, agent, supervisor = [await room.person(number) for number in ("11", "12", "13")]
    await joined(room, caller.leg, agent.leg)
    snoop = fresh("snoop")
    await channels.snoop(
        room.conn, agent.leg, snoop, app=_APP, pin="c",
        spy=Direction.BOTH, whisper=Direction.OUT, app_args="snoop,c-1",
    )  # fmt: skip
    started = await room.until_told(events_gen.StasisStart, of=snoop)
    assert isinstance(started, events_gen.StasisStart)
    assert started.args == ("snoop", "c-1")
    await joined(room, snoop, supervisor.leg)
    voice = await supervisor.speak(_SUPERVISOR_HZ)
    at_agent, at_caller = await asyncio.gather(agent.listen(), caller.listen())
    assert tones(at_agent) == {_SUPERVISOR_HZ}
    assert is_silent(read_wav(at_caller)[0])
    await channels.mute(room.conn, supervisor.leg, pin="c", direction=Direction.IN)
    assert is_silent(read_wav(await agent.listen())[0])
    await playbacks.stop(room.conn, voice, pin=supervisor.leg)
    await room.until_told(events_gen.PlaybackFinished, of=voice)
    await caller.speak(_CALLER_HZ)
    await agent.speak(_AGENT_HZ)
    assert tones(await supervisor.listen()) == {_CALLER_HZ, _AGENT_HZ}
    await channels.hangup(room.conn, agent.leg, pin="c")
    await room.until_told(events_gen.StasisEnd, of=snoop)
    with pytest.raises(errors.Gone):
        await channels.snoop(
            room.conn, agent.leg, fresh("snoop"), app=_APP, pin="c", spy=Direction.BOTH
        )


async def test_a_held_caller_leaves_the_recorded_bridge_and_its_recording_goes_on(
    room: Room,
) -> None:
    caller, agent = await room.person("21"), await room.person("22")
    bridge, name = await joined(room, caller.leg, agent.leg), fresh("talk")
    await bridges.record(room.conn, bridge, name, pin="c")
    await room.until_told(events_gen.RecordingStarted, of=name)
    await caller.speak(_CALLER_HZ)
    assert tones(await agent.listen()) == {_CALLER_HZ}
    await bridges.remove_channels(room.conn, bridge, [caller.leg], pin="c")
    await channels.start_moh(room.conn, caller.leg, pin="c")
    assert is_silent(read_wav(await agent.listen())[0])
    await channels.stop_moh(room.conn, caller.leg, pin="c")
    await bridges.add_channels(room.conn, bridge, [caller.leg], pin="c")
    assert tones(await agent.listen()) == {_CALLER_HZ}
    await recordings.stop(room.conn, name, pin="c")
    await room.until_told(events_gen.RecordingFinished, of=name)
    samples, rate = read_wav(room.running.recordings / f"{name}.wav")
    assert len(samples) / rate >= 2.5, "three seconds of listening were recorded in one file"


async def test_a_voicemail_ends_by_its_key_and_is_played_to_an_agent(room: Room) -> None:
    caller, agent = await room.person("31"), await room.person("32")
    name = fresh("message")
    voice = await caller.speak(_CALLER_HZ)
    await channels.record(
        room.conn, caller.leg, name, pin="c", beep=True,
        max_duration_s=60, max_silence_s=5, end_on=EndRecordingOn.HASH,
    )  # fmt: skip
    await room.until_told(events_gen.RecordingStarted, of=name)
    with pytest.raises(errors.Conflict, match="recording"):
        await joined(room, caller.leg)
    meanwhile = await agent.listen(seconds=2)
    assert is_silent(read_wav(meanwhile)[0])
    await playbacks.stop(room.conn, voice, pin=caller.leg)
    await channels.send_dtmf(room.conn, caller.far, "#", pin=caller.leg)
    ended = await room.until_told(events_gen.RecordingFinished, of=name)
    assert isinstance(ended, events_gen.RecordingFinished)
    assert ended.recording.target_uri == f"channel:{caller.leg}"
    assert tones(room.running.recordings / f"{name}.wav") == {_CALLER_HZ}
    playing = fresh("playing")
    await channels.play(room.conn, agent.leg, playing, [f"recording:{name}"], pin="c")
    assert [t.hz for t in wav_tones(await agent.listen())] == [_CALLER_HZ]
    await room.until_told(events_gen.PlaybackFinished, of=playing)


async def test_a_leg_in_a_bridge_is_not_recorded_alone(room: Room) -> None:
    person = await room.person("41")
    await joined(room, person.leg)
    name = fresh("refused")
    await channels.record(room.conn, person.leg, name, pin="c")
    failed = await room.until_told(events_gen.RecordingFailed, of=name)
    assert isinstance(failed, events_gen.RecordingFailed)
    assert failed.recording.cause == "Cannot record channel while in bridge"


async def test_keys_of_two_who_talk_are_told_and_absorbed(room: Room) -> None:
    caller, agent = await room.person("51"), await room.person("52")
    bridge = await joined(room, caller.leg, bridge_type="mixing,dtmf_events")
    await bridges.add_channels(room.conn, bridge, [agent.leg], pin="c", absorb_dtmf=True)
    await channels.send_dtmf(room.conn, agent.far, "7", pin=agent.leg)
    told = await room.until_told(events_gen.ChannelDtmfReceived, of=agent.leg)
    assert isinstance(told, events_gen.ChannelDtmfReceived)
    assert told.digit == "7"
    await channels.send_dtmf(room.conn, caller.far, "3", pin=caller.leg)
    await room.until_told(events_gen.ChannelDtmfReceived, of=agent.far)
    at_caller = [
        e.digit
        for e in room.told
        if isinstance(e, events_gen.ChannelDtmfReceived) and e.channel.id == caller.far
    ]
    assert at_caller == []


async def test_a_connected_agent_hears_a_beep_in_the_holding_bridge_and_goes_straight_to_the_caller(
    room: Room,
) -> None:
    caller, agent = await room.person("61"), await room.person("62")
    holding = await joined(room, agent.leg, bridge_type="holding")
    await caller.speak(_CALLER_HZ)
    talk, beep = await joined(room, caller.leg), fresh("beep")
    await channels.play(room.conn, agent.leg, beep, ["sound:beep"], pin="c")
    heard = await agent.listen()
    assert not is_silent(read_wav(heard)[0])
    done = await room.until_told(events_gen.PlaybackFinished, of=beep)
    assert isinstance(done, events_gen.PlaybackFinished)
    assert done.playback.state == "done"
    await bridges.add_channels(room.conn, talk, [agent.leg], pin="c")
    assert tones(await agent.listen()) == {_CALLER_HZ}
    await bridges.add_channels(room.conn, holding, [agent.leg], pin="c")
    assert is_silent(read_wav(await agent.listen())[0])
    assert (await bridges.get(room.conn, talk, pin="c")).channels == (caller.leg,)
