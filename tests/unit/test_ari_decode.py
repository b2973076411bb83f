"""Frames captured from Asterisk 22.10.1, and frames no Asterisk should send."""

import msgspec
import pytest

from ari.counters import LATENCY_BUCKETS_MS, Counters
from ari.decode import DEFAULT_EVENT_TYPES, EVENT_TYPES, NOISY_TYPES, decode, utc_ms
from ari.events_gen import (
    ChannelDestroyed,
    ChannelState,
    EndpointStateChange,
    PlaybackFinished,
    RecordingFinished,
    RESTResponse,
    StasisStart,
)

pytestmark = pytest.mark.unit

_CHANNEL = (
    '"channel":{"id":"ag-c2","name":"PJSIP/static-0000014a","state":"Up",'
    '"protocol_id":"0f28c572-8789-4a3e-8f32-a90cdaf16307","caller":{"name":"","number":""},'
    '"connected":{"name":"","number":""},"accountcode":"","dialplan":{"context":"in","exten":"s",'
    '"priority":1,"app_name":"AppDial2","app_data":"(Outgoing Line)"},'
    '"creationtime":"2026-11-22T15:54:11.896+0000","language":"en"}'
)
STASIS_START = (
    '{"type":"StasisStart","timestamp":"2026-11-22T15:54:11.459+0000","args":["in","1000"],'
    '"channel":{"id":"1795362851.331","name":"PJSIP/trunk-00000149","state":"Ring",'
    '"protocol_id":"1-2933@127.0.0.1","caller":{"name":"","number":"0612345678"},'
    '"connected":{"name":"","number":""},"accountcode":"","dialplan":{"context":"in",'
    '"exten":"1000","priority":2,"app_name":"Stasis","app_data":"plateau,in,1000"},'
    '"creationtime":"2026-11-22T15:54:11.458+0000","language":"en"},'
    '"asterisk_id":"02:fc:00:00:00:01","application":"plateau"}'
)
DESTROYED_BUSY = (
    '{"type":"ChannelDestroyed","timestamp":"2026-11-22T15:54:13.901+0000","cause":17,'
    f'"cause_txt":"User busy","tech_cause":486,{_CHANNEL},'
    '"asterisk_id":"02:fc:00:00:00:01","application":"plateau"}'
)
RECORDING_FINISHED = (
    '{"type":"RecordingFinished","timestamp":"2026-11-22T15:54:13.900+0000","recording":{"name":'
    '"rec-c2","format":"wav","state":"done","target_uri":"bridge:br-c2","duration":1},'
    '"asterisk_id":"02:fc:00:00:00:01","application":"plateau"}'
)
ENDPOINT_STATE = (
    '{"type":"EndpointStateChange","timestamp":"2026-11-22T15:54:11.458+0000","endpoint":'
    '{"technology":"PJSIP","resource":"trunk","state":"offline","channel_ids":["1795362851.331"]},'
    '"asterisk_id":"02:fc:00:00:00:01","application":"plateau-phones"}'
)
PLAYBACK_FINISHED = (
    '{"type":"PlaybackFinished","timestamp":"2026-11-22T15:54:11.888+0000","playback":{"id":"pb-c",'
    '"media_uri":"sound:beep","target_uri":"channel:1795362851.331","language":"fr","state":"done"'
    '},"asterisk_id":"02:fc:00:00:00:01","application":"plateau"}'
)
REST_RESPONSE = (
    '{"type":"RESTResponse","transaction_id":"t","request_id":"2","status_code":404,'
    '"reason_phrase":"Not Found","uri":"channels/x","content_type":"application/json",'
    '"message_body":"{\\"message\\":\\"Channel not found\\"}","application":"plateau-cmd-0",'
    '"timestamp":"2026-11-22T15:35:45.360+0000","asterisk_id":"02:fc:00:00:00:01"}'
)


def test_stasis_start_keeps_arguments_caller_and_dialled_number() -> None:
    event = decode(STASIS_START, Counters())
    assert isinstance(event, StasisStart)
    assert event.args == ("in", "1000")
    assert event.channel.caller.number == "0612345678"
    assert event.channel.dialplan.exten == "1000"
    assert event.channel.state == ChannelState.RING
    assert event.replace_channel is None


def test_channel_destroyed_tells_both_causes() -> None:
    event = decode(DESTROYED_BUSY.encode(), Counters())
    assert isinstance(event, ChannelDestroyed)
    assert (event.cause, event.tech_cause, event.channel.id) == (17, 486, "ag-c2")


def test_recording_playback_and_endpoint_frames() -> None:
    recording = decode(RECORDING_FINISHED, Counters())
    playback = decode(PLAYBACK_FINISHED, Counters())
    endpoint = decode(ENDPOINT_STATE, Counters())
    assert isinstance(recording, RecordingFinished)
    assert (recording.recording.name, recording.recording.duration) == ("rec-c2", 1)
    assert isinstance(playback, PlaybackFinished)
    assert (playback.playback.state, playback.playback.language) == ("done", "fr")
    assert isinstance(endpoint, EndpointStateChange)
    assert (endpoint.endpoint.resource, endpoint.endpoint.state) == ("trunk", "offline")


def test_a_reply_is_told_from_an_event() -> None:
    reply = decode(REST_RESPONSE, Counters())
    assert isinstance(reply, RESTResponse)
    assert (reply.request_id, reply.status_code) == ("2", 404)


def test_events_are_frozen() -> None:
    event = decode(ENDPOINT_STATE, Counters())
    assert isinstance(event, EndpointStateChange)
    with pytest.raises(AttributeError):
        event.application = "other"  # type: ignore[misc]


def test_a_value_nobody_described_does_not_lose_the_event() -> None:
    frame = STASIS_START.replace('"state":"Ring"', '"state":"Levitating","wings":2')
    event = decode(frame, Counters())
    assert isinstance(event, StasisStart)
    assert event.channel.state == "Levitating"


def test_unknown_types_are_counted_by_name() -> None:
    counters = Counters()
    frame = '{"type":"ChannelTeleported","application":"plateau","timestamp":"x"}'
    assert decode(frame, counters) is None
    assert decode(frame, counters) is None
    assert counters.unknown_events == {"ChannelTeleported": 2}
    assert counters.malformed_frames == 0


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "not json",
        "[]",
        "{}",
        '{"type":7}',
        '{"type":"StasisStart"}',
        STASIS_START[:-40],
        STASIS_START.replace('"args":["in","1000"]', '"args":"in"'),
        b'{"type":"\xff\xfe"}',
    ],
)
def test_malformed_frames_are_counted_and_passed_over(frame: str | bytes) -> None:
    counters = Counters()
    assert decode(frame, counters) is None
    assert counters.malformed_frames == 1
    assert not counters.unknown_events


def test_the_default_filter_leaves_the_noise_out() -> None:
    assert NOISY_TYPES <= EVENT_TYPES
    assert not DEFAULT_EVENT_TYPES & NOISY_TYPES
    assert {"StasisStart", "StasisEnd", "ChannelDestroyed", "RecordingFinished"} <= (
        DEFAULT_EVENT_TYPES
    )
    assert "RESTResponse" not in EVENT_TYPES


def test_timestamps_become_utc_milliseconds() -> None:
    assert utc_ms("1970-01-01T00:00:00.000+0000") == 0
    assert utc_ms("2026-11-22T15:35:45.357+0000") == 1_795_361_745_357
    assert utc_ms("2026-11-22T16:35:45.357+0100") == 1_795_361_745_357


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-22T15:35:45.357"])
def test_a_time_without_offset_or_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"offset|Invalid"):
        utc_ms(text)


def test_latencies_fall_into_their_buckets() -> None:
    counters = Counters()
    for elapsed_ms in (0.5, 1.0, 1.5, 9_999.0):
        counters.observe_latency(elapsed_ms)
    assert counters.latency_counts[:2] == [2, 1]
    assert counters.latency_counts[-1] == 1
    assert len(counters.latency_counts) == len(LATENCY_BUCKETS_MS) + 1
    assert counters.latency_sum_ms == 10_002.0


def test_events_go_back_to_json_as_they_came() -> None:
    event = decode(ENDPOINT_STATE, Counters())
    assert msgspec.json.decode(msgspec.json.encode(event)) == msgspec.json.decode(ENDPOINT_STATE)


def _called(name: bytes) -> bytes:
    before = b'"caller":{"name":"'
    return STASIS_START.encode().replace(before, before + name, 1)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        (b"Zo\xc3\xab", "Zoë"),
        (b"Zo\xeb \xff\xfe", "Zo\ufffd \ufffd\ufffd"),  # Latin-1, as old telephones write
        (b"VIP \xf0\x9f\x91\x91", "VIP \U0001f451"),
        (b"VIP \\ud83d\\udc51", "VIP \U0001f451"),
        (b"VIP \\ud83d", "VIP \ufffd"),
        (b"\\udc51\\ud83d", "\ufffd\ufffd"),
        (b"\xed\xa0\xbd", "\ufffd\ufffd\ufffd"),  # half a character as UTF-8 would write it
        (b"a\\u0000b\\u001b[2Jc\\u007f\\b\x7f", "a\ufffdb\ufffd[2Jc\ufffd\ufffd\ufffd"),
        (b"\\\\u0000 \\\\ud83d", "\\u0000 \\ud83d"),  # a backslash that was meant
        (b"a\\tb\\n\\u202e\\u0009\\u000A\\u000d", "a\tb\n\u202e\t\n\r"),
    ],
)
def test_whatever_a_stranger_is_called_the_call_is_heard_of(name: bytes, read: str) -> None:
    counters = Counters()
    event = decode(_called(name), counters)
    assert isinstance(event, StasisStart)
    assert event.channel.caller.name == read
    assert counters.malformed_frames == 0


def test_nesting_without_end_is_a_malformed_frame() -> None:
    counters = Counters()
    assert decode(b'{"type":"StasisStart","x":' + b"[" * 200_000, counters) is None
    assert counters.malformed_frames == 1
