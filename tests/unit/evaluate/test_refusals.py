"""kode.evaluate.refusals: the words are those of Kubernetes 1.36."""

import pytest

from kode.api.conditions import Reason
from kode.errors import PlatformError
from kode.evaluate.refusals import classify

_FORBIDDEN = 'create Pod team/dev: pods "dev" is forbidden: '


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("exceeded quota: q, requested: requests.memory=64Mi, used: ...", "QuotaExceeded"),
        ("failed quota: q: must specify limits.cpu for: editor", "QuotaExceeded"),
        ("status unknown for quota: q, resources: pods", "QuotaExceeded"),
        ('violates PodSecurity "restricted:latest": runAsNonRoot', "PodSecurityViolated"),
        ("no PriorityClass with name nope was found", "ClassNotFound"),
        ('pod rejected: RuntimeClass "nope" not found', "ClassNotFound"),
        ("[minimum cpu usage per Container is 100m, but request is 50m]", "LimitRangeViolated"),
        ("maximum memory usage per Container is 32Mi, but limit is 64Mi", "LimitRangeViolated"),
        ("max limit to request ratio per Pod is 1, but ratio is 2", "LimitRangeViolated"),
        ("ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no", "Rejected"),
        ("error looking up service account team/x", "Rejected"),
    ],
)
def test_refusal_gets_the_reason_that_its_words_begin_with(words: str, reason: str) -> None:
    error = classify(PlatformError(Reason.REJECTED, _FORBIDDEN + words))
    assert error.reason.value == reason
    assert words in error.message


def test_other_errors_stay_as_they_are() -> None:
    invalid = PlatformError(Reason.REJECTED, 'Pod "dev" is invalid: exceeded quota')
    failed = PlatformError(Reason.PLATFORM_ERROR, f"{_FORBIDDEN}exceeded quota: q")
    assert classify(invalid) is invalid
    assert classify(failed) is failed
