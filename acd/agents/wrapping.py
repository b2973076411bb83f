"""What an agent writes down about a call, and the time for it. Pure."""

from __future__ import annotations

import msgspec

from acd.agents import availability
from acd.call import Call
from acd.config import WrapUp
from acd.errors import Rejected
from acd.events import AddNote, SetData, SetDisposition
from acd.facts import DispositionSet, NoteAdded
from acd.model import AgentId, AgentState, AgentWork, CallKind, QueueId, Talk
from acd.state.floor import Floor
from acd.state.timers import Wake

MOST_DATA = 50
"""How many words may be attached to a call."""


def extend(floor: Floor, agent_id: AgentId) -> None:
    """More time after the call, once. Raises Rejected."""
    work = availability.known(floor, agent_id)
    if work.state is not AgentState.WRAP_UP or work.wrap_up_until is None:
        raise Rejected(
            "not-in-wrap-up",
            "Only a timed wrap-up can be extended.",
            "Seul un post-appel à durée fixe peut être prolongé.",
        )
    if work.wrap_up_extended:
        raise Rejected(
            "already-extended",
            "This wrap-up has been extended once already.",
            "Ce post-appel a déjà été prolongé une fois.",
        )
    queue_id = work.wrap_up_queue_id
    more_s = floor.queue(queue_id).wrap_up_extension_s if queue_id is not None else 0
    if more_s <= 0:
        raise Rejected(
            "not-extended",
            "Wrap-up of this queue's calls is not extended.",
            "Le post-appel de cette file ne se prolonge pas.",
        )
    until = work.wrap_up_until + more_s * 1000
    floor.put_agent(msgspec.structs.replace(work, wrap_up_until=until, wrap_up_extended=True))
    floor.timers.set(Wake.WRAP_UP, agent_id, until)


def ask(floor: Floor, agent_id: AgentId) -> None:
    """The agent wants wrap-up after this call, where the queue leaves it open. Raises Rejected."""
    call, talk = _talk_of(floor, availability.known(floor, agent_id))
    queue = floor.queue(call.last_queue_id) if call.last_queue_id is not None else None
    if queue is None or queue.wrap_up is WrapUp.NONE:
        raise Rejected(
            "no-wrap-up",
            "Calls of this queue have no wrap-up.",
            "Les appels de cette file n’ont pas de post-appel.",
        )
    talk = msgspec.structs.replace(talk, wrap_up_asked=True)
    floor.put_call(msgspec.structs.replace(call, talk=talk))


def _talk_of(floor: Floor, work: AgentWork) -> tuple[Call, Talk]:
    call = floor.calls.get(work.call_id) if work.call_id is not None else None
    if call is None or call.talk is None or call.talk.agent_id != work.id:
        raise Rejected(
            "no-call", f"{work.id!r} is not in a call.", f"« {work.id} » n’est pas en appel."
        )
    return call, call.talk


def dispose(floor: Floor, asked: SetDisposition) -> None:
    """Qualify the call in hand, or the one just ended; a mandatory wrap-up is over with it.

    Raises Rejected: no such call (409), a code that the queue does not know (422).
    """
    work = availability.known(floor, asked.agent_id)
    if work.state is AgentState.WRAP_UP and work.wrap_up_call_id is not None:
        _dispose_after(floor, work, asked)
        return
    call, talk = _talk_of(floor, work)
    if call.kind is CallKind.CONSULT:
        raise Rejected(
            "no-call",
            "A consultation is not qualified: the customer's call is.",
            "Une consultation ne se qualifie pas : l’appel du client, si.",
        )
    _must_be_known(floor, call.last_queue_id, asked.code)
    talk = msgspec.structs.replace(talk, disposition=asked.code)
    call = floor.put_call(msgspec.structs.replace(call, talk=talk))
    floor.tell_call(
        call,
        lambda subject, seq, at: DispositionSet(
            subject, seq, at, call.contact, work.id, call.last_queue_id, asked.code, asked.note
        ),
    )


def _dispose_after(floor: Floor, work: AgentWork, asked: SetDisposition) -> None:
    contact_id, queue_id = work.wrap_up_call_id, work.wrap_up_queue_id
    if contact_id is None:
        return
    _must_be_known(floor, queue_id, asked.code)
    work = floor.tell_agent(
        work,
        lambda subject, seq, at: DispositionSet(
            subject, seq, at, contact_id, work.id, queue_id, asked.code, asked.note
        ),
    )
    if work.wrap_up_mandatory:
        availability.wrap_up_over(floor, work.id)


def _must_be_known(floor: Floor, queue_id: QueueId | None, code: str) -> None:
    known = floor.queue(queue_id).dispositions if queue_id is not None else ()
    codes = [disposition.code for disposition in known]
    if codes and code not in codes:
        raise Rejected(
            "unknown-disposition",
            f"{code!r} is none of the queue's: {', '.join(codes)}.",
            f"« {code} » n’est aucune des qualifications de la file : {', '.join(codes)}.",
            422,
        )


def note(floor: Floor, asked: AddNote) -> None:
    """Write something down about a call in progress or in wrap-up. Raises Rejected (404)."""
    call = floor.calls.get(asked.call_id)
    if call is not None:
        floor.tell_call(
            call,
            lambda subject, seq, at: NoteAdded(
                subject, seq, at, call.contact, asked.agent_id, asked.text
            ),
        )
        return
    work = floor.agents.get(asked.agent_id) if asked.agent_id is not None else None
    if work is None or work.wrap_up_call_id != asked.call_id:
        raise Rejected(
            "unknown-call",
            f"There is no call {asked.call_id!r} in progress.",
            f"Il n’y a pas d’appel « {asked.call_id} » en cours.",
            404,
        )
    floor.tell_agent(
        work,
        lambda subject, seq, at: NoteAdded(subject, seq, at, asked.call_id, work.id, asked.text),
    )


def attach(floor: Floor, asked: SetData) -> None:
    """Attach words to a call in progress; an empty value takes one away. Raises Rejected."""
    call = floor.calls.get(asked.call_id)
    if call is None:
        raise Rejected(
            "unknown-call",
            f"There is no call {asked.call_id!r} in progress.",
            f"Il n’y a pas d’appel « {asked.call_id} » en cours.",
            404,
        )
    data = {key: value for key, value in {**call.data, **asked.data}.items() if value}
    if len(data) > MOST_DATA:
        raise Rejected(
            "too-much-data",
            f"A call carries {MOST_DATA} words at most.",
            f"Un appel porte {MOST_DATA} mots au plus.",
            422,
        )
    floor.put_call(msgspec.structs.replace(call, data=data))
