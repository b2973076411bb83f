"""Faults of a flow document: each with its exact line and column, all of them at once."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.model import FlowId
from ivr.document import Known, load, read
from ivr.faults import FlowInvalid, Severity
from ivr.model import MenuNode, QueueNode, SpokenText, media_hash

pytestmark = pytest.mark.unit

EXAMPLES = Path(__file__).parents[2] / "ivr" / "examples"
HEAD = "flow: test\nstart: a\nnodes:\n"
END = "  end: {kind: hang_up}\n"
KNOWN = Known(
    queues=frozenset({"sales", "support"}),
    skills=frozenset({"english"}),
    agents=frozenset({"ana"}),
    prompts={"fr": frozenset({"welcome", "goodbye"}), "en": frozenset({"welcome"})},
)


def faults(text: str, known: Known | None = None) -> list[tuple[int, int, str]]:
    return [(each.line, each.column, each.message) for each in read(text, known).faults]


def test_every_id_that_rest_takes_can_be_named() -> None:
    known = Known(queues=frozenset({"support.fr"}), skills=frozenset({"eng.lish"}))
    text = (
        "flow: reception.v2\nname: R\nlanguage: fr\nstart: a\nnodes:\n"
        "  a: {kind: queue, queue: support.fr, required: {eng.lish: 5}}\n"
    )
    assert faults(text, known) == []


# name, document, line, column, part of the message
CASES = [
    ("syntax", "flow: [a\nstart: }\n", 2, 6, "not well formed"),
    ("bare star", HEAD + "  a:\n    kind: menu\n    choices:\n      *: end\n", 7, 7, 'quotes: "*"'),
    ("control character", "flow: a\nname: x\x07y\n", 2, 8, "U+0007"),
    ("empty", "# nothing\n", 1, 1, "empty"),
    ("two documents", "flow: a\n---\nflow: b\n", 2, 1, "another document"),
    ("not a mapping", "- a\n- b\n", 1, 1, "must be a mapping"),
    ("missing key", "flow: x\nnodes:\n" + END, 1, 1, "lacks “start”"),
    ("unknown key on top", HEAD + END + "nmae: x\n", 5, 1, "did you mean “name”"),
    ("unknown kind", HEAD + "  a: {kind: mennu}\n", 4, 13, "did you mean “menu”"),
    ("no kind", HEAD + "  a: {next: end}\n" + END, 4, 6, "lacks “kind”"),
    ("unknown key", HEAD + "  a: {kind: hang_up, promt: x}\n", 4, 22, "did you mean “prompt”"),
    ("missing next", HEAD + "  a: {kind: say, prompt: x}\n", 4, 6, "lacks “next”"),
    ("say of nothing", HEAD + "  a: {kind: say, next: end}\n" + END, 4, 6, "lacks “prompt”"),
    ("wrong type", HEAD + "  a: {kind: say, prompt: x, next: [end]}\n" + END, 4, 35, "a list"),
    (
        "flag",
        HEAD + "  a: {kind: say, prompt: x, next: end, barge_in: yes}\n" + END,
        4,
        50,
        "true or",
    ),
    (
        "transfer nowhere",
        HEAD + "  a: {kind: transfer, data: {x: y}}\n",
        4,
        6,
        "needs one of",
    ),
    (
        "transfer twice",
        HEAD + "  a: {kind: transfer, agent: ana, queue: sales}\n",
        4,
        6,
        "needs one of",
    ),
    ("number", HEAD + "  a: {kind: transfer, number: 0612}\n", 4, 31, "not a number"),
    ("short number", HEAD + "  a: {kind: transfer, number: +3361}\n", 4, 31, "7 to 15 digits"),
    ("agent unknown", HEAD + "  a: {kind: transfer, agent: anna}\n", 4, 30, "mean “ana”"),
    ("message nowhere", HEAD + "  a: {kind: voicemail, queue: sale}\n", 4, 31, "mean “sales”"),
    ("callback nowhere", HEAD + "  a: {kind: callback, queue: sale}\n", 4, 30, "mean “sales”"),
    ("voicemail of none", HEAD + "  a: {kind: voicemail}\n", 4, 6, "lacks “queue”"),
    (
        "seconds of nobody",
        HEAD + "  a: {kind: queue, queue: sales, agent_s: 5}\n",
        4,
        43,
        "name one",
    ),
    (
        "data of no text",
        HEAD + "  a: {kind: queue, queue: sales, data: {n: [1]}}\n",
        4,
        44,
        "a list",
    ),
    ("start unknown", "flow: x\nstart: edn\nnodes:\n" + END, 2, 8, "did you mean “end”"),
    ("goto unknown", HEAD + "  a: {kind: say, prompt: x, next: edn}\n" + END, 4, 35, "mean “end”"),
    ("unreachable", HEAD + "  a: {kind: hang_up}\n" + END, 5, 3, "no caller can reach"),
    ("doubled key", HEAD + "  a: {kind: hang_up, kind: say}\n", 4, 22, "stands twice"),
    (
        "doubled node",
        HEAD + "  a: {kind: hang_up}\n  a: {kind: hang_up}\n",
        5,
        3,
        "first on line 4",
    ),
    ("queue", HEAD + "  a: {kind: queue, queue: slaes}\n", 4, 27, "did you mean “sales”"),
    (
        "skill",
        HEAD + "  a: {kind: queue, queue: sales, required: {englsh: 3}}\n",
        4,
        45,
        "did you mean “english”",
    ),
    (
        "level",
        HEAD + "  a: {kind: queue, queue: sales, required: {english: 11}}\n",
        4,
        54,
        "from 1 to 10",
    ),
    ("answer", HEAD + "  a: {kind: queue, queue: sales, answer: frist}\n", 4, 42, "“first”"),
    ("prompt", HEAD + "  a: {kind: hang_up, prompt: welcom}\n", 4, 30, "did you mean “welcome”"),
    (
        "prompt in a sentence",
        HEAD + "  a: {kind: hang_up, prompts: [Au revoir]}\n",
        4,
        32,
        "{text: …}",
    ),
    ("outcome", HEAD + "  a: {kind: hang_up, outcome: answered}\n", 4, 31, "not an outcome"),
    ("language", "language: fra\n" + HEAD + "  a: {kind: hang_up}\n", 1, 11, "mean “fr”"),
    ("number as text", HEAD + "  a: {kind: hang_up, text: 12}\n", 4, 28, "put it in quotes"),
    (
        "no way out",
        HEAD + "  a: {kind: say, prompt: welcome, next: a}\n",
        4,
        3,
        "no way leads to a queue or a hang-up",
    ),
]


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [each[1:] for each in CASES],
    ids=[each[0] for each in CASES],
)
def test_a_fault_names_its_place(text: str, line: int, column: int, part: str) -> None:
    found = faults(text, KNOWN)
    assert [each for each in found if each[:2] == (line, column) and part in each[2]], found


def test_a_single_fault_gives_no_other() -> None:
    text = HEAD + "  a: {kind: say, prompt: welcome, next: b}\n  b: {kind: hang_up, outcom: x}\n"
    assert faults(text, KNOWN) == [
        (5, 22, "node “b” (hang_up) has no key “outcom”; did you mean “outcome”?")
    ]


def test_a_node_that_lacks_a_key_still_leads_on() -> None:
    text = HEAD + "  a: {kind: menu, choices: {1: end}}\n" + END
    assert faults(text) == [(4, 6, "node “a” (menu) lacks “otherwise”")]


MENU = """flow: test
start: a
nodes:
  a:
    kind: menu
    timeout_s: soon
    tries: 0
    choices:
      1: b
      x9: b
      2: {goto: b, language: de}
      "": b
    otherwise: nowhere
    on_timout: b
  b:
    kind: hang_up
"""


def test_all_faults_are_found_at_once() -> None:
    found = faults(MENU)
    assert [each[:2] for each in found] == [
        (6, 16),
        (7, 12),
        (10, 7),
        (11, 30),
        (12, 7),
        (13, 16),
        (14, 5),
    ]
    assert "“timeout_s” must be a number" in found[0][2]
    assert "“x9” is not a key" in found[2][2]
    assert "did you mean “on_timeout”" in found[6][2]


HOURS = """flow: test
start: a
hours:
  office:
    zone: Europe/Pari
    holidays: XX
    weekly:
      mon-fri: 18:00-08:00
      tue: 8h-12h
      sat: [09:00-12:00, 11:00-13:00]
      dim: 09:00-25:00
    closed: [2026-02-30, demain, 2026-12-24]
    special: {2026-12-24: 09:00-12:00}
nodes:
  a: {kind: hours, calendar: ofice, open: b, closed: b}
  b: {kind: hours, calendar: office, open: a, closed: c}
  c: {kind: hang_up}
"""


def test_faults_of_calendars_and_a_silent_loop() -> None:
    found = faults(HOURS)
    expected = [
        (5, 11, "no time zone “Europe/Pari”"),
        (6, 15, "no public holidays for “XX”"),
        (8, 16, "split it at midnight: 18:00-24:00 and 00:00-08:00"),
        (9, 7, "tue is given twice"),
        (9, 12, "“8h-12h” is not a time range"),
        (10, 26, "overlaps"),
        (11, 7, "“dim” is not a day"),
        (11, 12, "from 00:00 to 24:00"),
        (12, 14, "no day 2026-02-30"),
        (12, 26, "“demain” is not a date"),
        (12, 34, "both closed and in “special”"),
        (15, 3, "loop without a prompt or a wait: “a”, “b”"),
        (15, 30, "did you mean “office”"),
    ]
    assert [each[:2] for each in found] == [each[:2] for each in expected]
    for (_, _, message), (_, _, part) in zip(found, expected, strict=True):
        assert part in message


def test_a_text_is_missed_only_in_languages_that_callers_can_have() -> None:
    text = """flow: test
start: hello
nodes:
  hello: {kind: say, text: Bonjour, next: choose}
  choose:
    kind: menu
    prompts: [{text: Hello, language: en}, {text: {fr: Bonjour}, language: en}]
    choices: {1: bye, 2: {goto: bye, language: en}}
    otherwise: bye
  bye: {kind: hang_up, prompts: [goodbye, {text: Au revoir}]}
"""
    assert faults(text, KNOWN) == [
        (7, 44, "the text lacks “en”, and callers can hear it in that language"),
        (10, 34, "there is no recorded prompt “goodbye” in “en”; it may be one of: welcome"),
        (10, 43, "the text lacks “en”, and callers can hear it in that language"),
    ]


def test_json_has_places_too() -> None:
    text = '{"flow": "x", "start": "a",\n "nodes": {\n\t"a": {"kind": "hangup"}}}'
    assert [(line, column) for line, column, _ in faults(text)] == [(3, 16)]


def test_load_raises_with_every_fault_and_keeps_warnings_out_of_the_way() -> None:
    with pytest.raises(FlowInvalid) as caught:
        load(MENU)
    assert len(caught.value.faults) == 7
    assert "6:16: error:" in str(caught.value)
    reading = read(HEAD + "  a: {kind: hang_up}\n" + END)
    assert reading.flow is not None
    assert [each.severity for each in reading.faults] == [Severity.WARNING]


def test_another_id_than_expected_is_a_fault() -> None:
    with pytest.raises(FlowInvalid, match="“other” was expected"):
        load(HEAD + "  a: {kind: hang_up}\n", expected=FlowId("other"))


def test_defaults_and_unquoted_keys() -> None:
    flow = load(
        HEAD + "  a: {kind: menu, choices: {1: end, '#': end, 12: end}, otherwise: end}\n" + END
    )
    menu = flow.nodes["a"]
    assert isinstance(menu, MenuNode)
    assert set(menu.choices) == {"1", "#", "12"}
    assert (menu.timeout_ms, menu.tries, menu.barge_in) == (5000, 3, True)
    assert (flow.language, flow.name) == ("fr", "test")


def test_texts_are_named_by_language_voice_and_words() -> None:
    flow = load(
        HEAD + "  a: {kind: hang_up, text: ' Au\n    revoir '}\n", voices={"fr": "somebody"}
    )
    digest = media_hash("fr", "somebody", "Au revoir")
    assert flow.texts() == {SpokenText(digest, "fr", "Au revoir")}
    assert len(digest) == 32
    assert digest != media_hash("fr", "somebody else", "Au revoir")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_examples_are_sound_without_a_warning(path: Path) -> None:
    keys = frozenset({"welcome", "goodbye", "closed", "invalid-choice", "no-choice"})
    known = Known(queues=frozenset({"commercial", "support"}), prompts={"fr": keys, "en": keys})
    reading = read(path.read_text(encoding="utf-8"), known)
    assert reading.faults == ()
    assert reading.flow is not None


def test_every_node_shown_in_the_manual_is_read_without_a_fault() -> None:
    manual = (EXAMPLES.parents[1] / "docs" / "flows.md").read_text(encoding="utf-8")
    whole, *parts = re.findall(r"```yaml[^\n]*\n(.*?)```", manual, re.DOTALL)
    assert read(whole).faults == ()
    assert len(parts) == 9
    calendars = next(part for part in parts if part.startswith("hours:"))
    names = ("service", "choose", "welcome", "no")
    ends = "".join(f"  {name}: {{kind: hang_up}}\n" for name in names)
    for part in parts:
        body = "" if part is calendars else textwrap.indent(part, "  ")
        if not body:
            continue
        start = part.partition(":")[0]
        others = "".join(
            line for line in (ends + END).splitlines(True) if not line.startswith(f"  {start}:")
        )
        closed = "" if start == "closed" else "  closed: {kind: hang_up}\n"
        text = f"flow: x\nstart: {start}\n{calendars}nodes:\n{body}{others}{closed}"
        errors = [each for each in read(text).faults if each.severity is Severity.ERROR]
        assert errors == [], text


WHOLE = (EXAMPLES / "bilingual.yaml").read_text(encoding="utf-8") + HOURS


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_document_gives_faults_and_never_raises(data: st.DataObject) -> None:
    lines = data.draw(st.sampled_from([MENU, HOURS, WHOLE])).splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        junk = data.draw(
            st.sampled_from(["", "a: [", "*: x\n", "\t", "!!int x", "- ", "&a *a", "? "])
        )
        lines[at] = data.draw(st.sampled_from([junk, junk + lines[at], lines[at].replace(":", "")]))
    reading = read("".join(lines))
    assert reading.flow is not None or reading.faults
    assert all(each.line >= 1 and each.column >= 1 for each in reading.faults)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_at_all_never_raises(text: str) -> None:
    assert read(text).faults


@pytest.mark.parametrize("level", ["[", "- ", "{a: "])
def test_deep_nesting_is_refused_where_it_begins(level: str) -> None:
    column = 20 * len(level) + 1
    assert faults(level * 20_000) == [(1, column, "values are nested more than 20 deep")]


def test_a_document_too_long_is_refused() -> None:
    assert faults("x" * 200_001) == [(1, 1, "the document is longer than 200000 characters")]


# ---- texts that cannot be kept -----------------------------------------------------------------

CROWN = (
    '{"flow":"emd","start":"q","nodes":{"q":{"kind":"queue","queue":"care",'
    '"data":{"client":"VIP \\ud83d\\udc51"}}}}'
)


def test_escaped_halves_are_one_character() -> None:
    for text in (
        CROWN,
        "﻿" + CROWN,
        HEAD + '  a: {kind: queue, queue: care, data: {client: "VIP \\ud83d\\udc51"}}\n',
        HEAD + '  a: {kind: queue, queue: care, data: {client: "VIP \\U0001f451"}}\n',
        HEAD + "  a: {kind: queue, queue: care, data: {client: VIP 👑}}\n",
    ):
        (node,) = load(text).nodes.values()
        assert isinstance(node, QueueNode)
        assert node.data == {"client": "VIP 👑"}


@pytest.mark.parametrize(
    ("data", "column"),
    [
        ('{"client": "VIP \\ud83d"}', 25),
        ('{"\\udc51": "VIP"}', 11),
        ('{"client": "a\\u0000b"}', 22),
        ('{"client": "\\udc51\\ud83d\\udc51"}', 21),
    ],
)
def test_what_cannot_be_kept_has_its_place_in_json(data: str, column: int) -> None:
    text = (
        '{"flow": "x", "start": "q", "nodes":\n{"q": {"kind": "queue", "queue": "c",\n'
        f'"data": {data}}}}}}}'
    )
    found = faults(text)
    assert [each[:2] for each in found if "U+" in each[2]] == [(3, column)], found


@pytest.mark.parametrize("escape", ["\\ud83d", "\\udc51", "\\0", "\\x07", "\\x7f", "\\e", "\\b"])
@pytest.mark.parametrize(
    ("before", "after", "line", "column"),
    [
        ('flow: test\nname: "', '"\nstart: a\nnodes:\n' + END.replace("end", "a"), 2, 7),
        (HEAD + '  a: {kind: hang_up, text: "', '"}\n', 4, 28),
        (HEAD + '  a: {kind: hang_up, text: {fr: "', '"}}\n', 4, 33),
        (HEAD + '  a: {kind: queue, queue: sales, data: {x: "', '"}}\n', 4, 44),
        (HEAD + '  a: {kind: queue, queue: sales, data: {"', '": y}}\n', 4, 41),
        (HEAD + '  "', '": {kind: hang_up}\n', 4, 3),
        ('"', '": x\n', 1, 1),
    ],
)
def test_what_cannot_be_kept_has_its_place_in_yaml(
    escape: str, before: str, after: str, line: int, column: int
) -> None:
    found = faults(before + "x" + escape + after)
    assert [each[:2] for each in found if "U+00" in each[2] or "half a" in each[2]] == [
        (line, column)
    ], found
    assert all("\ud83d" not in each[2] for each in found)


def test_a_doubled_name_a_number_without_end_and_any_depth_are_faults_in_json() -> None:
    doubled = '{"flow": "x", "start": "a",\n "start": "b", "nodes": {"a": {"kind": "hang_up"}}}'
    assert [each[:2] for each in faults(doubled)] == [(2, 2)]
    for number in ("1e999", "9" * 5000):
        text = (
            '{"flow": "x", "start": "a", "nodes": {"a": {"kind": "menu", "choices": {"1": "a"},'
            f' "otherwise": "a",\n"tries": {number}}}}}}}'
        )
        assert [each[:2] for each in faults(text) if "too large" in each[2]] == [(2, 10)]
    assert "nested" in faults("[" * 100_000)[0][2]
    assert "nested" in faults('{"a":' * 30_000)[0][2]
    assert read('{"flow": x}', json=True).faults[0].message.startswith("not well formed")


def test_aliases_cost_nothing() -> None:
    text = "flow: x\nstart: &a [1]\nnodes:\n" + "".join(
        f"  n{n}: &n{n} [{', '.join([f'*n{n - 1}' if n else '*a'] * 9)}]\n" for n in range(200)
    )
    assert faults(text)
