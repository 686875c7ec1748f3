"""What people see where no editor answers.

Rule: a page says what is the matter and what to type next; it names nothing that was not asked for.
"""

from typing import Any

Json = dict[str, Any]

CLOSED = (
    "This environment has no login, so nobody is let in.\n"
    "Set spec.password or spec.existingSecret of the Kode, or let its template name a proxy "
    "config that authenticates.\n"
)
FOREIGN = "This page belongs to another origin, so its request is refused.\n"
UNASKED = (
    '<!doctype html><html lang="en"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>Not opened</title>'
    '<body style="font-family:system-ui;margin:20vh auto;max-width:32rem;padding:0 1rem">'
    "<h1>Another page led here</h1><p>It did so without a click of yours, so your editor was not "
    'opened.</p><p><a href="/">Open the editor</a></p></body></html>'
)
TOO_MANY = "Too many wrong passwords were tried here. Wait a few seconds, then try again.\n"
_STARTING_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="2">'
    '<title>Starting</title><body style="font-family:system-ui;margin:20vh auto;max-width:32rem;'
    'padding:0 1rem"><h1>Your editor is starting</h1>'
    "<p>This page opens it as soon as it answers.</p></body></html>"
)


def starting_page_mapper(*more: Json) -> Json:
    """Return what shows people the page of a start where no editor answers yet.

    Args:
        more: further conditions, as Envoy's filters of an access log.
    """
    return {
        "filter": {
            "and_filter": {
                "filters": [
                    {
                        "status_code_filter": {
                            "comparison": {
                                "op": "EQ",
                                "value": {"default_value": 503, "runtime_key": "kode.starting"},
                            }
                        }
                    },
                    {
                        "header_filter": {
                            "header": {
                                "name": "sec-fetch-mode",
                                "string_match": {"exact": "navigate"},
                            }
                        }
                    },
                    *more,
                ]
            }
        },
        "body_format_override": {
            "text_format_source": {"inline_string": _STARTING_PAGE},
            "content_type": "text/html; charset=utf-8",
        },
    }
