"""The compose file as Docker Compose itself reads it: settings filled in, anchors merged.

Decides what of it is needed to build and to start its services without an engine; refuses to know
how that is done. A key that nobody here knows is an error: what the file says must be tried.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = "docker-compose.yml"

_KNOWN: Final = frozenset(
    {
        *("build", "cap_drop", "command", "depends_on", "entrypoint", "environment", "healthcheck"),
        *("image", "logging", "network_mode", "networks", "ports", "profiles", "restart"),
        *("security_opt", "stop_grace_period", "ulimits", "user", "volumes"),
    }
)
_UNITS_S: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART_OF_TIME: Final = re.compile(r"([0-9.]+)(ms|s|m|h)")
_TIME: Final = re.compile(rf"(?:{_PART_OF_TIME.pattern})+")


class ComposeRefused(Exception):
    """Compose does not take the file or its settings; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Build:
    """What an image is made of; `target` None: the last stage."""

    context: Path
    dockerfile: Path
    target: str | None

    def moved(self, old: Path, new: Path) -> Build:
        """The same in another project folder (`project` has only links to the checkout)."""
        context = new / self.context.relative_to(old)
        return Build(context, new / self.dockerfile.relative_to(old), self.target)


@dataclass(frozen=True, slots=True)
class Mount:
    """A named volume, or a folder of this machine (`source` is then a path), inside a container."""

    source: str
    target: str
    writable: bool

    @property
    def is_volume(self) -> bool:
        """Whether it is a volume that Compose makes."""
        return not self.source.startswith(("/", "."))


@dataclass(frozen=True, slots=True)
class Health:
    """How a service is asked whether it is well; times in seconds."""

    test: tuple[str, ...]
    interval_s: float
    timeout_s: float
    start_period_s: float
    retries: int

    @property
    def patience_s(self) -> float:
        """After how long without an answer Compose would call the service unhealthy."""
        return self.start_period_s + self.retries * (self.interval_s + self.timeout_s)


@dataclass(frozen=True, slots=True)
class Port:
    """A published port; `host` is empty where it is open to all addresses of the machine."""

    host: str
    published: int
    target: int
    protocol: str


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `command`, `entrypoint` and `user` are None where the image's own hold."""

    name: str
    image: str
    build: Build | None
    command: tuple[str, ...] | None
    entrypoint: tuple[str, ...] | None
    user: str | None
    environment: Mapping[str, str]
    depends_on: Mapping[str, str]
    networks: Mapping[str, str | None]
    mounts: tuple[Mount, ...]
    ports: tuple[Port, ...]
    cap_drop: tuple[str, ...]
    security_opt: tuple[str, ...]
    open_files: int | None
    health: Health | None
    stop_grace_s: float


@dataclass(frozen=True, slots=True)
class Compose:
    """All services of the file, and its networks with their subnets (None: Docker chooses one)."""

    services: Mapping[str, Service]
    networks: Mapping[str, str | None]


def project(folder: Path, env: str | None) -> Path:
    """Make a project folder as an operator has it: the checkout, with this `.env` (None: lost)."""
    folder.mkdir(parents=True)
    for entry in ROOT.iterdir():
        if entry.name not in (".env", ".git"):
            (folder / entry.name).symlink_to(entry)
    if env is not None:
        (folder / ".env").write_text(env)
    return folder


def read(folder: Path, *, profile: str | None = None) -> Compose:
    """Read the compose file of a project folder, with the folder's `.env`.

    Raises:
        ComposeRefused: Compose does not take it.
    """
    argv = ["docker-compose", "-f", FILE, *(["--profile", profile] if profile else []), "config"]
    quiet = {k: v for k, v in os.environ.items() if not k.startswith("PLATEAU_")}
    done = subprocess.run(argv, cwd=folder, env=quiet, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise ComposeRefused(done.stderr.strip())
    whole = yaml.safe_load(done.stdout)
    services = {name: _service(name, said) for name, said in whole["services"].items()}
    return Compose(services, {name: _subnet(said) for name, said in whole["networks"].items()})


def _service(name: str, said: dict[str, Any]) -> Service:
    if unknown := said.keys() - _KNOWN:
        raise ValueError(f"{FILE}: {name}: nobody tries {sorted(unknown)} here")
    build = said.get("build")
    if said.get("network_mode") not in (None, "none"):
        raise ValueError(f"{FILE}: {name}: network_mode {said['network_mode']}")
    files = said.get("ulimits", {}).get("nofile")
    return Service(
        name=name,
        image=said["image"],
        build=None if build is None else _build(build),
        command=_words(said.get("command")),
        entrypoint=_words(said.get("entrypoint")),
        user=said.get("user"),
        environment={k: str(v or "") for k, v in said.get("environment", {}).items()},
        depends_on={k: v["condition"] for k, v in said.get("depends_on", {}).items()},
        networks={
            net: (more or {}).get("ipv4_address") for net, more in said.get("networks", {}).items()
        },
        mounts=tuple(mount(one) for one in said.get("volumes", ())),
        ports=tuple(port(one) for one in said.get("ports", ())),
        cap_drop=tuple(said.get("cap_drop", ())),
        security_opt=tuple(said.get("security_opt", ())),
        open_files=files["soft"] if isinstance(files, dict) else files,
        health=_health(said.get("healthcheck")),
        stop_grace_s=seconds(said.get("stop_grace_period", "10s")),
    )


def _build(said: dict[str, Any]) -> Build:
    context = Path(said["context"])
    return Build(context, context / said.get("dockerfile", "Dockerfile"), said.get("target"))


def _words(said: str | list[str] | None) -> tuple[str, ...] | None:
    if isinstance(said, str):
        raise ValueError(f"{FILE}: {said!r} is no list of words")
    return None if said is None else tuple(said)


def mount(said: str | dict[str, Any]) -> Mount:
    """A volume as Compose writes it, short (1) or long (2)."""
    if isinstance(said, dict):
        return Mount(said["source"], said["target"], not said.get("read_only", False))
    source, target, *mode = said.split(":")
    return Mount(source, target, mode != ["ro"])


def port(said: str | dict[str, Any]) -> Port:
    """A published port as Compose writes it, short or long."""
    if isinstance(said, dict):
        numbers = int(said["published"]), int(said["target"])
        return Port(said.get("host_ip", ""), *numbers, said.get("protocol", "tcp"))
    address, _, protocol = said.partition("/")
    host, published, target = address.rsplit(":", 2)
    return Port(host, int(published), int(target), protocol or "tcp")


def _health(said: dict[str, Any] | None) -> Health | None:
    if said is None or said.get("disable") or said.get("test") == ["NONE"]:
        return None
    kind, *words = said["test"]
    return Health(
        test=("sh", "-c", *words) if kind == "CMD-SHELL" else tuple(words),
        interval_s=seconds(said["interval"]),
        timeout_s=seconds(said["timeout"]),
        start_period_s=seconds(said["start_period"]),
        retries=int(said["retries"]),
    )


def seconds(said: str) -> float:
    """Compose's own way of writing times: 1m30s, 500ms. Raises ValueError."""
    if _TIME.fullmatch(said) is None:
        raise ValueError(f"{FILE}: {said!r} is no time")
    return sum(float(number) * _UNITS_S[unit] for number, unit in _PART_OF_TIME.findall(said))


def _subnet(said: dict[str, Any] | None) -> str | None:
    ipam = (said or {}).get("ipam") or {}
    configs = ipam.get("config") or []
    return configs[0]["subnet"] if configs else None
