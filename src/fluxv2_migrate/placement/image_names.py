"""Names for policies and their repositories as people choose them: the workload, the image."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fluxv2_migrate.kubernetes import LONGEST_LABEL, as_name, short_digest


@dataclass(frozen=True, slots=True)
class NamedGroup:
    """What an object is named after: all that use it.

    Attributes:
        plain: the name that it gets if nothing else wants it.
        owner: of the image, the part of its path before the last one.
        identity: what it is, as a text.
        workload: the first of several that use it.
    """

    plain: str
    clusters: frozenset[str]
    namespaces: frozenset[str]
    kinds: frozenset[str]
    owner: str
    identity: str
    workload: str = ""

    def names(self) -> tuple[str | None, ...]:
        """Gives its names, the best first; `None` where the way to name it does not tell it apart."""
        cluster, namespace = _only(self.clusters), _only(self.namespaces)
        first, kind = min(self.namespaces, default=""), _only(self.kinds)
        return (
            _valid(self.plain),
            _valid(f"{self.plain}-{cluster}") if cluster else None,
            _valid(f"{namespace}-{self.plain}") if namespace else None,
            _valid(f"{namespace}-{self.plain}-{cluster}") if namespace and cluster else None,
            _valid(f"{self.plain}-{kind}") if kind else None,
            _valid(f"{self.owner}-{self.plain}") if self.owner else None,
            # Of several namespaces or workloads the first one stands for all.
            _valid(f"{first}-{self.plain}") if first else None,
            _valid(f"{self.plain}-{self.workload}" if self.workload else self.plain),
        )

    def last_name(self) -> str:
        """Gives a name that is always free."""
        return _with_digest(_valid(self.plain), self.identity)


_Key = TypeVar("_Key", bound=Hashable)


def choose_names(groups: Mapping[_Key, NamedGroup], taken: Collection[str]) -> dict[_Key, str]:
    """Gives each group a name of its own; in what order they are given makes no difference.

    Returns:
        The plain names where only one wants them, or one that more clusters see than any other; the others
        are told apart by cluster, namespace, kind or owner.

    >>> def group(plain, cluster):
    ...     shop, kinds = frozenset(["shop"]), frozenset(["Deployment"])
    ...     return NamedGroup(plain, frozenset([cluster]), shop, kinds, "", "")
    >>> choose_names({1: group("web", "dev"), 2: group("web", "prod"), 3: group("api", "dev")}, ())
    {3: 'api', 1: 'web-dev', 2: 'web-prod'}
    >>> choose_names({1: group("web", "k8s/dev/eu"), 2: group("web", "k8s/prod/eu")}, ())
    {1: 'web-dev', 2: 'web-prod'}
    """
    used = set(taken)
    names: dict[_Key, str] = {}
    rivals: dict[str, list[_Key]] = {}
    for key, group in groups.items():
        rivals.setdefault(_valid(group.plain), []).append(key)
    for plain, keys in sorted(rivals.items()):
        left = sorted(keys, key=lambda key: groups[key].identity)
        widest = _widest(left, groups)
        if widest is not None and plain not in used:
            names[widest] = plain
            used.add(plain)
            left.remove(widest)
        if not left:
            continue
        several = [groups[key] for key in left]
        environments = [
            _valid(f"{group.plain}-{environment}") if environment else None
            for group, environment in zip(several, _environments(several), strict=True)
        ]
        ways = [environments, *zip(*(group.names() for group in several), strict=True)]
        for way in ways:
            found = {name for name in way if name is not None}
            if len(found) == len(left) and not found & used:
                names.update(zip(left, [name or "" for name in way], strict=True))
                used |= found
                break
        else:
            for key in left:
                names[key] = groups[key].last_name()
                used.add(names[key])
    return names


def _environments(groups: Sequence[NamedGroup]) -> list[str]:
    """Gives what tells the clusters of some groups apart, where their names are paths: `dev`, `prod`."""
    paths = [[cluster.split("/") for cluster in sorted(group.clusters)] or [[]] for group in groups]
    shared = len(_common([_common(each) for each in paths]))
    # Of several environments the first one stands for all.
    return [each[0][shared] if len(each[0]) > shared else "" for each in paths]


def _common(paths: Sequence[Sequence[str]]) -> list[str]:
    parts: list[str] = []
    for level in zip(*paths, strict=False):
        if len(set(level)) > 1:
            break
        parts.append(level[0])
    return parts


def _widest(keys: Collection[_Key], groups: Mapping[_Key, NamedGroup]) -> _Key | None:
    if len(keys) == 1:
        return next(iter(keys))
    ranked = sorted(keys, key=lambda key: -len(groups[key].clusters))
    first, second = ranked[0], ranked[1]
    return first if len(groups[first].clusters) > len(groups[second].clusters) else None


def _only(values: Collection[str]) -> str:
    return next(iter(values)) if len(values) == 1 else ""


def _valid(text: str) -> str:
    # Names are used as values of labels.
    name = as_name(text) or "image"
    return name if len(name) <= LONGEST_LABEL else _with_digest(name, text)


def _with_digest(name: str, of: str) -> str:
    digest = short_digest(of)
    return f"{name[: LONGEST_LABEL - len(digest) - 1].rstrip('-')}-{digest}"
