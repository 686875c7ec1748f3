"""What Envoy says against its configuration, without the configuration that it quotes.

Rule: the field and the reason come first; where only the end of a quotation is left of a message,
it says how to see the rest.
"""

import re

_STARTING = re.compile(r"error `(.+?)` initializing config")
_UNREADABLE = "Unable to parse JSON as proto ("
_OUT_OF_BOUNDS = "Proto constraint validation failed ("
_QUOTATION = re.compile(r"\): \{.*")
_CHAIN = "embedded message failed validation | caused by "
_CLUSTER = re.compile(r"StaticResourcesValidationError\.Clusters\[([1-9][0-9]{0,5})\]")
_LONGEST = 900

_END_OF_A_QUOTATION = "]}}"
_LOST = (
    "Envoy cannot read the clusters of the proxy config, and quotes so much that its reason is "
    "lost; `kode render --envoy` prints what `envoy --mode validate` can be asked about"
)


def complaint(words: str) -> str:
    """Return what is wrong, out of the last words of an Envoy, all in one line."""
    found = _STARTING.search(words)
    text = found[1] if found else words
    if _OUT_OF_BOUNDS in text:
        # It quotes first and says then; the editor's own cluster is number 0.
        text = text[text.rindex(_OUT_OF_BOUNDS) :].replace(_CHAIN, "")
        text = _CLUSTER.sub(lambda it: f"clusters[{int(it[1]) - 1}]", text)
    elif _UNREADABLE in text:
        text = _QUOTATION.sub(")", text[text.rindex(_UNREADABLE) :])
    elif not found and text.endswith(_END_OF_A_QUOTATION):
        return _LOST
    return text[:_LONGEST]
