"""The configuration as YAML: written and read again as the same, and faults where they stand."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from acd import config as floor
from acd.model import SkillLevel, Target, TargetKind
from acd.phone_numbers import international
from api import config_shapes, floor_shapes, queue_shapes
from api.config_shapes import of, write
from api.config_yaml import DocumentInvalid, read_json, read_yaml, to_yaml
from api.shapes import RequiredSkill
from store import config_document as stored
from store.config_document import Configuration, normal
from store.config_rules import ConfigFault
from store.rows import CalendarRow, QueueRow, SkillRow, TeamRow

pytestmark = pytest.mark.unit

WRITABLE = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n\r\x85")
IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,12}", fullmatch=True)
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
    lambda text: text == text.strip()
)
SENTENCES = st.one_of(WORDS, st.sampled_from(["yes", "null", "0o17", "1e3", "- x", "a: b", "#"]))
NAMES = st.dictionaries(st.sampled_from(["fr", "en"]), WORDS)
NUMBERS = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)
SPANS = st.sampled_from([(), ("09:00-12:30",), ("00:00-08:00", "20:00-24:00")])

# A number is kept in one form, whatever way it was written in.
KEPT_NUMBERS = NUMBERS.map(international)
TARGETS = st.one_of(
    st.builds(
        Target,
        kind=st.sampled_from([kind for kind in TargetKind if kind is not TargetKind.NUMBER]),
        id=st.none() | IDS,
        texts=NAMES,
    ),
    st.builds(Target, kind=st.just(TargetKind.NUMBER), id=st.none() | KEPT_NUMBERS, texts=NAMES),
)
STEPS = st.builds(
    floor.Step,
    expression=st.none() | SENTENCES,
    preferred=st.lists(IDS, max_size=2).map(tuple),
    only_preferred=st.booleans(),
    for_s=st.none() | st.integers(1, 3600),
)
MESSAGES = st.builds(
    floor.WaitMessage,
    kind=st.sampled_from(floor.MessageKind),
    texts=NAMES,
    prompt=st.none() | IDS,
    first_s=st.integers(0, 3600),
    every_s=st.none() | st.integers(5, 3600),
)
LEVELS = st.lists(
    st.builds(SkillLevel, skill=IDS, level=st.integers(1, 10)),
    max_size=3,
    unique_by=lambda held: held.skill,
).map(tuple)
QUEUES = st.builds(
    QueueRow,
    id=IDS,
    name=WORDS,
    required=LEVELS,
    access=st.sampled_from(floor.Access),
    steps=st.lists(STEPS, max_size=3).map(tuple),
    strategy=st.sampled_from(floor.Strategy),
    sticky_s=st.integers(0, 3600),
    priority=st.integers(-100, 100),
    wrap_up=st.sampled_from(floor.WrapUp),
    dispositions=st.lists(st.builds(floor.Disposition, code=IDS, names=NAMES), max_size=2).map(
        tuple
    ),
    messages=st.lists(MESSAGES, max_size=2).map(tuple),
    exits=st.dictionaries(st.sampled_from("0123456789*#"), TARGETS, max_size=3),
    max_wait_s=st.none() | st.integers(1, 86_400),
    on_max_wait=st.none() | TARGETS,
    max_length=st.none() | st.integers(0, 10_000),
    on_full=st.none() | TARGETS,
    calendar=st.none() | IDS,
    closed=st.booleans(),
    on_closed=st.none() | TARGETS,
    callback=st.none() | st.builds(floor.CallbackPolicy, attempts=st.integers(1, 20)),
    voicemail=st.none() | st.builds(floor.VoicemailPolicy, greeting=NAMES),
    target_answer_ratio=st.floats(0, 1),
)
AGENTS = st.builds(
    stored.AgentEntry,
    id=IDS,
    name=WORDS,
    phone=IDS,
    team=st.none() | IDS,
    active=st.booleans(),
    skills=LEVELS,
    queues=st.lists(
        st.builds(
            floor.Membership,
            queue=IDS,
            priority=st.integers(-10, 10),
            delay_s=st.integers(0, 3600),
        ),
        max_size=2,
        unique_by=lambda place: place.queue,
    ).map(tuple),
    attributes=st.dictionaries(IDS, WORDS, max_size=2),
    number=st.none() | st.from_regex(r"[0-9]{2,8}", fullmatch=True),
    auto_answer=st.booleans(),
    voice_capacity=st.integers(0, 1),
)
CALENDARS = st.builds(
    CalendarRow,
    id=IDS,
    name=WORDS,
    zone=st.sampled_from(["Europe/Paris", "America/Cayenne"]),
    weekly=st.fixed_dictionaries({}, optional={"mon": SPANS, "sat": SPANS}),
    special=st.dictionaries(st.dates().map(str), SPANS, max_size=2),
    holidays=st.sampled_from([None, "FR", "FR-57"]),
)
FLOWS = st.builds(
    stored.FlowEntry,
    id=IDS,
    version=st.integers(1, 99),
    document=st.none() | st.text(WRITABLE, max_size=60),
)


def _by(key: str, things: st.SearchStrategy[msgspec.Struct]) -> st.SearchStrategy[object]:
    return st.lists(things, max_size=3).map(
        lambda made: dict(sorted({getattr(thing, key): thing for thing in made}.items()))
    )


CONFIGURATIONS = st.builds(
    Configuration,
    skills=_by("id", st.builds(SkillRow, id=IDS, name=WORDS)),
    teams=_by("id", st.builds(TeamRow, id=IDS, name=WORDS)),
    calendars=_by("id", CALENDARS),
    queues=_by("id", QUEUES),
    agents=_by("id", AGENTS),
    seats=_by("phone", st.builds(stored.SeatEntry, phone=IDS, name=WORDS)),
    pause_reasons=_by(
        "code",
        st.builds(
            floor.PauseReason,
            code=IDS,
            names=NAMES,
            productive=st.booleans(),
            paid=st.booleans(),
            digit=st.none() | st.sampled_from("0123456789"),
        ),
    ),
    outside=st.builds(
        floor.Outside,
        allowed=st.lists(st.sampled_from(["+", "+33", "+32"]), max_size=2).map(tuple),
        caller_id=st.none() | KEPT_NUMBERS,
    ),
    alert_rules=_by(
        "id",
        st.builds(
            floor.AlertRule,
            id=IDS,
            metric=st.sampled_from(floor.AlertMetric),
            comparison=st.sampled_from(floor.Comparison),
            threshold=st.floats(-1e9, 1e9),
            queue=st.none() | IDS,
            for_s=st.integers(0, 86_400),
            names=NAMES,
            severity=st.sampled_from(floor.Severity),
        ),
    ),
    flows=_by("id", FLOWS),
    numbers=_by("dnis", st.builds(stored.NumberEntry, dnis=NUMBERS, flow=IDS, name=WORDS)),
)


@settings(max_examples=150, deadline=None)
@given(CONFIGURATIONS)
def test_what_is_written_is_read_again_as_the_same(configuration: Configuration) -> None:
    wanted = normal(configuration)
    tree = write(wanted)
    assert of(read_yaml(to_yaml(tree)).configuration, Configuration()) == wanted
    text = msgspec.json.encode(tree).decode()
    assert of(read_json(text).configuration, Configuration()) == wanted


def test_a_section_that_is_left_out_stays() -> None:
    rest = Configuration(
        skills={"fr": SkillRow("fr", "Français")},  # type: ignore[arg-type]
        teams={"a": TeamRow("a", "A")},
    )
    told = of(read_yaml("teams: {b: {name: B}}").configuration, rest)
    assert list(told.skills) == ["fr"]
    assert list(told.teams) == ["b"]


STRUCTS: dict[type[BaseModel], type[msgspec.Struct]] = {
    queue_shapes.QueueEntry: QueueRow,
    queue_shapes.Step: floor.Step,
    queue_shapes.Target: Target,
    queue_shapes.WaitMessage: floor.WaitMessage,
    queue_shapes.CallbackPolicy: floor.CallbackPolicy,
    queue_shapes.VoicemailPolicy: floor.VoicemailPolicy,
    queue_shapes.Disposition: floor.Disposition,
    RequiredSkill: SkillLevel,
    floor_shapes.AgentEntry: stored.AgentEntry,
    floor_shapes.Membership: floor.Membership,
    floor_shapes.PauseReasonEntry: floor.PauseReason,
    floor_shapes.CalendarEntry: CalendarRow,
    floor_shapes.OutsideEntry: floor.Outside,
    floor_shapes.AlertRuleEntry: floor.AlertRule,
    floor_shapes.NumberEntry: stored.NumberEntry,
    floor_shapes.FlowEntry: stored.FlowEntry,
}


@pytest.mark.parametrize(("shape", "struct"), STRUCTS.items(), ids=lambda item: item.__name__)
def test_shapes_and_values_have_the_same_fields_and_defaults(
    shape: type[BaseModel], struct: type[msgspec.Struct]
) -> None:
    # A field that YAML leaves out must mean what the floor takes it for.
    told = {
        name: field.get_default(call_default_factory=True, validated_data={})
        for name, field in shape.model_fields.items()
        if not field.is_required()
    }
    wanted = {
        field.name: field.default_factory()
        if field.default is msgspec.NODEFAULT and callable(field.default_factory)
        else field.default
        for field in msgspec.structs.fields(struct)
        if not field.required
    }
    if struct is stored.FlowEntry:
        del wanted["name"]  # stands in the text
    plain = {name: list(value) if value == () else value for name, value in wanted.items()}
    assert told == plain


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("", 1, 1, "empty"),
        ("- 1", 1, 1, "begin with sections"),
        ("queues: {a: {name: A", 1, 13, "not well formed"),
        ("skills:\n  fr: {name: A}\n  fr: {name: B}\n", 3, 3, "stands twice here; first on line 2"),
        ("skills: {fr: &x {name: A}, en: *x}", 1, 32, "aliases"),
        ("[" * 500_000, 1, 31, "nested more than 30 deep"),
        ("skills: {? [a] : b}", 1, 12, "a key must be a word"),
        ("a: 1\n---\nb: 1\n", 2, 1, "a second document"),
        ("skils: {}", 1, 1, "there is no “skils” here"),
        ("skills:\n  français: {name: A}\n", 2, 3, "letters without accents"),
        ("queues:\n  a: {name: A, ring_s: 1}\n", 2, 24, "must be 3 at least"),
        ("queues:\n  a: {name: A, rings: 9}\n", 2, 16, "there is no “rings” here"),
        ("teams: {a: {name: 12}}", 1, 19, 'write "12" in quotes'),
        ("agents:\n  a:\n    name: A\n    number: 41\n", 4, 13, 'write "41" in quotes'),
        ("queues:\n  a:\n    name: A\n    exits: {'12': {kind: hang_up}}\n", 4, 13, "cannot stand"),
        ("calendars: {w: {name: W, zone: Mars}}", 1, 32, "no time zone “Mars”"),
        ("calendars: {w: {name: W, holidays: XX}}", 1, 36, "no public holidays for “XX”"),
        ("calendars: {w: {name: W, special: {2026-02-30: []}}}", 1, 36, "no day 2026-02-30"),
        ("calendars: {w: {name: W, weekly: {mon: 18:00-09:00}}}", 1, 40, "split it at midnight"),
        ("calendars: {w: {name: W, weekly: {mardi: []}}}", 1, 34, "“mardi” is not a day"),
        ("flows: {a: {}}", 1, 12, "say which version"),
    ],
)  # fmt: skip
def test_faults_name_their_place(text: str, line: int, column: int, says: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        read_yaml(text)
    (fault,) = caught.value.faults
    assert says in fault.message
    assert (fault.line, fault.column) == (line, column)


def test_all_faults_are_told_at_once_in_the_order_of_the_document() -> None:
    text = "teams: {a: {nam: A}}\nskills: {b: {name: 3}}\nqueues: {w: {name: W, ring_s: no}}\n"
    with pytest.raises(DocumentInvalid) as caught:
        read_yaml(text)
    assert [fault.line for fault in caught.value.faults] == [1, 1, 2, 3]


def test_faults_of_values_are_placed_in_the_document() -> None:
    text = "flows:\n  a:\n    document: |\n      flow: a\n      x: y\nqueues:\n  q: {name: Q}\n"
    reading = read_yaml(text)
    faults = [
        ConfigFault("/flows/a/document", "bad", line=2, column=1),
        ConfigFault("/queues/q/steps/0/expression", "worse"),
    ]
    placed = reading.placed(faults).faults
    told = [(fault.line, fault.column, fault.message) for fault in placed]
    assert told == [(5, 7, "bad"), (7, 6, "worse")]


def test_json_names_pointers() -> None:
    with pytest.raises(DocumentInvalid) as caught:
        read_json('{"queues": {"a": {"name": "A", "ring_s": 1}}}')
    assert caught.value.faults[0].pointer == "/queues/a/ring_s"
    with pytest.raises(DocumentInvalid, match="not well formed"):
        read_json("{")


def test_the_shape_of_the_document_is_that_of_the_store() -> None:
    sections = set(config_shapes.Configuration.model_fields) - {"plateau"}
    assert sections == set(Configuration.__struct_fields__)


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ('teams: {a: {name: "\\ud83d"}}', 1, 19, "U+D83D is half a character"),
        ('teams: {a: {name: "x\\0"}}', 1, 19, "U+0000 is a control character"),
        ('teams: {"\\udc51": {name: x}}', 1, 9, "U+DC51 is half a character"),
        ("teams: {a: {name: x\x1b}}", 1, 20, "U+001B is a control character"),
        ("alert_rules: {a: {metric: waiting, threshold: 1e999}}", 1, 47, "too large"),
        ('{"teams": {"a": {"name":\n"\\ud83d"}}}', 2, 2, "U+D83D is half a character"),
        ('{"teams": {"a": {"name": "A"},\n"a": {"name": "B"}}}', 2, 1, "stands twice"),
        ('{"teams": {"a": {"name": 12}}}', 1, 26, 'write "12" in quotes'),
        ('{"alert_rules": {"a": {"threshold": 1e999}}}', 1, 37, "too large"),
        ("{" + '"a":{' * 40, 1, 151, "nested more than 30 deep"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_has_its_place(text: str, line: int, column: int, says: str) -> None:
    reads = [read_yaml, read_json] if text.startswith("{") else [read_yaml]
    for read in reads:
        with pytest.raises(DocumentInvalid) as caught:
            read(text)
        found = [(f.line, f.column) for f in caught.value.faults if says in f.message]
        assert found == [(line, column)], caught.value.faults


def test_escaped_halves_are_one_character() -> None:
    for text in (
        '{"teams": {"a": {"name": "VIP \\ud83d\\udc51"}}}',
        'teams: {a: {name: "VIP \\ud83d\\udc51"}}',
        'teams: {a: {name: "VIP \\U0001f451"}}',
        "teams: {a: {name: VIP 👑}}",
    ):
        read = read_yaml(text).configuration
        assert [team.name for team in (read.teams or {}).values()] == ["VIP 👑"]
