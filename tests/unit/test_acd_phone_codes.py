"""Codes composed on a phone: signing in with a PIN, out, ready, pause, disposition."""

from __future__ import annotations

import msgspec
import pytest

from acd.commands import HangUp, PlayPrompt
from acd.config import Disposition, Outside, PauseReason, WrapUp
from acd.desk.phone_codes import LOCKED_MS, PATIENCE_MS, TEXTS
from acd.events import BookCallback, Configure, DigitPressed, PhoneDialled, PromptFinished
from acd.facts import DispositionSet
from acd.model import AgentState, CallId, CallKind, ChannelId, PhoneId, QueueId
from acd.pins import pin_digest
from acd.queues.announcing import LANGUAGES
from tests.unit.acd_stage import SEAT, Stage, agent, config, queue

pytestmark = pytest.mark.unit

PIN = pin_digest("4711", "salt")


class PhoneStage(Stage):
    """Ana (201) has a PIN; her phone and a seat are registered."""

    def __init__(self, language: str = "fr") -> None:
        self.language = language
        floor = config(
            queue(wrap_up=WrapUp.MANDATORY, dispositions=(Disposition("sold"),)),
            agents=(agent("ana", "201", pin=PIN), agent("bob", "202")),
            pause_reasons={
                "lunch": PauseReason("lunch", digit="1"),
                "pause": PauseReason("pause", digit="0"),
            },
            outside=Outside(allowed=("+33",)),
        )
        super().__init__(msgspec.structs.replace(floor, language=language))
        self.phone_up("ana")
        self.phone_up("seat")
        self.dialled = 0

    def dials(self, extension: str, phone: PhoneId | None = None) -> ChannelId:
        self.dialled += 1
        channel_id = ChannelId(f"dialled-{self.dialled}")
        self.legs[channel_id] = "agent"
        self.tell(PhoneDialled(channel_id, phone or PhoneId("ana"), extension))
        return channel_id

    def composes(self, channel_id: ChannelId, keys: str) -> None:
        for key in keys:
            self.tell(DigitPressed(channel_id, key))

    def said(self) -> list[str]:
        """What was said in the last step, as keys of TEXTS."""
        spoken = [command.media[0] for command in self.ordered(PlayPrompt)]
        language = self.language
        names = {self.flows.spoken(t[language], language)[0]: key for key, t in TEXTS.items()}
        return [names[media] for media in spoken]

    def heard(self, channel_id: ChannelId) -> None:
        """The prompt of this leg is played to its end."""
        session = self.engine.floor.phone_sessions[channel_id]
        assert session.playback_id is not None
        self.prompts.remove(session.playback_id)
        self.tell(PromptFinished(session.playback_id))


def test_signing_in_on_the_own_phone_asks_for_the_pin() -> None:
    stage = PhoneStage()
    leg = stage.dials("*10")
    assert stage.said() == ["pin"]
    stage.composes(leg, "4711#")
    assert stage.said() == ["signed_in"]
    assert stage.state("ana") is AgentState.READY
    stage.heard(leg)
    assert leg in [c.channel_id for c in stage.ordered(HangUp)]
    assert not stage.engine.floor.phone_sessions


def test_phones_are_spoken_to_in_the_language_of_the_configuration() -> None:
    stage = PhoneStage("en")
    leg = stage.dials("*10")
    assert stage.said() == ["pin"]
    assert stage.ordered(PlayPrompt)[0].language == "en"
    stage.composes(leg, "4711#")
    assert stage.said() == ["signed_in"]


def test_work_that_no_flow_began_is_in_the_language_of_the_configuration() -> None:
    stage = PhoneStage("en")
    stage.signs_in("ana")
    stage.phone_up("bob")
    stage.signs_in("bob")
    stage.dials("202")
    stage.tell(BookCallback(CallId("later"), QueueId("sales"), "+33612345678", "api", at=2**42))
    calls = stage.engine.floor.calls.values()
    assert [(call.kind, call.language) for call in calls] == [
        (CallKind.INTERNAL, "en"),
        (CallKind.CALLBACK, "en"),
    ]


def test_everything_said_on_a_phone_is_there_in_both_languages() -> None:
    assert {tuple(sorted(texts)) for texts in TEXTS.values()} == {tuple(sorted(LANGUAGES))}
    assert not {texts["fr"] for texts in TEXTS.values()} & {t["en"] for t in TEXTS.values()}


def test_signing_in_on_a_seat_asks_for_the_number_and_the_pin() -> None:
    stage = PhoneStage()
    leg = stage.dials("*10", SEAT)
    assert stage.said() == ["number"]
    stage.composes(leg, "201#")
    assert stage.said() == ["pin"]
    stage.composes(leg, "4711#")
    assert stage.state("ana") is AgentState.READY
    assert stage.work("ana").phone == SEAT


def test_three_wrong_pins_lock_signing_in_for_a_while() -> None:
    stage = PhoneStage()
    leg = stage.dials("*10")
    stage.composes(leg, "0000#1111#")
    assert stage.said() == ["pin"]
    stage.composes(leg, "2222#")
    assert stage.said() == ["locked"]
    stage.heard(leg)
    leg = stage.dials("*10")
    stage.composes(leg, "4711#")
    assert stage.said() == ["locked"]
    stage.pass_time(LOCKED_MS)
    leg = stage.dials("*10")
    stage.composes(leg, "4711#")
    assert stage.state("ana") is AgentState.READY


def test_an_agent_without_a_pin_and_one_who_does_not_exist_sound_alike() -> None:
    stage = PhoneStage()
    for number in ("202", "999"):
        leg = stage.dials("*10", SEAT)
        stage.composes(leg, f"{number}#1234#")
        assert stage.said() == ["pin"]
        stage.hangs_up(leg)
    assert stage.state("bob") is AgentState.SIGNED_OUT


def test_ready_pause_and_out_by_code() -> None:
    stage = PhoneStage()
    stage.signs_in("ana")
    stage.dials("*131")
    assert (stage.state("ana"), stage.work("ana").reason) == (AgentState.PAUSED, "lunch")
    stage.dials("*13")
    assert stage.work("ana").reason == "pause"
    stage.dials("*137")
    assert stage.said() == ["unknown"]
    stage.dials("*12")
    assert stage.state("ana") is AgentState.READY
    stage.dials("*11")
    assert stage.said() == ["signed_out"]
    assert stage.state("ana") is AgentState.SIGNED_OUT


def test_a_call_is_qualified_by_code() -> None:
    stage = PhoneStage()
    stage.signs_in("ana")
    caller, _ = stage.talk()
    stage.hangs_up(caller)
    stage.dials("*142")
    assert stage.said() == ["unknown"]
    stage.dials("*141")
    assert stage.said() == ["disposed"]
    assert [fact.code for fact in stage.told(DispositionSet)] == ["sold"]
    assert stage.state("ana") is AgentState.READY


def test_codes_need_somebody_who_is_signed_in_and_must_exist() -> None:
    stage = PhoneStage()
    stage.dials("*12")
    assert stage.said() == ["nobody"]
    stage.signs_in("ana")
    stage.dials("*99")
    assert stage.said() == ["unknown"]


def test_who_does_not_press_a_key_is_let_go() -> None:
    stage = PhoneStage()
    leg = stage.dials("*10")
    stage.pass_time(PATIENCE_MS)
    assert leg not in stage.legs
    assert not stage.engine.floor.phone_sessions


def test_a_phone_that_is_none_of_ours_gets_nothing() -> None:
    stage = PhoneStage()
    leg = stage.dials("*10", PhoneId("stranger"))
    assert [c.channel_id for c in stage.ordered(HangUp)] == [leg]


def test_a_code_in_a_conversation_says_that_it_counts_afterwards() -> None:
    stage = PhoneStage()
    stage.signs_in("ana")
    stage.talk()
    for code in ("*131", "*12", "*11"):
        stage.dials(code)
        assert stage.said() == ["later"]
        assert stage.state("ana") is AgentState.TALKING


def test_a_code_in_a_mandatory_wrap_up_says_that_the_call_is_to_be_qualified() -> None:
    stage = PhoneStage()
    stage.signs_in("ana")
    caller, _ = stage.talk()
    stage.hangs_up(caller)
    for code in ("*12", "*131", "*11"):
        stage.dials(code)
        assert stage.said() == ["qualify"]
        assert stage.state("ana") is AgentState.WRAP_UP
    stage.dials("*141")
    assert stage.state("ana") is AgentState.SIGNED_OUT


def test_a_connected_agent_whose_line_is_down_hears_that_it_will_ring() -> None:
    stage = PhoneStage()
    stage.signs_in("ana", connected=True)
    line = stage.ring("ana")
    stage.answers(line)
    stage.hangs_up(line)
    stage.dials("*12")
    assert stage.said() == ["line"]
    stage.answers(stage.ring("ana"))
    stage.dials("*12")
    assert stage.said() == ["ready"]


def wrong_pin(stage: PhoneStage, number: str) -> list[str]:
    """Somebody on the seat composes a wrong PIN once; what they hear."""
    leg = stage.dials(f"*10{number}", SEAT)
    stage.composes(leg, "0000#")
    said = stage.said()
    stage.hangs_up(leg)
    return said


@pytest.mark.parametrize("number", ["201", "202", "999"])
def test_every_number_is_locked_alike_whether_it_is_somebodys_or_not(number: str) -> None:
    stage = PhoneStage()
    assert [wrong_pin(stage, number) for _ in range(4)] == [
        ["pin"],
        ["pin"],
        ["locked"],
        ["locked"],
    ]
    stage.pass_time(LOCKED_MS)
    assert wrong_pin(stage, number) == ["pin"]


def test_one_who_mistypes_a_number_is_not_counted_for_another() -> None:
    stage = PhoneStage()
    assert [wrong_pin(stage, number) for number in ("997", "998", "999")] == [["pin"]] * 3


def test_wrong_pins_are_forgotten_after_a_while() -> None:
    stage = PhoneStage()
    assert [wrong_pin(stage, "201") for _ in range(2)] == [["pin"]] * 2
    stage.pass_time(LOCKED_MS)
    assert [wrong_pin(stage, "201") for _ in range(2)] == [["pin"]] * 2


def test_only_so_many_numbers_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acd.desk.phone_codes.NUMBERS_COUNTED", 2)
    stage = PhoneStage()
    for number in ("997", "998", "999"):
        wrong_pin(stage, number)
    assert list(stage.engine.floor.wrong_pins) == ["998", "999"]


def test_an_agent_without_a_number_signs_in_on_the_own_phone() -> None:
    stage = PhoneStage()
    eve = agent("eve", pin=PIN)
    stage.config = msgspec.structs.replace(
        stage.config, agents={**stage.config.agents, eve.id: eve}
    )
    stage.tell(Configure(stage.config))
    stage.phone_up("eve")
    stage.composes(stage.dials("*10", PhoneId("eve")), "4711#")
    assert stage.state("eve") is AgentState.READY
