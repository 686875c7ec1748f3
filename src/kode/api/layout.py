"""Names, ports and paths that the pod, the sidecar's configuration and their readers agree on.

Rule: whoever writes one of them takes it from here.
"""

EDITOR = "editor"
"""The editor's container in the pod, and its command on one machine."""

SIDECAR = "envoy"
"""The sidecar's container in the pod."""

SIDECAR_HTTP = 15080
"""The one port that people reach, and the only one in the Service."""

SIDECAR_HEALTH = 15021
"""Where the kubelet asks; it answers /ready and /live and nothing else."""

SIDECAR_UID = 65532
"""Who the sidecar runs as; an editor that was the same user could listen in its place."""

ENVOY_FILES = "/etc/envoy"
"""Where the sidecar's files are mounted."""

ENVOY_CLUSTERS = "clusters.json"
"""File of Envoy's clusters: an annotation of the pod, or a key of the sidecar's Secret."""

ENVOY_LISTENERS = "listeners.json"
"""File of Envoy's listeners, as ENVOY_CLUSTERS."""

ENVOY_USERS = "htpasswd"
"""Key of the sidecar's Secret: user and password hash."""

ENVOY_EDITOR_KEY = "editor-key"
"""Key of the sidecar's Secret: the password between it and an editor with a lock of its own."""

ENVOY_EDITOR_AUTHORIZATION = "editor-authorization"
"""Key of the sidecar's Secret: the header that the sidecar answers such an editor with."""

EDITOR_AUTHORIZATION = "KODE_EDITOR_AUTHORIZATION"
"""Variable of the sidecar that holds that header."""
ENVOY_SESSION = "session"
"""Key of the sidecar's Secret: the random value of the cookie that remembers a login."""

ENVOY_PARTS = "proxy-config.json"
"""Key of the sidecar's Secret: the proxy config's own parts in its files."""

ENVOY_ACCEPTED = "accepted.json"
"""Key of the sidecar's Secret: the own parts that its Envoy took last."""

SESSION_USER = "\x7f"
"""The user that a remembered login is to the sidecar; nobody's user can have such a name."""

ENVOY_RUN = "/run/envoy"
"""A directory of the sidecar's container alone, for its sockets."""

ENVOY_HTTP_SOCKET = f"{ENVOY_RUN}/http.sock"
"""Where the sidecar's health check finds its listener: in a place that is its own, so that no
program that has taken its port passes for it."""
