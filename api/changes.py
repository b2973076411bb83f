"""Changes of the configuration over REST: dry run, If-Match, the floor's reload, and the answer.

`store.config_change` decides what a change is; here are the words of HTTP around it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec
from fastapi import Depends, Header, Query, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import PhoneId
from api.auth import Principal
from api.context import Context
from api.feed import LiveFeed
from api.problems import Fault, Problem
from api.shapes import Changed as Answer
from api.shapes import Difference as Shown
from api.sip_secrets import NewSecrets
from store import config_change as stored
from store.config_document import (
    SINGULAR,
    Configuration,
    Entry,
    FlowEntry,
    section,
    with_entry,
    without_entry,
)
from store.config_rules import ConfigFault
from store.config_versions import lock_version
from store.errors import AlreadyThere, InUse, NotFound


@dataclass(frozen=True, slots=True)
class How:
    """How a change is asked for."""

    dry_run: bool
    comment: str
    if_match: str | None
    response: Response


def how(
    response: Response,
    dry_run: Annotated[bool, Query(description="say what would change; change nothing")] = False,
    comment: Annotated[str, Query(max_length=500, description="kept with the version")] = "",
    if_match: Annotated[
        str | None, Header(description="an ETag: 412 if it was changed meanwhile")
    ] = None,
) -> How:
    """How (dependency)."""
    return How(dry_run, comment, if_match, response)


AsTold = Annotated[How, Depends(how)]


def etag_of(entry: Entry | msgspec.Struct) -> str:
    """The ETag of one thing: any change of it gives another."""
    return f'"{hashlib.sha256(msgspec.json.encode(entry)).hexdigest()[:24]}"'


def etag_of_version(version: int) -> str:
    """The ETag of the whole configuration."""
    return f'"v{version}"'


@dataclass(frozen=True, slots=True)
class Done:
    """What a change came to. `sip`: new secrets by phone; none in a dry run."""

    answer: Answer
    before: Configuration
    after: Configuration
    sip: dict[PhoneId, str]


class _DryRun(Exception):
    """Leaves the transaction, so that it is rolled back."""


E = TypeVar("E", bound=msgspec.Struct)
B = TypeVar("B", bound=BaseModel)
S = TypeVar("S", bound=msgspec.Struct)
Secrets = Callable[[AsyncConnection], Awaitable[bool]]
Find = Callable[[Configuration], Entry | msgspec.Struct | None]


async def change(
    context: Context,
    who: Principal,
    how: How,
    action: str,
    object_: str,
    edit: stored.Edit,
    *,
    find: Find | None = None,
    prefix: str = "",
    texts: bool = False,
    strict: bool = False,
    check: stored.Check | None = None,
    secrets: Secrets | None = None,
) -> Done:
    """Carry out `edit`, put it in force, and answer.

    `find` gives the thing whose ETag If-Match is compared with; None: that of the whole. `prefix`
    is the place of the request's body in the whole, so that faults point into the body.

    Raises Problem, ConfigError, ConfigInvalid (only with an empty `prefix`).
    """
    new = NewSecrets(context.settings.sip_realm)
    order = stored.Order(
        who.actor, action, object_, context.now_ms(), new.digest, how.comment.strip()
    )

    async def matched(conn: AsyncConnection, found: Configuration) -> Configuration:
        _match(how, find, found)
        return await edit(conn, found)

    changed: stored.Changed | None = None
    try:
        async with context.engine.begin() as conn:
            if find is None:
                await _match_version(conn, how)
            changed = await stored.change(
                conn, order, matched, texts=texts, strict=strict, check=check, secrets=secrets
            )
            if how.dry_run:
                raise _DryRun
    except _DryRun:
        pass
    except stored.ConfigInvalid as invalid:
        if not prefix:
            raise
        raise _problem(invalid.faults, prefix) from invalid
    assert changed is not None
    return await _done(context, how, changed, find, new)


async def _done(
    context: Context, how: How, changed: stored.Changed, find: Find | None, new: NewSecrets
) -> Done:
    saved = changed.noted and not how.dry_run
    answer = Answer(
        warnings=await context.reload() if saved else [],
        version=changed.version,
        dry_run=how.dry_run,
        changes=[
            Shown.model_validate(msgspec.to_builtins(difference))
            for difference in changed.differences
        ],
        touches=touches(context.feed, changed),
    )
    if not how.dry_run:
        thing = None if find is None else find(changed.after)
        if find is None:
            how.response.headers["ETag"] = etag_of_version(changed.version)
        elif thing is not None:
            how.response.headers["ETag"] = etag_of(thing)
    else:
        how.response.status_code = 200
    return Done(answer, changed.before, changed.after, {} if how.dry_run else new.told)


def _match(how: How, find: Find | None, found: Configuration) -> None:
    if how.if_match is None or find is None:
        return
    thing = find(found)
    if thing is None or not _matches(how.if_match, etag_of(thing)):
        raise _changed_meanwhile()


async def _match_version(conn: AsyncConnection, how: How) -> None:
    number = await lock_version(conn)
    if how.if_match is not None and not _matches(how.if_match, etag_of_version(number)):
        raise _changed_meanwhile()


def _matches(told: str, present: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in told.split(",")]
    return "*" in tags or present in tags


def _changed_meanwhile() -> Problem:
    return Problem(
        412,
        "changed-meanwhile",
        "Somebody has changed it since you read it: read it again, then change it.",
        "Quelqu’un l’a modifié depuis votre lecture : relisez, puis modifiez.",
    )


def _problem(faults: Sequence[ConfigFault], prefix: str) -> Problem:
    """Faults with pointers into the body.

    Those elsewhere (who names this thing can do so no longer) are told, at the body's root, only if
    the body has none: the other half of a circle is no second fault.
    """
    inside = [fault for fault in faults if f"{fault.pointer}/".startswith(f"{prefix}/")]
    shown = [
        Fault(pointer=fault.pointer[len(prefix) :], message=fault.message) for fault in inside
    ] or [Fault(pointer="", message=f"{fault.pointer}: {fault.message}") for fault in faults]
    count = len(shown)
    first = f"{shown[0].pointer or 'body'}: {shown[0].message}"
    detail = first if count == 1 else f"{count} faults, listed in errors."
    english, french = f"The request is not valid: {detail}", f"Demande refusée : {first}"
    return Problem(422, "invalid", english, french, errors=shown)


# ---- one thing of a section -------------------------------------------------------------------


def finder(name: str, id_: str) -> Find:
    """Finds one thing of a section; a flow without its text, which its version stands for."""

    def find(configuration: Configuration) -> Entry | None:
        entry = section(configuration, name).get(id_)
        if isinstance(entry, FlowEntry):
            return msgspec.structs.replace(entry, document=None)
        return entry

    return find


async def save(
    context: Context,
    who: Principal,
    how: How,
    name: str,
    id_: str,
    entry: Callable[[Entry | None], Entry],
    *,
    new: bool,
    secrets: Secrets | None = None,
) -> Done:
    """Add (`new`) or replace one thing of a section; `entry` makes it of the one before.

    Raises AlreadyThere, NotFound, Problem.
    """

    async def edit(_: AsyncConnection, found: Configuration) -> Configuration:
        before = section(found, name).get(id_)
        if new and before is not None:
            raise AlreadyThere(SINGULAR[name], id_, _key_of(name))
        if not new and before is None:
            raise NotFound(SINGULAR[name], id_)
        return with_entry(found, name, entry(before))

    return await change(
        context,
        who,
        how,
        "create" if new else "update",
        _object(name, id_),
        edit,
        find=finder(name, id_),
        prefix=f"/{name}/{id_}",
        secrets=secrets,
    )


async def remove(context: Context, who: Principal, how: How, name: str, id_: str) -> Done:
    """Take one thing of a section away. Raises NotFound, InUse."""

    async def edit(_: AsyncConnection, found: Configuration) -> Configuration:
        if id_ not in section(found, name):
            raise NotFound(SINGULAR[name], id_)
        return without_entry(found, name, id_)

    return await taken_away(context, who, how, name, id_, edit)


async def taken_away(
    context: Context, who: Principal, how: How, name: str, id_: str, edit: stored.Edit
) -> Done:
    """Carry out an edit that removes something: what would miss it is its users. Raises InUse."""
    try:
        return await change(
            context, who, how, "delete", _object(name, id_), edit, find=finder(name, id_)
        )
    except stored.ConfigInvalid as invalid:
        users = dict.fromkeys(_user(fault.pointer) for fault in invalid.faults)
        raise InUse(SINGULAR[name], id_, tuple(users)) from invalid


def _user(pointer: str) -> str:
    _, name, *rest = pointer.split("/")
    return f"{SINGULAR[name]} {rest[0]}" if rest else SINGULAR[name]


def _key_of(name: str) -> str:
    return {"pause_reasons": "code", "seats": "phone", "numbers": "dnis"}.get(name, "id")


def _object(name: str, id_: str) -> str:
    return f"{SINGULAR[name].replace(' ', '-')}:{id_}"


def made_of(shape: type[S], body: BaseModel, **more: object) -> S:
    """The store's value of a body; `more` wins."""
    return msgspec.convert(body.model_dump(mode="json") | more, shape)


def shown(shape: type[B], entry: msgspec.Struct, **more: object) -> B:
    """What a client sees of the store's value; `more` wins."""
    return shape.model_validate(msgspec.to_builtins(entry) | more)


def saved(shape: type[B], done: Done, name: str, id_: str, **more: object) -> B:
    """The answer to a change of one thing: the thing, and what the change came to."""
    return shown(shape, section(done.after, name)[id_], **done.answer.model_dump(), **more)


def found(response: Response, entries: Iterable[E], name: str, id_: str) -> E:
    """The thing with this id, its ETag on the response. Raises NotFound."""
    for entry in entries:
        if getattr(entry, _key_of(name)) == id_:
            response.headers["ETag"] = etag_of(entry)
            return entry
    raise NotFound(SINGULAR[name], id_)


# ---- who is concerned -------------------------------------------------------------------------


def touches(feed: LiveFeed, changed: stored.Changed) -> list[str]:
    """Live calls and agents whom a change concerns; none while the floor is absent."""
    if not feed.present:
        return []
    places = dict.fromkeys(difference.place for difference in changed.differences)
    said: list[str] = []
    for name, id_ in places:
        if name == "queues" and (queue := feed.queues.get(id_)) is not None:
            calls = queue.waiting + queue.talking
            if calls:
                said.append(
                    f"Queue {id_}: {queue.waiting} waiting, {queue.talking} in conversation."
                )
        elif name == "agents" and (agent := feed.agents.get(id_)) is not None:
            if agent.state.value != "signed_out":
                said.append(f"Agent {id_} ({agent.name}) is {agent.state.value.replace('_', ' ')}.")
        elif name == "numbers":
            live = sum(1 for call in feed.calls.values() if call.dnis == id_)
            if live:
                said.append(f"Number {id_}: {live} calls in progress go on as they began.")
    return said
