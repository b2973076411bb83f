"""Who calls, by the headers of an INVITE: number, name, and what may not be shown."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.caller_identity import Caller, CallHeaders, caller_of
from acd.shell import dialplan
from ari.counters import Counters
from ari.decode import decode
from ari.events_gen import Channel
from tests.unit import test_ari_decode as captured

pytestmark = pytest.mark.unit

NUMBER = "+33699887766"
JEAN = f'"Jean Dupont" <sip:{NUMBER}@carrier.example;user=phone>'
FROM = f"{JEAN};tag=1"
NOBODY = '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'
HIDDEN = Caller(None, None, withheld=True)


def told(
    sender: str = FROM,
    *,
    privacy: str | tuple[str, ...] = (),
    asserted: str | tuple[str, ...] = (),
    party: str | tuple[str, ...] = (),
) -> Caller:
    def several(values: str | tuple[str, ...]) -> tuple[str, ...]:
        return (values,) if isinstance(values, str) else values

    headers = CallHeaders(sender, several(privacy), several(asserted), several(party))
    return caller_of(headers, "33")


def test_who_hides_nothing_is_shown() -> None:
    shown = Caller(NUMBER, "Jean Dupont")
    assert told() == shown
    assert told(asserted=JEAN) == shown
    assert told("<sip:gw@carrier.example>", asserted=JEAN, privacy="none") == shown
    assert told(asserted=JEAN, privacy="history") == shown
    assert told(party=f"{JEAN};party=calling;privacy=off;screen=yes") == shown
    # What is said of the called party is not said of the caller.
    assert told(party=f"{JEAN};party=called;privacy=full") == shown


@pytest.mark.parametrize(
    "privacy",
    [
        *("id", "ID", "user", "header", "session", "critical", "session;id", "id;critical"),
        *(" id ; critical", "none;id", "header,user", "something-new"),
        ("history", "id"),
        ("none", "user"),
    ],
)
def test_each_word_of_privacy_but_two_hides_number_and_name(privacy: str | tuple[str, ...]) -> None:
    assert told(asserted=JEAN, privacy=privacy) == HIDDEN
    assert told(privacy=privacy) == HIDDEN


@pytest.mark.parametrize(
    "sender",
    [
        NOBODY,
        "Anonymous <sip:anonymous@ANONYMOUS.invalid:5060;user=phone>;tag=2",
        "sip:c8oqz84zk7z@anonymous.invalid;tag=2",
        '"Jean Dupont" <sip:Anonymous@carrier.example>',
        "<sip:restricted@192.0.2.1>",
        "<sip:+266696687@192.0.2.1>",
        "<sip:masqu%C3%A9@192.0.2.1>",
    ],
)
def test_an_anonymous_from_hides_what_is_asserted(sender: str) -> None:
    assert told(sender, asserted=JEAN) == HIDDEN
    assert told(sender, party=JEAN) == HIDDEN
    assert told(sender) == HIDDEN


def test_who_asks_for_no_privacy_is_shown_whatever_the_from_says() -> None:
    assert told(NOBODY, asserted=JEAN, privacy="none") == Caller(NUMBER, "Jean Dupont")


def test_an_anonymous_assertion_hides_the_from() -> None:
    assert told(asserted="<sip:anonymous@anonymous.invalid>") == HIDDEN


def test_a_network_that_has_no_number_hides_none() -> None:
    unavailable = '"Unavailable" <sip:unavailable@unknown.invalid>;tag=1'
    assert told(unavailable) == Caller()
    assert told(unavailable, asserted=JEAN) == Caller(NUMBER, "Jean Dupont")


def test_remote_party_id_hides_both_or_either() -> None:
    assert told(party=f"{JEAN};party=calling;privacy=full;screen=yes") == HIDDEN
    assert told(party=f"{JEAN};privacy=full-network") == HIDDEN
    assert told(party=f"{JEAN};privacy=name") == Caller(NUMBER, None)
    number_hidden = Caller(None, "Jean Dupont", withheld=True)
    assert told(party=f"{JEAN};privacy=uri") == number_hidden
    assert told(party=f'{JEAN};privacy="uri,name"') == HIDDEN
    # A name that repeats the number would show it after all.
    repeated = f'"06 99 88 77 66" <sip:{NUMBER}@c.example>;privacy=uri'
    assert told(repeated, party=repeated) == HIDDEN


@pytest.mark.parametrize("name", ["Anonymous", "Private", "266696687", "Unknown", " ", "\\"])
def test_a_word_for_nobody_is_no_name(name: str) -> None:
    assert told(f'"{name}" <sip:{NUMBER}@c.example>').number in (NUMBER, None)
    assert told(f'"{name}" <sip:{NUMBER}@c.example>').name is None


@pytest.mark.parametrize(
    "asserted",
    [
        "<sip:gw@c.example>, <tel:+33-6-99-88-77-66>",
        f'"Lo, Ana" <sip:{NUMBER}@c.example;user=phone>, <tel:{NUMBER}>',
        f'"Lo, \\"A\\" <x>" <sip:gw@c.example> , tel:{NUMBER}',
        ("<sip:gw@c.example>", "<tel:0699887766;phone-context=+33>"),
        "tel:699887766;phone-context=+33",
        "<tel:0699887766;phone-context=carrier.example>",
        f"<sip:{NUMBER};npdi;rn=+33140000000:secret@c.example>",
        "<sip:%2B33699887766@c.example>",
        "<sip:0699887766;phone-context=+33@c.example;user=phone>",
        "<sips:06-99-88-77-66@c.example>",
        "<sip:0000000000@c.example>, <sip:0699887766@c.example>",
    ],
)
def test_the_number_is_found_in_every_way_to_assert_it(asserted: str | tuple[str, ...]) -> None:
    found = told("<sip:gw@c.example>;tag=1", asserted=asserted)
    assert (found.number, found.withheld) == (NUMBER, False)


def test_the_name_is_of_whom_the_number_is() -> None:
    two = ('"Lo, \\"Ana\\"" <sip:gw@c.example>', f"<tel:{NUMBER}>")
    assert told("<sip:x@c.example>", asserted=two).name == 'Lo, "Ana"'
    assert told(asserted=f"<tel:{NUMBER}>").name == "Jean Dupont"
    assert told('"Somebody" <sip:+33140000099@c.example>', asserted=f"<tel:{NUMBER}>").name is None


def test_what_is_no_number_is_shown_as_text() -> None:
    assert told("<sip:3900@c.example>") == Caller("3900")
    assert told("<sip:0000000000@c.example>") == Caller("0000000000")
    assert told("<sip:gateway.example>") == Caller()


_PIECES = st.sampled_from(
    [*'",;<>@:\\()=%', "sip:", "tel:", "+33699887766", "anonymous", "privacy=full", "%3B", "id"]
)
_TEXT = st.one_of(st.text(max_size=40), st.lists(_PIECES, max_size=12).map("".join))


@given(_TEXT, _TEXT, _TEXT, _TEXT)
def test_no_header_breaks_the_reading_and_what_is_hidden_stays_hidden(
    sender: str, asserted: str, party: str, privacy: str
) -> None:
    found = told(sender, asserted=(asserted, JEAN), party=party, privacy=privacy)
    assert found.number is None or not found.withheld
    assert told(sender, asserted=(asserted, JEAN), party=party, privacy=(privacy, "id")) == HIDDEN


# ---- as the dialplan hands it over -------------------------------------------------------------


def handed(text: str) -> str:
    return base64.b64encode(f"(((={text}".encode(errors="surrogatepass")).decode()


def channel() -> Channel:
    event = decode(captured.STASIS_START, Counters())
    found = getattr(event, "channel", None)
    assert isinstance(found, Channel)
    return found


def test_arguments_hold_any_text_and_an_earlier_dialplans_none() -> None:
    texts = ("601", "", "id", "", 'a,"b) (:5" <sip:+33699887766@c>', "", FROM)
    args = ("inbound", *map(handed, texts))
    assert dialplan.caller(args, channel(), "33") == HIDDEN
    shown = ("inbound", *map(handed, ("601", "", "", "", 'a,"b) (:5" <sip:x@c>', "", FROM)))
    assert dialplan.caller(shown, channel(), "33").number == NUMBER
    assert dialplan.caller(("inbound", "601"), channel(), "33") == Caller("+33612345678")


@pytest.mark.parametrize(
    ("argument", "dialled"),
    [
        *((handed("601;npdi"), "601"), (handed("601;rn=+33140000000"), "601"), ("601", "601")),
        *((handed("+33-1-40-00-00-99;phone-context=x"), "+33140000099"), (handed("*12"), "*12")),
        *((handed("support"), "support"), (handed("601,outbound"), "601,outbound"), ("s", "s")),
        *((handed("care-fr"), "care-fr"), ("1234", "1234"), (handed("36\u202f15"), "3615")),
    ],
)
def test_what_was_dialled_is_read_without_parameters(argument: str, dialled: str) -> None:
    assert dialplan.dialled(argument) == dialled
