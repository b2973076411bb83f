"""The words that callers and agents hear from the floor itself, and all that can ever be said.

Every text is known beforehand, so that it can be synthesised before anybody has to hear it: that is
why positions and minutes come in fixed steps. Pure; media names are `acd.flow.FlowRunner.spoken`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from acd.config import FloorConfig, MessageKind, Queue, WaitMessage
from acd.model import Target

Texts = Mapping[str, str]
"""One thing to say, by language (fr, en)."""

LANGUAGES: Final = ("fr", "en")
"""The languages in which the floor has words of its own; the first where a caller's is none."""

LAST_POSITION: Final = 20
"""Who stands further back is told that there are many."""

MINUTES: Final = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60)
"""An estimate is rounded up to one of these."""

CLOSED: Final[Texts] = {
    "fr": "Nos services sont actuellement fermés. Merci de rappeler plus tard. Au revoir.",
    "en": "Our offices are closed at the moment. Please call again later. Goodbye.",
}
BUSY: Final[Texts] = {
    "fr": "Tous nos conseillers sont occupés. Merci de rappeler plus tard. Au revoir.",
    "en": "All our agents are busy. Please call again later. Goodbye.",
}
GREETING: Final[Texts] = {
    "fr": "Laissez votre message après le signal sonore, puis appuyez sur dièse ou raccrochez.",
    "en": "Please leave your message after the tone, then press hash or hang up.",
}
MESSAGE_KEPT: Final[Texts] = {
    "fr": "Votre message est enregistré. Au revoir.",
    "en": "Your message has been recorded. Goodbye.",
}
NO_MESSAGE: Final[Texts] = {
    "fr": "Nous n'avons rien entendu. Au revoir.",
    "en": "We did not hear anything. Goodbye.",
}
MESSAGE_KEYS: Final[Texts] = {
    "fr": "Pour réécouter, tapez 1. Pour rappeler, tapez 2. Sinon, raccrochez.",
    "en": "To listen again, press 1. To call back, press 2. Otherwise hang up.",
}
SENDER_NOT_REACHED: Final[Texts] = {
    "fr": "Ce numéro n'a pas pu être joint.",
    "en": "This number could not be reached.",
}
CALLBACK_KEPT: Final[Texts] = {
    "fr": "Vous gardez votre place. Nous vous rappelons dès que c'est votre tour. Au revoir.",
    "en": "You keep your place. We will call you back when it is your turn. Goodbye.",
}
NO_CALLBACK: Final[Texts] = {
    "fr": "Nous ne pouvons pas vous rappeler à ce numéro.",
    "en": "We cannot call you back on this number.",
}
CALLED_BACK: Final[Texts] = {
    "fr": "Bonjour, nous vous rappelons comme convenu. Un conseiller va vous répondre.",
    "en": "Hello, we are calling you back as agreed. An agent will be with you in a moment.",
}

_POSITION: Final[Texts] = {
    "fr": "Vous êtes en position {position} dans la file d'attente.",
    "en": "You are number {position} in the queue.",
}
_NEXT: Final[Texts] = {
    "fr": "Vous êtes le prochain appel.",
    "en": "You are next in line.",
}
_FAR_BACK: Final[Texts] = {
    "fr": f"Au moins {LAST_POSITION} personnes attendent avant vous.",
    "en": f"At least {LAST_POSITION} callers are ahead of you.",
}
_ESTIMATE: Final[Texts] = {
    "fr": "Votre attente est estimée à moins de {minutes} minutes.",
    "en": "Your wait is estimated at less than {minutes} minutes.",
}
_A_MINUTE: Final[Texts] = {
    "fr": "Votre attente est estimée à moins d'une minute.",
    "en": "Your wait is estimated at less than a minute.",
}
_LONG: Final[Texts] = {
    "fr": "Votre attente est estimée à plus d'une heure.",
    "en": "Your wait is estimated at more than an hour.",
}

_OURS: Final = (
    CLOSED,
    BUSY,
    GREETING,
    MESSAGE_KEPT,
    NO_MESSAGE,
    MESSAGE_KEYS,
    SENDER_NOT_REACHED,
    CALLBACK_KEPT,
    NO_CALLBACK,
    CALLED_BACK,
)


def chosen(texts: Texts, language: str) -> tuple[str, str]:
    """What is said to who speaks `language`, and the language of the words: theirs, or another.

    Raises ValueError where there are no texts at all.
    """
    if language in texts:
        return language, texts[language]
    for other, text in texts.items():
        return other, text
    raise ValueError("there is nothing to say")


def position_texts(message: WaitMessage, position: int) -> Texts | None:
    """How a place in the queue (1: next) is said; None where this message cannot say it."""
    if message.texts:
        return _filled(message.texts, position=position) if position <= LAST_POSITION else None
    if position == 1:
        return _NEXT
    return _filled(_POSITION, position=position) if position <= LAST_POSITION else _FAR_BACK


def estimate_texts(message: WaitMessage, wait_ms: int) -> Texts | None:
    """How a wait is said, rounded up; None where this message cannot say it."""
    minutes = next((each for each in MINUTES if wait_ms <= each * 60_000), None)
    if message.texts:
        return _filled(message.texts, minutes=minutes) if minutes is not None else None
    if minutes is None:
        return _LONG
    return _A_MINUTE if minutes == 1 else _filled(_ESTIMATE, minutes=minutes)


def _filled(texts: Texts, **values: int) -> Texts:
    """The frame with its figures; what else stands in braces stays as it is written."""
    filled: dict[str, str] = {}
    for language, text in texts.items():
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        filled[language] = text
    return filled


# ---- all that can be said ----------------------------------------------------------------------


def sayable(config: FloorConfig) -> set[tuple[str, str]]:
    """Every `(language, text)` that this configuration can make the floor say."""
    found = {pair for texts in _OURS for pair in texts.items()}
    for queue in config.queues.values():
        for texts in _of_queue(queue):
            found.update(texts.items())
    return found


def _of_queue(queue: Queue) -> Iterator[Texts]:
    targets = (queue.on_max_wait, queue.on_full, queue.on_closed, queue.on_nobody)
    for target in (*targets, *queue.exits.values()):
        yield from _of_target(target)
    if queue.voicemail is not None:
        yield queue.voicemail.greeting
    for message in queue.messages:
        yield from _of_message(message)


def _of_target(target: Target | None) -> Iterator[Texts]:
    if target is not None:
        yield target.texts


def _of_message(message: WaitMessage) -> Iterator[Texts]:
    match message.kind:
        case MessageKind.TEXT:
            yield message.texts
        case MessageKind.POSITION:
            for position in range(1, LAST_POSITION + 2):
                yield position_texts(message, position) or {}
        case MessageKind.ESTIMATE:
            for minutes in (*MINUTES, MINUTES[-1] + 1):
                yield estimate_texts(message, minutes * 60_000) or {}
        case MessageKind.PROMPT:
            return
