"""What waits at a UDP port to be read, as the harness sees it before it sends more."""

from __future__ import annotations

import socket

import pytest

from load.site import unread_bytes

pytestmark = pytest.mark.unit


def test_what_waits_at_a_port_is_seen_until_it_is_read() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reader,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        reader.bind(("127.0.0.1", 0))
        port = reader.getsockname()[1]
        assert unread_bytes(port) == 0
        for _ in range(3):
            sender.sendto(b"x" * 400, ("127.0.0.1", port))
        assert unread_bytes(port) >= 3 * 400
        for _ in range(3):
            reader.recv(2048)
        assert unread_bytes(port) == 0
