"""The report: who decides reads the first screen, who works through it finds what blocks first."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from ruamel.yaml import YAML

import fluxv2_migrate as fm
from fluxv2_migrate.report.questions import questions_text
from manifest_texts import AUTOMATED, fluxd_text, release_text

RELEASE = release_text(
    """\
  helmVersion: {helm}
  chart:
    {chart}
  rollback: {{enable: true}}
  values:
    image: ghcr.io/acme/{name}:{tag}
""",
    AUTOMATED,
    "filter.fluxcd.io/chart-image: glob:{pattern}",
    name="{name}",
)
REPOSITORY = "{repository: https://charts.example.com, name: web, version: 1.2.3}"
GIT = "{git: 'git@git.example.com:acme/NAME', ref: v1, path: web}"


def release(
    name: str, *, chart: str = REPOSITORY, helm: str = "v3", pattern: str = "v*", tag: str = "v1.2.3"
) -> str:
    text = RELEASE.format(name=name, chart=chart.replace("NAME", name), helm=helm, pattern=pattern, tag=tag)
    return text.replace("  chart:\n    {", "  chart: {").replace("  helmVersion: \n", "")


def beside_tables(report: str) -> str:
    return "\n".join(line for line in report.split("\n") if not line.startswith("|"))


def headings(report: str) -> list[str]:
    found = re.findall(r"(?m)^#+ (.*)$|<summary>(Good.*)</summary>", report)
    return [heading or summary for heading, summary in found]


@pytest.mark.parametrize(
    ("files", "verdict"),
    [
        ({"readme.md": "text\n"}, "Nothing has to be merged."),
        ({"a.yaml": release("a")}, "Can be merged."),
        ({"a.yaml": release("a", chart=GIT)}, "Can be merged once 1 object exists in the clusters."),
        (
            {"a.yaml": release("a", chart=REPOSITORY.replace("https://", "https://me:secret@"))},
            "Can be merged once what is to be done first is done.",
        ),
        ({"a.yaml": release("a", helm="")}, "Do not merge yet: 1 question is open."),
        (
            {"a.yaml": release("a"), "b.yaml": release("b", pattern="x-*", tag="x-3f1c2ab")},
            "Can be merged; 1 question is open, and what is asked about stays as it is.",
        ),
        (
            {"a.yaml": release("a", chart=GIT), "b.yaml": release("b", pattern="x-*", tag="x-3f1c2ab")},
            "Can be merged once 1 object exists in the clusters; 1 question is open",
        ),
        ({"a.yaml": release("a", helm="v2")}, "Nothing has to be merged; 1 question is open"),
        # kustomize-controller reads every file of the path, and applies nothing where it cannot read one.
        (
            {"a.yaml": release("a"), "b.yaml": release("b") + "  chart: {}\n"},
            "Do not merge yet: 1 question is open.",
        ),
    ],
)
def test_the_first_screen_says_whether_it_can_be_merged(files: dict[str, str], verdict: str) -> None:
    report = fm.migrate_repository(files).to_markdown()
    assert report.splitlines()[4].startswith(f"**{verdict}")


def test_a_release_that_the_cluster_does_not_have_is_looked_at_before_the_merge() -> None:
    options: dict[str, object] = {"inventory": fm.Inventory(records=())}
    report = fm.migrate_repository({"a.yaml": release("a")}, options).to_markdown()
    assert "**Can be merged once what is to be done first is done.**" in report
    assert "- **To be done first**: release-not-in-cluster (IN004)." in report
    options["overrides"] = [{"accept": ["IN004"]}]
    assert "**Can be merged.**" in fm.migrate_repository({"a.yaml": release("a")}, options).to_markdown()


def test_the_first_screen_says_what_blocks_what_can_go_wrong_and_what_must_exist() -> None:
    files = {
        "a.yaml": release("a", chart=GIT),
        "b.yaml": release("b", helm="v2"),
        "c.yaml": release("c", pattern="x-*", tag="x-3f1c2ab"),
    }
    first = fm.migrate_repository(files).to_markdown().splitlines()[:15]
    assert first[2] == (
        "2 releases, 2 sources, 2 image policies; files: 2 changed, 5 new; 2 questions, 9 things to know."
    )
    told = dict(re.findall(r"- \*\*(.*?)\*\*: (.*)", "\n".join(first)))
    assert told["Blocks"] == "1 holds releases back in Flux v1, 1 stops image updates."
    assert told["Stays in Flux v1"] == "1 release stays as it is: shop/b."
    assert "when fluxd and the helm-operator have stopped" in told["When"]
    assert "a wrong name installs a second copy" in told["Not compared"]
    assert told["Clusters"] == "one, which syncs /; assumed, and to be checked: sync-path-inferred (RP009)."
    assert "every-commit-upgrades (HR059)" in told["Can go wrong"]
    assert told["Images"] == (
        "1 of 2 image policies follow new tags; 1 holds the tag that runs until somebody gives the order of "
        "its tags."
    )
    assert "To be done first" not in told
    assert told["Must exist first"] == (
        "Secret flux-system/a; the image-reflector and image-automation controllers."
    )


def test_the_first_screen_names_the_clusters_that_nobody_asked() -> None:
    files = {f"{name}/a.yaml": release("a") for name in ("eu", "us")}
    records = [{"name": "a", "namespace": "shop", "status": "deployed"}]
    clusters: list[dict[str, object]] = [{"name": name, "sync_paths": [name]} for name in ("eu", "us")]
    clusters[0]["inventory"] = {"records": records}
    report = fm.migrate_repository(files, {"clusters": clusters}).to_markdown()
    assert "- **Not compared**: nothing has compared the release names with what us run, " in report


def test_an_example_of_what_can_be_accepted_is_one_of_the_report() -> None:
    report = fm.migrate_repository({"a.yaml": release("a")}).to_markdown()
    (code,) = re.findall(r"leave it out: `- accept: \[(.*)\]`", report)
    assert f"- **{code} " in report


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"sync_roots": ["eu", "us"]}, "2: eu, us."),
        ({"clusters": [{"name": "europe", "sync_paths": ["eu", "us"]}]}, "one, europe."),
    ],
)
def test_the_first_screen_names_the_clusters(given: dict[str, object], told: str) -> None:
    files = {f"{folder}/{folder}.yaml": release(folder) for folder in ("eu", "us")}
    report = fm.migrate_repository(files, given).to_markdown()
    assert re.findall(r"- \*\*Clusters\*\*: (.*)", report) == [told]


def test_questions_come_by_what_they_block_and_differences_by_harm() -> None:
    files = {f"apps/{name}.yaml": release(name, chart=GIT, helm="") for name in "abcde"}
    files |= {
        "apps/f.yaml": release("f", helm="v2"),
        "apps/g.yaml": release("g", pattern="x-*", tag="x-3f1c2ab"),
    }
    report = fm.migrate_repository(files, {"sync_roots": ["apps"]}).to_markdown()
    assert headings(report) == [
        "Migration to Flux v2",
        "Questions",
        "To be answered before anybody merges",
        "Releases stay in Flux v1 until then",
        "Images stand still until then",
        "What must exist first",
        "What to know",
        "To be done first",
        "What runs may change",
        "Images may be updated otherwise",
        "Good to know: nothing has to be done",
        "Releases",
        "Image policies",
        "What was assumed",
    ]


def test_what_concerns_every_release_is_said_once_and_lists_nothing() -> None:
    files = {f"apps/{name}.yaml": release(name) for name in "abcdefgh"}
    report = fm.migrate_repository(files, {"sync_roots": ["apps"]}).to_markdown()
    (line,) = re.findall(r"- \*\*HR118 .*\n(.*)", report)
    assert line == "  - in every release"


def test_a_long_list_of_places_is_cut_with_its_number() -> None:
    files = {
        f"apps/{name}.yaml": release(name, chart=GIT if name < "m" else REPOSITORY) for name in "abcdexyz"
    }
    report = fm.migrate_repository(files, {"sync_roots": ["apps"]}).to_markdown()
    (line,) = re.findall(r"- \*\*HR059 .*\n(.*)", report)
    assert line == "  - `apps/a.yaml:11` and 4 more"


@pytest.mark.parametrize(
    "change", [{}, {"chart": GIT}, {"helm": ""}, {"helm": "v2"}, {"pattern": "x-*", "tag": "x-3f1c2ab"}]
)
def test_the_report_of_three_hundred_releases_is_short(change: dict[str, str]) -> None:
    files = {
        f"apps/team-{number % 30}/release-{number}.yaml": release(f"release-{number}", **change)
        for number in range(300)
    }
    report = fm.migrate_repository(files, {"sync_roots": ["apps"]}).to_markdown()
    assert len(beside_tables(report).encode()) < 15_000


def test_a_long_proposal_is_cut() -> None:
    files = {f"apps/web-{number}.yaml": release(f"web-{number}") for number in range(40)}
    files["apps/values.yaml"] = "replicas: 2\n"
    report = fm.migrate_repository(files, {"sync_roots": ["apps"]}).to_markdown()
    assert "proposed:" in report
    assert "more lines, which the finding has" in report


def test_a_proposal_says_where_it_belongs_and_is_shown_once() -> None:
    # Of each folder two findings propose the same file.
    texts = {
        "chart/Chart.yaml": "name: web\n",
        "left.yaml": release("left"),
        "apps/kustomization.yaml": "resources: []\n",
        "apps/a.yaml": release("a"),
    }
    files = {f"{folder}/{path}": text for folder in ("eu", "us") for path, text in texts.items()}
    report = fm.migrate_repository(files, {"sync_roots": ["eu", "us"]}).to_markdown()
    assert report.count("  - proposed:\n") == report.count("  - proposed: as above\n") == 2
    assert report.count("    # eu/kustomization.yaml\n") == report.count("    # us/kustomization.yaml\n") == 1


def test_an_answer_is_shown_as_data_and_as_python() -> None:
    report = fm.migrate_repository({"a.yaml": release("a", helm="")}).to_markdown()
    assert '`{"helm_versions": ["v3"]}`, in Python `Override(helm_versions=[\'v3\'])`' in report


def test_the_file_of_questions_holds_the_answers_and_says_what_to_fill_in() -> None:
    long = "a-name-that-is-longer-than-any-release-of-helm-may-be-called-by"
    files = {
        "apps/a.yaml": release("a", helm=""),
        "apps/b.yaml": release("b", pattern="x-*", tag="x-3f1c2ab"),
        "apps/c.yaml": release(long),
        "apps/e.yaml": "a: [\n",
    }
    migration = fm.migrate_repository(files, {"sync_roots": ["apps"]})
    text = migration.questions()
    assert YAML(typ="safe").load(text) == migration.answers()
    assert "# ref_kind" not in text
    assert "# filter_tags: which tags count" in text
    assert "# What no answer settles; the repository has to be edited:\n# DA020 not-buildable" in text
    assert all(line.startswith("#") or len(line) < 200 for line in text.splitlines())


def test_what_several_questions_have_in_common_is_said_once_and_one_entry_answers_all() -> None:
    files = {
        f"{cluster}/{name}.yaml": release(name, helm="")
        for cluster in ("eu", "us", "za")
        for name in ("a", "b")
    }
    options = {"sync_roots": ["eu", "us", "za"]}
    text = fm.migrate_repository(files, options).questions()
    assert text.count("helmVersion is not given") == 1
    assert text.count("once `helm list -A` of Helm 3") == 1
    assert text.count("# helm_versions: ") == 1
    assert text.count("# HR032 helm-version-unknown: as above.\n") == 2
    assert len(YAML(typ="safe").load(text)) == 3
    everywhere = {**options, "overrides": [{"cluster": "*", "helm_versions": ["v3"]}]}
    assert fm.migrate_repository(files, everywhere).questions().endswith("\n[]\n")


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        ("c{0}", ["- 12 clusters (flux.yaml of each runs its fluxd): c0, c1 and 10 more"]),
        (
            "c{0},d{0}",
            [
                *(f"- cluster c{n} syncs c{n}, d{n} (c{n}/flux.yaml runs its fluxd)" for n in (0, 1, 10, 11)),
                "- 8 more clusters: `context` has each with its reason",
            ],
        ),
    ],
    ids=["a path of its own", "several paths"],
)
def test_many_clusters_are_told_by_a_few_of_them(paths: str, told: list[str]) -> None:
    files: dict[str, str] = {}
    for number in range(12):
        files |= {f"{folder}{number}/web.yaml": release(f"web-{folder}") for folder in "cd"}
        files[f"c{number}/flux.yaml"] = fluxd_text(
            "--git-url=git@git.example.com:acme/fleet", f"--git-path={paths.format(number)}"
        )
    report = fm.migrate_repository(files).to_markdown()
    assumed = report.split("## What was assumed\n")[1].strip().splitlines()
    assert [line for line in assumed if "cluster" in line][: len(told)] == told
    (read,) = (line for line in assumed if "read from" in line)
    assert read.endswith("read from c0/flux.yaml, c1/flux.yaml and 10 more: `context` has each")


def test_what_ran_flux_1_and_leaves_does_not_stay() -> None:
    flux = (
        release("flux", helm="v3")
        .replace("name: web,", "name: flux,")
        .replace("https://charts.example.com", "https://charts.fluxcd.io")
    )
    files = {"apps/flux/flux.yaml": flux, "apps/web.yaml": release("web")}
    migration = fm.migrate_repository(files, {"sync_roots": ["apps"]})
    assert "apps/flux/flux.yaml" in migration.deleted
    assert migration.staying == ()
    kept = fm.migrate_repository(files, {"sync_roots": ["apps"], "flux1": "keep"})
    assert [each.resource for each in kept.staying] == ["HelmRelease shop/flux"]


def test_a_long_message_ends_behind_a_word() -> None:
    names = [f"a-folder-with-a-name-that-takes-some-room-{number}" for number in range(9)]
    files = {f"{name}/web.yaml": release("web") for name in names}
    migration = fm.migrate_repository(files)
    cut = re.findall(r"(\S+) …", migration.to_markdown())
    assert cut
    assert {*cut} <= {word for each in migration.findings for word in each.message.split()}


def test_an_answer_for_several_questions_is_asked_once() -> None:
    files = {f"{name}.yaml": release(name, helm="v2") for name in ("a", "b")}
    migration = fm.migrate_repository(files)
    (question,) = (each for each in migration.findings if each.severity == "error")
    twice = replace(question, path="c.yaml", related=())
    text = questions_text([question, twice])
    assert YAML(typ="safe").load(text) == [{"namespace": "shop", "accept": ["HR030"]}]
    assert "# Where: a.yaml:10, b.yaml:10, c.yaml:10\n" in text


def test_a_release_that_is_at_risk_is_named_on_the_first_screen() -> None:
    records = [{"name": "shop-x", "namespace": "shop", "revision": "1", "status": "deployed", "chart": "x-1"}]
    inventory = fm.Inventory.from_texts(helm_list=json.dumps(records))
    report = fm.migrate_repository({"a.yaml": release("a")}, {"inventory": inventory}).to_markdown()
    assert "the first hour is risky for 1 release: shop/a" in report.split("## ")[0]


def test_a_release_at_risk_in_several_clusters_is_named_once_and_none_that_stays_in_flux_1() -> None:
    files = {"base/kustomization.yaml": "resources: [a.yaml, b.yaml]\n"}
    files |= {f"base/{name}.yaml": release(name) for name in "ab"}
    files |= {f"{name}/kustomization.yaml": "resources: [../base]\n" for name in ("eu", "us")}
    # One of them is there under another name, the other one is not there at all.
    inventory = {"records": [{"name": "b", "namespace": "shop", "status": "deployed", "chart": "web-1.2.3"}]}
    clusters = [{"name": name, "sync_paths": [name], "inventory": inventory} for name in ("eu", "us")]
    first = fm.migrate_repository(files, {"clusters": clusters}).to_markdown().split("## ")[0]
    assert "the first hour is risky for 1 release: shop/a" in first
    assert "- **Stays in Flux v1**: 1 release stays as it is: shop/b." in first


def test_a_file_of_questions_whose_texts_are_nasty_holds_nothing_else() -> None:
    text = release("a", pattern='"x\\n- accept: [HR030]\\n#\\u2028"', tag="x-3f1c2ab")
    migration = fm.migrate_repository({"apps/a\n- leave: true.yaml": text})
    assert YAML(typ="safe").load(migration.questions()) == (migration.answers() or [])


def test_a_question_without_a_place_says_none() -> None:
    answer = fm.Override(accept=("DA062",))
    text = questions_text([fm.Finding("DA062", "it is suspended", answer=answer)])
    assert "- accept:\n  - DA062\n" in text
    assert "Where:" not in text


def test_releases_that_stay_are_told_with_their_clusters() -> None:
    files = {"eu/a.yaml": release("a", helm="v2"), "us/b.yaml": release("b"), "c.yaml": release("c")}
    migration = fm.migrate_repository(files, {"sync_roots": ["eu", "us"]})
    assert [(each.resource, each.path, each.line, each.clusters) for each in migration.staying] == [
        ("HelmRelease shop/c", "c.yaml", 1, ()),
        ("HelmRelease shop/a", "eu/a.yaml", 1, ("eu",)),
    ]


def test_a_release_that_clusters_have_alike_is_one_row_however_they_patch_it() -> None:
    """What people read says the release name and the source; values and patches are in the diff."""
    files = {"base/kustomization.yaml": "resources: [a.yaml]\n", "base/a.yaml": release("a")}
    patch = "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: a, namespace: shop}\n"
    for index, name in enumerate(("eu", "us", "lab")):
        namespace = "namespace: test\n" if name == "lab" else ""
        files[f"{name}/patch.yaml"] = f"{patch}spec: {{values: {{x: {index}}}}}\n"
        files[f"{name}/kustomization.yaml"] = (
            f"resources: [../base]\npatchesStrategicMerge: [patch.yaml]\n{namespace}"
        )
        files[f"{name}/.flux.yaml"] = (
            "version: 1\ncommandUpdated: {generators: [{command: kustomize build .}]}\n"
        )
    options = fm.MigrationOptions(
        clusters=tuple(fm.Cluster(name=name, sync_paths=(name,)) for name in ("eu", "us", "lab"))
    )
    migration = fm.migrate_repository(files, options)
    assert len([each for each in migration.resources if each.resource.kind == "HelmRelease"]) == 3
    report = migration.to_markdown()
    rows = [line.split(" | ") for line in report.split("\n") if " HelmRepository " in line]
    assert [(row[0], row[-2]) for row in rows] == [("| shop/a", "eu, us"), ("| test/a", "lab")]
    assert "\n2 releases, " in report
    assert [cell for cell in ("eu, us", "lab") if f">{cell}</td>" in migration.to_html()] == ["eu, us", "lab"]
