"""Where an agent may send a call, whom they may ask or ring: checked before anything moves."""

from __future__ import annotations

from acd.call import Call
from acd.calls import dialling
from acd.errors import Rejected
from acd.model import AgentId, AgentState, QueueId, Target, TargetKind
from acd.queues import waiting
from acd.state.floor import Floor


def checked(floor: Floor, target: Target, by: AgentId, call: Call | None = None) -> Target:
    """The target as it will be used: a colleague by id, whether named by it or by short number.

    `call` is what would be sent into a queue, None where no queue will do. Raises Rejected: an
    unknown agent or queue (404), a number that calls may not go to (403), a colleague who is not
    free or a queue that takes no calls (409), another kind of target (422).
    """
    match target.kind:
        case TargetKind.AGENT:
            return _colleague(floor, _agent_named(floor, target.id or ""), by)
        case TargetKind.NUMBER:
            colleague = floor.agent_with_number(target.id or "")
            if colleague is not None:
                return _colleague(floor, colleague, by)
            dialling.must_be_allowed(floor, target.id or "")
            return Target(TargetKind.NUMBER, target.id)
        case TargetKind.QUEUE if call is not None:
            return _queue(floor, QueueId(target.id or ""), call)
        case _:
            kinds = "an agent, a queue or a number" if call is not None else "an agent or a number"
            raise Rejected(
                "wrong-target",
                f"This can go to {kinds}, not to {target.kind}.",
                f"Cette destination n’est pas possible ici : « {target.kind} ».",
                422,
            )


def dialled(floor: Floor, extension: str) -> Target:
    """What is meant by this dialled on a phone: a colleague, a queue by its id, or a number."""
    colleague = floor.agent_with_number(extension)
    if colleague is not None:
        return Target(TargetKind.AGENT, colleague)
    if extension in floor.config.queues:
        return Target(TargetKind.QUEUE, extension)
    return Target(TargetKind.NUMBER, extension)


def _agent_named(floor: Floor, name: str) -> AgentId:
    if name in floor.config.agents:
        return AgentId(name)
    colleague = floor.agent_with_number(name)
    if colleague is None:
        raise Rejected(
            "unknown-agent",
            f"There is no agent with id or short number {name!r}.",
            f"Aucun téléconseiller n’a l’identifiant ou le numéro court « {name} ».",
            404,
        )
    return colleague


def _colleague(floor: Floor, agent_id: AgentId, by: AgentId) -> Target:
    if agent_id == by:
        raise Rejected(
            "oneself",
            "An agent cannot be connected with themselves.",
            "Un téléconseiller ne peut pas être mis en relation avec lui-même.",
        )
    if not floor.router.is_ready(agent_id):
        state = floor.agents[agent_id].state
        why = state if state is not AgentState.READY else "their phone was busy a moment ago"
        raise Rejected(
            "agent-not-free",
            f"{agent_id!r} cannot take a call now: {why}.",
            f"« {agent_id} » ne peut pas prendre d’appel maintenant.",
        )
    return Target(TargetKind.AGENT, agent_id)


def _queue(floor: Floor, queue_id: QueueId, call: Call) -> Target:
    queue = floor.config.queues.get(queue_id)
    if queue is None:
        raise Rejected(
            "unknown-queue",
            f"There is no queue {queue_id!r}.",
            f"Il n’y a pas de file « {queue_id} ».",
            404,
        )
    turned_away = waiting.refusal(floor, call, queue, extra=(), returning=False)
    if turned_away is not None:
        raise Rejected(
            "queue-closed",
            f"The queue {queue_id!r} takes no calls: {turned_away.why}.",
            f"La file « {queue_id} » ne prend pas d’appel : elle est fermée, pleine ou "
            "sans personne.",
        )
    return Target(TargetKind.QUEUE, queue_id)
