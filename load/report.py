"""What a load met, as the callers, the phones and the floor counted it. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from load.figures import Event, Percentiles

_RECEIVED = re.compile(r"received 'SIP/2\.0 (\d{3})")


class Comparison(msgspec.Struct, frozen=True):
    """One count of two sides. They must be equal."""

    name: str
    left: str
    left_count: int
    right: str
    right_count: int

    @property
    def agrees(self) -> bool:
        """Whether both counted the same."""
        return self.left_count == self.right_count


class LoadReport(msgspec.Struct, frozen=True):
    """A load's figures.

    `offered` callers dialled, `answered` of them got 200 OK, `refused` a final answer by code,
    `abandoned` left before an agent's phone answered. `talks` are conversations that phones of the
    load had (0 without agents), `ring` from their INVITE to their answer. `floor` is what the
    floor counted of the load's queues. `agree` None: nothing could be compared.
    """

    dnis: str
    rate: float
    seconds: float
    agents: int
    planned: int
    offered: int
    answered: int
    refused: dict[str, int]
    failed: int
    abandoned: int | None
    talks: int
    set_up: Percentiles
    ring: Percentiles
    floor: dict[str, int]
    comparisons: list[Comparison]
    agree: bool | None
    left_behind: list[str]

    @property
    def ok(self) -> bool:
        """Whether every call was served by plan: none refused or failed, all counts alike."""
        return not self.refused and not self.failed and self.agree is not False


def refusals(errors: str) -> dict[str, int]:
    """Final answers that SIPp did not expect, by code, from its error log."""
    codes = Counter(code for code in _RECEIVED.findall(errors) if code >= "300")
    return dict(sorted(codes.items()))


def ring_times_ms(events: Iterable[Event]) -> list[float]:
    """From the INVITE that a phone got to the ACK of its answer, of each call answered."""
    rung: dict[str, float] = {}
    found = []
    for event in events:
        if event.name == "rung":
            rung[event.call_id] = event.at_s
        elif event.name == "answered" and event.call_id in rung:
            found.append((event.at_s - rung[event.call_id]) * 1000)
    return found


def compared(
    offered: int, refused: int, talks: int, agents: int, own: bool, floor: Mapping[str, int]
) -> list[Comparison]:
    """What both sides counted. Another's calls are in a queue of yours: compare only its own."""
    if not own or not floor:
        return []
    found = [
        Comparison("calls", "SIPp dialled", offered - refused, "floor offered", floor["offered"])
    ]
    if agents:
        found.append(
            Comparison("talks", "phones answered", talks, "floor answered", floor["answered"])
        )
    return found
