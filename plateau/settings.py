"""What an installation may be told by its environment (`PLATEAU_…`) or a `.env` file.

One place for names and defaults; the defaults run everything on this machine, on SQLite.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from dotenv import dotenv_values
from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url

from acd.errors import PlateauError

_ROOT = Path(__file__).resolve().parent.parent

PREFIX = "PLATEAU_"
ENV_FILE = ".env"

_READ_ELSEWHERE = frozenset({"PLATEAU_ASTERISK_CONF"})
"""Variables of ours that are no settings of an installation."""


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _zones():
        near = get_close_matches(name, _zones(), 1)
        raise ValueError(f"no time zone of that name{f' ({near[0]}?)' if near else ''}")
    return name


Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[int, Field(ge=1)]


class Settings(BaseSettings):
    """Read from the environment: `PLATEAU_HOME`, `PLATEAU_DATABASE_URL` and so on.

    An empty variable counts as none. Raises pydantic's ValidationError; `load_settings` says it in
    a sentence.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_ignore_empty=True,
        extra="ignore",
        use_attribute_docstrings=True,
    )

    home: Path = Path(".plateau")
    """Folder of all state: store, journal, logs."""
    database_url: str | None = None
    """SQL store; SQLite in the home by default."""
    database_password_file: Path | None = None
    """File with the database's password, where the URL has none."""
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Paris"
    """Business time zone: days and intervals."""
    language: Literal["fr", "en"] = "fr"
    """Default language of callers and messages: fr or en."""
    country_code: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}$")] = "33"
    """Telephone code of the country, for numbers written without one."""

    sip_address: str | None = None
    """Public address of the switch, for SDP."""
    bind_address: str = "127.0.0.1"
    """Address on which SIP listens."""
    sip_port: Port = 5060
    """SIP over UDP and TCP."""
    tls_port: Port = 5061
    """SIP over TLS."""
    http_port: Port = 8088
    """ARI; this machine only."""
    https_port: Port = 8089
    """WebSocket for phones in browsers."""
    rtp_first: Port = 10000
    """First RTP port."""
    rtp_last: Port = 19999
    """Last RTP port."""
    trunk_match: str = "127.0.0.1"
    """Addresses of the carrier, commas between."""
    trunk_contact: str | None = None
    """SIP URI of the carrier, for calls out; with parameters, if need be."""
    trunk_endpoint: str = "trunk"
    """The switch's endpoint through which calls go out."""
    domain: str = "plateau.local"
    """SIP realm of agents' accounts."""
    max_call_s: Seconds = 4 * 3600
    """Longest life of a leg, seconds."""
    rtp_timeout_s: Seconds = 60
    """A leg without audio for so long is hung up."""
    rootfs: Path | None = None
    """Root folder with Asterisk, without Docker."""

    ari_url: str | None = None
    """ARI elsewhere (compose); None: `switch up`."""
    ari_user: str = "plateau"
    """ARI user."""
    ari_password_file: Path | None = None
    """File with the ARI password."""
    ari_app: str = "plateau"
    """Name of the Stasis application."""
    recordings: Path | None = None
    """Folder of recordings (compose)."""
    sounds: Path | None = None
    """Folder where prompts are written (compose)."""
    sounds_uri_prefix: str | None = None
    """The same as Asterisk sees it (compose)."""

    api_host: str = "127.0.0.1"
    """Address of the API and the pages."""
    api_port: Port = 8000
    """Port of the API and the pages."""
    trusted_proxies: str | None = None
    """Proxies whose X-Forwarded-For is believed, commas between."""
    allowed_origins: str | None = None
    """Other web origins that may open the live stream, commas between."""
    seed: int | None = None
    """Seed of ids and jitter; random, and logged."""

    @model_validator(mode="after")
    def _range_of_ports(self) -> Self:
        if self.rtp_first >= self.rtp_last:
            raise ValueError("PLATEAU_RTP_FIRST must be below PLATEAU_RTP_LAST")
        return self

    @property
    def effective_store_url(self) -> str:
        """The store's URL with its password, SQLite in the home unless told otherwise.

        Raises OSError if the password file cannot be read.
        """
        if self.database_url is None:
            return f"sqlite:///{self.home.resolve() / 'plateau.db'}"
        if self.database_password_file is None:
            return self.database_url
        password = self.database_password_file.read_text().strip()
        return make_url(self.database_url).set(password=password).render_as_string(False)

    @property
    def effective_rootfs(self) -> Path:
        """Where the root folder with Asterisk is looked for."""
        return self.rootfs or _ROOT / ".cache" / "rootfs"

    @property
    def control_socket(self) -> Path:
        """The channel between the floor and the web process."""
        return self.home / "control.sock"


def load_settings() -> Settings:
    """The settings of this environment. Raises PlateauError: one sentence with every fault."""
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(
            _fault(part["loc"], part["msg"], part["input"]) for part in error.errors()
        )
        raise PlateauError("settings-invalid", f"{faults}: see docs/operations.md.") from error


def _fault(place: tuple[int | str, ...], message: str, value: object) -> str:
    said = message.removeprefix("Value error, ")
    said = said[:1].lower() + said[1:] if place else said
    return f"{PREFIX}{str(place[0]).upper()}={value}: {said}" if place else said


def unknown_variables(environment: Mapping[str, str] | None = None) -> list[str]:
    """A sentence for each variable that begins as ours do and that nothing reads.

    `environment` None: this process's, and the file `.env` of the present folder.
    """
    names = environment
    if names is None:
        names = {**os.environ, **dict.fromkeys(dotenv_values(ENV_FILE), "")}
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | _READ_ELSEWHERE
    said = []
    for name in sorted(name for name in names if name.startswith(PREFIX) and name not in known):
        near = get_close_matches(name, known, 1)
        said.append(f"{name} is no setting of Plateau{f' ({near[0]}?)' if near else ''}.")
    return said
