"""What each act on a leg, a bridge or a playback asks of Asterisk, word for word."""

from asyncio import Future, get_running_loop
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field

import msgspec
import pytest

from ari import bridges, channels, playbacks
from ari.channels import Direction, EndRecordingOn, TransferState
from ari.playbacks import Control
from ari.wire import AriResponse, Json

pytestmark = pytest.mark.unit

_CHANNEL = {
    "id": "s/1",
    "name": "Snoop/a-00000000",
    "state": "Up",
    "protocol_id": "",
    "caller": {"name": "", "number": ""},
    "connected": {"name": "", "number": ""},
    "accountcode": "",
    "dialplan": {"context": "default", "exten": "s", "priority": 1, "app_name": "", "app_data": ""},
    "creationtime": "2026-11-22T15:35:45.357+0000",
    "language": "fr",
}
_RECORDING = {"name": "v-1", "format": "wav", "state": "queued", "target_uri": "channel:c"}


@dataclass
class Notebook:
    """Stands for a connection: writes requests down and replies with `body`."""

    body: object = None
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json = None,
        pin: str,
    ) -> Awaitable[AriResponse]:
        assert pin == "call"
        assert body is None
        self.asked.append((method, path, dict(query or {})))
        reply: Future[AriResponse] = get_running_loop().create_future()
        reply.set_result(AriResponse(200, msgspec.json.encode(self.body)))
        return reply


async def test_a_supervisors_ear_and_voice_are_named_as_asterisk_names_them() -> None:
    conn = Notebook(_CHANNEL)
    made = await channels.snoop(
        conn, "a", "s/1", app="plateau", pin="call",
        spy=Direction.BOTH, whisper=Direction.OUT, app_args="snoop,c-1",
    )  # fmt: skip
    assert made.id == "s/1"
    await channels.snoop(conn, "a", "s/1", app="plateau", pin="call", spy=Direction.IN)
    path = "/channels/a/snoop/s%2F1"
    first = {"spy": "both", "whisper": "out", "app": "plateau", "appArgs": "snoop,c-1"}
    assert conn.asked == [
        ("POST", path, first),
        ("POST", path, {"spy": "in", "app": "plateau"}),
    ]


async def test_a_voicemail_ends_by_key_silence_or_length() -> None:
    conn = Notebook(_RECORDING)
    live = await channels.record(
        conn, "c", "v-1", pin="call", beep=True,
        max_duration_s=120, max_silence_s=4, end_on=EndRecordingOn.HASH,
    )  # fmt: skip
    assert live.state == "queued"
    [(method, path, query)] = conn.asked
    assert (method, path) == ("POST", "/channels/c/record")
    assert query == {
        "name": "v-1",
        "format": "wav",
        "ifExists": "fail",
        "maxDurationSeconds": "120",
        "maxSilenceSeconds": "4",
        "beep": "true",
        "terminateOn": "#",
    }


async def test_acts_without_a_reply() -> None:
    conn = Notebook()
    await channels.start_silence(conn, "a", pin="call")
    await channels.stop_silence(conn, "a", pin="call")
    await channels.show_connected(conn, "a", '"Léa" <+33612345678>', pin="call")
    await channels.tell_transfer(conn, "a", TransferState.DECLINED, pin="call")
    await playbacks.control(conn, "p", Control.FORWARD, pin="call")
    await bridges.add_channels(
        conn, "b", ["a", "c"], pin="call", absorb_dtmf=True, inhibit_connected_line_updates=True
    )
    connected = {"variable": "CONNECTEDLINE(all)", "value": '"Léa" <+33612345678>'}
    joined = {"channel": "a,c", "absorbDTMF": "true", "inhibitConnectedLineUpdates": "true"}
    assert conn.asked == [
        ("POST", "/channels/a/silence", {}),
        ("DELETE", "/channels/a/silence", {}),
        ("POST", "/channels/a/variable", connected),
        ("POST", "/channels/a/transfer_progress", {"states": "channel_declined"}),
        ("POST", "/playbacks/p/control", {"operation": "forward"}),
        ("POST", "/bridges/b/addChannel", joined),
    ]
