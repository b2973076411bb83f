"""One SIPp process: started, watched through its event log, steered, stopped by pid.

Decides how SIPp is run and how a running call is steered; refuses to know what a scenario means.

Steering: SIPp hands any request with a known Call-ID to that call, whoever sent it and whatever
its method. So we send `HANGUP`, `ANSWER`, `HOLD`… (no SIP methods) straight to SIPp's
port, and the scenarios wait for them with <recv request="HANGUP">. They never reach the switch.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from load.errors import PartyTimeout, SippFailed
from load.figures import Counts, Event, exit_meaning, parse_counts, parse_event
from load.site import SCENARIOS, Site, is_free, unread_bytes
from load.wire import SipMessage, parse_messages

_POLL_S = 0.005
_TAIL = 4000
_FEW_BYTES = 16_384
"""Of what the kernel counts for a port that takes 131,072 (SIPp's own setting, doubled)."""
_PART = re.compile(r"^ *<\?part (\S+)\?>\n", re.MULTILINE)


def whole_scenario(name: str) -> str:
    """Return a scenario's text with its parts (`<?part talk.xml?>`) put in."""
    text = (SCENARIOS / name).read_text()
    return _PART.sub(lambda found: (SCENARIOS / "parts" / found[1]).read_text(), text)


class SippProcess:
    """Runs one scenario (and with `receive` a second one for incoming calls on the same port)."""

    def __init__(
        self,
        site: Site,
        scenario: str,
        *,
        name: str,
        keys: Mapping[str, object] | None = None,
        options: Sequence[str] = (),
        receive: str | None = None,
        trace_messages: bool = True,
        poll_s: float = _POLL_S,
        port: int | None = None,
        edit: Callable[[str], str] = str,
    ) -> None:
        """`edit` makes of the whole text of each scenario what is run; a byte that is no UTF-8
        stands in it as Python's surrogate escape.
        """
        self.site = site
        self.name = name
        self.scenario = scenario
        self.events: list[Event] = []
        self.folder: Path = site.folder(name)
        self.port = site.sip_pool.take() if port is None else port
        self._control = site.sip_pool.take()
        self._keys = dict(keys or {})
        self._options = list(options)
        self._receive = receive
        self._trace_messages = trace_messages
        self._poll_s = poll_s
        self._edit = edit
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self._partial = ""
        self._offset = 0
        self._messages: list[SipMessage] = []
        self._messages_offset = 0
        self._steps = 900
        self._over = False
        self.on_event: Callable[[Event], None] | None = None

    @property
    def pid(self) -> int:
        """SIPp's process id; 0 before the start."""
        return self._process.pid if self._process else 0

    @property
    def exit_code(self) -> int | None:
        """SIPp's exit code, None while it runs."""
        return self._process.returncode if self._process else None

    @property
    def running(self) -> bool:
        """Whether SIPp was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    def add_options(self, *options: str) -> None:
        """Append SIPp options; only before `start`."""
        self._options.extend(options)

    def argv(self) -> list[str]:
        """Return the whole command line."""
        site, folder = self.site, self.folder
        argv = [*site.sipp, f"{site.switch_host}:{site.switch_port}"]
        argv += ["-sf", str(folder / self.scenario)]
        if self._receive:
            argv += ["-rxsf", str(folder / self._receive)]
        argv += ["-i", site.host, "-bind_local", "-p", str(self.port), "-mi", site.host]
        argv += ["-ci", site.host, "-cp", str(self._control), "-nostdin"]
        argv += ["-aa"]  # connected-line UPDATE and the like may come at any moment
        argv += ["-trace_stat", "-stf", str(folder / "stat.csv"), "-fd", "1"]
        argv += ["-trace_err", "-error_file", str(folder / "errors.log")]
        argv += ["-trace_logs", "-log_file", str(folder / "events.log")]
        if self._trace_messages:
            argv += ["-trace_msg", "-message_file", str(folder / "messages.log")]
        for key, value in self._keys.items():
            argv += ["-key", key, str(value)]
        return argv + self._options

    def write_scenarios(self) -> None:
        """Write the scenarios, made whole, into the party's folder."""
        for name in filter(None, (self.scenario, self._receive)):
            text = self._edit(whole_scenario(name))
            (self.folder / name).write_bytes(text.encode(errors="surrogateescape"))

    async def start(self) -> None:
        """Start SIPp, on its scenarios made whole, and the watcher of its event log."""
        self.write_scenarios()
        with (self.folder / "output.txt").open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self.argv(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                start_new_session=True,
                env={"PATH": os.environ.get("PATH", os.defpath), "TERM": "dumb", "TZ": "UTC"},
            )
        self._watcher = asyncio.create_task(self._watch(self._process), name=f"watch-{self.name}")

    async def __aenter__(self) -> SippProcess:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def steer(self, verb: str, call_id: str, **headers: str) -> int:
        """Send `verb` (HANGUP, ANSWER…) to the call; it takes effect within a millisecond or so.

        Returns its CSeq, which scenarios take for the request that they send because of it.
        """
        self._steps += 1
        host = self.site.host
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        text = (
            f"{verb} sip:steer@{host}:{self.port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:9;branch=z9hG4bK-steer-{self._steps}\r\n"
            f"From: <sip:harness@{host}>;tag=harness\r\n"
            f"To: <sip:steer@{host}>;tag=steer\r\n"
            f"Call-ID: {call_id}\r\nCSeq: {self._steps} {verb}\r\n{more}Content-Length: 0\r\n\r\n"
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(text.encode(), (host, self.port))
        return self._steps

    def send_signal(self, number: int) -> None:
        """Send a signal to SIPp if it still runs (SIGUSR1: no new calls, end when all ended)."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def event(
        self,
        condition: Callable[[Event], bool],
        *,
        what: str,
        timeout_s: float,
        after: int = 0,
    ) -> Event:
        """Wait for an event that fulfils `condition`, those from index `after` on counted.

        Raises:
            PartyTimeout: it did not come in time.
            SippFailed: SIPp ended without it.
        """
        found: list[Event] = []

        def seen() -> bool:
            found[:] = [one for one in self.events[after:] if condition(one)][:1]
            return bool(found)

        await self.until(seen, what=what, timeout_s=timeout_s)
        return found[0]

    async def until(self, condition: Callable[[], bool], *, what: str, timeout_s: float) -> None:
        """Wait until `condition` holds; it is looked at after each event and at SIPp's end.

        Raises:
            PartyTimeout, SippFailed: as for `event`.
        """
        try:
            async with asyncio.timeout(timeout_s), self._news:
                await self._news.wait_for(lambda: condition() or self._is_over())
        except TimeoutError:
            raise PartyTimeout(
                f"{self.name}: {what} did not happen within {timeout_s} s\n{self.report()}"
            ) from None
        if not condition():
            raise SippFailed(f"{self.name}: SIPp ended before {what}\n{self.report()}")

    async def finished(self, timeout_s: float) -> int:
        """Wait for SIPp's end and return its exit code."""
        await self.until(self._is_over, what="the end of SIPp", timeout_s=timeout_s)
        return self.exit_code or 0

    async def succeeded(self, timeout_s: float) -> None:
        """Wait for SIPp's end.

        Raises:
            SippFailed: its exit code says that not every call succeeded.
        """
        if await self.finished(timeout_s) != 0:
            raise SippFailed(f"{self.name}: {self.report()}")

    async def listening(self, timeout_s: float) -> None:
        """Wait until SIPp holds its port, so that it can be called.

        Raises:
            PartyTimeout, SippFailed: as for `event`.
        """
        deadline_s = time.monotonic() + timeout_s
        while is_free(self.port):
            if self._over:
                raise SippFailed(f"{self.name}: SIPp ended before it listened\n{self.report()}")
            if time.monotonic() > deadline_s:
                raise PartyTimeout(
                    f"{self.name}: SIPp does not listen within {timeout_s} s\n{self.report()}"
                )
            await asyncio.sleep(_POLL_S)

    async def read_up(self, *, timeout_s: float) -> None:
        """Wait until SIPp has read most of what was sent to it, so that none of the next is lost.

        Raises:
            PartyTimeout: it did not, and still runs.
        """
        deadline_s = time.monotonic() + timeout_s
        while self.running and (unread := unread_bytes(self.port)) > _FEW_BYTES:
            if time.monotonic() > deadline_s:
                raise PartyTimeout(
                    f"{self.name}: SIPp left {unread} bytes unread for {timeout_s} s\n"
                    f"{self.report()}"
                )
            await asyncio.sleep(_POLL_S)

    def messages(self) -> list[SipMessage]:
        """Return all SIP messages so far, sent and received (none without `trace_messages`)."""
        path = self.folder / "messages.log"
        if path.exists():
            with path.open("rb") as file:
                file.seek(self._messages_offset)
                fresh, taken = parse_messages(file.read())
            self._messages_offset += taken
            self._messages.extend(fresh)
        return list(self._messages)

    def counts(self) -> Counts:
        """Return SIPp's own counts, as fresh as its last line of statistics (one a second)."""
        path = self.folder / "stat.csv"
        return parse_counts(path.read_text(errors="replace")) if path.exists() else Counts()

    def errors(self) -> str:
        """Return SIPp's error log, less the time-outs that scenarios provoke on purpose."""
        path = self.folder / "errors.log"
        if not path.exists():
            return ""
        lines = path.read_text(errors="replace").splitlines()
        return "\n".join(line for line in lines if ", jumping to label" not in line)

    def report(self) -> str:
        """Return what a failure message needs: exit, events, errors, last messages."""
        code = self.exit_code
        state = "runs" if code is None else f"ended with {code}: {exit_meaning(code)}"
        seen = ", ".join(f"{one.name}({one.call_id})" for one in self.events[-20:]) or "none"
        parts = [f"SIPp {self.scenario} on port {self.port} {state}; files in {self.folder}"]
        parts.append(f"events: {seen}")
        for title, file in (("messages", "messages.log"), ("output", "output.txt")):
            path = self.folder / file
            if path.exists() and (title == "messages" or code not in (None, 0)):
                parts.append(f"--- last {title}\n{path.read_text(errors='replace')[-_TAIL:]}")
        if errors := self.errors():
            parts.append(f"--- errors\n{errors[-_TAIL:]}")
        return "\n".join(parts)

    async def close(self, *, number: int = signal.SIGKILL) -> None:
        """End SIPp at once and wait for it; give its ports back. May be called twice."""
        if self._process is not None:
            self.send_signal(number)
            await self._process.wait()
        if self._watcher is not None:
            await self._watcher
            self._watcher = None
        self.site.sip_pool.give_back(self.port)
        self.site.sip_pool.give_back(self._control)

    def _is_over(self) -> bool:
        return self._over

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        while process.returncode is None:
            await self._look()
            await asyncio.sleep(self._poll_s)
        self._over = True  # before the last look, which wakes whoever waits for the end
        await self._look()

    async def _look(self) -> None:
        if self._read_events() or self._over:
            async with self._news:
                self._news.notify_all()

    def _read_events(self) -> bool:
        path = self.folder / "events.log"
        if not path.exists():
            return False
        with path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        self._offset += len(data)
        *lines, self._partial = (self._partial + data.decode(errors="replace")).split("\n")
        fresh = [event for line in lines if (event := parse_event(line)) is not None]
        self.events.extend(fresh)
        if self.on_event is not None:
            for event in fresh:
                self.on_event(event)
        return bool(fresh)
