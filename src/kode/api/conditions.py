"""Conditions, reasons and phases of a Kode, each with the sentence that the reference docs show.

Rule: these enums are the only place that names them; a reason's name never changes its meaning.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class DocumentedEnum(StrEnum):
    """A string enum whose members carry the sentence that documents them."""

    doc: str

    def __new__(cls, value: str, doc: str) -> Self:
        """Make a member from its value and its documentation."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.doc = doc
        return member


class ConditionType(DocumentedEnum):
    """The types of conditions of a Kode, in the order in which they are reported."""

    ACCEPTED = "Accepted", "The spec is valid and permitted."
    RESOLVED_REFS = (
        "ResolvedRefs",
        "Template, proxy config and Secret exist, are valid and permitted.",
    )
    STORAGE_READY = "StorageReady", "The home volume's claim is bound."
    WORKLOAD_READY = "WorkloadReady", "The editor answers through its sidecar."
    SUSPENDED = "Suspended", "The Kode is suspended, or not permitted, and has no pod."
    READY = "Ready", "The Kode can be used: the summary of the others."
    DEGRADED = (
        "Degraded",
        "Something requested is not supported on this platform; the message lists it.",
    )


class Reason(DocumentedEnum):
    """Why a condition has its status."""

    VALID = "Valid", "The spec is valid."
    INVALID_SPEC = (
        "InvalidSpec",
        "A field is invalid; the message names it. Edit the Kode.",
    )
    NOT_PERMITTED = (
        "NotPermitted",
        "The template does not permit what the Kode requests; suspended until it does.",
    )
    RESOLVED = "Resolved", "All references are resolved."
    TEMPLATE_NOT_FOUND = (
        "TemplateNotFound",
        "The template does not exist; a running pod keeps running.",
    )
    TEMPLATE_INVALID = "TemplateInvalid", "The template is invalid; a running pod keeps running."
    PROXY_CONFIG_NOT_FOUND = (
        "ProxyConfigNotFound",
        "The proxy config does not exist; a running pod keeps running.",
    )
    PROXY_CONFIG_INVALID = (
        "ProxyConfigInvalid",
        "The proxy config is invalid; a running pod keeps running.",
    )
    SECRET_NOT_FOUND = "SecretNotFound", "The Secret of existingSecret does not exist."
    SECRET_INVALID = "SecretInvalid", "The Secret of existingSecret has no usable password."
    REF_NOT_PERMITTED = (
        "RefNotPermitted",
        "A reference or grant is not allowed, or is to another Kode's Secret; suspended.",
    )
    BOUND = "Bound", "The claim is bound."
    CLAIM_PENDING = (
        "ClaimPending",
        "The claim is not bound yet; the message has the provisioner's reason.",
    )
    CLAIM_NOT_FOUND = "ClaimNotFound", "The claim of existingVolumeClaim does not exist."
    CLAIM_RETAINED = (
        "ClaimRetained",
        "A claim of an earlier Kode of this name exists; name it in existingVolumeClaim to use it.",
    )
    CLAIM_TERMINATING = (
        "ClaimTerminating",
        "The claim is being deleted, and its files with it when the pod stops: copy them now.",
    )
    CLAIM_DELETED = (
        "ClaimDeleted",
        "The home's claim was deleted; a new one is created only on request.",
    )
    CLAIM_LOST = "ClaimLost", "The volume of the claim is lost."
    CHANGE_IGNORED = (
        "ChangeIgnored",
        "A change to the existing claim was ignored: immutable field, or the resize was refused.",
    )
    RUNNING = "Running", "The editor answers."
    UPDATE_PENDING = (
        "UpdatePending",
        "The editor runs; a change of its template takes effect on its next start.",
    )
    STARTING = "Starting", "The pod is starting."
    UNSCHEDULABLE = (
        "Unschedulable",
        "No node can run the pod; the message has the scheduler's reason.",
    )
    IMAGE_PULL_FAILED = (
        "ImagePullFailed",
        "An image cannot be pulled; the message has the kubelet's reason.",
    )
    CONTAINER_CONFIG_FAILED = (
        "ContainerConfigFailed",
        "A container cannot be created; the message has the kubelet's reason.",
    )
    INIT_FAILED = "InitFailed", "An init plugin fails; the message names it."
    CRASH_LOOPING = (
        "CrashLooping",
        "A container exits again and again; the message has its last output.",
    )
    UNHEALTHY = "Unhealthy", "The containers run, but the editor does not answer."
    STOPPING = "Stopping", "The pod is stopping."
    SUSPENDED = "Suspended", "The Kode is suspended; its files are kept."
    NOT_SUSPENDED = "NotSuspended", "The Kode is not suspended."
    NOT_OWNED = (
        "NotOwned",
        "An object of a required name exists and belongs to something else; it is not changed.",
    )
    REJECTED = (
        "Rejected",
        "The API server or a policy rejected an object; the message has its reason.",
    )
    QUOTA_EXCEEDED = (
        "QuotaExceeded",
        "A quota of the namespace leaves no room, or wants a value; tried again, later each time.",
    )
    POD_SECURITY_VIOLATED = (
        "PodSecurityViolated",
        "The namespace's PodSecurity level does not admit the pod; the message has what it wants.",
    )
    LIMIT_RANGE_VIOLATED = (
        "LimitRangeViolated",
        "A LimitRange of the namespace does not admit the pod's resources.",
    )
    CLASS_NOT_FOUND = (
        "ClassNotFound",
        "The RuntimeClass or PriorityClass that the pod names does not exist.",
    )
    POD_FAILED = (
        "PodFailed",
        "The pod ended as a whole, for example evicted; another is made, later each time.",
    )
    NODE_LOST = (
        "NodeLost",
        "The pod's node does not answer; another pod is made when this one is gone for certain.",
    )
    GATEWAY_NOT_READY = (
        "GatewayNotReady",
        "The editor answers, but the gateway has no route to it yet; it will.",
    )
    PLATFORM_ERROR = "PlatformError", "The platform failed; it is retried."
    PLATFORM_STOPPED = (
        "PlatformStopped",
        "The local platform is not running; the message says how to start it.",
    )
    NOT_ON_LOCAL_PLATFORM = (
        "NotOnLocalPlatform",
        "The template requests something that the local platform does not support; the rest runs.",
    )
    EDITOR_UNAVAILABLE = (
        "EditorUnavailable",
        "The editor cannot be installed; the message says what to do.",
    )
    NOT_FOUND = "NotFound", "A named object does not exist."
    ALREADY_EXISTS = "AlreadyExists", "An object of that name already exists."
    OUTDATED = "Outdated", "The object was modified since it was read; get it again and retry."
    EXPIRED = "Expired", "The resource version of a watch is too old; list again."


class Phase(DocumentedEnum):
    """A summary in one word; printed only, never read back."""

    PENDING = "Pending", "Something is missing or invalid, so nothing has started."
    STARTING = "Starting", "The pod is starting."
    RUNNING = "Running", "The editor answers."
    STOPPING = "Stopping", "The pod is stopping."
    SUSPENDED = "Suspended", "No pod; the files are kept."
    STOPPED = "Stopped", "The local platform is stopped; the files are kept."
    UNKNOWN = "Unknown", "The local platform has exited unexpectedly."
    FAILED = "Failed", "It will not start by itself; the Ready condition says why."


@dataclass(frozen=True)
class Condition:
    """One metav1.Condition.

    Source: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md
    """

    type: ConditionType
    status: bool
    reason: Reason
    message: str = ""
