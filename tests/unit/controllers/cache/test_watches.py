"""What the operator follows."""

from kode.controllers.cache.caches import Caches
from kode.controllers.cache.watches import reflectors
from kode.kube.resources import NAMESPACE, POD
from kode.platform.resources import CHILDREN, KODE, REFERENCED
from tests.unit.controllers.cluster import Cluster
from tests.unit.controllers.virtual import clock, run


def test_all_that_a_kode_is_made_of_or_refers_to_is_followed_whole_and_by_one_reflector() -> None:
    async def scopes() -> list[str]:
        caches = Caches(lambda _: None)
        return [
            it.options.resource.kind
            for it in reflectors(Cluster(), caches, clock)
            if not it.options.metadata_only and not it.options.fields
        ]

    assert sorted(run(scopes())) == sorted(
        kind.kind for kind in (KODE, POD, *CHILDREN, *REFERENCED) if kind != NAMESPACE
    )
