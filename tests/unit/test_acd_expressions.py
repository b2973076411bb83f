"""Expressions: what they mean, how they fail, and that any tree can be written and read again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd import expressions as ex
from acd.config import AgentProfile
from acd.expressions import ExpressionInvalid, fits, parse, skills_named, unmet, written
from acd.model import AgentId, PhoneId
from acd.model import SkillId as Skill
from acd.model import SkillLevel as Level

pytestmark = pytest.mark.unit

ANA = AgentProfile(
    AgentId("ana"),
    "Ana",
    PhoneId("ana"),
    (Level(Skill("english"), 5), Level(Skill("french-b2"), 8)),
    team="night",
    attributes={"site": "paris", "years": "4"},
)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("anyone", True),
        ("nobody", False),
        ("NOT nobody", True),
        ("skills.english", True),
        ("skill english", True),
        ("skills.spanish", False),
        ("skills.english = 5", True),
        ("skill english >= 5", True),
        ("skills.english>5", False),
        ("skills.english<=5", True),
        ("skills.english < 5", False),
        ("skills.english != 4", True),
        ("skills.french-b2 >= 8", True),
        ("team = 'night'", True),
        ('team != "night"', False),
        ("team", True),
        ('attributes.site = "paris"', True),
        ("attributes.years >= 3", True),
        ("attributes.years = 4", True),
        ("attributes.site > 3", False),
        ("attributes.site", True),
        ("attributes.contract", False),
        # A skill or word that the agent does not have compares with nothing, and is not zero.
        ("skills.spanish = 0", False),
        ("skills.spanish != 5", False),
        ("skills.spanish < 5", False),
        ("not skills.spanish = 5", True),
        ('attributes.contract != "cdd"', False),
        ('not attributes.contract = "cdd"', True),
        # "and" binds closer than "or", "not" closer than both.
        ("anyone or nobody and nobody", True),
        ("(anyone or nobody) and nobody", False),
        ("not nobody and nobody", False),
        ("not (nobody and nobody)", True),
        ("not not anyone", True),
        (
            'skills.english >= 5 and (skills.sales > 3 or attributes.site = "paris") and team',
            True,
        ),
    ],
)
def test_what_an_expression_means(text: str, answer: bool) -> None:
    assert fits(parse(text), ANA) is answer
    assert (unmet(parse(text), ANA) is None) is answer


@pytest.mark.parametrize(
    ("text", "column", "found", "hint"),
    [
        ("", 1, "the end", "write anyone"),
        ("   ", 4, "the end", "write anyone"),
        ("skills.english >=", 18, "the end", "whole numbers"),
        ("skills.english >= five", 19, "“five”", "whole numbers"),
        ("skills.english == 5", 17, "“=”", 'equality is written "="'),
        ("skills.english <> 5", 17, "“>”", 'difference is written "!="'),
        ("skills.english >= 5 and", 24, "the end", "write anyone"),
        ("and anyone", 1, "“and”", "both sides"),
        ("anyone anyone", 8, "“anyone”", 'joined by "and" or "or"'),
        ("(anyone", 8, "the end", "column 1 is open"),
        ("anyone)", 7, "“)”", "no “(” is open"),
        ("english >= 5", 1, "“english”", "skills.english"),
        ("5 <= skills.english", 1, "“5”", "the skill stands first"),
        ("team = night", 8, "“night”", 'write "night"'),
        ('team >= "night"', 6, "“>=”", "only numbers have an order"),
        ('team = "night', 8, '“"”', "closing quote"),
        ("team = “night”", 8, "““”", "straight quotes"),
        ("anyone && anyone", 8, "“&”", 'write "and"'),
        ("skill and anyone", 7, "“and”", "for example"),
        ("skills. > 3", 1, "“skills.”", "name is missing"),
        ("__import__('os')", 1, "“_”", ""),
        ("nobody > 3", 8, "“>”", "only skills, attributes and team"),
    ],
)
def test_a_fault_is_named_with_its_column_and_a_hint(
    text: str, column: int, found: str, hint: str
) -> None:
    with pytest.raises(ExpressionInvalid) as caught:
        parse(text)
    assert (caught.value.column, caught.value.found) == (column, found)
    assert hint in (caught.value.hint or "")
    assert str(caught.value).startswith(f"column {column}: expected ")


def test_length_and_depth_are_bounded() -> None:
    deep = "(" * ex.DEEPEST + "anyone" + ")" * ex.DEEPEST
    assert fits(parse(deep), ANA)
    with pytest.raises(ExpressionInvalid, match="levels of parentheses"):
        parse(f"({deep})")
    with pytest.raises(ExpressionInvalid, match="levels of parentheses"):
        parse("not " * 400 + "anyone")
    with pytest.raises(ExpressionInvalid, match="at most 2,000 characters"):
        parse("anyone" + " " * ex.LONGEST)


def test_the_skills_spoken_of_are_named_once_each() -> None:
    tree = parse("skills.a > 3 and (skill b or not skills.a) or team = 'skills.c' and nobody")
    assert skills_named(tree) == {"a", "b"}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("skills.english and skills.sales >= 3", "skills.sales >= 3"),
        ("skills.english > 7 and nobody", "skills.english > 7"),
        ("skills.sales or skills.spanish", "skills.sales or skills.spanish"),
        ("anyone and not (team and skills.english)", "not (team and skills.english)"),
    ],
)
def test_what_is_unmet_is_as_small_as_it_is_sure(text: str, part: str) -> None:
    found = unmet(parse(text), ANA)
    assert found is not None
    assert written(found) == part


ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,8}", fullmatch=True)
signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
numbers = st.integers(-(10**9) + 1, 10**9 - 1)
quoted = st.text(st.characters(exclude_characters="'", codec="utf-8"), max_size=8)
tests = st.one_of(
    st.builds(ex.Everyone, st.booleans()),
    st.builds(ex.SkillTest, ids.map(Skill)),
    st.builds(ex.SkillTest, ids.map(Skill), signs, numbers),
    st.builds(ex.WordTest, st.none() | ids),
    st.builds(ex.WordTest, st.none() | ids, signs, numbers),
    st.builds(ex.WordTest, st.none() | ids, st.sampled_from(["=", "!="]), quoted),
)


def _joined(parts: st.SearchStrategy[ex.Expression]) -> st.SearchStrategy[ex.Expression]:
    several = st.lists(parts, min_size=2, max_size=4).map(tuple)
    return st.one_of(
        st.builds(ex.Not, parts), st.builds(ex.And, several), st.builds(ex.Or, several)
    )


@settings(max_examples=300, deadline=None, database=None)
@given(st.recursive(tests, _joined, max_leaves=12))
def test_any_tree_can_be_written_and_read_again(tree: ex.Expression) -> None:
    text = written(tree)
    assert parse(text) == tree
    assert fits(tree, ANA) is not fits(ex.Not(tree), ANA)


@settings(max_examples=400, deadline=None, database=None)
@given(st.text(st.sampled_from("skilteam.ond()<>=!\"' 5-“&"), max_size=40) | st.text(max_size=30))
def test_any_text_is_read_or_refused_with_a_column_inside_it(text: str) -> None:
    try:
        tree = parse(text)
    except ExpressionInvalid as caught:
        fault = caught
    else:
        assert parse(written(tree)) == tree
        return
    assert 1 <= fault.column <= len(text) + 1
    assert fault.expected
    assert fault.found
