"""What a repository says of Flux v1 counts wherever it stands, and is told with its place."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

import fluxv2_migrate as fm

Files = dict[str, str | bytes]

WEB = """\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec:
  releaseName: web
  chart: {repository: https://charts.example.com, name: web, version: 1.2.3}
"""
URL = "git@git.example.com:acme/fleet"
VALUES = f"git:\n  url: {URL}\n  branch: trunk\n  path: deploy\n"


def deployment(*arguments: str, image: str = "docker.io/fluxcd/flux:1.25.4", **more: Any) -> str:
    container = {"name": "flux", "args": list(arguments), **({"image": image} if image else {}), **more}
    return json.dumps(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "flux", "namespace": "flux"},
            "spec": {"template": {"spec": {"containers": [container]}}},
        },
        indent=1,
    )


def chart(
    values: str = "", chart: str = "repository: https://charts.fluxcd.io, name: flux", **more: str
) -> str:
    lines = "".join(f"  {key}: {value}\n" for key, value in more.items())
    inner = "  values:\n" + "".join(f"    {line}\n" for line in values.splitlines()) if values else ""
    return (
        "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: flux, namespace: flux}\nspec:\n"
        f"  helmVersion: v3\n  releaseName: flux\n  chart: {{{chart}, version: 1.13.3}}\n{lines}{inner}"
    )


def commented_out(text: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines())


FLAGS = (f"--git-url={URL}", "--git-branch=trunk", "--git-path=deploy")
REMOTE = "resources:\n- github.com/fluxcd/flux/deploy?ref=v1.14.2\n"
OBJECT = "apiVersion: v1\nkind: {}\nmetadata: {{name: v, namespace: flux}}\ndata:\n  values.yaml:"
WAYS: dict[str, Files] = {
    "a chart of its own name": {
        "flux/flux.yaml": chart(VALUES, "repository: https://charts.example.com, name: acme-flux")
    },
    "a chart in the tree that says the URL": {
        "flux/flux.yaml": chart(
            "git: {path: deploy, branch: trunk}\n", f"git: '{URL}', ref: trunk, path: charts/flux"
        ),
        "charts/flux/Chart.yaml": "name: flux\nversion: 1.13.3\n",
        "charts/flux/values.yaml": f"git:\n  url: {URL}\n  branch: no\n",
    },
    "a workload": {"flux/flux.yaml": deployment(*FLAGS)},
    "values of the words": {
        "flux/flux.yaml": deployment("--git-url", URL, "--git-branch", "trunk", "--git-path", "deploy")
    },
    "a mirror of the image": {
        "flux/flux.yaml": deployment(*FLAGS, image="mirror.example.com/ops/flux:1.25.4")
    },
    "a shell": {"flux/flux.yaml": deployment("-c", f"fluxd {' '.join(FLAGS)}", command=["sh"])},
    "an environment": {
        "flux/flux.yaml": deployment(*FLAGS[:2], "--git-path=$(P)", env=[{"name": "P", "value": "deploy"}])
    },
    "a patch of a workload": {
        "flux/kustomization.yaml": "resources: [base.yaml]\npatchesStrategicMerge: [patch.yaml]\n",
        "flux/base.yaml": deployment("--git-branch=no"),
        "flux/patch.yaml": deployment(*FLAGS, image=""),
    },
    "a patch of what is elsewhere": {
        "flux/kustomization.yaml": f"{REMOTE}patchesStrategicMerge: [patch.yaml]\n",
        "flux/patch.yaml": deployment(*FLAGS, image=""),
    },
    "an inline patch of what is elsewhere": {
        "flux/kustomization.yaml": REMOTE
        + "patches:\n- patch: "
        + json.dumps(deployment(*FLAGS, image=""))
        + "\n"
    },
    "operations on what is elsewhere": {
        "flux/kustomization.yaml": REMOTE
        + "patchesJson6902:\n- target: {version: v1, kind: Deployment, name: flux}\n  path: p.yaml\n",
        "flux/p.yaml": "".join(
            f"- {{op: add, path: /spec/template/spec/containers/0/args/-, value: {flag!r}}}\n"
            for flag in FLAGS
        ),
    },
    "values of a chart": {"flux/flux.yaml": chart(VALUES)},
    "a chart of a mirror": {
        "flux/flux.yaml": chart(VALUES, "repository: https://mirror.example.com, name: flux")
    },
    "more arguments": {
        "flux/flux.yaml": chart(f"additionalArgs: {json.dumps(FLAGS)}\ngit: {{url: {URL}, path: no}}\n")
    },
    "a config map": {
        "flux/flux.yaml": chart(valuesFrom="[{configMapKeyRef: {name: v}}]"),
        "more/v.yaml": OBJECT.format("ConfigMap")
        + " |\n"
        + "".join(f"    {line}\n" for line in VALUES.splitlines()),
    },
    "a secret": {
        "flux/flux.yaml": chart(valueFileSecrets="[{name: v}]"),
        "flux/v.yaml": OBJECT.format("Secret") + " " + base64.b64encode(VALUES.encode()).decode() + "\n",
    },
    "a config map that is generated": {
        "flux/kustomization.yaml": "namespace: flux\nresources: [flux.yaml]\n"
        "configMapGenerator: [{name: v, files: [values.yaml]}]\n",
        "flux/flux.yaml": chart(valuesFrom="[{configMapKeyRef: {name: v}}]"),
        "flux/values.yaml": VALUES,
    },
    "a raw file": {
        "flux/flux.yaml": chart(
            valuesFrom="[{externalSourceRef: {url: https://git.example.com/acme/fleet/raw/trunk/v/flux.yaml}}]"
        ),
        "v/flux.yaml": VALUES,
    },
    "a file of the chart": {
        "flux/flux.yaml": chart(
            "", f"git: {URL}, path: charts/sync", valuesFrom="[{chartFileRef: {path: v.yaml}}]"
        ),
        "charts/sync/Chart.yaml": "name: flux\nversion: 1.0.0\n",
        "charts/sync/v.yaml": VALUES,
    },
    "a chart in the tree, by its image": {
        "flux/flux.yaml": chart(VALUES, f"git: {URL}, path: charts/agent"),
        "charts/agent/Chart.yaml": "name: agent\nversion: 1.0.0\n",
        "charts/agent/values.yaml": "image: {repository: docker.io/fluxcd/flux, tag: 1.20.0}\n",
    },
    "a chart of k3s": {
        "flux/flux.yaml": "apiVersion: helm.cattle.io/v1\nkind: HelmChart\n"
        "metadata: {name: flux, namespace: kube-system}\nspec:\n  chart: flux\n  repo: https://charts.fluxcd.io\n"
        "  targetNamespace: flux\n  set: {git.branch: trunk}\n  valuesContent: |\n    git:\n"
        f"      url: {URL}\n      path: deploy\n      branch: no\n"
    },
    "sources over one another": {
        "flux/flux.yaml": chart(
            "git: {path: deploy}\n",
            valuesFrom="[{configMapKeyRef: {name: v}}, {configMapKeyRef: {name: w}}]",
        ),
        "flux/v.yaml": "kind: ConfigMap\napiVersion: v1\nmetadata: {name: v, namespace: flux}\n"
        f"data: {{values.yaml: 'git: {{url: \"{URL}\", branch: no, path: no}}'}}\n---\n"
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: w, namespace: flux}\n"
        "data: {values.yaml: 'git: {branch: trunk}'}\n",
    },
}
INSTALL = "helm upgrade -i flux fluxcd/flux"
FROM_HERE = f"{INSTALL} --set git.url={URL},git.path=deploy"
TEXTS: dict[str, Files] = {
    "helm": {
        "install.sh": f"helm upgrade -i flux fluxcd/flux --set git.url={URL},git.path=deploy \\\n"
        "  --set git.branch=trunk\n"
    },
    "a values file": {
        "Makefile": "flux:\n\t@helm upgrade -i flux fluxcd/flux -f v/flux.yaml\n",
        "v/flux.yaml": VALUES,
    },
    "a values file under a variable": {
        "a/b.yml": '- command: helm install flux --values "{{ base }}/v/flux.yaml" fluxcd/flux\n',
        "v/flux.yaml": VALUES,
    },
    "variables of a script": {
        "x.sh": f"URL={URL}\nexport BRANCH='trunk'\n"
        "fluxctl install --git-url=$URL --git-branch=${BRANCH} --git-path deploy\n"
    },
    "defaults of variables": {
        "x.sh": f"URL={URL}\nGIT_PATH=${{GIT_PATH:-deploy}}\n{INSTALL} --set git.url=$URL"
        " --set git.path=$GIT_PATH,git.branch=${BRANCH:-trunk}\n"
    },
    "an environment's file": {
        "x.sh": f". ./flux.env\n{INSTALL} --set git.url=$URL,git.path=deploy,git.branch=trunk\n",
        "flux.env": f"URL={URL}\n",
    },
    "a values file beside the script": {
        "a/x.sh": 'helm upgrade -i flux fluxcd/flux --values="$(cd "$(dirname "$0")" && pwd)/flux.yaml"\n',
        "a/flux.yaml": VALUES,
        "b/flux.yaml": "git: {path: no}\n",
    },
    "another shell": {
        "x.ps1": f"helm upgrade -i flux fluxcd/flux `\n  --set git.url={URL} `\n"
        "  --set git.path=deploy `\n  --set git.branch=trunk\n"
    },
    "a program that calls a shell": {"Jenkinsfile": f'sh "{FROM_HERE},git.branch=trunk"\nsh "echo done"\n'},
    "a comment": {"values.yaml": f"# {FROM_HERE},git.branch=trunk\na: 1\n"},
    "a manifest in a script": {
        "x.sh": "kubectl apply -f - <<EOF\n---\n" + deployment(*FLAGS) + "\nEOF\n",
    },
    "a pipeline": {
        ".github/x.yml": "env: {BRANCH: trunk}\njobs:\n  x:\n    steps:\n"
        "    # helm upgrade -i flux fluxcd/flux --set git.branch=no\n    - run: >-\n"
        f"        helm upgrade -i flux fluxcd/flux --set git.url={URL}\n"
        "        --set git.branch=$BRANCH --set git.path=deploy\n"
    },
    "a playbook that is a template": {
        "x.yml": f"{{% if a %}}\n- shell: {FROM_HERE},git.branch=trunk\n{{% endif %}}\n"
    },
    "a Taskfile": {
        "Taskfile.yml": "vars: {BRANCH: trunk}\ntasks:\n  flux:\n    cmds:\n"
        f"    - {FROM_HERE},git.branch={{{{.BRANCH}}}}\n"
    },
    "eksctl's configuration": {
        "cluster.yaml": "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\ngit:\n  repo:\n"
        f"    url: {URL}\n    branch: trunk\n    paths: [deploy]\n  operator: {{readOnly: true}}\n"
    },
    "terraform in several files": {
        "tf/main.tf": 'resource "helm_release" "flux" {\n  name  = "flux"\n  chart = "fluxcd/flux"\n'
        '  values = [yamlencode({\n    git = { url = local.url, "path": var.path }\n  }),\n'
        '    file("${path.module}/v.yaml")]\n}\n',
        "tf/variables.tf": 'variable "path" {}\nlocals {\n  host = "git@git.example.com" # ours\n'
        '  url  = "${local.host}:acme/fleet"\n}\n',
        "tf/prod.tfvars": 'path = "deploy"\n',
        "tf/v.yaml": "git: {branch: trunk}\n",
    },
    "terraform's lists": {
        "x.tf": 'resource "helm_release" "flux" {\n  chart = "fluxcd/flux"\n  set = [\n'
        f'    {{ name = "git.url", value = "{URL}" }},\n    {{ name = "git.path", value = "deploy" }},\n'
        '    { name = "git.branch", value = "trunk" },\n  ]\n}\n'
    },
    "values of a helmfile": {
        "helmfile.yaml": "releases:\n- name: flux\n  chart: fluxcd/flux\n  set:\n"
        f"  - {{name: git.url, value: '{URL}'}}\n  - {{name: git.path, value: deploy}}\n"
        "  - {name: git.branch, value: trunk}\n"
    },
    "variables of a role": {
        "ansible/roles/k8s/flux/tasks/main.yml": "- kubernetes.core.helm:\n    name: flux\n"
        "    chart_ref: fluxcd/flux\n    values:\n      git:\n        url: '{{ flux_url }}'\n"
        "        path: \"{{ flux_path }}\"\n        branch: '{{ flux_branch | default(''trunk'') }}'\n",
        "ansible/roles/k8s/flux/defaults/main.yml": "flux_path: no\nflux_url: no\n",
        "ansible/group_vars/all.yml": f"flux_url: {URL}\n",
        "ansible/group_vars/all.sample.yml": "flux_url: sample\n",
        "ansible/roles/k8s/flux/vars/main.yml": "flux_path: deploy\n---\n{{ broken\n",
    },
    "fluxctl": {"README.md": f"```sh\nfluxctl install {' '.join(FLAGS)} | kubectl apply -f -\n```\n"},
    "eksctl": {"x.sh": f"eksctl enable repo --git-url {URL} --git-paths deploy --git-branch trunk\n"},
    "az": {
        "x.sh": f"az k8s-configuration create --repository-url {URL} \\\n"
        "  --operator-params '--git-branch=trunk --git-path=deploy'\n"
    },
    "terraform": {
        "x.tf": 'variable "path" {\n  default = "deploy"\n}\n'
        'resource "helm_release" "flux" {\n  name = "flux"\n  chart = "flux"\n'
        '  repository = "https://charts.fluxcd.io"\n'
        f'  set {{\n    name = "git.url"\n    value = "{URL}"\n  }}\n'
        '  set {\n    name = "git.path"\n    value = var.path\n  }\n'
        "  values = [<<EOF\ngit:\n  branch: trunk\nEOF\n  ]\n}\n"
    },
    "helmfile": {
        "helmfile.yaml": "releases:\n- name: flux\n  namespace: flux\n  chart: fluxcd/flux\n  values:\n"
        "  - v/flux.yaml\n  - git: {branch: trunk}\n- web\n",
        "v/flux.yaml": VALUES.replace("trunk", "no"),
    },
    "ansible": {
        "x.yml": "- hosts: all\n  tasks:\n  - kubernetes.core.helm:\n"
        "      name: flux\n      chart_ref: fluxcd/flux\n"
        f"      release_values: {{git: {{url: '{URL}', path: deploy}}}}\n"
        "      set_values: [{value: git.branch=trunk}]\n"
    },
    "a manifest in a task": {
        "x.yml": "- hosts: all\n  vars: {branch: trunk}\n  tasks:\n  - k8s:\n      definition:\n"
        "        kind: Deployment\n        spec:\n          template:\n            spec:\n"
        "              containers:\n              - image: fluxcd/flux:1.25.4\n"
        f"                args: ['--git-url={URL}', --git-path=deploy, '--git-branch={{{{ branch }}}}']\n"
    },
    "manifests that are comments": {
        "flux/flux.yaml": commented_out(
            chart("git: {branch: trunk} # ours\n", valuesFrom="[{secretKeyRef: {name: v, namespace: flux}}]")
        ),
        "flux/values.yaml": commented_out(
            OBJECT.format("Secret").replace("\ndata:", "\nstringData:")
            + " |\n"
            + "".join(f"    {line}\n" for line in VALUES.replace("trunk", "no").splitlines())
        ),
        "flux/other.yaml": commented_out("---\nnothing: of it\n"),
        "deploy/half.yaml": "# flux:\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n",
    },
    "entries of a list, and a file": {
        "x.sh": f"helm upgrade -i flux fluxcd/flux --set git.url={URL} --set-file git.branch=b.txt \\\n"
        "  --set additionalArgs[1]=--sops --set 'additionalArgs[0]=--git-path=deploy'\n",
        "b.txt": "trunk\n",
    },
    "objects of terraform": {
        "x.tf": f'locals {{\n  git = {{ url = "{URL}", path = var.path, branch = "trunk" }}\n}}\n'
        'variable "path" { default = "deploy" }\n',
        "y.tf": 'resource "helm_release" "flux" {\n  chart = "fluxcd/flux"\n'
        "  values = [yamlencode({ git = local.git })]\n}\n",
    },
    "a template": {
        "x.tf": 'resource "helm_release" "flux" {\n  chart = "fluxcd/flux"\n'
        '  values = [templatefile("none.tpl", {}),\n'
        '    templatefile("${path.module}/v.tpl", { path = "deploy", branch = "trunk" })]\n}\n',
        "none.tpl": "- no values\n",
        "v.tpl": f"git:\n  url: {URL}\n  path: ${{path}}\n  branch: ${{ branch }}\n",
    },
    "a template of its own": {
        "x.tf": 'data "template_file" "v" {\n  template = file("v.tpl")\n  vars = { path = "deploy" }\n}\n'
        f'data "template_file" "b" {{\n  template = "git:\\n  branch: trunk\\n  url: {URL}\\n"\n}}\n'
        'resource "helm_release" "flux" {\n  chart = "fluxcd/flux"\n'
        "  values = [data.template_file.v.rendered, data.template_file.b.rendered]\n}\n",
        "v.tpl": "git:\n  path: ${path}\n",
    },
    "a module": {
        "live/x.tf": 'variable "b" { default = "trunk" }\n'
        'module "other" {\n  source = "./other"\n  path = "no"\n}\n'
        'module "flux" {\n  source = "../modules/flux"\n  path = "deploy"\n  branch = var.b\n}\n',
        "modules/flux/x.tf": 'variable "path" {}\nvariable "branch" { default = "no" }\n'
        'resource "helm_release" "flux" {\n  chart = "fluxcd/flux"\n'
        f'  values = [yamlencode({{ git = {{\n    url = "{URL}", path = var.path\n    branch = var.branch\n'
        "  } })]\n}\n",
    },
    "a workload of terraform": {
        "x.tf": 'resource "kubernetes_deployment" "flux" {\n  metadata {\n    name = "flux"\n  }\n'
        "  spec {\n    template {\n      spec {\n        container {\n"
        f'          args = ["--git-url={URL}", "--git-path=deploy", "--git-branch=trunk"]\n'
        '        }\n        container {\n          args = ["-x"]\n        }\n      }\n    }\n  }\n}\n'
        'resource "kubernetes_deployment" "web" {}\n'
    },
}


def migrate(files: Files, **options: Any) -> fm.Migration:
    return fm.migrate_repository(files, fm.MigrationOptions.model_validate(options))


def readings(migration: fm.Migration) -> dict[str, tuple[str, str]]:
    (cluster,) = migration.context.clusters
    return {each.setting: (each.value, each.read_from) for each in cluster.readings}


@pytest.mark.parametrize("way", [*WAYS, *TEXTS])
def test_path_and_branch_are_read_wherever_they_stand(way: str) -> None:
    files: Files = {**(WAYS.get(way) or TEXTS[way]), "deploy/web.yaml": WEB}
    migration = migrate(files)
    read = readings(migration)
    assert (read["sync_paths"][0], read["branch"][0]) == ("deploy", "trunk")
    assert read["fluxd.git_url"][0] == URL
    for setting in ("sync_paths", "branch"):
        path, _, line = read[setting][1].rpartition(":")
        assert path in files, read[setting]
        assert int(line) >= 1
    codes = {finding.code for finding in migration.findings}
    assert "RP009" not in codes
    assert ("DA028" in codes) == (way in TEXTS)


UMBRELLA: Files = {
    "deploy/flux.yaml": chart("gitops: {enabled: true}\n", f"git: '{URL}', ref: trunk, path: charts/all"),
    "charts/all/Chart.yaml": "name: all\nversion: 1.0.0\n",
    "charts/all/requirements.yaml": (
        "dependencies:\n- {name: flux, alias: fluxd, version: 1.3.0, repository: https://charts.fluxcd.io}\n"
        "- {name: helm-operator, version: 1.2.0, repository: https://charts.fluxcd.io,"
        " condition: 'operator.enabled,gitops.enabled'}\n"
    ),
    "charts/all/values.yaml": (
        f"fluxd:\n  git: {{url: '{URL}', branch: trunk, path: deploy}}\n"
        "helm-operator: {helm: {versions: v3}}\n"
    ),
    "charts/all/templates/NOTES.txt": "",
    "deploy/web.yaml": WEB,
}


def test_a_chart_that_brings_both_programs_along_is_both_of_them() -> None:
    migration = migrate(UMBRELLA)
    read = readings(migration)
    assert (read["sync_paths"][0], read["branch"][0]) == ("deploy", "trunk")
    assert read["helm_operator.helm_versions"][0] == "v3"
    assert migration.deleted == ("deploy/flux.yaml",)
    # One that is turned off is none.
    values = str(UMBRELLA["charts/all/values.yaml"]) + "operator: {enabled: false}\n"
    off: Files = {**UMBRELLA, "charts/all/values.yaml": values}
    assert "helm_operator.helm_versions" not in readings(migrate(off))


@pytest.mark.parametrize(
    "more",
    [
        {"charts/all/templates/web.yaml": "kind: Deployment\n"},
        {"charts/all/charts/web/Chart.yaml": "name: web\n"},
    ],
)
def test_a_chart_that_brings_more_along_is_told_and_stays(more: Files) -> None:
    migration = migrate({**UMBRELLA, **more})
    assert readings(migration)["branch"][0] == "trunk"
    assert "deploy/flux.yaml" in migration.files
    (told,) = (finding for finding in migration.findings if finding.code == "DA022")
    assert told.path == "deploy/flux.yaml"
    assert told.answer is not None
    settled = migrate({**UMBRELLA, **more}, overrides=[told.answer.model_dump(exclude_defaults=True)])
    assert "DA022" not in {finding.code for finding in settled.findings}


def test_a_chart_of_the_tree_is_what_a_script_installs() -> None:
    files: Files = {path: text for path, text in UMBRELLA.items() if path != "deploy/flux.yaml"}
    files["charts/all/charts/fluxd/Chart.yaml"] = "name: fluxd\n"
    files["x.sh"] = "helm upgrade -i gitops ./charts/all -n flux\n"
    assert readings(migrate(files))["branch"][0] == "trunk"


OPERATORS: dict[str, Files] = {
    "a workload": {
        "deploy/op.yaml": deployment(
            "--enabled-helm-versions=v3", "--charts-sync-interval=15m", image="fluxcd/helm-operator:1.4.4"
        )
    },
    "a chart": {
        "deploy/op.yaml": chart(
            "helm: {versions: v3}\nchartsSyncInterval: 15m\n",
            "repository: https://charts.fluxcd.io, name: helm-operator",
        )
    },
    "a patch of what is elsewhere": {
        "flux/kustomization.yaml": "resources: [github.com/fluxcd/x/deploy]\npatches: [{path: p.yaml}]\n",
        "flux/p.yaml": deployment("--enabled-helm-versions=v3", "--charts-sync-interval=15m", image=""),
    },
    "manifests that Helm writes": {
        "x.sh": "helm template fluxcd/helm-operator --name-template=default --namespace=flux \\\n"
        "  --set helm.versions=v3 --values=values/operator.yaml > op.yaml\n",
        "values/operator.yaml": "chartsSyncInterval: 15m\n",
    },
    "a script": {
        "x.sh": "helm upgrade -i helm-operator fluxcd/helm-operator "
        "--set helm.versions=v3 --set chartsSyncInterval=15m\n"
    },
}


@pytest.mark.parametrize("way", OPERATORS)
def test_the_settings_of_the_operator_are_read_wherever_they_stand(way: str) -> None:
    migration = migrate({**OPERATORS[way], "deploy/web.yaml": WEB}, sync_roots=["deploy"])
    read = readings(migration)
    assert read["helm_operator.helm_versions"][0] == "v3"
    assert "HR032" not in {finding.code for finding in migration.findings}
    text = migration.files["deploy/web.yaml"]
    assert isinstance(text, str)
    assert "  interval: 15m\n" in text


def test_what_helm_only_wrote_is_no_release_that_helm_takes_away() -> None:
    files: Files = {**OPERATORS["manifests that Helm writes"], "deploy/web.yaml": WEB}
    migration = migrate(files, sync_roots=["deploy"])
    (cluster,) = migration.context.clusters
    assert cluster.settings.flux1_is.helm_operator_release is None
    assert "helm uninstall default" not in migration.runbook().to_markdown()


def test_an_operator_of_which_values_are_not_here_says_nothing_of_what_it_is_not_told() -> None:
    op = "repository: https://charts.fluxcd.io, name: helm-operator"
    said = {"deploy/op.yaml": chart("workers: 3\n", op), "deploy/web.yaml": WEB}
    assert "HR030" in {finding.code for finding in migrate(dict(said)).findings}
    unknown = chart("workers: 3\n", op, valuesFrom="[{secretKeyRef: {name: elsewhere}}]")
    codes = {finding.code for finding in migrate({**said, "deploy/op.yaml": unknown}).findings}
    assert "HR032" in codes
    assert "HR030" not in codes


def test_each_cluster_has_the_operator_that_it_syncs() -> None:
    files: Files = {}
    for name, version in (("eu", "v3"), ("us", "v2")):
        files[f"{name}/op.yaml"] = deployment(
            f"--enabled-helm-versions={version}", image="fluxcd/helm-operator:1.4.4"
        )
        files[f"{name}/web.yaml"] = WEB
    migration = migrate(files, sync_roots=["eu", "us"])
    known = {each.name: each.settings.helm_operator.helm_versions for each in migration.context.clusters}
    assert known == {"eu": ("v3",), "us": ("v2",)}
    # Where they differ and none of them is the cluster's own, nobody knows.
    more = migrate({**files, "asia/web.yaml": WEB}, sync_roots=["asia"])
    assert more.context.clusters[0].settings.helm_operator.helm_versions == ()


def test_options_go_over_what_is_read_field_by_field() -> None:
    files: Files = {
        "flux/flux.yaml": deployment(*FLAGS, "--git-user=Bot", "--sync-interval=7m"),
        "deploy/web.yaml": WEB,
    }
    cluster = {"name": "prod", "sync_paths": ["deploy"], "branch": "live", "fluxd": {"git_user": "Me"}}
    (found,) = migrate(files, clusters=[cluster]).context.clusters
    known = found.settings
    assert (known.name, known.branch, known.fluxd.git_user, known.fluxd.sync_interval) == (
        "prod",
        "live",
        "Me",
        "7m",
    )
    read = {each.setting: each.read_from for each in found.readings}
    assert read["branch"] == read["fluxd.git_user"] == "as given"
    assert read["fluxd.sync_interval"].startswith("flux/flux.yaml:")
    # A cluster without paths has those of the only fluxd.
    (found,) = migrate(files, clusters=[{"name": "prod"}]).context.clusters
    assert found.sync_paths == ("deploy",)


def test_each_value_has_its_own_line_wherever_it_stands() -> None:
    values = f"git:\n  url: {URL}\n  branch: trunk # ours\n  path: deploy\n"
    held = "".join(f"    {line}" for line in values.splitlines(keepends=True))
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fv, namespace: flux}\ndata:\n"
    raw = "https://git.example.com/acme/fleet/raw/trunk/v.yaml"
    sources = {
        "v.yaml": (values, f"[{{externalSourceRef: {{url: '{raw}'}}}}]"),
        "cm.yaml": (f"{head}  values.yaml: | # all\n{held}", "[{configMapKeyRef: {name: fv}}]"),
    }
    words = {"branch": "branch: trunk", "sync_paths": "path: deploy", "fluxd.git_url": "url:"}
    official = "repository: https://charts.fluxcd.io, name: flux"
    for path, (text, reference) in sources.items():
        flux = chart("sops: {enabled: false}\n", official, valuesFrom=reference)
        read = readings(migrate({"deploy/flux.yaml": flux, path: text, "deploy/web.yaml": WEB}))
        for setting, word in words.items():
            file, _, line = read[setting][1].rpartition(":")
            assert file == path
            assert word in text.splitlines()[int(line) - 1]


def test_a_raw_file_that_names_another_repository_is_not_of_this_one() -> None:
    raw = "https://git.example.com/acme/fleet/raw/trunk/v.yaml"
    flux = chart(valuesFrom=f"[{{externalSourceRef: {{url: '{raw}'}}}}]")
    for url, branch in ((URL, "trunk"), (URL.replace("fleet", "other"), None)):
        files: Files = {"deploy/flux.yaml": flux, "v.yaml": VALUES.replace(URL, url), "deploy/web.yaml": WEB}
        assert migrate(files).context.clusters[0].branch == branch


@pytest.mark.parametrize("generates", [True, False])
def test_what_a_person_says_of_generation_goes_over_the_flag(*, generates: bool) -> None:
    flags = [*FLAGS, "--manifest-generation"] if not generates else FLAGS
    files: Files = {
        "flux/flux.yaml": deployment(*flags),
        "deploy/.flux.yaml": "version: 1\ncommandUpdated: {generators: [{command: kustomize build .}]}\n",
        "deploy/x/kustomization.yaml": "namespace: game\nresources: [web.yaml]\n",
        "deploy/kustomization.yaml": "resources: [x]\n",
        "deploy/x/web.yaml": WEB.replace("  releaseName: web\n", "  helmVersion: v3\n"),
    }
    said = {"name": "prod", "fluxd": {"manifest_generation": generates}}
    for paths in ([], ["deploy"]):
        everything = "".join(
            map(str, migrate(files, clusters=[{**said, "sync_paths": paths}]).files.values())
        )
        assert ("game-web" in everything) == generates


def test_paths_that_one_fluxd_syncs_are_one_cluster() -> None:
    files: Files = {
        "flux/flux.yaml": deployment(f"--git-url={URL}", "--git-path=a,b"),
        **{f"{name}/web.yaml": WEB.replace("web", name) for name in "abc"},
    }
    migration = migrate(files, sync_roots=["a", "c", "b"])
    assert [each.sync_paths for each in migration.context.clusters] == [("a", "b"), ("c",)]


def test_a_fluxd_of_another_repository_is_told_and_kept() -> None:
    other = deployment("--git-url=git@git.example.com:acme/private", "--git-path=tenants").replace(
        '"name": "flux"', '"name": "private"'
    )
    files: Files = {
        "deploy/flux.yaml": deployment(*FLAGS),
        "deploy/private.yaml": other,
        "deploy/web.yaml": WEB,
    }
    migration = migrate(files)
    (told,) = (finding for finding in migration.findings if finding.code == "DA027")
    assert "acme/private" in told.message
    assert told.path == "deploy/private.yaml"
    (sync,) = migration.context.clusters[0].other_syncs
    assert (sync.git_url, sync.sync_paths, sync.name) == (
        "git@git.example.com:acme/private",
        ("tenants",),
        "private",
    )
    assert migration.files["deploy/private.yaml"] == other


@pytest.mark.parametrize(
    ("repository", "is_own"), [("acme/tenant", False), ("acme/fleet", True), ("moved/fleet", True)]
)
def test_a_fluxd_of_the_root_syncs_the_repository_that_flux_2_syncs_or_another(
    repository: str, is_own: bool
) -> None:
    sync = f"""\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {{name: flux-system, namespace: flux-system}}
spec: {{interval: 5m, url: "ssh://git@git.example.com/{repository}", ref: {{branch: trunk}}}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: flux-system, namespace: flux-system}}
spec: {{interval: 5m, path: ./deploy, prune: false, sourceRef: {{kind: GitRepository, name: flux-system}}}}
"""
    fluxd = deployment("--git-url=git@git.example.com:acme/fleet", "--git-branch=trunk")
    files: Files = {"deploy/sync.yaml": sync, "base/flux.yaml": fluxd, "deploy/web.yaml": WEB}
    migration = migrate(files)
    told = [finding.code for finding in migration.findings if finding.code in ("DA027", "RP062")]
    (cluster,) = migration.context.clusters
    if is_own:
        assert (told, cluster.sync_paths) == (["RP062"], ("",))
    else:
        # Nothing is written that would apply the root of the repository that Flux v2 syncs.
        assert (told, cluster.sync_paths) == (["DA027"], ("deploy",))
        assert migration.files["base/flux.yaml"] == fluxd
        assert set(migration.files) - set(files) == {"deploy/sources/example.yaml"}


def test_texts_count_only_where_they_agree() -> None:
    texts: Files = {
        "a.sh": f"fluxctl install --git-url={URL} --git-path=deploy --git-branch=one\n",
        "b.sh": f"fluxctl install --git-url={URL} --git-path=deploy --git-branch=two\n",
        "deploy/web.yaml": WEB,
    }
    migration = migrate(texts)
    (told,) = (finding for finding in migration.findings if finding.code == "DA029")
    assert "one" in told.message
    assert "two" in told.message
    assert migration.context.clusters[0].branch is None
    # A manifest knows better than both.
    known = migrate({**texts, "flux/flux.yaml": deployment(*FLAGS)})
    assert known.context.clusters[0].branch == "trunk"
    assert not {"DA028", "DA029"} & {finding.code for finding in known.findings}
    # One that says another folder leaves what they say of theirs as doubtful as it was.
    elsewhere = deployment(*FLAGS).replace("deploy", "other")
    apart = migrate({**texts, "flux/flux.yaml": elsewhere, "other/db.yaml": WEB.replace("web", "db")})
    assert {each.branch for each in apart.context.clusters if each.sync_paths == ("deploy",)} == {None}
    assert not {"DA028", "DA029"} & {finding.code for finding in apart.findings}
    # Two installations of two folders are two clusters.
    texts["b.sh"] = f"fluxctl install --git-url={URL} --git-path=more --git-branch=two\n"
    both = migrate({**texts, "more/web.yaml": WEB.replace("web", "db")})
    assert {(each.sync_paths, each.branch) for each in both.context.clusters} == {
        (("deploy",), "one"),
        (("more",), "two"),
    }


@pytest.mark.parametrize(
    "text",
    [
        {"x.sh": f"{FROM_HERE} --set git.branch=$BRANCH\n"},
        {"x.sh": f"{FROM_HERE},git.branch={{{{ b }}}}\n"},
        {"x.sh": f"{FROM_HERE} --set-file git.branch=elsewhere.txt\n"},
        {
            "x.tf": f'resource "helm_release" "x" {{\n  chart = "fluxcd/flux"\n  values = [local.values]\n'
            f'  set {{\n    name = "git.url"\n    value = "{URL}"\n  }}\n'
            '  set {\n    name = "git.path"\n    value = "deploy"\n  }\n}\n'
        },
        {
            "a/x.yml": f"- shell: {FROM_HERE},git.branch={{{{b}}}}\n",
            "a/group_vars/one.yml": "b: one\n",
            "a/group_vars/two.yml": "b: two\n",
        },
    ],
)
def test_what_is_filled_in_elsewhere_is_not_known(text: Files) -> None:
    assert migrate({**text, "deploy/web.yaml": WEB}).context.clusters[0].branch is None


def test_flux_2_of_azure_is_no_fluxd() -> None:
    files: Files = {
        "x.sh": f"az k8s-configuration flux create --url {URL} --branch main\n",
        "deploy/web.yaml": WEB,
    }
    assert "DA028" not in {finding.code for finding in migrate(files).findings}


def test_an_operator_belongs_to_the_fluxd_that_is_nearest() -> None:
    install = "helm upgrade -i helm-operator fluxcd/helm-operator --set helm.versions={}\n"
    files: Files = {"deploy/web.yaml": WEB, "old/apps/db.yaml": WEB.replace("web", "db")}
    for folder, path, version in (("new", "deploy", "v3"), ("old", "apps", "v2")):
        files[f"{folder}/roles/flux/x.sh"] = f"fluxctl install --git-url={URL} --git-path={path}\n"
        files[f"{folder}/roles/operator/x.sh"] = install.format(version)
    migration = migrate(files)
    known = {each.sync_paths: each.settings.helm_operator for each in migration.context.clusters}
    assert known["deploy",].helm_versions == ("v3",)
    told = [each.path for each in migration.findings if each.code == "DA028"]
    assert told == ["new/roles/flux/x.sh", "new/roles/operator/x.sh"]


def test_a_text_puts_no_manifest_in_doubt() -> None:
    files: Files = {
        "README.md": "fluxctl install --git-url=git@git.example.com:acme/other --git-path=deploy\n",
        "flux/flux.yaml": deployment(*FLAGS),
        "deploy/web.yaml": WEB,
    }
    migration = migrate(files)
    assert migration.context.clusters[0].branch == "trunk"
    assert "DA035" not in {finding.code for finding in migration.findings}


def test_a_password_in_the_url_stays_where_it_is() -> None:
    secret = "https://me:hunter2@git.example.com/acme/fleet"
    migration = migrate(
        {"flux/flux.yaml": deployment(f"--git-url={secret}", "--git-path=deploy"), "deploy/web.yaml": WEB}
    )
    assert "hunter2" not in repr(migration.context)
    assert "hunter2" not in repr(migration.context.as_clusters())


def test_a_later_run_knows_what_the_first_one_read() -> None:
    files: Files = {
        "deploy/.flux.yaml": "version: 1\ncommandUpdated: {generators: [{command: kustomize build .}]}\n",
        "deploy/kustomization.yaml": "namespace: apps\nresources: [web.yaml]\n",
        "deploy/web.yaml": WEB.replace("  releaseName: web\n", ""),
        "flux/flux.yaml": deployment(*FLAGS, "--manifest-generation"),
        "flux/op.yaml": deployment("--enabled-helm-versions=v3", image="fluxcd/helm-operator:1.4.4"),
    }
    first = migrate(files)
    known = [each.model_dump(mode="json") for each in first.context.as_clusters()]
    left = {path: text for path, text in files.items() if path.startswith("deploy/") and ".flux" not in path}
    later = migrate(left, clusters=json.loads(json.dumps(known)))
    assert later.files["deploy/web.yaml"] == first.files["deploy/web.yaml"]
    assert "apps-web" in str(first.files["deploy/web.yaml"])
    assert "HR032" not in {finding.code for finding in later.findings}


SETTINGS = [
    (["--git-verify-signatures"], "fluxd.verify_signatures", "all"),
    (["--git-verify-signatures-mode=first-parent"], "fluxd.verify_signatures", "first-parent"),
    (["--registry-poll-interval=9m"], "fluxd.automation_interval", "9m"),
    (["--registry-poll-interval=9m", "--automation-interval=8m"], "fluxd.automation_interval", "8m"),
    (["--git-ci-skip"], "fluxd.commit_suffix", "\n\n[ci skip]"),
    (["--git-ci-skip", "--git-ci-skip-message= [skip]"], "fluxd.commit_suffix", " [skip]"),
    (["--registry-disable-scanning"], "fluxd.read_only", "true"),
    (["--sync-garbage-collection"], "fluxd.garbage_collection", "true"),
    (["--sync-garbage-collection", "--sync-garbage-collection-dry"], "fluxd.garbage_collection", "false"),
    (["--k8s-default-namespace=apps"], "default_namespace", "apps"),
    ([], "branch", "master"),
    ([], "fluxd.manifest_generation", "false"),
    ([], "fluxd.version", "1.25.4"),
    ([], "flux1_is.namespace", "flux"),
    ([], "flux1_is.fluxd", "flux"),
]


@pytest.mark.parametrize(("flags", "setting", "value"), SETTINGS)
def test_what_flags_mean_is_known_with_its_place(flags: list[str], setting: str, value: str) -> None:
    text = deployment(f"--git-url={URL}", "--git-path=deploy", *flags)
    read = readings(migrate({"flux/flux.yaml": text, "deploy/web.yaml": WEB}))
    assert read[setting][0] == value
    path, _, line = read[setting][1].rpartition(":")
    assert path == "flux/flux.yaml"
    if flags:
        named = text.splitlines()[int(line) - 1]
        assert any(flag.partition("=")[0] in named for flag in flags)


def test_what_the_operator_knew_of_repositories_is_known_without_what_is_secret() -> None:
    values = (
        "helm: {versions: v3}\nconfigureRepositories:\n  enable: true\n  repositories:\n"
        "  - {name: a, url: https://a.example.com, username: me, password: hunter2}\n"
        "  - {name: b, url: https://b.example.com, caFile: x, insecure_skip_tls_verify: true}\n"
        "  - {name: c}\n"
    )
    op = chart(values, "repository: https://charts.fluxcd.io, name: helm-operator")
    migration = migrate({"deploy/op.yaml": op, "deploy/web.yaml": WEB})
    known = migration.context.clusters[0].settings.helm_operator.repositories
    assert [(each.url, each.login, each.ca_certificate) for each in known] == [
        ("https://a.example.com", True, False),
        ("https://b.example.com", False, True),
    ]
    assert "hunter2" not in repr(migration.context)


@pytest.mark.parametrize(
    "source",
    [
        "kind: Secret\nstringData: {values.yaml: 'git: {path: deploy}'}\n",
        "kind: Secret\ndata: {values.yaml: '!!'}\n",
        "kind: Secret\ndata: {values.yaml: YWI}\n",
        "kind: Secret\nstringData: {values.yaml: 'ENC[AES256_GCM,data:x]'}\n",
        "kind: ConfigMap\ndata: {other: 'git: {path: deploy}'}\n",
        "kind: ConfigMap\ndata: {values.yaml: '- a'}\n",
        "kind: ConfigMap\ndata: {values.yaml: 'a: ['}\n",
        "kind: Service\ndata: {values.yaml: 'git: {path: deploy}'}\n",
    ],
)
def test_values_that_cannot_be_read_leave_what_is_not_given_unknown(source: str) -> None:
    kind = "secretKeyRef" if "Secret" in source else "configMapKeyRef"
    flux = chart(f"git: {{url: '{URL}', path: deploy}}\n", valuesFrom=f"[{{{kind}: {{name: v}}}}, {{}}]")
    object_ = "apiVersion: v1\nmetadata: {name: v, namespace: flux}\n" + source
    migration = migrate({"flux/flux.yaml": flux, "flux/v.yaml": object_, "deploy/web.yaml": WEB})
    is_read = "stringData: {values.yaml: 'git" in source
    assert migration.context.clusters[0].branch == ("master" if is_read else None)


@pytest.mark.parametrize(
    "text",
    [
        "helm upgrade -i flux\n",
        "helm list flux\n",
        "helm upgrade -i flux fluxcd/flux --set git\n",
        "helm upgrade -i web acme/web --set flux.x=1\n",
        "fluxctl install --namespace flux\n",
        "fluxctl sync --k8s-fwd-ns flux\n",
        "az k8s-configuration list --name flux\n",
        "# helm upgrade -i flux fluxcd/flux-cli --set git.path=deploy\n",
    ],
)
def test_texts_that_install_nothing_of_flux_1_say_nothing(text: str) -> None:
    migration = migrate({"x.sh": text, "deploy/web.yaml": WEB})
    assert migration.context.clusters[0].settings.fluxd == fm.Fluxd()


@pytest.mark.parametrize("path", ["--git-path=$(GIT_PATH)", "--git-path={{ path }}"])
def test_a_fluxd_of_which_the_paths_are_not_known_tells_the_rest(path: str) -> None:
    flux = deployment(f"--git-url={URL}", "--git-branch=trunk", "--git-user=Bot", path)
    migration = migrate({"flux/flux.yaml": flux, "deploy/web.yaml": WEB})
    (cluster,) = migration.context.clusters
    assert (cluster.sync_paths, cluster.branch) == (("deploy",), "trunk")
    assert cluster.settings.fluxd.git_user == "Bot"
    assert "RP009" in {finding.code for finding in migration.findings}


@pytest.mark.parametrize("way", [*WAYS, *TEXTS])
def test_the_migration_of_each_way_is_verified_and_changes_nothing_again(way: str) -> None:
    web = WEB.replace("  releaseName: web\n", "  releaseName: web\n  helmVersion: v3\n")
    files: Files = {**(WAYS.get(way) or TEXTS[way]), "deploy/web.yaml": web}
    migration = migrate(files)
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok
    assert migrate(dict(migration.files)).files == migration.files
    later = fm.MigrationOptions(clusters=migration.context.as_clusters())
    assert fm.migrate_repository(dict(migration.files), later).files == migration.files


def test_a_person_who_names_the_repository_tells_whose_a_fluxd_is() -> None:
    other = deployment("--git-url=git@git.example.com:acme/other", "--git-path=deploy", "--git-branch=no")
    cluster = {"name": "prod", "sync_paths": ["deploy"], "fluxd": {"git_url": URL}}
    migration = migrate({"deploy/flux.yaml": other, "deploy/web.yaml": WEB}, clusters=[cluster])
    assert migration.files["deploy/flux.yaml"] == other
    assert migration.context.clusters[0].branch is None
    assert "DA027" in {finding.code for finding in migration.findings}


@pytest.mark.parametrize("path", ["deploy", ""])
def test_fluxds_of_one_path_and_two_repositories_are_asked_about_and_stay(path: str) -> None:
    # Every repository has a root, so that it tells of none.
    paths = [f"--git-path={path}"] if path else []
    other = deployment("--git-url=git@git.example.com:acme/other", *paths)
    own = deployment(*FLAGS[:2], *paths)
    files: Files = {"deploy/a.yaml": own, "deploy/b.yaml": other, "deploy/web.yaml": WEB}
    migration = migrate(files)
    assert "DA035" in {finding.code for finding in migration.findings}
    assert (migration.files["deploy/a.yaml"], migration.files["deploy/b.yaml"]) == (
        files["deploy/a.yaml"],
        other,
    )
    cluster = {"name": "prod", "sync_paths": [path], "fluxd": {"git_url": URL}}
    settled = migrate(files, clusters=[cluster])
    assert "DA035" not in {finding.code for finding in settled.findings}
    assert settled.context.clusters[0].branch == "trunk"
    assert settled.files["deploy/b.yaml"] == other


def test_commands_have_the_variables_of_fluxd() -> None:
    build = "version: 1\ncommandUpdated:\n  generators: [{command: 'kustomize build envs/$ENV'}]\n"
    files: Files = {
        "deploy/.flux.yaml": build,
        "deploy/envs/live/kustomization.yaml": "resources: [web.yaml]\n",
        "deploy/envs/live/web.yaml": WEB,
    }
    variables = [{"name": "ENV", "value": "live"}, {"name": "OTHER", "value": "two words"}]
    workload = deployment(*FLAGS, "--manifest-generation", env=variables)
    values = (
        f"{VALUES}manifestGeneration: true\nextraEnvs:\n- {{name: ENV, value: live}}\n- {{name: TOKEN}}\n"
    )
    for text in (workload, chart(values)):
        migration = migrate({**files, "flux/flux.yaml": text})
        assert "path: ./deploy/envs/live\n" in "".join(migration.created.values()), migration.findings
        given = {"name": "a", "sync_paths": ["deploy"], "fluxd": {"manifest_generation": True}}
        migration = migrate({**files, "flux/flux.yaml": text}, clusters=[given])
        assert "path: ./deploy/envs/live\n" in "".join(migration.created.values()), migration.findings


def test_a_path_that_is_a_flux_yaml_is_its_folder() -> None:
    files: Files = {
        "flux/flux.yaml": deployment(*FLAGS[:2], "--git-path=deploy/.flux.yaml", "--manifest-generation"),
        "deploy/.flux.yaml": "version: 1\ncommandUpdated:\n  generators: [{command: kustomize build live}]\n",
        "deploy/live/kustomization.yaml": "resources: [web.yaml]\n",
        "deploy/live/web.yaml": WEB,
    }
    migration = migrate(files, helm_operator={"helm_versions": ["v3"]})
    assert migration.ok
    assert "path: ./deploy/live\n" in "".join(migration.created.values())


def test_a_path_that_is_a_file_gets_no_sync_and_is_told() -> None:
    files: Files = {
        "flux/flux.yaml": deployment(*FLAGS[:2], "--git-path=deploy/web.yaml,more"),
        "deploy/web.yaml": WEB,
        "more/a.yaml": OBJECT.format("ConfigMap") + " a\n",
    }
    migration = migrate(files)
    (told,) = (each for each in migration.findings if each.code == "DA063")
    assert (told.severity, told.path) == ("error", "flux/flux.yaml")
    assert "path: ./more\n" in "".join(migration.created.values())
    assert "path: ./deploy/web.yaml" not in "".join(migration.created.values())


def test_of_a_path_whose_command_is_unknown_nothing_else_is_told() -> None:
    files: Files = {
        "flux/flux.yaml": deployment(*FLAGS, "--manifest-generation"),
        "deploy/.flux.yaml": "version: 1\ncommandUpdated:\n  generators: [{command: helm template chart}]\n",
        "deploy/chart/Chart.yaml": "name: web\nversion: 1.0.0\n",
        "deploy/chart/values.yaml": "a: 1\n",
    }
    errors = [each.code for each in migrate(files).findings if each.severity == "error"]
    assert errors == ["RP018"]


def test_files_without_a_kind_are_no_objects_that_fluxd_would_see_twice() -> None:
    files: Files = {"flux/flux.yaml": deployment(*FLAGS[:2]), "shop/web.yaml": WEB}
    files |= {f"{folder}/values.yaml": "image: docker.io/fluxcd/flux\n" for folder in ("eu", "us")}
    migration = migrate(files)
    assert [each.sync_paths for each in migration.context.clusters] == [("",)]
    assert "DA036" not in {each.code for each in migration.findings}


def test_values_that_are_no_yaml_say_nothing() -> None:
    text = str(WAYS["a chart of k3s"]["flux/flux.yaml"])
    files: Files = {"flux/flux.yaml": text.partition("    git:")[0] + "    git: [\n", "deploy/web.yaml": WEB}
    assert readings(migrate(files))["branch"][0] == "trunk"


@pytest.mark.parametrize("is_text", [False, True])
def test_a_fluxd_that_would_see_one_thing_twice_is_told_unless_only_a_text_shows_it(*, is_text: bool) -> None:
    files: Files = {"base/web.yaml": WEB, "copy/web.yaml": WEB}
    if is_text:
        files["README.md"] = f"fluxctl install --git-url={URL} --git-branch=trunk | kubectl apply -f -\n"
    else:
        files["flux/flux.yaml"] = deployment(*FLAGS[:2])
    migration = migrate(files)
    assert {each.sync_paths for each in migration.context.clusters} == {("base",), ("copy",)}
    told = [each for each in migration.findings if each.code == "DA036"]
    assert [(each.path, each.related) for each in told] == (
        [] if is_text else [("flux/flux.yaml", ("base/web.yaml:1", "copy/web.yaml:1"))]
    )
    assert all("HelmRelease shop/web is defined there twice" in each.message for each in told)
    # Who gives the clusters has looked.
    cluster = {"name": "one", "sync_paths": ["base"]}
    assert "DA036" not in {each.code for each in migrate(files, clusters=[cluster]).findings}


@pytest.mark.parametrize(
    ("more", "is_read"),
    [
        ("memcached: {enabled: true}\nmemcached: {enabled: false}\n", True),
        ("memcached: {enabled: true\n", False),
        ("memcached: !!int one\n", False),
        ("", True),
    ],
)
def test_of_a_key_that_stands_twice_in_values_of_fluxd_the_last_one_counts(
    more: str, *, is_read: bool
) -> None:
    url = "https://raw.githubusercontent.com/acme/fleet/main/flux/values.yaml"
    files: Files = {
        "flux/flux.yaml": (
            "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: flux, namespace: flux}\n"
            "spec:\n  helmVersion: v3\n"
            "  chart: {repository: 'https://charts.fluxcd.io', name: flux, version: 1.2.0}\n"
            f"  valuesFrom:\n  - externalSourceRef: {{url: '{url}'}}\n"
        ),
        "flux/values.yaml": f"git: {{url: 'git@github.com:acme/fleet', branch: trunk, path: apps}}\n{more}",
        "apps/shop/web.yaml": WEB,
    }
    (cluster,) = migrate(files).context.clusters
    assert (cluster.sync_paths, cluster.branch) == (
        (("apps",), "trunk") if is_read else (("apps/shop",), None)
    )
