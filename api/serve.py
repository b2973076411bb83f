"""Runs the web process: uvicorn on one address, until it is told to stop."""

from __future__ import annotations

import uvicorn

from api.app import create_app
from api.settings import ApiSettings


def server(settings: ApiSettings, host: str, port: int) -> uvicorn.Server:
    """A server that has not been started. WebSocket messages from clients are kept small."""
    config = uvicorn.Config(
        create_app(settings),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # X-Forwarded-For is believed from settings.trusted_proxies only
        ws="websockets-sansio",
        ws_max_size=4096,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=30,
    )
    return uvicorn.Server(config)


def serve(settings: ApiSettings, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve until SIGINT or SIGTERM."""
    server(settings, host, port).run()
