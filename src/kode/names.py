"""Every name that is derived from another.

Rule: names are valid for any input, at most 52 characters, and two different inputs never give the
same name. 52, not 63, because Kubernetes appends to the names of workloads, as it did to the
StatefulSets of 0.1.0; it stays, because a claim that is found by its name must keep it.
"""

import hashlib
import re

DEFAULT_NAMESPACE = "default"
"""Where a document that names no namespace belongs."""

RESERVED = frozenset({"instance-data", "isatap", "kubernetes", "localhost", "metadata", "wpad"})
"""Names that programs look up by themselves, in the name server's own domains first: a Service of
such a name would answer every pod of the namespace."""

MAX_LENGTH = 52
_MAX_SUFFIX = len("-envoy")
_MAX_LABEL = 63
_MAX_SLUG = 24
_HASH = 16
"""Hex digits of a hash: 64 bits, so that no two names can be made to meet on purpose either."""

_VALID = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_VALID_HOST = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_VALID_LABEL = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
# What a cut name ends in. A Kode whose own name ends like this is hashed as well: else it could be
# named to meet another's cut name.
_TRUNCATED = re.compile(rf"-h[0-9a-f]{{{_HASH}}}\Z")


def child(kode: str, suffix: str = "") -> str:
    """Return the name of a child: a DNS-1035 label (it begins with a letter, as a Service must).

    Args:
        kode: the Kode's name, any string.
        suffix: one of the fixed suffixes below, without its dash; empty for the Kode's own name.
    """
    name = _stem(kode)
    return f"{name}-{suffix}" if suffix else name


def workload(kode: str) -> str:
    """Return the name of the Service and NetworkPolicy, and of the StatefulSet of 0.1.0."""
    return child(kode)


def pod(kode: str) -> str:
    """Return the name of the one pod."""
    return child(kode)


def auth_secret(kode: str) -> str:
    """Return the name of the Secret that a password is moved into."""
    return child(kode, "auth")


def envoy_secret(kode: str) -> str:
    """Return the name of the Secret with the sidecar's configuration."""
    return child(kode, "envoy")


def home_claim(kode: str) -> str:
    """Return the name of the claim of the home volume."""
    return child(kode, "home")


def host(kode: str, namespace: str) -> str:
    """Return the first label of a Kode's host name: `dev`, or `dev--team-a`.

    Args:
        kode: the Kode's name.
        namespace: its namespace; that of nobody in particular, `default`, is left out.
    """
    text = kode if namespace == DEFAULT_NAMESPACE else f"{kode}--{namespace}"
    # A name with two dashes of its own could be read as another Kode's name and namespace.
    if "--" not in kode and _is_kept(text, _VALID_HOST, _MAX_LABEL):
        return text
    slug = re.sub(r"[^a-z0-9]+", "-", kode.lower()).strip("-")
    return _hashed(slug or "x", f"{namespace}/{kode}", _MAX_LABEL)


def instance(kode: str, uid: str) -> str:
    """Return what tells a Kode from every other one that ever was, safe as a file's name."""
    slug = re.sub(r"[^a-z0-9]+", "-", kode.lower()).strip("-")[:_MAX_SLUG].strip("-")
    return f"{slug or 'x'}-{hash_text(uid, 12)}"


def login_cookie(kode: str, namespace: str, uid: str) -> str:
    """Return the name of the cookie by which a Kode's sidecar remembers a login.

    Two Kodes may be opened on one host, where a name in common would be one cookie for both.
    """
    return f"kode-login-{hash_text(f'{uid} {namespace}/{kode}', _HASH)}"


def hash_text(text: str, length: int = 16) -> str:
    """Return the first hex digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def label_value(text: str) -> str:
    """Return a valid label value (at most 63 characters) that no other text gives."""
    if _is_kept(text, _VALID_LABEL, _MAX_LABEL):
        return text
    slug = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")
    return _hashed(slug or "x", text, _MAX_LABEL)


def _stem(kode: str) -> str:
    longest = MAX_LENGTH - _MAX_SUFFIX
    if _is_kept(kode, _VALID, longest):
        return kode
    slug = re.sub(r"[^a-z0-9]+", "-", kode.lower()).strip("-")
    if not slug or not slug[0].isalpha():
        slug = f"k-{slug}".rstrip("-")
    return _hashed(slug, kode, longest)


def _is_kept(text: str, valid: re.Pattern[str], longest: int) -> bool:
    return len(text) <= longest and bool(valid.fullmatch(text)) and not _TRUNCATED.search(text)


def _hashed(slug: str, text: str, longest: int) -> str:
    mark = f"-h{hash_text(text, _HASH)}"
    return slug[: longest - len(mark)].rstrip("-") + mark
