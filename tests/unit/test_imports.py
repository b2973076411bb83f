"""A command imports what it needs: each start of one waits for nothing else.

Times depend on the machine; what is imported does not.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

WEB = {"fastapi", "starlette", "uvicorn", "websockets", "api.app", "api.sign_in", "jwt"}
SQL = {"sqlalchemy", "alembic", "asyncpg", "aiosqlite"}
TELEPHONY = {"aiohttp", "uvloop", "ari", "acd.engine"}
SLOW = {"holidays", "phonenumbers", "argon2", "mako"}
NUMBERS = {"phonenumbers", "argon2"}
SETTINGS = {"pydantic", "pydantic_settings"}
"""(A part of typer uses pydantic where a command has options.)"""
FLOWS = {"ruamel.yaml", "ivr.document"}
YAML = {"yaml", "api.config_yaml"}

NEVER = {
    "--help": WEB | SQL | TELEPHONY | SLOW | SETTINGS | FLOWS | YAML | {"asyncio", "structlog"},
    "switch --help": WEB | SQL | TELEPHONY | SLOW | FLOWS | YAML | {"pydantic_settings"},
    "config import --help": WEB | SQL | TELEPHONY | SLOW | FLOWS | YAML | {"pydantic_settings"},
    "status": WEB | SQL | TELEPHONY | SLOW | FLOWS | YAML | {"structlog"},
    "switch status": WEB | SQL | TELEPHONY | SLOW | FLOWS | YAML | {"structlog"},
    "health floor": WEB | SQL | TELEPHONY | SLOW | FLOWS | YAML,
    "flow check flow.yaml": WEB
    | SQL
    | TELEPHONY
    | SLOW - {"phonenumbers"}
    | YAML
    | {"pydantic_settings"},
    "config export": WEB | TELEPHONY | SLOW - NUMBERS | {"alembic", "asyncpg", "uvloop"},
    "migrate": WEB | TELEPHONY | SLOW - NUMBERS - {"mako"} | FLOWS | YAML | {"asyncpg"},
    "floor": WEB | SLOW - {"phonenumbers"} | {"alembic", "yaml", "api"},
}

WHAT_IS_THERE = """
import sys
from plateau.cli import app
if sys.argv[1] == "floor":
    import plateau.floor_process
try:
    app(sys.argv[1:])
except SystemExit:
    pass
print("MODULES", *sys.modules)
"""


@pytest.mark.parametrize("command", NEVER)
def test_a_command_imports_only_its_own(tmp_path: Path, command: str) -> None:
    (tmp_path / "flow.yaml").write_text("flow: x\nstart: a\nnodes: {a: {kind: hang_up}}\n")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PLATEAU_")}
    answer = subprocess.run(
        [sys.executable, "-c", WHAT_IS_THERE, *command.split()],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(answer.stdout.rpartition("MODULES ")[2].split())
    assert len(loaded) > 100
    assert sorted(loaded & NEVER[command]) == []
