"""The two machines are total, and `docs/states.md` shows them as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from acd.errors import ImpossibleTransition, Rejected
from acd.model import AgentState, CallState
from acd.states import (
    AGENT_TABLE,
    CALL_TABLE,
    AgentInput,
    CallInput,
    Goes,
    Ignored,
    Refused,
    agent_goes,
    call_goes,
)
from acd.states_drawing import drawn_states

pytestmark = pytest.mark.unit

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "states.md"

MADE_BY_THE_ENGINE = {
    AgentInput.OFFERED,
    AgentInput.ANSWERED,
    AgentInput.HELD,
    AgentInput.RETRIEVED,
    AgentInput.CONSULTS,
    AgentInput.CONSULT_OVER,
    AgentInput.PLACES_CALL,
    AgentInput.OFFER_OVER,
    AgentInput.TALK_OVER,
    AgentInput.WRAP_UP_OVER,
}


def test_whatever_people_or_the_switch_do_to_an_agent_is_listed() -> None:
    for state in AgentState:
        for happened in set(AgentInput) - MADE_BY_THE_ENGINE:
            assert (state, happened) in AGENT_TABLE, (state, happened)


def test_whatever_the_switch_does_to_a_call_is_listed() -> None:
    from_switch = {
        CallInput.PROMPT_FINISHED,
        CallInput.DIGIT_PRESSED,
        CallInput.WOKEN,
        CallInput.CALLER_GONE,
        CallInput.HELD,
        CallInput.RESUMED,
        CallInput.ASKED_TO_END,
        CallInput.SWITCH_FAILED,
    }
    for state in CallState:
        for happened in from_switch:
            assert (state, happened) in CALL_TABLE, (state, happened)


def test_every_pair_moves_is_ignored_refused_or_impossible() -> None:
    for call_state in CallState:
        for call_input in CallInput:
            row = CALL_TABLE.get((call_state, call_input))
            if row is None:
                with pytest.raises(ImpossibleTransition):
                    call_goes(call_state, call_input)
            else:
                assert call_goes(call_state, call_input) is isinstance(row, Goes)
    for state in AgentState:
        for happened in AgentInput:
            agent_row = AGENT_TABLE.get((state, happened))
            if agent_row is None:
                with pytest.raises(ImpossibleTransition):
                    agent_goes(state, happened)
            elif isinstance(agent_row, Refused):
                with pytest.raises(Rejected, match=agent_row.why.split(":")[0]):
                    agent_goes(state, happened)
            else:
                assert agent_goes(state, happened) is isinstance(agent_row, Goes)


def test_a_target_that_is_not_listed_is_impossible() -> None:
    with pytest.raises(ImpossibleTransition):
        agent_goes(AgentState.READY, AgentInput.OFFERED, AgentState.TALKING)
    with pytest.raises(ImpossibleTransition):
        call_goes(CallState.WAITING, CallInput.AGENT_FOUND, CallState.TALKING)


def test_every_state_can_be_reached_and_left() -> None:
    reached = {to for row in AGENT_TABLE.values() if isinstance(row, Goes) for to in row.to}
    assert reached == set(AgentState)
    left = {state for (state, _), row in AGENT_TABLE.items() if isinstance(row, Goes)}
    assert left == set(AgentState)
    assert not any(
        isinstance(row, Goes) for (state, _), row in CALL_TABLE.items() if state is CallState.ENDED
    )


def test_ignoring_says_why() -> None:
    for row in [*CALL_TABLE.values(), *AGENT_TABLE.values()]:
        if isinstance(row, Ignored | Refused):
            assert len(row.why) > 10


def test_the_document_shows_the_tables() -> None:
    assert DOCUMENT.read_text() == drawn_states(), "run `python -m acd.states_drawing`"
