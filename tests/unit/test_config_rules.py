"""A configuration that makes no sense is told where and why."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from acd.config import (
    AlertMetric,
    AlertRule,
    CallbackPolicy,
    Comparison,
    Disposition,
    Membership,
    MessageKind,
    Outside,
    PauseReason,
    Step,
    WaitMessage,
    WrapUp,
)
from acd.model import AgentId, CalendarId, FlowId, PhoneId, QueueId, SkillId, SkillLevel
from acd.model import Target as To
from acd.model import TargetKind as Kind
from store.config_diff import differences
from store.config_document import AgentEntry, Configuration, FlowEntry, NumberEntry, SeatEntry
from store.config_rules import faults
from store.rows import QueueRow, SkillRow, TeamRow

pytestmark = pytest.mark.unit

A = QueueRow(id=QueueId("a"), name="A")
SOUND = Configuration(
    skills={"fr": SkillRow(SkillId("fr"), "Français")},
    teams={"t": TeamRow("t", "T")},
    queues={"a": A, "b": replace(A, id=QueueId("b")), "c": replace(A, id=QueueId("c"))},
    agents={"x": AgentEntry(AgentId("x"), "X", PhoneId("agent-x"), number="41")},
    outside=Outside(("+33",)),
    flows={"f": FlowEntry(FlowId("f"), 1)},
)


def _with_queue(**changes: object) -> Configuration:
    return replace(SOUND, queues={**SOUND.queues, "a": replace(A, **changes)})


def _told(configuration: Configuration) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.message) for fault in faults(configuration)]


def test_a_sound_one_has_no_faults() -> None:
    assert _told(SOUND) == []


def test_a_short_number_may_be_called_where_it_is_listed_whole() -> None:
    queue = replace(A, on_closed=To(Kind.NUMBER, "3900"))
    listed = replace(SOUND, queues={**SOUND.queues, "a": queue}, outside=Outside(("+33", "3900")))
    assert _told(listed) == []
    assert _told(replace(listed, outside=Outside(("+33", "390"))))


def test_nobody_is_called_what_rest_calls_oneself() -> None:
    me = AgentEntry(AgentId("me"), "Me", PhoneId("agent-me"))
    ((pointer, message),) = _told(replace(SOUND, agents={"me": me}))
    assert pointer == "/agents/me"
    assert "choose another id" in message


QUEUE_FAULTS: list[tuple[dict[str, object], str, str]] = [
    ({"required": (SkillLevel(SkillId("no"), 5),)}, "/required/0/skill", "no skill “no”"),
    ({"steps": (Step("skills.fr >="),)}, "/steps/0/expression", "column 13: expected a level"),
    ({"steps": (Step("skills.en"),)}, "/steps/0/expression", "no skill “en”"),
    ({"steps": (Step(), Step())}, "/steps/0", "only the last step"),
    ({"steps": (Step(preferred=(AgentId("no"),)),)}, "/steps/0/preferred/0", "no agent “no”"),
    ({"steps": (Step(only_preferred=True),)}, "/steps/0/only_preferred", "nobody would fit"),
    ({"calendar": CalendarId("no")}, "/calendar", "no calendar “no”"),
    ({"messages": (WaitMessage(MessageKind.TEXT),)}, "/messages/0/texts", "give texts"),
    ({"messages": (WaitMessage(MessageKind.PROMPT),)}, "/messages/0/prompt", "which prompt"),
    ({"wrap_up": WrapUp.MANDATORY}, "/wrap_up", "would never end"),
    (
        {"dispositions": (Disposition("ok"), Disposition("ok"))},
        "/dispositions/1/code",
        "stands twice",
    ),
    ({"on_full": To(Kind.HANG_UP)}, "/on_full", "never happens without max_length"),
    ({"on_max_wait": To(Kind.HANG_UP)}, "/on_max_wait", "never happens without max_wait_s"),
    ({"on_closed": To(Kind.QUEUE, "no")}, "/on_closed/id", "no queue “no”"),
    ({"on_closed": To(Kind.QUEUE)}, "/on_closed/id", "which queue"),
    ({"on_closed": To(Kind.AGENT, "no")}, "/on_closed/id", "no agent “no”"),
    ({"on_closed": To(Kind.FLOW, "no")}, "/on_closed/id", "no flow “no”"),
    ({"on_closed": To(Kind.HANG_UP, "x")}, "/on_closed/id", "leads nowhere"),
    ({"exits": {"1": To(Kind.CALLBACK)}}, "/exits/1/kind", "“a” offers no callback"),
    ({"exits": {"1": To(Kind.VOICEMAIL, "b")}}, "/exits/1/kind", "“b” offers no voicemail"),
    ({"exits": {"1": To(Kind.VOICEMAIL, "no")}}, "/exits/1/id", "no queue “no”"),
    ({"on_closed": To(Kind.NUMBER)}, "/on_closed/id", "which number"),
    ({"on_closed": To(Kind.NUMBER, "0123456789")}, "/on_closed/id", "E.164"),
    ({"on_closed": To(Kind.NUMBER, "+33")}, "/on_closed/id", "from 7 to 15 digits"),
    ({"on_closed": To(Kind.NUMBER, "+3212345678")}, "/on_closed/id", "outside.allowed"),
    ({"on_nobody": To(Kind.QUEUE, "a")}, "/on_nobody/id", "circle: a → a"),
]


@pytest.mark.parametrize(("changes", "place", "says"), QUEUE_FAULTS)
def test_faults_of_a_queue(changes: dict[str, object], place: str, says: str) -> None:
    ((pointer, message),) = _told(_with_queue(**changes))
    assert pointer == f"/queues/a{place}"
    assert says in message


def test_what_a_queue_offers_it_may_lead_to() -> None:
    exits = {"1": To(Kind.CALLBACK), "2": To(Kind.NUMBER, "+33123456789")}
    assert _told(_with_queue(exits=exits, callback=CallbackPolicy())) == []


@pytest.mark.parametrize("field", ["on_closed", "on_nobody", "on_full", "on_max_wait"])
def test_a_circle_is_named_at_each_of_its_queues(field: str) -> None:
    limits: dict[str, object] = {"max_length": 5, "max_wait_s": 60}
    queues = {
        id_: replace(A, id=QueueId(id_), **limits, **{field: To(Kind.QUEUE, to)})
        for id_, to in (("a", "b"), ("b", "c"), ("c", "b"))
    }
    told = _told(replace(SOUND, queues=queues))
    assert [pointer for pointer, _ in told] == [f"/queues/b/{field}/id", f"/queues/c/{field}/id"]
    assert [message.rpartition(": ")[2] for _, message in told] == ["b → c → b", "c → b → c"]


def test_a_chain_with_a_way_out_is_no_circle() -> None:
    queues = {
        **SOUND.queues,
        "a": replace(A, on_closed=To(Kind.QUEUE, "b")),
        "b": replace(A, id=QueueId("b"), max_length=5, on_full=To(Kind.QUEUE, "a")),
    }
    assert _told(replace(SOUND, queues=queues)) == []


def test_faults_of_people_and_the_rest() -> None:
    x = SOUND.agents["x"]
    agents = {
        "x": x,
        "y": AgentEntry(
            AgentId("y"),
            "Y",
            x.phone,
            team="no",
            number="41",
            skills=(SkillLevel(SkillId("no"), 1),),
            queues=(Membership(QueueId("no")),),
        ),
    }
    rule = AlertRule("r", AlertMetric.OCCUPANCY, Comparison.ABOVE, 85, QueueId("no"))
    told = _told(
        replace(
            SOUND,
            agents=agents,
            seats={"agent-x": SeatEntry(x.phone, "Seat")},
            pause_reasons={c: PauseReason(c, digit="1") for c in ("p", "q")},
            alert_rules={"r": rule},
            numbers={"100": NumberEntry("100", FlowId("no"))},
        )
    )
    assert [pointer for pointer, _ in told] == [
        "/agents/y/team",
        "/agents/y/skills/0/skill",
        "/agents/y/queues/0/queue",
        "/agents/y/phone",
        "/seats/agent-x",
        "/agents/y/number",
        "/pause_reasons/q/digit",
        "/alert_rules/r/queue",
        "/alert_rules/r/threshold",
        "/numbers/100/flow",
    ]


def test_differences_name_places() -> None:
    old = {"a": {"x/y": 1, "gone": 2}, "same": [1]}
    new = {"a": {"x/y": 3, "come": {"b": 1}}, "same": [1]}
    told = [(each.path, str(each.kind), each.old, each.new) for each in differences(old, new)]
    assert told == [
        ("/a/x~1y", "changed", 1, 3),
        ("/a/gone", "removed", 2, None),
        ("/a/come", "added", None, {"b": 1}),
    ]
    assert differences(new, old)[0].place == ("a", "x/y")
