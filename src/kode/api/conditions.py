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
        "Template, proxy config and Secret are found, valid and permitted.",
    )
    STORAGE_READY = "StorageReady", "The home volume's claim is bound."
    WORKLOAD_READY = "WorkloadReady", "The editor answers through its sidecar."
    SUSPENDED = "Suspended", "The Kode is suspended, or not permitted, and has no pod."
    READY = "Ready", "A person can work: the summary of the others."
    DEGRADED = (
        "Degraded",
        "What cannot be had on this platform is asked for; told only then, and listed.",
    )


class Reason(DocumentedEnum):
    """Why a condition has its status."""

    VALID = "Valid", "The spec is valid."
    INVALID_SPEC = (
        "InvalidSpec",
        "A field is wrong; the message names it. Waits for an edit of the Kode.",
    )
    NOT_PERMITTED = (
        "NotPermitted",
        "The template does not permit what the Kode asks for, or no more; suspended until it does.",
    )
    RESOLVED = "Resolved", "All references are resolved."
    TEMPLATE_NOT_FOUND = "TemplateNotFound", "The template does not exist; a running pod goes on."
    TEMPLATE_INVALID = "TemplateInvalid", "The template is broken; a running pod goes on."
    PROXY_CONFIG_NOT_FOUND = (
        "ProxyConfigNotFound",
        "The proxy config does not exist; a running pod goes on.",
    )
    PROXY_CONFIG_INVALID = (
        "ProxyConfigInvalid",
        "The proxy config is broken; a running pod goes on.",
    )
    SECRET_NOT_FOUND = "SecretNotFound", "The Secret of existingSecret does not exist."
    SECRET_INVALID = "SecretInvalid", "The Secret of existingSecret lacks a usable password."
    REF_NOT_PERMITTED = (
        "RefNotPermitted",
        "A reference has no leave: across namespaces, to grant, or to read; suspended till it has.",
    )
    BOUND = "Bound", "The claim is bound."
    CLAIM_PENDING = (
        "ClaimPending",
        "The claim is not bound yet; the message has the provisioner's reason.",
    )
    CLAIM_NOT_FOUND = "ClaimNotFound", "The claim of existingVolumeClaim does not exist."
    CLAIM_RETAINED = (
        "ClaimRetained",
        "A claim of an earlier Kode of this name is kept; it is handed over only when asked for.",
    )
    CLAIM_TERMINATING = (
        "ClaimTerminating",
        "The claim is being deleted, and goes with its files when the pod ends: copy them now.",
    )
    CLAIM_DELETED = (
        "ClaimDeleted",
        "The claim that was the home is gone; no new one is made until it is asked for.",
    )
    CLAIM_LOST = "ClaimLost", "The volume behind the claim is gone."
    CHANGE_IGNORED = (
        "ChangeIgnored",
        "This of an existing claim cannot be changed, or its growth is refused; it stays as it is.",
    )
    RUNNING = "Running", "The editor answers."
    UPDATE_PENDING = (
        "UpdatePending",
        "The editor runs; an edit of the template or proxy config is taken on its next start.",
    )
    STARTING = "Starting", "The pod is starting."
    UNSCHEDULABLE = (
        "Unschedulable",
        "No node takes the pod; the message has the scheduler's reason.",
    )
    IMAGE_PULL_FAILED = (
        "ImagePullFailed",
        "An image cannot be pulled; the message has the kubelet's reason.",
    )
    CONTAINER_CONFIG_FAILED = (
        "ContainerConfigFailed",
        "A container cannot be made; the message has the kubelet's reason.",
    )
    INIT_FAILED = "InitFailed", "An init plugin fails; the message names it."
    CRASH_LOOPING = (
        "CrashLooping",
        "A container ends again and again; the message has its last words.",
    )
    UNHEALTHY = "Unhealthy", "The containers run, but the editor does not answer."
    STOPPING = "Stopping", "The pod is stopping."
    SUSPENDED = "Suspended", "The Kode is suspended; its files are kept."
    NOT_SUSPENDED = "NotSuspended", "The Kode is not suspended."
    NOT_OWNED = (
        "NotOwned",
        "An object of a needed name exists and is not this Kode's; it is left alone.",
    )
    REJECTED = (
        "Rejected",
        "The API server or a policy refused an object; the message has its words.",
    )
    GATEWAY_NOT_READY = (
        "GatewayNotReady",
        "The editor answers, but the gateway does not lead to it yet, or not any more; it will.",
    )
    PLATFORM_ERROR = "PlatformError", "The platform failed; tried again."
    PLATFORM_STOPPED = (
        "PlatformStopped",
        "The platform on this machine does not run; the message says how to start it.",
    )
    NOT_ON_LOCAL_PLATFORM = (
        "NotOnLocalPlatform",
        "The template asks for what one machine without a cluster cannot give; the rest runs.",
    )
    EDITOR_UNAVAILABLE = (
        "EditorUnavailable",
        "The editor is not installed and cannot be; the message says what to do.",
    )
    NOT_FOUND = "NotFound", "What a command names does not exist."
    ALREADY_EXISTS = "AlreadyExists", "An object of that name exists already."
    OUTDATED = "Outdated", "The object has changed since it was read; read it again."
    EXPIRED = "Expired", "A watch cannot go on from so long ago; list again."


class Phase(DocumentedEnum):
    """One word for people; printed only, never read back."""

    PENDING = "Pending", "Something is missing or wrong before anything can start."
    STARTING = "Starting", "The pod is starting."
    RUNNING = "Running", "The editor answers."
    STOPPING = "Stopping", "The pod is stopping."
    SUSPENDED = "Suspended", "No pod; the files are kept."
    STOPPED = "Stopped", "The platform on this machine is stopped; the files are kept."
    UNKNOWN = "Unknown", "The platform on this machine has ended without a word."
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
