"""Hypothesis strategies for what Flux v1 left behind: by these this library tests itself.

They need the extra `testing`, which brings Hypothesis; nothing else of the package imports it.

>>> from hypothesis import given
>>> import fluxv2_migrate as fm
>>> from fluxv2_migrate.testing import repositories
>>> @given(repositories())
... def test_our_check_takes_every_repository(repository):
...     fm.migrate_repository(repository.files, repository.options)
"""

from fluxv2_migrate.testing.release_strategies import releases
from fluxv2_migrate.testing.repository_strategies import GeneratedCluster, GeneratedRepository, repositories
from fluxv2_migrate.testing.workload_strategies import TagHistory, tags, workloads

__all__ = [
    "GeneratedCluster",
    "GeneratedRepository",
    "TagHistory",
    "releases",
    "repositories",
    "tags",
    "workloads",
]
