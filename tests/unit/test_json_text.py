"""JSON as RFC 8259 has it: read as the standard library reads it, or refused at a place."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.bodies import check_json
from api.problems import Problem
from ivr.document_text import TextFault, decoded
from ivr.json_text import Closed, Opened, Scalar, events

pytestmark = pytest.mark.unit

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


def tree(text: str) -> object:
    """The document as Python has it, put together from events."""
    holders: list[tuple[object, list[str]]] = []
    root: object = None
    for event in events(text, 30):
        if isinstance(event, Closed):
            holders.pop()
            continue
        if isinstance(event, Scalar) and event.key:
            holders[-1][1].append(event.raw)
            continue
        value: object
        if isinstance(event, Scalar):
            assert event.fault is None, event
            value = event.value
        else:
            value = {} if event.mapping else []
        if holders:
            holder, names = holders[-1]
            if isinstance(holder, dict):
                holder[names.pop()] = value
            else:
                assert isinstance(holder, list)
                holder.append(value)
        else:
            root = value
        if isinstance(event, Opened):
            holders.append((value, []))
    return root


@settings(max_examples=150, deadline=None)
@given(TREES, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_it_reads_what_the_standard_library_writes(
    made: object, ascii_only: bool, indent: int | str | None
) -> None:
    text = json.dumps(made, ensure_ascii=ascii_only, indent=indent)
    assert tree(text) == made
    check_json(text.encode())


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from('{}[]":,\\ud83dc510 \n\ttrue-1.e+x'), max_size=25))
def test_what_the_standard_library_refuses_is_refused(text: str) -> None:
    try:
        read = json.loads(text)
    except ValueError:
        with pytest.raises(TextFault):
            list(events(text, 30))
    else:
        found = [event for event in events(text, 30) if isinstance(event, Scalar)]
        if not any(event.fault for event in found) and "�" not in text:
            assert tree(text) == read


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("", 1, 1, "empty"),
        ('{"a": 1', 1, 8, "“,” or “}” is missing"),
        ('{"a" 1}', 1, 6, "“:” is missing"),
        ("{a: 1}", 1, 2, "a name in double quotes"),
        ('{"a": NaN}', 1, 7, "“NaN” is no value"),
        ('{"a": -Infinity}', 1, 7, "a value is missing"),
        ('{"a": 1e999}', 1, 7, "too large"),
        ('{"a": ' + "9" * 5000 + "}", 1, 7, "too large"),
        ('{"a": 01}', 1, 8, "a number ends here"),
        ("[1,\n2,]", 2, 2, "stands before “]”"),
        ('["\\x"]', 1, 3, "no escape"),
        ('["a\nb"]', 1, 4, "line break"),
        ('["abc', 1, 2, "no end"),
        ("['a']", 1, 2, "double ones"),
        ("[] []", 1, 4, "after the end"),
        ('["\\ud83d"]', 1, 3, "U+D83D is half a character"),
        ('[\n "x\\udc51\\ud83d"]', 2, 4, "U+DC51 is half a character"),
        ('["\\ud83d\\ud83d\\udc51"]', 1, 3, "U+D83D is half a character"),
        ('{"a\\u0000": 1}', 1, 4, "U+0000 is a control character"),
        ('["\\b"]', 1, 3, "U+0008"),
        ('["\x7f"]', 1, 3, "U+007F"),
        ('{"a": 1,\n "a": 2}', 2, 2, "“a” stands here twice"),
        ("[" * 40, 1, 31, "nested more than 30 deep"),
        ('{"a":' * 40, 1, 151, "nested more than 30 deep"),
    ],
)
def test_a_fault_has_its_place(text: str, line: int, column: int, says: str) -> None:
    with pytest.raises(Problem) as caught:
        check_json(text.encode())
    (fault,) = caught.value.errors
    assert says in fault.message
    assert (fault.line, fault.column) == (line, column)


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ('{"a": [{"b": 1}, {"b/c": ["x", "\\ud83d"]}]}', "/a/1/b~1c/1"),
        ('{"a": {"b": 1}, "c": {"d": 1, "d": 2}}', "/c/d"),
        ('["\\u0000"]', "/0"),
    ],
)
def test_a_fault_names_the_pointer(text: str, pointer: str) -> None:
    with pytest.raises(Problem) as caught:
        check_json(text.encode())
    assert caught.value.errors[0].pointer == pointer


def test_a_pair_is_one_character_and_a_backslash_stays_one() -> None:
    assert tree('["\\ud83d\\udc51", "\\\\ud83d", "\\u00e9"]') == ["👑", "\\ud83d", "é"]
    check_json(b'["\\ud83d\\udc51", "\\\\ud83d", "\\\\u0000"]')


@pytest.mark.parametrize(
    ("raw", "line", "column", "says"),
    [
        (b"a: \xff", 1, 4, "0xFF is not UTF-8"),
        ("é\n€ ".encode() + b"\xc3(", 2, 3, "0xC3 is not UTF-8"),
        (b"\xed\xa0\xbd", 1, 1, "0xED is not UTF-8"),
        ("a: b".encode("utf-16"), 1, 1, "save it as UTF-8"),
    ],
)
def test_bytes_that_are_no_utf8_have_a_place(raw: bytes, line: int, column: int, says: str) -> None:
    with pytest.raises(TextFault, match=says) as caught:
        decoded(raw)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert decoded(b"\xef\xbb\xbfa: b") == "a: b"


def test_what_is_made_to_hurt_costs_no_more_than_its_length() -> None:
    began = time.process_time()
    for text in ("[" * 2_000_000, '"' + "a\\" * 1_000_000, '{"a":' * 500_000, "9" * 2_000_000):
        with pytest.raises(Problem):
            check_json(text.encode())
    assert time.process_time() - began < 5
