"""kode.controllers.rollout."""

from typing import Any

import pytest

from kode import labels
from kode.controllers.rollout import is_update_pending
from kode.evaluate.observed import PodView

Object = dict[str, Any]


def workload(of_kode: str = "k", of_pod: str = "p", replicas: int = 1) -> Object:
    annotations = {labels.KODE_HASH: of_kode, labels.POD_HASH: of_pod}
    return {"spec": {"replicas": replicas, "template": {"metadata": {"annotations": annotations}}}}


def pod(*, started: bool = True, answered: bool = True, stopping: bool = False) -> PodView:
    return PodView(
        ready=True,
        stopping=stopping,
        started=started,
        was_ready=answered,
        unschedulable=None,
        failure=None,
        terminated=None,
        annotations={},
    )


NEW = workload(of_pod="new")


@pytest.mark.parametrize(
    ("live", "desired", "found", "waits"),
    [
        pytest.param(workload(), NEW, pod(), True, id="template-edited"),
        pytest.param(workload(), workload(), pod(), False, id="nothing-edited"),
        pytest.param(workload(), workload("new", "new"), pod(), False, id="kode-edited"),
        pytest.param(None, NEW, pod(), False, id="no-workload"),
        pytest.param(workload(), NEW, None, False, id="no-pod"),
        pytest.param(workload(), NEW, pod(stopping=True), False, id="pod-stops"),
        pytest.param(workload(), NEW, pod(started=False, answered=False), False, id="not-up"),
        pytest.param(workload(), NEW, pod(answered=False), True, id="just-started"),
        pytest.param(workload(), NEW, pod(started=False), True, id="kubelet-restarted"),
        pytest.param(workload(), workload(of_pod="new", replicas=0), pod(), False, id="suspend"),
        pytest.param(workload(replicas=0), NEW, pod(), False, id="suspended"),
        pytest.param({"spec": {"template": {}}}, NEW, pod(), False, id="no-annotations"),
    ],
)
def test_edit_waits(
    live: Object | None, desired: Object, found: PodView | None, *, waits: bool
) -> None:
    assert is_update_pending(live, desired, found) is waits
