"""What is known of a repository before anything in it is migrated, and what of it is migrated now."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Final

from fluxv2_migrate.clusters import ClusterMap, ClusterView
from fluxv2_migrate.clusters.cluster_map import ClusterObject
from fluxv2_migrate.clusters.fluxd_clusters import repository_key
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.flux1.placeholders import placeholder_in_text
from fluxv2_migrate.flux2.releases import FluxVersion, is_of_flux2, oldest_of
from fluxv2_migrate.kubernetes import mapping_at, namespace_and_name
from fluxv2_migrate.meaning.flux2_chart import checked_out_of
from fluxv2_migrate.placement import ExistingImageObject, ExistingSource
from fluxv2_migrate.quoting import plural
from fluxv2_migrate.repository.reading import Document, Repository
from fluxv2_migrate.repository.unread_texts import UnreadKind, find_unread_texts
from fluxv2_migrate.settings.inventory import Inventory
from fluxv2_migrate.settings.of_clusters import ReleaseSettings, settings_of
from fluxv2_migrate.settings.options import MigrationOptions, Scope
from fluxv2_migrate.yaml_text import YAML_ENDINGS

_NAMESPACE_LINE: Final = re.compile(r"^[ \t]+[\"']?namespace[\"']?:[ \t]*[\"']?([^\s\"']+)", re.MULTILINE)
_NAME_LINE: Final = re.compile(r"^[ \t]+[\"']?name[\"']?:[ \t]*[\"']?([^\s\"']+)", re.MULTILINE)
_UNREAD: Final[Mapping[UnreadKind, tuple[str, str]]] = {
    "other-file": ("RP036", "templates and programs"),
    "json": ("RP037", "files of JSON, which fluxd never read,"),
    "text-in-manifest": ("RP038", "texts and values inside other objects"),
    "encoded": ("RP038", "texts in base64 inside Secrets and ConfigMaps"),
    "comment": ("RP039", "comments"),
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known before a release is read.

    Attributes:
        versions: the Flux release that will run in each cluster.
    """

    repository: Repository
    clusters: ClusterMap
    options: MigrationOptions
    versions: Mapping[str, FluxVersion]
    _settings: dict[str, ReleaseSettings] = field(default_factory=dict, compare=False, repr=False)

    def settings(self, view: ClusterView) -> ReleaseSettings:
        """Gives the settings of a cluster."""
        if not self._settings:
            branches = frozenset(self._known_branches())
            for each in self.clusters.clusters:
                settings = settings_of(self.options, each.settings)
                self._settings[each.name] = replace(settings, known_branches=branches)
        return self._settings[view.name]

    def _known_branches(self) -> Iterator[tuple[str, str]]:
        """Gives the branches that something syncs: fluxd, or a GitRepository of Flux v2."""
        for view in self.clusters.clusters:
            url, branch = view.settings.fluxd.git_url, view.settings.branch
            if url and branch:
                yield repository_key(url), branch
        for document in self.repository.source_documents():
            url = mapping_at(document.manifest, "spec").get("url")
            is_of_git = document.manifest.get("kind") == "GitRepository"
            checked_out = checked_out_of(document.manifest) if is_of_git else None
            if isinstance(url, str) and checked_out is not None and checked_out.kind == "branch":
                yield repository_key(url), checked_out.value

    def oldest(self, clusters: Iterable[str]) -> FluxVersion:
        """Gives the oldest Flux release of some clusters: what it reads, the others read too."""
        found = {self.versions[name] for name in clusters}
        return oldest_of(found or self.versions.values())

    def inventories(self) -> dict[str, Inventory]:
        """Gives what runs in each cluster, of which anybody said it."""
        given = {view.name: self.settings(view) for view in self.clusters.clusters}
        given = given or {"": settings_of(self.options)}
        return {name: each.inventory for name, each in given.items() if each.inventory is not None}

    def every_object(self, view: ClusterView) -> Iterator[ClusterObject]:
        """Gives all objects of a cluster, also those of files that do not name Flux."""
        repository = self.repository
        paths = (
            path
            for path in repository.texts
            if path.endswith(YAML_ENDINGS) and repository.has_documents(path)
        )
        documents = {path: repository.all_documents(path) for path in paths}
        yield from self.clusters.objects(view, documents)


def existing_sources(around: Surroundings) -> list[ExistingSource]:
    """Gives the sources of charts that are there, as each cluster has them."""
    found = {
        source
        for document in around.repository.source_documents()
        for cluster, manifest in around.clusters.seen(document)
        if (source := ExistingSource.of_manifest(manifest, cluster)) is not None
    }
    return sorted(found, key=repr)


def existing_image_objects(around: Surroundings) -> list[ExistingImageObject]:
    """Gives the image automation that is there, as each cluster has it."""
    found = {
        existing
        for _, document in around.repository.new_objects()
        for cluster, manifest in around.clusters.seen(document)
        if (existing := ExistingImageObject.of_manifest(manifest, cluster)) is not None
    }
    return sorted(found, key=repr)


def is_in_scope(document: Document, around: Surroundings) -> bool:
    """Gives whether a document is in scope, in all clusters that see it."""
    return _are_in_scope(*_seen_as(document, around), document.path, around)


def _seen_as(document: Document, around: Surroundings) -> tuple[set[str], set[str]]:
    """Gives the namespaces and the names that clusters know an object by; else those that are written."""
    seen = around.clusters.sightings.get(document.key, ())
    namespace, name = document.identity
    if seen:
        return {each.namespace for each in seen}, {each.name for each in seen}
    # What says nothing to fluxd was looked at by nobody yet, and is where fluxd put it.
    views = (view for view in around.clusters.clusters if not namespace and view.syncs(document.path))
    return {around.clusters.default_namespace(view.name) for view in views} or {namespace}, {name}


def is_item_in_scope(item: Mapping[str, Any], document: Document, around: Surroundings) -> bool:
    """Gives whether an item of a document that is a list is in scope, as it is written."""
    namespace, name = namespace_and_name(item)
    return _are_in_scope({namespace}, {name}, document.path, around)


def is_put_off(options: MigrationOptions) -> bool:
    """Gives whether a person wants less than everything to be migrated now.

    >>> is_put_off(MigrationOptions()), is_put_off(MigrationOptions(scope=Scope(names=("web",))))
    (False, True)
    """
    return options.scope != Scope() or any(override.leave for override in options.overrides)


def _is_text_in_scope(path: str, text: str, around: Surroundings) -> bool:
    """Gives whether a file that cannot be read may hold something in scope, going by its lines."""
    scope = around.options.scope
    return is_path_in_scope(path, around) and all(
        not patterns or any(fnmatchcase(each, pattern) for each in written for pattern in patterns)
        for patterns, written in (
            (scope.namespaces, _NAMESPACE_LINE.findall(text)),
            (scope.names, _NAME_LINE.findall(text)),
        )
    )


def is_path_in_scope(path: str, around: Surroundings) -> bool:
    """Gives whether a file is in scope, of which nobody knows what objects it holds."""
    patterns = around.options.scope.paths
    return not patterns or any(fnmatchcase(path, pattern) for pattern in patterns)


def _are_in_scope(
    namespaces: Collection[str], names: Collection[str], path: str, around: Surroundings
) -> bool:
    scope = around.options.scope
    return is_path_in_scope(path, around) and all(
        not patterns or all(any(fnmatchcase(text, pattern) for pattern in patterns) for text in texts)
        for patterns, texts in ((scope.namespaces, namespaces), (scope.names, names))
    )


def tell_of_scope(around: Surroundings, findings: FindingGroups) -> None:
    """Says where less is migrated than a person may think.

    A pattern may match nothing, as whoever misspells it does not notice, and an object may match in some of
    its clusters alone.
    """
    namespaces: set[str] = set()
    names: set[str] = set()
    paths: set[str] = set()
    for path, documents in around.repository.documents.items():
        for document in documents:
            if is_of_flux2(document.manifest) or not document.identity[1]:
                continue
            paths.add(path)
            _tell_of_part(document, around, findings)
            seen_in, seen_as = _seen_as(document, around)
            namespaces |= seen_in
            names |= seen_as
    scope = around.options.scope
    for kind, patterns, known in (
        ("namespaces", scope.namespaces, namespaces),
        ("names", scope.names, names),
        ("paths", scope.paths, paths),
    ):
        for pattern in dict.fromkeys(patterns):
            if not any(fnmatchcase(text, pattern) for text in known):
                message = f"nothing of Flux v1 matches {pattern!r} among the {kind} of the scope"
                findings.say("RP021", message)


def _tell_of_part(document: Document, around: Surroundings, findings: FindingGroups) -> None:
    """Says that an object stays, though the scope holds it as some cluster sees it."""
    seen = around.clusters.sightings.get(document.key, ())
    inside = [_are_in_scope({each.namespace}, {each.name}, document.path, around) for each in seen]
    if any(inside) and not all(inside):
        message = (
            f"the scope holds {document.resource} in some of the places where clusters have it: it stays"
        )
        findings.say("RP021", message, document.path, document.line)


def tell_of_unread(around: Surroundings, findings: FindingGroups) -> None:
    """Says which files and texts name the API or the annotations of Flux v1 and are not read."""
    _tell_files(around, findings)
    for kind, places in find_unread_texts(around.repository).items():
        code, where = _UNREAD[kind]
        told = [place for place in places if is_path_in_scope(place[0], around)]
        if told:
            files = plural(len({path for path, _ in told}), "file")
            message = f"{where} hold releases or annotations of Flux v1, in {files}"
            findings.say_at(code, message, [f"{path}:{line}" for path, line in told])


def _tell_files(around: Surroundings, findings: FindingGroups) -> None:
    repository = around.repository
    for path in repository.opaque:
        if is_path_in_scope(path, around) and not findings.is_left(path):
            findings.say("RP002", "the file names the API of Flux v1 and is not UTF-8", path)
    filled: dict[str, list[str]] = {}
    for path, error in sorted(repository.errors.items()):
        if not _is_text_in_scope(path, repository.texts[path], around) or findings.is_left(path):
            continue
        lines = repository.old_lines(path)
        if lines and repository.chart_around(path) is not None:
            findings.say("RP001", "a chart's template makes a release of Flux v1", path, lines[0])
        elif repository.holds_flux(path):
            placeholder = placeholder_in_text(repository.texts[path])
            if placeholder is not None:
                filled.setdefault(placeholder.form, []).append(f"{path}:{error.line or 1}")
                continue
            # What to do, the remedy says.
            message = f"the file stays as it is: {error.reason.removesuffix('; fix the file')}"
            findings.say("RP003", message, path, error.line or 1, [f"{path}:{line}" for line in lines])
    for form, places in filled.items():
        message = f"placeholders of the form {form} make it no YAML: the files stay as they are"
        findings.say_at("RP063", message, places)
