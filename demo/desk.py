"""What agents do at their desks, over REST: qualify, hold, transfer, consult, pause.

Decides by the live picture; refuses to know SIP. An act that is not possible any more (409) has
simply not been done: what counts is what was.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from demo import cast
from demo.people import Person, Turn
from demo.rest import LiveCall, Picture, Rest

_QUALIFY_AT = 0.3  # of the talk
_TURN_AT = 0.5
_HOLD_MS = 2500
_CONSULT_MS = 2500
_NO_ANSWER_MS = 9000
_PAUSE_EVERY_MS = 14000
_PAUSE_MS = (5000, 11000)
_MAY_PAUSE = ("ready", "talking", "wrap_up")


@dataclass(slots=True)
class _Course:
    """How far a conversation has come. `consult_id`: of the consultation under way.

    `hands_over`: who is asked takes the customer.
    """

    qualified_by: set[str] = field(default_factory=set)
    turned: bool = False
    held_at: int | None = None
    consult_id: str | None = None
    consult_at: int = 0
    hands_over: bool = False


class Desk:
    """All the agents' desks."""

    def __init__(self, rest: Rest, rng: random.Random) -> None:
        self._rest = rest
        self._rng = rng
        self._courses: dict[str, _Course] = {}
        self._resting: dict[str, int] = {}
        self._next_pause_at: int | None = None
        self.done: Counter[str] = Counter()
        self.closing = False

    # ---- pauses ----

    async def look(self, picture: Picture) -> None:
        """Somebody takes a pause now and then; who has paused long enough comes back."""
        paused = {agent.id: agent.since for agent in picture.agents if agent.state == "paused"}
        for agent, rest_ms in list(self._resting.items()):
            over = agent in paused and picture.at - paused[agent] >= rest_ms
            if over or self.closing:
                del self._resting[agent]
                await self._do("ready", agent, "ready")
        if self._next_pause_at is None:
            self._next_pause_at = picture.at + _PAUSE_EVERY_MS // 2
        if self.closing or self._resting or picture.at < self._next_pause_at:
            return
        # Who talks pauses afterwards.
        able = [agent.id for agent in picture.agents if agent.state in _MAY_PAUSE]
        if able:
            agent = self._rng.choice(able)
            reason = self._rng.choice(list(cast.FLOOR.pause_reasons))
            if await self._do("pause", agent, "pause", {"reason": reason}):
                self._resting[agent] = self._rng.randint(*_PAUSE_MS)
                self._next_pause_at = picture.at + _PAUSE_EVERY_MS

    # ---- conversations ----

    async def serve(self, person: Person, call: LiveCall, picture: Picture) -> bool:
        """Do what is due in this conversation; whether it must go on for the sake of that."""
        agent = call.agent_id
        if agent is None:
            return False
        course = self._courses.setdefault(call.id, _Course())
        if course.consult_id is not None:
            return await self._consulting(course, agent, picture)
        if course.held_at is not None:
            if picture.at - course.held_at < _HOLD_MS:
                return True
            course.held_at = None
            await self._do("retrieve", agent, "call/retrieve")
            return True
        talked_ms = picture.at - call.since
        if agent not in course.qualified_by and talked_ms >= _QUALIFY_AT * person.talk_ms:
            course.qualified_by.add(agent)
            await self.qualify(call)
        if not course.turned and talked_ms >= _TURN_AT * person.talk_ms:
            course.turned = True
            return await self._turn(course, person.turn, call, picture)
        return False

    async def qualify(self, call: LiveCall) -> None:
        """The agent sets a disposition of the call's queue."""
        queue = cast.QUEUES.get(call.queue_id or "")
        if queue is not None and call.agent_id is not None:
            code = self._rng.choice(queue.dispositions).code
            await self._do("disposition", call.agent_id, "call/disposition", {"code": code})

    async def hang_up(self, agent: str) -> bool:
        """The agent ends the conversation with a click."""
        return await self._do("hang-up", agent, "call/hang-up")

    async def _turn(self, course: _Course, turn: Turn, call: LiveCall, picture: Picture) -> bool:
        agent = call.agent_id or ""
        if turn is Turn.HOLD and await self._do("hold", agent, "call/hold"):
            course.held_at = picture.at
            return True
        if self.closing:
            return False
        if turn is Turn.TRANSFER:
            others = [queue for queue in cast.QUEUES if queue != call.queue_id]
            target = {"kind": "queue", "id": self._rng.choice(others)}
            return await self._do("transfer", agent, "call/transfer", {"target": target})
        return turn is Turn.CONSULT and await self._consult(course, agent, picture)

    async def _consult(self, course: _Course, agent: str, picture: Picture) -> bool:
        """Ask a colleague, who will take the customer over; with nobody free the expert."""
        colleague = _free(picture, agent)
        target = {"kind": "agent", "id": colleague or ""}
        if colleague is None:
            target = {"kind": "number", "id": cast.EXPERT}
        made = await self._rest.try_consult(agent, target)
        if made is None:
            return False
        self.done["consult"] += 1
        self.done["ask-outside"] += colleague is None
        course.consult_id, course.consult_at = made, picture.at
        course.hands_over = colleague is not None
        return True

    async def _consulting(self, course: _Course, agent: str, picture: Picture) -> bool:
        consult = next((one for one in picture.calls if one.id == course.consult_id), None)
        if picture.at - course.consult_at < _CONSULT_MS:
            return True
        if consult is None:
            course.consult_id = None  # the colleague did not take it, or is through
            return False
        asked = consult.state == "talking" and picture.at - consult.since >= _CONSULT_MS
        if asked and course.hands_over:
            await self._do("complete", agent, "call/complete")
        elif asked or picture.at - course.consult_at >= _NO_ANSWER_MS:
            await self._do("cancel-consult", agent, "call/cancel-consult")
        return True

    async def _do(
        self, what: str, agent: str, verb: str, body: Mapping[str, object] | None = None
    ) -> bool:
        done = await self._rest.try_act(agent, verb, body)
        self.done[what] += done
        return done


def _free(picture: Picture, asking: str) -> str | None:
    """Who has been ready for the longest."""
    idle: Sequence[tuple[int, str]] = sorted(
        (agent.since, agent.id)
        for agent in picture.agents
        if agent.state == "ready" and agent.id != asking
    )
    return idle[0][1] if idle else None
