"""What npm is run with: the registry, proxy, certificates and logins that a user has set.

Rule: no import of ours, and nothing else of a user's. Where packages come from is theirs to say,
in npm's files or in its variables; where they go, which, and how is not: settings like `global`,
`prefix`, `omit`, `before`, `dry-run` or `ignore-scripts` are left out.

Source: npm's "npmrc" and "config" in its manual.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

_VARIABLE = re.compile(r"npm_config_(.+)", re.IGNORECASE)
# What would have npm take itself for a part of another npm's run, or leave packages out.
_DROPPED = re.compile(r"npm_\w+|NPM_\w+|PREFIX|NODE_ENV")
_COUNTS = re.compile(
    r"registry|@[^:]+:registry|//.+|replace-registry-host|always-auth|_auth|_authtoken|_password"
    r"|username|email|ca|cafile|cert|certfile|key|keyfile|strict-ssl"
    r"|proxy|https-proxy|http-proxy|noproxy|no-proxy|local-address|user-agent|maxsockets"
    r"|offline|prefer-offline|prefer-online"
)
"""Names of what counts."""
_FILES = (("globalconfig", ""), ("userconfig", ".npmrc"))


def environment(user_env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for npm, made from a user's; its files are for `text`."""
    return {
        name: value
        for name, value in user_env.items()
        if _counts_as_variable(name) or not (_VARIABLE.fullmatch(name) or _DROPPED.fullmatch(name))
    }


def text(user_env: Mapping[str, str]) -> str:
    """Return the text of one npmrc that stands for a user's files.

    Args:
        user_env: their environment; HOME and npm's own variables lead to the files. Those that
            cannot be read count as absent.
    """
    return "".join(f"{line}\n" for path in _paths(user_env) for line in _lines(path))


def _counts_as_variable(name: str) -> bool:
    match = _VARIABLE.fullmatch(name)
    return bool(match) and _counts(_option(match[1]) if match else "")


def _option(name: str) -> str:
    """Return the option that a variable stands for, as npm reads it."""
    if name.startswith("//"):
        return name
    # A leading underscore is part of the name.
    return name[0] + name[1:].lower().replace("_", "-") if name else ""


def _counts(option: str) -> bool:
    return bool(_COUNTS.fullmatch(option if option.startswith("//") else option.lower()))


def _paths(user_env: Mapping[str, str]) -> Iterator[Path]:
    named = {}
    for name, value in user_env.items():
        match = _VARIABLE.fullmatch(name)
        if match and value:
            named[_option(match[1]).lower()] = value
    for option, in_home in _FILES:
        if option in named:
            yield Path(named[option])
        elif in_home and (home := user_env.get("HOME")):
            yield Path(home) / in_home


def _lines(path: Path) -> Iterator[str]:
    content = ""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        content = path.read_text(encoding="utf-8")
    for line in content.splitlines():
        setting = line.strip()
        if setting.startswith("["):
            # What follows is a section's, which npm passes over.
            return
        name = setting.partition("=")[0].strip().strip("\"'").removesuffix("[]").strip()
        if not setting.startswith(("#", ";")) and _counts(name):
            yield setting
