"""The operator as it runs in the cluster: installed, looked at, removed.

Rule: installed by the published command alone; the tests have no other way in.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.cluster.api import Api, Object
from tests.cluster.place import kubectl

NAMESPACE = "kode-system"
SELECTOR = "app.kubernetes.io/part-of=kode,app.kubernetes.io/component=operator"
_SECONDS = "120s"


@dataclass(frozen=True)
class Operator:
    """The operator of one cluster."""

    api: Api
    manifests: Path

    def install(self) -> None:
        """Run the command of the README, and wait until the operator is up."""
        found = self.api.list("Deployment", NAMESPACE, labelSelector=SELECTOR)
        kubectl("apply", "-k", str(self.manifests))
        if found:
            # Left by an earlier run, and then it may run an earlier image.
            kubectl("-n", NAMESPACE, "rollout", "restart", "deployment")
        kubectl("-n", NAMESPACE, "rollout", "status", "deployment", f"--timeout={_SECONDS}")

    def uninstall(self) -> None:
        """Run the command of the README; it must not hang."""
        kubectl("delete", "-k", str(self.manifests), "--ignore-not-found", f"--timeout={_SECONDS}")

    def deployment(self) -> Object:
        """Return the one Deployment."""
        (found,) = self.api.list("Deployment", NAMESPACE, labelSelector=SELECTOR)
        return found

    def account(self) -> str:
        """Return the user name of the operator's ServiceAccount."""
        name = self.deployment()["spec"]["template"]["spec"]["serviceAccountName"]
        return f"system:serviceaccount:{NAMESPACE}:{name}"

    def pods(self) -> list[Object]:
        """Return its pods."""
        return self.api.list("Pod", NAMESPACE, labelSelector=SELECTOR)

    def restarts(self) -> dict[str, int]:
        """Return how often each container has been restarted, by its pod's uid."""
        return {
            f"{pod['metadata']['uid']}/{status['name']}": int(status["restartCount"])
            for pod in self.pods()
            for status in pod["status"].get("containerStatuses", [])
        }

    def log(self) -> str:
        """Return what its running containers have written."""
        return kubectl("-n", NAMESPACE, "logs", "-l", SELECTOR, "--tail=-1", "--all-containers")

    def scale(self, replicas: int) -> None:
        """Stop it (0) or start it, and wait until that is done."""
        name = self.deployment()["metadata"]["name"]
        self.api.merge("Deployment", name, NAMESPACE, {"spec": {"replicas": replicas}})
        if replicas:
            kubectl("-n", NAMESPACE, "rollout", "status", "deployment", f"--timeout={_SECONDS}")
            return
        for pod in self.pods():
            uid = pod["metadata"]["uid"]
            self.api.wait(
                "Pod",
                pod["metadata"]["name"],
                NAMESPACE,
                lambda seen, uid=uid: seen is None or seen["metadata"]["uid"] != uid,  # type: ignore[misc]
            )

    def tracebacks(self) -> list[str]:
        """Return the lines of its log that tell of an error nobody expected."""
        marks = ("Traceback", "Unhandled", "Task exception was never retrieved")
        return [line for line in self.log().splitlines() if any(mark in line for mark in marks)]
