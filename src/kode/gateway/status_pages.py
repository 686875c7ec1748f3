"""What the local gateway answers itself, where it has no editor to lead to.

Rule: one notice, drawn for people whose browser asks for a page and in plain words for programs;
it names no Kode but the one whose host was asked for.
"""

from dataclasses import dataclass
from html import escape
from typing import Any

Json = dict[str, Any]

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.6 system-ui,sans-serif;margin:18vh auto 0;max-width:34rem;padding:0 1.25rem}"
    "h1{font-size:1.5rem;line-height:1.25;margin:0 0 .75rem}"
    "code{font:.95em ui-monospace,monospace;padding:.15em .4em;border-radius:.3em;"
    "background:color-mix(in srgb,currentColor 12%,transparent)}"
)
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
}
_WANTS_A_PAGE = {"name": "accept", "string_match": {"contains": "text/html"}}
_AGAIN = 2
"""Seconds after which a page looks again."""


@dataclass(frozen=True)
class StatusPage:
    """What is said.

    Attributes:
        status: of the answer.
        heading: what is the matter.
        words: one sentence or two.
        command: what to type next; empty where there is nothing to type.
        again: whether to look again by itself in a while.
    """

    status: int
    heading: str
    words: str
    command: str = ""
    again: bool = False


INDEX = StatusPage(
    200,
    "Kode runs here",
    "Each Kode has an address of its own, and this is none of them. What there is, and where:",
    "kode list",
)
UNKNOWN = StatusPage(
    404,
    "No Kode has this address",
    "It may have been deleted, or the address is misspelt. What there is, and where:",
    "kode list",
)


def starting_page(title: str) -> StatusPage:
    """Return what is said while a Kode starts."""
    words = "This page opens it as soon as it answers. Details:"
    return StatusPage(503, f"{title} is starting", words, _command("describe", title), again=True)


def stopped_page(title: str) -> StatusPage:
    """Return what is said while a Kode is stopped."""
    words = "Its files are kept. To start it:"
    return StatusPage(503, f"{title} is stopped", words, _command("start", title))


def failed_page(title: str) -> StatusPage:
    """Return what is said of a Kode that does not start by itself."""
    return StatusPage(503, f"{title} does not run", "What is wrong:", _command("describe", title))


def refused_page(title: str) -> StatusPage:
    """Return what is said of a Kode whose proxy config Envoy does not take."""
    words = "Envoy rejected its proxy config, so access is denied. Details:"
    return StatusPage(503, f"{title} is unavailable", words, _command("describe", title))


def routes(notice: StatusPage) -> list[Json]:
    """Return the routes of a virtual host that says one thing, whatever it is asked."""
    page = {"prefix": "/", "headers": [_WANTS_A_PAGE]}
    return [
        _route(page, notice, _page(notice), "text/html; charset=utf-8"),
        _route({"prefix": "/"}, notice, _text(notice), "text/plain; charset=utf-8"),
    ]


def _command(verb: str, title: str) -> str:
    namespace, _, name = title.rpartition("/")
    return f"kode {verb} {name}" + (f" -n {namespace}" if namespace != "default" else "")


def _text(notice: StatusPage) -> str:
    return f"{notice.heading}. {notice.words} {notice.command}".rstrip() + "\n"


def _page(notice: StatusPage) -> str:
    again = f'<meta http-equiv="refresh" content="{_AGAIN}">' if notice.again else ""
    command = f" <code>{escape(notice.command)}</code>" if notice.command else ""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width">{again}'
        f"<title>{escape(notice.heading)}</title><style>{_STYLE}</style>"
        f"<h1>{escape(notice.heading)}</h1><p>{escape(notice.words)}{command}</p></html>"
    )


def _route(match: Json, notice: StatusPage, body: str, kind: str) -> Json:
    headers = {"content-type": kind, **_HEADERS}
    if notice.again:
        headers["retry-after"] = str(_AGAIN)
    return {
        "match": match,
        "direct_response": {"status": notice.status, "body": {"inline_string": body}},
        "response_headers_to_add": [
            {
                "header": {"key": key, "value": value},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
            for key, value in headers.items()
        ],
    }
