"""All there is, on one machine: Asterisk, the floor, the API, started and ended in order."""

from __future__ import annotations

import asyncio
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack

import msgspec

from acd.errors import PlateauError
from control.client import FloorAbsent, FloorClient
from control.protocol import Health, ReadHealth
from plateau.daemons import Daemon
from plateau.home import make_home
from plateau.settings import Settings, require_folders
from plateau.where import switch_config
from switch import lifecycle, listening
from switch.model import SwitchConfig, SwitchUnavailable

FIRST_LOGIN = "admin"

Say = Callable[[str], None]


class Started(msgspec.Struct, frozen=True):
    """Where everything is now. `password` is the first administrator's, only when just made."""

    url: str
    sip: str
    switch: str
    password: str | None

    def as_dict(self) -> dict[str, str | None]:
        """For JSON."""
        return {
            "url": self.url,
            "sip": self.sip,
            "switch": self.switch,
            "administrator": FIRST_LOGIN if self.password else None,
            "password": self.password,
        }


class Status(msgspec.Struct, frozen=True):
    """What runs: a few words by name, None for what does not; `well` if all runs and answers."""

    parts: dict[str, str | None]
    well: bool


def environment(settings: Settings) -> dict[str, str]:
    """The settings as variables, for a process of ours to be started with."""
    values = settings.model_dump(exclude_none=True)
    values["home"] = settings.home.resolve()
    return {f"PLATEAU_{name.upper()}": str(value) for name, value in values.items()}


def up(settings: Settings, say: Say) -> Started:
    """Start what does not run yet. After a failure nothing runs that did not run before.

    What can be judged is judged before anything is started: the home, the ports, then the database
    with its tables.

    Raises PlateauError, StoreError, SwitchUnavailable.
    """
    from plateau.first_store import prepare_store

    require_folders(settings, "rootfs")
    make_home(settings.home)
    floor, web = Daemon(settings.home, "floor"), Daemon(settings.home, "api")
    if web.pid() is None:
        require_free_port(settings.api_host, settings.api_port)
    config = switch_config(settings)
    ran = lifecycle.runs(config)
    if not ran:
        lifecycle.require_free_ports(config)
    say("Preparing the store")
    password = asyncio.run(prepare_store(settings))
    if password is not None:
        # Now, for what comes may fail, and it is kept nowhere.
        say(f"First administrator: {FIRST_LOGIN} / {password}")
    with ExitStack() as undo:
        if not ran:
            undo.callback(_end_switch, config, say)
        running = lifecycle.up(config, progress=say)
        say("Starting the floor")
        _start(floor, settings, say, undo)
        floor.wait_ready(lambda: health(settings, "floor")[0], timeout_s=60)
        say("Starting the API")
        _start(web, settings, say, undo)
        url = page_url(settings)
        web.wait_ready(lambda: _answers(f"{url}health/live"), timeout_s=60)
        undo.pop_all()
    sip = f"{settings.sip_address or settings.bind_address}:{settings.sip_port}"
    return Started(url, sip, f"Asterisk {running.version} ({running.kind})", password)


def _start(part: Daemon, settings: Settings, say: Say, undo: ExitStack) -> None:
    """Start a process unless it runs; it ends with `undo` if it was started here."""

    def end() -> None:
        if part.stop(10.0):
            say(f"Ended the {part.name} again")

    if part.pid() is None:
        undo.callback(end)
    part.start(environment(settings))


def _end_switch(config: SwitchConfig, say: Say) -> None:
    if lifecycle.down(config, grace_s=0, progress=say):
        say("Ended Asterisk again")


def page_url(settings: Settings) -> str:
    """Where the pages are, with a slash at the end."""
    host = settings.api_host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.api_port}/"


def require_free_port(host: str, port: int) -> None:
    """Raise PlateauError if nobody could listen there, before anything was started."""
    refused = listening.why_not(socket.SOCK_STREAM, host, port)
    if refused is None:
        return
    if refused.address:
        raise PlateauError(
            "no-such-address",
            f"PLATEAU_API_HOST={host}: {refused.why}; `ip address` lists those that are.",
        )
    raise PlateauError(
        "port-in-use",
        f"PLATEAU_API_PORT={port}, wanted for the API and the pages on {host}: {refused.why}.",
    )


def _answers(url: str) -> bool:
    # A proxy of the environment is for the world, and cannot reach this machine's own address.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=1) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def down(settings: Settings, say: Say) -> list[str]:
    """End what runs, the API first; the names of what was ended."""
    stopped: list[str] = []
    for name, grace_s in (("api", 10.0), ("floor", 20.0)):
        say(f"Stopping the {name}")
        if Daemon(settings.home, name).stop(grace_s):
            stopped.append(name)
    say("Stopping Asterisk")
    if lifecycle.down(switch_config(settings), progress=say):
        stopped.append("asterisk")
    return stopped


def status(settings: Settings) -> Status:
    """What runs. Of an Asterisk that runs and does not answer, the sentence about it."""
    parts: dict[str, str | None] = {}
    troubled = False
    try:
        running = lifecycle.status(switch_config(settings))
        parts["asterisk"] = (
            f"{running.version} ({running.kind}), pid {running.pid}" if running else None
        )
    except SwitchUnavailable as error:
        parts["asterisk"] = str(error)
        troubled = True
    for name in ("floor", "api"):
        pid = Daemon(settings.home, name).pid()
        parts[name] = f"pid {pid}" if pid else None
    parts["page"] = _page(settings) if parts["api"] else None
    return Status(parts, not troubled and all(parts.values()))


def health(settings: Settings, part: str) -> tuple[bool, str]:
    """Whether the floor or the API is well, and a sentence about it."""
    if part == "api":
        url = f"http://127.0.0.1:{settings.api_port}/health/live"
        return (True, "The API answers.") if _answers(url) else (False, f"No answer from {url}.")
    return asyncio.run(_floor_health(settings))


async def _floor_health(settings: Settings) -> tuple[bool, str]:
    client = FloorClient(settings.control_socket)
    try:
        answer = await client.ask(ReadHealth(), 3.0)
    except FloorAbsent as absent:
        return False, str(absent)
    finally:
        await client.close()
    if not isinstance(answer, Health):
        return False, f"The floor answered {answer}."
    said = f"Switch {answer.switch}, {answer.calls} calls, {answer.journal_behind} facts behind."
    return answer.switch == "connected", said


def _page(settings: Settings) -> str | None:
    url = page_url(settings)
    return url if _answers(f"{url}health/live") else None
