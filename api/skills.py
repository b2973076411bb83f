"""Skills: what agents have and queues ask for."""

from __future__ import annotations

from fastapi import APIRouter

from acd.model import SkillId
from api.auth import AsAdministrator, AsSupervisor
from api.context import Ctx, audit
from api.problems import described
from api.shapes import Body, Id, Name, Out, PathId, Saved
from store import config
from store.rows import SkillRow

router = APIRouter(prefix="/skills", tags=["skills"])


class Skill(Out):
    """A skill."""

    id: str
    name: str


class SkillSaved(Skill, Saved):
    """A skill as saved."""


class SkillChange(Body):
    """What can be changed."""

    name: Name


class SkillNew(SkillChange):
    """A new skill."""

    id: Id


@router.get("", operation_id="listSkills", summary="All skills", responses=described(401, 403))
async def list_skills(context: Ctx, _: AsSupervisor) -> list[Skill]:
    """By id."""
    async with context.engine.connect() as conn:
        return [Skill.model_validate(row) for row in await config.list_skills(conn)]


@router.get(
    "/{skill_id}", operation_id="getSkill", summary="One skill", responses=described(401, 403, 404)
)
async def get_skill(context: Ctx, _: AsSupervisor, skill_id: PathId) -> Skill:
    """One skill."""
    async with context.engine.connect() as conn:
        return Skill.model_validate(await config.get_skill(conn, skill_id))


@router.post(
    "",
    operation_id="createSkill",
    summary="Add a skill",
    status_code=201,
    responses=described(401, 403, 409, 422),
)
async def create_skill(context: Ctx, who: AsAdministrator, body: SkillNew) -> SkillSaved:
    """Agents and queues can refer to it at once."""
    async with context.engine.begin() as conn:
        row = await config.create_skill(conn, SkillRow(SkillId(body.id), body.name))
        await audit(conn, context, who.actor, "create", f"skill:{row.id}", body.model_dump())
    return SkillSaved(id=row.id, name=row.name, warnings=await context.reload())


@router.put(
    "/{skill_id}",
    operation_id="updateSkill",
    summary="Rename a skill",
    responses=described(401, 403, 404, 422),
)
async def update_skill(
    context: Ctx, who: AsAdministrator, skill_id: PathId, body: SkillChange
) -> SkillSaved:
    """Its id stays."""
    async with context.engine.begin() as conn:
        row = await config.update_skill(conn, SkillRow(SkillId(skill_id), body.name))
        await audit(conn, context, who.actor, "update", f"skill:{row.id}", body.model_dump())
    return SkillSaved(id=row.id, name=row.name, warnings=await context.reload())


@router.delete(
    "/{skill_id}",
    operation_id="deleteSkill",
    summary="Remove a skill that nobody uses",
    responses=described(401, 403, 404, 409),
)
async def delete_skill(context: Ctx, who: AsAdministrator, skill_id: PathId) -> Saved:
    """409 while an agent or a queue refers to it."""
    async with context.engine.begin() as conn:
        await config.delete_skill(conn, skill_id)
        await audit(conn, context, who.actor, "delete", f"skill:{skill_id}")
    return Saved(warnings=await context.reload())
