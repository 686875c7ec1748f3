"""The status of a Kode.

Rule: written by the operator alone, never read back as input but to see whether it changed, and
for the one thing that nothing else knows: which claim has been the home.
"""

from typing import Annotated, Literal

from pydantic import Field

from kode.api.meta import Model


class StatusCondition(Model):
    """A metav1.Condition as it stands in a status."""

    type: Annotated[str, Field(description="What the condition is about.", max_length=316)]
    status: Annotated[Literal["True", "False", "Unknown"], Field(description="Whether it holds.")]
    reason: Annotated[
        str,
        Field(description="Machine-readable reason.", min_length=1, max_length=1024),
    ]
    message: Annotated[str, Field(description="Human-readable explanation.", max_length=32768)]
    observed_generation: Annotated[
        int,
        Field(
            description="Generation of the Kode that it is about.",
            ge=0,
            json_schema_extra={"format": "int64"},
        ),
    ]
    last_transition_time: Annotated[
        str,
        Field(description="When its status last moved.", json_schema_extra={"format": "date-time"}),
    ]


class KodeStatus(Model):
    """What the operator last saw of a Kode."""

    observed_generation: Annotated[
        int,
        Field(
            ge=0,
            description="Generation of the Kode that the conditions are about.",
            json_schema_extra={"format": "int64"},
        ),
    ] = 0
    template_generation: Annotated[
        int,
        Field(
            ge=0,
            description="Generation of the template that the conditions are about.",
            json_schema_extra={"format": "int64"},
        ),
    ] = 0
    phase: Annotated[
        str, Field(description="Summary in one word; the conditions have the details.")
    ] = ""
    home_claim: Annotated[
        str,
        Field(
            description="Uid of the claim that the operator created for the home. If that is gone, "
            "a new one is created only on request."
        ),
    ] = ""
    url: Annotated[str, Field(description="Address for a browser; empty while there is none.")] = ""
    runtime: Annotated[
        str,
        Field(
            description="What runs it and why; only on the local platform, where there is a choice."
        ),
    ] = ""
    conditions: Annotated[
        list[StatusCondition],
        Field(
            description="Accepted, ResolvedRefs, StorageReady, WorkloadReady, Suspended, Ready, "
            "and Degraded when something is not supported.",
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
            },
        ),
    ] = []
