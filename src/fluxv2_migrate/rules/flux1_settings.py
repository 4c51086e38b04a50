"""What becomes of each setting of fluxd and of the helm-operator: one row for each flag and each value.

Source: fluxcd/flux 1.25.4 `cmd/fluxd/main.go`, `chart/flux/values.yaml`; helm-operator 1.4.4
`cmd/helm-operator/main.go`, `chart/helm-operator/values.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from fluxv2_migrate.clusters.shown_settings import filled_in_elsewhere
from fluxv2_migrate.flux1.chart_tables import VALUE_FLAGS
from fluxv2_migrate.flux1.flags import FLAGS, Program
from fluxv2_migrate.flux1.installation import Flux1Program, Setting
from fluxv2_migrate.settings.options import Cluster


@dataclass(frozen=True, slots=True)
class SettingRule:
    """What becomes of one setting: it has a field, or a code, or a reason for silence.

    Attributes:
        becomes: fields of Flux v2 that are computed from it.
        code: of the finding that tells of it, where it is given and not its default.
        silence: why neither is needed.
    """

    becomes: tuple[str, ...] = ()
    code: str = ""
    says: str = ""
    silence: str = ""


@dataclass(frozen=True, slots=True)
class SettingNotice:
    """What is to be said of a setting."""

    code: str
    message: str
    setting: Setting


def _field(*fields: str) -> SettingRule:
    return SettingRule(becomes=fields)


def _silent(reason: str) -> SettingRule:
    return SettingRule(silence=reason)


_OF_V1: Final = _silent("it is about how the program itself runs, and the program goes")
_RECORDS: Final = _silent("it names what fluxd leaves in Git, which the runbook takes away")
_CACHE: Final = _silent("Flux v2 scans registries without a cache of its own")
_HELM_2: Final = _silent("it is about Helm 2, whose releases are errors of their own")
_OLD_CHARTS: Final = _field("GitRepository.spec.url")
_EXCLUDES: Final = SettingRule(("ImageRepository",), "IM008")
_CLOUD: Final = SettingRule(("ImageRepository.spec.provider",), "IM010")
_INTERVAL: Final = _field("ImageRepository.spec.interval", "ImageUpdateAutomation.spec.interval")
_SIGNED: Final = SettingRule(
    ("GitRepository.spec.verify",),
    "DA046",
    "fluxd checked the signature of every commit and of its sync tag, and Flux v2 checks that of the head "
    "commit alone, with the keys of a Secret",
)
_SIGNS: Final = SettingRule(
    code="DA049",
    says="fluxd signed its commits: image automation signs them where spec.git.commit.signingKey names a "
    "Secret with the key",
)
_LIMITS: Final = SettingRule(
    code="DA050",
    says="fluxd had access to some namespaces only: {value}; kustomize-controller has access to all, unless "
    "spec.serviceAccountName of the Kustomization names an account that is limited",
)
_NOTIFIES: Final = SettingRule(
    code="DA051",
    says="fluxd reported to a service: a Provider and an Alert of notification-controller report what Flux "
    "v2 does",
)
_REGISTRIES: Final = SettingRule(
    code="DA054",
    says="fluxd had access to registries that no manifest shows ({name})",
)
_HIDDEN: Final = SettingRule(
    code="DA052",
    says="{name} may hold credentials, certificates, plugins or network settings: the controllers of Flux v2 "
    "need what it held",
)

_UNKNOWN: Final = SettingRule(
    code="DA053", says="nothing is known of {name} of {program}, so nothing becomes of it"
)

_FLUXD: Final[Mapping[str, SettingRule]] = {
    "automation-interval": _INTERVAL,
    "connect": _NOTIFIES,
    "docker-config": _REGISTRIES,
    "git-branch": _field("GitRepository.spec.ref.branch", "ImageUpdateAutomation.spec.git.checkout.ref"),
    "git-ci-skip": _field("ImageUpdateAutomation.spec.git.commit.messageTemplate"),
    "git-ci-skip-message": _field("ImageUpdateAutomation.spec.git.commit.messageTemplate"),
    "git-email": _field("ImageUpdateAutomation.spec.git.commit.author.email"),
    "git-gpg-key-import": _silent("the keys are asked for with what they are used for: signatures, or sops"),
    "git-label": _RECORDS,
    "git-notes-ref": _RECORDS,
    "git-path": _field("Kustomization.spec.path", "ImageUpdateAutomation.spec.update.path"),
    "git-poll-interval": _field("GitRepository.spec.interval"),
    "git-readonly": SettingRule(("ImageUpdateAutomation",), "IM008"),
    "git-secret": SettingRule(
        code="DA047",
        says="fluxd decrypted files with git-secret, which Flux v2 cannot: encrypt them with sops, or seal "
        "the Secrets",
    ),
    "git-set-author": _silent("all commits of image automation have its own author"),
    "git-signing-key": _SIGNS,
    "git-sync-tag": _RECORDS,
    "git-timeout": _field("GitRepository.spec.timeout"),
    "git-url": _field("GitRepository.spec.url"),
    "git-user": _field("ImageUpdateAutomation.spec.git.commit.author.name"),
    "git-verify-signatures": _SIGNED,
    "git-verify-signatures-mode": _SIGNED,
    "k8s-allow-namespace": _LIMITS,
    "k8s-default-namespace": SettingRule(("metadata.namespace",), "DA015"),
    "k8s-in-cluster": _OF_V1,
    "k8s-namespace-whitelist": _LIMITS,
    "k8s-secret-data-key": _field("GitRepository.spec.secretRef"),
    "k8s-secret-name": _field("GitRepository.spec.secretRef"),
    "k8s-secret-volume-mount-path": _OF_V1,
    "k8s-unsafe-exclude-resource": _silent("kustomize-controller looks for nothing but what it applied"),
    "k8s-verbosity": _OF_V1,
    "kube-config": _OF_V1,
    "kubernetes-kubectl": _OF_V1,
    "listen": _OF_V1,
    "listen-metrics": _OF_V1,
    "log-format": _OF_V1,
    "manifest-generation": _field("Kustomization.spec.path"),
    "memcached-hostname": _CACHE,
    "memcached-port": _CACHE,
    "memcached-service": _CACHE,
    "memcached-timeout": _CACHE,
    "registry-burst": _CACHE,
    "registry-cache-expiry": _CACHE,
    "registry-disable-scanning": SettingRule(("ImageUpdateAutomation",), "IM008"),
    "registry-ecr-exclude-id": _EXCLUDES,
    "registry-ecr-include-id": _EXCLUDES,
    "registry-ecr-region": _EXCLUDES,
    "registry-exclude-image": _EXCLUDES,
    "registry-include-image": _EXCLUDES,
    "registry-insecure-host": _REGISTRIES,
    "registry-poll-interval": _INTERVAL,
    "registry-require": _CLOUD,
    "registry-rps": _CACHE,
    "registry-trace": _OF_V1,
    "registry-use-labels": _silent(
        "Flux v2 reads no build times; how tags are ordered is told with each image"
    ),
    "rpc-timeout": _OF_V1,
    "sops": SettingRule(
        ("Kustomization.spec.decryption",),
        "DA048",
        "fluxd decrypted files with sops: the Kustomizations need a Secret with the keys, and encrypted "
        "files must have their kind and name in plain text",
    ),
    "ssh-keygen-bits": _OF_V1,
    "ssh-keygen-dir": _OF_V1,
    "ssh-keygen-format": _OF_V1,
    "ssh-keygen-type": _OF_V1,
    "sync-garbage-collection": _field("Kustomization.spec.prune"),
    "sync-garbage-collection-dry": _field("Kustomization.spec.prune"),
    "sync-interval": _field("Kustomization.spec.interval"),
    "sync-state": _silent("Flux v2 keeps what it has synced in the status of its objects"),
    "sync-timeout": _field("Kustomization.spec.timeout"),
    "token": _NOTIFIES,
    "version": _OF_V1,
}
_HELM_OPERATOR: Final[Mapping[str, SettingRule]] = {
    "allow-namespace": SettingRule(("HelmRelease.spec.suspend",), "HR119"),
    "charts-sync-interval": _field("HelmRelease.spec.interval"),
    "convert-release-storage": _HELM_2,
    "convert-tiller-out-cluster": _HELM_2,
    "enabled-helm-versions": SettingRule(("HelmRelease",), "HR030"),
    "git-branch": _OLD_CHARTS,
    "git-charts-path": _OLD_CHARTS,
    "git-default-ref": _field("GitRepository.spec.ref"),
    "git-poll-interval": _field("GitRepository.spec.interval"),
    "git-timeout": _field("GitRepository.spec.timeout"),
    "git-url": _OLD_CHARTS,
    "helm-repository-import": SettingRule(("HelmRepository.spec.secretRef",), "HR046"),
    "kubeconfig": _OF_V1,
    "listen": _OF_V1,
    "log-format": _OF_V1,
    "log-release-diffs": _OF_V1,
    "master": _OF_V1,
    "status-update-interval": _OF_V1,
    "tiller-ip": _HELM_2,
    "tiller-namespace": _HELM_2,
    "tiller-port": _HELM_2,
    "tiller-tls-ca-cert-path": _HELM_2,
    "tiller-tls-cert-path": _HELM_2,
    "tiller-tls-enable": _HELM_2,
    "tiller-tls-hostname": _HELM_2,
    "tiller-tls-key-path": _HELM_2,
    "tiller-tls-verify": _HELM_2,
    "update-chart-deps": SettingRule(("HelmRelease.spec.chart",), "HR058"),
    "version": _OF_V1,
    "workers": _silent("helm-controller has a number of its own, and does more at a time by default"),
}
FLAG_RULES: Final[Mapping[Program, Mapping[str, SettingRule]]] = MappingProxyType(
    {"fluxd": MappingProxyType(_FLUXD), "helm-operator": MappingProxyType(_HELM_OPERATOR)}
)
"""What becomes of each flag."""

_SHARED_VALUES: Final[Mapping[str, SettingRule]] = {
    "additionalArgs": _silent("each of them is a flag, which has a row of its own"),
    "affinity": _OF_V1,
    "annotations": _OF_V1,
    "clusterRole": _OF_V1,
    "dashboards": _OF_V1,
    "dnsConfig": _HIDDEN,
    "dnsPolicy": _OF_V1,
    "env": _HIDDEN,
    "extraContainers": _NOTIFIES,
    "extraEnvs": _HIDDEN,
    "extraEnvsFrom": _HIDDEN,
    "extraVolumeMounts": _HIDDEN,
    "extraVolumes": _HIDDEN,
    "fullnameOverride": _OF_V1,
    "git.config": _HIDDEN,
    "hostAliases": _HIDDEN,
    "image": _OF_V1,
    "initContainers": _HIDDEN,
    "kube": _OF_V1,
    "nameOverride": _OF_V1,
    "nodeSelector": _OF_V1,
    "podAnnotations": _OF_V1,
    "podLabels": _OF_V1,
    "priorityClassName": _OF_V1,
    "prometheus": _OF_V1,
    "rbac": _OF_V1,
    "replicaCount": _OF_V1,
    "resources": _OF_V1,
    "securityContext": _OF_V1,
    "service": _OF_V1,
    "serviceAccount": _OF_V1,
    "serviceAccount.annotations": _HIDDEN,
    "tolerations": _OF_V1,
}
_VALUES: Final[Mapping[Program, Mapping[str, SettingRule]]] = {
    "fluxd": {
        "allowedNamespaces": _silent("the chart makes a flag of them where it creates no ClusterRole"),
        "clusterScope": _OF_V1,
        "gpgKeys": _silent("the keys are asked for with what they are used for: signatures, or sops"),
        "helmOperator": _silent("what the chart brought along is read as an operator of its own"),
        "memcached": _CACHE,
        "registry.acr": _REGISTRIES,
        "registry.dockercfg": _REGISTRIES,
        "registry.ecr.require": _CLOUD,
        "secretName": _silent("the Secret of the GitRepository holds the key, whatever its name was"),
        "ssh.config": _HIDDEN,
        "ssh.keygen": _OF_V1,
        "ssh.known_hosts": _silent("the Secret of the GitRepository holds them, as a prerequisite says"),
    },
    "helm-operator": {
        "configureRepositories": SettingRule(("HelmRepository.spec.secretRef",), "HR046"),
        "convert": _HELM_2,
        "create": _silent("it says that the chart of fluxd brought the operator along"),
        "createCRD": _silent("the runbook takes the definitions away, wherever they came from"),
        "git.secretName": SettingRule(("GitRepository.spec.secretRef",), "HR054"),
        "git.ssh": SettingRule(("GitRepository.spec.secretRef",), "HR054"),
        "initPlugins": _HIDDEN,
        "livenessProbe": _OF_V1,
        "pullPolicy": _OF_V1,
        "pullSecret": _OF_V1,
        "readinessProbe": _OF_V1,
        "repository": _OF_V1,
        "tag": _OF_V1,
        "terminationGracePeriodSeconds": _OF_V1,
        "tillerSidecar": _HELM_2,
        "tls": _HELM_2,
    },
}
VALUE_RULES: Final[Mapping[Program, Mapping[str, SettingRule]]] = MappingProxyType(
    {program: MappingProxyType({**_SHARED_VALUES, **own}) for program, own in _VALUES.items()}
)
"""What becomes of the values of a program's chart that are no flag; of all below one that is named."""


def rule_of_value(program: Program, path: str) -> SettingRule | None:
    """Gives what becomes of a value of a program's chart.

    >>> rule_of_value("fluxd", "git.config.secretName").code
    'DA052'
    >>> rule_of_value("fluxd", "git.url").becomes
    ('GitRepository.spec.url',)
    >>> rule_of_value("fluxd", "of.another.chart")
    """
    flag = VALUE_FLAGS[program].get(path)
    if flag is not None:
        return FLAG_RULES[program][flag]
    rules = VALUE_RULES[program]
    while path not in rules:
        if "." not in path:
            return None
        path = path.rpartition(".")[0]
    return rules[path]


def notices_of(program: Flux1Program, given: Cluster | None = None) -> Iterator[SettingNotice]:
    """Gives what is to be said of the settings of a program, beside what becomes a field.

    Args:
        given: what a person said of its cluster.

    >>> from fluxv2_migrate.flux1.installation import program_of_arguments
    >>> [each.code for each in notices_of(program_of_arguments(["--git-secret", "--sops=false"], "fluxd"))]
    ['DA047']
    """
    said: dict[tuple[str, str], list[tuple[str, Setting]]] = {}
    for name, rule, setting in _given(program):
        key = (_UNKNOWN.code, _UNKNOWN.says) if rule is None else (rule.code, rule.says)
        if key[1]:
            said.setdefault(key, []).append((name, setting))
    for (code, says), members in said.items():
        names = ", ".join(name for name, _ in members)
        message = says.format(name=names, value=members[0][1].value, program=program.program)
        yield SettingNotice(code, message, members[0][1])
    unknown = dict(filled_in_elsewhere(program, given))
    branch = unknown.pop("git-branch", None)
    if branch is not None:
        # Another branch has other content: the default is no guess.
        message = (
            f"something else fills in --git-branch={branch.value} of fluxd, so nothing says which branch the "
            "cluster follows: no object that syncs it or pushes to it is written"
        )
        yield SettingNotice("DA066", message, branch)
    if unknown:
        names = ", ".join(f"--{name}" for name in unknown)
        what = f"something else fills in {names} of {program.program}"
        message = f"{what}: what it is stands nowhere, so it counts as not given"
        yield SettingNotice("DA065", message, next(iter(unknown.values())))


def _given(program: Flux1Program) -> Iterator[tuple[str, SettingRule | None, Setting]]:
    """Gives each setting that is not as it is by default, with its row."""
    flags = FLAGS[program.program]
    for name, setting in sorted(program.settings.items()):
        flag = flags.get(name)
        if flag is None:
            yield f"--{name}", None, setting
        elif flag.form == "switch":
            if program.switch(name) != (flag.default == "true"):
                yield f"--{name}", FLAG_RULES[program.program][name], setting
        elif setting.value not in ("", flag.default, "none"):
            yield f"--{name}", FLAG_RULES[program.program][name], setting
    of_flags = VALUE_FLAGS[program.program]
    for path, setting in sorted(program.values.items()):
        if path not in of_flags and setting.value not in ("", "false", "{}", "[]", "None", "null"):
            yield path, rule_of_value(program.program, path), setting
