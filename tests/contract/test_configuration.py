"""Configuration changed under calls in progress: dry run, one file, versions, on real Asterisk."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
import yaml

from acd.model import CallState
from plateau.stack import environment
from tests.contract.harness import EndedBy, SippAgent
from tests.contract.office import OfficeFloor, queue_entry
from tests.contract.real_floor import ROOT
from tests.contract.team import ANA, CALLER, DAN, OUTSIDER, SECOND
from tests.waiting import until

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

CLOSED = OUTSIDER
"""What the words of a closed queue sound like (Hz)."""


async def config(office: OfficeFloor, *words: str | Path) -> tuple[int, str]:
    """`plateau config` on the floor's store: its exit status and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "plateau", "config", *map(str, words)),
        cwd=ROOT,
        env={**os.environ, **environment(office.settings)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode or 0, said.decode()


async def version(office: OfficeFloor) -> int:
    """The number of the configuration in force; 0: nobody has changed anything yet."""
    answer = await office.rest("GET", "/config/versions", params={"limit": 1})
    return max((int(each["version"]) for each in answer.json()["items"]), default=0)


async def is_served(office: OfficeFloor) -> None:
    """The next caller of sales gets Ana, who is at work."""
    async with office.caller("601", tone_hz=CALLER) as caller:
        await caller.until_hears(ANA, within_s=6)
        await caller.hang_up()


async def is_told_closed(office: OfficeFloor) -> None:
    """The next caller of sales hears that it is closed."""
    async with office.caller("601", tone_hz=SECOND) as caller:
        await caller.until_hears(CLOSED, within_s=5)
        assert await caller.ended(timeout_s=4) is EndedBy.REMOTE


async def test_dry_run_says_what_would_change_and_whom_it_concerns_and_changes_nothing(
    office: OfficeFloor,
) -> None:
    before = await version(office)
    async with office.caller("601", tone_hz=CALLER) as waiting:
        await waiting.until_hears_other_sound(within_s=5)
        answer = await office.rest(
            "PUT",
            "/queues/sales",
            params={"dry_run": "true"},
            json=queue_entry("sales", closed=True, max_wait_s=1, on_max_wait={"kind": "hang_up"}),
        )
        told = answer.json()
        assert told["dry_run"] is True
        changes = {each["path"]: (each["old"], each["new"]) for each in told["changes"]}
        assert changes["/queues/sales/closed"] == (False, True)
        assert told["touches"] == ["Queue sales: 1 waiting, 0 in conversation."]
        assert await version(office) == before
        # Longer than the wait that would have been the longest.
        await waiting.until_hears_other_sound(within_s=5, for_s=1.5)
        assert (await office.only_call()).state is CallState.WAITING
        assert (await office.queue_view("sales")).open
        async with office.at_work("ana") as ana:
            await ana.until_hears(CALLER, within_s=5)
            await waiting.hang_up()
    (contact,) = await office.assert_clean()
    assert contact["outcome"] == "answered"


async def test_one_file_out_and_in_again_is_the_same_and_a_change_in_it_counts_from_the_next_call(
    office: OfficeFloor, tmp_path: Path
) -> None:
    texts = office.tone_text("Nous sommes fermés.", CLOSED)
    file = tmp_path / "floor.yaml"
    assert await config(office, "export", file) == (0, f"Written to {file}.\n")
    assert "Nothing to change." in (await config(office, "import", file))[1]
    await office.set_queue("sales", music="default", service_level_s=30)
    whole = yaml.safe_load(file.read_text())
    on_closed = {"kind": "hang_up", "texts": texts}
    whole["queues"]["sales"] |= {"closed": True, "on_closed": on_closed}
    file.write_text(yaml.safe_dump(whole, allow_unicode=True))
    before = await version(office)
    office.touched()
    async with office.at_work("ana"):
        async with office.caller("601", tone_hz=CALLER) as talking:
            await talking.until_hears(ANA, within_s=6)
            assert (await config(office, "import", file, "--comment", "Closed"))[0] == 0
            assert not (await office.queue_view("sales")).open
            # Who talks goes on talking.
            await talking.until_hears(ANA, within_s=2)
            await talking.hang_up()
        await is_told_closed(office)
        await office.configure("POST", f"/config/versions/{before}/restore")
        await is_served(office)
    rows = await office.assert_clean(contacts=3)
    assert [row["outcome"] for row in rows] == ["answered", "out_of_hours", "answered"]


async def test_file_with_one_fault_changes_nothing_and_names_the_line(
    office: OfficeFloor, tmp_path: Path
) -> None:
    file = tmp_path / "floor.yaml"
    lines = [
        "queues:",
        "  sales:",
        "    name: Ventes",
        "    closed: true",
        "    steps: [{expression: skills.sales >>= 5}]",
        "  care: {name: Clients}",
    ]
    file.write_text("\n".join(lines) + "\n")
    before = await version(office)
    code, said = await config(office, "import", file)
    assert code == 2
    assert f"{file}:5:" in said
    answer = await office.rest(
        "PUT",
        "/config",
        content=file.read_bytes(),
        headers={"Content-Type": "application/yaml"},
        status=422,
    )
    assert answer.json()["errors"][0]["line"] == 5
    assert await version(office) == before
    async with office.at_work("ana"):
        await is_served(office)
    await office.assert_clean()


async def test_key_added_while_a_caller_waits_works_for_that_caller(office: OfficeFloor) -> None:
    async with office.caller("601", tone_hz=CALLER) as caller:
        await caller.until_hears_other_sound(within_s=5)
        await caller.press("4")
        await office.set_queue("sales", exits={"4": {"kind": "queue", "id": "care"}})
        async with office.at_work("dan") as dan:
            assert dan.offers() == 0
            await caller.press("4")
            await dan.until_hears(CALLER, within_s=5)
            await caller.until_hears(DAN, within_s=3)
            await caller.hang_up()
    await office.assert_clean()
    assert await office.visits() == [("sales", "overflow", None), ("care", "answered", "dan")]


async def test_agent_made_over_rest_registers_with_the_secret_told_and_serves_at_once(
    office: OfficeFloor,
) -> None:
    skills = [{"skill": "sales", "level": 2}]
    made = await office.configure(
        "POST", "/agents", json={"id": "zoe", "name": "Zoé", "skills": skills}
    )
    sip = made["sip"]
    async with SippAgent(
        office.site, user=sip["user"], password=sip["secret"], tone_hz=ANA, ring_ms=100
    ):
        await until("zoe's phone is seen", lambda: office.phone_up("zoe"))
        await office.rest("POST", "/agents/zoe/sign-in")
        await is_served(office)
    await office.assert_clean()
