"""What agents ask over REST: their state, the call in hand, callbacks, lost callers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import insert, select

from acd import events as e
from acd.model import AgentId, AgentState, CallId, PhoneId, QueueId, Target, TargetKind
from control.protocol import Live, Refused, Wish
from plateau.clock import Clock
from store import tables as t
from store.engine import open_store
from tests.api_stand import T0, Stand, agent_view, queue_view, running

pytestmark = pytest.mark.store

ONE = AgentId("1001")
TWO = Target(TargetKind.AGENT, "1002")
TO_TWO = {"target": {"kind": "agent", "id": "1002"}}
PARIS = "+33123456789"


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with running(tmp_path) as made:
        yield made


def acts(stand: Stand) -> list[Wish]:
    """What the floor was asked, but for the stream."""
    return [wish for wish in stand.floor.asked if isinstance(wish, e.Request)]


ACTS = [
    ("sign-in", None, e.SignIn(ONE)),
    (
        "sign-in",
        {"ready": False, "phone": "seat-12", "connected": True},
        e.SignIn(ONE, False, PhoneId("seat-12"), True),
    ),
    ("sign-out", None, e.SignOut(ONE)),
    ("ready", None, e.GetReady(ONE)),
    ("pause", {"reason": "lunch"}, e.Pause(ONE, "lunch")),
    ("wrap-up", None, e.AskWrapUp(ONE)),
    ("wrap-up/extend", None, e.ExtendWrapUp(ONE)),
    ("call/hold", None, e.Hold(ONE)),
    ("call/retrieve", None, e.Retrieve(ONE)),
    ("call/mute", None, e.Mute(ONE, True)),
    ("call/unmute", None, e.Mute(ONE, False)),
    ("call/digits", {"digits": "12#"}, e.PressKeys(ONE, "12#")),
    ("call/transfer", TO_TWO, e.Transfer(ONE, TWO)),
    (
        "call/transfer",
        {"target": {"kind": "number", "id": "01 23 45 67 89"}},
        e.Transfer(ONE, Target(TargetKind.NUMBER, PARIS)),
    ),
    ("call/take-back", {"call_id": "c1"}, e.TakeBack(ONE, CallId("c1"))),
    (
        "call/consult",
        {"target": {"kind": "queue", "id": "support"}},
        e.Consult(ONE, Target(TargetKind.QUEUE, "support")),
    ),
    ("call/swap", None, e.Swap(ONE)),
    ("call/cancel-consult", None, e.CancelConsult(ONE)),
    ("call/complete", None, e.CompleteTransfer(ONE)),
    ("call/conference", None, e.Conference(ONE)),
    ("call/drop-third", None, e.DropThird(ONE)),
    ("call/leave-conference", None, e.LeaveConference(ONE)),
    ("call/hang-up", None, e.HangUpTalk(ONE)),
    ("call/disposition", {"code": "sale", "note": "2 ans"}, e.SetDisposition(ONE, "sale", "2 ans")),
    (
        "calls",
        {"target": {"kind": "number", "id": "3615"}, "queue_id": "support", "data": {"a": "b"}},
        e.PlaceCall(ONE, Target(TargetKind.NUMBER, "3615"), QueueId("support"), {"a": "b"}),
    ),
]


async def test_every_act_reaches_the_floor_as_it_was_meant(stand: Stand) -> None:
    for path, body, wish in ACTS:
        answer = await stand.call("POST", f"/agents/me/{path}", "1001", json=body)
        assert answer.status_code == (201 if path == "calls" else 200), (path, answer.text)
        assert acts(stand)[-1] == wish
        assert answer.json()["warnings"] == []
        if path in ("calls", "call/consult"):
            assert answer.json()["call_id"] == "made"
    assert len(acts(stand)) == len(ACTS)


async def test_nobody_acts_for_a_colleague(stand: Stand) -> None:
    for path, body, _ in ACTS:
        answer = await stand.call("POST", f"/agents/1002/{path}", "1001", json=body)
        assert answer.status_code == 403, (path, answer.text)
    assert acts(stand) == []


async def test_the_floors_sentence_is_the_answer(stand: Stand) -> None:
    refusal = Refused("on-hold", 409, "The other side is on hold already.")
    stand.floor.answers[e.Hold] = refusal
    answer = await stand.call("POST", "/agents/me/call/hold", "1001")
    assert answer.status_code == 409
    problem = answer.json()
    assert (problem["type"].rsplit(":", 1)[1], problem["detail"]) == ("on-hold", refusal.detail)


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (None, "en"),
        ("fr", "fr"),
        ("fr-CA,en;q=0.5", "fr"),
        ("en-GB,fr;q=0.9", "en"),
        ("de,fr;q=0.5", "fr"),
        ("de", "en"),
    ],
)
async def test_the_floors_sentence_is_in_the_language_asked_for(
    stand: Stand, wanted: str | None, language: str
) -> None:
    said = {"en": "The other side is on hold already.", "fr": "L’autre partie est en attente."}
    stand.floor.answers[e.Hold] = Refused("on-hold", 409, said["en"], said["fr"])
    headers = {} if wanted is None else {"Accept-Language": wanted}
    answer = await stand.call("POST", "/agents/me/call/hold", "1001", headers=headers)
    assert answer.json()["detail"] == said[language]
    assert answer.headers["Content-Language"] == language
    # So are the web process's own.
    answer = await stand.call("POST", "/agents/nobody/call/hold", headers=headers)
    assert (answer.status_code, answer.headers["Content-Language"]) == (404, language)


async def test_a_lost_caller_of_somebody_else_is_refused_in_french_too(stand: Stand) -> None:
    await lose(stand, "v1")
    assert (await stand.call("POST", "/recall-list/v1/claim", "1001")).status_code == 200
    body = {"agent_id": "1002"}
    refused = await stand.call(
        "POST", "/recall-list/v1/call", "boss", json=body, headers={"Accept-Language": "fr"}
    )
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "Le téléconseiller « 1001 » s’occupe déjà de cet appel perdu.",
    )


FAULTY = [
    ("call/transfer", {"target": {"kind": "flow", "id": "x"}}, "/target/kind"),
    ("call/transfer", {"target": {"kind": "number", "id": "not a number"}}, "/target/id"),
    ("call/transfer", {"target": {"kind": "agent", "id": ""}}, "/target/id"),
    ("call/digits", {"digits": "12x"}, "/digits"),
    (
        "calls",
        {"target": {"kind": "agent", "id": "2"}, "data": {"a b": "c"}},
        "/data/a b",
    ),
    ("call/disposition", {"code": "sale", "notes": "x"}, "/notes"),
    ("sign-in", {"phone": "a b"}, "/phone"),
]


async def test_what_cannot_be_meant_is_refused_with_its_place(stand: Stand) -> None:
    for path, body, pointer in FAULTY:
        answer = await stand.call("POST", f"/agents/me/{path}", "1001", json=body)
        assert answer.status_code == 422, (path, answer.text)
        assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert acts(stand) == []


async def test_me_is_nobody_for_an_account_without_an_agent(stand: Stand) -> None:
    answer = await stand.call("POST", "/agents/me/ready", "boss")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:plateau:problem:no-agent")
    assert (await stand.call("POST", "/agents/none/ready", "boss")).status_code == 404


async def test_notes_and_words_go_to_the_call_in_hand(stand: Stand) -> None:
    talking = msgspec.structs.replace(agent_view("1001", AgentState.TALKING), call_id=CallId("c1"))
    await stand.floor.show(Live(1, T0, (talking,), (), ()))
    await stand.call("GET", "/live", "1001")
    noted = await stand.call("POST", "/agents/me/call/notes", "1001", json={"text": "rappeler"})
    assert noted.status_code == 200, noted.text
    words = {"data": {"customer": "C-1"}}
    assert (await stand.call("PATCH", "/agents/me/call/data", "1001", json=words)).is_success
    call = CallId("c1")
    assert acts(stand) == [e.AddNote(call, "rappeler", ONE), e.SetData(call, {"customer": "C-1"})]
    wrapping = msgspec.structs.replace(
        agent_view("1001", AgentState.WRAP_UP), wrap_up_call_id=CallId("c0")
    )
    await stand.floor.show(Live(2, T0, (wrapping,), (), ()))
    assert (await stand.call("GET", "/live", "1001")).json()["agents"][0]["state"] == "wrap_up"
    assert (
        await stand.call("POST", "/agents/me/call/notes", "1001", json={"text": "vu"})
    ).is_success
    assert acts(stand)[-1] == e.AddNote(CallId("c0"), "vu", ONE)
    over = await stand.call("PATCH", "/agents/me/call/data", "1001", json=words)
    assert (over.status_code, over.json()["type"]) == (409, "urn:plateau:problem:no-call")


async def audit_of(stand: Stand) -> list[tuple[str, str, str, dict[str, object]]]:
    engine = open_store(stand.settings.store_url)
    async with engine.connect() as conn:
        rows = await conn.execute(select(t.audit).order_by(t.audit.c.id))
        found = [(r.actor, r.action, r.object, msgspec.json.decode(r.detail)) for r in rows]
    await engine.dispose()
    return [row for row in found if row[1] != "sign-in"]


async def test_what_others_do_for_an_agent_is_audited_without_secrets(stand: Stand) -> None:
    await stand.call("POST", "/agents/1001/ready", "1001")
    await stand.call("POST", "/agents/1001/call/transfer", "boss", json=TO_TWO)
    await stand.call("POST", "/agents/1001/call/digits", "boss", json={"digits": "4711"})
    assert await audit_of(stand) == [
        ("user:boss", "transfer", "agent:1001", {"target_kind": "agent", "target": "1002"}),
        ("user:boss", "digits", "agent:1001", {}),
    ]


# ---- callbacks ---------------------------------------------------------------------------------


async def test_a_program_books_a_callback_with_its_key(stand: Stand) -> None:
    made = await stand.call("POST", "/api-keys", json={"name": "CRM", "role": "supervisor"})
    key = {"X-API-Key": made.json()["secret"]}
    at = Clock().now_ms() + 60_000
    body = {"queue_id": "support", "number": "00 33 (0)1.23.45.67.89", "at": at}
    booked = await stand.call("POST", "/callbacks", None, headers=key, json=body)
    assert booked.status_code == 201, booked.text
    told = booked.json()
    assert (told["number"], told["at"]) == (PARIS, at)
    wish = acts(stand)[-1]
    assert isinstance(wish, e.BookCallback)
    assert (wish.id, wish.number, wish.at) == (told["id"], PARIS, at)
    assert wish.by == f"key:{made.json()['id']}"
    nobodys = ("0000000000", "+266696687", "02 66 69 66 87", "+33111111111")
    for number in ("12", "+0123456789", "tel", "+3312345678901234", *nobodys):
        faulty = await stand.call("POST", "/callbacks", json=body | {"number": number})
        assert faulty.status_code == 422
        assert faulty.json()["errors"][0]["pointer"] == "/number"


PASTED = [
    "01\u202f23\u202f45\u202f67\u202f89",
    "\u202a+33\u00a01 23 45 67 89\u202c",
    "\ufeff+33 1\u200923\u200b45\u00ad67\u201389\t",
    "\uff0b\uff13\uff13 1 23 45 67 89",
]


@pytest.mark.parametrize("number", PASTED)
async def test_a_number_is_taken_as_it_was_copied(stand: Stand, number: str) -> None:
    booked = await stand.call("POST", "/callbacks", json={"queue_id": "support", "number": number})
    assert booked.status_code == 201, booked.text
    assert booked.json()["number"] == PARIS
    target = {"target": {"kind": "number", "id": number}}
    sent = await stand.call("POST", "/agents/1001/call/transfer", json=target)
    assert sent.status_code == 200, sent.text
    assert acts(stand)[-1] == e.Transfer(ONE, Target(TargetKind.NUMBER, PARIS))
    found = await stand.call("GET", "/calls", params={"number": number})
    assert found.json()["items"] == []


async def test_allowed_destinations_are_taken_as_they_were_copied(stand: Stand) -> None:
    wanted = {"allowed": ["+33\u202f1", "36\u00a031"], "caller_id": PASTED[1]}
    saved = await stand.call("PUT", "/outside", json=wanted)
    assert saved.status_code == 200, saved.text
    told = (await stand.call("GET", "/outside")).json()
    assert (told["allowed"], told["caller_id"]) == (["+331", "3631"], PARIS)


@pytest.mark.parametrize(
    ("at", "says"),
    [
        (T0 // 1000, f"in seconds, write {T0}"),
        (T0 * 1000, f"in microseconds, write {T0}"),
        (1_700_000_000_000, "2023-11-14T22:13:20Z is past: it is 2"),
        (0, "1970-01-01T00:00:00Z is past"),
        (-1, "before 1970"),
        (4_000_000_000_000, "at most a year ahead"),
        (10**30, "nanoseconds"),
        ("soon", "no instant"),
    ],
)
async def test_a_callback_in_seconds_in_the_past_or_too_far_ahead_is_not_booked(
    stand: Stand, at: object, says: str
) -> None:
    body = {"queue_id": "support", "number": PARIS, "at": at}
    refused = await stand.call("POST", "/callbacks", json=body)
    assert refused.status_code == 422, refused.text
    (fault,) = refused.json()["errors"]
    assert fault["pointer"] == "/at"
    assert says in fault["message"]
    assert acts(stand) == []


@pytest.mark.parametrize(
    ("ahead_ms", "status"),
    [(-60_000, 201), (-130_000, 422), (365 * 86_400_000, 201), (367 * 86_400_000, 422)],
)
async def test_a_callback_is_booked_from_about_now_to_a_year_ahead(
    stand: Stand, ahead_ms: int, status: int
) -> None:
    body = {"queue_id": "support", "number": PARIS, "at": Clock().now_ms() + ahead_ms}
    assert (await stand.call("POST", "/callbacks", json=body)).status_code == status


async def test_agents_promise_and_give_up_only_their_own_callbacks(stand: Stand) -> None:
    body = {"queue_id": "support", "number": PARIS, "agent_id": "me"}
    booked = await stand.call("POST", "/callbacks", "1001", json=body)
    assert booked.status_code == 201, booked.text
    assert acts(stand)[-1].agent_id == ONE  # type: ignore[union-attr]
    for_other = await stand.call("POST", "/callbacks", "1001", json=body | {"agent_id": "1002"})
    assert for_other.status_code == 403
    engine = open_store(stand.settings.store_url)
    async with engine.begin() as conn:
        for id_, by in (("k1", "user:1001"), ("k2", "user:boss")):
            await conn.execute(insert(t.callback).values(id=id_, by=by, number=PARIS))
    await engine.dispose()
    assert (await stand.call("DELETE", "/callbacks/k2", "1001")).status_code == 404
    assert (await stand.call("DELETE", "/callbacks/k1", "1001")).status_code == 200
    assert (await stand.call("DELETE", "/callbacks/k2", "boss")).status_code == 200
    cancelled = [wish for wish in acts(stand) if isinstance(wish, e.CancelCallback)]
    assert [(wish.call_id, wish.by) for wish in cancelled] == [
        ("k1", "user:1001"),
        ("k2", "user:boss"),
    ]


# ---- lost callers ------------------------------------------------------------------------------


async def lose(stand: Stand, id_: str, number: str = "0612345678", access: str = "open") -> None:
    queue = {"id": "support", "name": "Support", "access": access}
    made = await stand.call("POST", "/queues", json=queue)
    assert made.status_code == 201, made.text
    engine = open_store(stand.settings.store_url)
    async with engine.begin() as conn:
        await conn.execute(
            insert(t.lost_call).values(
                id=id_, contact_id=f"c-{id_}", queue_id="support", number=number, lost_at=T0
            )
        )
    await engine.dispose()


async def claimed(stand: Stand, id_: str) -> str | None:
    engine = open_store(stand.settings.store_url)
    async with engine.connect() as conn:
        query = select(t.lost_call.c.claimed_by).where(t.lost_call.c.id == id_)
        found: str | None = await conn.scalar(query)
    await engine.dispose()
    return found


async def test_a_lost_caller_is_claimed_then_called(stand: Stand) -> None:
    await lose(stand, "v1")
    called = await stand.call("POST", "/recall-list/v1/call", "1001")
    assert called.status_code == 201, called.text
    assert called.json()["call_id"] == "made"
    assert acts(stand) == [
        e.PlaceCall(
            ONE, Target(TargetKind.NUMBER, "0612345678"), QueueId("support"), {"recall": "v1"}
        )
    ]
    assert await claimed(stand, "v1") == "1001"
    body = {"agent_id": "1002"}
    other = await stand.call("POST", "/recall-list/v1/call", "boss", json=body)
    assert other.status_code == 409, other.text
    assert "1001" in other.json()["detail"]
    assert len(acts(stand)) == 1
    assert (await stand.call("POST", "/recall-list/none/call", "1001")).status_code == 404


async def test_a_refused_call_leaves_no_claim(stand: Stand) -> None:
    await lose(stand, "v1")
    stand.floor.answers[e.PlaceCall] = Refused("phone-down", 409, "The phone is not registered.")
    assert (await stand.call("POST", "/recall-list/v1/call", "1001")).status_code == 409
    assert await claimed(stand, "v1") is None
    await stand.floor.stop()
    assert (await stand.call("POST", "/recall-list/v1/call", "1001")).status_code == 503
    assert await claimed(stand, "v1") is None


async def test_the_lost_of_queues_that_an_agent_does_not_serve_are_not_theirs(
    stand: Stand,
) -> None:
    await lose(stand, "v1", access="members")
    assert (await stand.call("POST", "/recall-list/v1/call", "1001")).status_code == 404
    assert await claimed(stand, "v1") is None
    body = {"agent_id": "1001"}
    assert (await stand.call("POST", "/recall-list/v1/call", "boss", json=body)).is_success


async def test_an_agent_calls_only_in_their_own_name(stand: Stand) -> None:
    await lose(stand, "v1")
    answer = await stand.call("POST", "/recall-list/v1/call", "1001", json={"agent_id": "1002"})
    assert answer.status_code == 403
    assert await claimed(stand, "v1") is None


async def test_queues_shown_to_an_agent_are_those_of_the_floor(stand: Stand) -> None:
    await stand.floor.show(Live(1, T0, (agent_view("1001"),), (queue_view("support", 3),), ()))
    found = (await stand.call("GET", "/live/queues", "1001")).json()["items"]
    assert [(queue["id"], queue["waiting"], queue["open"]) for queue in found] == [
        ("support", 3, True)
    ]
