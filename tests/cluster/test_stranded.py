"""A node that does not answer: its pods stay, and no others are made beside them.

Rule: these run late, for while the kubelet is stopped everything else on the node waits as well.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kode import labels
from tests.cluster.documents import kode, stand_in
from tests.cluster.place import Place, condition, is_ready, kubectl

_NOTE = "/config/workspace/note"


@contextmanager
def _lost_node() -> Iterator[None]:
    """Stop the node's kubelet: nobody hears of it, and what runs on it goes on."""
    folder = str(Path(os.environ["KUBECONFIG"]).parent.parent)
    lines = {int(it.parent.name): it.read_bytes() for it in Path("/proc").glob("[0-9]*/cmdline")}
    kubelets = [
        pid
        for pid, line in lines.items()
        if line.startswith(b"kubelet\0") and folder.encode() in line
    ]
    assert len(kubelets) == 1, f"of {folder}"
    os.kill(kubelets[0], signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(kubelets[0], signal.SIGCONT)


@pytest.mark.skipif(
    os.environ.get("KODE_TEST_CLUSTER") == "existing", reason="no node of its own to lose"
)
def test_pod_of_a_lost_node_is_told_and_no_other_is_made_before_it_is_gone(place: Place) -> None:
    place.apply(stand_in("plain"), kode("stranded", "plain"))
    place.ready("stranded")
    place.exec("stranded", "sh", "-c", f"echo mine > {_NOTE}")
    uid = place.uid("stranded")
    node = place.pod("stranded")["spec"]["nodeName"]
    with _lost_node():
        where = ("-n", place.namespace, "--grace-period=1", "--wait=false")
        kubectl("delete", "pod", "stranded", *where)
        told = place.told("stranded", "NodeLost", status="False", seconds=120)
        message = condition(told, "WorkloadReady")["message"]
        assert f"node {node} has not ended the pod" in message
        assert "node.kubernetes.io/out-of-service" in message
        assert place.uid("stranded") == uid
        only = f"{labels.KODE}=stranded,{labels.MANAGED_BY}={labels.PRODUCT}"
        assert len(place.api.list("Pod", place.namespace, labelSelector=only)) == 1
    place.replaced("stranded", uid)
    place.ready("stranded")
    assert place.exec("stranded", "cat", _NOTE) == "mine\n"
    place.api.wait("Node", node, "", is_ready)
