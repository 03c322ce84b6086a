"""Two plain pages: a welcome, and every call of the API. No script, nothing loaded from elsewhere."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from edgerunner.routes.errors import MEANINGS, STATUS_BY_CODE

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid #8886; border-radius: 6px; }
h2 { margin-top: 2.5rem; } h3 { margin: 1.75rem 0 .25rem; }
table { border-collapse: collapse; width: 100%; }
td { text-align: left; vertical-align: top; padding: .2rem .75rem .2rem 0; }
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
PAGE_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
}
"""The pages' own style and nothing else."""

_SCREEN = '<p>The API is running. <a href="/app/">Open the screen</a>.</p>'
_NO_SCREEN = """<p>The API is running. The screen is not built here: <code>make run</code> builds it where Node.js 20 is
installed. Without it trade with <code>edgerunner trade</code>, follow with <code>edgerunner watch</code>, or call the
API.</p>"""


def welcome_page(version: str, *, has_screen: bool) -> str:
    """Return the page at ``/``, and under ``/app/`` where no screen is built."""
    body = f"""<h1>Edgerunner OS {escape(version)}</h1>
{_SCREEN if has_screen else _NO_SCREEN}
<ul>
<li><a href="/docs">All calls</a></li>
<li><a href="/openapi.json">OpenAPI document</a></li>
<li><a href="/readyz">Is everything connected?</a></li>
</ul>"""
    return _page("Edgerunner OS", body)


def docs_page(document: Mapping[str, Any]) -> str:
    """Return the calls of an OpenAPI document as a page, by tag."""
    info = document["info"]
    parts = [f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>", _paragraphs(info["description"])]
    parts.append('<p>Machine-readable: <a href="/openapi.json">openapi.json</a>.</p>')
    for tag in document["tags"]:
        parts.append(f"<h2>{escape(tag['name'])}</h2>{_paragraphs(tag['description'])}")
        parts.extend(_operation(*found) for found in _operations(document, tag["name"]))
    parts.append("<h2>Error codes</h2><table>")
    parts.extend(
        f'<tr id="{escape(code)}"><td><code>{escape(code)}</code></td><td>{status}</td>'
        f"<td>{escape(MEANINGS[code])}</td></tr>"
        for code, status in STATUS_BY_CODE.items()
    )
    parts.append("</table>")
    return _page(info["title"], "\n".join(parts))


def _operations(document: Mapping[str, Any], tag: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if tag in operation.get("tags", ()):
                yield method.upper(), path, operation


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    parts = [f"<h3><code>{method} {escape(path)}</code></h3>", _paragraphs(operation.get("description", ""))]
    rows = [_parameter(parameter) for parameter in operation.get("parameters", ())]
    if rows:
        parts.append(f"<table>{''.join(rows)}</table>")
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    for name, example in body.get("examples", {}).items():
        value = json.dumps(example["value"], indent=2)
        parts.append(f"<p>{escape(example.get('summary', name))}</p><pre>{escape(value)}</pre>")
    answers = ", ".join(sorted(operation["responses"]))
    parts.append(f"<p>Answers: {answers}.</p>")
    return "".join(parts)


def _parameter(parameter: Mapping[str, Any]) -> str:
    needed = "required" if parameter.get("required") else "optional"
    return (
        f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{parameter['in']}, {needed}</td>"
        f"<td>{escape(parameter.get('description', ''))}</td></tr>"
    )


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part.strip())


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main>{body}</main></body></html>"
    )
