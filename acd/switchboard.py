"""Carries out the engine's commands on Asterisk, and says as an event when one was not.

Commands of one call are sent in order on one socket, without waiting for each other's replies.
Decides nothing: which failure matters is the engine's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import assert_never

import structlog

from acd.commands import (
    AnswerCaller,
    Command,
    CreateBridge,
    DestroyBridge,
    HangUp,
    IndicateRinging,
    JoinBridge,
    PlayPrompt,
    ProbePhone,
    RingAgent,
    StartMusic,
    StartRecording,
    StopMusic,
    StopPrompt,
    StopRecording,
)
from acd.events import CommandFailed, Failure, PhoneReachable, PhoneUnreachable, SwitchEvent
from acd.translate import RUNG
from ari import bridges, channels, endpoints, playbacks, recordings
from ari.connection import AriConnection
from ari.errors import AriError, Conflict, Gone, OutcomeUnknown, Replaced, Unavailable

log = structlog.get_logger(__name__)


class Switchboard:
    """The floor's hands on one Asterisk.

    `sounds_prefix` is the media URI under which Asterisk finds our prompts, `max_call_s` the
    longest life of a leg (nobody hangs up a bridge whose owner died), `on_event` takes failures.
    """

    def __init__(
        self,
        conn: AriConnection,
        app: str,
        sounds_prefix: str,
        max_call_s: int,
        on_event: Callable[[SwitchEvent], None],
    ) -> None:
        self._conn = conn
        self._app = app
        self._sounds_prefix = sounds_prefix
        self._max_call_s = max_call_s
        self._on_event = on_event
        self._tasks: set[asyncio.Task[None]] = set()
        self.failed_count: dict[str, int] = {}

    def carry_out(self, command: Command) -> None:
        """Send the command now; a failure comes back through `on_event`."""
        task = asyncio.get_running_loop().create_task(self._run(command))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait for what was sent; nothing new is taken."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)
        for task in self._tasks:
            task.cancel()

    async def _run(self, command: Command) -> None:
        try:
            if isinstance(command, ProbePhone):
                await self._probe(command)
            else:
                await self._sent(command)
        except AriError as error:
            failure = _failure(error)
            name = f"{type(command).__name__}:{failure}"
            self.failed_count[name] = self.failed_count.get(name, 0) + 1
            log.debug("command failed", command=type(command).__name__, error=str(error))
            self._on_event(CommandFailed(command, failure, str(error)))

    async def _probe(self, command: ProbePhone) -> None:
        endpoint = await endpoints.get(self._conn, "PJSIP", command.phone)
        up = endpoint.state == "online"
        self._on_event(PhoneReachable(command.phone) if up else PhoneUnreachable(command.phone))

    def _sent(self, command: Command) -> Awaitable[object]:
        conn, pin = self._conn, "" if isinstance(command, ProbePhone) else command.call_id
        match command:
            case AnswerCaller(channel_id=channel):
                return channels.answer(conn, channel, pin=pin)
            case IndicateRinging(channel_id=channel):
                return channels.ring(conn, channel, pin=pin)
            case PlayPrompt():
                return self._play(command)
            case StopPrompt(playback_id=playback):
                return playbacks.stop(conn, playback, pin=pin)
            case StartMusic(channel_id=channel, music=music):
                return channels.start_moh(conn, channel, pin=pin, moh_class=music)
            case StopMusic(channel_id=channel):
                return channels.stop_moh(conn, channel, pin=pin)
            case RingAgent():
                return self._ring(command)
            case CreateBridge(bridge_id=bridge):
                return bridges.create(conn, bridge, pin=pin, name=self._app)
            case JoinBridge(bridge_id=bridge, channel_ids=legs):
                return bridges.add_channels(
                    conn, bridge, legs, pin=pin, inhibit_connected_line_updates=True
                )
            case DestroyBridge(bridge_id=bridge):
                return bridges.destroy(conn, bridge, pin=pin)
            case StartRecording(bridge_id=bridge, recording_id=name):
                return bridges.record(conn, bridge, name, pin=pin, max_duration_s=self._max_call_s)
            case StopRecording(recording_id=name):
                return recordings.stop(conn, name, pin=pin)
            case HangUp(channel_id=channel, cause=cause):
                return channels.hangup(conn, channel, pin=pin, reason_code=cause)
            case ProbePhone():
                return self._probe(command)
            case _:
                assert_never(command)

    def _play(self, command: PlayPrompt) -> Coroutine[None, None, object]:
        media = [self._media(name, command.language) for name in command.media]
        return channels.play(
            self._conn,
            command.channel_id,
            command.playback_id,
            media,
            pin=command.call_id,
            lang=command.language,
        )

    def _media(self, name: str, language: str) -> str:
        kind, _, key = name.partition(":")
        folder = "plateau-tts" if kind == "tts" else f"plateau/{language}"
        return f"{self._sounds_prefix}{folder}/{key}"

    def _ring(self, command: RingAgent) -> Coroutine[None, None, object]:
        return channels.originate(
            self._conn,
            command.channel_id,
            f"PJSIP/{command.phone}",
            app=self._app,
            app_args=f"{RUNG},{command.call_id}",
            caller_id=_caller_id(command.name, command.number),
            timeout_s=command.limit_s,
            variables={"TIMEOUT(absolute)": str(self._max_call_s)},
            pin=command.call_id,
        )


def _caller_id(name: str | None, number: str | None) -> str:
    """`"Name" <number>` of hostile text: quotes, brackets and control characters are left out."""
    clean = "".join(c for c in name or "" if c.isprintable() and c not in '"<>\\')[:60]
    digits = "".join(c for c in number or "" if (c.isascii() and c.isalnum()) or c in "+*#")[:32]
    return f'"{clean}" <{digits}>' if digits else f'"{clean or "anonymous"}" <>'


def _failure(error: AriError) -> Failure:
    match error:
        case Gone():
            return Failure.GONE
        case Conflict():
            return Failure.CONFLICT
        case OutcomeUnknown():
            return Failure.UNKNOWN
        case Unavailable() | Replaced():
            return Failure.UNAVAILABLE
        case _:
            return Failure.REFUSED
