"""Manifests that stop a whole sync path of Flux v2: for their metadata, their API, or what encrypts them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fluxv2_migrate.clusters import ClusterView, SyncPath
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.findings.groups import FindingGroups, Notice
from fluxv2_migrate.flux1.policies import is_ignored
from fluxv2_migrate.flux2.apply_annotations import is_disabled
from fluxv2_migrate.flux2.encrypted_secrets import is_encrypted_secret
from fluxv2_migrate.folders import normal_path
from fluxv2_migrate.kubernetes import REMOVED_APIS, mapping_at, objects_in, removed_with, resource_of
from fluxv2_migrate.quoting import shown_folder
from fluxv2_migrate.repository.reading import Document, is_old_release
from fluxv2_migrate.rules.outside_spec import LIVE, METADATA
from fluxv2_migrate.surroundings.known import Surroundings, is_in_scope
from fluxv2_migrate.yaml_text import YAML_ENDINGS

_OF_LIVE_OBJECT: Final = ("deletionGracePeriodSeconds", "deletionTimestamp", "resourceVersion", "uid")
"""What is refused but for the very value that the object has in the cluster; an empty one says nothing."""
_MANAGERS: Final = "managedFields"
"""What is refused as soon as it is a list, even of nobody."""
_HARMLESS: Final = (METADATA | set(LIVE)) - {_MANAGERS, *_OF_LIVE_OBJECT}
# As nearly all write it; in lists, and written otherwise, any of it may be among the keys. All files are
# searched: what begins with letters, and looks behind for the rest, takes a tenth of the time.
_BLOCK: Final = re.compile(
    r"metadata:(?<=^metadata:)[ \t]*(?:#[^\n]*)?\r?\n((?:(?:[ \t][^\n]*|#[^\n]*|\r?)\n)*(?:[ \t][^\n]*)?)",
    re.MULTILINE,
)
_ENTRY: Final = re.compile(r"^([ \t]+)[\"']?([^\s\"'#:-][^\s\"':]*)[\"']?[ \t]*:", re.MULTILINE)
_OTHERWISE: Final = re.compile(
    r"metadata(?:(?<=^metadata):[ \t]*[^\s#]|(?<=[\"']metadata)[\"'])", re.MULTILINE
)
_LIST: Final = re.compile(r"^[\"']?kind[\"']?:[ \t]*\w*List\b", re.MULTILINE)
_REMOVED: Final = re.compile("|".join(map(re.escape, REMOVED_APIS)))
_VERSIONS: Final = tuple({f"/{api.rpartition('/')[2]}" for api in REMOVED_APIS})
"""One of these stands in whatever the pattern finds; most texts hold none, and Python finds words faster."""


def _documents_applied_anew(
    paths: Sequence[str], around: Surroundings, findings: FindingGroups
) -> Iterator[Document]:
    """Gives the documents of those of some files of which Flux v2 is to apply something.

    What it applies already it goes on to apply so, and what a person leaves is the person's.
    """
    applied: dict[str, None] = {}
    synced_files = around.clusters.synced
    for view in around.clusters.clusters if paths else ():
        for synced in () if view.flux2_file else view.sync_paths:
            built = {file for build in synced_files.builds(synced) for file in build.files}
            applied |= dict.fromkeys(path for path in paths if path in built)
            applied |= dict.fromkeys(synced_files.read_alone(synced, paths))
    for path in applied:
        for document in around.repository.all_documents(path):
            if is_in_scope(document, around) and not findings.decided(document).leave:
                yield document


def tell_of_refused_metadata(around: Surroundings, findings: FindingGroups) -> None:
    """Says which manifests, other than releases, the API server refuses for fields of their metadata.

    kubectl, with which fluxd applied, refused or passed over the one object; kustomize-controller applies
    nothing of a path then.

    Source: Kubernetes 1.25 `apimachinery/pkg/apis/meta/v1/types.go` ObjectMeta; there
    `pkg/api/validation/objectmeta.go` ValidateObjectMetaAccessorUpdate; `apiserver/pkg/endpoints/handlers`
    `patch.go` and `fieldmanager/structuredmerge.go` Apply; fluxcd/pkg `ssa`, which takes none of it out.
    """
    suspects = [
        path
        for path, text in sorted(around.repository.texts.items())
        if path.endswith(YAML_ENDINGS) and path not in around.repository.errors and _may_be_refused(text)
    ]
    for document in _documents_applied_anew(suspects, around, findings):
        _tell_of_document(document, findings)


def _tell_of_document(document: Document, findings: FindingGroups) -> None:
    for at, manifest in objects_in(document.manifest):
        for key in _refused(manifest):
            dotted = f"metadata.{key}"
            unless = " unless the one in the cluster has the same" if key in _OF_LIVE_OBJECT else ""
            message = f"{dotted} stands in it, and the API server refuses the object{unless}"
            notice = Notice("RP006", message, (*at, "metadata", key), dotted)
            findings.add(document, resource_of(manifest), notice)


def _may_be_refused(text: str) -> bool:
    """Gives whether lines of a file show metadata that may be refused: few do, and only these are read."""
    if _OTHERWISE.search(text) or ("List" in text and _LIST.search(text)):
        return True
    for block in _BLOCK.findall(text):
        entries = _ENTRY.findall(block)
        if any(key not in _HARMLESS for indent, key in entries if indent == entries[0][0]):
            return True
    return False


def _refused(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Gives the keys of metadata for which the API server refuses an object; a release loses them."""
    metadata = mapping_at(manifest, "metadata")
    is_object = isinstance(manifest.get("kind"), str) and metadata.get("name")
    if not is_object or is_old_release(manifest) or "sops" in manifest:
        return
    if is_ignored(manifest) or is_disabled(manifest):
        return
    for key, value in metadata.items():
        if (key in _OF_LIVE_OBJECT and value) or (key == _MANAGERS and isinstance(value, list)):
            yield key
        elif key not in METADATA and key not in LIVE:
            yield str(key)


def tell_of_removed_apis(around: Surroundings, findings: FindingGroups) -> None:
    """Says which manifests are of an API that the cluster knows no more, or will not after its next upgrade.

    fluxd passed over such an object and applied the rest; kustomize-controller applies nothing of a path.

    Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/manifests.go` `setEffectiveNamespaces`; fluxcd/pkg
    `ssa/manager_apply.go` `ApplyAll`, which asks the API server for all objects first.
    """
    suspects = [
        path
        for path, text in sorted(around.repository.texts.items())
        if path.endswith(YAML_ENDINGS) and path not in around.repository.errors and _names_removed(text)
    ]
    for document in _documents_applied_anew(suspects, around, findings):
        for at, manifest in objects_in(document.manifest):
            release = removed_with(manifest.get("apiVersion"), manifest.get("kind"))
            if release and not (is_ignored(manifest) or is_disabled(manifest)):
                message = (
                    f"Kubernetes {release} and later do not know its API: fluxd passed over such an object, "
                    "and kustomize-controller applies nothing of a path with it"
                )
                notice = Notice("RP087", message, (*at, "apiVersion"), message)
                findings.add(document, resource_of(manifest), notice)


def _names_removed(text: str) -> bool:
    return any(map(text.__contains__, _VERSIONS)) and _REMOVED.search(text) is not None


def tell_of_encrypted_secrets(around: Surroundings, findings: FindingGroups) -> None:
    """Says which Secrets nobody decrypts, where fluxd decrypted nothing and no Kustomization does."""
    texts = around.repository.texts
    paths = [path for path, text in texts.items() if "sops" in text and path not in around.repository.errors]
    decrypted = _decrypted_paths(around) if paths else frozenset()
    for view in around.clusters.clusters if paths else ():
        is_known = view.flux1.fluxd is not None or around.clusters.given
        if not is_known or view.settings.fluxd.sops or view.flux2_file:
            continue
        for synced in view.sync_paths:
            if not synced.decrypts and synced.path not in decrypted:
                _tell(synced, view, paths, around, findings)


def _decrypted_paths(around: Surroundings) -> frozenset[str]:
    """Gives the folders of which a Kustomization that is there decrypts what it applies."""
    known = (FluxKustomization.of_document(document) for _, document in around.repository.new_objects())
    return frozenset(
        normal_path(each.path)
        for each in known
        if each is not None and mapping_at(each.manifest, "spec").get("decryption")
    )


def _tell(
    synced: SyncPath, view: ClusterView, paths: list[str], around: Surroundings, findings: FindingGroups
) -> None:
    where = shown_folder(synced.path)
    message = f"fluxd decrypted nothing, and with what sops encrypted Flux v2 applies nothing of {where}"
    for document, resource, field in _encrypted(synced, paths, around):
        notice = Notice("RP084", message, field, f"{view.name} {where}")
        findings.add(document, resource, notice, cluster=around.clusters.told((view.name,)))
        if findings.accepts("RP084", document):
            findings.declare_object(resource, "encrypted")


def _encrypted(
    synced: SyncPath, paths: list[str], around: Surroundings
) -> Iterator[tuple[Document, str, tuple[str, ...]]]:
    """Gives the encrypted Secrets that a sync path holds, or that its builds read, with their signatures."""
    of_path = around.clusters.synced
    built = {path for build in of_path.builds(synced) for path in build.files}
    alone = set(of_path.read_alone(synced, paths))
    for path in sorted(path for path in paths if path in built or path in alone):
        for document in around.repository.all_documents(path):
            for at, manifest in objects_in(document.manifest):
                if is_encrypted_secret(manifest):
                    yield document, resource_of(manifest), (*at, "sops")
