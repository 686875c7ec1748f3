"""kode.controllers.rollout."""

from typing import Any

import pytest

from kode import labels
from kode.controllers.rollout import is_update_pending
from kode.evaluate.observed import PodView

Object = dict[str, Any]


def annotations(of_kode: str = "k", of_pod: str = "p") -> dict[str, str]:
    return {labels.KODE_HASH: of_kode, labels.POD_HASH: of_pod}


def pod(
    *,
    started: bool = True,
    answered: bool = True,
    stopping: bool = False,
    terminated: str | None = None,
    carried: dict[str, str] | None = None,
) -> PodView:
    return PodView(
        ready=True,
        stopping=stopping,
        started=started,
        was_ready=answered,
        unschedulable=None,
        failure=None,
        terminated=terminated,
        annotations=annotations() if carried is None else carried,
    )


NEW = annotations(of_pod="new")
REVISION = labels.CREDENTIALS_REVISION


@pytest.mark.parametrize(
    ("live", "desired", "waits"),
    [
        pytest.param(pod(), NEW, True, id="template-edited"),
        pytest.param(pod(), annotations(), False, id="nothing-edited"),
        pytest.param(pod(), annotations("new", "new"), False, id="kode-edited"),
        pytest.param(None, NEW, False, id="no-pod"),
        pytest.param(pod(stopping=True), NEW, False, id="pod-stops"),
        pytest.param(pod(terminated="Evicted"), NEW, False, id="pod-ended"),
        pytest.param(pod(started=False, answered=False), NEW, False, id="not-up"),
        pytest.param(pod(answered=False), NEW, True, id="just-started"),
        pytest.param(pod(started=False), NEW, True, id="kubelet-restarted"),
        pytest.param(pod(carried={}), NEW, False, id="no-annotations"),
        pytest.param(pod(), {**NEW, REVISION: "2"}, False, id="new-login-before-live-sidecars"),
        pytest.param(
            pod(carried={**annotations(), labels.SIDECAR_REVISION: "0"}),
            {**NEW, REVISION: "2"},
            True,
            id="new-login",
        ),
    ],
)
def test_edit_waits(live: PodView | None, desired: dict[str, str], *, waits: bool) -> None:
    assert is_update_pending({"metadata": {"annotations": desired}}, live) is waits
