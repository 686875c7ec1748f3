"""What Envoy says against its configuration, without the configuration that it quotes.

Rule: told is only what is put together here, from the place, the kind of mistake and the names of
fields. No value is repeated, for it may be a key; where no known sentence is found, it is said how
to see the rest.
"""

import re

UNTOLD = (
    "what Envoy said is not repeated here, because it may quote a key: `kode logs --sidecar` shows "
    "it, and `kode render --envoy` prints what `envoy --mode validate` can be asked about"
)
"""What is told where Envoy's words hold no sentence that is known."""

_MAX_LENGTH = 900
_MAX_CHAIN = 16
_TYPE = r"[A-Za-z0-9_.]{1,200}"
_PLACE = r"[A-Za-z0-9_.<>\[\]]{1,400}"
# Of the form: invalid JSON in TYPE @ PLACE: message TYPE, near 1:9 (offset 8): MISTAKE
_PARSE = re.compile(
    rf"invalid JSON in (?P<type>{_TYPE})(?: @ (?P<place>{_PLACE}): [a-z0-9]+(?: {_TYPE})?)?, "
    r"near \d+:\d+ \(offset \d+\): (?P<mistake>.*)"
)
_FIELD = re.compile(r"no such field: '(?P<field>[A-Za-z0-9_]{1,48})'\)")
_EXPECTED = re.compile(r"""unexpected character: '.'; expected '(?P<character>[{["])'""")
_EXPECTED_NAMES = {"{": "an object", "[": "a list", '"': "a text"}
_MISTAKE = re.compile(
    r"invalid number|invalid base64|expected number or string|unexpected character"
    r"|duration must (?:start|end) with [a-z ]+|JSON number out of range for [a-z0-9]+"
    r"|expected integer, but JSON number had fractional part|no such field"
    r"|non-number characters in quoted number"
)
_ENUM = re.compile(rf"\(type (?P<type>{_TYPE}) reason [A-Z_]+: unknown enum value: ")
_BOUNDS = "Proto constraint validation failed ("
_LINK = re.compile(r"([A-Za-z0-9]{1,80}ValidationError\.[A-Za-z0-9]{1,80})(\[\d{1,6}\])?")
_BOUND = re.compile(r": (value [a-z]+ [a-z0-9 .-]{0,200}|[a-z]+ is required)")
_SCRIPT = re.compile(r"script load error: .*\]:(?P<line>\d{1,9}): ")
_UNKNOWN_TYPE = re.compile(
    rf"Didn't find a registered implementation for '[^']*' with type URL: '(?P<type>{_TYPE})'"
)
_WHOLE = re.compile(
    r"Failed to load (?:certificate chain|private key|trusted CA certificates) from <inline>"
    r"|malformed IP address|Invalid duration: [A-Z][A-Za-z ]*"
    r"|has invalid local jwks: [A-Z][A-Za-z ]*"
    r"|cannot bind '[0-9.:\[\]]+': [A-Z][A-Za-z ]*|unable to read file: /etc/envoy/[a-z.]+"
)
# The editor's own cluster is number 0.
_CLUSTER = re.compile(
    r"(?:(?:static_resources\.c|StaticResourcesValidationError\.C)lusters|resources)"
    r"\[([1-9]\d{0,5})\](?:\.<any>)?"
)


def summarize_error(words: str) -> str:
    """Return what is wrong, out of the last words of an Envoy, all in one line; empty for none."""
    text = " ".join(words.split())
    if not text:
        return ""
    for read in (_bounds, _parse, _enum, _script, _unknown_type, _unknown_cluster, _whole):
        told = read(text)
        if told:
            return _CLUSTER.sub(lambda it: f"clusters[{int(it[1]) - 1}]", told)[:_MAX_LENGTH]
    return UNTOLD


def _bounds(text: str) -> str:
    # It quotes first and says then, so only the end is read.
    _, found, chain = text.rpartition(_BOUNDS)
    links = list(_LINK.finditer(chain))[:_MAX_CHAIN]
    if not found or not links:
        return ""
    bound = _BOUND.search(chain, links[-1].end())
    place = " > ".join(f"{link[1]}{link[2] or ''}" for link in links)
    return f"out of bounds: {place}: {bound[1].rstrip() if bound else 'no such value'}"


def _parse(text: str) -> str:
    found = _PARSE.search(text)
    if not found:
        return ""
    where = f"{found['type']} @ {found['place']}" if found["place"] else found["type"]
    return f"invalid JSON in {where}: {_mistake(found['mistake'])}"


def _mistake(text: str) -> str:
    field = _FIELD.match(text)
    if field:
        return f"no such field: '{field['field']}'"
    expected = _EXPECTED.match(text)
    if expected:
        return f"{_EXPECTED_NAMES[expected['character']]} is expected"
    known = _MISTAKE.match(text)
    return known[0] if known else "it is not what Envoy has there"


def _enum(text: str) -> str:
    found = _ENUM.search(text)
    return f"a field of {found['type']} has an unknown enum value" if found else ""


def _script(text: str) -> str:
    found = _SCRIPT.search(text)
    return f"script load error in line {found['line']}" if found else ""


def _unknown_type(text: str) -> str:
    found = _UNKNOWN_TYPE.search(text)
    return f"there is no filter or extension of the type {found['type']}" if found else ""


def _unknown_cluster(text: str) -> str:
    return "it names a cluster that Envoy does not have" if "unknown cluster '" in text else ""


def _whole(text: str) -> str:
    found = _WHOLE.search(text)
    return found[0] if found else ""
