"""Every word that the floor can say is known beforehand, in both languages."""

from __future__ import annotations

import pytest

from acd.config import FloorConfig, MessageKind, Queue, VoicemailPolicy, WaitMessage
from acd.model import QueueId, Target, TargetKind
from acd.queues.announcing import (
    LAST_POSITION,
    MINUTES,
    chosen,
    estimate_texts,
    position_texts,
    sayable,
)

pytestmark = pytest.mark.unit

POSITION, ESTIMATE = WaitMessage(MessageKind.POSITION), WaitMessage(MessageKind.ESTIMATE)


@pytest.mark.parametrize(
    ("wait_s", "words"),
    [
        (0, "moins d'une minute"),
        (60, "moins d'une minute"),
        (61, "moins de 2 minutes"),
        (9 * 60, "moins de 10 minutes"),
        (10 * 60 + 1, "moins de 12 minutes"),
        (3600, "moins de 60 minutes"),
        (3601, "plus d'une heure"),
    ],
)
def test_an_estimate_is_rounded_up(wait_s: int, words: str) -> None:
    texts = estimate_texts(ESTIMATE, wait_s * 1000)
    assert texts is not None
    assert words in texts["fr"]


def test_a_frame_of_the_queues_own_says_nothing_it_cannot_say() -> None:
    own = WaitMessage(MessageKind.ESTIMATE, {"fr": "{minutes} {reste}"})
    assert estimate_texts(own, 200_000) == {"fr": "4 {reste}"}
    assert estimate_texts(own, 4_000_000) is None
    place = WaitMessage(MessageKind.POSITION, {"en": "No. {position}"})
    assert position_texts(place, LAST_POSITION) == {"en": f"No. {LAST_POSITION}"}
    assert position_texts(place, LAST_POSITION + 1) is None
    far_back = position_texts(POSITION, LAST_POSITION + 1) or {}
    assert far_back["fr"] == f"Au moins {LAST_POSITION} personnes attendent avant vous."


def test_words_are_the_callers_or_those_that_there_are() -> None:
    assert chosen({"fr": "Oui", "en": "Yes"}, "en") == ("en", "Yes")
    assert chosen({"fr": "Oui"}, "en") == ("fr", "Oui")
    with pytest.raises(ValueError, match="nothing"):
        chosen({}, "fr")


def test_whatever_can_be_said_is_among_what_is_prepared() -> None:
    frame = WaitMessage(MessageKind.POSITION, {"fr": "n° {position}"})
    text = WaitMessage(MessageKind.TEXT, {"fr": "Patientez.", "en": "Please hold."})
    queue = Queue(
        QueueId("sales"),
        "Sales",
        messages=(text, frame, ESTIMATE, WaitMessage(MessageKind.PROMPT, prompt="welcome")),
        exits={"1": Target(TargetKind.QUEUE, "x", {"fr": "Un instant."})},
        on_full=Target(TargetKind.HANG_UP, texts={"fr": "Complet."}),
        voicemail=VoicemailPolicy({"fr": "Parlez."}),
    )
    other = Queue(QueueId("other"), "Other", messages=(POSITION,))
    said = sayable(FloorConfig(queues={queue.id: queue, other.id: other}))
    for words in ("Patientez.", "Un instant.", "Complet.", "Parlez.", "n° 20"):
        assert ("fr", words) in said
    for wait_s in range(0, 5000, 20):
        texts = estimate_texts(ESTIMATE, wait_s * 1000)
        assert texts is not None
        assert set(texts.items()) <= said
    for position in range(1, 60):
        texts = position_texts(POSITION, position)
        assert texts is not None
        assert set(texts.items()) <= said
    assert len(said) < 40 + 2 * (LAST_POSITION + len(MINUTES)) + LAST_POSITION


def test_everything_of_ours_is_said_in_both_languages() -> None:
    said = sayable(FloorConfig())
    by_language = [{text for language, text in said if language == each} for each in ("fr", "en")]
    assert len(by_language[0]) == len(by_language[1]) > 5
