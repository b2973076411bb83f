"""How the text of a setting is read: whole numbers, zones, countries, URLs, lists, origins.

Each function returns the value or raises ValueError with what is wrong and what to write; what
Asterisk's configuration takes is `switch.values`. Pure but for the system's list of time zones.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from switch import values

DATABASES: Final = ("sqlite", "sqlite+aiosqlite", "postgresql", "postgres", "postgresql+asyncpg")
"""The schemes of a database's URL that the store knows."""

_WRITE_DATABASE: Final = "write sqlite:///FILE or postgresql://USER@HOST/DATABASE"


def port(value: object) -> int:
    """A port's number."""
    return whole(value, 1, 65535)


def whole(value: object, least: int, most: int) -> int:
    """A whole number in decimal digits, from `least` to `most`."""
    text = str(value).strip()
    if not re.fullmatch("-?[0-9]{1,20}", text) or not least <= int(text) <= most:
        raise ValueError(f"write a whole number from {least} to {most}")
    return int(text)


def one_of(value: object, *allowed: str) -> str:
    """One of a few words."""
    if value not in allowed:
        said = str(value).lower()
        near = said if said in allowed else None
        raise ValueError(f"write {near or ' or '.join(allowed)}")
    return str(value)


def time_zone(name: str) -> str:
    """A zone of the system's list, as Europe/Paris."""
    try:
        if name.startswith(("posix/", "right/")):
            raise ValueError(name)
        return ZoneInfo(name).key
    except (ValueError, OSError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
        near = get_close_matches(name, available_timezones(), 1)
        hint = f" ({near[0]}?)" if near else "; write one like Europe/Paris"
        raise ValueError(f"no time zone of that name{hint}") from error


def country_code(text: str) -> str:
    """A country's telephone code, without + and zeros."""
    if not re.fullmatch("[1-9][0-9]{0,2}", text):
        digits = re.sub("[^0-9]", "", text).lstrip("0")
        known = digits if re.fullmatch("[1-9][0-9]{0,2}", digits) else "33"
        raise ValueError(f"write the country's telephone code in digits, as {known}")
    if text == "33":
        return text
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE  # tables that few commands need

    if int(text) not in COUNTRY_CODE_TO_REGION_CODE:
        raise ValueError("no country has this telephone code; France has 33")
    return text


def database_url(text: str) -> str:
    """The URL of an SQLite file or of a PostgreSQL database. No message shows it: passwords."""
    scheme, found, rest = text.partition("://")
    if not found:
        raise ValueError(f"this is no URL: {_WRITE_DATABASE}")
    if scheme not in DATABASES:
        near = get_close_matches(scheme, DATABASES, 1, 0.7)
        raise ValueError(
            f"“{scheme}” is no database that Plateau keeps its records in"
            f"{f' ({near[0]}?)' if near else ''}: {_WRITE_DATABASE}"
        )
    if scheme.startswith("sqlite"):
        if not rest.startswith("/"):
            raise ValueError(
                "an SQLite file follows three slashes (four, from the root): sqlite:///FILE"
            )
        if rest[1:].partition("?")[0] in ("", ":memory:"):
            raise ValueError(
                "it names no file, and a database in memory cannot be shared: sqlite:///FILE"
            )
        return text
    _postgresql(text)
    return text


def _postgresql(text: str) -> None:
    path = text.partition("://")[2].partition("?")[0].partition("/")[2]
    if "@" in path or "#" in text:
        raise ValueError("in a password / is written %2F, @ %40, # %23")
    try:
        split = urlsplit(text)
        named, number = split.hostname, split.port
    except ValueError as error:
        raise ValueError(f"the host or the port cannot be read: {_WRITE_DATABASE}") from error
    if number == 0:
        raise ValueError("0 is no port of a database: 5432 is PostgreSQL's")
    if not named and "host=" not in split.query:
        raise ValueError(f"it names no host: {_WRITE_DATABASE}")
    if not split.path.strip("/"):
        raise ValueError(f"it names no database: {_WRITE_DATABASE}")


def ari_url(text: str) -> str:
    """Where ARI is: `http://HOST:PORT/ari/`. User and password have settings of their own."""
    write = "write http://HOST:8088/ari/"
    try:
        split = urlsplit(text)
        number = split.port
    except ValueError as error:
        raise ValueError(f"its port cannot be read: {write}") from error
    if split.scheme not in ("http", "https") or not split.hostname:
        raise ValueError(f"no URL of a web server: {write}")
    if split.username or split.password:
        raise ValueError(
            "user and password do not stand here: PLATEAU_ARI_USER and PLATEAU_ARI_PASSWORD_FILE"
        )
    if number == 0 or split.query or split.fragment or split.path.strip("/") not in ("", "ari"):
        raise ValueError(f"{write}, with nothing behind")
    if ":" not in split.hostname:
        values.host(split.hostname)
    return text


def listening_host(text: str) -> str:
    """An address or a name of this machine, on which a web server listens."""
    if "://" in text or "/" in text:
        raise ValueError("write an address without scheme and path, as 127.0.0.1")
    if text.startswith("["):
        raise ValueError(f"write the address without brackets: {text.strip('[]')}")
    try:
        return str(ip_address(text))
    except ValueError as error:
        if ":" in text:
            wrong = "write an address alone; the port is PLATEAU_API_PORT"
            raise ValueError(wrong) from error
    return values.host(text)


def proxies(text: str) -> str:
    """Addresses with commas between."""
    return ",".join(_proxy(part.strip()) for part in text.split(","))


def _proxy(text: str) -> str:
    if "/" in text:
        raise ValueError(f"“{text}”: networks are not read here, write each proxy's address")
    try:
        return str(ip_address(text))
    except ValueError as error:
        raise ValueError(
            f"“{text}” is no address: write each proxy's, commas between, as 127.0.0.1"
        ) from error


def origins(text: str) -> str:
    """Web origins as browsers send them: scheme, host, port if it is unusual; commas between."""
    return ",".join(_origin(part.strip()) for part in text.split(","))


def _origin(text: str) -> str:
    write = (
        "write origins as browsers send them, as https://desk.example or https://desk.example:8443"
    )
    try:
        split = urlsplit(text)
        number = split.port
    except ValueError as error:
        raise ValueError(f"“{text}”: {write}") from error
    usual = {"http": 80, "https": 443}.get(split.scheme)
    if usual is None or not split.hostname or split.username is not None:
        raise ValueError(f"“{text}” is no origin: {write}")
    plain = f"{split.scheme}://{split.netloc.lower()}"
    if number is not None and number in (0, usual):
        plain = plain.rpartition(":")[0]
    if text != plain:
        raise ValueError(f"“{text}” is never sent by a browser: write {plain}")
    if ":" not in split.hostname:
        values.host(split.hostname)
    return text


def sound_prefix(text: str) -> str:
    """The folder of prompts as Asterisk names it in a media URI."""
    if not re.fullmatch(r"sound:/[A-Za-z0-9_./-]*/", text):
        raise ValueError(
            "write sound:, the folder as Asterisk sees it, and a slash: sound:/srv/plateau/sounds/"
        )
    return text
