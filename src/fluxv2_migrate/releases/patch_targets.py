"""What patches are for: targets that find the releases of Flux v2, and nothing beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.clusters import Closure, DocumentKey
from fluxv2_migrate.clusters.flux_kustomizations import FLUX_PATCH_FIELDS, puts_over
from fluxv2_migrate.flux1.apis import RELEASE_APIS
from fluxv2_migrate.flux1.policies import FLUXD_DOMAINS
from fluxv2_migrate.kubernetes import metadata_of, namespace_and_name
from fluxv2_migrate.kustomize import Build, BuiltObject, PatchUse, Selector, Step
from fluxv2_migrate.releases.patched import HeldBack

_GROUP: Final = "helm.toolkit.fluxcd.io"
_KIND: Final = "HelmRelease"
_FIELDS: Final = ("group", "version", "kind")
_SOURCES: Final = tuple(
    ("source.toolkit.fluxcd.io", "v1", kind) for kind in ("HelmRepository", "GitRepository")
)


def target_of(step: Step) -> dict[str, str]:
    """Gives the target that finds one release of Flux v2 as it comes to a kustomization."""
    return {"group": _GROUP, "kind": _KIND, **metadata_of(step.namespace, step.name)}


def targets_of(
    closure: Closure,
    builds: Mapping[tuple[str, str], Build],
    targets: Mapping[PatchUse, Mapping[str, Any]],
    version: str,
) -> Iterator[tuple[PatchUse, Mapping[str, str], tuple[str, ...]]]:
    """Gives the targets of patches that must change, with the fields that they get and those that go.

    Args:
        targets: what each patch of the closure with a target is for.

    Raises:
        HeldBack: no target finds the releases that a patch reaches and nothing else.
    """
    for use, target in targets.items():
        values = _renewed(target, version)
        gone = tuple(_going(target))
        kept = {name: item for name, item in target.items() if name not in gone}
        selector = Selector.of({**kept, **values})
        reached = places_at(use, closure, closure.documents)
        others = _reached_besides(use, builds, selector, version)
        if reached and (gone or others):
            values |= narrowed(reached, others)
        if reached and _finds_sources({**kept, **values}) and not _reaches_others(use, builds):
            # A source that is made is none of what it was for.
            values["kind"] = _KIND
        if values or gone:
            yield use, values, gone


def _finds_sources(target: Mapping[str, Any]) -> bool:
    """Gives whether a target may find the sources that are made for releases."""
    if any(target.get(name) for name in ("name", "labelSelector", "annotationSelector")):
        return False
    return any(_finds(target, *each) for each in _SOURCES)


def _reaches_others(use: PatchUse, builds: Mapping[tuple[str, str], Build]) -> bool:
    return any(
        use in built.patches and built.manifest.get("kind") not in RELEASE_APIS.values()
        for build in builds.values()
        for built in build.objects
    )


def _renewed(target: Mapping[str, Any], version: str) -> dict[str, str]:
    """Gives the group, version and kind of a target that would not find releases of Flux v2."""
    wanted = (_GROUP, version, _KIND)
    apis = [(*version.split("/"), kind) for version, kind in RELEASE_APIS.items()]
    old = {name: {each[index] for each in apis} for index, name in enumerate(_FIELDS)}
    return {
        # What finds more than releases still does.
        name: new if str(target[name]) in old[name] else f"{target[name]}|{new}"
        for name, new in zip(_FIELDS, wanted, strict=True)
        if target.get(name) and not _matches(name, str(target[name]), new)
    }


def places_at(use: PatchUse, closure: Closure, documents: Iterable[DocumentKey]) -> set[tuple[str, str]]:
    """Gives namespace and name of each release as it comes to a patch."""
    return {
        (step.namespace, step.name)
        for key in documents
        for way in closure.ways[key]
        if use in way.built.patches
        for step in _steps(way.built, use)
    }


def _reached_besides(
    use: PatchUse, builds: Mapping[tuple[str, str], Build], selector: Selector, version: str
) -> set[tuple[str, str]]:
    """Gives namespace and name of the releases that the patch did not reach, and that a selector finds."""
    return {
        (step.namespace, step.name)
        for place, build in builds.items()
        if use.field not in FLUX_PATCH_FIELDS or puts_over(place[1], use)
        for built in build.objects
        if built.manifest.get("kind") == _KIND and use not in built.patches
        for step in _steps(built, use)
        if selector.matches(_GROUP, version, _KIND, step.name, step.namespace or "default")
    }


def moved_fields(selector: Mapping[str, Any], version: str) -> Mapping[str, str] | None:
    """Gives the fields with which a selector finds the releases of Flux v2 that it found of Flux v1.

    Returns:
        The fields that change; nothing where it finds no release of Flux v1, whatever it is called.

    >>> moved_fields({"group": "helm.fluxcd.io", "name": "web"}, "v2")
    {'group': 'helm.toolkit.fluxcd.io'}
    """
    if not any(_finds(selector, *version.split("/"), kind) for version, kind in RELEASE_APIS.items()):
        return None
    return _renewed(selector, version)


def _finds(selector: Mapping[str, Any], *identity: str) -> bool:
    return all(
        not selector.get(name) or _matches(name, str(selector[name]), text)
        for name, text in zip(_FIELDS, identity, strict=True)
    )


def _steps(built: BuiltObject, use: PatchUse) -> Iterator[Step]:
    """Gives an object as it comes to a patch."""
    if use.field not in FLUX_PATCH_FIELDS:
        yield from (step for step in built.steps if step.path == use.kustomization)
    elif built.steps:
        # Its patches are the last ones of the kustomization of its path.
        yield built.steps[-1]
    else:
        yield Step("", *namespace_and_name(built.manifest))


def _matches(field: str, pattern: str, text: str) -> bool:
    selector = Selector.of({field: pattern})
    given = {"group": "", "version": "", "kind": "", field: text}
    return selector.matches(given["group"], given["version"], given["kind"], "", "")


def _going(target: Mapping[str, Any]) -> Iterator[str]:
    """Gives the fields of a target that ask for what goes with the migration."""
    selector = str(target.get("annotationSelector") or "")
    if any(domain in selector for domain in FLUXD_DOMAINS):
        yield "annotationSelector"


def narrowed(reached: set[tuple[str, str]], others: set[tuple[str, str]]) -> dict[str, str]:
    r"""Gives the fields with which a target finds what it found, and none of the others.

    Args:
        reached: namespace and name of what it shall find.
        others: of what it shall not.

    Raises:
        HeldBack: no target tells them apart.

    >>> narrowed({("shop", "web"), ("shop", "api.v2")}, {("shop", "db")})
    {'name': 'api\\.v2|web'}
    """
    names = sorted({name for _, name in reached})
    values = {"name": "|".join(name.replace(".", "\\.") for name in names)}
    if any(name in names for _, name in others):
        namespaces = {namespace for namespace, _ in reached}
        if len(namespaces) > 1 or any(
            namespace in namespaces and name in names for namespace, name in others
        ):
            raise HeldBack("a patch would reach other releases, and no target tells them apart")
        values["namespace"] = namespaces.pop() or "default"
    return values
