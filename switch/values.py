"""Which texts may stand in Asterisk's configuration: addresses, networks, SIP URIs, names, ports.

Each function returns the value or raises ValueError with what is wrong and what to write. Asterisk
itself starts with many a wrong value and then does not work, without a word to whoever set it.
`asterisk-conf/render.sh` holds the same rules for a container without Python; a test compares.
Pure: knows neither this machine's addresses nor settings by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from typing import Final

WILDEST: Final = 8
"""The shortest prefix that may say who the carrier is: what is wider is everybody."""

_HOST: Final = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\Z"
)
_NUMERIC: Final = re.compile(r"[0-9.]+")
_URI: Final = re.compile(
    r"(?P<scheme>sips?):((?P<user>[A-Za-z0-9._+~-]+)@)?(?P<host>[A-Za-z0-9.-]+)(:(?P<port>[^;]*))?"
    r"(?P<parameters>(;[^;]*)*)"
)
_PARAMETER: Final = re.compile(r"[A-Za-z0-9._-]+(=[A-Za-z0-9._:/+~-]+)?")
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
TRANSPORTS: Final = ("udp", "tcp", "tls")


def address(text: str) -> str:
    """An IPv4 address as four numbers: Plateau's SIP and audio speak IPv4."""
    if re.fullmatch("[0-9.]+:[0-9]+", text):
        raise ValueError(f"an address alone, without a port: {text.partition(':')[0]}")
    if re.fullmatch("[0-9A-Fa-f:.]+", text) and ":" in text:
        raise ValueError("SIP and audio speak IPv4 here: write an address like 192.0.2.10")
    try:
        return str(IPv4Address(text))
    except AddressValueError as error:
        raise ValueError("no IPv4 address; write four numbers, like 192.0.2.10") from error


def public_address(text: str) -> str:
    """An address that others can send to."""
    found = IPv4Address(address(text))
    if found.is_unspecified or found.is_multicast or found == IPv4Address("255.255.255.255"):
        raise ValueError(
            "nobody can send there; write the address by which phones reach the switch"
        )
    return str(found)


def host(text: str) -> str:
    """A name or an IPv4 address; no scheme, no port."""
    if _NUMERIC.fullmatch(text):
        return address(text)
    if not _HOST.match(text):
        raise ValueError(f"“{text}” is neither a host's name nor an IPv4 address")
    return text


def carrier_addresses(text: str) -> str:
    """Addresses and networks (CIDR) with commas between: who the carrier is.

    Asterisk takes names too, and asks DNS once when it starts. They are refused: no DNS answer
    decides who the carrier is, and a carrier that moves would be a stranger until a restart.
    """
    return ",".join(_carrier(part.strip()) for part in text.split(","))


def _carrier(text: str) -> str:
    if not text:
        raise ValueError("an empty place between the commas: write addresses, like 198.51.100.7")
    base, slash, length = text.partition("/")
    if not re.fullmatch("[0-9A-Fa-f:.]+", base):
        raise ValueError(f"“{text}” is no address; a name is not looked up: write its addresses")
    try:
        found = address(base)
    except ValueError as error:
        raise ValueError(f"“{text}”: {error}") from error
    if not slash:
        if found == "0.0.0.0":
            raise ValueError("0.0.0.0 is nobody's address: write the carrier's")
        return found
    if not re.fullmatch("[0-9]{1,2}", length) or int(length) > 32:
        raise ValueError(f"“{text}”: what follows / is from {WILDEST} to 32, as 198.51.100.0/24")
    if int(length) < WILDEST:
        raise ValueError(f"“{text}” would make strangers the carrier: /{WILDEST} is the widest")
    try:
        return str(IPv4Network(f"{found}/{int(length)}"))
    except (ValueError, NetmaskValueError) as error:
        network = IPv4Network(f"{found}/{int(length)}", strict=False)
        raise ValueError(f"“{text}” is no network: write {network}, or {found} alone") from error


def sip_uri(text: str) -> str:
    """Where calls go out: `sip:HOST`, with a port and parameters if need be. No secrets in it."""
    if not text.lower().startswith(("sip:", "sips:")):
        raise ValueError(f"no SIP URI: write sip:{text.split('//')[-1]}")
    if re.search(r"\s", text):
        raise ValueError("a SIP URI has no blanks: write sip:HOST or sip:HOST:PORT")
    if text.lower() in ("sip:", "sips:"):
        raise ValueError("which host? write sip:HOST or sip:HOST:PORT")
    found = _URI.fullmatch(text)
    if found is None:
        raise ValueError(
            "no SIP URI that can be used: write sip:HOST, sip:HOST:PORT or "
            "sip:HOST:PORT;transport=tcp"
        )
    host(found["host"])
    if found["port"] is not None:
        port(found["port"])
    for parameter in found["parameters"].split(";")[1:]:
        _uri_parameter(parameter)
    return text


def _uri_parameter(text: str) -> None:
    if not _PARAMETER.fullmatch(text):
        raise ValueError(f"“{text}” is no parameter of a SIP URI: write ;NAME or ;NAME=VALUE")
    name, _, value = text.partition("=")
    if name.lower() == "transport" and value.lower() not in TRANSPORTS:
        raise ValueError(f"“{text}” is no transport of ours: {', '.join(TRANSPORTS)}")


def port(text: str | int) -> int:
    """A port's number."""
    said = str(text)
    if not re.fullmatch("[0-9]{1,5}", said) or not 0 < int(said) < 65536:
        raise ValueError(f"“{said}” is no port: 1 to 65535")
    return int(said)


def word(text: str) -> str:
    """A name of ours in the switch: an endpoint, an application, a user."""
    if not _WORD.fullmatch(text):
        raise ValueError("use letters without accents, digits, “_”, “.” and “-”, at most 80")
    return text


def port_faults(
    alone: Mapping[str, tuple[str, int]], rtp: tuple[tuple[str, int], tuple[str, int]], sip: str
) -> list[str]:
    """What keeps these ports from being used together, in sentences.

    `alone`: name to (address, port) of each TCP listener; `rtp`: names and values of the first and
    last RTP port; `sip`: the name in `alone` that is UDP too.
    """
    said = [f"{first} and {second} are both {port_}: give each its own" for first, second, port_ in
            _clashes(alone)]  # fmt: skip
    (first_name, first), (last_name, last) = rtp
    if first >= last:
        said.append(f"{first_name}={first} must be below {last_name}={last}")
    if first % 2:
        said.append(f"{first_name}={first} must be even, as RTP ports are: write {first + 1}")
    number = alone[sip][1]
    if first <= number <= last:
        said.append(
            f"{sip}={number} lies in the RTP ports ({first_name}={first} to {last_name}={last}): "
            "choose one outside"
        )
    return said


def _clashes(alone: Mapping[str, tuple[str, int]]) -> Iterable[tuple[str, str, int]]:
    names = list(alone)
    for index, one in enumerate(names):
        for other in names[index + 1 :]:
            (here, number), (there, taken) = alone[one], alone[other]
            if number == taken and (here == there or {here, there} & {"0.0.0.0", "::"}):
                yield one, other, number
