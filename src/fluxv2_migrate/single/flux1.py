"""Fluxd, the helm-operator and a `.flux.yaml`, one at a time, as objects of Flux v2 that do their part."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.clusters import read_sync_path
from fluxv2_migrate.clusters.flux1_programs import programs_of_manifest
from fluxv2_migrate.clusters.shown_settings import show_cluster, unknown_branch
from fluxv2_migrate.errors import InvalidManifest, InvalidPath
from fluxv2_migrate.findings.finding import Finding
from fluxv2_migrate.findings.groups import acceptance
from fluxv2_migrate.flux1.charts import Flux1Chart, programs_of_chart
from fluxv2_migrate.flux1.flags import Program
from fluxv2_migrate.flux1.flux_yaml import FLUX_YAML, FluxYaml
from fluxv2_migrate.flux1.installation import Flux1Program, program_of_arguments
from fluxv2_migrate.flux2 import GitRepository, HelmRepository, Kustomization
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion
from fluxv2_migrate.folders import normal_path
from fluxv2_migrate.given import checked_list, checked_manifest, checked_text
from fluxv2_migrate.kubernetes import KubernetesModel
from fluxv2_migrate.kustomize import KustomizeTree
from fluxv2_migrate.placement import Prerequisite
from fluxv2_migrate.quoting import shown_folder
from fluxv2_migrate.repository.manifests import manifest_of
from fluxv2_migrate.rules import (
    SYNC_NAME,
    SyncSettings,
    git_repository_manifest,
    kustomization_manifest,
    notices_of,
    sync_name,
)
from fluxv2_migrate.settings.of_clusters import with_options
from fluxv2_migrate.settings.options import Cluster, MigrationOptions, checked_options
from fluxv2_migrate.single.conversion_page import conversion_fragment
from fluxv2_migrate.single.helm_release import convert_helm_release

_Flux1Manifest = Mapping[str, Any] | str | KubernetesModel | Sequence[str]
"""A Deployment, a HelmRelease of the chart, its values, or a list of arguments."""
_CHARTS: Final[Mapping[Program, str]] = {"fluxd": "flux", "helm-operator": "helm-operator"}
_SOURCE: Final = "https://charts.fluxcd.io"


@dataclass(frozen=True, slots=True)
class Flux1Conversion:
    """What does the part of a program of Flux v1.

    Attributes:
        resources: the objects of Flux v2.
        findings: what a person must know.
        prerequisites: what must exist in the cluster first.
        cluster: all that is known of the cluster, as options take it.
    """

    resources: tuple[GitRepository | HelmRepository | Kustomization, ...]
    findings: tuple[Finding, ...]
    prerequisites: tuple[Prerequisite, ...]
    cluster: Cluster

    def _repr_html_(self) -> str:
        title = "In place of Flux v1"
        return conversion_fragment(title, self.resources, self.findings, prerequisites=self.prerequisites)


def convert_fluxd(
    manifest: _Flux1Manifest, options: MigrationOptions | Mapping[str, Any] | None = None
) -> Flux1Conversion:
    """Gives the GitRepository and the Kustomizations that do the part of a fluxd.

    Args:
        manifest: a Deployment, or a HelmRelease of the chart `flux`, as a mapping, a text or a model; the
            values of that chart; or the list of arguments.
        options: how to migrate; what they say of the first cluster goes over what the manifest says.

    Returns:
        One Kustomization for each path, none of which prunes at first; no object where the URL of the
        repository is not known.

    Raises:
        InvalidManifest: it runs no fluxd.

    Source: fluxcd/flux 1.25.4 `cmd/fluxd/main.go`, `chart/flux/templates/deployment.yaml`.

    >>> made = convert_fluxd(["--git-url=git@example.com:acme/fleet", "--git-path=apps,infra"])
    >>> [(each.kind, each.metadata.name) for each in made.resources]
    [('GitRepository', 'flux-system'), ('Kustomization', 'flux-system'), ('Kustomization', 'infra')]
    """
    options = checked_options(options)
    program = _program(manifest, "fluxd")
    known = _known(program, options)
    setting = program.settings.get("git-url")
    # A login in the URL tells that it needs a Secret.
    is_given = any(each.fluxd.git_url for each in options.clusters[:1])
    url = setting.value if setting is not None and not is_given else ""
    settings = SyncSettings.of_cluster(known, url, unknown_branch=unknown_branch(program))
    paths = [normal_path(path) for path in known.sync_paths] or [""]
    findings = list(_findings(program, options))
    if not settings.url:
        code, why = settings.why_without_url
        findings.append(_finding(code, f"the URL of the repository that fluxd syncs {why}"))
    if not (settings.url and settings.is_branch_known):
        return Flux1Conversion((), tuple(findings), (), known)
    namespace, version = options.flux_namespace, _version(options)
    source = git_repository_manifest(settings, version, namespace=namespace)
    resources: tuple[GitRepository | HelmRepository | Kustomization, ...] = (
        GitRepository.model_validate(source),
        *_kustomizations(paths, settings, options),
    )
    keys = settings.keys
    users = (f"GitRepository {namespace}/{SYNC_NAME}",)
    needed = (Prerequisite("Secret", SYNC_NAME, namespace, keys, users),) if keys else ()
    return Flux1Conversion(resources, tuple(findings), needed, known)


def convert_helm_operator(
    manifest: _Flux1Manifest, options: MigrationOptions | Mapping[str, Any] | None = None
) -> Flux1Conversion:
    """Gives the HelmRepositories that an operator was told of, and its settings as options take them.

    Args:
        manifest: a Deployment, or a HelmRelease of the chart `helm-operator`, as a mapping, a text or a
            model; the values of that chart; or the list of arguments.
        options: how to migrate; what they say of the first cluster goes over what the manifest says.

    Returns:
        A HelmRepository for each repository that needs more than its URL. The intervals and the ref of
        charts without one are fields of releases and sources: migrate with its `cluster` to have them.

    Raises:
        InvalidManifest: it runs no helm-operator.

    Source: helm-operator 1.4.4 `cmd/helm-operator/main.go`, `chart/helm-operator/templates/deployment.yaml`.

    >>> made = convert_helm_operator(["--charts-sync-interval=1m", "--enabled-helm-versions=v3"])
    >>> made.cluster.helm_operator.charts_sync_interval, made.cluster.helm_operator.helm_versions
    ('1m', ('v3',))
    """
    options = checked_options(options)
    program = _program(manifest, "helm-operator")
    known = _known(program, options)
    operator = known.helm_operator.model_copy(update={"helm_versions": ("v3",)})
    asked = options.model_copy(update={"helm_operator": operator, "clusters": (), "sync_roots": ()})
    resources: list[HelmRepository] = []
    needed: list[Prerequisite] = []
    for each in known.helm_operator.repositories:
        chart = {"repository": each.url, "name": "chart", "version": "1.0.0"}
        release = {"apiVersion": "helm.fluxcd.io/v1", "kind": "HelmRelease", "spec": {"chart": chart}}
        release["metadata"] = {"name": "release", "namespace": options.flux_namespace}
        source = convert_helm_release(release, asked).source
        if isinstance(source, HelmRepository) and source not in resources:
            resources.append(source)
            needed += _secrets_of(source)
    return Flux1Conversion(tuple(resources), tuple(_findings(program, options)), tuple(needed), known)


def convert_flux_yaml(
    flux_yaml: Mapping[str, Any] | str,
    folder: str = "",
    options: MigrationOptions | Mapping[str, Any] | None = None,
) -> Flux1Conversion:
    r"""Gives the Kustomizations that apply what a `.flux.yaml` made fluxd apply.

    Args:
        flux_yaml: the file, as a text or a mapping.
        folder: the sync path for which it counts; empty for the root of the repository.
        options: how to migrate; what they say of the first cluster's fluxd counts.

    Returns:
        A Kustomization for each folder that is built, and for the folder itself where its files are read;
        none where nobody can tell what a command gives.

    Raises:
        InvalidManifest: fluxd refuses it.

    Source: fluxcd/flux 1.25.4 `pkg/manifests/configfile.go`.

    >>> text = "version: 1\ncommandUpdated:\n  generators: [{command: kustomize build ./overlay}]\n"
    >>> [each.spec.path for each in convert_flux_yaml(text, "prod").resources]
    ['./prod/overlay']
    """
    options = checked_options(options)
    checked_text(folder, "a folder", InvalidPath)
    text = _text_of(flux_yaml)
    folder = normal_path(folder)
    path = posixpath.join(folder, FLUX_YAML)
    config = FluxYaml.parse(text, path=path)
    synced = read_sync_path(folder, {path: text}, KustomizeTree({path: text}), generates=True)
    known = with_options(options, *_said(options), Cluster(name="cluster", sync_paths=(folder,)))
    settings = SyncSettings.of_cluster(known, decrypts=bool(synced.decrypts))
    if synced.unknown:
        message = f"fluxd generates what it applies of {shown_folder(folder)}: {synced.unknown}"
        return Flux1Conversion((), (_finding("RP018", message, path),), (), known)
    findings: list[Finding] = []
    if synced.patch_file:
        message = f"fluxd patched what it built with {synced.patch_file}: list its patches in a kustomization"
        findings.append(_finding("DA058", message, path))
    if config.updaters:
        message = "its updaters wrote images and policies: image automation writes where markers are"
        findings.append(_finding("DA059", message, path))
    paths = list(synced.builds) if synced.files == "none" else [folder]
    return Flux1Conversion(tuple(_kustomizations(paths, settings, options)), tuple(findings), (), known)


def _text_of(flux_yaml: Mapping[str, Any] | str) -> str:
    if isinstance(flux_yaml, Mapping):
        checked_manifest(flux_yaml, "the fields of a .flux.yaml", InvalidManifest)
        try:
            return json.dumps(dict(flux_yaml))
        except (TypeError, ValueError) as error:
            raise InvalidManifest(f"a .flux.yaml holds what JSON can hold: {error}") from None
    checked_text(flux_yaml, "a .flux.yaml that is no mapping", InvalidManifest)
    return flux_yaml


def _program(manifest: _Flux1Manifest, wanted: Program) -> Flux1Program:
    if not isinstance(manifest, str | Mapping | KubernetesModel):
        return program_of_arguments(checked_list(manifest, "arguments", str), wanted)
    value = manifest_of(manifest)
    if "kind" in value:
        found = programs_of_manifest(value)
    else:
        chart = Flux1Chart(_CHARTS[wanted], _SOURCE, is_own=True)
        found = programs_of_chart(chart, value, release_name=_CHARTS[wanted])
    program = next((each for each in found if each.program == wanted), None)
    if program is None:
        raise InvalidManifest(f"it runs no {wanted}", path="manifest.yaml", line=1)
    return program


def _said(options: MigrationOptions) -> tuple[Cluster]:
    return (options.clusters[0] if options.clusters else Cluster(name="cluster"),)


def _known(program: Flux1Program, options: MigrationOptions) -> Cluster:
    fluxds = [program] if program.program == "fluxd" else []
    operators = [] if fluxds else [program]
    shown = show_cluster("cluster", fluxds, operators, program.items("git-path") if fluxds else ())
    return with_options(options, *_said(options), shown.settings)


def _kustomizations(
    paths: Sequence[str], settings: SyncSettings, options: MigrationOptions
) -> Iterator[Kustomization]:
    names: list[str] = []
    for path in dict.fromkeys(paths):
        name = sync_name(path, names) if names else SYNC_NAME
        names.append(name)
        manifest = kustomization_manifest(
            settings, path, _version(options), namespace=options.flux_namespace, name=name
        )
        yield Kustomization.model_validate(manifest)


def _version(options: MigrationOptions) -> FluxVersion:
    return options.flux_version or FLUX_VERSIONS[-1]


def _secrets_of(source: HelmRepository) -> Iterator[Prerequisite]:
    namespace, user = source.metadata.namespace or "", f"HelmRepository {source.metadata.name}"
    if source.spec.secret_ref is not None:
        name, login = str(source.spec.secret_ref.name), ("username", "password")
        yield Prerequisite("Secret", name, namespace, login, (user,))
    if source.spec.cert_secret_ref is not None:
        name, certificates = str(source.spec.cert_secret_ref.name), ("tls.crt", "tls.key", "ca.crt")
        yield Prerequisite("Secret", name, namespace, certificates, (user,))


def _findings(program: Flux1Program, options: MigrationOptions) -> Iterator[Finding]:
    for notice in notices_of(program, next(iter(options.clusters), None)):
        yield _finding(notice.code, notice.message)


def _finding(code: str, message: str, path: str = "") -> Finding:
    return Finding(code, message, path=path, answer=acceptance(code))
