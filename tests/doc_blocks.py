"""The fenced blocks of the documentation, with their kind and why one of them is not run.

Decides how Markdown is read; refuses to know how a block is run. A block begins with its kind
(```sh). `<!-- not run: WHY -->` on the line above says why one that could be run is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

RUN = frozenset({"sh", "python"})
"""Kinds that are run."""
CHECKED = frozenset({"yaml", "json", "dotenv", "expression"})
"""Kinds that are read by what would read them."""
SHOWN = frozenset({"text", "mermaid", "nginx", "sip"})
"""Kinds of what is no input of ours: output, drawings, other programs' files."""
YAML_KINDS = frozenset({"flow", "nodes", "hours", "configuration"})
"""What a block of YAML is: the second word of its first line."""

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>.*)$")
_MARK = re.compile(r"^ *<!-- not run: (?P<why>.+) -->$")


@dataclass(frozen=True, slots=True)
class Block:
    """One block. `line` is that of its fence; `why` None: it is run or checked, or only shown."""

    page: Path
    line: int
    kind: str
    words: tuple[str, ...]
    text: str
    why: str | None

    @property
    def name(self) -> str:
        """Page and line, as an editor opens them."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    """Every fenced block of a page, in order. Raises ValueError for one without an end."""
    found: list[Block] = []
    lines = page.read_text().splitlines()
    number = 0
    while number < len(lines):
        opened = _FENCE.match(lines[number])
        if opened is None:
            number += 1
            continue
        first, indent = number, opened["indent"]
        number += 1
        inner: list[str] = []
        while number < len(lines) and lines[number].rstrip() != f"{indent}```":
            inner.append(lines[number].removeprefix(indent))
            number += 1
        if number == len(lines):
            raise ValueError(f"{page}:{first + 1}: a block without an end")
        number += 1
        mark = _MARK.match(lines[first - 1]) if first else None
        kind, *words = opened["info"].split() or [""]
        why = None if mark is None else mark["why"].strip()
        text = "\n".join(inner) + "\n"
        found.append(Block(page, first + 1, kind, tuple(words), text, why))
    return found


def all_blocks() -> list[Block]:
    """Every block of every page."""
    return [block for page in PAGES for block in blocks_of(page)]
