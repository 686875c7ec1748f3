"""What uv is run with: the index, proxy and certificates that a user has set, and nothing else.

Rule: the standard library only and no import of ours, because tools/venv.py uses it before anything
is installed. Where packages come from is the user's to say, in pip's words (which uv does not
read) or in uv's; where they go, and which, is not: settings like pip's `user` and `target` or uv's
`exclude-newer` are left out.

Sources: pip's "Configuration" and uv's "Environment variables" and "Settings" in their manuals.
"""

import configparser
import contextlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

# Only what is in the lock, from wheels, into the environment that is named; whatever the index
# offers besides. A wheel's content is settled by its hash, so any index may be the one that has it.
FLAGS = ("--require-hashes", "--no-build")

_NAMES_INDEX = re.compile(
    r"UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|INDEX_\w+_(USERNAME|PASSWORD)|FIND_LINKS"
    r"|NO_INDEX|INSECURE_HOST|KEYRING_PROVIDER|NATIVE_TLS|SYSTEM_CERTS|OFFLINE|HTTP_\w+"
    r"|REQUEST_TIMEOUT|CONCURRENT_\w+|CREDENTIALS_DIR)$"
)
# What would have uv, or the Python that it asks, look elsewhere.
_DROPPED = re.compile(r"UV_|PIP_|PYTHON|CONDA_|VIRTUAL_ENV$")

# pip's name: uv's variable, and what stands between the items of a list.
_FROM_PIP = {
    "index-url": ("UV_DEFAULT_INDEX", ""),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "no-index": ("UV_NO_INDEX", ""),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "timeout": ("UV_HTTP_TIMEOUT", ""),
    "cert": ("SSL_CERT_FILE", ""),
    "client-cert": ("SSL_CLIENT_CERT", ""),
    "proxy": ("ALL_PROXY", ""),
}
_FROM_UV = {
    "index-url": ("UV_DEFAULT_INDEX", ""),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "no-index": ("UV_NO_INDEX", ""),
    "allow-insecure-host": ("UV_INSECURE_HOST", " "),
    "keyring-provider": ("UV_KEYRING_PROVIDER", ""),
    "native-tls": ("UV_SYSTEM_CERTS", ""),
    "system-certs": ("UV_SYSTEM_CERTS", ""),
    "offline": ("UV_OFFLINE", ""),
}
# Where pip keeps several values in one variable.
_LISTS = {"extra-index-url", "find-links", "trusted-host"}
_SECTIONS = ("global", "download", "install")


def environment(user_env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for uv, made from a user's.

    Args:
        user_env: the environment of the caller; HOME and XDG_CONFIG_HOME lead to their files.

    What is said in two places counts from the first of: uv's variables, uv's files, pip's
    variables, pip's files. Files that cannot be read count as absent.
    """
    kept = {name: value for name, value in user_env.items() if not _DROPPED.match(name)}
    own = {name: value for name, value in user_env.items() if _NAMES_INDEX.match(name)}
    indexes = {
        **_from_pip_files(user_env),
        **_from_pip_variables(user_env),
        **_from_uv_files(user_env),
    }
    # The older names of two variables: uv would prefer what pip's settings say to them.
    for older, newer in (("UV_INDEX_URL", "UV_DEFAULT_INDEX"), ("UV_EXTRA_INDEX_URL", "UV_INDEX")):
        if older in own:
            indexes.pop(newer, None)
    return {
        **indexes,
        **kept,
        **own,
        "UV_NO_CONFIG": "1",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_PYTHON_DOWNLOADS": "never",
    }


def _from_pip_variables(user_env: Mapping[str, str]) -> dict[str, str]:
    settings = {}
    for option in _FROM_PIP:
        value = user_env.get(f"PIP_{option.upper().replace('-', '_')}", "")
        if value:
            settings[option] = value.split() if option in _LISTS else [value]
    return _variables(settings, _FROM_PIP)


def _from_pip_files(user_env: Mapping[str, str]) -> dict[str, str]:
    settings: dict[str, list[str]] = {}
    for path in _pip_files(user_env):
        parser = configparser.RawConfigParser()
        with contextlib.suppress(OSError, configparser.Error, UnicodeDecodeError):
            parser.read_string(path.read_text(encoding="utf-8"))
        for section in _SECTIONS:
            if not parser.has_section(section):
                continue
            for name, value in parser.items(section):
                option = name.replace("_", "-")
                if option in _FROM_PIP:
                    settings[option] = value.split() if option in _LISTS else [value]
    return _variables(settings, _FROM_PIP)


def _pip_files(user_env: Mapping[str, str]) -> Iterator[Path]:
    """Where pip keeps settings, what counts more later; PIP_CONFIG_FILE=/dev/null means none."""
    chosen = user_env.get("PIP_CONFIG_FILE", "")
    if chosen == "/dev/null":
        return
    for folder in user_env.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":"):
        yield Path(folder) / "pip" / "pip.conf"
    yield Path("/etc/pip.conf")
    home = user_env.get("HOME", "")
    if home:
        yield Path(home) / ".pip" / "pip.conf"
    yield from (folder / "pip" / "pip.conf" for folder in _user_folders(user_env))
    if chosen:
        yield Path(chosen)


def _from_uv_files(user_env: Mapping[str, str]) -> dict[str, str]:
    variables: dict[str, str] = {}
    files = [
        Path("/etc/uv/uv.toml"),
        *(folder / "uv/uv.toml" for folder in _user_folders(user_env)),
    ]
    if chosen := user_env.get("UV_CONFIG_FILE"):
        files = [Path(chosen)]
    if user_env.get("UV_NO_CONFIG"):
        files = []
    for path in files:
        document: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        for table in (document, document.get("pip")):
            if isinstance(table, dict):
                variables |= _from_uv_table(table)
    return variables


def _from_uv_table(table: Mapping[str, Any]) -> dict[str, str]:
    settings = {
        name: [_text(item) for item in (value if isinstance(value, list) else [value])]
        for name, value in table.items()
        if name in _FROM_UV
    }
    listed = table.get("index")
    for item in listed if isinstance(listed, list) else ():
        if not (isinstance(item, dict) and "url" in item):
            continue
        url = f"{item['name']}={item['url']}" if "name" in item else str(item["url"])
        if item.get("default"):
            settings["index-url"] = [url]
        else:
            settings.setdefault("extra-index-url", []).append(url)
    return _variables(settings, _FROM_UV)


def _user_folders(user_env: Mapping[str, str]) -> Iterator[Path]:
    if folder := user_env.get("XDG_CONFIG_HOME"):
        yield Path(folder)
    elif home := user_env.get("HOME"):
        yield Path(home) / ".config"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _variables(
    settings: Mapping[str, list[str]], names: Mapping[str, tuple[str, str]]
) -> dict[str, str]:
    variables = {}
    for option, values in settings.items():
        name, between = names[option]
        # pip passes over a folder that is not there; uv would end.
        there = [value for value in values if option != "find-links" or _is_there(value)]
        if there:
            variables[name] = between.join(there) if between else there[-1]
    return variables


def _is_there(link: str) -> bool:
    return "://" in link or Path(link).expanduser().exists()
