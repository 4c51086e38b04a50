"""Ways in which a repository says how Flux v1 runs: what it says is not asked, and has its place."""

from __future__ import annotations

import itertools

import pytest

import fluxv2_migrate as fm
from built_clusters import Files, release
from manifest_texts import fluxd_text

URL = "git@git.example.com:acme/fleet"
ASKED = {"HR032", "HR095", "DA020", "RP009"}
CHART = """\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata: {name: NAME, namespace: flux}
spec:
  helmVersion: v3
  releaseName: NAME
  chart: {repository: https://charts.fluxcd.io, name: NAME, version: 1.3.0}
  values: VALUES
"""


def chart(name: str, values: str) -> str:
    return CHART.replace("NAME", name).replace("VALUES", values)


VALUES = f"{{git: {{url: '{URL}', branch: live, path: apps}}}}"
SET = f"--set git.url={URL} --set git.branch=live,git.path=apps"
FLUXDS = {
    "a Deployment": (
        "flux/fluxd.yaml",
        fluxd_text(f"--git-url={URL}", "--git-branch=live", "--git-path=apps"),
    ),
    "a release of its chart": ("apps/fluxd.yaml", chart("flux", VALUES)),
    "a Makefile": ("Makefile", f"up:\n\thelm upgrade -i flux fluxcd/flux --namespace flux {SET}\n"),
    "a script": (
        "up.sh",
        f"fluxctl install --git-url={URL} --git-branch=live --git-path=apps | kubectl apply -f -\n",
    ),
    "a helmfile": (
        "helmfile.yaml",
        f"releases:\n- name: flux\n  namespace: flux\n  chart: fluxcd/flux\n  values:\n  - {VALUES}\n",
    ),
}
OPERATORS = {
    "a Deployment": (
        "flux/operator.yaml",
        fluxd_text("--enabled-helm-versions=v3", image="docker.io/fluxcd/helm-operator:1.4.4"),
    ),
    "a release of its chart": ("apps/operator.yaml", chart("helm-operator", "{helm: {versions: v3}}")),
    "a README": (
        "README.md",
        "    helm upgrade -i helm-operator fluxcd/helm-operator --set helm.versions=v3 -n flux\n",
    ),
}


@pytest.mark.parametrize(("fluxd", "operator"), list(itertools.product(FLUXDS, OPERATORS)))
def test_what_a_tree_says_is_not_asked_and_has_its_place(fluxd: str, operator: str) -> None:
    (file, text), (operator_file, operator_text) = FLUXDS[fluxd], OPERATORS[operator]
    unsaid = release().replace("  helmVersion: v3\n", "")
    files: Files = {"apps/web.yaml": unsaid, file: text, operator_file: operator_text}
    migration = fm.migrate_repository(files)
    assert ASKED.isdisjoint({each.code for each in migration.findings}), migration.findings
    (cluster,) = migration.context.clusters
    assert (cluster.sync_paths, cluster.branch) == (("apps",), "live")
    assert cluster.settings.fluxd.git_url == URL
    assert cluster.settings.helm_operator.helm_versions == ("v3",)
    places = {each.setting: each.read_from.rpartition(":")[0] for each in cluster.readings}
    said = {"sync_paths": file, "branch": file, "fluxd.git_url": file}
    said["helm_operator.helm_versions"] = operator_file
    assert places.items() >= said.items()
