"""Random steps on a floor: each number is something that the switch or somebody does next.

Decides which step a number means, so that a history can be told again and shrunk; refuses to know
what must come of it.
"""

from __future__ import annotations

import msgspec

from acd.events import (
    AddNote,
    AskWrapUp,
    BookCallback,
    CallArrived,
    CancelCallback,
    CancelConsult,
    ChannelGone,
    ChannelHeld,
    ChannelResumed,
    CompleteTransfer,
    Conference,
    Configure,
    Consult,
    DigitPressed,
    DropThird,
    EndCall,
    Event,
    ExtendWrapUp,
    ForceState,
    GetReady,
    HangUpTalk,
    Hold,
    LeaveConference,
    LegAnswered,
    LegReplaced,
    MoveCall,
    Mute,
    Pause,
    PhoneDialled,
    PhoneReachable,
    PhoneTransferred,
    PhoneUnreachable,
    PlaceCall,
    PressKeys,
    PromptFinished,
    RecordingEnded,
    Retrieve,
    SetData,
    SetDisposition,
    SetPriority,
    SignIn,
    SignOut,
    StopSupervising,
    Supervise,
    Swap,
    TakeBack,
    TakeOver,
    Transfer,
)
from acd.facts import Transferred
from acd.model import (
    AgentId,
    AgentState,
    CallId,
    CallKind,
    CallState,
    ChannelId,
    MonitorMode,
    PhoneId,
    QueueId,
    TargetKind,
)
from acd.sightings import SwitchSeen
from tests.sim.invariants import IN_TALK
from tests.sim.small_floor import OUTSIDE, level, to
from tests.sim.switch_model import SwitchModel

SWITCH_KINDS = 25
"""How many kinds of `act_on_switch` there are; the last is time that passes."""

KINDS = SWITCH_KINDS + 21
"""How many kinds of random steps there are."""

TALK_KINDS = (0, 1, 2, 3, 4, 5, 6, 6, 7, 9, 10, 12, 12, 13, 13, 19, 19)
"""The kinds of `act_as_people` that need an agent in a call."""

CONSULT_KINDS = (5, 6, 6, 7, 7, 7, 7, 0, 9, 11, 13, 19, 19)
"""Those that need one who consults."""


class RandomSteps(SwitchModel):
    """A world in which one number makes one step; `attended` counts transfers to a second leg."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self.attended = 0

    def act(self, number: int) -> None:
        """Whatever this number means, likely or not."""
        kind, pick = number % KINDS, number // KINDS
        agent = list(self.config.agents)[pick % len(self.config.agents)]
        if kind < SWITCH_KINDS:
            self.act_on_switch(kind, pick, agent)
        else:
            self.act_as_people(kind - SWITCH_KINDS, pick, agent)

    def act_on_purpose(self, number: int) -> None:
        """What a floor would do next: so that histories reach deep, not only wide."""
        pick, floor = number, self.engine.floor
        ringing = [
            leg
            for leg, role in self.legs.items()
            if role in ("agent", "outside") and leg not in self.answered_legs
        ]
        talking = [a for a, work in floor.at_work.items() if work.state in IN_TALK]
        ready = [a for a, work in floor.at_work.items() if work.state is AgentState.READY]
        waiting = [c for c in floor.calls.values() if c.state is CallState.WAITING]
        heard = [c.talk for c in floor.calls.values() if c.kind is CallKind.VOICEMAIL and c.talk]
        if heard and heard[0].agent_id is not None and pick % 2:
            # A message: its agent plays it again, and by and by puts the phone down.
            again = DigitPressed(heard[0].agent_channel_id, "1")
            self.tell(again if pick % 4 == 1 else HangUpTalk(heard[0].agent_id))
        elif ringing and pick % 4:
            leg = ringing[pick % len(ringing)]
            self.answered_legs.add(leg)
            self.tell(LegAnswered(leg))
        elif self.late and pick % 3 == 0:
            self.tell(self.late.pop(0))
        elif self.recordings and pick % 5 == 1:
            self.recording_ends(pick // 5)
        elif pick % 13 == 3:
            self.tell(self.take_back())
        elif waiting and pick % 7 == 1 and waiting[0].channel_id is not None:
            # In sales this leads to voicemail.
            self.tell(DigitPressed(waiting[0].channel_id, "2"))
        elif self.prompts and pick % 5 == 2:
            self.tell(PromptFinished(self.prompts.pop(0)))
        elif talking and pick % 3:
            agent = talking[pick % len(talking)]
            consults = floor.at_work[agent].consult_id is not None
            kinds = CONSULT_KINDS if consults else TALK_KINDS
            self.act_as_people(kinds[(pick // 3) % len(kinds)], pick // 7, agent)
        elif ready and pick % 11 == 0:
            self.act_as_people(8, pick // 11, ready[0])
        elif len(ready) + len(talking) < 3:
            self.act_on_switch(12, pick, list(self.config.agents)[pick % 4])
        elif waiting and pick % 5 == 0:
            self.act_as_people(14, pick // 5, AgentId("ana"))
        else:
            self.act_on_switch(0, pick, AgentId("ana"))

    def act_on_switch(self, kind: int, pick: int, agent: AgentId) -> None:
        """Something that the switch tells, a phone does, or an agent asks of their own work."""
        callers = [c for c, r in self.legs.items() if r in ("caller", "outside")]
        agent_legs = [c for c, r in self.legs.items() if r in ("agent", "outside", "snoop")]
        if kind <= 2:
            self.callers += 1
            channel = ChannelId(f"caller-{self.callers}")
            self.legs[channel] = "caller"
            number = (None, "+33612345678", "+33698765432")[pick % 3]
            dnis = ("600", "601", "603", "604", "605", "602", "999")[pick % 7]
            self.tell(CallArrived(channel, dnis, number))
        elif kind == 3:
            phone = PhoneId("seat") if pick % 4 == 0 else PhoneId(agent)
            channel = ChannelId(f"dialled-{len(self.history)}")
            self.legs[channel] = "agent"
            extension = ("*10", "*11", "*12", "*131", "201", "+33800000003", "77")[pick % 7]
            self.tell(PhoneDialled(channel, phone, extension))
        elif kind == 4 and callers:
            self.leg_gone(callers[pick % len(callers)], 16)
        elif kind <= 6 and callers:
            self.tell(DigitPressed(callers[pick % len(callers)], "12193*"[pick % 6]))
        elif kind == 7 and self.prompts:
            self.tell(PromptFinished(self.prompts.pop(pick % len(self.prompts))))
        elif kind <= 10 and agent_legs:
            leg = agent_legs[pick % len(agent_legs)]
            self.answered_legs.add(leg)
            self.tell(LegAnswered(leg))
        elif kind == 11 and agent_legs:
            self.leg_gone(agent_legs[pick % len(agent_legs)], (16, 17, 21, 19, 20, 38)[pick % 6])
        elif kind <= 13:
            phone = PhoneId(agent)
            self.phones_up.add(phone)
            self.tell(PhoneReachable(phone))
            seat = PhoneId("seat") if pick % 11 == 0 else None
            if seat is not None:
                self.phones_up.add(seat)
            connected = pick % 7 == 0
            self.tell(SignIn(agent, ready=pick % 5 != 0, phone=seat, connected=connected))
        elif kind == 14:
            self.phones_up.discard(PhoneId(agent))
            self.tell(PhoneUnreachable(PhoneId(agent)))
        elif kind == 15:
            self.tell((SignOut(agent), Pause(agent, "lunch"))[pick % 2])
        elif kind == 16:
            self.tell(GetReady(agent))
        elif kind == 17 and agent_legs:
            leg = agent_legs[pick % len(agent_legs)]
            self.tell((ChannelHeld(leg), ChannelResumed(leg))[pick % 2])
        elif kind == 18 and self.late:
            self.tell(self.late.pop(pick % len(self.late)))
        elif kind == 19 and self.history:
            self.tell_again(self.history[pick % len(self.history)])
        elif kind == 20:
            self.restart()
        elif kind == 21:
            self.tell(self.seen(in_sync=False))
        elif kind == 22 and self.recordings:
            self.recording_ends(pick)
        elif kind == 23 and agent_legs:
            self.leg_replaced(agent_legs[pick % len(agent_legs)], pick)
        else:
            self.pass_time((10, 500, 2_000, 6_000, 11_000)[pick % 5])

    def recording_ends(self, pick: int) -> None:
        """By `#`, by a silence, or because the switch could not write it."""
        ended = self.recordings.pop(pick % len(self.recordings))
        self.tell(RecordingEnded(ended, "failed" if pick % 5 == 0 else None))

    def leg_replaced(self, leg: ChannelId, pick: int) -> None:
        """The switch puts a leg of its own in the place of a phone's; mostly that one then ends."""
        self.tell(LegReplaced(leg, ChannelId(f"by-{len(self.history)}")))
        if pick % 5 and leg in self.legs:
            self.leg_gone(leg, 16)

    def phone_acts(self, pick: int, agent: AgentId) -> None:
        """An agent's phone makes a second call beside the first, or transfers."""
        floor = self.engine.floor
        work, phone = floor.agents[agent], floor.phone_of(agent)
        if pick % 2 and work.state is AgentState.TALKING and work.consult_id is None:
            channel = ChannelId(f"beside-{len(self.history)}")
            self.legs[channel] = "agent"
            self.tell(PhoneDialled(channel, phone, ("202", "203", OUTSIDE[0])[pick % 3]))
        else:
            self.phone_transfers(pick)

    def phone_transfers(self, pick: int) -> None:
        """A phone transfers what it has: to somebody it names, or to its own second leg."""
        legs = [c for c, r in self.legs.items() if r == "agent"]
        if not legs:
            return
        leg, other = legs[pick % len(legs)], legs[(pick + 1 + pick // 3) % len(legs)]
        pairs = self.pairs() if pick % 4 else []
        if pairs:
            leg, other = pairs[pick % len(pairs)]
        if pairs or (other != leg and pick % 2):
            link = (ChannelId(f"link-{len(self.history)}"),) if pick % 3 else ()
            told = len(self.facts)
            self.tell(PhoneTransferred(leg, None, other, link))
            self.attended += any(isinstance(fact, Transferred) for fact in self.facts[told:])
        else:
            extension = ("201", "sales", "+33800000009", "nobody")[pick % 4]
            self.tell(PhoneTransferred(leg, extension))

    def take_back(self) -> TakeBack:
        """Who gave a call away that is still sought for thinks better of it."""
        given = [c for c in self.engine.floor.calls.values() if c.resume and c.talk is None]
        resume = given[0].resume if given else None
        if resume is None or resume.agent_id is None:
            return TakeBack(AgentId("ana"), CallId("none"))
        return TakeBack(resume.agent_id, given[0].id)

    def pairs(self) -> list[tuple[ChannelId, ChannelId]]:
        """Of each phone that has made a second call: its leg to the customer, and that one's."""
        calls = self.engine.floor.calls
        found = []
        for call in calls.values():
            consult = calls[call.consult_id] if call.consult_id is not None else None
            if call.talk and consult and consult.channel_id is not None:
                found.append((call.talk.agent_channel_id, consult.channel_id))
        return found

    def act_as_people(self, kind: int, pick: int, agent: AgentId) -> None:
        """Something that an agent, a supervisor or a program asks."""
        others = list(self.config.agents)
        other = others[(pick // 5) % len(others)]
        calls = list(self.engine.floor.calls)
        call = calls[pick % len(calls)] if calls else CallId("none")
        target = (
            to(TargetKind.AGENT, other),
            to(TargetKind.QUEUE, ("sales", "support", "team", "steps", "shut")[pick % 5]),
            to(TargetKind.NUMBER, OUTSIDE[pick % 2]),
            to(TargetKind.NUMBER, "+1900"),
        )[(pick // 7) % 4]
        queue_id = QueueId(("sales", "support", "team", "steps")[pick % 4])
        if kind == 0:
            self.tell((Hold(agent), Retrieve(agent))[pick % 2])
        elif kind == 1:
            self.tell((Mute(agent, muted=pick % 3 == 0), PressKeys(agent, "12#"))[pick % 2])
        elif kind == 2:
            self.tell(Transfer(agent, target))
        elif kind <= 4:
            self.tell(Consult(agent, target))
        elif kind == 5:
            self.tell((Swap(agent), CancelConsult(agent))[pick % 2])
        elif kind == 6:
            self.tell(CompleteTransfer(agent))
        elif kind == 7:
            self.tell((Conference(agent), DropThird(agent), LeaveConference(agent))[pick % 3])
        elif kind == 8:
            self.tell(PlaceCall(agent, target, (None, queue_id)[pick % 2]))
        elif kind == 9:
            self.tell((HangUpTalk(agent), TakeBack(agent, call), self.take_back())[pick % 3])
        elif kind == 10:
            self.tell(
                (
                    SetDisposition(agent, ("sold", "solved", "what")[pick % 3]),
                    AskWrapUp(agent),
                    ExtendWrapUp(agent),
                    AddNote(call, "écrit", agent),
                    SetData(call, {"dossier": ("", "4711")[pick % 2]}),
                )[pick % 5]
            )
        elif kind == 11:
            state = (AgentState.READY, AgentState.PAUSED, AgentState.SIGNED_OUT)[pick % 3]
            self.tell(ForceState(agent, state, "sup"))
        elif kind == 12:
            mode = (MonitorMode.LISTEN, MonitorMode.WHISPER, MonitorMode.BARGE)[pick % 3]
            self.phones_up.add(PhoneId("seat"))
            self.tell(PhoneReachable(PhoneId("seat")))
            self.tell(Supervise(agent, "sup", PhoneId("seat"), mode))
        elif kind == 13:
            self.tell((StopSupervising(agent, "sup"), TakeOver(agent, "sup"))[pick % 2])
        elif kind == 14:
            self.tell(
                (MoveCall(call, queue_id, "sup"), SetPriority(call, pick % 5, "sup"))[pick % 2]
            )
        elif kind == 15:
            self.booked += 1
            at = None if pick % 2 else self.now_ms + 3_000
            wanted = f"+3360000000{pick % 4}"
            self.tell(BookCallback(CallId(f"booked-{self.booked}"), queue_id, wanted, "api", at=at))
        elif kind == 16:
            self.tell(CancelCallback(call, "api"))
        elif kind == 17 and calls:
            self.tell(EndCall(call))
        elif kind == 18:
            self.reconfigure(pick)
        elif kind == 19:
            self.phone_acts(pick, agent)
        else:
            self.pass_time((300, 4_000, 15_000)[pick % 3])

    def reconfigure(self, pick: int) -> None:
        """A supervisor closes or opens a queue, or changes a skill."""
        queues = dict(self.config.queues)
        agents = dict(self.config.agents)
        if pick % 2:
            sales = queues[QueueId("sales")]
            queues[sales.id] = msgspec.structs.replace(sales, closed=not sales.closed)
        else:
            ana = agents[AgentId("ana")]
            skills = (level("sales", 1 + pick % 9), level("support", 6))[: 1 + pick % 2]
            agents[ana.id] = msgspec.structs.replace(ana, skills=skills)
        self.config = msgspec.structs.replace(self.config, queues=queues, agents=agents)
        self.tell(Configure(self.config))

    def tell_again(self, event: Event) -> None:
        """The switch repeats old news; it must not be told of a leg that came and is still here."""
        if isinstance(event, CallArrived) and event.channel_id not in self.legs:
            return
        if isinstance(event, ChannelGone) and event.channel_id in self.legs:
            return
        if isinstance(event, LegAnswered) and event.channel_id not in self.legs:
            return
        if isinstance(event, SwitchSeen | PhoneReachable | PhoneUnreachable | BookCallback):
            return
        self.tell(event)
