"""A timer has come due: to the room that set it. Decides nothing itself."""

from __future__ import annotations

from typing import assert_never

from acd.agents import availability
from acd.commands import ProbePhone
from acd.desk import offers, phone_codes
from acd.destinations import arrivals, callback_schedule, leaving, sending
from acd.dispatch import mishaps, news
from acd.flow import Woken
from acd.model import AgentId, CallId, CallState, ChannelId, PhoneId
from acd.queues import stay
from acd.state.floor import Floor
from acd.state.timers import Wake
from acd.states import CallInput, call_goes


def wake(floor: Floor, why: Wake, owner: str) -> None:
    """Do what the timer of `owner` was set for; passed over if its call has ended."""
    match why:
        case Wake.PROBE:
            floor.order(ProbePhone(PhoneId(owner)))
        case Wake.ANSWER:
            mishaps.answer_again(floor, ChannelId(owner))
        case Wake.MUSIC:
            mishaps.play_music_again(floor, ChannelId(owner))
        case Wake.REPLACED:
            news.transfer_untold(floor, ChannelId(owner))
        case Wake.WRAP_UP:
            availability.wrap_up_over(floor, AgentId(owner))
        case Wake.REST:
            availability.rested(floor, AgentId(owner))
        case Wake.SESSION:
            phone_codes.too_slow(floor, ChannelId(owner))
        case Wake.ABOUT_FREE:
            callback_schedule.look_ahead(floor)
        case _:
            _wake_call(floor, why, CallId(owner))


def _wake_call(floor: Floor, why: Wake, call_id: CallId) -> None:
    call = floor.calls.get(call_id)
    if call is None:
        return
    match why:
        case Wake.FLOW:
            if call.then is not None and call.state is CallState.IN_FLOW:
                sending.said(floor, call)
            elif call_goes(call.state, CallInput.WOKEN):
                arrivals.go_on(floor, call, Woken())
        case Wake.OFFER:
            offers.timed_out(floor, call)
        case Wake.JOIN:
            mishaps.join_again(floor, call)
        case Wake.RELAX:
            stay.relax(floor, call)
        case Wake.MAX_WAIT:
            leaving.waited_too_long(floor, call)
        case Wake.MESSAGE:
            leaving.message_due(floor, call)
        case Wake.DUE:
            callback_schedule.due(floor, call)
        case Wake.PROBE | Wake.WRAP_UP | Wake.REST | Wake.ABOUT_FREE | Wake.SESSION:
            pass  # an agent's or a phone's
        case Wake.ANSWER | Wake.MUSIC | Wake.REPLACED:
            pass  # a leg's
        case _:
            assert_never(why)
