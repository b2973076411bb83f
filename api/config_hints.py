"""What is said of a value of the wrong kind in a configuration, in the file's own words.

A hint names what stands there as it is written, what must stand there, and what to write instead.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final

from pydantic_core import ErrorDetails

from acd.model import ID_PATTERN

_MAPPING: Final = frozenset({"dict_type", "model_type", "model_attributes_type", "mapping_type"})
_LIST: Final = frozenset({"list_type", "tuple_type", "set_type", "iterable_type"})
_WHOLE: Final = frozenset({"int_type", "int_parsing", "int_from_float", "int_parsing_size"})
_NUMBER: Final = frozenset({"float_type", "float_parsing", "finite_number"})
_TRUTH: Final = frozenset({"bool_type", "bool_parsing"})
_YES: Final = {
    "yes": "true",
    "on": "true",
    "no": "false",
    "off": "false",
    "y": "true",
    "n": "false",
}
_YES_TOO: Final = {"oui": "true", "non": "false", "1": "true", "0": "false"}


def hint(item: ErrorDetails, written: str | None, *, section: bool) -> str:
    """The sentence for one fault of shape.

    `written`: the value as it stands in the file, None where that is not known or it is no single
    value. `section`: the fault is about a whole section.
    """
    kind, value = item["type"], item["input"]
    told = dict(item.get("ctx") or {})
    said = _said(value, written)
    if kind in _MAPPING:
        return _mapping(value, said, section=section)
    if kind in _LIST:
        if value is None:
            return "the list is empty: write [] or take the line out"
        return f"must be a list (- ONE, each on a line, or [ONE, OTHER]), not {said}"
    if kind == "string_type":
        return _text(value, said, written)
    if kind in _WHOLE | _NUMBER:
        return _number(value, said, written, whole=kind in _WHOLE)
    if kind in _TRUTH:
        return _truth(said, written, value)
    match kind:
        case "missing":
            return f"“{item['loc'][-1]}” is missing here"
        case "extra_forbidden":
            return _extra(str(item["loc"][-1]))
        case "string_pattern_mismatch":
            return f"“{str(value)[:80]}” cannot stand here: {_pattern(str(told['pattern']))}"
        case "enum" | "literal_error":
            return _one_of(said, str(written or value), str(told.get("expected", "")))
        case "greater_than_equal" | "greater_than":
            return f"must be {told.get('ge', told.get('gt'))} at least, not {said}"
        case "less_than_equal" | "less_than":
            return f"must be {told.get('le', told.get('lt'))} at most, not {said}"
        case "string_too_short":
            return "is empty: write something, or take the line out"
        case "string_too_long":
            return f"is longer than {told.get('max_length')} characters"
        case "too_long":
            return f"has more than {told.get('max_length')} entries"
        case _:
            return str(item["msg"]).removeprefix("Value error, ")


def _said(value: object, written: str | None) -> str:
    if isinstance(value, dict):
        return "a mapping (key: value)"
    if isinstance(value, list):
        return "a list"
    if value is None and (written or "") == "":
        return "nothing"
    return f"“{(str(value) if written is None else written)[:80]}”"


def _mapping(value: object, said: str, *, section: bool) -> str:
    if value is None and section:
        return "the section is empty: write {} or take the line out"
    if value is None:
        return "nothing stands here: write its fields on the lines below, further in, or {}"
    return f"must be a mapping (key: value), not {said}"


def _text(value: object, said: str, written: str | None) -> str:
    if isinstance(value, bool | int | float):
        # As it is written: +33, 0612 and 1.50 are not what a reader of numbers makes of them.
        shown = written if written is not None else str(value)
        return f'must be text: write "{shown[:80]}" in quotes'
    if value is None and written:
        return f'must be text: {written} means nothing here; if it is meant, write "{written}"'
    if value is None:
        return "nothing stands here: write a text, or take the line out"
    return f"must be text, not {said}"


def _number(value: object, said: str, written: str | None, *, whole: bool) -> str:
    must = "must be a whole number" if whole else "must be a number"
    text = (written if written is not None else str(value)).strip()
    if value is None:
        return f"nothing stands here: it {must}; or take the line out"
    if not isinstance(value, str):
        return f"{must}, not {said}"
    plain = text.replace("_", "")
    if re.fullmatch(r"[-+]?0+[0-9]+", text):
        return f"{must}: {text} begins with 0, which not all read alike: write {int(text)}"
    if re.fullmatch(r"[0-9]+:[0-5][0-9](:[0-5][0-9])?", text):
        return f"{must}: {text} is a time of the day or a length, write seconds or minutes alone"
    if re.fullmatch(r"[-+]?0[xX][0-9A-Fa-f]+|[-+]?0[oO][0-7]+", text):
        return f"{must}, with digits 0 to 9 alone: write {int(text, 0)}"
    if plain != text and re.fullmatch(r"[-+]?[0-9]+", plain):
        return f"{must}, without _: write {plain}"
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return f"{must}: write {text} without quotes"
    return f"{must}, not {said}"


def _truth(said: str, written: str | None, value: object) -> str:
    text = (written if written is not None else str(value)).strip().lower()
    meant = _YES.get(text) or _YES_TOO.get(text)
    if isinstance(value, str) and text in ("true", "false"):
        return f"must be true or false: write {text} without quotes"
    if meant is not None:
        return f"must be true or false: write {meant}, not {said}"
    return f"must be true or false, not {said}"


def _one_of(said: str, value: str, expected: str) -> str:
    words = re.findall(r"'([^']*)'", expected)
    if not words:
        return f"must be {expected}, not {said}"
    near = get_close_matches(value.lower(), words, 1)
    return f"must be one of {', '.join(words)}; not {said}{f' ({near[0]}?)' if near else ''}"


def _extra(name: str) -> str:
    if name == "<<":
        return "merging (<<) is not read here: write the values out"
    unseen = next((char for char in name if char in "\u00a0\u2007\u202f\u200b\ufeff"), None)
    if unseen is not None:
        return f"there is no “{name}” here: it holds a blank of another kind (U+{ord(unseen):04X})"
    return f"there is no “{name}” here"


_PATTERNS: Final = {
    ID_PATTERN: "use letters without accents, digits, “_”, “.” and “-”, at most 63",
    r"^\+[1-9][0-9]{6,14}$": "write a number in international form, as +33123456789",
    r"^[0-9]$": "write one digit, 0 to 9",
    r"^[0-9*#]$": "write one key: 0 to 9, “*” or “#”",
    r"^[0-9]{2,8}$": "write 2 to 8 digits",
    r"^[0-9]{4,8}$": "write 4 to 8 digits",
    r"^(\+[0-9]{0,14}|[0-9]{2,8})$": "write the beginning of a number, as +33, or a short one",
    r"^[A-Za-z0-9_-]{1,40}$": "use letters without accents, digits, “_” and “-”, at most 40",
}


def _pattern(pattern: str) -> str:
    return _PATTERNS.get(pattern, f"the pattern is {pattern}")


def not_well_formed(said: str, line: str, column: int) -> str:
    """A fault of YAML itself; `line` is the line's text, `column` where it was seen, from 1."""
    blanks = line[: len(line) - len(line.lstrip())]
    if "\t" in blanks or line[column - 1 : column] == "\t":
        return "a tab stands here: lines are indented with blanks"
    if any(char in blanks for char in "\u00a0\u2007\u202f"):
        return "the line begins with a blank of another kind (no-break space): write ordinary ones"
    return f"not well formed: {said}"
