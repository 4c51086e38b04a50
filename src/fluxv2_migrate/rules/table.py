"""The table of fields: where each field of Flux v1 goes, and which finding says what is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class FieldRow:
    """What becomes of one field.

    Attributes:
        field: dotted path in the v1 manifest; `[]` stands for the items of a list.
        becomes: dotted paths in the v2 manifests; none where the field goes.
        codes: findings that speak of it.
        note: what else is to be known, in a few words.
        is_later: whether it came with `helm.fluxcd.io/v1`, so that no operator of another API reads it.
    """

    field: str
    becomes: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    note: str = ""
    is_later: bool = False


_INSTALL_WAIT: Final = ("spec.install.disableWait", "spec.install.disableWaitForJobs")
_UPGRADE_WAIT: Final = ("spec.upgrade.disableWait", "spec.upgrade.disableWaitForJobs")
_REMEDIATION: Final = "spec.upgrade.remediation"
_REFERENCE: Final = "spec.valuesFrom[]"
_CHART: Final = "spec.chart.spec"

FIELDS: Final = (
    FieldRow("apiVersion", ("apiVersion",), ("HR002", "HR030"), "that of the Flux release"),
    FieldRow("kind", ("kind",), ("HR002",), "a FluxHelmRelease becomes a HelmRelease"),
    FieldRow(
        "metadata",
        ("metadata",),
        ("AN018", "HR110", "RP063"),
        "the annotations helm.fluxcd.io/antecedent and helm.fluxcd.io/migrate go",
    ),
    FieldRow(
        "metadata.name",
        ("metadata.name", "spec.releaseName"),
        ("HR014", "HR015", "HR016", "HR017", "HR113", "HR114", "HR131", "RP006", "RP007"),
    ),
    FieldRow(
        "metadata.namespace",
        ("metadata.namespace", "spec.releaseName"),
        ("HR015", "HR017", "HR119", "HR131", "RP006"),
        "default_namespace is written where none is given",
    ),
    FieldRow("status", (), ("HR124", "HR125"), "the cluster writes its own"),
    FieldRow(
        "spec.chart.git",
        ("GitRepository.spec.url",),
        ("DA022", "HR043", "HR044", "HR054", "HR059", "HR060", "HR061", "HR062", "HR064", "HR120"),
    ),
    FieldRow(
        "spec.chart.ref",
        ("GitRepository.spec.ref",),
        ("HR052", "HR053", "HR060"),
        "40 hexadecimal digits are a commit, refs/… a name, three numbers as in v1.2.3 a tag, "
        "all else a branch, unless an override says so",
    ),
    FieldRow(
        "spec.chart.path", (f"{_CHART}.chart",), ("HR060", "HR061", "HR063"), "cleaned; the root is `.`"
    ),
    FieldRow(
        "spec.chart.secretRef", ("GitRepository.spec.secretRef",), ("HR056", "HR057", "HR060"), is_later=True
    ),
    FieldRow(
        "spec.chart.secretRef.name", ("GitRepository.spec.secretRef.name",), ("HR056", "HR057", "HR130")
    ),
    FieldRow(
        "spec.chart.secretRef.namespace", (), ("HR056", "HR130"), "a copy of the Secret is a prerequisite"
    ),
    FieldRow("spec.chart.skipDepUpdate", (), ("HR058", "HR060")),
    FieldRow(
        "spec.chart.repository",
        ("HelmRepository.spec.url",),
        ("DA022", "HR043", "HR044", "HR045", "HR046", "HR049", "HR060", "HR061", "HR120"),
    ),
    FieldRow("spec.chart.name", (f"{_CHART}.chart",), ("HR048", "HR061")),
    FieldRow("spec.chart.version", (f"{_CHART}.version",), ("HR041", "HR042", "HR061")),
    FieldRow("spec.chart.chartPullSecret", (), ("HR047",)),
    FieldRow("spec.chart.chartPullSecret.name", (), ("HR047",)),
    FieldRow("spec.releaseName", ("spec.releaseName",), ("HR014", "HR113"), "always written"),
    FieldRow(
        "spec.targetNamespace",
        ("spec.targetNamespace", "spec.storageNamespace", "spec.releaseName"),
        ("HR130",),
        "the storage namespace only where it differs from that of the release",
        is_later=True,
    ),
    FieldRow("spec.helmVersion", (), ("HR030", "HR032", "HR135"), is_later=True),
    FieldRow("spec.maxHistory", ("spec.maxHistory",), ("HR117",), "10 where none is given", is_later=True),
    FieldRow(
        "spec.timeout",
        ("spec.timeout", "spec.rollback.timeout", "spec.test.timeout"),
        ("HR068", "HR069", "HR121"),
    ),
    FieldRow("spec.wait", (*_INSTALL_WAIT, *_UPGRADE_WAIT), ("HR117",), is_later=True),
    FieldRow("spec.forceUpgrade", ("spec.upgrade.force",), ("HR074",)),
    FieldRow("spec.resetValues", ("spec.upgrade.preserveValues",), ("HR075",), "only an explicit false"),
    FieldRow("spec.skipCRDs", ("spec.install.crds",), is_later=True),
    FieldRow(
        "spec.disableOpenAPIValidation",
        ("spec.install.disableOpenAPIValidation", "spec.upgrade.disableOpenAPIValidation"),
        ("HR079",),
        is_later=True,
    ),
    FieldRow("spec.values", ("spec.values",), ("HR112",), "its text is not touched"),
    FieldRow("spec.valueFileSecrets", ("spec.valuesFrom",), (), "before all of valuesFrom"),
    FieldRow("spec.valueFileSecrets[].name", (f"{_REFERENCE}.name",), ("HR130", "RP006")),
    FieldRow("spec.valuesFrom", ("spec.valuesFrom",), ("HR101",)),
    FieldRow("spec.valuesFrom[].configMapKeyRef", (f"{_REFERENCE}.kind",), ("HR101",)),
    FieldRow("spec.valuesFrom[].configMapKeyRef.name", (f"{_REFERENCE}.name",), ("HR130", "RP006")),
    FieldRow("spec.valuesFrom[].configMapKeyRef.namespace", (), ("HR092", "HR130"), is_later=True),
    FieldRow("spec.valuesFrom[].configMapKeyRef.key", (f"{_REFERENCE}.valuesKey",), ("HR094",)),
    FieldRow("spec.valuesFrom[].configMapKeyRef.optional", (f"{_REFERENCE}.optional",), ("HR093",)),
    FieldRow("spec.valuesFrom[].secretKeyRef", (f"{_REFERENCE}.kind",), ("HR101",)),
    FieldRow("spec.valuesFrom[].secretKeyRef.name", (f"{_REFERENCE}.name",), ("HR130", "RP006")),
    FieldRow("spec.valuesFrom[].secretKeyRef.namespace", (), ("HR092", "HR130"), is_later=True),
    FieldRow("spec.valuesFrom[].secretKeyRef.key", (f"{_REFERENCE}.valuesKey",), ("HR094",)),
    FieldRow("spec.valuesFrom[].secretKeyRef.optional", (f"{_REFERENCE}.optional",), ("HR093",)),
    FieldRow("spec.valuesFrom[].externalSourceRef", (), ("HR095", "HR101", "HR102", "RP060")),
    FieldRow(
        "spec.valuesFrom[].externalSourceRef.url",
        ("spec.values", f"{_REFERENCE}.kind", f"{_REFERENCE}.name"),
        ("HR095", "HR102", "RP060"),
    ),
    FieldRow("spec.valuesFrom[].externalSourceRef.optional", (), ("HR102",)),
    FieldRow("spec.valuesFrom[].chartFileRef", (f"{_CHART}.valuesFiles",), ("HR101",)),
    FieldRow(
        "spec.valuesFrom[].chartFileRef.path",
        (f"{_CHART}.valuesFiles",),
        ("HR096", "HR097", "HR098", "HR100", "RP006"),
        "behind the chart's own values.yaml, from the root of the repository",
    ),
    FieldRow(
        "spec.valuesFrom[].chartFileRef.optional",
        (f"{_CHART}.ignoreMissingValuesFiles",),
        ("HR093", "HR098", "HR099"),
        "since Flux 2.3",
    ),
    FieldRow("spec.rollback", ("spec.rollback", _REMEDIATION), ("HR081",)),
    FieldRow("spec.rollback.enable", (_REMEDIATION, *_INSTALL_WAIT, *_UPGRADE_WAIT), ("HR081",)),
    FieldRow("spec.rollback.retry", (f"{_REMEDIATION}.retries",), is_later=True),
    FieldRow(
        "spec.rollback.maxRetries",
        (f"{_REMEDIATION}.retries",),
        (),
        "5 where none is given; 0 becomes -1",
        is_later=True,
    ),
    FieldRow("spec.rollback.force", (), ("HR084",)),
    FieldRow("spec.rollback.recreate", ("spec.rollback.recreate",), ("HR083",)),
    FieldRow("spec.rollback.disableHooks", ("spec.rollback.disableHooks",)),
    FieldRow("spec.rollback.timeout", ("spec.rollback.timeout",), ("HR068", "HR069", "HR121")),
    FieldRow("spec.rollback.wait", ("spec.rollback.disableWait", "spec.rollback.disableWaitForJobs")),
    FieldRow("spec.test", ("spec.test",), is_later=True),
    FieldRow("spec.test.enable", ("spec.test.enable", *_INSTALL_WAIT, *_UPGRADE_WAIT)),
    FieldRow("spec.test.ignoreFailures", ("spec.test.ignoreFailures",)),
    FieldRow("spec.test.timeout", ("spec.test.timeout",), ("HR068", "HR069", "HR121")),
    FieldRow("spec.test.cleanup", (), (), "Helm 3 has no such thing"),
    FieldRow(
        "spec.chartGitPath",
        (f"{_CHART}.chart", "GitRepository.spec.url", "GitRepository.spec.ref"),
        ("DA022", "HR002", "HR061", "HR063"),
        "of FluxHelmRelease; repository, branch and the path above are those of the operator's flags",
    ),
)
"""Every field of the three APIs of the helm-operator."""


def mapping_page() -> str:
    """Gives the page of the documentation that shows the table.

    >>> mapping_page().splitlines()[0]
    '# Fields'
    """
    lines = [
        "# Fields",
        "",
        "What becomes of each field of the helm-operator. Any other field is left out, with HR003; so are",
        "the fields of `helm.fluxcd.io/v1` in releases of the older APIs, which did not know them.",
        "",
        "| Flux v1 | Flux v2 | findings | |",
        "|---|---|---|---|",
    ]
    for row in FIELDS:
        becomes = "<br>".join(f"`{field}`" for field in row.becomes) or "–"
        codes = ", ".join(f"[{code}](findings/{code}.md)" for code in row.codes)
        lines.append(f"| `{row.field}` | {becomes} | {codes} | {row.note} |")
    return "\n".join([*lines, ""])
