"""How the floor puts a call into facts: its beginning, its segments and its nodes of the flow.

Each function keeps one fact and returns the call with its new sequence number.
"""

from __future__ import annotations

from acd.call import Call
from acd.facts import ContactArrived, FlowNodeLeft, SegmentClosed, SegmentOpened
from acd.flow import Walked
from acd.model import AgentId, CallId, FlowId, SegmentId, SegmentKind, VisitId
from acd.state.floor import Floor


def contact_began(
    floor: Floor,
    call: Call,
    direction: str,
    *,
    flow: FlowId | None = None,
    root_id: CallId | None = None,
    agent_id: AgentId | None = None,
) -> Call:
    """A contact is there, and this call is it (`ContactArrived` says what the words mean)."""
    return floor.tell_call(
        call,
        lambda subject, seq, at: ContactArrived(
            subject,
            seq,
            at,
            call.id,
            call.dnis,
            call.number,
            call.name,
            flow,
            direction,
            call.kind,
            root_id,
            call.last_queue_id,
            agent_id,
            call.withheld,
        ),
    )


def segment_opened(
    floor: Floor,
    call: Call,
    segment_id: SegmentId,
    kind: SegmentKind,
    agent_id: AgentId | None = None,
    visit_id: VisitId | None = None,
) -> Call:
    """A stretch of the call begins; the agent's team is copied as it is now."""
    profile = floor.config.agents.get(agent_id) if agent_id is not None else None
    team = profile.team if profile else None
    return floor.tell_call(
        call,
        lambda subject, seq, at: SegmentOpened(
            subject, seq, at, call.contact, segment_id, kind, visit_id, agent_id, team
        ),
    )


def segment_closed(floor: Floor, call: Call, segment_id: SegmentId, reason: str) -> Call:
    """A stretch of the call is over."""
    return floor.tell_call(
        call,
        lambda subject, seq, at: SegmentClosed(subject, seq, at, call.contact, segment_id, reason),
    )


def node_left(floor: Floor, call: Call, left: Walked) -> Call:
    """A node of the flow was left."""
    return floor.tell_call(
        call,
        lambda subject, seq, at: FlowNodeLeft(
            subject,
            seq,
            at,
            call.contact,
            left.flow,
            left.version,
            left.node,
            left.kind,
            left.input,
            left.entered_at,
        ),
    )
