"""Secrets that sops encrypted, and that nothing decrypts once Flux v2 applies them."""

from __future__ import annotations

from collections.abc import Iterator

from fluxv2_migrate.clusters import ClusterView, SyncPath
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.findings.groups import FindingGroups, Notice
from fluxv2_migrate.flux2.encrypted_secrets import is_encrypted_secret
from fluxv2_migrate.folders import normal_path
from fluxv2_migrate.kubernetes import mapping_at, objects_in, resource_of
from fluxv2_migrate.quoting import shown_folder
from fluxv2_migrate.repository.reading import Document
from fluxv2_migrate.surroundings.known import Surroundings


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
