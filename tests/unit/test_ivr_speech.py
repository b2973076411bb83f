"""Texts become files once, whole, and failures say what to do; flows come into use behind them."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Sequence
from pathlib import Path

import pytest

from acd.flow import FlowCaller, FlowRunner, PromptDone, Say
from acd.model import FlowId
from ivr.document import Known
from ivr.faults import FlowInvalid
from ivr.model import SpokenText, media_hash
from ivr.service import FlowLibrary
from ivr.speech import EspeakVoice, Speech, SpeechUnavailable
from plateau.stored_flows import bring_in
from store.rows import FlowDocument

pytestmark = pytest.mark.unit

HELLO = SpokenText(media_hash("fr", "v", "Bonjour"), "fr", "Bonjour")
BYE = SpokenText(media_hash("fr", "v", "Au revoir"), "fr", "Au revoir")
TEST = FlowId("test")
CALLER = FlowCaller(dnis="1", number=None, name=None)
FLOW = "flow: test\nstart: a\nnodes:\n  a: {kind: hang_up, text: Bonjour}\n"


class CountingVoice:
    """Gives half a second of a constant and keeps what it was asked."""

    def __init__(self, samples: bytes = b"\1\0" * 4000, fails: str | None = None) -> None:
        self.spoken: list[str] = []
        self.samples = samples
        self.fails = fails

    async def speak(self, text: str, language: str) -> bytes:
        self.spoken.append(text)
        await asyncio.sleep(0)
        if text == self.fails:
            raise SpeechUnavailable("the voice is hoarse")
        return self.samples


async def test_a_text_is_made_once_and_is_a_file_for_asterisk(tmp_path: Path) -> None:
    voice = CountingVoice()
    speech = Speech(voice, tmp_path)
    assert sorted(await asyncio.gather(speech.ensure([HELLO, HELLO]), speech.ensure([HELLO]))) == [
        0,
        1,
    ]
    assert voice.spoken == ["Bonjour"]
    path = tmp_path / "plateau-tts" / f"{HELLO.hash}.wav"
    assert speech.path(HELLO.hash) == path
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        assert file.getnframes() == 4000
    assert list(path.parent.iterdir()) == [path]


class PairedVoice:
    """Speaks only when two speak at once; counts how many ever did."""

    def __init__(self) -> None:
        self.pair = asyncio.Barrier(2)
        self.now = self.most_at_once = 0

    async def speak(self, text: str, language: str) -> bytes:
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)
        await self.pair.wait()
        self.now -= 1
        return bytes(16_000)


async def test_no_more_programs_than_allowed(tmp_path: Path) -> None:
    voice = PairedVoice()
    texts = [SpokenText(f"{number:032x}", "fr", str(number)) for number in range(8)]
    async with asyncio.timeout(30):
        assert await Speech(voice, tmp_path, parallel=2).ensure(texts) == 8
    assert voice.most_at_once == 2


async def test_one_failure_is_told_and_the_others_stay(tmp_path: Path) -> None:
    speech = Speech(CountingVoice(fails="Bonjour"), tmp_path)
    with pytest.raises(SpeechUnavailable, match="hoarse"):
        await speech.ensure([HELLO, BYE])
    assert speech.path(BYE.hash).exists()
    assert not speech.path(HELLO.hash).exists()


async def test_silence_is_not_kept(tmp_path: Path) -> None:
    speech = Speech(CountingVoice(samples=b""), tmp_path)
    with pytest.raises(SpeechUnavailable, match="no speech"):
        await speech.ensure([HELLO])
    assert not speech.path(HELLO.hash).exists()


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "plateau-tts").write_text("a file where the folder should be")
    with pytest.raises(SpeechUnavailable, match="plateau-tts cannot be written"):
        await Speech(CountingVoice(), tmp_path).ensure([HELLO])


def replaced(*command: str) -> EspeakVoice:
    """A voice whose programs are all `command`."""

    def wrap(_: Sequence[str]) -> Sequence[str]:
        return command

    return EspeakVoice(wrap, timeout_s=0.2 if "sleep" in command else 10)


async def test_programs_that_are_missing_fail_or_hang_are_told_apart() -> None:
    with pytest.raises(SpeechUnavailable, match="install Debian's package espeak-ng"):
        await replaced("sh", "-c", "exit 127").speak("x", "fr")
    with pytest.raises(SpeechUnavailable, match="no-such-program is missing"):
        await replaced("no-such-program").speak("x", "fr")
    with pytest.raises(SpeechUnavailable, match=r"espeak-ng failed \(3\): no lungs"):
        await replaced("sh", "-c", "echo no lungs >&2; exit 3").speak("x", "fr")
    with pytest.raises(SpeechUnavailable, match=r"did not end within 0\.2 s"):
        await replaced("sleep", "60").speak("x", "fr")
    with pytest.raises(SpeechUnavailable, match="no voice speaks “de”; there are: en, fr"):
        await EspeakVoice().speak("x", "de")


async def test_the_text_goes_by_standard_input_never_as_an_option() -> None:
    seen: list[Sequence[str]] = []

    def wrap(command: Sequence[str]) -> Sequence[str]:
        seen.append(command)
        return ("cat",)

    assert await EspeakVoice(wrap).speak("--version é", "fr") == "--version é".encode()
    assert [command[0] for command in seen] == ["espeak-ng", "sox"]
    assert all("--version é" not in command for command in seen)


async def test_a_flow_comes_into_use_once_it_can_be_heard(tmp_path: Path) -> None:
    voice = CountingVoice()
    library = FlowLibrary(Speech(voice, tmp_path))
    runner: FlowRunner = library
    await library.publish(TEST, 1, FLOW)
    old = runner.begin(TEST, CALLER, 1000)
    await library.publish(TEST, 2, FLOW.replace("Bonjour", "Au revoir"))
    assert voice.spoken == ["Bonjour", "Au revoir"]
    assert old.state is not None
    assert runner.resume(old.state, PromptDone(), CALLER, 2000).walked[0].version == 1
    new = runner.begin(TEST, CALLER, 3000)
    assert new.state is not None
    assert new.state.version == 2
    say = new.actions[-1]
    assert isinstance(say, Say)
    assert (tmp_path / "plateau-tts" / f"{say.media[0].removeprefix('tts:')}.wav").exists()
    assert library.retire([(TEST, 1)]) == 0
    assert library.retire([]) == 1
    assert library.flow_set.newest == {TEST: 2}


def document(version: int, text: str) -> FlowDocument:
    return FlowDocument(flow_id=TEST, version=version, document=text, latest=False)


async def test_of_stored_flows_the_newest_is_held_and_those_that_calls_are_in(
    tmp_path: Path,
) -> None:
    library = FlowLibrary(Speech(CountingVoice(), tmp_path))
    stored = [document(n, FLOW.replace("Bonjour", f"Bonjour {n}")) for n in range(1, 6)]
    assert await bring_in(library, stored, frozenset({(TEST, 2)})) == []
    assert library.flow_set.keys == {(TEST, 2), (TEST, 5)}
    library.retire([])
    assert library.flow_set.keys == {(TEST, 5)}


async def test_where_the_newest_version_cannot_be_used_the_one_before_serves(
    tmp_path: Path,
) -> None:
    library = FlowLibrary(Speech(CountingVoice(fails="Muet"), tmp_path))
    stored = [
        document(1, FLOW),
        document(2, FLOW.replace("Bonjour", "Bonsoir")),
        document(3, FLOW.replace("Bonjour", "Muet")),
        document(4, "flow: test"),
    ]
    invalid, silent = await bring_in(library, stored, frozenset())
    assert "version 4 is invalid" in invalid
    assert "version 3 cannot be spoken" in silent
    assert library.flow_set.keys == {(TEST, 2)}


async def test_a_version_that_is_here_with_the_same_text_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = FlowLibrary(Speech(CountingVoice(), tmp_path))
    flow = await library.restore(TEST, 1, FLOW)
    with monkeypatch.context() as planted:
        planted.setattr("ivr.service.load", None)
        assert await library.restore(TEST, 1, FLOW) is flow
    with pytest.raises(ValueError, match="another content"):
        await library.restore(TEST, 1, FLOW.replace("Bonjour", "Bonsoir"))


async def test_what_cannot_be_used_leaves_everything_as_it_was(tmp_path: Path) -> None:
    library = FlowLibrary(
        Speech(CountingVoice(fails="Muet"), tmp_path), known=lambda: Known(queues=frozenset())
    )
    await library.publish(TEST, 1, FLOW)
    before = library.flow_set
    queue = "flow: test\nstart: a\nnodes:\n  a: {kind: queue, queue: gone}\n"
    with pytest.raises(SpeechUnavailable):
        await library.publish(TEST, 2, FLOW.replace("Bonjour", "Muet"))
    with pytest.raises(FlowInvalid):
        await library.publish(TEST, 2, queue)
    with pytest.raises(ValueError, match="another content"):
        await library.publish(TEST, 1, FLOW.replace("Bonjour", "Au revoir"))
    assert library.flow_set is before
    # After a restart a queue that is gone since must not end calls that are still in the flow.
    await library.restore(TEST, 2, queue)
    assert library.flow_set.newest == {TEST: 2}


async def test_the_floors_own_texts_can_be_said_once_they_are_audible(tmp_path: Path) -> None:
    voice = CountingVoice(fails="Muet")
    library = FlowLibrary(Speech(voice, tmp_path))
    runner: FlowRunner = library
    assert runner.spoken("Patientez.", "fr") == ()
    texts = [("fr", f"Texte {n}.") for n in range(40)]
    said = await library.prepare([*texts, ("fr", "Patientez  ."), ("fr", "Muet"), ("xx", "Non.")])
    assert len(said) == 1
    assert "1 texts" in said[0]
    assert "Muet" in said[0]
    (media,) = runner.spoken("Patientez .", "fr")
    assert (tmp_path / "plateau-tts" / f"{media.removeprefix('tts:')}.wav").exists()
    assert all(runner.spoken(text, "fr") for _, text in texts)
    assert runner.spoken("Muet", "fr") == ()
    assert runner.spoken("Non.", "xx") == ()
    made = len(voice.spoken)
    assert await library.prepare(texts) == []
    assert len(voice.spoken) == made


async def test_without_a_voice_somebody_else_makes_texts_audible() -> None:
    library = FlowLibrary(None)
    assert await library.prepare([("en", "Hello.")]) == []
    assert library.spoken("Hello.", "en")
