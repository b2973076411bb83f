"""The configuration as YAML or JSON: written for people to edit, read with the place of each value.

Reads events, not nodes: one pass, no recursion, so that a document made to hurt costs no more than
its length. Knows YAML's shape and nothing of what a configuration means. YAML 1.2's core types are
used (`no` is a word); aliases are refused, since they let a short document grow without end. JSON
is read by `ivr.json_text`, also where YAML was announced: its escapes are not quite YAML's.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec
import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from acd.texts import fit, joined, refusal
from api.config_hints import hint, not_well_formed
from api.config_shapes import Configuration
from ivr import json_text
from ivr.document_text import TextFault, require_readable
from store.config_diff import escaped
from store.config_rules import ConfigFault

_LONGEST_PURE: Final = 1_000_000
"""Characters of the longest document that is given to the slow reader."""

DEEPEST: Final = 30
"""Levels of nesting that are read; a configuration has seven."""

Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | int | float | bool | None"

_TYPES: Final = (
    ("tag:yaml.org,2002:null", re.compile(r"~|null|Null|NULL|"), "~nN"),
    ("tag:yaml.org,2002:bool", re.compile(r"true|True|TRUE|false|False|FALSE"), "tTfF"),
    ("tag:yaml.org,2002:int", re.compile(r"[-+]?[0-9]+"), "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"),
        "-+.0123456789",
    ),
)


_LED_BY_ZERO: Final = re.compile(r"[-+]?0[0-9]+")
"""0100 is 64 to some readers of YAML and 100 to others: it is the text that stands there."""

_SPREADSHEET: Final = re.compile(r"[0-9]+[.,]0+|[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+")
"""What becomes of a telephone number in a spreadsheet: 33170000001.0, 3.317E+10."""


class Spot(msgspec.Struct, frozen=True):
    """Where a value begins, from 1, and its key.

    `block`: the columns by which a text is indented that begins on the line below; None for others.
    `written`: a single value as it stands in the file, without its quotes.
    """

    line: int
    column: int
    block: int | None = None
    key: tuple[int, int] | None = None
    written: str | None = None


class DocumentFault(msgspec.Struct, frozen=True):
    """One thing that is wrong; `line` and `column` are None where the text is not at hand."""

    line: int | None
    column: int | None
    pointer: str
    message: str

    @property
    def identity(self) -> tuple[int, int, str, str]:
        """What makes it another fault than the next, in the order of the document."""
        unplaced = self.pointer if self.line is None else ""
        return self.line or 0, self.column or 0, unplaced, self.message

    def __str__(self) -> str:
        where = self.pointer if self.line is None else f"{self.line}:{self.column}"
        return f"{where}: {self.message}"


class DocumentInvalid(Exception):
    """The document cannot be used: every fault, by place."""

    def __init__(self, found: Iterable[DocumentFault]) -> None:
        # A key that stands for several (mon-fri) brings the same fault several times.
        once = {fault.identity: fault for fault in found}
        self.faults = tuple(fault for _, fault in sorted(once.items()))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class Reading(msgspec.Struct, frozen=True):
    """A document that has the right shape, and where its values stand."""

    configuration: Configuration
    spots: dict[str, Spot]

    def placed(self, faults: Sequence[ConfigFault]) -> DocumentInvalid:
        """Faults of the values as faults of the document."""
        return DocumentInvalid([_placed(fault, self.spots) for fault in faults])


def _placed(fault: ConfigFault, spots: Mapping[str, Spot]) -> DocumentFault:
    pointer, message = fault.pointer, fault.message
    if spots and fault.lacking is not None and _nearest(pointer, spots).count("/") < 2:
        # Who uses it is not in this file: the section that lacks it is.
        section = spots.get(fault.lacking)
        message = f"{message}; it is configured already, and not in this file"
        if section is not None and section.key is not None:
            return DocumentFault(*section.key, fault.pointer, message)
    pointer = _nearest(pointer, spots)
    spot = spots.get(pointer)
    if spot is None:
        return DocumentFault(None, None, fault.pointer, message)
    line, column = spot.line, spot.column
    if fault.line is not None and spot.block is not None:
        line, column = line + fault.line, (fault.column or 1) + spot.block
    elif fault.line is not None:
        message = f"line {fault.line} of the text: {message}"
    return DocumentFault(line, column, fault.pointer, message)


def _nearest(pointer: str, spots: Mapping[str, Spot]) -> str:
    """The pointer itself if the file has it, else the nearest above that it has."""
    while pointer and pointer not in spots:
        pointer = pointer.rpartition("/")[0]
    return pointer


# ---- reading ----------------------------------------------------------------------------------


def read_yaml(text: str) -> Reading:
    """A configuration from YAML. Raises DocumentInvalid."""
    if text.lstrip("\ufeff \t\r\n")[:1] == "{" and _is_json(text):
        return read_json(text)
    builder = _Builder(text.split("\n"))
    try:
        require_readable(text)
        _parse_yaml(text, builder)
    except TextFault as fault:
        raise _unread(fault.line, fault.column, fault.message) from fault
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark is not None and mark.line >= len(text.splitlines()):
            mark = error.context_mark or mark  # it never ended: where it began helps more
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said = " ".join(part for part in (error.context, error.problem) if part)
        lines = text.split("\n")
        there = lines[line - 1] if line <= len(lines) else ""
        raise _unread(line, column, not_well_formed(said, there, column)) from error
    except (yaml.YAMLError, ValueError) as error:
        # What the pure reader makes of a mangled escape is a ValueError.
        raise _unread(1, 1, f"this is not YAML: {error}") from error
    if builder.faults:
        raise DocumentInvalid(builder.faults)
    return _checked(builder.tree, builder.spots)


def _unread(line: int, column: int, message: str) -> DocumentInvalid:
    return DocumentInvalid([DocumentFault(line, column, "", fit(message))])


def _parse_yaml(text: str, builder: _Builder) -> None:
    """Feed the builder. libyaml refuses both halves of a character where they are escaped; the pure
    reader, which is fifty times slower, takes them, and the builder joins them.
    """
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        halves = "Unicode character escape" in (error.problem or "")
        if not halves or len(text) > _LONGEST_PURE:
            raise
        builder.begin_again()
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            builder.take(event)


def _is_json(text: str) -> bool:
    try:
        json.loads(text, strict=True)
    except RecursionError:
        return True  # brackets only: JSON's reader says where they are too deep
    except ValueError:
        return False
    return True


def read_json(text: str) -> Reading:
    """A configuration from JSON. Raises DocumentInvalid."""
    builder = _Builder(())
    try:
        for event in json_text.events(text, DEEPEST):
            builder.take_json(event)
    except TextFault as fault:
        raise _unread(fault.line, fault.column, fault.message) from fault
    if builder.faults:
        raise DocumentInvalid(builder.faults)
    return _checked(builder.tree, builder.spots)


def _checked(tree: object, spots: dict[str, Spot]) -> Reading:
    if not isinstance(tree, dict):
        message = "the document is empty" if tree is None else "begin with sections, as skills:"
        raise DocumentInvalid([DocumentFault(1, 1, "", message)])
    try:
        return Reading(Configuration.model_validate(tree), spots)
    except ValidationError as error:
        raise DocumentInvalid([_shaped(item, spots) for item in error.errors()]) from error


def _shaped(item: ErrorDetails, spots: Mapping[str, Spot]) -> DocumentFault:
    """A fault of shape as a sentence at its place."""
    steps = [step for step in item["loc"] if step != "[key]"]
    pointer = "".join(f"/{escaped(str(step))}" for step in steps)
    spot = spots.get(pointer)
    message = hint(item, None if spot is None else spot.written, section=len(steps) == 1)
    fault = _placed(ConfigFault(pointer, message), spots)
    about_key = item["type"] == "extra_forbidden" or item["loc"][-1:] == ("[key]",)
    if about_key and spot is not None and spot.key is not None:
        line, column = spot.key
        return msgspec.structs.replace(fault, line=line, column=column)
    return fault


class _Builder:
    """Puts a tree together from events; `spots` are the places of its values by JSON pointer."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self.begin_again()

    def begin_again(self) -> None:
        """Forget what was taken."""
        self.tree: Tree = None
        self.spots: dict[str, Spot] = {}
        self.faults: list[DocumentFault] = []
        self._open: list[tuple[dict[str, Tree] | list[Tree], str]] = []
        self._keys: list[tuple[str, Spot] | None] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """One event. Raises DocumentInvalid for what cannot be read on."""
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self._stop(event, "a second document begins: keep one")
            case yaml.AliasEvent():
                self._stop(event, "aliases (*name) are not read here: write the value out")
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent():
                self._begin({}, event)
            case yaml.SequenceStartEvent():
                self._begin([], event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._open.pop()
                self._keys.pop()

    def take_json(self, event: json_text.Event) -> None:
        """One event of a JSON document."""
        if isinstance(event, json_text.Closed):
            self._open.pop()
            self._keys.pop()
            return
        spot = Spot(event.line, event.column)
        if isinstance(event, json_text.Opened):
            self._enter({} if event.mapping else [], spot)
            return
        if event.key:
            self._keys[-1] = (fit(event.raw), spot)
        else:
            value = event.value
            spot = msgspec.structs.replace(spot, written=fit(event.raw))
            self._put(fit(value) if isinstance(value, str) else value, spot)
        if event.fault is not None:
            line, column, message = event.fault
            self.faults.append(DocumentFault(line, column, "", message))

    def _stop(self, event: yaml.Event, message: str) -> None:
        spot = _spot(event)
        raise DocumentInvalid([DocumentFault(spot.line, spot.column, "", message)])

    def _begin(self, made: dict[str, Tree] | list[Tree], event: yaml.Event) -> None:
        if len(self._open) >= DEEPEST:
            self._stop(event, f"values are nested more than {DEEPEST} deep")
        if self._wants_key():
            self._stop(event, "a key must be a word, not a list or a mapping")
        self._enter(made, _spot(event))

    def _enter(self, made: dict[str, Tree] | list[Tree], spot: Spot) -> None:
        pointer = self._put(made, spot)
        self._open.append((made, pointer))
        self._keys.append(None)

    def _wants_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1][0], dict) and self._keys[-1] is None

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        spot, text = _spot(event), joined(event.value)
        if (why := refusal(text)) is not None:
            self.faults.append(DocumentFault(spot.line, spot.column, "", why))
            text = fit(text)
        if self._wants_key():
            if _SPREADSHEET.fullmatch(text):
                message = f"“{text}” is a number as a spreadsheet writes it: write its digits"
                self.faults.append(DocumentFault(spot.line, spot.column, "", message))
            self._keys[-1] = (text, spot)
            return
        value = _value(text, plain=event.implicit[0])
        if isinstance(value, float) and math.isinf(value):
            said = f"the number {text[:20]} is too large"
            self.faults.append(DocumentFault(spot.line, spot.column, "", said))
        self._put(value, self._spot_of(event))

    def _spot_of(self, event: yaml.ScalarEvent) -> Spot:
        spot = msgspec.structs.replace(_spot(event), written=fit(joined(event.value)))
        first = next((line for line in event.value.split("\n") if line.strip()), None)
        if event.style not in ("|", ">") or first is None:
            return spot
        written = next(line for line in self._lines[spot.line :] if line.strip())
        return msgspec.structs.replace(spot, block=_indent(written) - _indent(first))

    def _put(self, value: Tree, spot: Spot) -> str:
        """Put a value where it belongs; its pointer."""
        if not self._open:
            self.tree = value
            self.spots[""] = spot
            return ""
        holder, pointer = self._open[-1]
        if isinstance(holder, list):
            holder.append(value)
            here = f"{pointer}/{len(holder) - 1}"
        else:
            here = self._put_by_key(holder, pointer, value)
        key = self._keys[-1] if isinstance(holder, dict) else None
        if key is not None:
            self._keys[-1] = None
            at = (key[1].line, key[1].column)
            spot = msgspec.structs.replace(spot, key=at)
        self.spots.setdefault(here, spot)
        return here

    def _put_by_key(self, holder: dict[str, Tree], pointer: str, value: Tree) -> str:
        told = self._keys[-1]
        assert told is not None
        key, spot = told
        here = f"{pointer}/{escaped(key)}"
        if key in holder:
            first = self.spots[here].line
            message = f"“{key[:80]}” stands twice here; first on line {first}"
            self.faults.append(DocumentFault(spot.line, spot.column, here, message))
        else:
            holder[key] = value
        return here


def _spot(event: yaml.Event) -> Spot:
    mark = event.start_mark
    return Spot(1, 1) if mark is None else Spot(mark.line + 1, mark.column + 1)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _value(text: str, *, plain: bool) -> Tree:
    if not plain:  # quoted, or set as a block
        return text
    if _LED_BY_ZERO.fullmatch(text):
        return text
    for tag, pattern, _ in _TYPES:
        if pattern.fullmatch(text):
            return _typed(tag.rpartition(":")[2], text)
    return text


def _typed(kind: str, text: str) -> Tree:
    match kind:
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int" if len(text) < 1000:  # longer ones Python refuses to read
            return int(text)
        case _:
            return float(text)


# ---- writing ----------------------------------------------------------------------------------

_LOADER: Final = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class _Dumper(yaml.SafeDumper if not yaml.__with_libyaml__ else yaml.CSafeDumper):  # type: ignore[misc]
    """Writes YAML 1.2's core types, and texts of several lines as blocks."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, "|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
for _tag, _pattern, _first in _TYPES:
    _Dumper.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern.pattern})$"), [*_first, ""])

_HEAD: Final = "# Plateau's configuration; `plateau config import FILE` brings it into force.\n"


def to_yaml(tree: Mapping[str, object]) -> str:
    """A plain tree as YAML that `read_yaml` reads again as the same."""
    written: str = yaml.dump(
        dict(tree),
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=100,
        default_flow_style=None,
    )
    return _HEAD + written
