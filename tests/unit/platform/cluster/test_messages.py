"""What a cluster refuses, in the words of the product."""

from typing import Any

import orjson
import pytest

from kode.api.conditions import Reason
from kode.errors import Conflict, InvalidSpec, KodeError, PlatformError, RefNotFound
from kode.kube.channels import exit_code
from kode.kube.encoding import encode
from kode.kube.errors import ApiConflict, ApiError, ErrorResponse, parse_warnings, to_error
from kode.kube.resources import ObjectRef
from kode.platform.cluster.messages import field_owners, to_user_error, translate_errors
from kode.platform.resources import BY_KIND

_SPOT = ObjectRef(BY_KIND["Kode"], "team", "dev")


def _refused(status: int, **told: Any) -> ApiError:
    found = to_error(ErrorResponse(status, orjson.dumps(told)), "do it")
    assert isinstance(found, ApiError)
    return found


def _causes(*causes: tuple[str, str]) -> dict[str, Any]:
    return {"causes": [{"field": field, "message": message} for field, message in causes]}


_FORBIDDEN = (
    'kodes.kode.jacero.io is forbidden: User "ada" cannot list resource "kodes" in API group '
    '"kode.jacero.io"'
)
_NAMED = {"name": "dev", "kind": "kodes"}


_WORDS: list[tuple[ApiError, type[KodeError], Reason, str]] = [
    (_refused(404, details=_NAMED), RefNotFound, Reason.NOT_FOUND, "Kode team/dev does not exist"),
    (
        _refused(404, details={"name": "team", "kind": "namespaces"}),
        RefNotFound,
        Reason.NOT_FOUND,
        "kubectl create namespace team",
    ),
    (
        _refused(404, message="404 page not found"),
        PlatformError,
        Reason.PLATFORM_ERROR,
        "kubectl apply -k deploy/kustomize",
    ),
    (_refused(409, reason="AlreadyExists"), Conflict, Reason.ALREADY_EXISTS, "already exists"),
    (_refused(409), Conflict, Reason.OUTDATED, "get it again and retry"),
    (
        _refused(409, details=_causes((".spec.user", 'conflict with "argocd" using v1'))),
        Conflict,
        Reason.NOT_OWNED,
        "spec.user (argocd)",
    ),
    (
        _refused(422, details=_causes(("spec.x", "Required value"), ("<nil>", "more"))),
        InvalidSpec,
        Reason.INVALID_SPEC,
        "Kode team/dev: spec.x: Required value",
    ),
    (
        _refused(422, details=_causes(("spec.password", 'Invalid value: "a\\"b": too long'))),
        InvalidSpec,
        Reason.INVALID_SPEC,
        "spec.password: too long",
    ),
    (
        _refused(400, message='strict decoding error: unknown field "spec.y"'),
        InvalidSpec,
        Reason.INVALID_SPEC,
        "spec.y: unknown field",
    ),
    (
        _refused(400, message='strict decoding error: unknown field "spec.username"'),
        InvalidSpec,
        Reason.INVALID_SPEC,
        "spec.username: unknown field; it is called user",
    ),
    (
        _refused(500, message="failed to create typed patch object: .spec.z: not declared"),
        InvalidSpec,
        Reason.INVALID_SPEC,
        ".spec.z: not declared",
    ),
    (_refused(413, message="large"), InvalidSpec, Reason.INVALID_SPEC, "large"),
    (_refused(401), PlatformError, Reason.REJECTED, "log in again"),
    (
        _refused(403, message=_FORBIDDEN),
        PlatformError,
        Reason.REJECTED,
        "ada may not list kodes in all namespaces",
    ),
    (
        _refused(403, message=f'{_FORBIDDEN} in the namespace "team"'),
        PlatformError,
        Reason.REJECTED,
        "ada may not list kodes in namespace team",
    ),
    (_refused(403, message="quota"), PlatformError, Reason.REJECTED, "quota"),
    (_refused(503, message="later"), PlatformError, Reason.PLATFORM_ERROR, "do it: later"),
    (ApiError(Reason.PLATFORM_ERROR, "x"), PlatformError, Reason.PLATFORM_ERROR, "x"),
]


@pytest.mark.parametrize(("refused", "kind", "reason", "words"), _WORDS)
def test_each_refusal_in_words(
    refused: ApiError, kind: type[KodeError], reason: Reason, words: str
) -> None:
    told = to_user_error(refused, _SPOT)
    assert (type(told), told.reason) == (kind, reason)
    assert words in told.message
    with pytest.raises(kind), translate_errors(_SPOT):
        raise refused


def test_only_a_few_of_many_wrong_fields_are_named() -> None:
    many = _causes(*((f"spec.f{number}", "wrong") for number in range(14)))
    assert to_user_error(_refused(422, details=many), _SPOT).message.endswith("; and 4 more")


def test_who_has_set_what_is_read_of_a_conflict() -> None:
    told = _causes((".spec.user", 'conflict with "kode-switch" using v1'), (".x", "odd"))
    refused = _refused(409, details=told)
    assert isinstance(refused, ApiConflict)
    assert field_owners(refused) == {"spec.user": "kode-switch"}
    assert field_owners(ApiConflict(Reason.OUTDATED, "x")) == {}


def test_warnings_are_read_of_their_headers() -> None:
    assert parse_warnings(['299 - "unknown field \\"a\\"", 299 k8s "second"', "odd"]) == (
        'unknown field "a"',
        "second",
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": [2**63]}, "a[0]: the number needs more than 64 bits"),
        ({"a": {"b": float("inf")}}, "a.b: inf is not a valid JSON number"),
        ({"a": {1: 2}}, "a: key 1 is not a string"),
        ({"a": "\ud800"}, "a: invalid Unicode: an unpaired surrogate"),
        ({"a": b"x"}, "a: bytes cannot be encoded as JSON"),
    ],
)
def test_what_json_cannot_say_is_refused_by_its_path(value: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidSpec) as told:
        encode(value)
    assert words in told.value.message


def test_what_is_nested_without_end_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(700):
        deep = [deep]
    with pytest.raises(InvalidSpec, match="nested too deeply"):
        encode({"a": deep})


def test_a_document_goes_out_as_it_is() -> None:
    assert encode({"a": ["ü", 1, 1.5, None, True, ("x",)]}) == (
        '{"a":["ü",1,1.5,null,true,["x"]]}'.encode()
    )


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ({"status": "Success"}, 0),
        ({"status": "Failure", "details": {"causes": [{"reason": "ExitCode", "message": "7"}]}}, 7),
    ],
)
def test_the_exit_code_is_read_of_the_status(status: dict[str, Any], code: int) -> None:
    assert exit_code(orjson.dumps(status)) == code


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (b"", "broke before the command ended"),
        (b"{", "gives no reason"),
        (b"[]", "gives no reason"),
        (b'{"message": "a: b: exec: \\"x\\": not found"}', 'run: "x": not found'),
    ],
)
def test_a_command_that_did_not_run_is_told(status: bytes, words: str) -> None:
    with pytest.raises(PlatformError, match=words):
        exit_code(status)
