"""What the harness's own tests stand on: extensions and phones put into the running Asterisk.

Decides only how they get there and away again; each test file says what its extensions do.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import aiohttp

from switch import lifecycle
from switch.model import RunningSwitch, SwitchConfig
from tests.contract.harness import Account

CONTEXT = "from-trunk"


@contextmanager
def extensions(
    config: SwitchConfig, dialplan: Mapping[str, Sequence[str]], modules: Sequence[str]
) -> Iterator[None]:
    """The extensions, and the modules they need, taken out again afterwards."""
    shown = lifecycle.console(config, "module show")
    loaded: list[str] = []
    try:
        for name in modules:
            if name + ".so" not in shown:
                answer = lifecycle.console(config, f"module load {name}.so")
                assert "Loaded" in answer, answer
                loaded.append(name)
        for extension, steps in dialplan.items():
            for number, step in enumerate(steps, start=1):
                _add(config, extension, number, step)
        yield
    finally:
        for extension in dialplan:
            lifecycle.console(config, f"dialplan remove extension {extension}@{CONTEXT}")
        for name in reversed(loaded):
            lifecycle.console(config, f"module unload {name}.so")


def _add(config: SwitchConfig, extension: str, number: int, step: str) -> None:
    # The console takes a comma for the end of an argument unless the word is quoted.
    quoted = step.replace("\\", "\\\\").replace('"', '\\"')
    answer = lifecycle.console(
        config, f'dialplan add extension {extension},{number},"{quoted}" into {CONTEXT}'
    )
    assert "added" in answer, answer


async def make_phone(
    running: RunningSwitch, account: Account, *, connected_line_method: str = "invite"
) -> None:
    """An endpoint whose calls find the extensions; it is told who it talks with by that method."""
    name, password = account.user, account.password
    objects = {
        "auth": {"auth_type": "userpass", "username": name, "password": password},
        "aor": {"max_contacts": "1", "remove_existing": "yes"},
        "endpoint": {
            "context": CONTEXT,
            "aors": name,
            "auth": name,
            "allow": "ulaw",
            "direct_media": "no",
            "send_pai": "yes",
            "trust_id_outbound": "yes",
            "connected_line_method": connected_line_method,
        },
    }
    token = base64.b64encode(f"{running.ari_user}:{running.ari_password}".encode()).decode()
    async with aiohttp.ClientSession(headers={"Authorization": f"Basic {token}"}) as http:
        for kind, fields in objects.items():
            path = f"asterisk/config/dynamic/res_pjsip/{kind}/{name}"
            body = {"fields": [{"attribute": key, "value": text} for key, text in fields.items()]}
            async with http.put(running.ari_url + path, json=body) as answer:
                assert answer.status == 200, await answer.text()
