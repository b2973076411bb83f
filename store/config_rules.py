"""Whether a whole configuration makes sense: references, doubles, expressions, circles. Pure.

The shape of each value (ranges, patterns) is checked where it comes in. Here each fault names its
place with a JSON pointer into the plain tree (`store.config_document.to_plain`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from acd.config import AlertMetric, AlertRule, MessageKind, Outside, Step, WrapUp
from acd.expressions import ExpressionInvalid, parse, skills_named
from acd.model import Target, TargetKind
from store.config_diff import escaped
from store.config_document import SINGULAR, AgentEntry, Configuration
from store.rows import QueueRow


class ConfigFault(msgspec.Struct, frozen=True):
    """One thing that is wrong, and where; `line` and `column` lie within a text at that place.

    `lacking`: the section (a pointer) in which something is missing that is used here.
    """

    pointer: str
    message: str
    line: int | None = None
    column: int | None = None
    lacking: str | None = None


TARGETS: Final = ("on_max_wait", "on_full", "on_closed", "on_nobody")
"""The fields of a queue that say where its calls go."""

_WHEN: Final = {
    "on_max_wait": "have waited as long as they may",
    "on_full": "meet a full queue",
    "on_closed": "meet a closed queue",
    "on_nobody": "find nobody signed in",
}
_RATIOS: Final = frozenset(
    {AlertMetric.SERVICE_LEVEL, AlertMetric.ABANDON_RATIO, AlertMetric.OCCUPANCY}
)


_SECTIONS: Final = {kind: name for name, kind in SINGULAR.items()}


def faults(configuration: Configuration) -> list[ConfigFault]:
    """All that is wrong, section by section; empty if nothing is."""
    return [
        *_queues(configuration),
        *_agents(configuration),
        *_phones(configuration),
        *_doubles(configuration),
        *_alert_rules(configuration),
        *_numbers(configuration),
        *_circles(configuration.queues),
    ]


def _lacks(pointer: str, kind: str, id_: str, known: Collection[str]) -> Iterator[ConfigFault]:
    """The fault that `pointer` names a thing that is not there; who names it is told."""
    if id_ not in known:
        message = f"there is no {kind} “{id_}”, which {_user(pointer)} uses"
        yield ConfigFault(pointer, message, lacking=f"/{_SECTIONS[kind]}")


def _user(pointer: str) -> str:
    """What a pointer lies in, as agent 1001 or queue support."""
    name, _, rest = pointer.removeprefix("/").partition("/")
    id_ = rest.partition("/")[0].replace("~1", "/").replace("~0", "~")
    return f"{SINGULAR.get(name, name)} {id_}"


def _at(*steps: object) -> str:
    return "".join(f"/{escaped(str(step))}" for step in steps)


# ---- queues -----------------------------------------------------------------------------------


def _queues(all_: Configuration) -> Iterator[ConfigFault]:
    for id_, queue in all_.queues.items():
        yield from _required(all_, id_, queue)
        yield from _steps(all_, id_, queue.steps)
        yield from _waiting(id_, queue)
        if queue.calendar is not None:
            there = _at("queues", id_, "calendar")
            yield from _lacks(there, "calendar", queue.calendar, all_.calendars)
        for name in TARGETS:
            target: Target | None = getattr(queue, name)
            if target is not None:
                yield from _target(all_, queue, target, _at("queues", id_, name))
        for digit, target in queue.exits.items():
            yield from _target(all_, queue, target, _at("queues", id_, "exits", digit))


def _required(all_: Configuration, id_: str, queue: QueueRow) -> Iterator[ConfigFault]:
    for index, asked in enumerate(queue.required):
        there = _at("queues", id_, "required", index, "skill")
        yield from _lacks(there, "skill", asked.skill, all_.skills)


def _steps(all_: Configuration, id_: str, steps: Sequence[Step]) -> Iterator[ConfigFault]:
    for index, step in enumerate(steps):
        here = _at("queues", id_, "steps", index)
        if step.for_s is None and index + 1 < len(steps):
            yield ConfigFault(here, "only the last step may last for ever: say for_s here")
        if step.only_preferred and not step.preferred:
            yield ConfigFault(f"{here}/only_preferred", "nobody is preferred: nobody would fit")
        for number, agent in enumerate(step.preferred):
            yield from _lacks(f"{here}/preferred/{number}", "agent", agent, all_.agents)
        if step.expression is not None:
            yield from _expression(all_, step.expression, f"{here}/expression")


def _expression(all_: Configuration, text: str, here: str) -> Iterator[ConfigFault]:
    try:
        tree = parse(text)
    except ExpressionInvalid as error:
        yield ConfigFault(here, str(error))
        return
    for skill in sorted(skills_named(tree)):
        yield from _lacks(here, "skill", skill, all_.skills)


def _waiting(id_: str, queue: QueueRow) -> Iterator[ConfigFault]:
    here = _at("queues", id_)
    for index, message in enumerate(queue.messages):
        if message.kind is MessageKind.TEXT and not message.texts:
            yield ConfigFault(f"{here}/messages/{index}/texts", "nothing would be said: give texts")
        if message.kind is MessageKind.PROMPT and message.prompt is None:
            yield ConfigFault(f"{here}/messages/{index}/prompt", "which prompt is it?")
    for field, limit in (("on_max_wait", "max_wait_s"), ("on_full", "max_length")):
        if getattr(queue, field) is not None and getattr(queue, limit) is None:
            yield ConfigFault(f"{here}/{field}", f"this never happens without {limit}")
    codes = [disposition.code for disposition in queue.dispositions]
    for index, code in enumerate(codes):
        if code in codes[:index]:
            there = f"{here}/dispositions/{index}/code"
            yield ConfigFault(there, f"the disposition “{code}” stands twice")
    if queue.wrap_up is WrapUp.MANDATORY and not codes:
        endless = "wrap-up would never end: mandatory needs at least one of dispositions"
        yield ConfigFault(f"{here}/wrap_up", endless)


# ---- targets ----------------------------------------------------------------------------------

_KNOWN_IN: Final[Mapping[TargetKind, tuple[str, str]]] = {
    TargetKind.QUEUE: ("queue", "queues"),
    TargetKind.AGENT: ("agent", "agents"),
    TargetKind.FLOW: ("flow", "flows"),
}


def _target(
    all_: Configuration, queue: QueueRow, target: Target, here: str
) -> Iterator[ConfigFault]:
    """Faults of where one queue sends calls; `here` is the target's place."""
    match target.kind:
        case TargetKind.HANG_UP:
            if target.id is not None:
                yield ConfigFault(f"{here}/id", "hang_up leads nowhere: leave id out")
        case TargetKind.VOICEMAIL | TargetKind.CALLBACK:
            yield from _service(all_, queue, target, here)
        case TargetKind.NUMBER:
            if target.id is None:
                yield ConfigFault(f"{here}/id", "which number is it?")
            elif wrong := number_fault(target.id, all_.outside):
                yield ConfigFault(f"{here}/id", wrong)
        case TargetKind.QUEUE | TargetKind.AGENT | TargetKind.FLOW:
            kind, name = _KNOWN_IN[target.kind]
            if target.id is None:
                yield ConfigFault(f"{here}/id", f"which {kind} is it?")
            else:
                yield from _lacks(f"{here}/id", kind, target.id, getattr(all_, name))


def _service(
    all_: Configuration, queue: QueueRow, target: Target, here: str
) -> Iterator[ConfigFault]:
    """Voicemail and callback belong to a queue that offers them; without an id to this one."""
    offers = queue if target.id is None else all_.queues.get(target.id)
    if offers is None:
        yield from _lacks(f"{here}/id", "queue", target.id or "", all_.queues)
    elif getattr(offers, target.kind.value) is None:
        message = f"the queue “{offers.id}” offers no {target.kind}: give it `{target.kind}`"
        yield ConfigFault(f"{here}/kind", message)


def number_fault(number: str, outside: Outside) -> str | None:
    """Why calls cannot go to this number, None if they can."""
    if not number.startswith("+") and number in outside.allowed:
        return None  # a short number, listed whole
    digits = number.removeprefix("+")
    if not number.startswith("+") or not digits.isascii() or not digits.isdigit():
        return f"“{number}” is not a number in international form (E.164), as +33123456789"
    if not 7 <= len(digits) <= 15 or digits[0] == "0":
        return f"“{number}” has not from 7 to 15 digits that begin with a country's code"
    if not outside.allows(number):
        return f"calls may not go to {number}: no prefix in outside.allowed begins it"
    return None


# ---- circles ----------------------------------------------------------------------------------


def _circles(queues: Mapping[str, QueueRow]) -> Iterator[ConfigFault]:
    """Queues that send the same callers to one another with no way out, told at each of them."""
    for field in TARGETS:
        following = {
            id_: target.id
            for id_, queue in queues.items()
            if (target := getattr(queue, field)) is not None
            and target.kind is TargetKind.QUEUE
            and target.id in queues
        }
        told: set[str] = set()
        for start in following:
            circle = _circle(start, following)
            if circle and start not in told:
                told.update(circle)
                for index, id_ in enumerate(circle):
                    way = " → ".join([*circle[index:], *circle[:index], id_])
                    message = f"callers who {_WHEN[field]} go round in a circle: {way}"
                    yield ConfigFault(_at("queues", id_, field, "id"), message)


def _circle(start: str, following: Mapping[str, str]) -> list[str]:
    """The circle that `start` is part of, itself first; empty if it is part of none."""
    way = [start]
    while (there := following.get(way[-1])) is not None:
        if there == start:
            return way
        if there in way:
            return []
        way.append(there)
    return []


# ---- people and the rest ----------------------------------------------------------------------


def _agents(all_: Configuration) -> Iterator[ConfigFault]:
    for id_, agent in all_.agents.items():
        here = _at("agents", id_)
        if id_ == "me":
            yield ConfigFault(here, "“me” is oneself on REST: choose another id")
        if agent.team is not None:
            yield from _lacks(f"{here}/team", "team", agent.team, all_.teams)
        yield from _of_agent(all_, agent, here)


def _of_agent(all_: Configuration, agent: AgentEntry, here: str) -> Iterator[ConfigFault]:
    for index, held in enumerate(agent.skills):
        yield from _lacks(f"{here}/skills/{index}/skill", "skill", held.skill, all_.skills)
    for index, place in enumerate(agent.queues):
        yield from _lacks(f"{here}/queues/{index}/queue", "queue", place.queue, all_.queues)


def _phones(all_: Configuration) -> Iterator[ConfigFault]:
    owners: dict[str, str] = {}
    for id_, agent in all_.agents.items():
        if agent.phone in owners:
            message = f"the phone “{agent.phone}” is that of {owners[agent.phone]} already"
            yield ConfigFault(_at("agents", id_, "phone"), message)
        owners.setdefault(agent.phone, f"agent {id_}")
    for phone in all_.seats:
        if phone in owners:
            message = f"the phone “{phone}” is that of {owners[phone]} already"
            yield ConfigFault(_at("seats", phone), message)


def _doubles(all_: Configuration) -> Iterator[ConfigFault]:
    """Short numbers and digits that two have."""
    numbers: dict[str, str] = {}
    for id_, agent in all_.agents.items():
        if agent.number is not None and (other := numbers.setdefault(agent.number, id_)) != id_:
            message = f"the number {agent.number} is that of agent {other} already"
            yield ConfigFault(_at("agents", id_, "number"), message)
    digits: dict[str, str] = {}
    for code, reason in all_.pause_reasons.items():
        if reason.digit is not None and (other := digits.setdefault(reason.digit, code)) != code:
            message = f"the digit {reason.digit} is that of the pause reason “{other}” already"
            yield ConfigFault(_at("pause_reasons", code, "digit"), message)


def _alert_rules(all_: Configuration) -> Iterator[ConfigFault]:
    for id_, rule in all_.alert_rules.items():
        yield from _alert_rule(all_, id_, rule)


def _alert_rule(all_: Configuration, id_: str, rule: AlertRule) -> Iterator[ConfigFault]:
    if rule.queue is not None:
        there = _at("alert_rules", id_, "queue")
        yield from _lacks(there, "queue", rule.queue, all_.queues)
    if rule.metric in _RATIOS and not 0 <= rule.threshold <= 1:
        message = f"{rule.metric} is a ratio: its threshold is from 0 to 1, not {rule.threshold:g}"
        yield ConfigFault(_at("alert_rules", id_, "threshold"), message)


def _numbers(all_: Configuration) -> Iterator[ConfigFault]:
    for dnis, number in all_.numbers.items():
        yield from _lacks(_at("numbers", dnis, "flow"), "flow", number.flow, all_.flows)
