"""The floor of the random histories: four agents, five queues, everything on.

Decides what is configured and when it opens; refuses to know what happens on it.
"""

from __future__ import annotations

import msgspec

from acd.config import (
    Access,
    AgentProfile,
    Calendar,
    CallbackMode,
    CallbackPolicy,
    Disposition,
    FloorConfig,
    Membership,
    MessageKind,
    OpenSpan,
    Outside,
    Queue,
    Step,
    Strategy,
    VoicemailPolicy,
    WaitMessage,
    WrapUp,
)
from acd.model import (
    AgentId,
    CalendarId,
    FlowId,
    PhoneId,
    QueueId,
    SkillId,
    SkillLevel,
    Target,
    TargetKind,
)

START_MS = 1_760_000_000_000


def level(skill: str, value: int) -> SkillLevel:
    return SkillLevel(SkillId(skill), value)


def queue(name: str, required: tuple[SkillLevel, ...], **more: object) -> Queue:
    return msgspec.structs.replace(Queue(QueueId(name), name.title(), required), **more)


def to(kind: TargetKind, which: str | None = None, say: str | None = None) -> Target:
    return Target(kind, which, {"fr": say} if say else {})


ALWAYS = Calendar(CalendarId("always"), "Europe/Paris", ((OpenSpan(0, 1440),),) * 7)
OUTSIDE = ("+33800000001", "+33800000002")


def small_config() -> FloorConfig:
    """Four agents and five queues with everything on that a queue can have."""
    agents = {
        "ana": (level("sales", 5),),
        "bob": (level("sales", 3), level("support", 5)),
        "cleo": (level("support", 7), level("english", 5)),
        "dan": (level("sales", 8), level("english", 2)),
    }
    places = {
        "ana": (Membership(QueueId("team"), priority=2),),
        "bob": (Membership(QueueId("team"), delay_s=4), Membership(QueueId("sales"), -1)),
        "cleo": (Membership(QueueId("support"), 3),),
    }
    queues = (
        queue(
            "sales",
            (level("sales", 3),),
            ring_s=10,
            wrap_up_s=5,
            sticky_s=3,
            calendar=CalendarId("always"),
            messages=(
                WaitMessage(MessageKind.TEXT, {"fr": "Patientez."}, first_s=2, every_s=6),
                WaitMessage(MessageKind.POSITION, first_s=4, every_s=5),
                WaitMessage(MessageKind.ESTIMATE, first_s=3, every_s=None),
            ),
            exits={
                "1": to(TargetKind.CALLBACK),
                "2": to(TargetKind.VOICEMAIL),
                "3": to(TargetKind.QUEUE, "support", "On vous transfère."),
            },
            max_wait_s=25,
            on_max_wait=to(TargetKind.QUEUE, "support"),
            callback=CallbackPolicy(retry_s=7, attempts=2, ring_s=6),
            voicemail=VoicemailPolicy(),
            dispositions=(Disposition("sold"), Disposition("not_sold")),
        ),
        queue(
            "support",
            (level("support", 5),),
            ring_s=8,
            rona_limit=1,
            wrap_up=WrapUp.MANDATORY,
            wrap_up_s=6,
            dispositions=(Disposition("solved"),),
            max_length=3,
            on_full=to(TargetKind.NUMBER, OUTSIDE[0]),
            on_max_wait=to(TargetKind.QUEUE, "sales"),
            max_wait_s=30,
            exits={"9": to(TargetKind.NUMBER, OUTSIDE[1], "Un instant.")},
            callback=CallbackPolicy(CallbackMode.CUSTOMER_FIRST, retry_s=5, attempts=2, ring_s=6),
            voicemail=VoicemailPolicy(),
        ),
        queue("team", (), access=Access.MEMBERS, strategy=Strategy.RING_ALL, ring_s=9),
        queue(
            "steps",
            (level("sales", 9),),
            strategy=Strategy.BEST_SKILL,
            steps=(
                Step(for_s=4),
                Step("skills.sales >= 5 and not skills.english > 4", for_s=5),
                Step("anyone"),
            ),
            wrap_up=WrapUp.OPTIONAL,
        ),
        queue("shut", (), closed=True, on_closed=to(TargetKind.VOICEMAIL, "sales")),
    )
    return FloorConfig(
        queues={q.id: q for q in queues},
        agents={
            AgentId(name): AgentProfile(
                AgentId(name),
                name.title(),
                PhoneId(name),
                skills,
                queues=places.get(name, ()),
                number=str(200 + index),
            )
            for index, (name, skills) in enumerate(agents.items())
        },
        numbers={
            "600": FlowId("menu"),
            "601": FlowId("direct"),
            "602": FlowId("missing"),
            "603": FlowId("team"),
            "604": FlowId("steps"),
            "605": FlowId("shut"),
        },
        calendars={ALWAYS.id: ALWAYS},
        seats=frozenset({PhoneId("seat")}),
        outside=Outside(allowed=("+33",)),
    )
