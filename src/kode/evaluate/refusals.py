"""Why the API server refuses an object, as far as its words tell.

Rule: the words themselves are always told; a reason of its own is for what a person or an
administrator mends in a place of its own. The API server has no machine-readable cause for these.

Source: the messages of the admission plugins of
https://github.com/kubernetes/kubernetes/tree/master/plugin/pkg/admission
"""

import re

from kode.api.conditions import Reason
from kode.errors import KodeError, PlatformError

_FORBIDDEN = re.compile(r"is forbidden: \[?(?P<cause>.*)", re.DOTALL)
_BY_BEGINNING = (
    ("exceeded quota", Reason.QUOTA_EXCEEDED),
    ("failed quota", Reason.QUOTA_EXCEEDED),
    ("status unknown for quota", Reason.QUOTA_EXCEEDED),
    ("violates PodSecurity", Reason.POD_SECURITY_VIOLATED),
    ("no PriorityClass", Reason.CLASS_NOT_FOUND),
    ("pod rejected: RuntimeClass", Reason.CLASS_NOT_FOUND),
    ("minimum ", Reason.LIMIT_RANGE_VIOLATED),
    ("maximum ", Reason.LIMIT_RANGE_VIOLATED),
    ("max limit to request ratio", Reason.LIMIT_RANGE_VIOLATED),
)


def classify(error: KodeError) -> KodeError:
    """Return an error with the reason that the API server's words give it."""
    cause = _FORBIDDEN.search(error.message)
    if error.reason is not Reason.REJECTED or cause is None:
        return error
    text = cause["cause"]
    reason = next((it for begin, it in _BY_BEGINNING if text.startswith(begin)), None)
    return PlatformError(reason, error.message) if reason else error
