"""What `plateau call` and `plateau load` stand on: the API with a key, the switch, ground for SIPp.

An API key may be named; otherwise one is made in the store of this installation, and revoked.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from acd.errors import PlateauError
from api.administrators import make_key, revoke_key
from load.rest import RestSession
from load.site import SCENARIOS, PortPool, Site
from plateau.clock import Clock
from plateau.settings import Settings
from store.engine import opened
from store.schema import require_current
from switch.sipp import sipp_argv

KEY_VARIABLE = "PLATEAU_API_KEY"
SIP_PORTS = range(17000, 17400)
RTP_PORTS = range(36000, 36800, 2)
LOAD_RTP_PORTS = range(40000, 48000)


@asynccontextmanager
async def api_session(settings: Settings, url: str | None) -> AsyncIterator[RestSession]:
    """A session with the API: by `PLATEAU_API_KEY`, else by a key of our own while it lasts.

    `url` None: this installation's. Raises PlateauError where no key can be had.
    """
    ours = f"http://{settings.api_host}:{settings.api_port}"
    key = os.environ.get(KEY_VARIABLE)
    if key:
        async with RestSession(url or ours, key=key) as rest:
            yield rest
        return
    if url is not None and urlsplit(url).netloc != urlsplit(ours).netloc:
        raise PlateauError(
            "no-api-key",
            f"{url} is not this installation's API ({ours}): name a key of an administrator there "
            f"in {KEY_VARIABLE}.",
        )
    async with opened(settings.effective_store_url) as engine:
        await require_current(engine)
        async with engine.begin() as conn:
            made = await make_key(conn, "plateau load", 1, Clock().now_ms())
        try:
            async with RestSession(ours, key=made.secret) as rest:
                yield rest
        finally:
            async with engine.begin() as conn:
                await revoke_key(conn, made.id, Clock().now_ms())


def sip_server(settings: Settings, named: str | None) -> tuple[str, int]:
    """Where the switch takes calls: HOST[:PORT], else this installation's. Raises PlateauError."""
    if named is None:
        return settings.sip_address or settings.bind_address, settings.sip_port
    host, _, port = named.partition(":")
    if not host or (port and not port.isdigit()):
        raise PlateauError("sip-server", f"--sip {named}: write HOST or HOST:PORT.")
    try:
        return socket.gethostbyname(host), int(port or 5060)
    except OSError as error:
        raise PlateauError("sip-server", f"--sip {named}: {error.strerror}.") from error


def is_loopback(host: str) -> bool:
    """Whether a host is this machine's loopback; a name that cannot be found is not."""
    try:
        return ipaddress.ip_address(socket.gethostbyname(host)).is_loopback
    except (OSError, ValueError):
        return False


def own_address(host: str) -> str:
    """Our address as that host sees it."""
    if is_loopback(host):
        return host if host != "localhost" else "127.0.0.1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((host, 9))
        return str(probe.getsockname()[0])


@contextmanager
def ground(
    settings: Settings, server: tuple[str, int], folder: Path | None = None
) -> Iterator[Site]:
    """A folder and ports for SIPp toward the switch; `folder` None: one that is removed again.

    Raises SwitchUnavailable where there is no SIPp.
    """
    with tempfile.TemporaryDirectory(prefix="plateau-load-") as made:
        workdir = Path(made) if folder is None else folder.resolve()
        argv = sipp_argv(settings.effective_rootfs, visible=[workdir, SCENARIOS])
        yield Site(
            sipp=tuple(argv),
            workdir=workdir,
            switch_port=server[1],
            sip_pool=PortPool(SIP_PORTS),
            rtp_pool=PortPool(RTP_PORTS),
            load_rtp_ports=LOAD_RTP_PORTS,
            switch_host=server[0],
            host=own_address(server[0]),
        )
