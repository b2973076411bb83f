"""What an installation may be told by its environment (`PLATEAU_…`) or a `.env` file.

One place for names and defaults; the defaults run everything on this machine, on SQLite.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from getpass import getuser
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote

from dotenv import dotenv_values
from pydantic import AfterValidator, BeforeValidator, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from acd.errors import PlateauError
from plateau import setting_values as values_read
from switch import values

_ROOT = Path(__file__).resolve().parent.parent

PREFIX = "PLATEAU_"
ENV_FILE = ".env"

_READ_ELSEWHERE = frozenset({"PLATEAU_ASTERISK_CONF", "PLATEAU_API_KEY"})
"""Variables of ours that are no settings of an installation."""


Port = Annotated[int, BeforeValidator(values_read.port)]
Word = Annotated[str, AfterValidator(values.word)]


def _language(value: object) -> str:
    return values_read.one_of(value, "fr", "en")


def _to_a_week(value: object) -> int:
    return values_read.whole(value, 1, 7 * 86_400)


def _to_a_day(value: object) -> int:
    return values_read.whole(value, 1, 86_400)


def _seed(value: object) -> int:
    return values_read.whole(value, 0, 2**63 - 1)


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
    database_url: Annotated[str, AfterValidator(values_read.database_url)] | None = None
    """SQL store; SQLite in the home by default."""
    database_password_file: Path | None = None
    """File with the database's password, where the URL has none."""
    time_zone: Annotated[str, AfterValidator(values_read.time_zone)] = "Europe/Paris"
    """Business time zone: days and intervals."""
    language: Annotated[Literal["fr", "en"], BeforeValidator(_language)] = "fr"
    """Default language of callers and messages: fr or en."""
    country_code: Annotated[str, AfterValidator(values_read.country_code)] = "33"
    """Telephone code of the country, for numbers written without one."""

    sip_address: Annotated[str, AfterValidator(values.public_address)] | None = None
    """Public address of the switch, for SDP."""
    bind_address: Annotated[str, AfterValidator(values.address)] = "127.0.0.1"
    """Address on which SIP listens: one of this machine (IPv4), or 0.0.0.0 for all."""
    sip_port: Port = 5060
    """SIP over UDP and TCP."""
    tls_port: Port = 5061
    """SIP over TLS."""
    http_port: Port = 8088
    """ARI; this machine only."""
    https_port: Port = 8089
    """WebSocket for phones in browsers."""
    rtp_first: Port = 10000
    """First RTP port; even."""
    rtp_last: Port = 19999
    """Last RTP port."""
    trunk_match: Annotated[str, AfterValidator(values.carrier_addresses)] = "127.0.0.1"
    """Addresses and networks (CIDR) of the carrier, commas between; names are not looked up."""
    trunk_contact: Annotated[str, AfterValidator(values.sip_uri)] | None = None
    """SIP URI of the carrier, for calls out: `sip:HOST:PORT`, with parameters if need be."""
    trunk_endpoint: Word = "trunk"
    """The switch's endpoint through which calls go out."""
    domain: Annotated[str, AfterValidator(values.host)] = "plateau.local"
    """SIP realm of agents' accounts."""
    max_call_s: Annotated[int, BeforeValidator(_to_a_week)] = 4 * 3600
    """Longest life of a leg, seconds."""
    rtp_timeout_s: Annotated[int, BeforeValidator(_to_a_day)] = 60
    """A leg without audio for so long is hung up."""
    rootfs: Path | None = None
    """Root folder with Asterisk, without Docker."""

    ari_url: Annotated[str, AfterValidator(values_read.ari_url)] | None = None
    """ARI elsewhere (compose); None: `switch up`."""
    ari_user: Word = "plateau"
    """ARI user."""
    ari_password_file: Path | None = None
    """File with the ARI password."""
    ari_app: Word = "plateau"
    """Name of the Stasis application."""
    recordings: Path | None = None
    """Folder of recordings (compose)."""
    sounds: Path | None = None
    """Folder where prompts are written (compose)."""
    sounds_uri_prefix: Annotated[str, AfterValidator(values_read.sound_prefix)] | None = None
    """The same as Asterisk sees it (compose)."""

    api_host: Annotated[str, AfterValidator(values_read.listening_host)] = "127.0.0.1"
    """Address of the API and the pages."""
    api_port: Port = 8000
    """Port of the API and the pages."""
    trusted_proxies: Annotated[str, AfterValidator(values_read.proxies)] | None = None
    """Proxies whose X-Forwarded-For is believed, commas between."""
    allowed_origins: Annotated[str, AfterValidator(values_read.origins)] | None = None
    """Other web origins that may open the live stream, commas between."""
    seed: Annotated[int, BeforeValidator(_seed)] | None = None
    """Seed of ids and jitter; random, and logged."""

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        here = self.bind_address
        ports = {
            "SIP_PORT": (here, self.sip_port),
            "TLS_PORT": (here, self.tls_port),
            "HTTP_PORT": ("127.0.0.1", self.http_port),
            "HTTPS_PORT": (here, self.https_port),
            "API_PORT": (self.api_host, self.api_port),
        }
        rtp = (("RTP_FIRST", self.rtp_first), ("RTP_LAST", self.rtp_last))
        faults = values.port_faults(
            {PREFIX + name: port for name, port in ports.items()},
            ((PREFIX + rtp[0][0], rtp[0][1]), (PREFIX + rtp[1][0], rtp[1][1])),
            f"{PREFIX}SIP_PORT",
        )
        if self.database_password_file is not None and "://" not in (self.database_url or ""):
            faults.append(
                f"{PREFIX}DATABASE_PASSWORD_FILE={self.database_password_file} is the password of "
                f"a database that is not named: set {PREFIX}DATABASE_URL"
            )
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def effective_store_url(self) -> str:
        """The store's URL with its password, SQLite in the home unless told otherwise.

        Raises PlateauError if the password file cannot be read or holds nothing.
        """
        if self.database_url is None:
            return f"sqlite:///{self.home.resolve() / 'plateau.db'}"
        if self.database_password_file is None:
            return self.database_url
        password = read_secret(self.database_password_file, f"{PREFIX}DATABASE_PASSWORD_FILE")
        scheme, _, rest = self.database_url.partition("://")
        place, slash, name = rest.partition("/")
        user, at, host = place.rpartition("@")
        login = user.partition(":")[0] if at else quote(getuser(), safe="")
        return f"{scheme}://{login}:{quote(password, safe='')}@{host}{slash}{name}"

    @property
    def effective_rootfs(self) -> Path:
        """Where the root folder with Asterisk is looked for."""
        return self.rootfs or _ROOT / ".cache" / "rootfs"

    @property
    def control_socket(self) -> Path:
        """The channel between the floor and the web process."""
        return self.home / "control.sock"


def load_settings(**told: object) -> Settings:
    """The settings of this environment; what is `told` (by field, None: nothing) goes before it.

    Raises PlateauError (slug `settings-invalid`): one sentence with every fault.
    """
    given = {name: value for name, value in told.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        faults = [_fault(part["loc"], part["msg"], part["input"]) for part in error.errors()]
        said = f"{'; '.join(faults)}: see docs/operations.md."
        raise PlateauError("settings-invalid", _on_one_line(said)) from error


def _on_one_line(text: str) -> str:
    """The same with what no terminal should be sent written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def require_folders(settings: Settings, *names: str) -> None:
    """Of the fields `names` that name folders, each must be there if it is set.

    Asked by who uses them: another process of the installation may not see them.
    Raises PlateauError (slug `settings-invalid`).
    """
    for name in names:
        folder: Path | None = getattr(settings, name)
        try:
            there = folder is None or folder.is_dir()
        except OSError:  # may not be looked at
            there = False
        if not there:
            raise PlateauError(
                "settings-invalid",
                f"{PREFIX}{name.upper()}={folder}: no such folder; make it, or name another.",
            )


def read_secret(file: Path, setting: str) -> str:
    """What a password's file holds, without its line's end.

    Raises PlateauError naming the setting; the password is in no message.
    """
    try:
        secret = file.read_text(encoding="utf-8").strip()
        why = "it is empty" if not secret else None
    except OSError as error:
        secret, why = "", f"it cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        secret, why = "", "it holds no text (UTF-8)"
    if why is not None:
        raise PlateauError(
            "settings-invalid", f"{setting}={file}: {why}; it holds the password alone."
        )
    return secret


def _fault(place: tuple[int | str, ...], message: str, value: object) -> str:
    said = message.removeprefix("Value error, ")
    if not place:
        return said
    said = said[:1].lower() + said[1:]
    name = f"{PREFIX}{str(place[0]).upper()}"
    # A URL may hold a password, also one that is no URL.
    return f"{name}: {said}" if str(place[0]).endswith("_url") else f"{name}={value}: {said}"


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
