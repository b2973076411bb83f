"""A flow runner small enough to see through: one menu, `1` sales, `2` support, `9` hangs up.

The SVI's own interpreter has its own tests; here the engine's side of the seam is on trial.
"""

from __future__ import annotations

import msgspec

from acd.flow import (
    AnswerNow,
    Digit,
    EnterQueue,
    Finish,
    FlowAction,
    FlowCaller,
    FlowInput,
    FlowState,
    FlowTurn,
    Hush,
    PromptDone,
    Restarted,
    Say,
    Walked,
)
from acd.model import FlowId, Outcome, QueueId, SkillId, SkillLevel

MENU_MS = 5_000
QUEUES = {"1": "sales", "2": "support", "3": "nowhere"}
DIRECT = {"team": "team", "steps": "steps", "shut": "shut"}


class ScriptedFlows:
    """`menu` says a prompt and waits for a key; `direct` queues at once without answering."""

    def begin(self, flow: FlowId, caller: FlowCaller, now_ms: int) -> FlowTurn:
        if flow == "direct":
            return FlowTurn(None, (EnterQueue(QueueId("sales"), answer_first=False),))
        if flow in DIRECT:
            return FlowTurn(None, (AnswerNow(), EnterQueue(QueueId(DIRECT[flow]))))
        if flow != "menu":
            raise KeyError(flow)
        state = FlowState(flow, 1, "menu", "fr", now_ms, playing=True, answered=True)
        return FlowTurn(state, (AnswerNow(), Say(("prompt:welcome",), "fr")))

    def resume(
        self, state: FlowState, happened: FlowInput, caller: FlowCaller, now_ms: int
    ) -> FlowTurn:
        if isinstance(happened, PromptDone):
            due = msgspec.structs.replace(state, playing=False, due_at=now_ms + MENU_MS)
            return FlowTurn(due)
        if isinstance(happened, Restarted):
            return FlowTurn(
                msgspec.structs.replace(state, playing=True, due_at=None),
                (Say(("prompt:welcome",), "fr"),),
            )
        walked = (self.abandon(state, now_ms),)
        hush: tuple[FlowAction, ...] = (Hush(),) if state.playing else ()
        if isinstance(happened, Digit) and happened.digit in QUEUES:
            required = (SkillLevel(SkillId("english"), 3),) if now_ms % 3 == 0 else ()
            queue = QueueId(QUEUES[happened.digit])
            return FlowTurn(None, (*hush, EnterQueue(queue, required, now_ms % 4)), walked)
        return FlowTurn(None, (*hush, Finish(Outcome.SELF_SERVICE, "bye")), walked)

    def abandon(self, state: FlowState, now_ms: int) -> Walked:
        return Walked(state.flow, state.version, state.node, "menu", None, state.entered_at, now_ms)

    silent = False

    def spoken(self, text: str, language: str) -> tuple[str, ...]:
        return () if self.silent else (f"tts:{language}-{text}",)
