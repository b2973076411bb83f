"""The documents say what the code says: settings, links, names of files and functions."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from plateau.settings import Settings

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])

_FENCE = re.compile(r"^```.*?^```[ \t]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*/(?:[\w.-]+\.\w+)?")
_NAME = re.compile(r"(?:[A-Z]\w+\.)?_?[a-zA-Z]\w*(?:\(.*\))?")
_ROOMS = (
    "acd", "ari", "ivr", "recording", "api", "store", "kpi", "control", "switch", "load", "plateau",
)  # fmt: skip

_NOT_OURS = frozenset({"assert_never", "case", "if"})
"""Words of Python's that architecture.md sets as code."""


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _anchors(page: Path) -> set[str]:
    headings = _HEADING.findall(page.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    broken: list[str] = []
    for target in _LINK.findall(_FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in _anchors(there)):
            broken.append(target)
    assert not broken, f"{_name(page)} links to what is not there: {broken}"


def test_the_index_names_every_page() -> None:
    index = (DOCS / "README.md").read_text()
    missing = [
        str(page.relative_to(DOCS))
        for page in DOCS.rglob("*.md")
        if page.name != "README.md" and f"({page.relative_to(DOCS)})" not in index
    ]
    assert not missing, f"docs/README.md does not name {missing}"


def test_operations_has_every_setting_with_its_default_and_sentence() -> None:
    told = {
        cells[1].strip(): (cells[2].strip(), cells[3].strip())
        for line in (DOCS / "operations.md").read_text().splitlines()
        if line.startswith("| `PLATEAU_") and len(cells := line.split("|")) == 5
    }
    wanted = {
        f"`PLATEAU_{name.upper()}`": (
            "none" if field.default is None else f"`{field.default}`",
            field.description,
        )
        for name, field in Settings.model_fields.items()
    }
    assert told == wanted


@cache
def _readers() -> str:
    """The text of all that reads variables of the environment."""
    rooms = (*_ROOMS, "demo", "tests/sim")
    paths = [path for room in rooms for path in (ROOT / room).rglob("*.py")]
    paths += [*(ROOT / "asterisk-conf").glob("*.sh"), ROOT / "docker-compose.yml"]
    return "\n".join(path.read_text() for path in paths)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_no_variable_is_named_that_nothing_reads(page: Path) -> None:
    known = {f"PLATEAU_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"PLATEAU_[A-Z][A-Z_]*[A-Z]", page.read_text()))
    unread = sorted(name for name in named - known if name not in _readers())
    assert not unread, f"{_name(page)} names variables that nothing reads: {unread}"


def _spans() -> set[str]:
    text = _FENCE.sub("", (DOCS / "architecture.md").read_text())
    return set(_SPAN.findall(text))


def test_every_path_in_architecture_exists() -> None:
    paths = {span for span in _spans() if _PATH.fullmatch(span)}
    assert len(paths) > 50, "the paths were not recognised"
    drawn = set(
        re.findall(r"(?<![\w/])[a-z]+/[a-z_]+\.py\b", (DOCS / "architecture.md").read_text())
    )
    missing = sorted(path for path in paths | drawn if not (ROOT / path).exists())
    assert not missing, f"docs/architecture.md names files that are not there: {missing}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_file_of_ours_that_a_page_names_exists(page: Path) -> None:
    rooms = "|".join((*_ROOMS, "asterisk-conf", "bench", "demo", "deploy", "setup", "tests"))
    named = set(re.findall(rf"(?<![\w./-])(?:{rooms})/[\w./-]*\.\w+", page.read_text()))
    missing = sorted(path for path in named if not (ROOT / path).exists())
    assert not missing, f"{_name(page)} names files that are not there: {missing}"


@cache
def _defined() -> frozenset[str]:
    """Every class, function, method (`Class.method` too), assigned name and word of the product."""
    names: set[str] = set(_ROOMS)
    for room in _ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names.update(_names_of(node))
    return frozenset(names)


def _names_of(node: ast.AST) -> set[str]:
    match node:
        case ast.ClassDef(name=name, body=body):
            return {name} | {f"{name}.{inner}" for part in body for inner in _names_of(part)}
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.arg(arg=name):
            return {name}
        case ast.Constant(value=str() as word):
            return {word}
        case _:
            return set()


def test_every_function_and_class_in_architecture_exists() -> None:
    code = {span.partition("(")[0] for span in _spans() if _NAME.fullmatch(span)}
    assert len(code) > 50, "the names were not recognised"
    variables = {name for name in code if name.startswith("PLATEAU_")}  # another test's affair
    rooms = {path.stem for path in (ROOT / "acd").rglob("*.py")}
    missing = sorted(code - variables - _defined() - rooms - _NOT_OURS)
    assert not missing, f"docs/architecture.md names what the code does not: {missing}"
