"""The API's documentation as one plain page: made here, so that it needs no script and no other host."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d2330}
code,pre{font:14px/1.4 ui-monospace,monospace;background:#f3f4f7;border-radius:4px}code{padding:0 .25em}
pre{padding:.75rem;overflow:auto}h3{margin-top:2rem;border-top:1px solid #dde;padding-top:1rem}
b.m{display:inline-block;min-width:4.5rem}
table{border-collapse:collapse}td{padding:.1rem .75rem .1rem 0}
td{vertical-align:top}"""


def page(schema: Mapping[str, Any]) -> str:
    """Write an OpenAPI document as a page."""
    return "".join(_whole(schema))


def _whole(schema: Mapping[str, Any]) -> Iterator[str]:
    title = escape(f"{schema['info']['title']} {schema['info']['version']}")
    yield f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>"
    yield f"<h1>{title}</h1><p>{escape(schema['info'].get('description', ''))}</p>"
    yield "<p>The same for machines: <a href=/openapi.json>/openapi.json</a></p>"
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield from _operation(method, path, operation, schema)


def _operation(method: str, path: str, operation: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h3><b class=m>{method.upper()}</b><code>{escape(path)}</code></h3><p>{escape(operation['summary'])}. "
    yield f"{escape(operation.get('description', ''))}</p>"
    if parameters := operation.get("parameters"):
        rows = (f"<tr><td><code>{escape(p['name'])}</code><td>{p['in']}<td>{_about(p)}" for p in parameters)
        yield f"<table>{''.join(rows)}</table>"
    if (example := _example(operation, schema)) is not None:
        yield f"<pre>{escape(json.dumps(example, indent=2, ensure_ascii=False))}</pre>"
    answers = ((status, answer.get("description", "")) for status, answer in operation["responses"].items())
    yield "<table>" + "".join(f"<tr><td>{status}<td>{_code(text)}" for status, text in answers) + "</table>"


def _about(parameter: Mapping[str, Any]) -> str:
    return escape(parameter.get("description", "")) + (" (required)" if parameter.get("required") else "")


def _code(text: str) -> str:
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))


def _example(operation: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    item = body.get("properties", {}).get("mentions", {}).get("items")
    name = (item or body).get("$ref", "").rpartition("/")[2]
    example = schema["components"]["schemas"].get(name, {}).get("example")
    return {"mentions": [example]} if item and example else example
