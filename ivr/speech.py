"""Makes texts audible: a voice synthesises each text once, into a file named by its hash.

Decides where the files are, that they appear whole or not at all, and that few programs run at a
time. Refuses to know flows. Files are what Asterisk plays without conversion: 8 kHz, mono, 16 bits.
"""

from __future__ import annotations

import asyncio
import io
import os
import wave
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

import structlog

from ivr.model import SpokenText

RATE_HZ = 8_000
FOLDER = "plateau-tts"
"""Folder under the sounds folder; `tts:HASH` is `FOLDER/HASH.wav` there."""

_log = structlog.get_logger(__name__)


class SpeechUnavailable(Exception):
    """A text could not be synthesised; the message says why and what to do."""


class Voice(Protocol):
    """An engine that speaks. Which texts are re-made is decided by the hash, not here."""

    async def speak(self, text: str, language: str) -> bytes:
        """Signed 16-bit little-endian samples at 8 kHz, mono. Raises SpeechUnavailable."""


class EspeakVoice:
    """espeak-ng for the voice, sox for rate and level (both Debian packages).

    `wrap` turns a command into the one to start, for programs that live in another root folder;
    they only read their standard input and write their standard output.
    """

    VOICES = {"fr": "fr-fr", "en": "en-gb"}  # noqa: RUF012 - read only
    WORDS_PER_MINUTE = 150

    def __init__(
        self,
        wrap: Callable[[Sequence[str]], Sequence[str]] = tuple,
        timeout_s: float = 30,
    ) -> None:
        self._wrap = wrap
        self._timeout_s = timeout_s

    async def speak(self, text: str, language: str) -> bytes:
        """Synthesise, then bring to 8 kHz and to the level of the packaged prompts (-6 dB peak)."""
        voice = self.VOICES.get(language)
        if voice is None:
            known = ", ".join(sorted(self.VOICES))
            raise SpeechUnavailable(f"no voice speaks “{language}”; there are: {known}")
        speed = str(self.WORDS_PER_MINUTE)
        spoken = await self._run(
            ("espeak-ng", "-v", voice, "-s", speed, "-b", "1", "--stdin", "--stdout"), text.encode()
        )
        # On a pipe espeak-ng cannot write the length into its header, so sox must not believe it.
        # A little silence around: the first syllable is often lost while the codec settles.
        raw = ("-t", "raw", "-r", str(RATE_HZ), "-c", "1", "-b", "16", "-e", "signed-integer", "-L")
        effects = ("norm", "-6", "pad", "0.15", "0.2")
        return await self._run(
            ("sox", "-q", "--ignore-length", "-t", "wav", "-", *raw, "-", *effects), spoken
        )

    async def _run(self, command: Sequence[str], data: bytes) -> bytes:
        program = command[0]
        try:
            process = await asyncio.create_subprocess_exec(
                *self._wrap(command),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except FileNotFoundError as error:
            raise SpeechUnavailable(
                f"{error.filename or program} is missing; install Debian's package {program}"
            ) from error
        except OSError as error:
            raise SpeechUnavailable(f"{program} cannot be started: {error}") from error
        try:
            output, complaint = await asyncio.wait_for(process.communicate(data), self._timeout_s)
        except TimeoutError as error:
            raise SpeechUnavailable(
                f"{program} did not end within {self._timeout_s:g} s; the machine may be overloaded"
            ) from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == 127:
            raise SpeechUnavailable(f"{program} is missing; install Debian's package {program}")
        if process.returncode:
            said = complaint.decode(errors="replace").strip()[-300:]
            raise SpeechUnavailable(f"{program} failed ({process.returncode}): {said}")
        return output


class Speech:
    """The store of spoken texts under `sounds`. `parallel` bounds the texts made at a time."""

    def __init__(self, voice: Voice, sounds: Path, parallel: int = 2) -> None:
        self._voice = voice
        self._folder = sounds / FOLDER
        self._slots = asyncio.Semaphore(parallel)
        self._making: dict[str, asyncio.Lock] = {}

    def path(self, digest: str) -> Path:
        """Where the sound of a hash is, or will be."""
        return self._folder / f"{digest}.wav"

    async def ensure(self, texts: Iterable[SpokenText]) -> int:
        """Synthesise what is not there yet; returns how many were made.

        Raises SpeechUnavailable for the first text that fails; those already made stay.
        """
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._outcome(each)) for each in sorted(set(texts))]
        results = [task.result() for task in tasks]
        for result in results:
            if isinstance(result, SpeechUnavailable):
                raise result
        made = sum(result is True for result in results)
        if made:
            _log.info("texts_spoken", count=made, folder=str(self._folder))
        return made

    async def _outcome(self, text: SpokenText) -> bool | SpeechUnavailable:
        try:
            return await self._ensure(text)
        except SpeechUnavailable as error:
            return error

    async def _ensure(self, spoken: SpokenText) -> bool:
        lock = self._making.setdefault(spoken.hash, asyncio.Lock())
        try:
            async with lock, self._slots:
                if await asyncio.to_thread(self.path(spoken.hash).exists):
                    return False
                samples = await self._voice.speak(spoken.text, spoken.language)
                if len(samples) < RATE_HZ // 5 or len(samples) % 2:
                    raise SpeechUnavailable(
                        f"the voice gave {len(samples)} bytes for “{spoken.text[:60]}” "
                        f"({spoken.language}): no speech; check the text"
                    )
                try:
                    await asyncio.to_thread(self._write, spoken.hash, samples)
                except OSError as error:
                    raise SpeechUnavailable(
                        f"{self._folder} cannot be written: {error.strerror}"
                    ) from error
                return True
        finally:
            if not lock.locked():
                self._making.pop(spoken.hash, None)

    def _write(self, digest: str, samples: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes(samples)
        # Asterisk must never open half a file: write beside it, then rename.
        part = self._folder / f".{digest}.{os.getpid()}.part"
        try:
            part.write_bytes(buffer.getvalue())
            part.chmod(0o644)
            part.rename(self.path(digest))
        finally:
            part.unlink(missing_ok=True)
