"""All there is, on one machine: Asterisk, the floor, the API, started and ended in order."""

from __future__ import annotations

import asyncio
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import msgspec

from acd.errors import PlateauError
from api.administrators import reset_administrator
from api.settings import ApiSettings
from api.sign_in import ensure_administrator
from control.client import FloorAbsent, FloorClient
from control.protocol import Health, ReadHealth
from plateau.clock import Clock
from plateau.daemons import Daemon
from plateau.secrets_file import own_secret
from plateau.settings import Settings
from plateau.where import switch_config
from store.config_seed import seed
from store.engine import open_store, store_url
from store.schema import migrate
from switch import lifecycle
from switch.model import SwitchUnavailable

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


def api_settings(settings: Settings) -> ApiSettings:
    """What the web process must be told."""
    return ApiSettings(
        store_url=str(store_url(settings.effective_store_url).render_as_string(False)),
        control_socket=settings.control_socket.resolve(),
        recordings=settings.recordings or switch_config(settings).recordings,
        jwt_secret=own_secret(settings.home, "token-key"),
        sip_realm=settings.domain,
        sip_host=settings.sip_address or settings.bind_address,
        sip_port=settings.sip_port,
        sip_tls_port=settings.tls_port,
        time_zone=settings.time_zone,
        country_code=settings.country_code,
        trusted_proxies=_listed(settings.trusted_proxies),
        allowed_origins=_listed(settings.allowed_origins),
    )


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


async def prepare_store(settings: Settings) -> str | None:
    """Tables of this release, the first pause reasons and administrator of a new store.

    Returns the administrator's password if one was made.
    """
    engine = open_store(settings.effective_store_url)
    try:
        await migrate(engine)
        async with engine.begin() as conn:
            await seed(conn, Clock().now_ms())
        async with engine.begin() as conn:
            return await ensure_administrator(conn, FIRST_LOGIN, None, Clock().now_ms())
    finally:
        await engine.dispose()


async def ensure_first_administrator(
    settings: Settings, login: str, password: str | None
) -> str | None:
    """Make an administrator unless there is one; the password made up, or the one given."""
    engine = open_store(settings.effective_store_url)
    try:
        async with engine.begin() as conn:
            return await ensure_administrator(conn, login, password, Clock().now_ms())
    finally:
        await engine.dispose()


async def reset_password(settings: Settings, login: str, password: str | None) -> str | None:
    """Give an administrator a new password: the one made up, None if `password` was used.

    Raises store.errors.NotFound if no administrator has this login.
    """
    engine = open_store(settings.effective_store_url)
    try:
        async with engine.begin() as conn:
            return await reset_administrator(conn, login, password, Clock().now_ms())
    finally:
        await engine.dispose()


def make_home(home: Path) -> None:
    """Make the folder of all state where it is missing, for its owner alone."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)


def up(settings: Settings, say: Say) -> Started:
    """Start what does not run yet. What was started before a failure runs on, and that is said.

    Raises PlateauError, StoreError, SwitchUnavailable.
    """
    make_home(settings.home)
    floor, web = Daemon(settings.home, "floor"), Daemon(settings.home, "api")
    if web.pid() is None:
        require_free_port(settings.api_host, settings.api_port)
    running = lifecycle.up(switch_config(settings), progress=say)
    try:
        say("Preparing the store")
        password = asyncio.run(prepare_store(settings))
        if password is not None:
            # Now, for what comes may fail, and it is kept nowhere.
            say(f"First administrator: {FIRST_LOGIN} / {password}")
        say("Starting the floor")
        floor.start(environment(settings))
        floor.wait_ready(lambda: health(settings, "floor")[0], timeout_s=60)
        say("Starting the API")
        web.start(environment(settings))
        url = f"http://{settings.api_host}:{settings.api_port}"
        web.wait_ready(lambda: _answers(f"{url}/health/live"), timeout_s=60)
    except BaseException:
        names = ["Asterisk", *(part.name for part in (floor, web) if part.pid() is not None)]
        say(f"Still running: {', '.join(names)}; `plateau down` ends it.")
        raise
    sip = f"{settings.sip_address or settings.bind_address}:{settings.sip_port}"
    return Started(f"{url}/", sip, f"Asterisk {running.version} ({running.kind})", password)


def require_free_port(host: str, port: int) -> None:
    """Raise PlateauError if nobody could listen there, before anything was started."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise PlateauError(
            "port-in-use",
            f"Port {port} on {host}, wanted for the API and the pages, cannot be had "
            f"({error.strerror}): end what uses it or set PLATEAU_API_PORT.",
        ) from error


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
    url = f"http://{settings.api_host}:{settings.api_port}"
    return f"{url}/" if _answers(f"{url}/health/live") else None
