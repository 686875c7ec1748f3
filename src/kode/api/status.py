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
        Field(description="Why, in one word that never changes.", min_length=1, max_length=1024),
    ]
    message: Annotated[str, Field(description="Why, for people.", max_length=32768)]
    observed_generation: Annotated[
        int,
        Field(
            description="Generation of the Kode that it speaks of.",
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
            description="Generation of the Kode that the conditions speak of.",
            json_schema_extra={"format": "int64"},
        ),
    ] = 0
    template_generation: Annotated[
        int,
        Field(
            ge=0,
            description="Generation of the template that the conditions speak of.",
            json_schema_extra={"format": "int64"},
        ),
    ] = 0
    phase: Annotated[str, Field(description="One word for people; conditions say more.")] = ""
    home_claim: Annotated[
        str,
        Field(
            description="Uid of the claim that the operator made for the home. Where that is gone, "
            "no new one is made until it is asked for."
        ),
    ] = ""
    url: Annotated[
        str, Field(description="Where a browser opens it; empty where nothing is offered.")
    ] = ""
    runtime: Annotated[
        str,
        Field(description="What runs it and why; told on one machine, where there is a choice."),
    ] = ""
    conditions: Annotated[
        list[StatusCondition],
        Field(
            description="Accepted, ResolvedRefs, StorageReady, WorkloadReady, Suspended, Ready, "
            "and Degraded where something cannot be had.",
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
            },
        ),
    ] = []
