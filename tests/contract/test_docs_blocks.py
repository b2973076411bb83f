"""Every block of the documentation does what it says, against a Plateau that runs.

Blocks of a page are one shell session, in order, in a scratch folder that looks like the checkout.
The README comes first: it starts Plateau on an empty home. Only this is put in place of what is
printed: ports of the test for 8000 and 5060, and for `docker-compose` a program that holds each
command against the compose file instead of an engine. Blocks that call it have their own folder.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.installation import API_PORT, SIP_PORT, Ground, variables
from tests.doc_blocks import PAGES, ROOT, RUN, Block, blocks_of

pytestmark = pytest.mark.contract

IN_PLACE = {"127.0.0.1:8000": f"127.0.0.1:{API_PORT}", "127.0.0.1:5060": f"127.0.0.1:{SIP_PORT}"}
COMPOSE = "compose"
"""Folder of the blocks that call docker-compose."""
REFUSED = "urn:plateau:problem:"
_COMPOSE = """\
#!/bin/sh
# Says what `docker-compose "$@"` would be told by the compose file; starts nothing.
set -eu
file=docker-compose.yml profile=
while :; do
  case ${{1-}} in
    -f) file=$2; shift 2 ;;
    --profile) profile="--profile $2"; shift 2 ;;
    *) break ;;
  esac
done
case $1 in up|down|logs|run|exec|restart|ps|pull|build) ;; *) echo "no command $1"; exit 2 ;; esac
command=$1; shift
{real} -f "$file" $profile config -q
known=$({real} -f "$file" $profile config --services)
volume=
for word in "$@"; do
  if [ -n "$volume" ]; then volume=; continue; fi
  case $word in
    -v) volume=yes ;;
    -*) ;;
    *) echo "$known" | grep -qx "$word" || {{ echo "no service $word"; exit 2; }}
       case $command in run|exec) break ;; esac ;;
  esac
done
"""


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("docs")
    for place in (folder, folder / COMPOSE):
        place.mkdir(exist_ok=True)
        for entry in ROOT.iterdir():
            if entry.name not in (".venv", ".git", ".cache", ".plateau", ".env"):
                (place / entry.name).symlink_to(entry)
        (place / ".venv").symlink_to(sys.prefix)
    stubs = folder / ".stubs"
    stubs.mkdir()
    compose = stubs / "docker-compose"
    real = "/usr/bin/docker-compose"
    compose.write_text(_COMPOSE.format(real=real))
    compose.chmod(0o755)
    environment = variables(folder / "home", f"{stubs}:")
    made = Ground(folder, environment)
    try:
        yield made
    finally:
        made.run("plateau down", name="down")


def session_of(blocks: list[Block]) -> str:
    """One script of all that is run of a page, each block announced by its place."""
    parts = []
    for block in blocks:
        text = block.text
        for printed, ours in IN_PLACE.items():
            text = text.replace(printed, ours)
        if block.kind == "python":
            text = f"python - <<'END OF BLOCK'\n{text}END OF BLOCK\n"
        elif block.kind == "yaml":
            text = (
                f"cat >block.yaml <<'END OF BLOCK'\n{text}END OF BLOCK\n"
                "(export PLATEAU_HOME=$PWD/empty; mkdir empty; plateau migrate >migrated\n"
                "plateau config import block.yaml --dry-run)\n"
            )
        elif "docker-compose" in text:  # its .env is not that of a Plateau without Docker
            text = f"cd {COMPOSE}\n{text}cd ..\n"
        parts.append(f"echo '### {block.name}'\n{text}")
    return "\n".join(parts)


def runnable(page: Path) -> list[Block]:
    """What is run of a page, a whole configuration among it: it must be one to import."""
    return [
        block
        for block in blocks_of(page)
        if block.why is None and (block.kind in RUN or block.words == ("configuration",))
    ]


_RUN = sorted(filter(runnable, PAGES), key=lambda page: page.name != "README.md")
"""In the order of the pages; the last two end what runs, and begin it themselves."""
_BEFORE = {"README.md": "", "flows.md": "cp ivr/examples/bilingual.yaml my-flow.yaml"}
"""What stands in the folder before: a file that the page speaks of as the reader's own."""


@pytest.mark.parametrize("page", _RUN, ids=lambda page: page.name)
def test_a_page_works_as_copied(ground: Ground, page: Path) -> None:
    name = page.stem
    before = _BEFORE.get(page.name, "")
    said = ground.run(f"{before}\n{session_of(runnable(page))}", name=name)
    assert REFUSED not in said, said
    if page.name == "README.md":
        heard = re.search(r"the agent for ([\d.]+) s, the agent the caller for ([\d.]+)", said)
        assert heard is not None, said
        assert min(float(heard[1]), float(heard[2])) > 2
        calls, at = json.JSONDecoder().raw_decode(said, said.index('{"items":'))
        assert [(call["outcome"], call["agent_id"]) for call in calls["items"]] == [
            ("answered", "1001")
        ], calls
        figures, _ = json.JSONDecoder().raw_decode(said, said.index("{", at))
        assert [row["values"]["answered"] for row in figures["items"]] == [1], figures
