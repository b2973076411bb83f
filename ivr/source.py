"""Reads YAML or JSON into a tree in which every value knows its line and column.

Decides what is well formed: syntax, types, known and missing keys, doubled keys. Refuses to know
what a flow is. Faults are collected, never raised, so that an author sees all of them at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from ruamel.yaml import YAML
from ruamel.yaml.error import FileMark, MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode

from acd.model import ID_PATTERN
from acd.texts import fit, joined, refusal
from ivr import json_text
from ivr.document_text import TextFault, require_readable
from ivr.faults import FlowFault, Severity, did_you_mean

SIZE_LIMIT = 200_000
"""Characters of the longest document that is read."""

DEPTH_LIMIT = 20
"""Levels of nesting that are read; a flow has six."""

_STR = "tag:yaml.org,2002:str"
_BOOL = "tag:yaml.org,2002:bool"
_NULL = "tag:yaml.org,2002:null"
_MAP = "tag:yaml.org,2002:map"
_SEQ = "tag:yaml.org,2002:seq"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


class Faults:
    """Faults found so far."""

    def __init__(self) -> None:
        self._found: set[FlowFault] = set()

    def add(self, place: Place, message: str, severity: Severity = Severity.ERROR) -> None:
        """Record a fault at a value."""
        self._found.add(FlowFault(place.line, place.column, fit(message), severity))

    def add_at(self, line: int, column: int, message: str) -> None:
        """Record an error at a position; both count from 1. What it quotes is made fit."""
        self._found.add(FlowFault(line, column, fit(message)))

    @property
    def errors(self) -> bool:
        """Whether anything found keeps the document out of use."""
        return any(fault.severity is Severity.ERROR for fault in self._found)

    def sorted(self) -> tuple[FlowFault, ...]:
        """All faults by place."""
        return tuple(sorted(self._found))


class Place:
    """A value in the document. Readers return None after having recorded why."""

    def __init__(self, node: YamlNode, faults: Faults) -> None:
        self._node = node
        self._faults = faults
        self.line: int = node.start_mark.line + 1
        self.column: int = node.start_mark.column + 1

    def fault(self, message: str, severity: Severity = Severity.ERROR) -> None:
        """Record a fault here."""
        self._faults.add(self, message, severity)

    @property
    def is_mapping(self) -> bool:
        """Whether this is `key: value` pairs."""
        return isinstance(self._node, MappingNode)

    @property
    def is_list(self) -> bool:
        """Whether this is a list."""
        return isinstance(self._node, SequenceNode)

    @property
    def raw(self) -> str:
        """A scalar as it is written, empty for anything else."""
        return str(self._node.value) if isinstance(self._node, ScalarNode) else ""

    def pairs(self, what: str) -> list[tuple[Place, Place]]:
        """Pairs of a mapping with their order; a doubled key is a fault and the first one stays.

        `what` names the value in messages.
        """
        if not isinstance(self._node, MappingNode):
            self.fault(f"{what} must be a mapping (key: value), not {self._shape()}")
            return []
        seen: dict[str, int] = {}
        result = []
        for key_node, value_node in self._node.value:
            key, value = Place(key_node, self._faults), Place(value_node, self._faults)
            if not isinstance(key_node, ScalarNode):
                key.fault(f"a key of {what} must be a word, not {key._shape()}")
            elif key.raw in seen:
                key.fault(f"“{key.raw[:80]}” stands twice in {what}; first on line {seen[key.raw]}")
            else:
                seen[key.raw] = key.line
                result.append((key, value))
        return result

    def get(self, name: str) -> Place | None:
        """The value of a mapping's first key of that name, None without one; records nothing."""
        if isinstance(self._node, MappingNode):
            for key_node, value_node in self._node.value:
                if isinstance(key_node, ScalarNode) and str(key_node.value) == name:
                    return Place(value_node, self._faults)
        return None

    def fields(
        self, what: str, known: Collection[str], required: Collection[str] = ()
    ) -> dict[str, Place]:
        """Values of a mapping by key: faults for unknown and for missing keys."""
        found: dict[str, Place] = {}
        for key, value in self.pairs(what):
            if key.raw in known:
                found[key.raw] = value
            else:
                key.fault(f"{what} has no key “{key.raw[:80]}”{did_you_mean(key.raw, known)}")
        if self.is_mapping:
            for name in required:
                if name not in found:
                    self.fault(f"{what} lacks “{name}”")
        return found

    def items(self) -> Iterator[Place]:
        """Entries of a list; a single value counts as a list of one."""
        if isinstance(self._node, SequenceNode):
            for node in self._node.value:
                yield Place(node, self._faults)
        else:
            yield self

    def word(self, what: str) -> str | None:
        """A scalar of any type as it is written, not empty."""
        if not isinstance(self._node, ScalarNode):
            self.fault(f"{what} must be a single value, not {self._shape()}")
            return None
        if self._node.tag == _NULL or not self.raw.strip():
            self.fault(f"{what} is empty")
            return None
        return self.raw

    def text(self, what: str) -> str | None:
        """A string, not empty."""
        word = self.word(what)
        if word is not None and self._node.tag != _STR:
            self.fault(f"{what} must be text, not {self._shape()}; put it in quotes")
            return None
        return word

    def id(self, what: str) -> str | None:
        """The id of something configured (queue, agent, skill…), as REST takes it."""
        word = self.word(what)
        if word is not None and not re.fullmatch(ID_PATTERN, word):
            self.fault(
                f"“{word[:80]}” cannot be {what}: use letters without accents, digits, “-”, “_” "
                "and “.”, at most 63"
            )
            return None
        return word

    def name(self, what: str) -> str | None:
        """A name within the flow: letters without accents, digits, `_` and `-`, 64 at most."""
        word = self.word(what)
        if word is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", word):
            self.fault(
                f"“{word[:80]}” cannot be {what}: use letters without accents, digits, “-” and "
                "“_”, at most 64"
            )
            return None
        return word

    def flag(self, what: str) -> bool | None:
        """True or false."""
        if isinstance(self._node, ScalarNode) and self._node.tag == _BOOL:
            return self.raw.lower() == "true"
        self.fault(f"{what} must be true or false, not {self._shape()}")
        return None

    def number(self, what: str, least: float, most: float) -> float | None:
        """A number between `least` and `most`, both included."""
        try:
            # `0x1F` and `1e3` are YAML numbers too; what float() refuses is refused here.
            value = float(self.raw) if self._node.tag in _NUMBERS else None
        except ValueError:
            value = None
        if value is None:
            self.fault(f"{what} must be a number, not {self._shape()}")
            return None
        if not least <= value <= most:
            self.fault(f"{what} must be from {least:g} to {most:g}, not {self.raw[:80]}")
            return None
        return value

    def whole(self, what: str, least: int, most: int) -> int | None:
        """A whole number between `least` and `most`, both included."""
        value = self.number(what, least, most)
        if value is not None and value != int(value):
            self.fault(f"{what} must be a whole number, not {self.raw[:80]}")
            return None
        return None if value is None else int(value)

    def one_of(self, what: str, allowed: Collection[str]) -> str | None:
        """One of a few words."""
        word = self.word(what)
        if word is not None and word not in allowed:
            self.fault(f"“{word[:80]}” is not {what}{did_you_mean(word, allowed)}")
            return None
        return word

    def _shape(self) -> str:
        if isinstance(self._node, MappingNode):
            return "a mapping"
        if isinstance(self._node, SequenceNode):
            return "a list"
        if self._node.tag == _NULL:
            return "nothing"
        return f"“{self.raw[:80]}”"


def parse(text: str, faults: Faults, *, json: bool = False) -> Place | None:
    """The document's root, or None with a fault where the syntax breaks.

    A document that is JSON is read as such: its escapes are not quite YAML's. `json`: it must be.
    """
    if len(text) > SIZE_LIMIT:
        faults.add_at(1, 1, f"the document is longer than {SIZE_LIMIT} characters")
        return None
    json = json or (text.lstrip("\ufeff \t\r\n")[:1] == "{" and _is_json(text))
    root: YamlNode | None
    try:
        if json:
            root = _composed(text, faults)
        else:
            require_readable(text)
            if not _shallow(text, faults):
                return None
            root = YAML(typ="rt", pure=True).compose(text)
    except TextFault as fault:
        faults.add_at(fault.line, fault.column, fault.message)
        return None
    except MarkedYAMLError as error:
        _syntax_fault(error, text, faults)
        return None
    except (YAMLError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        # ruamel's scanner lets some of Python's own errors out on mangled tags and escapes.
        faults.add_at(1, 1, f"this is neither YAML nor JSON: {error}")
        return None
    if root is None:
        faults.add_at(1, 1, "the document is empty")
        return None
    if not json:
        _check_scalars(root, faults)
    return Place(root, faults)


def _is_json(text: str) -> bool:
    """Whether it is well formed as JSON; what else is wrong with it is told by reading it."""
    try:
        for _ in json_text.events(text, SIZE_LIMIT):
            pass
    except TextFault:
        return False
    return True


def _composed(text: str, faults: Faults) -> YamlNode:
    """The tree of a JSON document, in YAML's nodes. Raises TextFault."""
    root: YamlNode | None = None
    branches: list[YamlNode] = []
    names: list[ScalarNode] = []
    for event in json_text.events(text, DEPTH_LIMIT):
        if isinstance(event, json_text.Closed):
            branches.pop()
            continue
        mark = FileMark("JSON", 0, event.line - 1, event.column - 1)
        node: YamlNode
        if isinstance(event, json_text.Opened):
            kind = MappingNode if event.mapping else SequenceNode
            node = kind(_MAP if event.mapping else _SEQ, [], mark, mark)
        else:
            node = ScalarNode(_tag(event.value), fit(event.raw), mark, mark)
            if event.fault is not None:
                faults.add_at(*event.fault)
            if event.key:
                names.append(node)
                continue
        if branches:
            holder = branches[-1]
            holder.value.append(node if isinstance(holder, SequenceNode) else (names.pop(), node))
        else:
            root = node
        if isinstance(event, json_text.Opened):
            branches.append(node)
    assert root is not None  # a document without a value is a TextFault
    return root


def _tag(value: str | float | bool | None) -> str:
    if isinstance(value, str):
        return _STR
    if isinstance(value, bool):
        return _BOOL
    return _NULL if value is None else _NUMBERS[isinstance(value, float)]


def _check_scalars(root: YamlNode, faults: Faults) -> None:
    """Join the halves of characters that YAML's escapes made; what cannot be kept is a fault."""
    waiting, met = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in met:  # by an alias
            continue
        met.add(id(node))
        if isinstance(node, ScalarNode):
            node.value = joined(node.value)
            if (why := refusal(node.value)) is not None:
                faults.add_at(node.start_mark.line + 1, node.start_mark.column + 1, why)
                node.value = fit(node.value)
        elif isinstance(node, MappingNode):
            waiting += [each for pair in node.value for each in pair]
        elif isinstance(node, SequenceNode):
            waiting += node.value


def _shallow(text: str, faults: Faults) -> bool:
    """Refuse deep nesting while events come in: composing it takes quadratic time and the stack."""
    depth = 0
    for event in YAML(typ="rt", pure=True).parse(text):
        if isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > DEPTH_LIMIT:
                mark = event.start_mark
                message = f"values are nested more than {DEPTH_LIMIT} deep"
                faults.add_at(mark.line + 1, mark.column + 1, message)
                return False
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
    return True


def _syntax_fault(error: MarkedYAMLError, text: str, faults: Faults) -> None:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    message = " ".join(part for part in (error.context, error.problem) if part)
    lines = text.splitlines()
    for near in (line, line - 1):
        starred = (
            re.match(r"\s*([*&%@`!])\s*:", lines[near - 1]) if 0 < near <= len(lines) else None
        )
        if starred:
            message += f'; a key that is a sign needs quotes: "{starred[1]}": …'
            line, column = near, starred.start(1) + 1
            break
    faults.add_at(line, column, f"not well formed: {message}")
