"""Who works in the office of tests: two teams, a supervisor of each, and a seat.

Team north has ana, bob and cleo, team south dan. Claire supervises north from cleo's telephone,
dora south from dan's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from store.rows import Role
from tests.contract.desks import Person
from tests.contract.office import OfficeFloor
from tests.contract.team import NUMBERS

SEAT: Final = "desk-1"
"""A telephone that belongs to nobody."""

_TEAMS: Final = {"ana": "north", "bob": "north", "cleo": "north", "dan": "south"}
_REASONS: Final = ("pause", "lunch")


@dataclass(slots=True)
class People:
    """Each with a token of their own. `seat_secret` is what REST told of the seat's telephone."""

    office: OfficeFloor
    ana: Person
    bob: Person
    claire: Person
    dora: Person
    seat_secret: str
    _page: int = 0

    async def turn_page(self) -> None:
        """From now on `audit` shows what comes."""
        self._page = (await self._lines(1))[0]["id"]

    async def audit(self, by: Person) -> list[tuple[str, str, Any]]:
        """(act, object, detail) of all that this one has in the audit log, in order."""
        lines = [line for line in await self._lines(500) if line["id"] > self._page]
        actor = (await by.read("/me"))["actor"]
        mine = [line for line in reversed(lines) if line["actor"] == actor]
        return [(line["action"], line["object"], line["detail"]) for line in mine]

    async def _lines(self, limit: int) -> list[dict[str, Any]]:
        answer = await self.office.rest("GET", "/audit", params={"limit": limit})
        lines: list[dict[str, Any]] = answer.json()["items"]
        return lines


async def hired(office: OfficeFloor) -> People:
    """All of them, by the administrator over REST."""
    for team in sorted(set(_TEAMS.values())):
        await office.rest("POST", "/teams", json={"id": team, "name": team.title()})
    for reason in _REASONS:
        await office.rest("POST", "/pause-reasons", json={"code": reason})
    await office.staff({n: {"team": team, "number": NUMBERS[n]} for n, team in _TEAMS.items()})
    seat = await office.rest("POST", "/seats", json={"phone": SEAT, "name": "Poste 1"})
    return People(
        office,
        ana=await office.person("ana", Role.AGENT, "ana"),
        bob=await office.person("bob", Role.AGENT, "bob"),
        claire=await office.person("claire", Role.SUPERVISOR, "cleo"),
        dora=await office.person("dora", Role.SUPERVISOR, "dan"),
        seat_secret=seat.json()["sip"]["secret"],
    )
