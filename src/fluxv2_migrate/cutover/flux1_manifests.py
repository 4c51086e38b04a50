"""Which documents of a repository are Flux v1 itself: fluxd, the helm-operator, and what only they need."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fluxv2_migrate.clusters.fluxd_clusters import paths_of
from fluxv2_migrate.clusters.obstacles import clusters_building
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.flux1 import find_images
from fluxv2_migrate.flux1.apis import is_release_definition
from fluxv2_migrate.flux1.flags import Program
from fluxv2_migrate.flux1.installation import Flux1Program
from fluxv2_migrate.kubernetes import as_object, mapping_at, mappings_in, named
from fluxv2_migrate.kustomize import Kustomization, ListedEntry
from fluxv2_migrate.repository.reading import Document
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import YAML_ENDINGS

_HOSTS: Final = r"(?:^|[/@.])(?:github\.com[:/]|raw\.githubusercontent\.com/|gh:)(?:fluxcd|weaveworks)/"
_PUBLISHED: Final[Mapping[Program, re.Pattern[str]]] = {
    "fluxd": re.compile(_HOSTS + r"flux(?:\.git)?(?![\w-])"),
    "helm-operator": re.compile(_HOSTS + r"helm-operator(?:\.git)?(?![\w-])"),
}
"""Where the manifests of each program were published."""


@dataclass(frozen=True, slots=True, eq=False)
class Flux1Document:
    """A document of Flux v1 itself.

    Attributes:
        document: that it is; a kustomization where only entries of it are.
        program: for whose sake it is there.
        clusters: that have it; all of them where nobody knows.
        entries: of a kustomization, what it fetches from where Flux v1 published its manifests.
    """

    document: Document
    program: Flux1Program
    clusters: tuple[str, ...]
    entries: tuple[tuple[Kustomization, ListedEntry], ...] = ()

    @property
    def is_cache(self) -> bool:
        """Whether it runs the cache of a fluxd."""
        return self.document.manifest.get("kind") != "Service" and _is_memcached(self.document, self.program)

    @property
    def resource(self) -> str:
        """Names it as findings do."""
        if self.entries:
            return ", ".join(entry.entry for _, entry in self.entries)
        return named(str(self.document.manifest.get("kind")), *self.document.identity)


def documents_of_flux1(around: Surroundings, findings: FindingGroups) -> list[Flux1Document]:
    """Gives the documents of the fluxds of this repository, of the operators, and of what only they need.

    A fluxd that syncs another repository, or only paths of clusters that were not given, is none of them, and
    neither is what it needs, nor what a person leaves.

    Source: fluxcd/flux 1.25.4 `deploy`; helm-operator 1.4.4 `deploy`.
    """
    found: dict[tuple[str, int], Flux1Document] = {}
    # What a fluxd of another repository is made of, too, is needed on.
    running_on = [*around.clusters.other_programs, *_of_clusters_not_given(around)]
    needed = {each.key for each in running_on}
    brought: dict[tuple[str, int], tuple[Document, list[str]]] = {}
    for program in around.clusters.programs:
        if program.is_text or program.document is None:
            continue
        document = around.repository.document(program.path, program.document)
        if program.is_part:
            brought.setdefault(document.key, (document, []))[1].append(program.program)
        elif _holds_more(document, around):
            message = "it is Flux v1 itself, which Flux v2 would start again, in a list with other objects"
            findings.stop(document, "DA022", message)
        elif document.key not in needed and not findings.decided(document).leave:
            found[document.key] = Flux1Document(document, program, _clusters_of(program, around))
    for document, names in brought.values():
        message = f"its chart brings {' and '.join(names)} along, which Flux v2 would start again"
        findings.stop(document, "DA022", message)
    own = list(found.values())
    for each in own:
        for helper in _helpers(each, own, running_on, around):
            found.setdefault(helper.key, Flux1Document(helper, each.program, each.clusters))
    return [*found.values(), *_fetched(around)]


def _of_clusters_not_given(around: Surroundings) -> Iterator[Flux1Program]:
    """Gives the fluxds that sync nothing of the clusters that were given, and operators that may be theirs.

    Their clusters are not migrated yet; an operator that no given cluster applies may be that of any.
    """
    clusters = around.clusters
    programs = clusters.programs if clusters.given else ()
    fluxds = [
        each
        for each in programs
        if each.program == "fluxd"
        and each.given("git-path")
        and not _known_clusters(each, around)
        and not any(view.meets(path) for view in clusters.clusters for path in paths_of(each))
    ]
    yield from fluxds
    for each in programs if fluxds else ():
        if each.program == "helm-operator" and not clusters.seeing(each.key):
            yield each


def _holds_more(document: Document, around: Surroundings) -> bool:
    """Gives whether a document is a list of more than programs of Flux v1."""
    items = document.manifest.get("items")
    programs = [each for each in around.clusters.programs if each.key == document.key]
    return isinstance(items, list) and len(items) > len(programs)


def _fetched(around: Surroundings) -> Iterator[Flux1Document]:
    """Gives the kustomizations that fetch manifests of Flux v1 from where Flux v1 published them."""
    for kustomization in around.clusters.tree.kustomizations.values():
        if kustomization.path in around.repository.errors:
            continue
        for program, own in _PUBLISHED.items():
            entries = [each for each in kustomization.remote_entries if own.search(each.entry)]
            if entries:
                shown = _patched(program, kustomization, around)
                line = kustomization.line_of(entries[0].field, entries[0].index)
                known = shown or Flux1Program(program, path=kustomization.path, line=line)
                yield Flux1Document(
                    around.repository.all_documents(kustomization.path)[0],
                    known,
                    _building(kustomization, around),
                    tuple((kustomization, each) for each in entries),
                )


def _patched(program: Program, kustomization: Kustomization, around: Surroundings) -> Flux1Program | None:
    """Gives the program that the patches of a kustomization, or of one above it, show."""
    tree = around.clusters.tree
    above = [kustomization.folder, *tree.ancestors(kustomization.folder)]
    known = [tree.kustomizations[each] for each in above]
    paths = {path for each in known for path in (each.path, *(patch.path for patch in each.patches))}
    programs = around.clusters.programs
    return next((each for each in programs if each.program == program and each.path in paths), None)


def _building(kustomization: Kustomization, around: Surroundings) -> tuple[str, ...]:
    """Gives the clusters that build a kustomization; all of them where none is known to."""
    names = clusters_building(kustomization, around.clusters)
    return names or tuple(view.name for view in around.clusters.clusters)


def _clusters_of(program: Flux1Program, around: Surroundings) -> tuple[str, ...]:
    known = _known_clusters(program, around)
    return tuple(sorted(known)) or tuple(view.name for view in around.clusters.clusters)


def _known_clusters(program: Flux1Program, around: Surroundings) -> set[str]:
    """Gives the clusters that apply a program, or of which it is known to be that of their own."""
    clusters = around.clusters
    names = set(clusters.seeing(program.key))
    for view in clusters.clusters:
        for each in (view.flux1.fluxd, view.flux1.helm_operator):
            if each is not None and (each.key, each.program) == (program.key, program.program):
                names.add(view.name)
    return names


def _helpers(
    own: Flux1Document,
    all_own: Iterable[Flux1Document],
    running_on: Iterable[Flux1Program],
    around: Surroundings,
) -> Iterator[Document]:
    """Gives what stands beside a program and serves nothing else."""
    folder = posixpath.dirname(own.document.path)
    beside = [document for path in _files_of(folder, around) for document in _documents(path, around)]
    if own.program.program != "fluxd":
        for each in beside:
            if is_release_definition(each.manifest.get("kind"), each.identity[1]):
                yield each
    others = {each.namespace for each in running_on}
    if own.program.program == "fluxd" and own.program.namespace not in others:
        yield from (each for each in beside if _is_memcached(each, own.program))
        yield from _memcached_elsewhere(own, around)
    yield from (each for each in beside if _selects_only(each, own.document))
    yield from _own_config_maps(own.document, beside, around)
    account = _account(own.document)
    users = [each for each in beside if _account(each) == account]
    ours = {each.document.key for each in all_own}
    if account and all(each.key in ours for each in users) and not _is_named_elsewhere(account, own, around):
        yield from _access_of(account, own, beside)


def _memcached_elsewhere(own: Flux1Document, around: Surroundings) -> Iterator[Document]:
    """Gives what stands of its memcached in other folders, where no other cluster has it."""
    for path, text in around.repository.texts.items():
        if "memcached" in text and path.endswith(YAML_ENDINGS):
            for document in _documents(path, around):
                clusters = around.clusters.having(document.key)
                if clusters and clusters <= set(own.clusters) and _is_memcached(document, own.program):
                    yield document


def _own_config_maps(
    workload: Document, beside: Iterable[Document], around: Surroundings
) -> Iterator[Document]:
    """Gives the ConfigMaps of a program that bear its name, and that nothing else mentions."""
    names = {each for each in _config_maps(workload) if "flux" in each or "helm-operator" in each}
    for each in beside:
        namespace, name = each.identity
        is_its_own = each.manifest.get("kind") == "ConfigMap" and namespace == workload.identity[0]
        if is_its_own and name in names and not _is_mentioned(name, (each, workload), around):
            yield each


def _files_of(folder: str, around: Surroundings) -> list[str]:
    texts = around.repository.texts
    return sorted(path for path in texts if posixpath.dirname(path) == folder and path.endswith(YAML_ENDINGS))


def _documents(path: str, around: Surroundings) -> tuple[Document, ...]:
    repository = around.repository
    return () if path in repository.errors else repository.all_documents(path)


def _is_memcached(document: Document, fluxd: Flux1Program) -> bool:
    manifest = document.manifest
    name = (fluxd.memcached or fluxd.text("memcached-hostname")).partition(".")[0]
    if document.identity != (fluxd.namespace, name):
        return False
    if manifest.get("kind") == "Service":
        return True
    return any(found.image.repository.rpartition("/")[2] == "memcached" for found in find_images(manifest))


def _selects_only(document: Document, workload: Document) -> bool:
    """Gives whether a document is a Service of a workload's pods: all that it selects they have."""
    labels = mapping_at(workload.manifest, "spec", "template", "metadata", "labels")
    selector = mapping_at(document.manifest, "spec", "selector")
    is_there = document.manifest.get("kind") == "Service" and document.identity[0] == workload.identity[0]
    return is_there and bool(selector) and selector.items() <= labels.items()


def _config_maps(workload: Document) -> Iterator[str]:
    """Gives the names of the ConfigMaps that a workload's pods mount, or take variables from."""
    pod = mapping_at(workload.manifest, "spec", "template", "spec")
    for volume in mappings_in(pod.get("volumes")):
        yield str(mapping_at(volume, "configMap").get("name"))
    for container in mappings_in(pod.get("containers")):
        for each in mappings_in(container.get("envFrom")):
            yield str(mapping_at(each, "configMapRef").get("name"))
        for each in mappings_in(container.get("env")):
            yield str(mapping_at(each, "valueFrom", "configMapKeyRef").get("name"))


def _is_mentioned(name: str, documents: Sequence[Document], around: Surroundings) -> bool:
    """Gives whether any other document or text names an object."""
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
    own = {each.path: 0 for each in documents}
    for each in documents:
        own[each.path] += len(word.findall(each.text))
    return any(
        name in text and len(word.findall(text)) > own.get(path, 0)
        for path, text in around.repository.texts.items()
    )


# Accounts and their access


def _account(document: Document) -> str:
    pod = mapping_at(document.manifest, "spec", "template", "spec")
    return str(pod.get("serviceAccountName") or pod.get("serviceAccount") or "")


def _is_named_elsewhere(account: str, own: Flux1Document, around: Surroundings) -> bool:
    folder = posixpath.dirname(own.document.path)
    pattern = re.compile(
        rf"serviceAccount(?:Name)?[\"']?[ \t]*:\s+(?:[&!]\S+\s+)?[\"']?{re.escape(account)}(?![\w.-])"
    )
    return any(
        pattern.search(text)
        for path, text in around.repository.texts.items()
        if account in text and posixpath.dirname(path) != folder
    )


def _access_of(account: str, own: Flux1Document, beside: Iterable[Document]) -> Iterator[Document]:
    """Gives an account, the bindings that are about nothing else, and the roles that only these name."""
    namespace, documents = own.document.identity[0], list(beside)
    bindings = [each for each in documents if str(each.manifest.get("kind")).endswith("RoleBinding")]
    going = [
        each
        for each in bindings
        if (subjects := mappings_in(each.manifest.get("subjects")))
        and all(
            one.get("kind") == "ServiceAccount"
            and one.get("name") == account
            # In what a kustomization moves, subjects without a namespace are in the default one.
            and str(one.get("namespace") or namespace) in (namespace or "default", namespace)
            for one in subjects
        )
    ]
    keys = {each.key for each in going}
    kept = {_role(each) for each in bindings if each.key not in keys}
    roles = {_role(each) for each in going} - kept
    yield from (
        each
        for each in documents
        if each.manifest.get("kind") == "ServiceAccount" and each.identity == (namespace, account)
    )
    yield from going
    yield from (each for each in documents if (str(each.manifest.get("kind")), each.identity[1]) in roles)


def _role(binding: Document) -> tuple[str, str]:
    reference = as_object(binding.manifest.get("roleRef"))
    return str(reference.get("kind")), str(reference.get("name"))
