"""Reads a flow document (YAML or JSON) into a flow, or says all that is wrong with it and where.

Decides the document's language: its keys, their types, their defaults. `ivr.graph` checks how
nodes hang together. Refuses to know where documents are kept.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from acd.model import (
    AgentId,
    FlowId,
    Outcome,
    QueueId,
    SkillId,
    SkillLevel,
    Target,
    TargetKind,
)
from ivr import values
from ivr.calendars import read_calendars
from ivr.faults import FlowFault, FlowInvalid, Severity, did_you_mean
from ivr.graph import NodePlaces, check_graph
from ivr.model import (
    DEFAULT_VOICES,
    DIGITS,
    LANGUAGES,
    Calendar,
    CallbackNode,
    Choice,
    Flow,
    HangUpNode,
    HoursNode,
    MenuNode,
    Node,
    Prompt,
    QueueNode,
    Recorded,
    SayNode,
    Spoken,
    TransferNode,
    VoicemailNode,
    media_hash,
)
from ivr.source import Faults, Place, parse

TEXT_LIMIT = 1_000
"""Characters of the longest text that is spoken."""

AGENT_S = 30
"""How long a named agent is looked for where the node does not say."""

OUTCOMES = (
    Outcome.SELF_SERVICE,
    Outcome.OUT_OF_HOURS,
    Outcome.FLOW_HANG_UP,
    Outcome.OVERFLOW,
    Outcome.REJECTED,
)
"""Outcomes that a hang-up node may state; the others are the floor's to find."""

_PROMPT_KEYS = ("prompt", "text", "prompts")
_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # kind: (keys it may have, keys it must have)
    "say": ((*_PROMPT_KEYS, "next", "barge_in"), ("next",)),
    "menu": (
        (
            *_PROMPT_KEYS,
            "choices",
            "otherwise",
            "timeout_s",
            "digit_timeout_s",
            "tries",
            "barge_in",
            "on_timeout",
            "on_invalid",
        ),
        ("choices", "otherwise"),
    ),
    "hours": (("calendar", "open", "closed"), ("calendar", "open", "closed")),
    "queue": (("queue", "required", "priority", "answer", "agent", "agent_s", "data"), ("queue",)),
    "transfer": (("agent", "queue", "number", "data"), ()),
    "voicemail": (("queue", "data"), ("queue",)),
    "callback": (("queue", "data"), ("queue",)),
    "hang_up": ((*_PROMPT_KEYS, "outcome"), ()),
}


class Known(msgspec.Struct, frozen=True):
    """What exists beside the flow; None where that is not to be checked.

    `prompts` are keys of recorded prompts by language.
    """

    queues: frozenset[str] | None = None
    agents: frozenset[str] | None = None
    skills: frozenset[str] | None = None
    prompts: Mapping[str, frozenset[str]] | None = None


class Reading(msgspec.Struct, frozen=True):
    """A document read: `flow` is None if any fault is an error; warnings come with a flow."""

    flow: Flow | None
    faults: tuple[FlowFault, ...]


def load(
    text: str,
    known: Known | None = None,
    *,
    expected: FlowId | None = None,
    voices: Mapping[str, str] = DEFAULT_VOICES,
    json: bool = False,
) -> Flow:
    """The flow that `text` describes.

    `expected` is the id that it must have, None for any; `json`: it must be JSON, otherwise YAML
    will do. Raises FlowInvalid with every fault.
    """
    reading = read(text, known, expected=expected, voices=voices, json=json)
    if reading.flow is None:
        raise FlowInvalid(reading.faults)
    return reading.flow


def read(
    text: str,
    known: Known | None = None,
    *,
    expected: FlowId | None = None,
    voices: Mapping[str, str] = DEFAULT_VOICES,
    json: bool = False,
) -> Reading:
    """As `load`, but never raises, and gives warnings too."""
    faults = Faults()
    root = parse(text, faults, json=json)
    if root is None:
        return Reading(None, faults.sorted())
    flow = _Reader(known or Known(), voices).flow(root, expected)
    return Reading(None if faults.errors else flow, faults.sorted())


class _Reader:
    """Reads one document; keeps where targets and prompts stand for the checks of the graph."""

    def __init__(self, known: Known, voices: Mapping[str, str]) -> None:
        self._known = known
        self._voices = voices
        self._places: dict[str, NodePlaces] = {}
        self._here = NodePlaces()
        self._calendars: dict[str, Calendar] = {}
        self._default = "fr"

    def flow(self, root: Place, expected: FlowId | None) -> Flow | None:
        fields = root.fields(
            "the flow",
            ("flow", "name", "language", "start", "hours", "nodes"),
            ("flow", "start", "nodes"),
        )
        flow_id = fields["flow"].id("a flow's id") if "flow" in fields else None
        if flow_id is not None and expected is not None and flow_id != expected:
            fields["flow"].fault(f"this is flow “{flow_id}”, but “{expected}” was expected")
        name = fields["name"].text("“name”") if "name" in fields else None
        if "language" in fields:
            self._default = self._language(fields["language"]) or self._default
        if "hours" in fields:
            self._calendars = read_calendars(fields["hours"])
        start = fields["start"].name("“start”") if "start" in fields else None
        if "nodes" not in fields or not fields["nodes"].is_mapping:
            if "nodes" in fields:
                fields["nodes"].pairs("“nodes”")
            return None
        nodes = self._nodes(fields["nodes"])
        if start is None or flow_id is None:
            return None
        flow = Flow(
            id=FlowId(flow_id),
            name=name or flow_id,
            language=self._default,
            start=start,
            nodes=nodes,
            calendars=self._calendars,
        )
        check_graph(flow, fields["start"], self._places, self._known.prompts)
        return flow

    def _nodes(self, place: Place) -> dict[str, Node]:
        nodes: dict[str, Node] = {}
        for key, value in place.pairs("“nodes”"):
            node_id = key.name("the name of a node")
            if node_id is None:
                continue
            self._here = self._places[node_id] = NodePlaces(key)
            node = self._node(node_id, value)
            if node is not None:
                nodes[node_id] = node
        if place.is_mapping and not place.pairs("“nodes”"):
            place.fault("a flow needs at least one node")
        return nodes

    def _node(self, node_id: str, place: Place) -> Node | None:
        what = f"node “{node_id}”"
        if not place.is_mapping:
            place.pairs(what)
            return None
        kind_place = place.get("kind")
        if kind_place is None:
            self._here.broken = True
            place.fault(f"{what} lacks “kind”{did_you_mean('', _KEYS)}")
            return None
        kind = kind_place.word("“kind”")
        if kind is None:
            return None
        if kind not in _KEYS:
            self._here.broken = True
            kind_place.fault(f"there is no kind of node “{kind[:80]}”{did_you_mean(kind, _KEYS)}")
            return None
        known, required = _KEYS[kind]
        fields = place.fields(f"{what} ({kind})", ("kind", *known), required)
        if any(name not in fields for name in required):
            # Its targets still count, or the nodes behind it would be called unreachable too.
            self._targets_of_half_a_node(fields)
            return None
        return self._of_kind(kind, node_id, fields, place)

    def _of_kind(
        self, kind: str, node_id: str, fields: dict[str, Place], place: Place
    ) -> Node | None:
        match kind:
            case "say":
                prompts = self._prompts(fields)
                if not prompts and not any(key in fields for key in _PROMPT_KEYS):
                    place.fault(f"node “{node_id}” (say) lacks “prompt”, “text” or “prompts”")
                barge_in = fields["barge_in"].flag("“barge_in”") if "barge_in" in fields else None
                return SayNode(node_id, prompts, self._goto(fields["next"]), barge_in or False)
            case "menu":
                return self._menu(node_id, fields)
            case "hours":
                return self._hours(node_id, fields)
            case "queue":
                return self._queue(node_id, fields)
            case "transfer":
                return self._transfer(node_id, fields, place)
            case "voicemail":
                data = values.data(fields.get("data"))
                return VoicemailNode(node_id, self._queue_named(fields), data)
            case "callback":
                data = values.data(fields.get("data"))
                return CallbackNode(node_id, self._queue_named(fields), data)
            case _:
                outcome = None
                if "outcome" in fields:
                    outcome = fields["outcome"].one_of("an outcome of a flow", OUTCOMES)
                return HangUpNode(
                    node_id, self._prompts(fields), Outcome(outcome) if outcome else None
                )

    # ---- kinds of nodes ----

    def _menu(self, node_id: str, fields: dict[str, Place]) -> Node:
        timeout_s = digit_timeout_s = tries = barge_in = None
        if "timeout_s" in fields:
            timeout_s = fields["timeout_s"].number("“timeout_s”", 0.5, 120)
        if "digit_timeout_s" in fields:
            digit_timeout_s = fields["digit_timeout_s"].number("“digit_timeout_s”", 0.5, 30)
        if "tries" in fields:
            tries = fields["tries"].whole("“tries”", 1, 10)
        if "barge_in" in fields:
            barge_in = fields["barge_in"].flag("“barge_in”")
        for key in ("on_timeout", "on_invalid"):
            if key in fields and tries == 1:
                fields[key].fault(
                    f"“{key}” is never heard: it announces another try, and “tries” is 1",
                    Severity.WARNING,
                )
        return MenuNode(
            id=node_id,
            prompts=self._prompts(fields),
            choices=self._choices(fields["choices"]),
            otherwise=self._goto(fields["otherwise"]),
            timeout_ms=round((timeout_s or 5) * 1000),
            digit_timeout_ms=round((digit_timeout_s or 2.5) * 1000),
            tries=tries or 3,
            barge_in=True if barge_in is None else barge_in,
            on_timeout=self._prompt_list(fields["on_timeout"]) if "on_timeout" in fields else (),
            on_invalid=self._prompt_list(fields["on_invalid"]) if "on_invalid" in fields else (),
        )

    def _choices(self, place: Place) -> dict[str, Choice]:
        choices: dict[str, Choice] = {}
        pairs = place.pairs("“choices”")
        if place.is_mapping and not pairs:
            place.fault("a menu needs at least one choice")
        for key, value in pairs:
            digits = key.raw
            if not digits or len(digits) > 16 or any(each not in DIGITS for each in digits):
                key.fault(f"“{digits[:80]}” is not a key: use 0-9, *, # or A-D, at most 16 of them")
            if value.is_mapping:
                fields = value.fields(f"choice “{digits[:80]}”", ("goto", "language"), ("goto",))
                language = self._language(fields["language"]) if "language" in fields else None
                if "goto" in fields:
                    choices[digits] = Choice(self._goto(fields["goto"]), language)
            else:
                choices[digits] = Choice(self._goto(value))
        return choices

    def _hours(self, node_id: str, fields: dict[str, Place]) -> Node:
        calendar = fields["calendar"].id("a calendar")
        if calendar is not None and calendar not in self._calendars:
            fields["calendar"].fault(
                f"there is no calendar “{calendar}” under “hours”"
                f"{did_you_mean(calendar, self._calendars)}"
            )
        opened, closed = self._goto(fields["open"]), self._goto(fields["closed"])
        return HoursNode(node_id, calendar or "", opened, closed)

    def _queue(self, node_id: str, fields: dict[str, Place]) -> Node:
        queue = self._queue_named(fields)
        required = []
        for key, value in fields["required"].pairs("“required”") if "required" in fields else ():
            skill = key.id("a skill's id")
            if skill is not None and self._known.skills is not None:
                self._must_exist(key, "skill", skill, self._known.skills)
            level = value.whole("a skill's level", 1, 10)
            if skill is not None and level is not None:
                required.append(SkillLevel(SkillId(skill), level))
        priority = answer = None
        if "priority" in fields:
            priority = fields["priority"].whole("“priority”", 0, 1000)
        if "answer" in fields:
            answer = fields["answer"].one_of("a way to answer", ("first", "with_agent"))
        agent = self._agent_named(fields["agent"]) if "agent" in fields else None
        agent_s = None
        if "agent_s" in fields:
            agent_s = fields["agent_s"].whole("“agent_s”", 1, 3600)
            if agent is None:
                fields["agent_s"].fault("“agent_s” says how long “agent” is looked for; name one")
        return QueueNode(
            node_id,
            queue,
            tuple(required),
            priority or 0,
            answer != "with_agent",
            agent,
            (agent_s or AGENT_S) if agent is not None else 0,
            values.data(fields.get("data")),
        )

    def _transfer(self, node_id: str, fields: dict[str, Place], place: Place) -> Node | None:
        given = [key for key in ("agent", "queue", "number") if key in fields]
        if len(given) != 1:
            self._here.broken = True
            place.fault(f"node “{node_id}” (transfer) needs one of “agent”, “queue” or “number”")
            return None
        data = values.data(fields.get("data"))
        match given[0]:
            case "queue":
                return QueueNode(node_id, self._queue_named(fields), data=data)
            case "agent":
                target = Target(TargetKind.AGENT, self._agent_named(fields["agent"]))
            case _:
                target = Target(TargetKind.NUMBER, values.number(fields["number"]))
        return TransferNode(node_id, target, data)

    def _queue_named(self, fields: dict[str, Place]) -> QueueId:
        queue = fields["queue"].id("a queue's id")
        if queue is not None and self._known.queues is not None:
            self._must_exist(fields["queue"], "queue", queue, self._known.queues)
        return QueueId(queue or "")

    def _agent_named(self, place: Place) -> AgentId:
        agent = place.id("an agent's id")
        if agent is not None and self._known.agents is not None:
            self._must_exist(place, "agent", agent, self._known.agents)
        return AgentId(agent or "")

    @staticmethod
    def _must_exist(place: Place, what: str, word: str, known: frozenset[str]) -> None:
        if word not in known:
            place.fault(f"there is no {what} “{word}”{did_you_mean(word, known)}")

    # ---- targets, languages, prompts ----

    def _goto(self, place: Place) -> str:
        target = place.name("the name of a node")
        if target is not None:
            self._here.targets.append((target, place))
        else:
            self._here.broken = True
        return target or ""

    def _targets_of_half_a_node(self, fields: dict[str, Place]) -> None:
        self._here.broken = True
        for key in ("next", "otherwise", "open", "closed"):
            if key in fields:
                self._goto(fields[key])
        if "choices" in fields:
            self._choices(fields["choices"])

    def _language(self, place: Place) -> str | None:
        return place.one_of("a language", LANGUAGES)

    def _prompts(self, fields: dict[str, Place]) -> tuple[Prompt, ...]:
        given = [key for key in fields if key in _PROMPT_KEYS]
        for key in given[1:]:
            fields[key].fault(
                f"“{given[0]}” and “{key}” exclude each other; list both in “prompts”"
            )
        if not given:
            return ()
        place = fields[given[0]]
        match given[0]:
            case "prompt":
                prompts = [self._recorded(place, None, place)]
            case "text":
                prompts = [self._spoken(place, None, place)]
            case _:
                return self._prompt_list(place)
        return tuple(prompt for prompt in prompts if prompt is not None)

    def _prompt_list(self, place: Place) -> tuple[Prompt, ...]:
        prompts = []
        for item in place.items():
            prompt = self._prompt(item) if item.is_mapping else self._recorded(item, None, item)
            if prompt is not None:
                prompts.append(prompt)
        if not prompts and place.is_list and not any(True for _ in place.items()):
            place.fault("the list of prompts is empty")
        return tuple(prompts)

    def _prompt(self, place: Place) -> Prompt | None:
        fields = place.fields("a prompt", ("prompt", "text", "language"))
        language = self._language(fields["language"]) if "language" in fields else None
        if "prompt" in fields and "text" in fields:
            fields["text"].fault("a prompt is either “prompt” or “text”; make two of them")
        if "prompt" in fields:
            return self._recorded(fields["prompt"], language, place)
        if "text" in fields:
            return self._spoken(fields["text"], language, place)
        place.fault("a prompt needs “prompt” (a recording's name) or “text” (to be spoken)")
        return None

    def _recorded(self, value: Place, language: str | None, place: Place) -> Prompt | None:
        word = value.word("a prompt")
        if word is not None and " " in word.strip():
            value.fault("this is not a recording's name; to have it spoken, write {text: …}")
            return None
        key = value.name("the name of a prompt") if word is not None else None
        if key is None:
            return None
        prompt = Recorded(key, language)
        self._here.prompts.append((prompt, place))
        return prompt

    def _spoken(self, value: Place, language: str | None, place: Place) -> Prompt | None:
        texts: dict[str, str] = {}
        if value.is_mapping:
            for key, each in value.pairs("“text”"):
                tongue = self._language(key)
                if (text := self._spoken_text(each)) is not None and tongue is not None:
                    texts[tongue] = text
        elif (text := self._spoken_text(value)) is not None:
            texts[language or self._default] = text
        if not texts:
            return None
        hashes = {
            tongue: media_hash(tongue, self._voices.get(tongue, ""), text)
            for tongue, text in texts.items()
        }
        prompt = Spoken(texts, hashes, language)
        self._here.prompts.append((prompt, place))
        return prompt

    def _spoken_text(self, place: Place) -> str | None:
        text = place.text("a text")
        if text is None:
            return None
        text = " ".join(text.split())
        if len(text) > TEXT_LIMIT:
            place.fault(f"a text has at most {TEXT_LIMIT} characters, this one {len(text)}")
            return None
        return text
