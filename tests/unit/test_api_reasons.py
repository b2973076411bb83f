"""Why a call waited, in sentences: the story of one call, and each reason in both languages."""

from __future__ import annotations

from typing import get_args

import pytest

from acd.config import AgentProfile, FloorConfig, Membership, Queue, Step, Strategy
from acd.facts import Candidate, Trigger
from acd.model import AgentId, AgentState, AgentWork, PhoneId, QueueId, SkillId
from acd.model import SkillLevel as Level
from acd.routing.router import Router, Want
from api.reasons import (
    Language,
    Names,
    named_candidate,
    named_decision,
    of_candidate,
    of_decision,
    pick_language,
)
from store.queries import DecisionRow

pytestmark = pytest.mark.unit

ANA, BOB, CLEO = AgentId("ana"), AgentId("bob"), AgentId("cleo")
DESK = QueueId("desk")
ENGLISH = SkillId("english")


def agent(agent_id: AgentId, level: int, delay_s: int = 0) -> AgentProfile:
    skills = (Level(ENGLISH, level),) if level else ()
    queues = (Membership(DESK, delay_s=delay_s),)
    return AgentProfile(agent_id, agent_id, PhoneId(agent_id), skills, queues=queues)


def row(
    trigger: str,
    candidates: tuple[Candidate, ...] = (),
    agent_id: AgentId | None = None,
    *,
    waited_ms: int | None = 0,
    step: int | None = 0,
    steps: int = 1,
    delay_s: int = 0,
    only: AgentId | None = None,
    could_serve: int | None = 1,
    ahead: int = 0,
    strategy: str = "longest_idle",
) -> DecisionRow:
    return DecisionRow(
        "v",
        DESK,
        trigger,
        agent_id,
        1,
        3,
        ahead,
        candidates,
        step,
        steps,
        strategy,
        waited_ms,
        delay_s,
        only,
        could_serve,
    )


def test_the_story_of_a_call_that_waited_while_the_search_widened() -> None:
    steps = (Step("skills.english >= 5", for_s=20), Step("skills.english >= 2"))
    queue = Queue(DESK, "Desk", steps=steps)
    profiles = {p.id: p for p in (agent(ANA, 7), agent(BOB, 3, delay_s=30), agent(CLEO, 0))}
    router = Router(FloorConfig(queues={DESK: queue}, agents=profiles))
    at_work = {
        ANA: AgentWork(ANA, AgentState.TALKING),
        BOB: AgentWork(BOB, AgentState.READY, ready_since=1_000),
        CLEO: AgentWork(CLEO, AgentState.PAUSED),
    }
    for agent_id in at_work:
        router.agent_at_work(agent_id, True)
    router.agent_ready(at_work[BOB])
    rows = []
    for trigger, after_s, step, delay_s, chosen in (
        ("arrival", 0, 0, 0, None),
        ("relaxed", 20, 1, 0, None),
        ("relaxed", 30, 1, 30, BOB),
    ):
        want = Want(DESK, step=step, delay_s=delay_s)
        assert router.best_agent(want) == chosen
        seen = router.candidates(want, chosen, at_work, after_s * 1000)
        served = router.could_serve(want)
        rows.append(
            row(
                trigger,
                seen,
                chosen,
                waited_ms=after_s * 1000,
                step=step,
                steps=2,
                delay_s=delay_s,
                could_serve=served,
            )
        )
    assert [of_decision(r, b, "en") for r, b in zip(rows, [None, *rows], strict=False)] == [
        (
            "On entering the queue: none of those who may take this call was free (1/3 signed in)."
            " Step 1 of 2 was open."
        ),
        (
            "The search widened, after 20 s: none of those who may take this call was free"
            " (1/3 signed in). Step 2 of 2 has opened."
        ),
        (
            "The search widened, after 30 s: offered to bob. Step 2 of 2 was open. Members admitted"
            " after 30 s are now asked too."
        ),
    ]
    assert [of_decision(r, b, "fr") for r, b in zip(rows, [None, *rows], strict=False)] == [
        (
            "À l’entrée en file : aucun de ceux qui peuvent prendre cet appel n’était libre"
            " (1/3 connectés). Étape 1 sur 2."
        ),
        (
            "La recherche s’est élargie, après 20 s : aucun de ceux qui peuvent prendre cet appel"
            " n’était libre (1/3 connectés). Ouverture de l’étape 2 sur 2."
        ),
        (
            "La recherche s’est élargie, après 30 s : appel présenté à bob. Étape 2 sur 2."
            " Les membres admis après 30 s sont désormais demandés."
        ),
    ]
    assert [[of_candidate(c, "en") for c in r.candidates] for r in rows] == [
        [
            "ana is talking.",
            "bob is admitted from step 2 on only, which was not open yet.",
            "cleo lacks the skill english.",
        ],
        [
            "ana is talking.",
            "bob is admitted only 30 s after a call has entered the queue.",
            "cleo lacks the skill english.",
        ],
        [
            "bob was chosen (idle for 29 s, admitted from step 2 on).",
            "ana is talking.",
            "cleo lacks the skill english.",
        ],
    ]
    assert [of_candidate(c, "fr") for c in rows[0].candidates] == [
        "ana est en communication.",
        "bob n’est admis qu’à partir de l’étape 2, pas encore ouverte.",
        "cleo n’a pas la compétence english.",
    ]


@pytest.mark.parametrize(
    ("verdict", "french", "english"),
    [
        ("below:fr:2<5", "a le niveau 2 en fr, il faut 5.", "has level 2 in fr, 5 is needed."),
        ("unmet:team = 'a'", "condition de l’étape : team = 'a'.", "condition: team = 'a'."),
        ("not_member", "n’est pas membre de la file.", "is not a member of the queue."),
        ("only:bob", "l’appel était réservé à bob.", "the call was kept for bob."),
        ("no_voice", "ne prend pas d’appels.", "takes no calls."),
        ("not_preferred", "seuls téléconseillers admis", "only agents admitted"),
        ("resting", "vient de refuser un appel.", "has just refused a call."),
        ("something_new", "ana : something_new.", "ana: something_new."),
    ],
)
def test_each_refusal_is_said_in_both_languages(verdict: str, french: str, english: str) -> None:
    for language, words in (("fr", french), ("en", english)):
        said = of_candidate(Candidate(ANA, verdict), _language(language))
        assert said.startswith("ana")
        assert words in said
        assert said.endswith(".")


@pytest.mark.parametrize("state", [state for state in AgentState if state is not AgentState.READY])
def test_every_state_has_words_of_its_own(state: AgentState) -> None:
    french = of_candidate(Candidate(ANA, state), "fr")
    english = of_candidate(Candidate(ANA, state), "en")
    assert str(state) not in french
    assert ":" not in french + english


BEST = Candidate(ANA, "chosen", 9_000, 0, True, 2, 3)


@pytest.mark.parametrize(
    ("other", "strategy", "english", "french"),
    [
        (Candidate(BOB, "fit", 5_000, 1), None, "only from step 2 on", "depuis l’étape 2"),
        (Candidate(BOB, "fit", 5_000, 0), None, "not preferred", "sans être préféré"),
        (Candidate(BOB, "fit", 5_000, 0, True, 1), None, "(1 against 2)", "(1 contre 2)"),
        (
            Candidate(BOB, "fit", 5_000, 0, True, 2, 7),
            "fewest_calls",
            "with more calls taken (7 against 3)",
            "avec plus d’appels pris (7 contre 3)",
        ),
        (Candidate(BOB, "fit", 5_000, 0, True, 2, 1), "best_skill", "less skilled (1", "(1 points"),
        (
            Candidate(BOB, "fit", 5_000, 0, True, 2, 400),
            "least_occupied",
            "(40 % against 0 %)",
            "%",
        ),
        (Candidate(BOB, "fit", 5_000, 0, True, 2, 8), "round_robin", "in the round", "le tour"),
        (Candidate(BOB, "fit", 5_000, 0, True, 2, 3), "fewest_calls", "less long: 5 s", "5 s"),
        (Candidate(BOB, "fit", 5_000, 0, True, 2), "longest_idle", "less long: 5 s", "5 s"),
    ],
)
def test_one_who_fitted_too_is_told_by_which_rule_not(
    other: Candidate, strategy: str | None, english: str, french: str
) -> None:
    assert english in of_candidate(other, "en", BEST, strategy)
    assert french in of_candidate(other, "fr", BEST, strategy)


def test_the_chosen_is_told_with_what_the_strategy_counted() -> None:
    assert of_candidate(BEST, "en", BEST, "fewest_calls") == (
        "ana was chosen (idle for 9 s, preferred in this step, priority +2, 3 calls taken)."
    )
    assert of_candidate(BEST, "fr", BEST, "best_skill") == (
        "ana est choisi (libre depuis 9 s, préféré à cette étape, priorité +2,"
        " 3 points de compétence)."
    )


@pytest.mark.parametrize("strategy", list(Strategy))
def test_a_choice_between_several_names_the_rule(strategy: Strategy) -> None:
    seen = (Candidate(ANA, "chosen", 9_000, 0), Candidate(BOB, "fit", 1, 0))
    told = row("agent_freed", seen, ANA, strategy=strategy)
    assert of_decision(told, None, "en").endswith("of those who fit.")
    assert of_decision(told, None, "fr").endswith("de ceux qui conviennent.")
    alone = row("agent_freed", seen[:1], ANA, strategy=strategy)
    assert of_decision(alone, None, "en") == "An agent became free: offered to ana."


def test_one_kept_for_an_agent_and_then_not_is_told_so() -> None:
    kept = row("arrival", only=ANA, ahead=2)
    assert of_decision(kept, None, "en") == (
        "On entering the queue: kept for ana, who was not free; 2 call(s) ahead in the queue."
    )
    given = row("agent_freed", (), ANA, only=ANA)
    assert "for whom it was kept" in of_decision(given, kept, "en")
    over = row("relaxed", waited_ms=15_000, could_serve=0)
    assert of_decision(over, kept, "en") == (
        "The search widened, after 15 s: none of the 3 signed in may take this call for now."
        " ana is not waited for alone any more."
    )
    assert "On n’attend plus ana seul." in of_decision(over, kept, "fr")


def test_a_decision_of_an_older_release_is_told_with_what_is_known() -> None:
    old = row("arrival", step=None, waited_ms=None, could_serve=None)
    assert of_decision(old, None, "en") == (
        "On entering the queue: nobody was both free and fit (3 signed in)."
    )


@pytest.mark.parametrize(
    ("lang", "accept", "language"),
    [(None, None, "fr"), ("en", "fr", "en"), (None, "de, en;q=0.5", "en"), ("xx", "fr-FR", "fr")],
)
def test_the_language_asked_for_is_taken(
    lang: str | None, accept: str | None, language: str
) -> None:
    assert pick_language(lang, accept) == language


def _language(text: str) -> Language:
    return "fr" if text == "fr" else "en"


@pytest.mark.parametrize("trigger", get_args(Trigger))
def test_every_trigger_of_the_engine_has_words(trigger: str) -> None:
    languages: tuple[Language, ...] = ("fr", "en")
    for language in languages:
        sentence = of_decision(row(trigger), None, language)
        assert not sentence.startswith(trigger)
        assert sentence[0].isupper()


def test_sentences_tell_names_where_ids_stood() -> None:
    names = Names({"ana": "Ana Petit", "bob": "Bob Roy"}, {"english": "Anglais"})
    said = [
        of_candidate(named_candidate(Candidate(ANA, verdict), names), "fr")
        for verdict in ("lacks:english", "below:english:2<4", "only:bob", "paused", "fit")
    ]
    assert said == [
        "Ana Petit n’a pas la compétence Anglais.",
        "Ana Petit a le niveau 2 en Anglais, il faut 4.",
        "Ana Petit n’était pas demandé : l’appel était réservé à Bob Roy.",
        "Ana Petit est en pause.",
        "Ana Petit convenait, libre depuis 0 s.",
    ]
    gone = named_candidate(Candidate(CLEO, "lacks:dutch"), names)
    assert of_candidate(gone, "en") == "cleo lacks the skill dutch."
    kept = named_decision(row("arrival", agent_id=ANA, only=ANA), names)
    assert of_decision(kept, None, "en") == (
        "On entering the queue: offered to Ana Petit, for whom it was kept."
    )
