"""A release of Flux v2 as a cluster will have it, so far as the cut-over needs to know it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from fluxv2_migrate.flux2.apply_annotations import is_disabled
from fluxv2_migrate.flux2.release_name import release_namespace, storage_namespace, written_release_name
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.quoting import command
from fluxv2_migrate.releases.patch_texts import ReleaseText
from fluxv2_migrate.releases.texts import ConvertedReleases
from fluxv2_migrate.surroundings.known import Surroundings


@dataclass(frozen=True, slots=True)
class ExpectedRelease:
    """A HelmRelease of Flux v2 in one cluster, and the Helm release that it stands for.

    Attributes:
        cluster: its name; empty where there is but one and nobody named it.
        resource: `HelmRelease namespace/name`.
        release_name: as helm-controller hands it to Helm.
        storage_namespace: in which Helm's records are looked for.
        chart: the chart's name, or its path in its source.
        version: of the chart, or a range; empty where the source decides.
        follows_commits: whether each commit of the source makes another chart version.
        suspended: `spec.suspend`.
        ignored: whether kustomize-controller does not apply it.
        uninstalls_failed_installs: whether a failed installation is uninstalled.
        flux_version: the Flux release of the cluster.
    """

    cluster: str
    resource: str
    release_name: str
    target_namespace: str
    storage_namespace: str
    chart: str
    version: str
    follows_commits: bool
    suspended: bool
    ignored: bool
    uninstalls_failed_installs: bool
    flux_version: FluxVersion

    @property
    def identity(self) -> tuple[str, str]:
        """Namespace and name of the HelmRelease."""
        namespace, _, name = self.resource.partition(" ")[2].rpartition("/")
        return namespace, name

    @property
    def history(self) -> str:
        """The command that shows its records."""
        return command("helm", "history", name=self.release_name, options=["-n", self.storage_namespace])

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any], cluster: str, flux_version: FluxVersion) -> Self:
        """Gives it from its manifest as the cluster sees it.

        >>> release = {"metadata": {"name": "web", "namespace": "teams"}, "spec": {"targetNamespace": "shop"}}
        >>> expected = ExpectedRelease.of_manifest(release, "", "2.9")
        >>> expected.release_name, expected.storage_namespace
        ('shop-web', 'teams')
        """
        metadata, spec = mapping_at(manifest, "metadata"), mapping_at(manifest, "spec")
        name, namespace = str(metadata.get("name") or ""), str(metadata.get("namespace") or "")
        target = spec.get("targetNamespace") or None
        chart = mapping_at(spec, "chart", "spec")
        remediation = mapping_at(spec, "install", "remediation")
        return cls(
            cluster=cluster,
            resource=f"HelmRelease {namespace}/{name}",
            release_name=written_release_name(manifest),
            target_namespace=release_namespace(namespace=namespace, target_namespace=target),
            storage_namespace=storage_namespace(
                namespace=namespace, storage_namespace=spec.get("storageNamespace") or None
            ),
            chart=str(chart.get("chart") or ""),
            version=str(chart.get("version") or ""),
            follows_commits=chart.get("reconcileStrategy") == "Revision",
            suspended=spec.get("suspend") is True,
            ignored=is_disabled(manifest),
            uninstalls_failed_installs=bool(remediation.get("retries")),
            flux_version=flux_version,
        )


def expected_releases(converted: ConvertedReleases, around: Surroundings) -> Iterator[ExpectedRelease]:
    """Gives the migrated releases as each cluster will have them."""
    for each in converted.texts:
        for cluster, manifest in manifests_of_clusters(each):
            yield ExpectedRelease.of_manifest(manifest, cluster, around.oldest([cluster]))


def manifests_of_clusters(text: ReleaseText) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Gives what a release is in each cluster that gets it, with the name of the cluster."""
    release = text.release
    for sighting in release.sightings:
        manifest = text.seen_by(sighting.cluster)
        namespace = sighting.namespace or release.draft.namespace
        place = {"name": sighting.name, "namespace": namespace}
        names = [
            named.release_name
            for named in release.names
            if any(step.path == named.step.path for step in sighting.steps)
        ]
        named = {"releaseName": names[-1]} if names else {}
        # There may be many clusters, and most have it as it was built.
        yield sighting.cluster, _with(_with(manifest, "metadata", place), "spec", named)


def _with(manifest: Mapping[str, Any], key: str, more: Mapping[str, str]) -> Mapping[str, Any]:
    """Gives a manifest with more in one of its mappings; itself where that stands there already."""
    known = mapping_at(manifest, key)
    changed = {**known, **more}
    return manifest if changed == known else {**manifest, key: changed}
