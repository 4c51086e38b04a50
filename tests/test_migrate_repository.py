"""Whole repositories: what is used, what is made, what is left, and what nobody may touch."""

from __future__ import annotations

from typing import Any

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.flux2 import FLUX_VERSIONS


def release(
    name: str = "web",
    namespace: str = "shop",
    chart: str = "repository: https://charts.example.com\n    name: web\n    version: 1.2.3",
    more: str = "",
) -> str:
    return f"""\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata:
  name: {name}
  namespace: {namespace}
spec:
  helmVersion: v3
  chart:
    {chart}
{more}"""


def git(ref: str = "main", url: str = "https://github.com/acme/charts") -> str:
    return f"git: {url}\n    ref: {ref}\n    path: web"


def codes(migration: fm.Migration) -> list[str]:
    return [finding.code for finding in migration.findings if finding.code not in ("RP009", "HR118")]


def errors(migration: fm.Migration) -> list[str]:
    return [finding.code for finding in migration.findings if finding.severity == "error"]


def source_names(migration: fm.Migration) -> list[str]:
    return sorted(
        f"{each.resource.kind} {each.resource.metadata.namespace}/{each.resource.metadata.name} {each.path}"
        for each in migration.resources
        if each.resource.kind != "HelmRelease"
    )


def migrate(files: dict[str, str | bytes], **options: Any) -> fm.Migration:
    migration = fm.migrate_repository(files, fm.MigrationOptions(**options))
    again = fm.migrate_repository(migration.files, fm.MigrationOptions(**options))
    if not options.get("overrides"):
        assert again.files == migration.files
    return migration


NOT_FLUX: dict[str, str | bytes] = {
    "a.yaml": "a:   1\n",
    "b.txt": release(),
    "c.json": "{}",
    "d.yaml": "data: |\n  apiVersion: helm.fluxcd.io/v1\n  kind: HelmRelease\n",
    "e.yaml": "x: https://fluxcd.io\n---\n- helm.fluxcd.io/v1\n",
    "f.yaml": "apiVersion: helm.fluxcd.io/v1\nkind: Other\n",
    "g.yaml": "",
    "h.yaml": "# apiVersion: helm.fluxcd.io/v1\n",
    "i.yaml": "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a}\n",
    "j.yaml": "{{ fluxcd.io }}",
    "m.yaml": "kind: List\napiVersion: v1\nitems:\n- kind: Secret\n# helm.fluxcd.io/v1\n",
    "k.yaml": b"\xff\xfe",
    "l.yaml": "metadata: 1\nkind: HelmRepository\napiVersion: source.toolkit.fluxcd.io/v1\n",
    "Chart.yaml": "name: x\n",
}


def test_what_is_not_of_flux_v1_comes_back_as_it_was() -> None:
    migration = migrate(dict(NOT_FLUX))
    assert migration.files == NOT_FLUX
    assert migration.ok
    assert migration.findings == ()
    assert migration.diff() == ""
    assert "0 releases, 0 sources" in migration.to_markdown()


def test_releases_stand_beside_other_things_in_a_file() -> None:
    other = "---\nkind: Secret\nmetadata: {name: key, namespace: shop}\ndata: {a:   1}\n"
    text = "# first\n" + release() + other + "---\n" + release("db") + "...\n"
    migration = migrate({"all.yaml": text})
    assert errors(migration) == []
    after = migration.changed["all.yaml"]
    assert after.count("helm.toolkit.fluxcd.io/v2") == 2
    assert other in after
    assert after.startswith("# first\n")
    assert after.endswith("...\n")


def test_bytes_stay_bytes_with_their_mark_and_line_ends() -> None:
    text = "\ufeff" + release().replace("\n", "\r\n").rstrip()
    migration = migrate({"a.yaml": text.encode()})
    after = migration.files["a.yaml"]
    assert isinstance(after, bytes)
    assert after.startswith(b"\xef\xbb\xbfapiVersion: helm.toolkit")
    assert after.count(b"\n") == after.count(b"\r\n")
    assert not after.endswith(b"\n")
    assert migration.created["sources/example.yaml"].count("\r\n") == 9
    assert "\\ No newline at end of file" in migration.diff()


LIST = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: helm.fluxcd.io/v1\n  kind: HelmRelease\n"
V2 = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: web
  namespace: shop
spec:
  interval: 5m
  chart:
    spec:
      chart: web
      version: 1.2.3
      sourceRef:
        kind: HelmRepository
        name: charts
"""
LEFT: list[tuple[str, dict[str, str | bytes], str]] = [
    ("a chart's template", {"Chart.yaml": "", "templates/a.yaml": release()}, "RP001"),
    ("a template that is no YAML", {"c/Chart.yaml": "", "c/t/a.yaml": "{{ if }}\n" + release()}, "RP001"),
    ("a template in a chart field", {"a.yaml": release(chart=git("$(ref)"))}, "RP063"),
    ("another encoding", {"a.yaml": release().encode("utf-8") + b"# \xff"}, "RP002"),
    ("invalid YAML", {"a.yaml": release() + "x: [\n"}, "RP003"),
    ("a broken neighbour", {"a.yaml": release() + "---\nx: [\n"}, "RP003"),
    ("a NUL", {"a.yaml": release() + "# \0\n"}, "RP003"),
    ("a key twice", {"a.yaml": release() + "kind: HelmRelease\n"}, "RP003"),
    (
        "a patched release",
        {
            "kustomization.yaml": "resources: [a.yaml, b.yaml]\npatches:\n- target: {kind: HelmRelease}\n"
            "  patch: '{kind: HelmRelease, metadata: {name: all}, spec: {timeout: 60}}'\n",
            "a.yaml": release(),
            "b.yaml": "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: b}\n",
        },
        "RP004",
    ),
    (
        "a patch",
        {"o/kustomization.yml": "patches: [{path: ../b/p.yaml}, {patch: x}]", "b/p.yaml": release()},
        "RP019",
    ),
    ("a merge key", {"a.yaml": release(more="  <<: {timeout: 3}\n")}, "RP005"),
    ("a wrong type", {"a.yaml": release(more="  timeout: 5m\n")}, "RP006"),
    ("a number that JSON has not", {"a.yaml": release(more="  values: {limit: .inf}\n")}, "RP006"),
    (
        "a release that is there",
        {"a.yaml": release(), "b.yaml": V2},
        "RP007",
    ),
    (
        "a list",
        {"a.yaml": LIST},
        "RP008",
    ),
    ("an encrypted file", {"a.yaml": release(more="sops: {mac: x}\n")}, "RP011"),
    (
        "the first API",
        {
            "a.yaml": "apiVersion: helm.integrations.flux.weave.works/v1alpha2\nkind: FluxHelmRelease\n"
            "metadata: {name: a}\n"
        },
        "HR002",
    ),
    ("no metadata", {"a.yaml": "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: []\n"}, "RP006"),
    (
        "no spec",
        {"a.yaml": "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: a}\n"},
        "HR061",
    ),
]


@pytest.mark.parametrize(("files", "code"), [row[1:] for row in LEFT], ids=[row[0] for row in LEFT])
def test_what_cannot_be_migrated_stays_with_an_error(files: dict[str, str | bytes], code: str) -> None:
    migration = migrate(files)
    assert code in errors(migration)
    assert migration.files == files
    assert not migration.ok
    assert migration.resources == ()
    assert "Answer the questions" in migration.runbook().to_markdown()


def test_a_stopped_release_stops_no_other() -> None:
    files: dict[str, str | bytes] = {
        "a.yaml": release("a"),
        "b.yaml": release("b", chart="name: x"),
        "c.yaml": release("c", more="  <<: {}\n"),
    }
    migration = migrate(files)
    assert set(migration.changed) == {"a.yaml"}
    assert errors(migration) == ["HR061", "RP005"]


def test_a_source_of_a_release_that_stays_is_not_made() -> None:
    migration = migrate({"a.yaml": release(more="  <<: {}\n")})
    assert migration.created == {}


def test_one_repository_is_one_source() -> None:
    one = "repository: https://charts.example.com/stable\n    name: web\n    version: 1.2.3"
    other = "repository: https://Charts.Example.com/stable/ # ours\n    name: db\n    version: 1.2.3"
    migration = migrate({"a.yaml": release(chart=one), "b.yaml": release("db", chart=other)})
    assert source_names(migration) == ["HelmRepository flux-system/example sources/example.yaml"]
    assert "  url: https://charts.example.com/stable # ours\n" in migration.created["sources/example.yaml"]


def test_several_comments_of_a_source_stand_above_its_url() -> None:
    def chart(comment: str) -> str:
        return f"repository: https://charts.example.com # {comment}\n    name: web\n    version: 1.2.3"

    migration = migrate({"a.yaml": release(chart=chart("one")), "b.yaml": release("db", chart=chart("two"))})
    assert "  # one\n  # two\n  url: https" in migration.created["sources/example.yaml"]


def test_comments_of_a_source_that_is_there_stay_with_the_release() -> None:
    existing = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: ours, namespace: flux-system}
spec: {url: "https://charts.example.com/"}
"""
    chart = "repository: https://charts.example.com # ours\n    name: web\n    version: 1.2.3"
    migration = migrate({"a.yaml": release(chart=chart), "sources.yaml": existing})
    assert migration.created == {}
    assert "    # ours\n" in migration.changed["a.yaml"]
    assert "        name: ours\n" in migration.changed["a.yaml"]


@pytest.mark.parametrize(
    ("metadata", "spec", "options"),
    [
        ("", "suspend: true", {}),
        ("", "type: oci", {}),
        (", annotations: {kustomize.toolkit.fluxcd.io/reconcile: disabled}", "interval: 5m", {}),
        ("", "interval: 5m", {"cross_namespace_refs": False}),
    ],
)
def test_a_source_that_fetches_nothing_for_the_release_is_not_used(
    metadata: str, spec: str, options: dict[str, Any]
) -> None:
    existing = f"""\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {{name: example, namespace: flux-system{metadata}}}
spec: {{url: "https://charts.example.com", {spec}}}
"""
    migration = migrate({"a/web.yaml": release(), "a/source.yaml": existing}, sync_roots=("a",), **options)
    # What fluxd applied, and Flux v2 never does, is a question of its own.
    assert errors(migration) == (["RP058"] if metadata else [])
    (made,) = migration.created.values()
    namespace = "shop" if options else "flux-system"
    assert f"  namespace: {namespace}\n" in made
    # Beside it the name is taken.
    assert ("  name: example\n" in made) is bool(options)


def test_refs_and_secrets_have_sources_of_their_own() -> None:
    files: dict[str, str | bytes] = {
        "a.yaml": release("a", chart=git("main")),
        "b.yaml": release("b", chart=git("next")),
        "c.yaml": release("c", chart=git("next", "git@github.com:acme/charts.git")),
        "d.yaml": release("d", chart=git("main") + "\n    secretRef: {name: token}"),
        "e.yaml": release("e", chart=git("main", "https://github.com/other/charts")),
    }
    migration = migrate(files)
    assert errors(migration) == []
    assert source_names(migration) == [
        "GitRepository flux-system/acme-charts sources/acme-charts.yaml",
        "GitRepository flux-system/charts sources/charts.yaml",
        "GitRepository flux-system/charts-next sources/charts-next.yaml",
        "GitRepository flux-system/charts-token sources/charts-token.yaml",
        "GitRepository flux-system/other-charts sources/other-charts.yaml",
    ]
    assert [(need.name, need.copy_of) for need in migration.prerequisites] == [
        ("token", "shop/token"),
        ("acme-charts", ""),
    ]
    assert {"HR054", "HR056"} <= set(codes(migration))
    steps = migration.runbook().to_markdown()
    assert "kubectl -n shop get secret token -o json | jq" in steps
    assert "create secret generic acme-charts --from-file=identity=./acme-charts/identity" in steps
    assert "a copy of `shop/token`" in migration.to_markdown()


@pytest.mark.parametrize(
    "ref", ["commit: abc", "name: refs/heads/main", "semver: 1.x", "tag: v1", "branch: other", ""]
)
def test_a_source_of_another_ref_is_not_used(ref: str) -> None:
    existing = f"""\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {{name: charts, namespace: flux-system}}
spec: {{url: "https://github.com/acme/charts", ref: {{{ref}}}}}
"""
    migration = migrate({"a.yaml": release(chart=git()), "sources.yaml": existing})
    assert source_names(migration) == ["GitRepository flux-system/charts-main sources/charts-main.yaml"]


def test_the_repository_that_flux_syncs_is_the_source_of_its_charts() -> None:
    existing = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {url: "ssh://git@github.com/acme/fleet", ref: {branch: main}, secretRef: {name: flux-system}}
"""
    migration = migrate(
        {"a.yaml": release(chart=git("main", "git@github.com:acme/fleet")), "flux-system/sync.yaml": existing}
    )
    assert migration.created == {}
    assert migration.prerequisites == ()
    assert "name: flux-system\n        namespace: flux-system\n" in migration.changed["a.yaml"]


def test_sources_go_where_the_options_say() -> None:
    files: dict[str, str | bytes] = {
        "apps/a.yaml": release("a"),
        "apps/b.yaml": release("b", "blog"),
        "apps/sources/example.yaml": "kind: Taken\n",
        "apps/example-helmrepository.yaml": "kind: Taken\n",
    }
    assert source_names(migrate(files)) == [
        "HelmRepository flux-system/example apps/sources/example-helmrepository.yaml"
    ]
    assert source_names(migrate(files, sync_roots=("/",))) == [
        "HelmRepository flux-system/example sources/example.yaml"
    ]
    beside = migrate(files, sources=fm.Placement(namespace="release", file="beside"))
    assert source_names(beside) == [
        "HelmRepository blog/example apps/blog-example-helmrepository.yaml",
        "HelmRepository shop/example apps/shop-example-helmrepository.yaml",
    ]
    same = migrate(files, sources=fm.Placement(file="same"))
    assert source_names(same) == ["HelmRepository flux-system/example apps/a.yaml"]
    assert same.changed["apps/a.yaml"].count("---\n") == 1
    assert same.created == {}
    unended = migrate({"a.yaml": release().rstrip("\n")}, sources=fm.Placement(file="same"))
    assert "disableWait: true\n---\napiVersion: source" in unended.changed["a.yaml"]


def test_a_source_goes_beside_what_needs_it_only_where_all_who_see_the_file_need_it() -> None:
    source = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\n"
        "metadata:\n  name: charts\n  namespace: flux-system\nspec: {interval: 10m, url: https://charts.example.com}\n"
    )
    files: dict[str, str | bytes] = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release().replace("  namespace: shop\n", ""),
        "prod/kustomization.yaml": "resources: [../base]\nnamespace: shop\n",
        "test/kustomization.yaml": "resources: [../base, charts.yaml]\nnamespace: shop\n",
        "test/charts.yaml": source,
    }
    options = {"sync_roots": ("prod", "test"), "sources": fm.Placement(namespace="flux", file="beside")}
    migration = migrate(files, **options)
    assert migration.ok
    assert source_names(migration) == ["HelmRepository shop/charts prod/sources/charts.yaml"]


def test_names_and_files_run_out_of_nothing() -> None:
    taken = {f"sources/{name}.yaml": "" for name in ("example", "example-helmrepository", "example-2")}
    taken["sources/flux-system-example-helmrepository.yaml"] = ""
    migration = migrate({"a.yaml": release(), **taken})
    assert list(migration.created) == ["sources/example-3.yaml"]


def test_two_clusters_in_one_repository_have_their_own_sources() -> None:
    files: dict[str, str | bytes] = {
        "clusters/a/web.yaml": release(),
        "clusters/b/web.yaml": release(),
        "clusters/b/x/db.yaml": release("db"),
    }
    migration = migrate(files)
    assert errors(migration) == []
    assert migration.context.sync_roots == ("clusters/a", "clusters/b")
    assert sorted(migration.created) == ["clusters/a/sources/example.yaml", "clusters/b/sources/example.yaml"]


def test_one_helm_release_of_two_objects_is_an_error() -> None:
    named = release("a", more="  releaseName: x\n")
    migration = migrate({"a.yaml": named, "b.yaml": release("b", more="  releaseName: x\n")})
    assert errors(migration) == ["HR113"]
    assert [each.related for each in migration.findings if each.code == "HR113"] == [("b.yaml:12",)]
    assert migration.changed == {}


def test_what_three_objects_share_is_one_question() -> None:
    """The first and the last one have nothing in common but the one between them."""
    clusters = [{"name": "a", "sync_paths": ["a", "both"]}, {"name": "b", "sync_paths": ["b", "both"]}]
    files = {f"{name}/web.yaml": release(name, more="  releaseName: x\n") for name in ("a", "b", "both")} | {
        "a/other.yaml": release("old"),
        "b/other.yaml": release("new", more="  releaseName: shop-old\n"),
    }
    migration = migrate({**files}, clusters=clusters)
    (error,) = [each for each in migration.findings if each.severity == "error"]
    assert (error.code, error.path) == ("HR113", "a/web.yaml")
    assert error.related == ("b/web.yaml:12", "both/web.yaml:12")


def test_one_chart_of_two_objects_is_an_error() -> None:
    first = release("c", "a-b", more="  releaseName: x\n")
    migration = migrate({"a.yaml": first, "b.yaml": release("b-c", "a", more="  releaseName: z\n")})
    assert errors(migration) == ["HR114"]


def test_the_flux_release_is_that_of_the_repository() -> None:
    components = "---\n# This manifest was generated by flux.\n# Flux Version: v2.2.3\n# fluxcd.io\n"
    migration = migrate({"a.yaml": release(), "flux-system/gotk-components.yaml": components})
    assert migration.context.flux_version == "2.2"
    assert "helm.toolkit.fluxcd.io/v2beta2" in migration.changed["a.yaml"]
    given = migrate({"a.yaml": release(), "gotk-components.yaml": components}, flux_version="2.9")
    assert given.context.flux_version == "2.9"
    unknown = migrate({"a.yaml": release(), "gotk-components.yaml": "# fluxcd.io\n"})
    assert unknown.context.flux_version == FLUX_VERSIONS[-1]


def test_one_question_is_one_finding() -> None:
    files: dict[str, str | bytes] = {
        f"{name}.yaml": release(name, chart=git("stable")).replace("  helmVersion: v3\n", "")
        for name in "abc"
    }
    migration = migrate(files)
    assert codes(migration) == ["HR032", "HR052", "HR059", "HR062"]
    first = migration.findings[0]
    assert (first.path, first.line, first.column, first.related) == ("a.yaml", 6, 1, ("b.yaml:6", "c.yaml:6"))
    assert len({finding.fingerprint for finding in migration.findings}) == len(migration.findings)


def test_answers_settle_what_they_answer() -> None:
    files: dict[str, str | bytes] = {
        "a.yaml": release("a" * 60).replace("  helmVersion: v3\n", ""),
        "b.yaml": release("b", chart=git("stable")),
    }
    before = migrate(files)
    assert errors(before) == ["HR014", "HR032"]
    name, ref = (finding.answer for finding in before.findings if finding.code in ("HR014", "HR052"))
    assert name is not None
    assert ref is not None
    named = migrate(files, overrides=(name.model_copy(update={"release_name": "live"}),))
    assert errors(named) == ["HR032"]
    assert "releaseName: live\n" in named.changed["a.yaml"]
    tagged = migrate(files, overrides=(ref.model_copy(update={"ref_kind": "tag"}),))
    assert "    tag: stable\n" in tagged.created["sources/charts.yaml"]
    assert "HR052" not in codes(tagged)
    accepted = migrate(files, overrides=(fm.Override(accept=("HR032", "HR059")), name))
    assert "HR059" not in codes(accepted)


def test_a_release_can_be_left_and_a_secret_named() -> None:
    files: dict[str, str | bytes] = {"a.yaml": release("a"), "b.yaml": release("b")}
    migration = migrate(files, overrides=(fm.Override(name="a", leave=True), fm.Override(secret_name="s")))
    assert set(migration.changed) == {"b.yaml"}
    assert "  secretRef:\n    name: s\n" in migration.created["sources/example.yaml"]
    assert migration.ok
    assert [need.keys for need in migration.prerequisites] == [("username", "password")]


def test_an_override_that_matches_nothing_is_an_error() -> None:
    migration = migrate({"a.yaml": release()}, overrides=(fm.Override(name="other", leave=True),))
    assert errors(migration) == ["RP010"]


@pytest.mark.parametrize("name", ["", "  name:\n", '  name: ""\n'])
def test_a_release_without_a_name_stays(name: str) -> None:
    text = release(more="  releaseName: live\n").replace("  name: web\n", name, 1)
    migration = migrate({"a.yaml": text})
    assert migration.changed == {}
    assert "RP006" in errors(migration)


def test_an_annotation_that_is_no_text_is_told_and_stays() -> None:
    text = release().replace(
        "  namespace: shop\n", "  namespace: shop\n  annotations:\n    m: true\n    k: 1\n"
    )
    migration = migrate({"a.yaml": text})
    assert codes(migration) == ["AN018", "AN018"]
    assert "    m: true\n" in migration.changed["a.yaml"]


def test_a_secret_that_is_where_it_is_needed_is_no_prerequisite() -> None:
    chart = git() + "\n    secretRef: {name: token}"
    migration = migrate({"a.yaml": release(chart=chart)}, sources=fm.Placement(namespace="release"))
    assert migration.prerequisites == ()
    assert "  secretRef:\n    name: token\n" in migration.created["sources/charts.yaml"]


def test_an_oci_repository_says_so() -> None:
    migration = migrate(
        {"a.yaml": release(chart="repository: oci://ghcr.io/acme\n    name: web\n    version: 1.2.3")}
    )
    assert "  type: oci\n" in migration.created["sources/acme.yaml"]


def test_a_namespace_is_written_where_fluxd_had_a_default() -> None:
    text = release().replace("  namespace: shop\n", "")
    migration = migrate({"a.yaml": text}, default_namespace="team")
    assert "  name: web\n  namespace: team\nspec:\n" in migration.changed["a.yaml"]
    assert errors(migrate({"a.yaml": text})) == ["HR017"]


def test_reports_are_readable_in_jupyter() -> None:
    migration = migrate({"a<b.yaml": release(chart=git("stable"))})
    assert migration._repr_markdown_() == migration.to_markdown()
    assert "a&lt;b.yaml" in migration._repr_html_()
    assert repr(migration) == "Migration(changed=1, created=1, deleted=0, findings=5, ok=True)"
    assert migration.runbook()._repr_markdown_().startswith("# Cut-over")


def test_paths_are_quoted_as_git_quotes_them() -> None:
    migration = migrate({'a b/ü".yaml': release()}, sync_roots=("a b",))
    assert 'diff --git "a/a b/\\303\\274\\".yaml"' in migration.diff()
    assert "+++ b/a b/sources/example.yaml\t\n" in migration.diff()


def test_parse_manifests_gives_models_and_says_what_is_wrong() -> None:
    models = fm.parse_manifests(release() + "---\n# nothing\n---\nkind: Secret\napiVersion: v1\n")
    assert [type(model) for model in models] == [fm.flux1.HelmRelease, fm.Unstructured]
    v2 = fm.parse_manifests("apiVersion: source.toolkit.fluxcd.io/v1\nkind: Bucket\n")
    assert [type(model) for model in v2] == [fm.flux2.Bucket]
    for text, line in (
        ("- a\n", 1),
        ("a: 1\n---\na: [\n", 4),
        (release(more="  timeout: x\n"), 12),
        ("a: 1\n", 1),
    ):
        with pytest.raises(fm.InvalidManifest) as raised:
            fm.parse_manifests(text, path="x.yaml")
        assert (raised.value.path, raised.value.line) == ("x.yaml", line)


def test_a_single_manifest_must_be_one() -> None:
    for text in ("a: [", "- a\n", "a: 1\n---\nb: 1\n", ""):
        with pytest.raises(fm.InvalidManifest):
            fm.convert_helm_release(text)


SOURCE = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: ours, namespace: flux-system}
spec: {url: "https://charts.example.com/"}
"""


def test_a_source_of_another_cluster_is_not_used() -> None:
    clusters: dict[str, str | bytes] = {f"clusters/{name}/web.yaml": release() for name in "ab"}
    migration = migrate({**clusters, "clusters/a/sources.yaml": SOURCE})
    assert "name: ours\n" in migration.changed["clusters/a/web.yaml"]
    assert list(migration.created) == ["clusters/b/sources/ours.yaml"]
    # One that no sync path is known to reach may be applied by nobody; its name is taken nevertheless.
    there = {**clusters, "infrastructure/sources.yaml": SOURCE.replace("ours", "example")}
    migration = migrate(there)
    assert sorted(migration.created) == [f"clusters/{name}/sources/charts-example-com.yaml" for name in "ab"]


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        # A chart of git that names no ref, and the time from one look at it to the next.
        (
            release(chart="git: https://github.com/acme/charts\n    path: web"),
            [fm.HelmOperator(git_default_ref=ref) for ref in ("master", "main")],
        ),
        (release(), [fm.HelmOperator(charts_sync_interval=interval) for interval in ("1m", "2m")]),
    ],
)
def test_a_manifest_that_the_settings_of_clusters_make_two_releases_stays(
    text: str, settings: list[fm.HelmOperator]
) -> None:
    clusters = [fm.Cluster(name=f"c{index}", helm_operator=each) for index, each in enumerate(settings)]
    stayed = migrate({"web.yaml": text}, clusters=tuple(clusters))
    assert (stayed.changed, stayed.created, errors(stayed)) == ({}, {}, ["RP020"])
    same = [each.model_copy(update={"helm_operator": settings[0]}) for each in clusters]
    assert errors(migrate({"web.yaml": text}, clusters=tuple(same))) == []


def test_a_name_that_one_cluster_has_given_away_is_not_forced_on_another() -> None:
    clusters: dict[str, str | bytes] = {f"clusters/{name}/web.yaml": release() for name in "ab"}
    other = SOURCE.replace("ours", "example").replace("charts.example.com", "other.example")
    migration = migrate({**clusters, "clusters/b/sources.yaml": other})
    assert "name: example\n" in migration.changed["clusters/a/web.yaml"]
    assert "name: example\n" not in migration.changed["clusters/b/web.yaml"]


def test_comments_go_to_the_source_of_their_own_cluster() -> None:
    def chart(name: str) -> str:
        return f"repository: https://charts.example.com # of {name}\n    name: web\n    version: 1.2.3"

    migration = migrate({f"clusters/{name}/web.yaml": release(chart=chart(name)) for name in "ab"})
    for name in "ab":
        text = migration.created[f"clusters/{name}/sources/example.yaml"]
        assert [line for line in text.split("\n") if "#" in line] == [
            f"  url: https://charts.example.com # of {name}"
        ]


def test_a_twin_is_found_wherever_it_may_be_synced() -> None:
    assert errors(migrate({"apps/a.yaml": release(), "elsewhere/a.yaml": V2})) == ["RP007"]
    clusters: dict[str, str | bytes] = {"a/web.yaml": release(), "b/web.yaml": V2}
    assert errors(migrate(clusters, sync_roots=("a", "b"))) == []


def test_a_release_that_nothing_syncs_is_told_and_stays() -> None:
    files: dict[str, str | bytes] = {"clusters/a/web.yaml": release(), "old/web.yaml": release("old")}
    migration = migrate(files, sync_roots=("clusters/a",))
    assert set(migration.changed) == {"clusters/a/web.yaml"}
    assert codes(migration) == ["RP035"]


@pytest.mark.parametrize("code", ["HR061", "HR095", "HR092", "HR053", "RP006"])
def test_an_error_that_would_lose_something_cannot_be_accepted(code: str) -> None:
    stopped: dict[str, str] = {
        "HR061": release(chart="name: x"),
        "HR095": release(more="  valuesFrom:\n  - externalSourceRef: {url: https://x.example}\n"),
        "HR092": release(more="  valuesFrom:\n  - secretKeyRef: {name: a, namespace: b}\n"),
        "HR053": release(chart=git("abc1234")),
        "RP006": release(more="  timeout: 5m\n"),
    }
    migration = migrate({"a.yaml": stopped[code]}, overrides=(fm.Override(accept=(code,)),))
    assert errors(migration) == [code]
    assert migration.changed == {}


def test_what_is_accepted_is_declared_all_the_same() -> None:
    files: dict[str, str | bytes] = {"a.yaml": release(chart=git())}
    accepted = migrate(files, overrides=(fm.Override(accept=("HR059", "HR062", "HR118")),))
    assert [finding.code for finding in accepted.findings] == ["RP009"]
    assert accepted.declared == migrate(files).declared


@pytest.mark.parametrize("ref", ["abc1234", "v1~2", "main", "a..b", "@", "x@{1}"])
def test_only_a_whole_commit_is_one(ref: str) -> None:
    options = {"overrides": (fm.Override(ref_kind="commit"),)}
    assert errors(migrate({"a.yaml": release(chart=git(f"'{ref}'"))}, **options)) == ["HR053"]
    whole = migrate({"a.yaml": release(chart=git("a" * 40))}, **options)
    assert "    commit: " + "a" * 40 in whole.created["sources/charts.yaml"]


def test_a_tag_may_look_like_a_commit_or_hold_a_sign() -> None:
    for ref in ("abc1234", "web@1.2"):
        options = {"overrides": (fm.Override(ref_kind="tag"),)}
        migration = migrate({"a.yaml": release(chart=git(f'"{ref}"'))}, **options)
        assert f"    tag: {ref}" in migration.created["sources/charts.yaml"].replace('"', "")


def test_one_chart_name_in_two_namespaces_of_sources_is_none() -> None:
    first = release("c", "a-b", more="  releaseName: x\n")
    files: dict[str, str | bytes] = {
        "a.yaml": first,
        "b.yaml": release("b-c", "a", more="  releaseName: z\n"),
    }
    assert errors(migrate(files, sources=fm.Placement(namespace="release"))) == []


def test_secrets_of_one_name_from_two_namespaces_are_kept_apart() -> None:
    chart = git() + "\n    secretRef: {name: token}"
    migration = migrate({f"{name}.yaml": release(name, name, chart=chart) for name in ("blog", "shop")})
    assert [(need.name, need.copy_of) for need in migration.prerequisites] == [
        ("token", "blog/token"),
        ("shop-token", "shop/token"),
    ]


def test_one_secret_for_two_sources_is_one_prerequisite() -> None:
    files: dict[str, str | bytes] = {
        "a.yaml": release("a", chart=git("main", "git@github.com:acme/a")),
        "b.yaml": release("b", chart=git("main", "git@github.com:acme/b")),
    }
    (need,) = migrate(files, overrides=(fm.Override(secret_name="key"),)).prerequisites
    assert need.used_by == ("GitRepository flux-system/a", "GitRepository flux-system/b")


FLUX_1 = [
    "repository: https://charts.fluxcd.io\n    name: helm-operator\n    version: 1.2.0",
    "repository: https://charts.fluxcd.io/\n    name: flux\n    version: 1.2.0",
    "git: https://github.com/fluxcd/helm-operator\n    ref: master\n    path: chart/helm-operator/",
]


@pytest.mark.parametrize("chart", FLUX_1)
def test_flux_1_itself_is_not_migrated_and_leaves(chart: str) -> None:
    migration = migrate({"a.yaml": release(chart=chart)})
    assert (errors(migration), migration.changed, migration.deleted) == ([], {}, ("a.yaml",))
    kept = migrate({"a.yaml": release(chart=chart)}, flux1="keep")
    assert (errors(kept), kept.changed, kept.deleted) == (["DA022"], {}, ())


def test_a_manifest_that_starts_flux_1_leaves_or_is_told() -> None:
    pod = "spec: {template: {spec: {containers: [{name: a, image: fluxcd/flux:1.25.4}]}}}\n"
    files: dict[str, str | bytes] = {
        "a.yaml": "kind: Deployment\nmetadata: {name: flux, namespace: flux}\n" + pod
    }
    assert migrate(files).deleted == ("a.yaml",)
    told = [(each.code, each.resource) for each in migrate(files, flux1="keep").findings]
    assert ("DA022", "Deployment flux/flux") in told


def test_an_unknown_flux_release_is_said_to_be_one() -> None:
    components = "---\n# Flux Version: v2.99.0\n# fluxcd.io\n"
    reasons = migrate({"a.yaml": release(), "gotk-components.yaml": components}).context.reasons
    newest = FLUX_VERSIONS[-1]
    assert reasons[0] == f"Flux {newest} (the newest that is known: gotk-components.yaml names 2.99)"


def test_a_user_in_the_url_of_git_is_told() -> None:
    migration = migrate({"a.yaml": release(chart=git(url="https://me:secret@example.com/charts"))})
    assert "HR044" in codes(migration)


def test_anchors_aliases_and_merge_keys_in_values_stay_as_they_are() -> None:
    values = (
        "  values: &all\n    base: &base {cpu: 100m}\n    web:\n      <<: *base\n      memory: 1Gi\n"
        "    jobs: [*base, *base]\n"
    )
    migration = migrate({"a.yaml": release(more=values)})
    assert migration.ok
    assert str(migration.files["a.yaml"]).endswith(values)


def test_a_chart_in_flow_style_over_lines_or_with_anchors_is_migrated() -> None:
    flow = "{repository: https://charts.example.com, # ours\n    name: &name web,\n    version: 1.2.3}"
    text = release(more="  values:\n    name: *name\n").replace(
        "chart:\n    repository: https://charts.example.com\n    name: web\n    version: 1.2.3",
        f"chart: {flow}",
    )
    migration = migrate({"a.yaml": text})
    assert migration.ok
    assert "      chart: &name web\n      version: 1.2.3\n" in migration.files["a.yaml"]
    assert "# ours" in "".join(map(str, migration.files.values()))


def test_a_finding_about_values_stands_at_the_line_of_the_value() -> None:
    annotations = '  annotations: {fluxcd.io/automated: "true"}\n'
    text = (
        "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata:\n  name: web\n  namespace: shop\n"
        f"{annotations}spec:\n  helmVersion: v3\n"
        "  chart: {repository: https://charts.example.com, name: web, version: 1.2.3}\n"
        "  values:\n    replicas: 2\n    image: ghcr.io/acme/web\n    more: 1\n"
    )
    (finding,) = (each for each in fm.migrate_repository({"a.yaml": text}).findings if each.code == "IM017")
    assert (finding.field, finding.line) == ("spec.values.image", 12)


@pytest.mark.parametrize("strategy", ["Revision", "ChartVersion"])
@pytest.mark.parametrize(
    ("api", "kind", "chart"),
    [
        (
            "helm.fluxcd.io/v1",
            "HelmRelease",
            "chart: {git: https://git.example.com/a/b, path: web, ref: main}",
        ),
        ("helm.integrations.flux.weave.works/v1alpha2", "FluxHelmRelease", "chartGitPath: web"),
    ],
)
def test_charts_from_git_follow_what_the_options_say_in_each_api(
    api: str, kind: str, chart: str, strategy: str
) -> None:
    text = f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: web, namespace: shop}}\nspec:\n  {chart}\n"
    options = fm.MigrationOptions.model_validate(
        {
            "reconcile_strategy": strategy,
            "helm_operator": {"git_url": "https://git.example.com/a/b", "helm_versions": ["v3"]},
            "overrides": [{"accept": ["HR030"]}] if kind == "FluxHelmRelease" else [],
        }
    )
    migration = fm.migrate_repository({"web.yaml": text}, options)
    assert migration.ok
    assert ("reconcileStrategy: Revision" in migration.changed["web.yaml"]) is (strategy == "Revision")
    report = fm.verify_migration({"web.yaml": text}, migration.files, options, declared=migration.declared)
    assert report.ok
