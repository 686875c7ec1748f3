"""What of the platform's own environment goes on to what it runs.

Rule: pure, and by name: a secret in the platform's environment stays there.
"""

import re
from collections.abc import Mapping

INHERITED = re.compile(
    r"PATH|TERM|COLORTERM|LANG|LANGUAGE|LC_[A-Z]+|SSH_AUTH_SOCK"
    # Whoever is behind a proxy, or trusts a certificate authority of their own, is so here too.
    r"|(?i:https?_proxy|all_proxy|no_proxy|ftp_proxy)"
    r"|SSL_CERT_FILE|SSL_CERT_DIR|NODE_EXTRA_CA_CERTS|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE"
    r"|PIP_CERT|GIT_SSL_CAINFO"
)
"""Names of the platform's own variables that go on to what it runs."""


def inherit_env(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what goes on from the platform's own environment."""
    return {name: value for name, value in environment.items() if INHERITED.fullmatch(name)}
