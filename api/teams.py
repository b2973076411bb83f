"""Teams: what agents belong to."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.auth import AsAdministrator, AsSupervisor
from api.changes import AsTold, found, made_of, remove, save, saved, shown
from api.context import Ctx
from api.floor_shapes import TeamEntry
from api.paging import AsPage, Page, cut_from
from api.problems import described
from api.shapes import Changed, Id, PathId
from store import config
from store.rows import TeamRow

router = APIRouter(prefix="/teams", tags=["agents"])


class Team(TeamEntry):
    """A team."""

    id: Id


class Teams(Page[Team]):
    """A list of teams."""


class TeamSaved(Team, Changed):
    """A team as saved."""


@router.get("", operation_id="listTeams", summary="All teams", responses=described(401, 403))
async def list_teams(context: Ctx, _: AsSupervisor, cut: AsPage) -> Teams:
    """By id."""
    async with context.engine.connect() as conn:
        rows = [shown(Team, row) for row in await config.list_teams(conn)]
    page, after = cut_from(rows, cut, lambda row: row.id)
    return Teams(items=page, next=after)


@router.get(
    "/{team_id}",
    operation_id="getTeam",
    summary="One team",
    responses=described(401, 403, 404),
)
async def get_team(context: Ctx, _: AsSupervisor, team_id: PathId, response: Response) -> Team:
    """With its ETag."""
    async with context.engine.connect() as conn:
        rows = await config.list_teams(conn)
    return shown(Team, found(response, rows, "teams", team_id))


@router.post(
    "",
    operation_id="createTeam",
    summary="Add a team",
    status_code=201,
    responses=described(401, 403, 409, 422),
)
async def create_team(context: Ctx, who: AsAdministrator, how: AsTold, body: Team) -> TeamSaved:
    """Agents can belong to it at once."""
    row = made_of(TeamRow, body)
    done = await save(context, who, how, "teams", body.id, lambda _: row, new=True)
    return saved(TeamSaved, done, "teams", body.id)


@router.put(
    "/{team_id}",
    operation_id="updateTeam",
    summary="Replace a team",
    responses=described(401, 403, 404, 412, 422),
)
async def update_team(
    context: Ctx, who: AsAdministrator, how: AsTold, team_id: PathId, body: TeamEntry
) -> TeamSaved:
    """Its id stays."""
    row = made_of(TeamRow, body, id=team_id)
    done = await save(context, who, how, "teams", team_id, lambda _: row, new=False)
    return saved(TeamSaved, done, "teams", team_id)


@router.delete(
    "/{team_id}",
    operation_id="deleteTeam",
    summary="Remove a team",
    responses=described(401, 403, 404, 409, 412),
)
async def delete_team(context: Ctx, who: AsAdministrator, how: AsTold, team_id: PathId) -> Changed:
    """409 while an agent belongs to it."""
    return (await remove(context, who, how, "teams", team_id)).answer
