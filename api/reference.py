"""`/docs`: the reference of the API for people, drawn from `/openapi.json`. No script, no CDN.

What it says is the description's; here is only how it is set on a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

Tree = dict[str, Any]

_REF: Final = "#/components/schemas/"
_METHODS: Final = ("get", "post", "put", "patch", "delete")


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """The page."""
    return HTMLResponse(page(request.app.openapi()), headers={"cache-control": "no-cache"})


def page(told: Tree) -> str:
    """The description as HTML."""
    schemas = told["components"]["schemas"]
    tags = [tag["name"] for tag in told["tags"]]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<title>Plateau: REST reference</title>",
        '<link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/docs.css"></head><body>',
        f"<nav><h1>Plateau {escape(told['info']['version'])}</h1>",
        '<p><a href="/openapi.json">openapi.json</a> · <a href="#schemas">schemas</a></p>',
    ]
    parts += [f'<p><a href="#{_anchor(tag)}">{escape(tag)}</a></p>' for tag in tags]
    parts.append(f"</nav><main><p>{escape(told['info']['description'])}</p>")
    for tag in told["tags"]:
        name = tag["name"]
        parts.append(f'<h2 id="{_anchor(name)}">{escape(name)}</h2>')
        parts.append(f"<p>{escape(tag['description'])}</p>")
        parts += [
            _operation(method, path, operation)
            for method, path, operation in _operations(told)
            if name in operation.get("tags", ())
        ]
    parts.append('<h2 id="schemas">Schemas</h2>')
    parts += [_schema(name, schema) for name, schema in schemas.items()]
    parts.append("</main></body></html>")
    return "\n".join(parts)


def _operations(told: Tree) -> Iterator[tuple[str, str, Tree]]:
    for path, methods in told["paths"].items():
        for method in _METHODS:
            if method in methods:
                yield method, path, methods[method]


def _anchor(tag: str) -> str:
    return "tag-" + tag.replace(" ", "-")


def _operation(method: str, path: str, operation: Tree) -> str:
    name = escape(operation["operationId"])
    parts = [
        f'<details id="{name}"><summary><b class="{method}">{method.upper()}</b> ',
        f"<code>{escape(path)}</code> {escape(operation.get('summary', ''))}</summary>",
        f"<p>{escape(operation.get('description', ''))} <i>{name}</i></p>",
    ]
    if operation.get("parameters"):
        given = [
            (
                f"<code>{escape(one['name'])}</code>{'' if one.get('required') else ' ?'}",
                escape(one["in"]),
                _type(one["schema"]),
                escape(one.get("description") or one["schema"].get("description", "")),
            )
            for one in operation["parameters"]
        ]
        parts.append(_table(("parameter", "in", "type", ""), given))
    body = operation.get("requestBody")
    if body is not None:
        bodies = [
            (f"<code>{escape(kind)}</code>", _type(held.get("schema", {})))
            for kind, held in body["content"].items()
        ]
        parts.append(f"<p>{escape(body.get('description', ''))}</p>")
        parts.append(_table(("body", "type"), bodies))
    answers = [
        (
            f"<b>{escape(status)}</b>",
            escape(answer["description"]),
            ", ".join(dict.fromkeys(_type(c.get("schema", {})) for c in _content(answer))),
        )
        for status, answer in operation["responses"].items()
    ]
    parts.append(_table(("answer", "", "type"), answers))
    return "".join(parts) + "</details>"


def _content(answer: Tree) -> list[Tree]:
    return list(answer.get("content", {}).values())


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    cells = "".join(f"<th>{title}</th>" for title in head)
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table>"


def _type(schema: Tree) -> str:
    """The type in few words, with links to named ones."""
    if "$ref" in schema:
        name = escape(schema["$ref"].removeprefix(_REF))
        return f'<a href="#schema-{name}">{name}</a>'
    for kind in ("anyOf", "oneOf", "allOf"):
        if kind in schema:
            return " | ".join(_type(one) for one in schema[kind])
    if "const" in schema:
        return f"<code>{escape(str(schema['const']))}</code>"
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"map of {_type(schema['additionalProperties'])}"
    return escape(str(schema.get("format") or schema.get("type") or "anything"))


def _limits(schema: Tree) -> str:
    told = [
        f"{word} {schema[key]}"
        for key, word in (
            ("minimum", "from"), ("maximum", "to"), ("maxLength", "length at most"),
            ("maxItems", "items at most"), ("pattern", "pattern"), ("default", "left out:"),
        )
        if key in schema
    ]  # fmt: skip
    return escape("; ".join(told))


def _schema(name: str, schema: Tree) -> str:
    parts = [
        f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code></summary>',
        f"<p>{escape(schema.get('description', ''))}</p>",
    ]
    needed = schema.get("required", ())
    rows = [
        (
            f"<code>{escape(field)}</code>{'' if field in needed else ' ?'}",
            _type(shape),
            escape(shape.get("description", "")),
            _limits(shape),
        )
        for field, shape in schema.get("properties", {}).items()
    ]
    parts.append(_table(("field", "type", "", ""), rows) if rows else f"<p>{_type(schema)}</p>")
    return "".join(parts) + "</details>"
