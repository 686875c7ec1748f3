"""kode.evaluate.complaint. What a real Envoy says is in tests/envoy."""

import pytest

from kode.evaluate.complaint import complaint

_READ = "Unable to parse JSON as proto (INVALID_ARGUMENT: duration must start with an integer)"
_FOUND = "Proto constraint validation failed (BootstrapValidationError.StaticResources: "
_CHAIN = "embedded message failed validation | caused by "


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", ""),
        ("a word", "a word"),
        ("x" * 2000, "x" * 900),
        ("error `no such file` initializing config 'a.json' no such file", "no such file"),
        (f'{_READ}: {{"static_resources": {{"clusters": []}}}}', _READ),
        (f'"end": "of"}}]}}}} {_READ}: {{"a": "b"}}', _READ),
        (
            f"listeners {{ }} : {_FOUND}{_CHAIN}StaticResourcesValidationError.Clusters[3]: no)",
            f"{_FOUND}clusters[2]: no)",
        ),
    ],
)
def test_the_reason_is_told_and_the_quotation_is_not(words: str, told: str) -> None:
    assert complaint(words) == told


def test_an_end_of_a_quotation_says_nothing() -> None:
    assert "kode render --envoy" in complaint('"port_value": 1}}}]}]}}]}}')
