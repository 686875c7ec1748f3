"""Headers in the place of a login: odd users and passwords, and cookies that resemble it.

Rule: none of them says both user and password, or the value that a login is remembered by. The
wrong passwords are fewer than a sidecar answers at once (`MAX_WRONG`).
"""

import base64
import hashlib
import unicodedata

from tests.envoy.sidecars import COOKIE, PASSWORD, SESSION, USER, login, token


def _sha(text: str) -> str:
    return (
        "{SHA}"
        + base64.b64encode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode()
    )


def _basic(text: bytes) -> str:
    return "Authorization: Basic " + base64.b64encode(text).decode()


PASSWORDS = {
    "nothing": login("", ""),
    "no user": login("", PASSWORD),
    "no password": login(USER, ""),
    "no colon": _basic(USER.encode()),
    "large letters of the user": login(USER.upper()),
    "large letters of the password": login(password=PASSWORD.upper()),
    "a space before the user": login(f" {USER}"),
    "a space after the password": login(password=f"{PASSWORD} "),
    "a line after the password": login(password=f"{PASSWORD}\n"),
    "a NUL after the user": login(f"{USER}\0"),
    "a NUL after the password": login(password=f"{PASSWORD}\0"),
    "the password's beginning": login(password=PASSWORD[:-1]),
    "the password in Latin 1": _basic(f"{USER}:{PASSWORD}".encode("latin-1")),
    "the password decomposed": login(password=unicodedata.normalize("NFD", PASSWORD)),
    "the hash": login(password=_sha(PASSWORD)),
    "the hash without its kind": login(password=_sha(PASSWORD)[5:]),
    "the hash as user": login(_sha(PASSWORD), PASSWORD),
    "a line of htpasswd": login(f"x:{_sha('x')}\n{USER}", "x"),
    "a user of umlauts": login("mé", PASSWORD),
    "a comment": login("#", PASSWORD),
    "the sidecar's own user": login("\x7f", PASSWORD),
    "the sidecar's own user, no value": login("\x7f", ""),
    "the sidecar's own user, nil": login("\x7f", "nil"),
    "the sidecar's own user, a hash": login("\x7f", _sha(SESSION)),
    "the value with the person's user": login(USER, SESSION),
    "a long password": login(password="a" * 5000),
}
OTHER_SCHEMES = {
    "an empty one": ("Authorization:",),
    "no credentials": ("Authorization: Basic",),
    "no base64": ("Authorization: Basic !",),
    "no scheme": (f"Authorization: {token()}",),
    "a scheme in quotes": (f'Authorization: "Basic" {token()}',),
    "another scheme": (f"Authorization: Bearer {token()}",),
    "Digest": (f'Authorization: Digest username="{USER}"',),
    "Negotiate": ("Authorization: Negotiate TlRMTVNTUAAB",),
    "a list": (f"Authorization: Bearer x, Basic {token()}",),
    "twice in one": (f"Authorization: Basic Basic {token()}",),
    "the plain text": (f"Authorization: Basic {USER}:{'secret'}",),
    "two, both wrong": (login(password="one"), login(password="two")),
    "two, the first wrong": ("Authorization: Bearer x", login()),
    "two, the second wrong": (login(), "Authorization: Bearer x"),
}


def _cookie(value: str) -> tuple[str]:
    return (f"Cookie: {value}",)


COOKIES = {
    "no value": _cookie(f"{COOKIE}="),
    "no sign": _cookie(COOKIE),
    "nil": _cookie(f"{COOKIE}=nil"),
    "true": _cookie(f"{COOKIE}=true"),
    "a shorter value": _cookie(f"{COOKIE}={SESSION[:-1]}"),
    "a longer value": _cookie(f"{COOKIE}={SESSION}s"),
    "in quotes": _cookie(f'{COOKIE}="{SESSION}"'),
    "percent-encoded": _cookie(f"{COOKIE}=" + "%73" * len(SESSION)),
    "large letters": _cookie(f"{COOKIE}={SESSION.upper()}"),
    "another name": _cookie(f"x{COOKIE}={SESSION}"),
    "a name in large letters": _cookie(f"{COOKIE.upper()}={SESSION}"),
    "the name as value": _cookie(f"a={COOKIE}={SESSION}"),
    "another Kode's name": _cookie(f"kode-login-fedcba9876543210={SESSION}"),
    "a space in the name": _cookie(f"{COOKIE} ={SESSION}"),
    "a tab before the value": _cookie(f"{COOKIE}=\t{SESSION}"),
    "a comma": _cookie(f"a=b, {COOKIE}={SESSION}"),
    "a prefix of browsers": _cookie(f"__Host-{COOKIE}={SESSION}"),
    "a pattern": _cookie(f"{COOKIE}=.*"),
    "a pattern of Lua": _cookie(f"{COOKIE}=%w+"),
    "any name": _cookie(f".*={SESSION}"),
    "a number": _cookie(f"{COOKIE}=0"),
    "a path": _cookie(f"{COOKIE}=../session"),
    "the hash": _cookie(f"{COOKIE}={_sha(SESSION)}"),
    "the hash of the password": _cookie(f"{COOKIE}={_sha(PASSWORD)}"),
    "the password": _cookie(f"{COOKIE}={PASSWORD}"),
    "a token": _cookie(f"{COOKIE}={token()}"),
    "code": _cookie(f'{COOKIE}="; return true --'),
    "a long value": _cookie(f"{COOKIE}={SESSION * 100}"),
    "Cookie2": (f"Cookie2: {COOKIE}={SESSION}",),
    "Set-Cookie": (f"Set-Cookie: {COOKIE}={SESSION}",),
    "an underscore": (f"_Cookie: {COOKIE}={SESSION}",),
    "halves in two headers": (f"Cookie: {COOKIE}={SESSION[:20]}", f"Cookie: {SESSION[20:]}"),
    "the name and the value in two": (f"Cookie: {COOKIE}", f"Cookie: ={SESSION}"),
}
FORGED = {
    **{f"password, {name}": (line,) for name, line in PASSWORDS.items()},
    **{f"scheme, {name}": lines for name, lines in OTHER_SCHEMES.items()},
    **{f"cookie, {name}": lines for name, lines in COOKIES.items()},
}
