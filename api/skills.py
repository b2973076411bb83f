"""Skills: what agents have and queues ask for."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.auth import AsAdministrator, AsSupervisor
from api.changes import AsTold, found, made_of, remove, save, saved, shown
from api.context import Ctx
from api.floor_shapes import SkillEntry
from api.paging import AsPage, Page, cut_from
from api.problems import described
from api.shapes import Changed, Id, PathId
from store import config
from store.rows import SkillRow

router = APIRouter(prefix="/skills", tags=["skills"])


class Skill(SkillEntry):
    """A skill."""

    id: Id


class Skills(Page[Skill]):
    """A list of skills."""


class SkillSaved(Skill, Changed):
    """A skill as saved."""


@router.get("", operation_id="listSkills", summary="All skills", responses=described(401, 403))
async def list_skills(context: Ctx, _: AsSupervisor, cut: AsPage) -> Skills:
    """By id."""
    async with context.engine.connect() as conn:
        rows = [shown(Skill, row) for row in await config.list_skills(conn)]
    page, after = cut_from(rows, cut, lambda row: row.id)
    return Skills(items=page, next=after)


@router.get(
    "/{skill_id}",
    operation_id="getSkill",
    summary="One skill",
    responses=described(401, 403, 404),
)
async def get_skill(context: Ctx, _: AsSupervisor, skill_id: PathId, response: Response) -> Skill:
    """With its ETag."""
    async with context.engine.connect() as conn:
        rows = await config.list_skills(conn)
    return shown(Skill, found(response, rows, "skills", skill_id))


@router.post(
    "",
    operation_id="createSkill",
    summary="Add a skill",
    status_code=201,
    responses=described(401, 403, 409, 422),
)
async def create_skill(context: Ctx, who: AsAdministrator, how: AsTold, body: Skill) -> SkillSaved:
    """Agents and queues can refer to it at once."""
    row = made_of(SkillRow, body)
    done = await save(context, who, how, "skills", body.id, lambda _: row, new=True)
    return saved(SkillSaved, done, "skills", body.id)


@router.put(
    "/{skill_id}",
    operation_id="updateSkill",
    summary="Replace a skill",
    responses=described(401, 403, 404, 412, 422),
)
async def update_skill(
    context: Ctx, who: AsAdministrator, how: AsTold, skill_id: PathId, body: SkillEntry
) -> SkillSaved:
    """Its id stays."""
    row = made_of(SkillRow, body, id=skill_id)
    done = await save(context, who, how, "skills", skill_id, lambda _: row, new=False)
    return saved(SkillSaved, done, "skills", skill_id)


@router.delete(
    "/{skill_id}",
    operation_id="deleteSkill",
    summary="Remove a skill",
    responses=described(401, 403, 404, 409, 412),
)
async def delete_skill(
    context: Ctx, who: AsAdministrator, how: AsTold, skill_id: PathId
) -> Changed:
    """409 while an agent, a queue or an expression refers to it."""
    return (await remove(context, who, how, "skills", skill_id)).answer
