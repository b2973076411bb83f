"""Who fits a step, as people write it: `skills.english >= 5 and not team = "night"`. Pure.

    expression := conjunction { "or" conjunction }
    conjunction := negation { "and" negation }
    negation := "not" negation | "(" expression ")" | test
    test := "anyone" | "nobody" | SKILL [COMPARISON number] | WORD [COMPARISON value]
    SKILL := "skill" id | "skills." id        WORD := "attributes." name | "team"
    COMPARISON := "=" | "!=" | "<" | "<=" | ">" | ">="        value := "text" | number

Keywords may be written in capitals; ids keep their letters. A skill or word without a comparison
means that the agent has it. What an agent does not have compares with nothing: every comparison
with it is false, `!=` too, and `not` turns that false into true. So `skills.english != 5` is said
of those who hold English, `not skills.english = 5` also of those who do not. A word compared with
a number is read as a whole number, and is false where it is none.

This module knows agents' profiles and nothing of queues, states or time. Text becomes a tree, the
tree is walked; nothing is ever handed to Python to evaluate.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

import msgspec

from acd.config import AgentProfile
from acd.errors import PlateauError
from acd.model import SkillId

LONGEST = 2_000
"""Characters of an expression at most."""

DEEPEST = 30
"""Parentheses and `not`s inside one another at most."""

Verdict = Callable[[AgentProfile], bool]

_COMPARES: Mapping[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class ExpressionInvalid(PlateauError):
    """The text is no expression: where (`column`, from 1), what was expected and found, a hint."""

    def __init__(self, column: int, expected: str, found: str, hint: str | None = None) -> None:
        told = f"column {column}: expected {expected}, found {found}"
        super().__init__("expression-invalid", f"{told} ({hint})" if hint else told)
        self.column = column
        self.expected = expected
        self.found = found
        self.hint = hint


# ---- the tree ----------------------------------------------------------------------------------


class Everyone(msgspec.Struct, frozen=True):
    """`anyone`, or `nobody` where `fits` is false."""

    fits: bool


class SkillTest(msgspec.Struct, frozen=True):
    """A skill against a level; without `compare` it is enough to hold it."""

    skill: SkillId
    compare: str | None = None
    level: int = 0


class WordTest(msgspec.Struct, frozen=True):
    """An attribute, or the team where `name` is None, against a text or a number."""

    name: str | None
    compare: str | None = None
    value: str | int = ""


class Not(msgspec.Struct, frozen=True):
    """The opposite."""

    part: Expression


class And(msgspec.Struct, frozen=True):
    """All of these, two at least."""

    parts: tuple[Expression, ...]


class Or(msgspec.Struct, frozen=True):
    """One of these at least; there are two or more."""

    parts: tuple[Expression, ...]


Expression = Everyone | SkillTest | WordTest | Not | And | Or


# ---- reading -----------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<text>"[^"]*"|'[^']*')
    |(?P<compare><=|>=|!=|=|<|>)
    |(?P<bracket>[()])
    |(?P<number>-?[0-9]{1,9}(?![A-Za-z0-9_.-]))
    |(?P<word>[A-Za-z0-9][A-Za-z0-9_.-]*)
    """,
    re.VERBOSE,
)
_KEYWORDS = frozenset({"and", "or", "not", "anyone", "nobody", "skill", "team"})
_TEST = "a test such as skills.english >= 5"
_STRANGE = {
    "==": 'equality is written "="',
    "=": 'comparisons are written <= and >=, "=" follows the sign',
    "<>": 'difference is written "!="',
    "&": 'write "and"',
    "|": 'write "or"',
    "!": 'write "not", or "!=" to compare',
    '"': "the closing quote is missing",
    "'": "the closing quote is missing",
    "“": 'use straight quotes: "',
    "”": 'use straight quotes: "',
    "«": 'use straight quotes: "',
}


class _Token(msgspec.Struct, frozen=True):
    kind: str
    text: str
    column: int

    @property
    def keyword(self) -> str | None:
        """The keyword that this is, in small letters."""
        small = self.text.lower()
        return small if self.kind == "word" and small in _KEYWORDS else None

    @property
    def shown(self) -> str:
        """As an error names it."""
        return "the end" if self.kind == "end" else f"“{self.text}”"


def _tokens(text: str) -> list[_Token]:
    if len(text) > LONGEST:
        raise ExpressionInvalid(
            LONGEST + 1, f"at most {LONGEST:,} characters", f"{len(text):,}", "use more steps"
        )
    found: list[_Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise ExpressionInvalid(at + 1, _TEST, f"“{text[at]}”", _STRANGE.get(text[at]))
        if match.lastgroup != "space":
            found.append(_Token(match.lastgroup, match.group(), at + 1))
        at = match.end()
    found.append(_Token("end", "", len(text) + 1))
    return found


class _Reader:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Expression:
        read = self._either()
        token = self._now
        if token.kind != "end":
            raise self._unexpected('"and", "or" or the end', _hint_after(token))
        return read

    @property
    def _now(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._now
        self._at += 1
        return token

    def _unexpected(self, expected: str, hint: str | None = None) -> ExpressionInvalid:
        return ExpressionInvalid(self._now.column, expected, self._now.shown, hint)

    def _either(self) -> Expression:
        parts = [self._both()]
        while self._now.keyword == "or":
            self._next()
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _both(self) -> Expression:
        parts = [self._one()]
        while self._now.keyword == "and":
            self._next()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _one(self) -> Expression:
        token = self._now
        if token.keyword == "not" or token.text == "(":
            self._depth += 1
            if self._depth > DEEPEST:
                raise self._unexpected(
                    f"at most {DEEPEST} levels of parentheses and not", "split it into steps"
                )
            read = self._inner(self._next())
            self._depth -= 1
            return read
        return self._test()

    def _inner(self, opened: _Token) -> Expression:
        if opened.text != "(":
            return Not(self._one())
        read = self._either()
        if self._now.text != ")":
            hint = f"the “(” of column {opened.column} is open"
            raise self._unexpected('"and", "or" or ")"', hint)
        self._next()
        return read

    def _test(self) -> Expression:
        token = self._now
        family, dot, name = token.text.partition(".")
        family = family.lower()
        if token.keyword in ("anyone", "nobody"):
            self._next()
            return Everyone(token.keyword == "anyone")
        if token.keyword == "skill":
            self._next()
            named = self._now
            if named.kind not in ("word", "number") or named.keyword is not None:
                raise self._unexpected("the id of a skill", "for example: skill english >= 5")
            self._next()
            return self._skill(SkillId(named.text))
        if token.kind == "word" and dot and name and family == "skills":
            self._next()
            return self._skill(SkillId(name))
        if token.keyword == "team":
            self._next()
            return self._word(None)
        if token.kind == "word" and dot and name and family == "attributes":
            self._next()
            return self._word(name)
        raise self._unexpected(_TEST, _hint_instead(token))

    def _skill(self, skill: SkillId) -> SkillTest:
        if self._now.kind != "compare":
            return SkillTest(skill)
        compare = self._next().text
        if self._now.kind != "number":
            hint = "levels are whole numbers, 1 to 10"
            raise self._unexpected("a level", _STRANGE_AFTER.get(self._now.text, hint))
        return SkillTest(skill, compare, int(self._next().text))

    def _word(self, name: str | None) -> WordTest:
        if self._now.kind != "compare":
            return WordTest(name)
        sign = self._next()
        token = self._now
        if token.kind == "number":
            self._next()
            return WordTest(name, sign.text, int(token.text))
        if token.kind != "text":
            expected = 'a text in quotes or a number, as in team = "night"'
            hint = f'write "{token.text}"' if token.kind == "word" else None
            raise self._unexpected(expected, _STRANGE_AFTER.get(token.text, hint))
        if sign.text not in ("=", "!="):
            raise ExpressionInvalid(
                sign.column, '"=" or "!="', sign.shown, "only numbers have an order"
            )
        self._next()
        return WordTest(name, sign.text, token.text[1:-1])


_STRANGE_AFTER = {"=": _STRANGE["=="], ">": _STRANGE["<>"]}


def _hint_after(token: _Token) -> str | None:
    if token.text == ")":
        return "no “(” is open"
    if token.kind == "compare":
        return "only skills, attributes and team are compared"
    return 'two tests are joined by "and" or "or"' if token.kind in ("word", "bracket") else None


def _hint_instead(token: _Token) -> str | None:
    if token.keyword in ("and", "or"):
        return f'a test stands on both sides of "{token.keyword}"'
    if token.kind == "end":
        return "write anyone where everybody fits"
    if token.kind == "word":
        if token.text.lower() in ("skills.", "attributes."):
            return "the name is missing after the point"
        return f"if it is a skill, write skills.{token.text}"
    if token.kind == "number":
        return "the skill stands first, then the level"
    return 'the attribute stands first, as in team = "night"' if token.kind == "text" else None


@lru_cache(maxsize=4_096)
def parse(text: str) -> Expression:
    """The tree of this text. Raises ExpressionInvalid, which names the column."""
    return _Reader(text).whole()


# ---- asking ------------------------------------------------------------------------------------


def fits(expression: Expression, profile: AgentProfile) -> bool:
    """Whether this agent fits."""
    return test_of(expression)(profile)


@lru_cache(maxsize=4_096)
def test_of(expression: Expression) -> Verdict:
    """The same as a function of the profile, for asking it of many agents."""
    match expression:
        case Everyone(answer):
            return lambda _: answer
        case SkillTest(skill, sign, level):
            return _skill_test(skill, sign, level)
        case WordTest():
            return _word_test(expression)
        case Not(part):
            inner = test_of(part)
            return lambda profile: not inner(profile)
        case And(parts):
            every = [test_of(part) for part in parts]
            return lambda profile: all(one(profile) for one in every)
        case Or(parts):
            some = [test_of(part) for part in parts]
            return lambda profile: any(one(profile) for one in some)


def _skill_test(skill: SkillId, sign: str | None, level: int) -> Verdict:
    compare = _COMPARES[sign] if sign is not None else None

    def holds(profile: AgentProfile) -> bool:
        for held in profile.skills:
            if held.skill == skill:
                return compare is None or compare(held.level, level)
        return False

    return holds


def _word_test(test: WordTest) -> Verdict:
    name, value = test.name, test.value
    compare = _COMPARES[test.compare] if test.compare is not None else None
    differs = test.compare == "!="

    def says(profile: AgentProfile) -> bool:
        word = profile.team if name is None else profile.attributes.get(name)
        if word is None or compare is None:
            return word is not None
        if isinstance(value, str):
            return (word == value) != differs
        number = _whole(word)
        return number is not None and compare(number, value)

    return says


def _whole(word: str) -> int | None:
    """The whole number that this word is; None if it is none (nine digits at most)."""
    return int(word) if re.fullmatch(r"-?[0-9]{1,9}", word) else None


def skills_named(expression: Expression) -> frozenset[SkillId]:
    """The skills that it speaks of, so that a configuration can be asked whether they exist."""
    match expression:
        case SkillTest(skill):
            return frozenset({skill})
        case Not(part):
            return skills_named(part)
        case And(parts) | Or(parts):
            return frozenset[SkillId]().union(*(skills_named(part) for part in parts))
        case _:
            return frozenset()


def unmet(expression: Expression, profile: AgentProfile) -> Expression | None:
    """The first part that this agent does not meet, as small as it is sure; None if they fit."""
    if fits(expression, profile):
        return None
    if isinstance(expression, And):
        return next(
            found for part in expression.parts if (found := unmet(part, profile)) is not None
        )
    return expression


def written(expression: Expression) -> str:
    """As text again, in one way of writing; `parse` reads the same tree out of it."""
    match expression:
        case Everyone(answer):
            return "anyone" if answer else "nobody"
        case SkillTest(skill, sign, level):
            return f"skills.{skill}" if sign is None else f"skills.{skill} {sign} {level}"
        case WordTest(name, sign, value):
            word = "team" if name is None else f"attributes.{name}"
            return word if sign is None else f"{word} {sign} {_quoted(value)}"
        case Not(part):
            return f"not {_inside(part)}"
        case And(parts):
            return " and ".join(_inside(part) for part in parts)
        case Or(parts):
            return " or ".join(_inside(part) for part in parts)


def _inside(part: Expression) -> str:
    return f"({written(part)})" if isinstance(part, And | Or) else written(part)


def _quoted(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    return f"'{value}'" if '"' in value else f'"{value}"'
