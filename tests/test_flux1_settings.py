"""Every flag of both programs, and every value of both charts, has a row that says what becomes of it."""

from __future__ import annotations

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.flux1.chart_tables import VALUE_FLAGS
from fluxv2_migrate.flux1.flags import FLAGS, Program
from fluxv2_migrate.flux1.installation import program_of_arguments
from fluxv2_migrate.rules import FLAG_RULES, VALUE_RULES, notices_of, rule_of_value

# Of the charts flux 1.13.3 and 0.14.1, and helm-operator 1.4.4.
FLUX_VALUES = """
additionalArgs affinity allowedNamespaces annotations clusterRole.create clusterRole.name
clusterScope dashboards.enabled defaultNamespace dnsConfig dnsPolicy env.secretName extraContainers
extraEnvs extraEnvsFrom extraVolumeMounts extraVolumes fullnameOverride git.branch git.ciSkip
git.config.data git.config.enabled git.config.secretName git.email git.label git.path
git.pollInterval git.readonly git.secret.enabled git.secretDataKey git.secretName git.setAuthor
git.signingKey git.timeout git.url git.user git.verifySignatures git.verifySignaturesMode
gpgKeys.configMapName gpgKeys.secretName helmOperator.create helmOperator.tag hostAliases
image.pullPolicy image.pullSecret image.repository image.tag initContainers kube.config
kube.externalConfig logFormat manifestGeneration memcached.enabled memcached.hostnameOverride
memcached.tag nameOverride nodeSelector podLabels priorityClassName prometheus.enabled
prometheus.serviceMonitor.create rbac.create rbac.pspEnabled registry.acr.enabled
registry.acr.hostPath registry.automationInterval registry.burst registry.cacheExpiry
registry.disableScanning registry.dockercfg.enabled registry.dockercfg.secretName
registry.ecr.excludeId registry.ecr.includeId registry.ecr.region registry.ecr.require
registry.excludeImage registry.includeImage registry.insecureHosts registry.pollInterval
registry.rps registry.trace registry.useTimestampLabels replicaCount resources.limits.memory
secretName service.port service.type serviceAccount.annotations serviceAccount.create
serviceAccount.name sops.enabled ssh.config ssh.keygen.format ssh.known_hosts sync.interval
sync.state sync.timeout syncGarbageCollection.dry syncGarbageCollection.enabled token tolerations
"""
OPERATOR_VALUES = """
additionalArgs affinity allowNamespace annotations chartsSyncInterval clusterRole.create
clusterRole.name configureRepositories.enable configureRepositories.repositories
configureRepositories.secretName convert.releaseStorage convert.tillerOutCluster create createCRD
dashboards.enabled extraEnvs extraVolumeMounts extraVolumes fullnameOverride git.config.data
git.config.enabled git.defaultRef git.pollInterval git.secretName git.ssh.configMapName
git.ssh.known_hosts git.ssh.secretName git.timeout helm.versions hostAliases image.repository image.tag
initContainers initPlugins.plugins kube.config livenessProbe.port logFormat logReleaseDiffs nameOverride
nodeSelector podAnnotations podLabels priorityClassName prometheus.enabled pullPolicy pullSecret
rbac.create readinessProbe.port replicas.count repository resources.requests.cpu securityContext service.port
serviceAccount.annotations serviceAccount.create statusUpdateInterval tag terminationGracePeriodSeconds
tillerHost tillerNamespace tillerPort tillerSidecar.enabled tls.enable tls.secretName tls.verify
tolerations updateChartDeps workers
"""
VALUES = [("fluxd", each) for each in FLUX_VALUES.split()] + [
    ("helm-operator", each) for each in OPERATOR_VALUES.split()
]
ROWS = [
    (f"{program} {name}", rule)
    for table in (FLAG_RULES, VALUE_RULES)
    for program, rules in table.items()
    for name, rule in rules.items()
]


def test_each_flag_has_a_row_and_each_row_a_flag() -> None:
    assert len(FLAGS["fluxd"]) == 68
    for program, flags in FLAGS.items():
        assert set(FLAG_RULES[program]) == set(flags)


@pytest.mark.parametrize(("program", "value"), [each for each in VALUES if each[1] != "replicas.count"])
def test_each_value_of_a_chart_has_a_row(program: Program, value: str) -> None:
    assert rule_of_value(program, value) is not None


def test_a_value_of_no_chart_has_none() -> None:
    assert rule_of_value("helm-operator", "replicas.count") is None
    assert all(flag in FLAGS[program] for program, of in VALUE_FLAGS.items() for flag in of.values())


@pytest.mark.parametrize(("name", "rule"), ROWS, ids=[name for name, _ in ROWS])
def test_a_row_has_a_field_or_a_finding_or_a_reason(name: str, rule: object) -> None:
    becomes, code, says, silence = (getattr(rule, each) for each in ("becomes", "code", "says", "silence"))
    assert bool(becomes or code) != bool(silence), name
    assert not code or code in fm.FINDINGS
    assert not says or code


@pytest.mark.parametrize("flag", sorted(FLAGS["fluxd"]))
def test_a_flag_with_a_finding_is_told_where_it_differs_from_its_default(flag: str) -> None:
    rule, form = FLAG_RULES["fluxd"][flag], FLAGS["fluxd"][flag].form
    default = FLAGS["fluxd"][flag].default
    given = "false" if form == "switch" and default == "true" else "true" if form == "switch" else "other"
    told = list(notices_of(program_of_arguments([f"--{flag}={given}"], "fluxd")))
    assert [each.code for each in told] == ([rule.code] if rule.says else [])
    as_before = f"--{flag}={default or ('false' if form == 'switch' else '')}"
    assert list(notices_of(program_of_arguments([as_before], "fluxd"))) == []


def test_one_finding_names_all_that_it_is_about() -> None:
    values = {
        "git": {"url": "git@example.com:a/b"},
        "extraEnvs": [{"name": "A"}],
        "hostAliases": [{"ip": "::"}],
    }
    (finding,) = fm.convert_fluxd(values).findings
    assert (finding.code, finding.message.partition(" may hold")[0]) == ("DA052", "extraEnvs, hostAliases")
    assert [each.code for each in fm.convert_fluxd(["--git-url=git@h:a/b", "--x=1"]).findings] == ["DA053"]
