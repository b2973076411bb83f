"""What came to pass, by REST: a call whole, callbacks, messages, the recall list, shares."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Engine, event

from acd.events import EndCall
from acd.facts import (
    AlertChanged,
    AnyFact,
    CallbackChanged,
    ContactArrived,
    ContactEnded,
    DispositionSet,
    MessageHeard,
    MessageLeft,
    NoteAdded,
    RecordingKept,
    RecordingStarted,
    Supervised,
    Transferred,
)
from acd.model import (
    AgentId,
    AgentState,
    CallId,
    CallKind,
    EndedBy,
    Outcome,
    QueueId,
    RecordingId,
    SegmentKind,
    SkillId,
    SkillLevel,
    TargetKind,
    VisitOutcome,
)
from control.protocol import Refused
from store import config
from store.engine import open_store
from store.rows import QueueRow, SkillRow
from store.writer import write_facts
from tests.api_stand import T0, Stand, running
from tests.store.told import Told, agent_states

pytestmark = pytest.mark.store

ONE = AgentId("1001")
SALES, EXPERTS = QueueId("sales"), QueueId("experts")


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    """Agent 1001 works for `sales`, and lacks the skill that `experts` asks for."""
    async with running(tmp_path) as made:
        engine = open_store(made.settings.store_url)
        async with engine.begin() as conn:
            await config.create_skill(conn, SkillRow(SkillId("law"), "Droit"))
            await config.create_queue(conn, QueueRow(SALES, "Ventes"))
            needed = (SkillLevel(SkillId("law"), 5),)
            await config.create_queue(conn, QueueRow(EXPERTS, "Juristes", required=needed))
        await engine.dispose()
        yield made


async def tell(stand: Stand, *calls: Told, more: list[AnyFact] | None = None) -> None:
    engine = open_store(stand.settings.store_url)
    async with engine.begin() as conn:
        facts = [fact for call in calls for fact in call.facts]
        await write_facts(conn, facts + (more or []), T0)
    await engine.dispose()


def transferred() -> Told:
    """1001 answers, notes, qualifies and gives the call to 1002, to whom a supervisor listens."""
    call = Told("c1", T0, "+331").queue("sales", estimate_ms=9_000).wait(1_000)
    call.leave(VisitOutcome.ANSWERED, agent_id=ONE).span(SegmentKind.TALK, ONE, 5_000, "agent")
    call.tell(NoteAdded, agent_id=ONE, text="contrat 12")
    call.tell(DispositionSet, agent_id=ONE, queue_id=SALES, code="info", note=None)
    call.tell(
        Transferred, agent_id=ONE, how="blind", target_kind=TargetKind.AGENT, target_id="1002"
    )
    call.tell(Supervised, act="listen", by="user:boss", agent_id=AgentId("1002"))
    call.span(SegmentKind.TALK, "1002", 5_000, "caller")
    return call.tell(
        ContactEnded,
        outcome=Outcome.ANSWERED,
        ended_by=EndedBy.CALLER,
        reason="caller_hung_up",
        data={"customer": "C-7"},
    )


def callback(name: str, *states: str, queue: QueueId = SALES, origin: str = "c1") -> Told:
    call = Told(name, T0 + 60_000, "+331", CallKind.CALLBACK, root_id=CallId(origin))
    for state in states:
        call.wait(1_000).tell(
            CallbackChanged,
            queue_id=queue,
            number="+331",
            state=state,
            attempts=1,
            due_at=T0 + 90_000,
            key=T0,
            origin_id=CallId(origin),
            by="user:1001" if state == "booked" else None,
        )
    return call


def message(name: str, queue: QueueId = SALES, *, heard: bool = False) -> Told:
    work = Told(name, T0 + 5_000, None, CallKind.VOICEMAIL, root_id=CallId("c1"))
    recording = {"recording_id": RecordingId(f"r-{name}")}
    work.tell(RecordingStarted, call_id=CallId("c1"), agent_id=None, queue_id=queue, **recording)
    work.tell(
        RecordingKept,
        call_id=CallId("c1"),
        path=f"{name}.wav",
        size_bytes=44,
        duration_ms=3_000,
        sha256="0" * 64,
        **recording,
    )
    work.tell(MessageLeft, call_id=CallId("c1"), queue_id=queue, number="+331", key=T0, **recording)
    if heard:
        work.wait(60_000).tell(MessageHeard, agent_id=ONE, **recording)
    return work


def lost(name: str, number: str, queue: str = "sales") -> Told:
    call = Told(name, T0 - 60_000, number).queue(queue).wait(30_000)
    return call.leave(VisitOutcome.ABANDONED).end(Outcome.ABANDONED)


async def test_a_call_tells_all_that_was_done_to_it(stand: Stand) -> None:
    await tell(stand, transferred(), callback("cb", "booked"), message("vm"))
    found = (await stand.call("GET", "/calls/c1", "boss")).json()
    assert found["call"]["kind"] == "inbound"
    assert found["data"] == {"customer": "C-7"}
    assert [(s["kind"], s["agent_id"]) for s in found["segments"]] == [
        ("talk", "1001"),
        ("talk", "1002"),
    ]
    assert found["visits"][0]["estimate_ms"] == 9_000
    assert found["transfers"][0] | {"at": 0} == {
        "from_agent_id": "1001",
        "kind": "blind",
        "target_kind": "agent",
        "target_id": "1002",
        "at": 0,
    }
    assert [note["text"] for note in found["notes"]] == ["contrat 12"]
    assert [made["code"] for made in found["dispositions"]] == ["info"]
    assert [(a["act"], a["by"]) for a in found["supervision"]] == [("listen", "user:boss")]
    own = (await stand.call("GET", "/calls/c1", "1001")).json()
    assert own["supervision"] == []
    kinds = {event["kind"] for event in found["events"]}
    assert kinds - {event["kind"] for event in own["events"]} == {"Supervised"}
    assert [made["id"] for made in found["callbacks"]] == ["cb"]
    assert [left["id"] for left in found["messages"]] == ["vm"]
    assert [(f["id"], f["kind"]) for f in found["following"]] == [
        ("vm", "voicemail"),
        ("cb", "callback"),
    ]
    # Who had a part in it sees it, whoever answered first.
    assert (await stand.call("GET", "/calls/c1", "1001")).status_code == 200


async def test_calls_are_found_by_who_what_and_for_which_queue(stand: Stand) -> None:
    manual = Told("m1", T0, "+339", CallKind.MANUAL, agent_id=ONE, queue_id=EXPERTS)
    manual.end(Outcome.NO_ANSWER)
    direct = Told("d1", T0 + 1, "+338")
    direct.visit = None  # type: ignore[assignment]
    direct.span(SegmentKind.TALK, ONE, 1_000, "caller").end(Outcome.ANSWERED)
    await tell(stand, transferred(), manual, direct, lost("l1", "+337"))

    async def ids(query: str, as_: str = "boss") -> set[str]:
        answer = await stand.call("GET", f"/calls?{query}", as_)
        assert answer.status_code == 200, answer.text
        return {call["id"] for call in answer.json()["items"]}

    assert await ids("") == {"c1", "m1", "d1", "l1"}
    assert await ids("kind=manual") == {"m1"}
    assert await ids("agent=1001") == await ids("", "1001") == {"c1", "m1", "d1"}
    assert await ids("agent=1002") == {"c1"}
    assert await ids("answered_by=1002") == set()
    assert await ids("answered_by=1001&kind=inbound") == {"c1"}
    assert await ids("queue=experts") == {"m1"}
    assert await ids("queue=experts&kind=inbound") == set()
    assert await ids("queue=sales&outcome=abandoned") == {"l1"}
    assert await ids("outcome=answered") == {"c1", "d1"}
    assert await ids("number=%2B339") == {"m1"}
    assert (await stand.call("GET", "/calls?kind=fax")).status_code == 422


async def test_a_list_of_calls_tells_talk_hold_and_recordings_in_few_statements(
    stand: Stand,
) -> None:
    told: list[AnyFact] = []
    for number in range(120):
        call = Told(f"c{number}", T0 + number, "+331").queue("sales").wait(1_000)
        call.leave(VisitOutcome.ANSWERED, agent_id=ONE)
        call.span(SegmentKind.TALK, ONE, 5_000, "agent")
        call.span(SegmentKind.HOLD, ONE, 2_000, "agent").span(SegmentKind.TALK, ONE, 1_000, "agent")
        recording = {"recording_id": RecordingId(f"r{number}")}
        call.tell(
            RecordingStarted, call_id=CallId(call.id), agent_id=ONE, queue_id=SALES, **recording
        )
        call.tell(
            RecordingKept,
            call_id=call.id,
            path="x.wav",
            size_bytes=44,
            duration_ms=8_000,
            sha256="0" * 64,
            **recording,
        )
        told += call.end(Outcome.ANSWERED).facts
    await tell(stand, more=told)
    await stand.sign_in("boss")
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    event.listen(Engine, "before_cursor_execute", count)
    try:
        page = (await stand.call("GET", "/calls?limit=100", "boss")).json()["items"]
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    assert len(page) == 100
    assert statements <= 6  # who asks, the page, spans and recordings of all its calls
    kept = {"id": "r119", "state": "kept", "agent_id": "1001", "duration_ms": 8_000}
    shown = (page[0]["id"], page[0]["talk_ms"], page[0]["hold_ms"], page[0]["recordings"])
    assert shown == ("c119", 6_000, 2_000, [kept])


async def test_callbacks_are_listed_for_those_who_work_for_the_queue(stand: Stand) -> None:
    await tell(
        stand,
        callback("cb1", "booked", "dialling", "postponed"),
        callback("cb2", "booked", "reached"),
        callback("cb3", "booked", queue=EXPERTS),
    )
    mine = (await stand.call("GET", "/callbacks", "1001")).json()["items"]
    assert {made["id"] for made in mine} == {"cb1", "cb2"}
    everything = (await stand.call("GET", "/callbacks?limit=2", "boss")).json()
    rest = await stand.call("GET", f"/callbacks?limit=2&cursor={everything['next']}", "boss")
    listed = everything["items"] + rest.json()["items"]
    assert {made["id"] for made in listed} == {"cb1", "cb2", "cb3"}
    open_ones = await stand.call("GET", "/callbacks?state=postponed&state=booked", "boss")
    assert {made["id"] for made in open_ones.json()["items"]} == {"cb1", "cb3"}
    one = (await stand.call("GET", "/callbacks/cb2", "1001")).json()
    assert (one["state"], one["outcome"], one["by"]) == ("reached", "reached", "user:1001")
    assert one["origin_contact_id"] == "c1"
    assert (await stand.call("GET", "/callbacks/cb3", "1001")).status_code == 404
    assert (await stand.call("GET", "/callbacks?queue=experts", "1001")).status_code == 403
    assert (await stand.call("GET", "/callbacks?queue=none", "boss")).status_code == 404


async def test_messages_are_heard_and_marked_by_those_who_work_for_the_queue(
    stand: Stand,
) -> None:
    (stand.settings.recordings / "vm1.wav").write_bytes(b"RIFF")
    await tell(stand, message("vm1"), message("vm2", heard=True), message("vm3", EXPERTS))
    mine = (await stand.call("GET", "/voicemails", "1001")).json()["items"]
    assert {(left["id"], left["state"]) for left in mine} == {("vm1", "new"), ("vm2", "done")}
    new = (await stand.call("GET", "/voicemails?state=new", "boss")).json()["items"]
    assert {left["id"] for left in new} == {"vm1", "vm3"}
    one = (await stand.call("GET", "/voicemails/vm1", "1001")).json()
    assert (one["duration_ms"], one["contact_id"]) == (3_000, "c1")
    heard = await stand.call("GET", f"/recordings/{one['recording_id']}/audio", "1001")
    assert heard.status_code == 200
    assert (await stand.call("GET", "/recordings/r-vm3", "1001")).status_code == 404
    assert (await stand.call("GET", "/voicemails/vm3", "1001")).status_code == 404
    assert (await stand.call("POST", "/voicemails/vm3/done", "1001")).status_code == 404
    done = (await stand.call("POST", "/voicemails/vm1/done", "1001")).json()
    assert (done["state"], done["warnings"]) == ("done", [])
    assert done["marked_by"] == "user:1001"
    again = (await stand.call("POST", "/voicemails/vm1/done", "boss")).json()
    assert again["marked_by"] == "user:1001"
    # The floor lets go of what waited, once; and not of what was heard already.
    ended = [wish for wish in stand.floor.asked if isinstance(wish, EndCall)]
    assert ended == [EndCall(CallId("vm1"), "user:1001")]


async def test_a_message_whose_agent_did_not_hear_it_is_new_again(stand: Stand) -> None:
    taken = message("vm1").queue()
    taken.wait(1_000).leave(VisitOutcome.ANSWERED, agent_id=ONE)
    await tell(stand, taken)
    at_work = (await stand.call("GET", "/voicemails/vm1", "boss")).json()
    assert (at_work["state"], at_work["agent_id"]) == ("assigned", ONE)
    await tell(stand, taken.wait(1_000).queue())
    waiting = (await stand.call("GET", "/voicemails/vm1", "boss")).json()
    assert (waiting["state"], waiting["agent_id"]) == ("new", None)


async def test_a_message_is_done_even_where_the_floor_does_not_say_so(stand: Stand) -> None:
    await tell(stand, message("vm1"), message("vm2"))
    stand.floor.answers[EndCall] = Refused("unknown-call", 404, "There is no such call.")
    gone = (await stand.call("POST", "/voicemails/vm1/done", "1001")).json()
    assert (gone["state"], gone["warnings"]) == ("done", [])
    await stand.floor.stop()
    absent = (await stand.call("POST", "/voicemails/vm2/done", "1001")).json()
    assert absent["state"] == "done"
    assert "Saved" in absent["warnings"][0]


async def test_the_recall_list_is_worked_through(stand: Stand) -> None:
    await tell(stand, lost("a", "+331"), lost("b", "+332"), lost("c", "+333", "experts"))
    listed = (await stand.call("GET", "/recall-list", "1001")).json()["items"]
    assert [(e["number"], e["state"]) for e in listed] == [("+331", "open"), ("+332", "open")]
    first, second = (entry["id"] for entry in listed)
    claimed = (await stand.call("POST", f"/recall-list/{first}/claim", "1001")).json()
    assert (claimed["state"], claimed["claimed_by"]) == ("claimed", "1001")
    assert (await stand.call("POST", f"/recall-list/{first}/claim", "boss")).status_code == 409
    freed = (await stand.call("POST", f"/recall-list/{first}/release", "boss")).json()
    assert (freed["state"], freed["claimed_by"]) == ("open", None)
    body = {"result": "not_wanted"}
    done = await stand.call("POST", f"/recall-list/{second}/done", "1001", json=body)
    assert (done.json()["state"], done.json()["done_by"]) == ("done", "user:1001")
    again = await stand.call("POST", f"/recall-list/{second}/done", "boss", json=body)
    assert again.status_code == 409
    assert again.json()["type"].endswith("recall-closed")
    left = (await stand.call("GET", "/recall-list?queue=sales", "boss")).json()["items"]
    assert [entry["id"] for entry in left] == [first]
    closed = (await stand.call("GET", "/recall-list?state=done", "boss")).json()["items"]
    assert [entry["id"] for entry in closed] == [second]
    page = (await stand.call("GET", "/recall-list?limit=1", "boss")).json()
    assert page["next"]
    others = listed[0]["id"].replace("a-", "c-")
    assert (await stand.call("POST", f"/recall-list/{others}/claim", "1001")).status_code == 404
    wrong = await stand.call("POST", f"/recall-list/{first}/done", "1001", json={"result": "x"})
    assert wrong.status_code == 422
    audit = (await stand.call("GET", "/audit")).text
    assert f"recall:{second}" in audit


async def test_pauses_and_dispositions_by_rest(stand: Stand) -> None:
    states = agent_states("1001", (T0, AgentState.PAUSED), (T0 + 9_000, AgentState.READY))
    await tell(stand, transferred(), more=states)
    span = f"since={T0 - 1}&until={T0 + 60_000}"
    paused = await stand.call("GET", f"/kpi/pauses?{span}", "1001")
    assert [(p["agent_id"], p["total_ms"]) for p in paused.json()["items"]] == [("1001", 9_000)]
    assert (await stand.call("GET", f"/kpi/pauses?{span}&agent=1002", "1001")).status_code == 403
    shares = (await stand.call("GET", f"/kpi/dispositions?{span}", "boss")).json()["items"]
    assert shares == [{"queue_id": "sales", "code": "info", "count": 1, "share": 1.0}]
    assert (await stand.call("GET", f"/kpi/dispositions?{span}", "1001")).status_code == 403
    assert (
        await stand.call("GET", "/kpi/pauses?since=1800000000005&until=1800000000005", "boss")
    ).status_code == 422
    report = (await stand.call("GET", f"/kpi/queues?{span}", "boss")).json()
    assert report["items"][0]["values"]["transfer_rate"] == 1


# ---- alerts ------------------------------------------------------------------------------------


def alert(
    seq: int, at: int, *, raised: bool, queue: str | None = "sales", rule: str = "long"
) -> AlertChanged:
    queue_id = QueueId(queue) if queue is not None else None
    subject = f"alert:{rule}:{queue}"
    return AlertChanged(subject, seq, at, rule, queue_id, raised, 61.5, 60.0)


async def test_alerts_that_were_raised_are_listed_with_their_end(stand: Stand) -> None:
    told: list[AnyFact] = [
        alert(1, T0, raised=True),
        alert(2, T0 + 5_000, raised=False),
        alert(3, T0 + 9_000, raised=True),
        alert(1, T0 + 9_000, raised=True, queue=None, rule="few"),
        # Its raise is not in this store.
        alert(8, T0 + 1_000, raised=False, queue="experts"),
    ]
    await tell(stand, more=told)
    found = (await stand.call("GET", "/alerts", "boss")).json()
    assert found["next"] is None
    shown = [(a["rule_id"], a["queue_id"], a["raised_at"], a["cleared_at"]) for a in found["items"]]
    assert shown == [
        ("long", "sales", T0 + 9_000, None),
        ("few", None, T0 + 9_000, None),
        ("long", "sales", T0, T0 + 5_000),
    ]
    assert (found["items"][0]["value"], found["items"][0]["threshold"]) == (61.5, 60.0)
    for asked, ids in (
        ("rule=few", [1]),
        ("queue=sales", [0, 2]),
        (f"until={T0 + 1}", [2]),
        (f"since={T0 + 1}", [0, 1]),
        ("queue=nowhere", []),
    ):
        part = (await stand.call("GET", f"/alerts?{asked}", "boss")).json()["items"]
        assert part == [found["items"][index] for index in ids], asked


async def test_alerts_come_in_pages_and_are_the_supervisors(stand: Stand) -> None:
    told: list[AnyFact] = [
        alert(seq, T0 + seq // 4, raised=True, queue=queue)
        for seq in (1, 3, 5, 7, 9, 11)
        for queue in ("sales", "experts")
    ]
    await tell(stand, more=told)
    whole = (await stand.call("GET", "/alerts", "boss")).json()["items"]
    assert len(whole) == 12
    seen, cursor = [], ""
    while True:
        page = (await stand.call("GET", f"/alerts?limit=5{cursor}", "boss")).json()
        seen += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == whole
    assert (await stand.call("GET", "/alerts", "1001")).status_code == 403
    assert (await stand.call("GET", "/alerts?cursor=AAAA", "boss")).status_code == 422


async def test_a_hidden_number_is_a_property_of_the_call(stand: Stand) -> None:
    hidden = ContactArrived("h1", 1, T0, CallId("h1"), "601", None, None, None, withheld=True)
    shown = ContactArrived("s1", 1, T0, CallId("s1"), "601", "+33612345678", None, None)
    await tell(stand, more=[hidden, shown])
    found = (await stand.call("GET", "/calls")).json()["items"]
    told = {call["id"]: (call["number"], call["withheld"]) for call in found}
    assert told == {"h1": (None, True), "s1": ("+33612345678", False)}
    whole = (await stand.call("GET", "/calls/h1")).json()
    assert whole["call"]["withheld"] is True
    by_hand = await stand.call("GET", "/calls", params={"number": "06\u202f12 34 56 78"})
    assert [call["id"] for call in by_hand.json()["items"]] == ["s1"]
