"""The table of kinds."""

import pytest

from kode.kube.resources import SECRET
from kode.platform.resources import BY_KIND, CHILDREN, KODE, REFERENCED


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (SECRET.path(), "/api/v1/secrets"),
        (SECRET.path("team"), "/api/v1/namespaces/team/secrets"),
        (SECRET.path("team", "x"), "/api/v1/namespaces/team/secrets/x"),
        (SECRET.path("a/b", "../x"), "/api/v1/namespaces/a%2Fb/secrets/..%2Fx"),
        (
            KODE.path("team", "dev", "status"),
            "/apis/kode.jacero.io/v1alpha1/namespaces/team/kodes/dev/status",
        ),
        (
            BY_KIND["KodeClusterTemplate"].path("ignored", "x"),
            "/apis/kode.jacero.io/v1alpha1/kodeclustertemplates/x",
        ),
    ],
)
def test_a_path_is_where_the_api_serves_it(path: str, expected: str) -> None:
    assert path == expected


def test_every_kind_is_found_by_its_name() -> None:
    for kind in (*CHILDREN, *REFERENCED):
        assert BY_KIND[kind.kind] is kind
