"""What our dialplan hands over with a call: the arguments of `Stasis` in extensions.conf. Pure.

Arguments are divided by commas, and what a caller or carrier sent may hold any character: the
dialplan writes each such value in base64, after `(((=`. Those brackets keep Asterisk from taking
a bracket and colon within the value for the end of the function that encodes it.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from acd.caller_identity import Caller, CallHeaders, caller_of, on_one_line
from acd.phone_numbers import as_shown, compact, without_options
from acd.texts import fit
from ari.events_gen import Channel

INBOUND: Final = "inbound"
"""First argument of a call from the trunk."""

AGENT: Final = "agent"
"""First argument of what a phone dials."""

_BEFORE: Final = "(((="
_HEADERS: Final = 6
"""Privacy, Privacy, Remote-Party-ID, P-Asserted-Identity, P-Asserted-Identity, From."""


def _value(argument: str) -> str:
    """The text of an argument, of characters that can be kept; one that is not encoded is told as
    it is.
    """
    try:
        text = base64.b64decode(argument, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        return argument
    return fit(text.removeprefix(_BEFORE)) if text.startswith(_BEFORE) else argument


def dialled(argument: str) -> str:
    """What was dialled, without the parameters that a SIP user part may carry (`601;npdi`), and
    without what stands between the digits of a number.
    """
    text = without_options(_value(argument))
    plain = compact(text)
    return plain if plain and all(char in "+*#0123456789" for char in plain) else text


def caller(args: tuple[str, ...], channel: Channel, country: str) -> Caller:
    """Who calls, of a call whose first argument is `INBOUND`.

    A dialplan of an earlier version hands over no headers: then it is what the switch shows.
    """
    if len(args) < 2 + _HEADERS:
        number = as_shown(channel.caller.number, country)
        return Caller(number, on_one_line(channel.caller.name))
    privacy, privacy_too, party, asserted, asserted_too, sender = map(_value, args[2:])
    headers = CallHeaders(sender, (privacy, privacy_too), (asserted, asserted_too), (party,))
    return caller_of(headers, country)
