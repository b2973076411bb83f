"""Bodies that are whole documents: YAML or JSON, as they were sent, so that lines can be named."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Request

from api.bodies import text_of
from api.problems import not_a_document

YAML: Final = "application/yaml"
JSON: Final = "application/json"
BYTES: Final = "application/octet-stream"
YAML_TYPES: Final = (YAML, "application/x-yaml", "text/yaml")
_HOW: Final = (
    "As YAML (`application/yaml`, `text/yaml`; a file of which no type is known: "
    "`application/octet-stream`) or as JSON. UTF-8."
)


def body_of(schema: str) -> dict[str, Any]:
    """How `/openapi.json` tells such a body; `schema` is the name of what it holds as JSON."""
    return {
        "requestBody": {
            "required": True,
            "description": _HOW,
            "content": {
                JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}},
                BYTES: {
                    "schema": {"type": "string", "format": "binary", "description": "YAML text"}
                },
            },
        }
    }


async def document(request: Request) -> tuple[str, str]:
    """The text, and `JSON` or `YAML`. Raises Problem 415, or 422 for what is not UTF-8."""
    kind = request.headers.get("content-type", YAML).partition(";")[0].strip().lower()
    if kind not in (*YAML_TYPES, BYTES, JSON):
        raise not_a_document(kind)
    return text_of(await request.body()), JSON if kind == JSON else YAML
