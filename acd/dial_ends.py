"""How a leg that we rang came to its end before anybody picked up, in the floor's words. Pure.

The switch gives a Q.850 cause, and for SIP the final response itself (`tech_cause` of Asterisk
22.10.1). The response is believed first, for the cause loses much of it: Asterisk makes 21 of 403
and of 603 alike, and 19 of 480 and of its own limit. Sources: RFC 3261 §21 for the responses, RFC
3398 §8.2.6.1 and Asterisk's `ast_sip_hangup_sip2cause` for causes and responses, Q.850 table 1.
"""

from __future__ import annotations

from typing import Final

from acd.model import OfferEnd

REQUEST_TIMEOUT: Final = 408
"""SIP: nobody answered the request in time."""

NO_USER_RESPONDING: Final = 18
"""Q.850: who is called gave no sign."""

_BY_RESPONSE: Final = {
    404: OfferEnd.INVALID,  # no such number
    408: OfferEnd.RONA,
    410: OfferEnd.INVALID,  # gone for good
    480: OfferEnd.RONA,  # switched off, not registered, or nobody picked up
    484: OfferEnd.INVALID,  # too short
    485: OfferEnd.INVALID,  # several that it could be
    486: OfferEnd.BUSY,
    487: OfferEnd.RONA,  # the network gave up ringing
    600: OfferEnd.BUSY,
    603: OfferEnd.REJECTED,
    604: OfferEnd.INVALID,  # exists nowhere
    607: OfferEnd.REJECTED,  # unwanted, RFC 8197
    608: OfferEnd.REJECTED,  # called party's network screened it, RFC 8688
}
"""What a final response says of whom we called. Others from 400 on are about us and the way there:
no right to call (401, 402, 403, 407), a request that is not understood, no codec in common (488,
606), a server or gateway that fails (5xx).
"""

_BY_CAUSE: Final = {
    1: OfferEnd.INVALID,  # unallocated
    16: OfferEnd.FAILED,
    17: OfferEnd.BUSY,
    18: OfferEnd.RONA,  # no user responding
    19: OfferEnd.RONA,  # no answer, user alerted
    20: OfferEnd.RONA,  # subscriber absent
    21: OfferEnd.REJECTED,
    22: OfferEnd.INVALID,  # number changed
    23: OfferEnd.FAILED,  # redirected
    26: OfferEnd.FAILED,
    28: OfferEnd.INVALID,  # number incomplete
    31: OfferEnd.FAILED,  # normal, unspecified
}
"""What a cause of Q.850 says where no SIP response is known. Others are of the way there: no route
(2, 3), out of order (27, 38), congestion (34, 42), temporary failure (41), nothing available (44,
47, 58), not implemented (65, 79), timers and protocol (102, 111, 127).
"""


def outside_end(cause: int | None, sip: int | None, rang: bool) -> OfferEnd:
    """How the ringing of a number outside ended.

    TRUNK: it never came as far as the customer, and is no attempt. INVALID: nobody can be reached
    there, now or later. `cause` is Q.850's and `sip` the final response, None where unknown; `rang`
    says that the other side had answered that it rings: then it came to the customer, whatever
    became of it.
    """
    if sip is not None and 400 <= sip < 700:
        how = _BY_RESPONSE.get(sip, OfferEnd.TRUNK)
        if sip == 408 and not rang:
            # Our own side's after 32 s in which nothing came back (RFC 3261, timer B), or a
            # server's that reached nobody.
            how = OfferEnd.TRUNK
    elif sip is not None and 300 <= sip < 400:
        return OfferEnd.FAILED
    elif cause:
        how = _BY_CAUSE.get(cause, OfferEnd.TRUNK)
    else:
        return OfferEnd.FAILED
    return OfferEnd.FAILED if rang and how is OfferEnd.TRUNK else how


_OF_PHONES: Final = {
    17: OfferEnd.BUSY,
    21: OfferEnd.REJECTED,
    18: OfferEnd.RONA,
    19: OfferEnd.RONA,
    3: OfferEnd.UNREACHABLE,
    20: OfferEnd.UNREACHABLE,
    27: OfferEnd.UNREACHABLE,
}


def phone_end(cause: int | None) -> OfferEnd:
    """How the ringing of an agent's phone ended by itself, by its Q.850 cause.

    UNREACHABLE: the phone is to be looked at.
    """
    return _OF_PHONES.get(cause or 0, OfferEnd.FAILED)


def phone_reason(end: OfferEnd, sip: int | None, rang: bool) -> str:
    """Why an agent's phone takes no call, as a state's reason: `sip_486`, or a word without one.

    `no_answer`: it rang (`rang`) until somebody gave up, which the switch tells as 480 too.
    """
    if end is OfferEnd.RONA and (rang or sip is None):
        return "no_answer"
    return f"sip_{sip}" if sip is not None and 300 <= sip < 700 else "phone_refuses"
