"""What a confused administrator writes in a configuration, and what is said of it, where."""

from __future__ import annotations

import pytest

from api.config_yaml import DocumentInvalid, read_json, read_yaml
from store.config_document import Configuration as Stored
from store.config_rules import faults

pytestmark = pytest.mark.unit

AGENT = "agents:\n  '1001':\n    name: A\n"
QUEUE = "queues:\n  support:\n    name: S\n"

CONFUSED = [
    # numbers that are text: the hint has what was written, not what a reader makes of it
    ("outside: {allowed: [+33]}\n", 1, 21, 'must be text: write "+33" in quotes'),
    ("outside: {caller_id: +33123456789}\n", 1, 22, 'write "+33123456789" in quotes'),
    ("skills: {fr: {name: 1.50}}\n", 1, 21, 'write "1.50" in quotes'),
    ("numbers: {'601': {flow: 1e3}}\n", 1, 25, 'write "1e3" in quotes'),
    ("pause_reasons: {lunch: {digit: 1}}\n", 1, 32, 'write "1" in quotes'),
    (AGENT + "    attributes: {site: 3}\n", 4, 24, 'write "3" in quotes'),
    (AGENT + "    attributes: {open: true}\n", 4, 24, 'write "true" in quotes'),
    # nothing behind a key
    ("skills:\n", 1, 8, "the section is empty: write {} or take the line out"),
    ("agents:\n  '1001':\n", 2, 10, "nothing stands here: write its fields on the lines below"),
    (AGENT + "    skills:\n", 4, 12, "the list is empty: write [] or take the line out"),
    (AGENT + "    attributes:\n", 4, 16, "nothing stands here"),
    (QUEUE + "    ring_s:\n", 4, 12, "nothing stands here: it must be a whole number"),
    ("skills: {fr: {name: null}}\n", 1, 21, 'if it is meant, write "null"'),
    ("skills:\n  fr:\n    name:\n", 3, 10, "nothing stands here: write a text"),
    # one kind for another
    ("skills: [a, b]\n", 1, 9, "must be a mapping (key: value), not a list"),
    ("skills: {fr: French}\n", 1, 14, "must be a mapping (key: value), not “French”"),
    (
        AGENT + "    skills: {fr: 5}\n",
        4,
        13,
        "must be a list (- ONE, each on a line, or [ONE, OTHER])",
    ),
    (AGENT + "    skills: fr\n", 4, 13, "not “fr”"),
    (AGENT + "    name2: x\n", 4, 5, "there is no “name2” here"),
    ("outside: {allowed: [[+33]]}\n", 1, 21, "must be text, not a list"),
    ("flows: {f: {document: {flow: f}}}\n", 1, 23, "must be text, not a mapping (key: value)"),
    ("flows: {f: 3}\n", 1, 12, "must be a mapping (key: value), not “3”"),
    ("calendars: {c: {name: C, weekly: [mon]}}\n", 1, 34, "must be a mapping (key: value)"),
    ("calendars: {c: {name: C, weekly: {mon: 9}}}\n", 1, 40, "must be a list"),
    ("skills: {fr: {}}\n", 1, 14, "“name” is missing here"),
    # numbers
    (QUEUE + "    ring_s: twenty\n", 4, 13, "must be a whole number, not “twenty”"),
    (QUEUE + "    ring_s: '20'\n", 4, 13, "write 20 without quotes"),
    (
        QUEUE + "    ring_s: 0100\n",
        4,
        13,
        "0100 begins with 0, which not all read alike: write 100",
    ),
    (QUEUE + "    ring_s: 0x14\n", 4, 13, "with digits 0 to 9 alone: write 20"),
    (QUEUE + "    ring_s: 0o24\n", 4, 13, "with digits 0 to 9 alone: write 20"),
    (QUEUE + "    ring_s: 1_00\n", 4, 13, "without _: write 100"),
    (QUEUE + "    ring_s: 10:30\n", 4, 13, "10:30 is a time of the day or a length"),
    (QUEUE + "    ring_s: 20.5\n", 4, 13, "must be a whole number, not “20.5”"),
    (QUEUE + "    ring_s: true\n", 4, 13, "must be a whole number, not “true”"),
    (QUEUE + "    ring_s: 1000\n", 4, 13, "must be 300 at most, not “1000”"),
    (QUEUE + "    ring_s: 1\n", 4, 13, "must be 3 at least, not “1”"),
    (QUEUE + "    target_answer_ratio: 80%\n", 4, 26, "must be a number, not “80%”"),
    # truth
    (QUEUE + "    recorded: yes\n", 4, 15, "must be true or false: write true, not “yes”"),
    (QUEUE + "    recorded: Off\n", 4, 15, "must be true or false: write false, not “Off”"),
    (QUEUE + "    recorded: non\n", 4, 15, "write false, not “non”"),
    (QUEUE + "    recorded: 'true'\n", 4, 15, "write true without quotes"),
    (QUEUE + "    recorded: maybe\n", 4, 15, "must be true or false, not “maybe”"),
    # words
    (QUEUE + "    strategy: longest\n", 4, 15, "not “longest” (longest_idle?)"),
    (QUEUE + "    strategy: 3\n", 4, 15, "must be one of longest_idle"),
    ("outside: {caller_id: 0123456789}\n", 1, 22, "in international form, as +33123456789"),
    ("pause_reasons: {lunch: {digit: 01}}\n", 1, 32, "write one digit, 0 to 9"),
    # times and dates
    ("calendars: {c: {name: C, weekly: {mon: 10:30}}}\n", 1, 40, "write it like 08:30-18:00"),
    ("calendars: {c: {name: C, weekly: {lundi: 9:00-12:00}}}\n", 1, 34, "is not a day"),
    ("calendars: {c: {name: C, special: {24/12/2026: []}}}\n", 1, 36, "write it like 2026-12-25"),
    # YAML itself
    ("skills:\n\tfr: {name: F}\n", 2, 1, "a tab stands here: lines are indented with blanks"),
    ("skills:\n  fr:\t{name: F}\n  en:\n\t  name: E\n", 4, 1, "a tab stands here"),
    ("skills: {a: {name: S}}\nskills: {}\n", 2, 1, "“skills” stands twice here; first on line 2"),
    ("skills: {a: &x {name: S}, b: *x}\n", 1, 30, "aliases (*name) are not read here"),
    ("skills: {a: {<<: {name: S}}}\n", 1, 14, "merging (<<) is not read here"),
    ("skills:\n\u00a0\u00a0a: {name: S}\n", 2, 1, "a blank of another kind (U+00A0)"),
    ("numbers: {33170000001.0: {flow: x}}\n", 1, 11, "as a spreadsheet writes it"),
    ("numbers: {3.317E+10: {flow: x}}\n", 1, 11, "as a spreadsheet writes it"),
]


@pytest.mark.parametrize(("text", "line", "column", "said"), CONFUSED)
def test_a_hint_says_what_to_write_and_where(text: str, line: int, column: int, said: str) -> None:
    with pytest.raises(DocumentInvalid) as refused:
        read_yaml(f"plateau: 1\n{text}")
    found = {(fault.line, fault.column): fault.message for fault in refused.value.faults}
    assert (line + 1, column) in found, found
    assert said in found[line + 1, column]
    for message in found.values():
        for word in ("valid", "Input", "dictionary", "object", "NoneType"):
            assert word not in message


def test_what_is_meant_alike_by_everybody_is_taken() -> None:
    read = read_yaml(
        "plateau: 1\n"
        "agents: {0100: {name: no, number: 0612}}\n"
        "skills: {s: {name: 2026-12-24}, on: {name: off}}\n"
        "calendars: {c: {name: C, holidays: NO, special: {2026-12-24: 09:00-12:00}}}\n"
    ).configuration
    assert (read.agents["0100"].name, read.agents["0100"].number) == ("no", "0612")
    assert (read.skills["s"].name, read.skills["on"].name) == ("2026-12-24", "off")
    assert read.calendars["c"].holidays == "NO"


def test_json_has_the_same_hints_by_pointer() -> None:
    with pytest.raises(DocumentInvalid) as refused:
        read_json('{"plateau": 1, "outside": {"allowed": [33]}, "skills": null}')
    said = {fault.pointer: fault.message for fault in refused.value.faults}
    assert said["/outside/allowed/0"] == 'must be text: write "33" in quotes'
    assert "the section is empty" in said["/skills"]


# ---- what is used and not there ----------------------------------------------------------------

USERS = """plateau: 1
skills: {}
teams: {}
calendars: {}
flows: {}
queues:
  support:
    name: S
    required: [{skill: fr, level: 3}]
    steps: [{expression: skills.de >= 2, preferred: [nobody]}]
    calendar: office
    max_length: 3
    on_full: {kind: queue, id: other}
    on_closed: {kind: flow, id: night}
agents:
  '1001':
    name: A
    team: north
    skills: [{skill: en, level: 2}]
    queues: [{queue: sales}]
alert_rules:
  long: {metric: waiting, comparison: above, threshold: 5, queue: gone}
numbers:
  '601': {flow: main}
"""


def test_what_is_missing_names_who_uses_it_where_it_is_used() -> None:
    from api.config_shapes import of

    reading = read_yaml(USERS)
    found = reading.placed(faults(of(reading.configuration, Stored()))).faults
    assert [f"{fault.line}:{fault.column} {fault.message}" for fault in found] == [
        "9:24 there is no skill “fr”, which queue support uses",
        "10:26 there is no skill “de”, which queue support uses",
        "10:54 there is no agent “nobody”, which queue support uses",
        "11:15 there is no calendar “office”, which queue support uses",
        "13:32 there is no queue “other”, which queue support uses",
        "14:33 there is no flow “night”, which queue support uses",
        "18:11 there is no team “north”, which agent 1001 uses",
        "19:22 there is no skill “en”, which agent 1001 uses",
        "20:22 there is no queue “sales”, which agent 1001 uses",
        "22:67 there is no queue “gone”, which alert rule long uses",
        "24:17 there is no flow “main”, which number 601 uses",
    ]


def test_a_file_that_lacks_what_others_use_is_told_at_its_section() -> None:
    from api.config_shapes import of

    before = read_yaml(USERS.replace("skills: {}", "skills: {fr: {name: F}}"))
    reading = read_yaml("plateau: 1\n\nskills:\n  it: {name: I}\n")
    after = of(reading.configuration, of(before.configuration, Stored()))
    found = [
        fault for fault in reading.placed(faults(after)).faults if "skill “fr”" in fault.message
    ]
    assert [str(fault) for fault in found] == [
        (
            "3:1: there is no skill “fr”, which queue support uses; "
            "it is configured already, and not in this file"
        )
    ]
