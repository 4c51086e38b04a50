"""One release at a time, as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fluxv2_migrate.findings.finding import Finding
from fluxv2_migrate.findings.groups import Notice, acceptance
from fluxv2_migrate.flux1 import FluxHelmRelease
from fluxv2_migrate.flux1 import HelmRelease as HelmReleaseV1
from fluxv2_migrate.flux1.policies import is_of_fluxd
from fluxv2_migrate.flux2 import GitRepository, HelmRelease, HelmRepository
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS
from fluxv2_migrate.kubernetes import KubernetesModel, named
from fluxv2_migrate.placement import PlacedRequest, name_sources, source_manifest, source_secret
from fluxv2_migrate.plan import apply_to_mapping
from fluxv2_migrate.repository.manifests import manifest_of
from fluxv2_migrate.repository.workspace import Change, change_of
from fluxv2_migrate.rules import draft_helm_release
from fluxv2_migrate.settings.of_clusters import settings_of
from fluxv2_migrate.settings.options import MigrationOptions, checked_options
from fluxv2_migrate.settings.overrides import Subject, override_for
from fluxv2_migrate.single.conversion_page import conversion_fragment


@dataclass(frozen=True, slots=True)
class HelmReleaseConversion:
    """A release in its v2 form.

    Attributes:
        release: `None` where an error holds it back: it is converted whole or not at all.
        source: where its chart comes from; `None` where the release is.
        findings: what a person must know.
        changes: what was done.
    """

    release: HelmRelease | None
    source: HelmRepository | GitRepository | None
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]

    def _repr_html_(self) -> str:
        made = [each for each in (self.release, self.source) if each is not None]
        return conversion_fragment("HelmRelease of Flux v2", made, self.findings, changes=self.changes)


def convert_helm_release(
    release: Mapping[str, Any] | str | KubernetesModel,
    options: MigrationOptions | Mapping[str, Any] | None = None,
) -> HelmReleaseConversion:
    """Gives the v2 form of one release, with its source.

    Args:
        release: a v1 release: a mapping, a YAML text of one document, or a model.
        options: how to migrate.

    Returns:
        The release and its source, findings and changes.

    Raises:
        InvalidManifest: a text that is no manifest.
        pydantic.ValidationError: the release is none of `helm.fluxcd.io/v1`, `flux.weave.works/v1beta1` or
            `helm.integrations.flux.weave.works/v1alpha2`.

    >>> conversion = convert_helm_release('''
    ... apiVersion: helm.fluxcd.io/v1
    ... kind: HelmRelease
    ... metadata: {name: grafana, namespace: monitoring}
    ... spec:
    ...   helmVersion: v3
    ...   chart: {repository: "https://grafana.github.io/helm-charts", name: grafana, version: 6.1.4}
    ... ''')
    >>> conversion.release.spec.release_name, conversion.source.metadata.name, conversion.findings
    ('monitoring-grafana', 'grafana', ())
    """
    options = checked_options(options)
    manifest = manifest_of(release)
    first = manifest.get("kind") == "FluxHelmRelease"
    model = (FluxHelmRelease if first else HelmReleaseV1).model_validate(manifest)
    flux_version = options.flux_version or FLUX_VERSIONS[-1]
    settings = settings_of(options, options.clusters[0] if options.clusters else None)
    namespace, name = model.metadata.namespace or settings.default_namespace, model.metadata.name or ""
    subject = Subject(settings.cluster, model.kind, namespace, name, "")
    override, _ = override_for(subject, options.overrides)
    draft = draft_helm_release(manifest, options, flux_version, override, settings)
    resource = named(model.kind, draft.namespace, draft.name)
    findings = tuple(
        Finding(
            notice.code,
            notice.message,
            resource=resource,
            field=".".join(notice.path),
            answer=notice.answer
            or acceptance(notice.code, namespace=draft.namespace or "*", name=draft.name or "*"),
        )
        for notice in (*draft.notices, *_annotations_of_fluxd(manifest))
        if not draft.accepts(notice.code)
    )
    if draft.stopped or draft.source is None:
        return HelmReleaseConversion(None, None, findings, ())
    placed = PlacedRequest(draft.source, "", (("", draft.namespace),))
    names = name_sources([placed], (), options)
    plan = draft.plan(names.references[placed])
    converted = HelmRelease.model_validate(apply_to_mapping(plan, manifest))
    source_model = HelmRepository if draft.source.kind == "HelmRepository" else GitRepository
    secret = source_secret(names.new[0], {}, names.secrets_in_use)
    source = source_model.model_validate(source_manifest(names.new[0], options, flux_version, secret))
    changes = tuple(change_of(operation, resource, "", 1, "") for operation in plan)
    return HelmReleaseConversion(converted, source, findings, changes)


def _annotations_of_fluxd(manifest: Mapping[str, Any]) -> Iterator[Notice]:
    """Says that what fluxd read stays: only a whole repository has the place for what takes its part."""
    for key in (manifest.get("metadata") or {}).get("annotations") or {}:
        if is_of_fluxd(key):
            message = "annotations of fluxd stay: translate_annotations gives what they stand for"
            yield Notice("AN004", message, ("metadata", "annotations", key), "all")
            return
