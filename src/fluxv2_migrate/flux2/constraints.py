"""What the API server asks of the objects that are written: fields, patterns and words, by Flux release."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, Literal

from fluxv2_migrate.flux2.releases import FluxVersion, is_at_least
from fluxv2_migrate.golang import Regexp
from fluxv2_migrate.kubernetes import as_list, as_object

Rule = Literal["required", "pattern", "enum", "minLength", "maxLength", "maxItems"]

_DURATION: Final = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"
_SHORT_DURATION: Final = r"^([0-9]+(\.[0-9]+)?(ms|s|m))+$"


_CHART_NAME: Final = re.compile(r"(?:[-a-z0-9]++/?\.?)+")
_CHART_NAME_WITHOUT_DOTS: Final = re.compile(r"(?:[-a-z0-9]++/?)+")
_VALUES_KEY: Final = re.compile(r"[-._a-zA-Z0-9]{1,253}")


def is_chart_name(name: str, flux_version: FluxVersion) -> bool:
    """Gives whether Flux takes a name of a chart that comes from a Helm repository.

    Source: source-controller `internal/helm/repository`: dots are allowed from Flux 2.3 on.

    >>> is_chart_name("web.app", "2.3"), is_chart_name("web.app", "2.2"), is_chart_name("Web", "2.9")
    (True, False, False)
    """
    allowed = _CHART_NAME if is_at_least(flux_version, "2.3") else _CHART_NAME_WITHOUT_DOTS
    return allowed.fullmatch(name) is not None


def is_values_key(key: str) -> bool:
    """Gives whether the API server takes a `valuesKey` of an entry of `valuesFrom`.

    >>> is_values_key("values.yaml"), is_values_key("a/b")
    (True, False)
    """
    return _VALUES_KEY.fullmatch(key) is not None


@dataclass(frozen=True, slots=True)
class Constraint:
    """One thing that the definition of a kind asks of a field.

    Attributes:
        field: dotted; `[]` stands for each item of a list.
        rule: the keyword of the schema.
        since: the first Flux release that asks it, in the API that this release prefers.
        until: the last one, where later ones do not.
    """

    field: str
    rule: Rule
    value: Any
    since: FluxVersion = "2.0"
    until: FluxVersion | None = None

    def holds_in(self, flux_version: FluxVersion) -> bool:
        """Gives whether a Flux release asks it."""
        is_over = self.until is not None and not is_at_least(self.until, flux_version)
        return is_at_least(flux_version, self.since) and not is_over

    def refuses(self, value: Any) -> bool:
        """Gives whether the API server refuses a value of the field; the type is what the model asks.

        >>> Constraint("spec.url", "pattern", "^https://.*$").refuses("")
        True
        """
        if self.rule == "required":
            return isinstance(value, (dict, Mapping)) and any(value.get(key) is None for key in self.value)
        if self.rule == "enum":
            return value not in self.value
        if self.rule == "pattern":
            return isinstance(value, str) and not _compiled(self.value).matches(value)
        if not isinstance(value, (str, list)):
            return False
        limit: int = self.value
        return len(value) < limit if self.rule == "minLength" else len(value) > limit


# Source: the definitions that each Flux release installs, `config/crd/bases` of its controllers.
CONSTRAINTS: Final[Mapping[str, tuple[Constraint, ...]]] = {
    "GitRepository": (
        Constraint("spec", "required", ("interval", "url")),
        Constraint("spec.include[]", "required", ("repository",)),
        Constraint("spec.include[].repository", "required", ("name",)),
        Constraint("spec.interval", "pattern", _DURATION),
        Constraint("spec.provider", "enum", ("generic", "azure"), since="2.4", until="2.4"),
        Constraint("spec.provider", "enum", ("generic", "azure", "github"), since="2.5", until="2.8"),
        Constraint("spec.provider", "enum", ("generic", "aws", "azure", "github"), since="2.9"),
        Constraint("spec.proxySecretRef", "required", ("name",), since="2.1"),
        Constraint("spec.secretRef", "required", ("name",)),
        Constraint("spec.timeout", "pattern", _SHORT_DURATION),
        Constraint("spec.url", "pattern", "^(http|https|ssh)://.*$"),
        Constraint("spec.verify", "required", ("mode", "secretRef"), until="2.0"),
        Constraint("spec.verify", "required", ("secretRef",), since="2.1"),
        Constraint("spec.verify.mode", "enum", ("head",), until="2.0"),
        Constraint("spec.verify.mode", "enum", ("head", "HEAD", "Tag", "TagAndHEAD"), since="2.1"),
        Constraint("spec.verify.secretRef", "required", ("name",)),
    ),
    "HelmRelease": (
        Constraint("spec", "required", ("chart", "interval"), until="2.2"),
        Constraint("spec", "required", ("interval",), since="2.3"),
        Constraint("spec.chart", "required", ("spec",)),
        Constraint("spec.chart.spec", "required", ("chart", "sourceRef")),
        Constraint("spec.chart.spec.chart", "minLength", 1, since="2.2"),
        Constraint("spec.chart.spec.chart", "maxLength", 2048, since="2.2"),
        Constraint("spec.chart.spec.interval", "pattern", _DURATION),
        Constraint("spec.chart.spec.reconcileStrategy", "enum", ("ChartVersion", "Revision")),
        Constraint("spec.chart.spec.sourceRef", "required", ("name",), until="2.3"),
        Constraint("spec.chart.spec.sourceRef", "required", ("kind", "name"), since="2.4"),
        Constraint("spec.chart.spec.sourceRef.kind", "enum", ("HelmRepository", "GitRepository", "Bucket")),
        Constraint("spec.chart.spec.sourceRef.name", "minLength", 1),
        Constraint("spec.chart.spec.sourceRef.name", "maxLength", 253),
        Constraint("spec.chart.spec.sourceRef.namespace", "minLength", 1),
        Constraint("spec.chart.spec.sourceRef.namespace", "maxLength", 63),
        Constraint("spec.chart.spec.verify", "required", ("provider",)),
        Constraint("spec.chart.spec.verify.provider", "enum", ("cosign",), until="2.2"),
        Constraint("spec.chart.spec.verify.provider", "enum", ("cosign", "notation"), since="2.3"),
        Constraint("spec.chart.spec.verify.secretRef", "required", ("name",)),
        Constraint("spec.chartRef", "required", ("kind", "name"), since="2.3"),
        Constraint("spec.chartRef.kind", "enum", ("OCIRepository", "HelmChart"), since="2.3", until="2.6"),
        Constraint(
            "spec.chartRef.kind", "enum", ("OCIRepository", "HelmChart", "ExternalArtifact"), since="2.7"
        ),
        Constraint("spec.chartRef.name", "minLength", 1, since="2.3"),
        Constraint("spec.chartRef.name", "maxLength", 253, since="2.3"),
        Constraint("spec.chartRef.namespace", "minLength", 1, since="2.3"),
        Constraint("spec.chartRef.namespace", "maxLength", 63, since="2.3"),
        Constraint("spec.dependsOn[]", "required", ("name",)),
        Constraint("spec.driftDetection.ignore[]", "required", ("paths",), since="2.2"),
        Constraint("spec.driftDetection.mode", "enum", ("enabled", "warn", "disabled"), since="2.2"),
        Constraint(
            "spec.healthCheckExprs[]", "required", ("apiVersion", "current", "kind"), since="2.8", until="2.8"
        ),
        Constraint("spec.healthCheckExprs[]", "required", ("apiVersion", "current"), since="2.9"),
        Constraint("spec.install.crds", "enum", ("Skip", "Create", "CreateReplace")),
        Constraint("spec.install.strategy", "required", ("name",), since="2.7"),
        Constraint(
            "spec.install.strategy.name", "enum", ("RemediateOnFailure", "RetryOnFailure"), since="2.7"
        ),
        Constraint("spec.install.strategy.retryInterval", "pattern", _DURATION, since="2.7"),
        Constraint("spec.install.timeout", "pattern", _DURATION),
        Constraint("spec.interval", "pattern", _DURATION),
        Constraint("spec.kubeConfig", "required", ("secretRef",), until="2.6"),
        Constraint("spec.kubeConfig.configMapRef", "required", ("name",), since="2.7"),
        Constraint("spec.kubeConfig.secretRef", "required", ("name",)),
        Constraint("spec.postRenderStrategy", "enum", ("nohooks", "combined", "separate"), since="2.9"),
        Constraint("spec.postRenderers[].kustomize.images[]", "required", ("name",)),
        Constraint(
            "spec.postRenderers[].kustomize.patchesJson6902[]", "required", ("patch", "target"), until="2.2"
        ),
        Constraint(
            "spec.postRenderers[].kustomize.patchesJson6902[].patch[]",
            "required",
            ("op", "path"),
            until="2.2",
        ),
        Constraint(
            "spec.postRenderers[].kustomize.patchesJson6902[].patch[].op",
            "enum",
            ("test", "remove", "add", "replace", "move", "copy"),
            until="2.2",
        ),
        Constraint("spec.postRenderers[].kustomize.patches[]", "required", ("patch",)),
        Constraint("spec.releaseName", "minLength", 1),
        Constraint("spec.releaseName", "maxLength", 53),
        Constraint("spec.rollback.serverSideApply", "enum", ("enabled", "disabled", "auto"), since="2.8"),
        Constraint("spec.rollback.timeout", "pattern", _DURATION),
        Constraint("spec.serviceAccountName", "minLength", 1, since="2.2"),
        Constraint("spec.serviceAccountName", "maxLength", 253, since="2.2"),
        Constraint("spec.storageNamespace", "minLength", 1),
        Constraint("spec.storageNamespace", "maxLength", 63),
        Constraint("spec.targetNamespace", "minLength", 1),
        Constraint("spec.targetNamespace", "maxLength", 63),
        Constraint("spec.test.filters[]", "required", ("name",), since="2.2"),
        Constraint("spec.test.filters[].name", "minLength", 1, since="2.2"),
        Constraint("spec.test.filters[].name", "maxLength", 253, since="2.2"),
        Constraint("spec.test.timeout", "pattern", _DURATION),
        Constraint("spec.timeout", "pattern", _DURATION),
        Constraint("spec.uninstall.deletionPropagation", "enum", ("background", "foreground", "orphan")),
        Constraint("spec.uninstall.timeout", "pattern", _DURATION),
        Constraint(
            "spec.upgrade.chartNameChangeStrategy", "enum", ("InPlaceUpdate", "Reinstall"), since="2.9"
        ),
        Constraint("spec.upgrade.crds", "enum", ("Skip", "Create", "CreateReplace")),
        Constraint("spec.upgrade.remediation.strategy", "enum", ("rollback", "uninstall")),
        Constraint("spec.upgrade.serverSideApply", "enum", ("enabled", "disabled", "auto"), since="2.8"),
        Constraint("spec.upgrade.strategy", "required", ("name",), since="2.7"),
        Constraint(
            "spec.upgrade.strategy.name", "enum", ("RemediateOnFailure", "RetryOnFailure"), since="2.7"
        ),
        Constraint("spec.upgrade.strategy.retryInterval", "pattern", _DURATION, since="2.7"),
        Constraint("spec.upgrade.timeout", "pattern", _DURATION),
        Constraint("spec.valuesFrom[]", "required", ("kind", "name")),
        Constraint("spec.valuesFrom[].kind", "enum", ("Secret", "ConfigMap")),
        Constraint("spec.valuesFrom[].name", "minLength", 1),
        Constraint("spec.valuesFrom[].name", "maxLength", 253),
        Constraint("spec.valuesFrom[].targetPath", "pattern", r"^([a-zA-Z0-9_\-.\\\/]|\[[0-9]{1,5}\])+$"),
        Constraint("spec.valuesFrom[].targetPath", "maxLength", 250),
        Constraint("spec.valuesFrom[].valuesKey", "pattern", r"^[\-._a-zA-Z0-9]+$"),
        Constraint("spec.valuesFrom[].valuesKey", "maxLength", 253),
        Constraint("spec.waitStrategy", "required", ("name",), since="2.8"),
        Constraint("spec.waitStrategy.name", "enum", ("poller", "legacy"), since="2.8"),
    ),
    "HelmRepository": (
        Constraint("spec", "required", ("interval", "url"), until="2.1"),
        Constraint("spec", "required", ("url",), since="2.2"),
        Constraint("spec.accessFrom", "required", ("namespaceSelectors",)),
        Constraint("spec.certSecretRef", "required", ("name",), since="2.1"),
        Constraint("spec.interval", "pattern", _DURATION),
        Constraint("spec.provider", "enum", ("generic", "aws", "azure", "gcp")),
        Constraint("spec.secretRef", "required", ("name",)),
        Constraint("spec.timeout", "pattern", _SHORT_DURATION),
        Constraint("spec.type", "enum", ("default", "oci")),
        Constraint("spec.url", "pattern", "^(http|https|oci)://.*$", since="2.2"),
    ),
    "ImagePolicy": (
        Constraint("spec", "required", ("imageRepositoryRef", "policy")),
        Constraint("spec.digestReflectionPolicy", "enum", ("Always", "IfNotPresent", "Never"), since="2.6"),
        Constraint("spec.imageRepositoryRef", "required", ("name",)),
        Constraint("spec.interval", "pattern", _DURATION, since="2.6"),
        Constraint("spec.policy.alphabetical.order", "enum", ("asc", "desc")),
        Constraint("spec.policy.numerical.order", "enum", ("asc", "desc")),
        Constraint("spec.policy.semver", "required", ("range",)),
    ),
    "ImageRepository": (
        Constraint("spec", "required", ("image", "interval"), since="2.4"),
        Constraint("spec.accessFrom", "required", ("namespaceSelectors",)),
        Constraint("spec.certSecretRef", "required", ("name",)),
        Constraint("spec.exclusionList", "maxItems", 25),
        Constraint("spec.interval", "pattern", _DURATION),
        Constraint("spec.provider", "enum", ("generic", "aws", "azure", "gcp")),
        Constraint("spec.proxySecretRef", "required", ("name",), since="2.4"),
        Constraint("spec.secretRef", "required", ("name",)),
        Constraint("spec.serviceAccountName", "maxLength", 253),
        Constraint("spec.timeout", "pattern", _SHORT_DURATION),
    ),
    "ImageUpdateAutomation": (
        Constraint("spec", "required", ("interval", "sourceRef")),
        Constraint("spec.git", "required", ("commit",)),
        Constraint("spec.git.checkout", "required", ("ref",)),
        Constraint("spec.git.commit", "required", ("author",)),
        Constraint("spec.git.commit.author", "required", ("email",)),
        Constraint("spec.git.commit.signingKey", "required", ("secretRef",), since="2.4"),
        Constraint("spec.git.commit.signingKey.secretRef", "required", ("name",)),
        Constraint("spec.git.commit.signingKey.type", "enum", ("gpg", "ssh"), since="2.9"),
        Constraint("spec.git.push", "required", ("branch",), until="2.0"),
        Constraint("spec.interval", "pattern", _DURATION),
        Constraint("spec.policySelector.matchExpressions[]", "required", ("key", "operator"), since="2.3"),
        Constraint("spec.sourceRef", "required", ("kind", "name")),
        Constraint("spec.sourceRef.kind", "enum", ("GitRepository",)),
        Constraint("spec.update", "required", ("strategy",), until="2.6"),
        Constraint("spec.update.strategy", "enum", ("Setters",)),
    ),
    "Kustomization": (
        Constraint("spec", "required", ("interval", "prune", "sourceRef")),
        Constraint(
            "spec.buildMetadata[]", "enum", ("originAnnotations", "transformerAnnotations"), since="2.9"
        ),
        Constraint("spec.decryption", "required", ("provider",)),
        Constraint("spec.decryption.provider", "enum", ("sops",)),
        Constraint("spec.decryption.secretRef", "required", ("name",)),
        Constraint(
            "spec.deletionPolicy", "enum", ("MirrorPrune", "Delete", "Orphan"), since="2.5", until="2.5"
        ),
        Constraint(
            "spec.deletionPolicy",
            "enum",
            ("MirrorPrune", "Delete", "WaitForTermination", "Orphan"),
            since="2.6",
        ),
        Constraint("spec.dependsOn[]", "required", ("name",)),
        Constraint(
            "spec.healthCheckExprs[]", "required", ("apiVersion", "current", "kind"), since="2.5", until="2.8"
        ),
        Constraint("spec.healthCheckExprs[]", "required", ("apiVersion", "current"), since="2.9"),
        Constraint("spec.healthChecks[]", "required", ("kind", "name")),
        Constraint("spec.ignore[]", "required", ("paths",), since="2.9"),
        Constraint("spec.images[]", "required", ("name",)),
        Constraint("spec.interval", "pattern", _DURATION),
        Constraint("spec.kubeConfig", "required", ("secretRef",), until="2.6"),
        Constraint("spec.kubeConfig.configMapRef", "required", ("name",), since="2.7"),
        Constraint("spec.kubeConfig.secretRef", "required", ("name",)),
        Constraint("spec.namePrefix", "minLength", 1, since="2.3"),
        Constraint("spec.namePrefix", "maxLength", 200, since="2.3"),
        Constraint("spec.nameSuffix", "minLength", 1, since="2.3"),
        Constraint("spec.nameSuffix", "maxLength", 200, since="2.3"),
        Constraint("spec.patches[]", "required", ("patch",)),
        Constraint("spec.postBuild.substituteFrom[]", "required", ("kind", "name")),
        Constraint("spec.postBuild.substituteFrom[].kind", "enum", ("Secret", "ConfigMap")),
        Constraint("spec.postBuild.substituteFrom[].name", "minLength", 1),
        Constraint("spec.postBuild.substituteFrom[].name", "maxLength", 253),
        Constraint("spec.postBuild.substituteStrategy", "enum", ("WithVariables", "Always"), since="2.9"),
        Constraint("spec.retryInterval", "pattern", _DURATION),
        Constraint("spec.sourceRef", "required", ("kind", "name")),
        Constraint("spec.sourceRef.kind", "enum", ("OCIRepository", "GitRepository", "Bucket"), until="2.6"),
        Constraint(
            "spec.sourceRef.kind",
            "enum",
            ("OCIRepository", "GitRepository", "Bucket", "ExternalArtifact"),
            since="2.7",
        ),
        Constraint("spec.targetNamespace", "minLength", 1),
        Constraint("spec.targetNamespace", "maxLength", 63),
        Constraint("spec.timeout", "pattern", _DURATION),
    ),
}
"""By kind, what is asked of the fields of `spec`, in the API that each Flux release prefers."""


def refused_fields(manifest: Mapping[str, Any], flux_version: FluxVersion) -> tuple[tuple[str, str], ...]:
    """Gives the fields of an object that the API server refuses, each with the reason.

    Args:
        manifest: of a kind that is written; of any other nothing is known.

    >>> refused_fields({"kind": "GitRepository", "spec": {"interval": "10m", "url": ""}}, "2.9")
    (('spec.url', 'is no match of ^(http|https|ssh)://.*$'),)
    """
    found: list[tuple[str, str]] = []
    spec = as_object(manifest.get("spec"))
    for path, constraints in _holding(str(manifest.get("kind")), flux_version):
        # Of most fields an object says nothing.
        if len(path) > 1 and path[1] not in spec:
            continue
        values = _values(manifest, path)
        for each in constraints if values else ():
            found += (
                (".".join(field), _reason(each, value)) for field, value in values if each.refuses(value)
            )
    return tuple(found)


@cache
def _holding(
    kind: str, flux_version: FluxVersion
) -> tuple[tuple[tuple[str, ...], tuple[Constraint, ...]], ...]:
    """Gives the constraints of a kind that hold in a release, by the steps of the paths of their fields."""
    held = (each for each in CONSTRAINTS.get(kind, ()) if each.holds_in(flux_version))
    return tuple(
        (tuple(field.replace("[]", ".[]").split(".")), tuple(constraints))
        for field, constraints in groupby(held, key=attrgetter("field"))
    )


def _values(value: Any, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], Any]]:
    """Gives each value of a field, with the field as it is in the object; nulls count as not given."""
    for index, key in enumerate(path):
        if key == "[]":
            *before, holder = path[:index]
            return [
                ((*before, f"{holder}[{number}]", *rest), found)
                for number, item in enumerate(as_list(value))
                for rest, found in _values(item, path[index + 1 :])
            ]
        if value is None or (value.__class__ is not dict and not isinstance(value, Mapping)):
            return []
        value = value.get(key)
    return [] if value is None else [(path, value)]


def _reason(constraint: Constraint, value: Any) -> str:
    wanted = constraint.value
    if constraint.rule == "required":
        return f"lacks {', '.join(key for key in wanted if value.get(key) is None)}"
    if constraint.rule == "enum":
        return f"is none of {', '.join(map(str, wanted))}"
    if constraint.rule == "pattern":
        return f"is no match of {wanted}"
    return f"breaks {constraint.rule} {wanted}"


@cache
def _compiled(pattern: str) -> Regexp:
    return Regexp.compile(pattern)
