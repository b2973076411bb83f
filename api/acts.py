"""Acts: what people ask of the floor. Who may ask it for whom, and what the audit log keeps.

Whether an act is possible now is the floor's to say: its refusals (409, with a sentence) are passed
on as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import Depends, Path
from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator
from sqlalchemy.ext.asyncio import AsyncConnection

from acd import events as e
from acd import model as acd
from acd.errors import Unreadable
from acd.facts import Audited
from acd.phone_numbers import as_dialled, is_somebodys, to_e164
from api.auth import AsAgent, AsSupervisor, Principal
from api.context import Context, Ctx
from api.problems import Problem, described, forbidden, invalid
from api.shapes import Body, Id, PathId, Saved, new_id, no_controls, pasted
from control.protocol import AgentView, Done
from store import config
from store.errors import NotFound
from store.rows import Role

ME: Final = "me"
"""Stands for one's own agent in a path."""

_IN_HAND: Final = (acd.CallState.TALKING, acd.CallState.DIALLING)

ACTS: Final = described(401, 403, 404, 409, 422, 503)
"""The problems of an act."""

Act = e.AgentRequest | e.TalkRequest | e.FloorRequest
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Word = Annotated[str, StringConstraints(max_length=500), AfterValidator(no_controls)]
Data = Annotated[
    dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,40}$")], Word],
    Field(max_length=50, examples=[{"customer": "C-1042", "language": "fr"}]),
]
AgentPath = Annotated[str, Path(max_length=200, description="`me`: one's own", examples=["me"])]


class Acted(Saved):
    """The floor has done it, or does it as soon as the call in hand is over."""


class CallMade(Acted):
    """The floor has done it; `call_id` is the call that was made for it."""

    call_id: str | None = None


class TargetBody(Body):
    """Where a call goes."""

    kind: Literal["agent", "queue", "number"]
    id: Annotated[str, Field(min_length=1, max_length=63), AfterValidator(no_controls)] = Field(
        description="an agent's id or short number, a queue's id, or a telephone number",
        examples=["1002"],
    )

    @field_validator("id", mode="before")
    @classmethod
    def _number(cls, value: object, told: ValidationInfo) -> object:
        return pasted(value) if told.data.get("kind") == "number" else value

    def target(self, country_code: str) -> acd.Target:
        """The floor's value. Raises Problem for what is no telephone number."""
        kind = acd.TargetKind(self.kind)
        if kind is not acd.TargetKind.NUMBER:
            return acd.Target(kind, self.id)
        try:
            return acd.Target(kind, as_dialled(self.id, country_code))
        except Unreadable as error:
            raise invalid("/target/id", str(error), error.french) from error


class NoteBody(Body):
    """What is written down."""

    text: Text = Field(examples=["Rappellera avec le numéro de contrat."])


class DataBody(Body):
    """Words to attach to a call; an empty one takes it away, others stay."""

    data: Data


def e164(context: Context, text: str, pointer: str) -> str:
    """The number of a person in international form. Raises Problem 422."""
    try:
        number = to_e164(text, context.settings.country_code)
    except Unreadable as error:
        raise invalid(pointer, str(error), error.french) from error
    if not is_somebodys(number):
        raise invalid(
            pointer,
            "this number is nobody's: it stands for a caller without one",
            "ce numéro n’est à personne : il tient lieu d’un numéro absent",
        )
    return number


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody who may act for this agent."""

    context: Context
    who: Principal
    agent_id: acd.AgentId
    audited: bool

    async def ask(self, act: Act, **detail: str | bool | None) -> Done:
        """Have the floor do it. Raises FloorAbsent, FloorRefused.

        What agents do themselves is history already; what others do for them is audited.
        """
        if not self.audited:
            return await self.context.ask(act)
        return await ask(self.context, self.who, act, f"agent:{self.agent_id}", **detail)

    async def acted(self, act: Act, **detail: str | bool | None) -> Acted:
        """The same as a small answer."""
        return Acted(warnings=list((await self.ask(act, **detail)).warnings))

    @property
    def view(self) -> AgentView | None:
        """The agent as last heard of."""
        return self.context.feed.agents.get(self.agent_id)

    def call_id(self, wrapping_up: bool = False) -> acd.CallId:
        """The call in hand, with `wrapping_up` also the one just ended. Raises Problem 409."""
        view = self.view
        found = None if view is None else view.call_id
        if found is None and wrapping_up and view is not None:
            found = view.wrap_up_call_id
        if found is None:
            detail = f"{self.agent_id!r} has no call in hand."
            french = f"« {self.agent_id} » n’a pas d’appel en main."
            raise Problem(409, "no-call", detail, french)
        return found


WORDS: Final[dict[type[Act], str]] = {
    e.SignIn: "start-work",
    e.SignOut: "end-work",
    e.GetReady: "ready",
    e.Pause: "pause",
    e.ForceState: "state",
    e.AskWrapUp: "wrap-up",
    e.ExtendWrapUp: "wrap-up-extend",
    e.SetDisposition: "disposition",
    e.AddNote: "note",
    e.SetData: "data",
    e.PlaceCall: "call",
    e.HangUpTalk: "hang-up",
    e.Hold: "hold",
    e.Retrieve: "retrieve",
    e.Mute: "mute",
    e.PressKeys: "digits",
    e.Transfer: "transfer",
    e.TakeBack: "take-back",
    e.Consult: "consult",
    e.Swap: "swap",
    e.CompleteTransfer: "complete",
    e.Conference: "conference",
    e.CancelConsult: "cancel-consult",
    e.DropThird: "drop-third",
    e.LeaveConference: "leave-conference",
    e.Supervise: "supervise",
    e.TakeOver: "take-over",
    e.StopSupervising: "leave",
    e.MoveCall: "move",
    e.SetPriority: "priority",
    e.EndCall: "hang-up",
    e.BookCallback: "book",
    e.CancelCallback: "cancel",
}
"""What the audit log calls each act. Public: a word stays whatever becomes of our classes."""


def word(act: Act) -> str:
    """The audit log's word for this act."""
    return "unmute" if isinstance(act, e.Mute) and not act.muted else WORDS[type(act)]


async def ask(
    context: Context, who: Principal, act: Act, object_: str, **detail: str | int | bool | None
) -> Done:
    """Have the floor do it, with a line in the audit log. Raises FloorAbsent, FloorRefused.

    The floor keeps the line with what it does, so an act that was done is in the log whatever
    becomes of SQL meanwhile. `detail`: never keys pressed, notes or words; None is left out.
    """
    told = {name: value for name, value in detail.items() if value is not None}
    line = Audited(new_id(), 1, context.now_ms(), who.actor, word(act), object_, told)
    return await context.ask(act, line)


def named(who: Principal, agent_id: str) -> acd.AgentId:
    """The id that a path means. Raises Problem 409 for a `me` of somebody who is no agent."""
    if agent_id != ME:
        return acd.AgentId(agent_id)
    if who.agent_id is None:
        raise Problem(
            409,
            "no-agent",
            "Your account belongs to no agent: name the agent's id.",
            "Votre compte n’est celui d’aucun téléconseiller : nommez-en un.",
        )
    return acd.AgentId(who.agent_id)


async def for_agent(context: Ctx, who: AsAgent, agent_id: AgentPath) -> Acting:
    """Agents act for themselves, supervisors for their team (dependency). Raises Problem."""
    name = named(who, agent_id)
    if not who.may_act_for(name):
        raise forbidden(
            "An agent may act only for themself.", "Un téléconseiller n’agit que pour lui-même."
        )
    await must_reach(context, who, name)
    return Acting(context, who, name, audited=who.agent_id != name)


async def for_team(context: Ctx, who: AsSupervisor, agent_id: PathId) -> Acting:
    """Supervisors act for their team (dependency). Raises Problem."""
    name = named(who, agent_id)
    await must_reach(context, who, name)
    return Acting(context, who, name, audited=True)


async def must_reach(context: Context, who: Principal, agent_id: str) -> None:
    """Raises NotFound, or Problem where a team's supervisor means an agent of another team.

    A supervisor is a team's where their account belongs to an agent of that team.
    """
    async with context.engine.connect() as conn:
        agent = await config.get_agent(conn, agent_id)
        team = await _team_of(conn, who)
    if team is not None and agent_id != who.agent_id and team != agent.team:
        raise forbidden(
            f"You supervise the team {team!r}; {agent_id!r} is not in it.",
            f"Vous supervisez l’équipe « {team} » ; « {agent_id} » n’en est pas.",
        )


async def _team_of(conn: AsyncConnection, who: Principal) -> str | None:
    """The one team that this one supervises; None: all."""
    if who.role is not Role.SUPERVISOR or who.agent_id is None:
        return None
    try:
        return (await config.get_agent(conn, who.agent_id)).team
    except NotFound:
        return None


async def must_reach_call(context: Context, who: Principal, call_id: str) -> None:
    """Raises Problem where a team's supervisor means a call of agents of other teams.

    A call that no agent has yet (it waits, rings, is in the SVI) is every supervisor's: queues are
    served by all teams. So is one of which the live picture knows nothing: the floor has the word.
    """
    view = context.feed.calls.get(call_id)
    agents = () if view is None or view.state not in _IN_HAND else view.agent_ids
    if not agents or who.agent_id in agents:
        return
    async with context.engine.connect() as conn:
        team = await _team_of(conn, who)
    if team is None:
        return
    present = (context.feed.agents.get(agent_id) for agent_id in agents)
    if not any(agent is not None and agent.team == team for agent in present):
        raise forbidden(
            f"You supervise the team {team!r}; nobody of it is in this call.",
            f"Vous supervisez l’équipe « {team} » ; personne n’en est dans cet appel.",
        )


Agent = Annotated[Acting, Depends(for_agent)]
OfTeam = Annotated[Acting, Depends(for_team)]
QueueName = Annotated[Id, Field(description="a queue's id", examples=["support-fr"])]
