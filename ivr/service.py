"""Holds the flows in use: new versions come in while calls go on in theirs.

Decides when a version may be used: its document is sound and its texts can be heard. What a flow
does is decided by `ivr.interpreter`; where documents are stored is not known here.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Mapping

import structlog

from acd.flow import FlowCaller, FlowInput, FlowState, FlowTurn, Walked
from acd.model import FlowId
from ivr.document import Known, load
from ivr.interpreter import FlowKey, FlowSet
from ivr.model import DEFAULT_VOICES, Flow, SpokenText, media_hash
from ivr.speech import Speech, SpeechUnavailable

_log = structlog.get_logger(__name__)

PREPARED_AT_A_TIME = 16
"""How many texts are made audible together, before others have their turn."""


class FlowLibrary:
    """Flows by version; itself an `acd.flow.FlowRunner`, always on the newest set.

    `speech` None: somebody else makes the texts audible. `known` says what exists beside the
    flows at the time of a publication, None to check nothing.
    """

    def __init__(
        self,
        speech: Speech | None,
        *,
        known: Callable[[], Known] | None = None,
        voices: Mapping[str, str] = DEFAULT_VOICES,
    ) -> None:
        self._speech = speech
        self._known = known
        self._voices = voices
        self._flows = FlowSet({})
        self._texts: dict[FlowKey, bytes] = {}
        self._audible: set[str] = set()

    @property
    def flow_set(self) -> FlowSet:
        """The flows as they are now; the value does not change later."""
        return self._flows

    async def publish(self, flow_id: FlowId, version: int, text: str) -> Flow:
        """Bring one version into use; calls in progress keep theirs.

        Raises FlowInvalid, SpeechUnavailable (both leave everything as it was), or ValueError if
        that version is there with another content: a version never changes.
        """
        known = self._known() if self._known else None
        flow = await self._load(flow_id, text, known)
        return await self._add(flow, version, text)

    async def restore(self, flow_id: FlowId, version: int, text: str) -> Flow:
        """Bring a stored version back after a restart, as `publish` does.

        What exists beside it is not checked: a queue that is gone since must not end calls which
        are still in the flow; the floor answers for an unknown queue. A version that is here with
        the same text is not read again.
        """
        if self._texts.get((flow_id, version)) == _digest(text):
            return self._flows.flow(flow_id, version)
        return await self._add(await self._load(flow_id, text, None), version, text)

    async def _load(self, flow_id: FlowId, text: str, known: Known | None) -> Flow:
        # A long document takes YAML a good part of a second: no call may wait for that.
        return await asyncio.to_thread(load, text, known, expected=flow_id, voices=self._voices)

    async def _add(self, flow: Flow, version: int, text: str) -> Flow:
        if (flow.id, version) in self._flows.keys:
            if self._flows.flow(flow.id, version) != flow:
                raise ValueError(
                    f"flow {flow.id} version {version} is in use with another content; "
                    "publish a new version"
                )
            return flow
        if self._speech is not None:
            await self._speech.ensure(flow.texts())
        # The set is read again only here: other publications may have ended meanwhile.
        self._flows = self._flows.having(flow, version)
        self._texts[flow.id, version] = _digest(text)
        _log.info("flow_in_use", flow=flow.id, version=version, nodes=len(flow.nodes))
        return flow

    async def prepare(self, texts: Iterable[tuple[str, str]]) -> list[str]:
        """Make these `(language, text)` audible, for `spoken`; what could not be, in sentences.

        A few at a time: there may be thousands, and the texts of a flow that is published meanwhile
        must not wait behind them.
        """
        wanted = {self._spoken_text(language, text) for language, text in texts if text.strip()}
        missing = sorted(
            each for each in wanted if each is not None and each.hash not in self._audible
        )
        faults: dict[str, list[str]] = {}
        for first in range(0, len(missing), PREPARED_AT_A_TIME):
            chunk = missing[first : first + PREPARED_AT_A_TIME]
            for text, why in await self._prepare(chunk):
                faults.setdefault(why, []).append(text)
        return [
            f"{len(those)} texts cannot be spoken, the first “{those[0][:60]}”: {why}"
            for why, those in faults.items()
        ]

    async def _prepare(self, chunk: list[SpokenText]) -> list[tuple[str, str]]:
        """The texts of the chunk that stay silent, each with the reason."""
        if self._speech is None:
            self._audible.update(each.hash for each in chunk)
            return []
        try:
            await self._speech.ensure(chunk)
        except SpeechUnavailable as silent:
            if len(chunk) == 1:
                return [(chunk[0].text, str(silent))]
            return [fault for each in chunk for fault in await self._prepare([each])]
        self._audible.update(each.hash for each in chunk)
        return []

    def _spoken_text(self, language: str, text: str) -> SpokenText | None:
        voice = self._voices.get(language)
        if voice is None:
            return None
        words = " ".join(text.split())
        return SpokenText(media_hash(language, voice, words), language, words)

    def retire(self, in_use: Iterable[FlowKey]) -> int:
        """Forget old versions that no call is in; returns how many. The newest always stay."""
        before = len(self._flows.keys)
        self._flows = self._flows.keeping(frozenset(in_use))
        self._texts = {key: self._texts[key] for key in self._flows.keys}
        return before - len(self._flows.keys)

    # ---- acd.flow.FlowRunner ----

    def begin(self, flow: FlowId, caller: FlowCaller, now_ms: int) -> FlowTurn:
        """See `FlowSet.begin`."""
        return self._flows.begin(flow, caller, now_ms)

    def resume(
        self, state: FlowState, happened: FlowInput, caller: FlowCaller, now_ms: int
    ) -> FlowTurn:
        """See `FlowSet.resume`."""
        return self._flows.resume(state, happened, caller, now_ms)

    def spoken(self, text: str, language: str) -> tuple[str, ...]:
        """The media that say this text; nothing while it has not been prepared."""
        wanted = self._spoken_text(language, text)
        ready = wanted is not None and wanted.hash in self._audible
        return (f"tts:{wanted.hash}",) if wanted is not None and ready else ()

    def abandon(self, state: FlowState, now_ms: int) -> Walked:
        """See `FlowSet.abandon`."""
        return self._flows.abandon(state, now_ms)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
