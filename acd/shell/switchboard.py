"""Carries out the engine's commands on Asterisk, and says as an event when one was not.

Commands of one call are sent in order on one socket, without waiting for each other's replies.
Decides nothing: which failure matters is the engine's business.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from typing import assert_never

import structlog

from acd.commands import (
    AnswerCaller,
    CallCommand,
    Command,
    CreateBridge,
    DestroyBridge,
    DialOutside,
    FetchLine,
    GiveUpDial,
    HangUp,
    IndicateRinging,
    JoinBridge,
    LeaveBridge,
    MuteLeg,
    PlayPrompt,
    ProbePhone,
    RecordLeg,
    RingAgent,
    SendDigits,
    ShowCaller,
    SnoopOn,
    StartMusic,
    StartRecording,
    StartRinging,
    StopMusic,
    StopPrompt,
    StopRecording,
    StopRinging,
)
from acd.dial_ends import NO_USER_RESPONDING, REQUEST_TIMEOUT
from acd.events import (
    ChannelGone,
    CommandFailed,
    Failure,
    LegAnswered,
    PhoneReachable,
    PhoneUnreachable,
    SwitchEvent,
)
from acd.failing import Failing
from acd.model import ChannelId
from acd.shell.outcomes import CommandOutcome, outcome_of
from acd.shell.translate import FORWARD_CONTEXT, RUNG, SNOOP, TRANSFER_CONTEXT
from ari import asterisk, bridges, channels, endpoints, playbacks, recordings
from ari.connection import AriConnection
from ari.errors import AriError, Conflict, Gone, OutcomeUnknown, Replaced, Unavailable
from ari.events_gen import Channel

log = structlog.get_logger(__name__)


ASK_AGAIN_S = 1.0
"""How soon after a command without an answer the switch is asked whether it answers any."""


class Switchboard:
    """The floor's hands on one Asterisk.

    `sounds_prefix` is the media URI under which Asterisk finds our prompts, `trunk` the endpoint
    towards the outside, `max_call_s` the
    longest life of a leg (nobody hangs up a bridge whose owner died), `on_event` takes failures.
    `answering` is the row of commands that the switch did not answer (milliseconds of the loop).
    """

    def __init__(
        self,
        conn: AriConnection,
        app: str,
        sounds_prefix: str,
        trunk: str,
        max_call_s: int,
        on_event: Callable[[SwitchEvent], None],
    ) -> None:
        self._conn = conn
        self._app = app
        self._sounds_prefix = sounds_prefix
        self._trunk = trunk
        self._max_call_s = max_call_s
        self._on_event = on_event
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_on: dict[ChannelId, tuple[str, asyncio.Task[None]]] = {}
        self._gates: dict[str, asyncio.Task[None]] = {}
        self.outcomes: Counter[CommandOutcome] = Counter()
        self.answering = Failing()

    def carry_out(self, command: Command) -> None:
        """Send the command now; a failure comes back through `on_event`.

        Commands of one call keep their order by themselves. A leg that goes from one call to
        another (a connected agent's, a transferred one) must not be moved back by a late command
        of the first: what touches it waits until the other call's has been answered.
        """
        pin = "" if isinstance(command, ProbePhone) else command.call_id
        legs = _legs_of(command)
        waits = [
            task
            for other, task in (self._last_on[leg] for leg in legs if leg in self._last_on)
            if other != pin and not task.done()
        ]
        gate = self._gates.get(pin)
        if gate is not None and not gate.done():
            waits.append(gate)
        task = asyncio.get_running_loop().create_task(self._run(command, waits))
        self._tasks.add(task)
        if waits:
            self._gates[pin] = task
        for leg in legs:
            self._last_on[leg] = (pin, task)
        task.add_done_callback(lambda done: self._forget(done, pin, legs))

    def _forget(self, done: asyncio.Task[None], pin: str, legs: tuple[ChannelId, ...]) -> None:
        self._tasks.discard(done)
        if self._gates.get(pin) is done:
            del self._gates[pin]
        for leg in legs:
            entry = self._last_on.get(leg)
            if entry is not None and entry[1] is done:
                del self._last_on[leg]

    async def close(self) -> None:
        """Wait for what was sent; nothing new is taken."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)
        for task in self._tasks:
            task.cancel()

    async def _run(self, command: Command, after: list[asyncio.Task[None]]) -> None:
        if after:
            await asyncio.wait(after)
        try:
            told = await self._done(command)
            self.answering.succeeded()
            self.outcomes[CommandOutcome.DONE] += 1
        except AriError as error:
            self._answered(error)
            told = self._failed(command, outcome_of(command, error), _failure(error), str(error))
        except Exception as fault:  # noqa: BLE001 - told with its trace as a failed command
            # The call waits for news of its command, whoever is to blame that it was not done.
            self.answering.failed(_loop_ms(), type(fault).__name__)
            why = f"{type(fault).__name__}: {fault}"
            told = self._failed(command, CommandOutcome.FAULT, Failure.REFUSED, why, fault)
        if told is not None:
            self._on_event(told)

    def _answered(self, error: AriError) -> None:
        """A refusal is an answer too."""
        if isinstance(error, Unavailable | Replaced | OutcomeUnknown):
            self.answering.failed(_loop_ms(), str(error))
        else:
            self.answering.succeeded()

    async def look_for_answers(self) -> None:
        """After a command without an answer, ask for a sign of life on the way that commands go,
        until there is one. Runs until cancelled.
        """
        while True:
            await asyncio.sleep(ASK_AGAIN_S)
            if self.answering.since is None:
                continue
            try:
                await asterisk.ping(self._conn)
                self.answering.succeeded()
            except AriError as error:
                self._answered(error)

    @property
    def silent_ms(self) -> int:
        """How long no command has been answered though some were sent; 0 while all is well."""
        return self.answering.for_ms(_loop_ms())

    async def _done(self, command: Command) -> SwitchEvent | None:
        """Have it done; the news that it brought by itself."""
        if isinstance(command, ProbePhone):
            endpoint = await endpoints.get(self._conn, "PJSIP", command.phone)
            up = endpoint.state == "online"
            return PhoneReachable(command.phone) if up else PhoneUnreachable(command.phone)
        await self._sent(command)
        return None

    async def _give_up(self, command: GiveUpDial) -> None:
        """A leg that has never rung (no 18x) is told as one to which nobody replied."""
        channel, pin = command.channel_id, command.call_id
        leg = await channels.get(self._conn, channel, pin=pin)
        if leg.state == "Up":
            return
        rang = leg.state == "Ringing" or await self._progressed(leg, pin)
        self._on_event(
            ChannelGone(command.channel_id, NO_USER_RESPONDING, sip=REQUEST_TIMEOUT, rang=rang)
        )
        await channels.hangup(self._conn, channel, pin=pin)

    async def _progressed(self, leg: Channel, pin: str) -> bool:
        """Whether the last response was one of 18x: 183 leaves a leg's state as it is."""
        # Asked for a leg without any response, the second function fails.
        answered = await channels.get_variable(self._conn, leg.id, "HANGUPCAUSE_KEYS()", pin=pin)
        if leg.name not in (answered or "").split(","):
            return False
        name = f"HANGUPCAUSE({leg.name},tech)"
        last = await channels.get_variable(self._conn, leg.id, name, pin=pin)
        return last is not None and last.startswith("SIP 18")

    def _failed(
        self,
        command: Command,
        outcome: CommandOutcome,
        failure: Failure,
        why: str,
        ours: Exception | None = None,
    ) -> CommandFailed:
        self.outcomes[outcome] += 1
        if outcome is CommandOutcome.FAULT:
            log.error("a command failed", why=why, exc_info=ours, **_named(command))
        elif outcome is CommandOutcome.UNKNOWN:
            log.warning("what became of a command is not known", why=why, **_named(command))
        elif outcome is CommandOutcome.REFUSED:
            log.info("a phone or line was not rung", why=why, **_named(command))
        else:
            log.debug("a command came too late", why=why, **_named(command))
        return CommandFailed(command, failure, why)

    def _sent(self, command: CallCommand) -> Awaitable[object]:
        conn, pin = self._conn, command.call_id
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
            case CreateBridge(bridge_id=bridge, holding=holding):
                kind = "holding" if holding else "mixing"
                return bridges.create(conn, bridge, pin=pin, name=self._app, bridge_type=kind)
            case JoinBridge(bridge_id=bridge, channel_ids=legs):
                return bridges.add_channels(
                    conn, bridge, legs, pin=pin, inhibit_connected_line_updates=True
                )
            case FetchLine():
                return self._fetch(command)
            case DestroyBridge(bridge_id=bridge):
                return bridges.destroy(conn, bridge, pin=pin)
            case StartRecording(bridge_id=bridge, recording_id=name):
                return bridges.record(conn, bridge, name, pin=pin, max_duration_s=self._max_call_s)
            case StopRecording(recording_id=name):
                return recordings.stop(conn, name, pin=pin)
            case HangUp(channel_id=channel, cause=cause):
                return channels.hangup(conn, channel, pin=pin, reason_code=cause)
            case DialOutside():
                return self._dial_outside(command)
            case GiveUpDial():
                return self._give_up(command)
            case LeaveBridge(bridge_id=bridge, channel_ids=legs):
                return bridges.remove_channels(conn, bridge, legs, pin=pin)
            case MuteLeg(channel_id=channel, muted=True):
                return channels.mute(conn, channel, pin=pin, direction=channels.Direction.IN)
            case MuteLeg(channel_id=channel):
                return channels.unmute(conn, channel, pin=pin, direction=channels.Direction.IN)
            case SendDigits(channel_id=channel, digits=digits):
                return channels.send_dtmf(conn, channel, digits, pin=pin)
            case StartRinging(channel_id=channel):
                return channels.ring(conn, channel, pin=pin)
            case StopRinging(channel_id=channel):
                return channels.ring_stop(conn, channel, pin=pin)
            case RecordLeg():
                return self._record_leg(command)
            case SnoopOn():
                return self._snoop(command)
            case ShowCaller(channel_id=channel, number=number, name=name):
                shown = _caller_id(name, number)
                return channels.set_variable(conn, channel, "CONNECTEDLINE(all)", shown, pin=pin)
            case _:
                assert_never(command)

    async def _fetch(self, command: FetchLine) -> None:
        # Answered once the leg's own thread has put it there: a leg that has ended cannot.
        legs = (command.channel_id,)
        await bridges.add_channels(
            self._conn,
            command.bridge_id,
            legs,
            pin=command.call_id,
            inhibit_connected_line_updates=True,
        )
        self._on_event(LegAnswered(command.channel_id))

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
        if kind in ("recording", "sound", "digits"):
            return name
        folder = "plateau-tts" if kind == "tts" else f"plateau/{language}"
        return f"{self._sounds_prefix}{folder}/{key}"

    def _record_leg(self, command: RecordLeg) -> Coroutine[None, None, object]:
        return channels.record(
            self._conn,
            command.channel_id,
            command.recording_id,
            pin=command.call_id,
            beep=True,
            max_duration_s=command.longest_s,
            max_silence_s=command.silence_s,
            end_on=channels.EndRecordingOn.HASH,
        )

    def _snoop(self, command: SnoopOn) -> Coroutine[None, None, object]:
        # Always able to whisper: whether the supervisor is heard is settled by muting their leg.
        return channels.snoop(
            self._conn,
            command.channel_id,
            command.snoop_id,
            app=self._app,
            app_args=f"{SNOOP},{command.call_id}",
            pin=command.call_id,
            spy=channels.Direction.BOTH,
            whisper=channels.Direction.OUT if command.whisper else None,
        )

    def _dial_outside(self, command: DialOutside) -> Coroutine[None, None, object]:
        shown = _caller_id(None, command.caller_id) if command.caller_id is not None else None
        return channels.originate(
            self._conn,
            command.channel_id,
            f"PJSIP/{_dialable(command.number)}@{self._trunk}",
            app=self._app,
            app_args=f"{RUNG},{command.call_id}",
            caller_id=shown,
            timeout_s=command.limit_s,
            variables=self._on_every_leg(),
            pin=command.call_id,
        )

    def _on_every_leg(self) -> dict[str, str]:
        """What each leg carries that we dial.

        Asterisk follows a 3xx into the leg's own context (`handle_call_forward` in dial.c), where
        it would be a caller of ours, unless this variable names another.
        """
        return {
            "TIMEOUT(absolute)": str(self._max_call_s),
            "FORWARD_CONTEXT": FORWARD_CONTEXT,
        }

    def _ring(self, command: RingAgent) -> Coroutine[None, None, object]:
        variables = self._on_every_leg()
        # Where the switch puts what this phone transfers by itself; the floor takes it there.
        variables["TRANSFER_CONTEXT"] = TRANSFER_CONTEXT
        if command.auto_answer:
            # Two dialects of the same wish; phones know one or the other.
            variables["PJSIP_HEADER(add,Call-Info)"] = "<sip:plateau>;answer-after=0"
            alert = "<http://plateau>;info=alert-autoanswer;delay=0"
            variables["PJSIP_HEADER(add,Alert-Info)"] = alert
        return channels.originate(
            self._conn,
            command.channel_id,
            f"PJSIP/{command.phone}",
            app=self._app,
            app_args=f"{RUNG},{command.call_id}",
            caller_id=_caller_id(command.name, command.number),
            timeout_s=command.limit_s,
            variables=variables,
            pin=command.call_id,
        )


def _loop_ms() -> int:
    return round(asyncio.get_running_loop().time() * 1000)


def _named(command: Command) -> dict[str, str]:
    """What a line of the log says of a command: which, for which call, about which leg."""
    told = {"command": type(command).__name__}
    if isinstance(command, ProbePhone):
        return told | {"phone": command.phone}
    told["call"] = command.call_id
    leg = getattr(command, "channel_id", None)
    return told if leg is None else told | {"leg": leg}


def _legs_of(command: Command) -> tuple[ChannelId, ...]:
    """The legs that a command acts upon."""
    match command:
        case JoinBridge(channel_ids=legs) | LeaveBridge(channel_ids=legs):
            return legs
        case (
            HangUp(channel_id=leg)
            | StartMusic(channel_id=leg)
            | StopMusic(channel_id=leg)
            | StartRinging(channel_id=leg)
            | StopRinging(channel_id=leg)
            | PlayPrompt(channel_id=leg)
            | MuteLeg(channel_id=leg)
            | FetchLine(channel_id=leg)
        ):
            return (leg,)
        case _:
            return ()


def _dialable(number: str) -> str:
    """What may stand in a dial string: digits and a leading plus, star or hash."""
    return "".join(c for c in number if (c.isascii() and c.isdigit()) or c in "+*#")[:32]


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
