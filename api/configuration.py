"""The whole configuration as one document, and its versions.

Reading and writing YAML is `api.config_yaml`'s, what a change is `store.config_change`'s.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import Field, JsonValue
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import AsAdministrator, AsSupervisor
from api.changes import AsTold, Done, change, etag_of_version
from api.config_flows import flow_faults, named, settled
from api.config_shapes import of, write
from api.config_yaml import DocumentInvalid, Reading, read_json, read_yaml, to_yaml
from api.context import Context, Ctx
from api.documents import JSON, YAML, YAML_TYPES, body_of, document
from api.paging import Cursor, Limit, Page, numbered, page_of
from api.problems import Fault, Problem, described
from api.shapes import Changed, Difference, Instant, Out, PathVersion
from api.sip_accounts import SipAccount, account
from store import config_document as stored
from store.config_change import ConfigInvalid
from store.config_diff import differences
from store.config_load import load_configuration, read_version
from store.config_versions import get_version, list_versions

router = APIRouter(prefix="/config", tags=["configuration"])

_BODY: Final = body_of("Configuration")


class ConfigSaved(Changed):
    """The configuration as saved; `sip` are the accounts of new agents and seats, told once."""

    sip: list[SipAccount] = Field(default=[])


class ConfigVersion(Out):
    """A version: who made it, when, and what they said of it."""

    version: int
    created_at: Instant
    created_by: str
    comment: str


class ConfigVersionWhole(ConfigVersion):
    """A version with its document; flows are named with their version."""

    document: dict[str, JsonValue]


class ConfigVersions(Page[ConfigVersion]):
    """A page of versions, newest first."""


class ConfigDiff(Out):
    """What the second version has otherwise than the first."""

    changes: list[Difference]


# ---- the document -----------------------------------------------------------------------------


@router.get(
    "",
    operation_id="getConfig",
    summary="The whole configuration",
    response_model=None,
    responses={
        **described(401, 403),
        200: {
            "description": "The whole configuration",
            "content": {
                JSON: {"schema": {"$ref": "#/components/schemas/Configuration"}},
                YAML: {"schema": {"type": "string"}},
            },
        },
    },
)
async def get_config(context: Ctx, _: AsAdministrator, request: Request) -> Response:
    """YAML if `Accept` names it, else JSON. Without secrets, and without what is as by default."""
    async with context.engine.connect() as conn:
        version = await read_version(conn)
        whole = await load_configuration(conn, texts=True)
    headers = {"ETag": etag_of_version(version)}
    tree = write(whole)
    if any(kind in request.headers.get("accept", "") for kind in YAML_TYPES):
        text = await asyncio.to_thread(to_yaml, tree)
        return Response(text, media_type=YAML, headers=headers)
    return Response(msgspec.json.encode(tree), media_type="application/json", headers=headers)


@router.put(
    "",
    operation_id="putConfig",
    summary="Replace the whole configuration",
    responses=described(401, 403, 409, 412, 415, 422),
    openapi_extra=_BODY,
)
async def put_config(
    context: Ctx, who: AsAdministrator, how: AsTold, request: Request
) -> ConfigSaved:
    """A section that is left out stays; one that is there is whole. Secrets stay.

    Nothing is changed if there is one fault; each names its line and column.
    """
    reading = await _reading(request)

    async def edit(conn: AsyncConnection, found: stored.Configuration) -> stored.Configuration:
        return named(await settled(conn, of(reading.configuration, found), found))

    try:
        done = await change(
            context,
            who,
            how,
            "import",
            "config",
            edit,
            texts=True,
            strict=True,
            check=flow_faults,
        )
    except ConfigInvalid as invalid:
        raise _problem(reading.placed(invalid.faults)) from invalid
    return _saved(context, done)


def _saved(context: Context, done: Done) -> ConfigSaved:
    accounts = [account(context, phone, secret) for phone, secret in done.sip.items()]
    return ConfigSaved(**done.answer.model_dump(), sip=accounts)


async def _reading(request: Request) -> Reading:
    text, kind = await document(request)
    try:
        return await asyncio.to_thread(read_json if kind == JSON else read_yaml, text)
    except DocumentInvalid as invalid:
        raise _problem(invalid) from invalid


def _problem(invalid: DocumentInvalid) -> Problem:
    first, count = invalid.faults[0], len(invalid.faults)
    where = (
        first.pointer or "The document"
        if first.line is None
        else f"Line {first.line}, column {first.column}"
    )
    more = f" ({count} faults in all)" if count > 1 else ""
    place = (
        first.pointer or "Le document"
        if first.line is None
        else f"Ligne {first.line}, colonne {first.column}"
    )
    plus = f" ({count} fautes en tout)" if count > 1 else ""
    errors = [
        Fault(pointer=each.pointer, line=each.line, column=each.column, message=each.message)
        for each in invalid.faults
    ]
    english, french = f"{where}: {first.message}{more}", f"{place} : {first.message}{plus}"
    return Problem(422, "config-invalid", english, french, errors=errors)


# ---- versions ---------------------------------------------------------------------------------


@router.get(
    "/versions",
    operation_id="listConfigVersions",
    summary="The versions of the configuration",
    responses=described(401, 403, 422),
)
async def list_config_versions(
    context: Ctx,
    _: AsSupervisor,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> ConfigVersions:
    """Newest first."""
    async with context.engine.connect() as conn:
        rows = await list_versions(conn, limit=limit + 1, before=numbered(cursor))
    page, after = page_of(rows, limit, lambda row: (row.version, ""))
    return ConfigVersions(items=[ConfigVersion.model_validate(row) for row in page], next=after)


@router.get(
    "/versions/{version}",
    operation_id="getConfigVersion",
    summary="One version of the configuration",
    responses=described(401, 403, 404, 422),
)
async def get_config_version(
    context: Ctx, _: AsAdministrator, version: PathVersion
) -> ConfigVersionWhole:
    """With its document."""
    async with context.engine.connect() as conn:
        row, document = await get_version(conn, version)
    plain = msgspec.to_builtins(row) | {"document": write(document)}
    return ConfigVersionWhole.model_validate(plain)


@router.get(
    "/versions/{version}/diff/{other}",
    operation_id="diffConfigVersions",
    summary="What differs between two versions",
    responses=described(401, 403, 404, 422),
)
async def diff_config_versions(
    context: Ctx, _: AsAdministrator, version: PathVersion, other: PathVersion
) -> ConfigDiff:
    """From the first to the second."""
    async with context.engine.connect() as conn:
        _row, old = await get_version(conn, version)
        _row, new = await get_version(conn, other)
    found = differences(stored.to_plain(old), stored.to_plain(new))
    return ConfigDiff(
        changes=[Difference.model_validate(msgspec.to_builtins(each)) for each in found]
    )


@router.post(
    "/versions/{version}/restore",
    operation_id="restoreConfigVersion",
    summary="Make the configuration as it was in a version",
    responses=described(401, 403, 404, 409, 412, 422),
)
async def restore_config_version(
    context: Ctx, who: AsAdministrator, how: AsTold, version: PathVersion
) -> ConfigSaved:
    """As a new version. Secrets stay; agents who come back get new ones, told once, but no PIN.

    A flow's older text is added as its newest version.
    """

    async def edit(conn: AsyncConnection, found: stored.Configuration) -> stored.Configuration:
        _row, document = await get_version(conn, version)
        return named(await settled(conn, document, found))

    comment = how.comment or f"Version {version} restored"
    done = await change(
        context,
        who,
        replace(how, comment=comment),
        "restore",
        f"config:{version}",
        edit,
        texts=True,
        strict=True,
        check=flow_faults,
    )
    saved = _saved(context, done)
    back = sorted(set(done.after.agents) - set(done.before.agents))
    if back:
        saved.warnings.append(_without_pin(back))
    return saved


def _without_pin(agents: list[str]) -> str:
    """What a version cannot bring back: it holds no secrets."""
    shown = ", ".join(agents[:10]) + (f" and {len(agents) - 10} more" if len(agents) > 10 else "")
    return f"Back without a PIN, since versions hold none; set one where it is needed: {shown}."
