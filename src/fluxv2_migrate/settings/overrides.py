"""What a person decided for one resource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final, NamedTuple

from fluxv2_migrate.kubernetes import named
from fluxv2_migrate.settings.options import Override

PATTERNS: Final = ("cluster", "kind", "namespace", "name", "path")
"""The fields of an override that say what it is about."""
_BETWEEN: Final = ", "
_ANYTHING: Final = ("", "*")
_OF_CLUSTERS: Final = ("helm_versions", "fluxd_version", "git_url", "update_images")
_NO_DECISION: Final = (*PATTERNS, "container", "accept")


# A tuple, because each is counted, and told apart from all others.
class Subject(NamedTuple):
    """What the patterns of overrides are compared with.

    Attributes:
        cluster: its name, or those of all that have the resource, or empty.
        namespace: of the resource, or empty.
    """

    cluster: str
    kind: str
    namespace: str
    name: str
    path: str

    @property
    def resource(self) -> str:
        """Names it as findings do."""
        return named(self.kind, self.namespace, self.name)

    def matches(self, override: Override) -> bool:
        """Gives whether an override is about it; empty patterns match all.

        >>> Subject("", "HelmRelease", "shop", "web", "a.yaml").matches(Override(namespace="sh*", name=""))
        True
        >>> web = Subject("eu, us", "HelmRelease", "shop", "web", "a.yaml")
        >>> web.matches(Override(cluster="asia, eu, us")), web.matches(Override(cluster="eu"))
        (True, False)
        """
        # There may be an answer for each of hundreds of releases, and their names tell most of them apart.
        for name in reversed(PATTERNS):
            pattern, text = getattr(override, name), getattr(self, name)
            if pattern in _ANYTHING:
                continue
            if name == "cluster":
                # What is decided for some clusters is not for others that have the resource, too.
                known = pattern.split(_BETWEEN)
                if not all(any(fnmatchcase(each, one) for one in known) for each in text.split(_BETWEEN)):
                    return False
            elif not fnmatchcase(text, pattern):
                return False
        return True


@cache
def nothing_said() -> Override:
    """Gives what is decided of a resource of which nobody says anything, as of most.

    >>> nothing_said().leave
    False
    """
    return Override(accept=())


def override_for(
    subject: Subject, overrides: Iterable[Override], container: str | None = None
) -> tuple[Override, frozenset[int]]:
    """Gives all that the overrides say of a resource, or of one of its containers, and which are about it.

    Args:
        overrides: as given; of two that say different things the later one counts.
        container: whose image is asked about; what is said of single containers is not of the resource.

    >>> web = Subject("", "HelmRelease", "shop", "web", "a.yaml")
    >>> override_for(web, [Override(release_name="a"), Override(name="x"), Override(accept=("HR032",))])
    (Override(release_name='a', accept=('HR032',)), frozenset({0, 2}))
    """
    said: dict[str, Any] = {}
    accepted: tuple[str, ...] = ()
    matched: set[int] = set()
    for index, override in enumerate(overrides):
        if is_about(override, subject, container):
            matched.add(index)
            accepted += override.accept
            for name in Override.model_fields:
                value = getattr(override, name)
                # An answer that nobody has filled in decides nothing.
                if value and name not in _NO_DECISION:
                    said[name] = value
    if not matched:
        return nothing_said(), frozenset()
    return Override(**said, accept=accepted), frozenset(matched)


def is_of_cluster(override: Override) -> bool:
    """Gives whether an override says how something of a cluster was set, whatever resource asked for it.

    >>> is_of_cluster(Override(helm_versions=("v3",))), is_of_cluster(Override(leave=True))
    (True, False)
    """
    return any(name in override.model_fields_set for name in _OF_CLUSTERS)


def entry_of(answer: Override) -> dict[str, Any]:
    """Gives an answer as an entry of a file of overrides: what was given, in JSON's types.

    >>> entry_of(Override(name="web", accept=("HR032",)))
    {'name': 'web', 'accept': ['HR032']}
    """
    return answer.model_dump(mode="json", exclude_unset=True)


def as_python(entry: Mapping[str, Any]) -> str:
    """Gives an entry of a file of overrides as it is written in Python.

    >>> as_python({"name": "web"})
    "Override(name='web')"
    """
    return f"Override({', '.join(f'{key}={value!r}' for key, value in entry.items())})"


def is_about(override: Override, subject: Subject, container: str | None = None) -> bool:
    """Gives whether an override is about a resource, or about one of its containers.

    >>> web, app = Subject("", "Deployment", "shop", "web", "a.yaml"), Override(name="web", container="app")
    >>> is_about(app, web), is_about(app, web, "app")
    (False, True)
    """
    if not subject.matches(override):
        return False
    if override.container in _ANYTHING:
        return True
    return container is not None and fnmatchcase(container, override.container)
