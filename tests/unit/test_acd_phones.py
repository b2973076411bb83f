"""Accounts on the switch: those wanted are there, those of ours that are not go, others stay."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Mapping

import pytest

from acd.model import PhoneId
from acd.shell.phones import MARK, PhoneAccount, PhoneBook
from ari import errors
from ari.wire import AriResponse, Json

pytestmark = pytest.mark.unit

TRUNK = {"context": "from-trunk", "accountcode": ""}


class Switch:
    """The dynamic objects of an Asterisk, by kind and name."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], dict[str, str]] = {("endpoint", "trunk"): TRUNK}
        self.refuses: tuple[str, str, str] | None = None

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json = None,
        pin: str,
    ) -> Awaitable[AriResponse]:
        *_, kind, name = path.split("/")
        reply: asyncio.Future[AriResponse] = asyncio.get_running_loop().create_future()
        if (method, kind, name) == self.refuses:
            reply.set_exception(errors.Unavailable(method, path, 503, "away"))
        elif method == "PUT":
            assert isinstance(body, dict)
            fields = body["fields"]
            assert isinstance(fields, list)
            made = {str(f["attribute"]): str(f["value"]) for f in fields if isinstance(f, dict)}
            self.objects[kind, name] = made
            reply.set_result(AriResponse(200, b"[]"))
        elif method == "DELETE":
            # As `AriConnection` has it: what is gone already is deleted.
            self.objects.pop((kind, name), None)
            reply.set_result(AriResponse(204, b""))
        elif (kind, name) not in self.objects:
            reply.set_exception(errors.Gone(method, path, 404, "no such object"))
        else:
            found = [{"attribute": k, "value": v} for k, v in self.objects[kind, name].items()]
            reply.set_result(AriResponse(200, json.dumps(found).encode()))
        return reply

    def names(self) -> set[str]:
        return {name for _, name in self.objects}

    def endpoints(self) -> frozenset[PhoneId]:
        return frozenset(PhoneId(name) for kind, name in self.objects if kind == "endpoint")


def book(switch: Switch) -> PhoneBook:
    return PhoneBook(switch, "plateau", 60, None)  # type: ignore[arg-type]


def accounts(*names: str) -> list[PhoneAccount]:
    return [PhoneAccount(PhoneId(name), f"digest of {name}") for name in names]


async def test_accounts_deleted_while_the_floor_was_down_go_whatever_their_name() -> None:
    switch = Switch()
    await book(switch).settle(accounts("agent-ana", "seat-1", "desk-7"), switch.endpoints())
    await book(switch).settle(accounts("agent-ana"), switch.endpoints())
    assert switch.names() == {"agent-ana", "trunk"}
    assert switch.objects["endpoint", "agent-ana"][MARK[0]] == MARK[1]


async def test_what_people_made_on_the_switch_themselves_stays() -> None:
    switch = Switch()
    switch.objects["endpoint", "agent-of-theirs"] = {"context": "from-trunk"}
    await book(switch).settle([], switch.endpoints())
    assert switch.names() == {"agent-of-theirs", "trunk"}


@pytest.mark.parametrize("kind", ["auth", "endpoint", "aor"])
async def test_a_deletion_that_failed_half_way_leaves_no_way_in(kind: str) -> None:
    switch = Switch()
    phones = book(switch)
    await phones.settle(accounts("seat-1"), switch.endpoints())
    switch.refuses = ("DELETE", kind, "seat-1")
    with pytest.raises(errors.Unavailable):
        await phones.settle([], switch.endpoints())
    switch.refuses = None
    phones.forget()
    await phones.settle([], switch.endpoints())
    assert ("auth", "seat-1") not in switch.objects
    assert ("endpoint", "seat-1") not in switch.objects


@pytest.mark.parametrize("kind", ["auth", "endpoint"])
async def test_a_phone_wanted_again_after_half_a_deletion_is_whole(kind: str) -> None:
    switch = Switch()
    phones = book(switch)
    await phones.settle(accounts("seat-1"), switch.endpoints())
    switch.refuses = ("DELETE", kind, "seat-1")
    with pytest.raises(errors.Unavailable):
        await phones.settle([], switch.endpoints())
    switch.refuses = None
    await book(switch).settle(accounts("seat-1"), switch.endpoints())
    assert {("auth", "seat-1"), ("endpoint", "seat-1"), ("aor", "seat-1")} <= set(switch.objects)
