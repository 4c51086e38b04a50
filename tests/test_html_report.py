"""The page of a migration: read without a script, a network or colours; nothing of a file acts in it."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from operator import methodcaller
from pathlib import Path
from typing import Any

import pytest

import fluxv2_migrate as fm
from manifest_texts import AUTOMATED, release_text

RELEASE = release_text(
    """\
  chart: {{git: "git@git.example.com:acme/charts", ref: v1, path: web}}
  values:
    image: ghcr.io/acme/web:v1.2.3
    adminPassword: hunter2
    tokens: [hunter2]
    auth: {{enabled: true, pin: 47110815}}
""",
    AUTOMATED,
    "filter.fluxcd.io/chart-image: glob:{pattern}",
    name="{name}",
)
NASTY = "<script>alert(1)</script>"
FILES: dict[str, str | bytes] = {
    "eu/web.yaml": RELEASE.format(name="web", pattern="v*"),
    "us/api.yaml": RELEASE.format(name="api", pattern="x-*"),
    "us/old.yaml": RELEASE.format(name="old", pattern="v*").replace("spec:\n", "spec:\n  helmVersion: v2\n"),
    f"us/{NASTY}.yaml": RELEASE.format(name="nasty", pattern=f"'{NASTY}'").replace("v1.2.3", f"v1 # {NASTY}"),
    "us/broken.yaml": "a: [\n",
    "us/binary.yaml": b"\xff\x00",
}
OPTIONS = {"sync_roots": ["eu", "us"]}


def migrated(**options: Any) -> fm.Migration:
    return fm.migrate_repository(FILES, {**OPTIONS, **options})


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in ("meta", "input", "br", "link", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def values(self, name: str) -> list[str]:
        return [value for _, attributes in self.tags if (value := attributes.get(name))]


def test_the_page_has_landmarks_headings_in_order_and_links_that_lead_somewhere() -> None:
    page = Page(migrated().to_html())
    assert page.open == []
    names = [tag for tag, _ in page.tags]
    for landmark in ("header", "nav", "main", "h1"):
        assert names.count(landmark) == 1
    assert all(after <= before + 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    links = page.values("href")
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert any(re.fullmatch(r"#file-\d+-\d+", link) for link in links)
    for tag, attributes in page.tags:
        if tag == "input":
            assert attributes.get("name")
        if attributes.get("role") == "region":
            assert attributes.get("aria-label")
            assert attributes.get("tabindex") == "0"


def test_the_page_shows_outcome_questions_lines_and_diff() -> None:
    page = migrated().to_html()
    rows = re.findall(r'<tr><th scope="row">(eu|us)</th>((?:<td[^>]*>\d+</td>)+)', page)
    assert [(name, re.findall(r">(\d+)<", cells)) for name, cells in rows] == [
        ("eu", ["1", "0", "0", "1"]),
        ("us", ["2", "0", "1", "2"]),
    ]
    assert '<mark class="line here">   9  spec:</mark>' in page
    assert '<span class="removed" id="file-' in page
    assert '<span class="added">+apiVersion: image.toolkit.fluxcd.io/v1</span>' in page
    assert "HelmRelease shop/old" in page
    assert "Override(" in page
    assert "helm_versions" in page


def test_a_place_in_a_file_that_is_not_there_has_no_lines() -> None:
    command = "sops -d gone.yaml > secret.yaml && kustomize build ."
    files = {
        "eu/.flux.yaml": f"version: 1\ncommandUpdated: {{generators: [{{command: '{command}'}}]}}\n",
        "eu/kustomization.yaml": "resources: [web.yaml]\n",
        "eu/web.yaml": FILES["eu/web.yaml"],
    }
    migration = fm.migrate_repository(files)
    assert "eu/gone.yaml:1" in next(each.related for each in migration.findings if each.code == "DA032")
    page = migration.to_html()
    assert "<code>eu/gone.yaml:1</code>" in page
    assert 'aria-label="lines around eu/.flux.yaml:' in page
    assert 'aria-label="lines around eu/gone.yaml:1"' not in page


def test_long_names_of_clusters_have_room_beside_the_picture() -> None:
    name = "clusters/europe/" + "a-long-way-down/" * 4 + "production"
    files = {f"{name}/web.yaml": FILES["eu/web.yaml"]}
    hour = fm.migrate_repository(files, {"sync_roots": [name]}).first_hour()
    (shown,) = re.findall(r'class="name">(…[^<]*) \(1\)<', hour.to_svg())
    assert name.endswith(shown[1:])
    assert len(shown) <= 48


def test_the_page_of_nothing_is_a_page() -> None:
    page = fm.migrate_repository({"readme.md": "text\n"}).to_html()
    assert "Nothing has to be merged." in page
    assert "Changes" not in page


def test_the_first_hour_of_nothing_is_said_to_be_one() -> None:
    assert "No release is migrated." in fm.migrate_repository({}).first_hour()._repr_html_()
    assert "No release is migrated." not in migrated().first_hour()._repr_html_()


HTML_OF: Callable[[Any], str] = methodcaller("_repr_html_")
WORKLOAD = f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  annotations: {{fluxcd.io/automated: "true", fluxcd.io/tag.app: "glob:{NASTY}*"}}
spec:
  template:
    spec:
      imagePullSecrets: [{{name: "{NASTY}"}}]
      containers: [{{name: app, image: "ghcr.io/acme/web:1.4.7"}}]
"""
HELD = RELEASE.format(name="nasty", pattern=f"'{NASTY}'").replace("spec:\n", "spec:\n  helmVersion: v2\n")


def conversions() -> list[Any]:
    return [
        fm.convert_helm_release(
            RELEASE.format(name="web", pattern="v*"), {"overrides": [{"ref_kind": "tag"}]}
        ),
        fm.convert_helm_release(HELD),
        fm.convert_fluxd([f"--git-url=https://bot:hunter2@git.example.com/{NASTY}", f"--git-path={NASTY},b"]),
        fm.convert_fluxd(["--git-path=a"]),
        fm.convert_helm_operator(["--charts-sync-interval=1m"]),
        fm.convert_flux_yaml(
            "version: 1\ncommandUpdated:\n  generators: [{command: kustomize build ./b}]\n", NASTY
        ),
        fm.translate_annotations(WORKLOAD),
        fm.translate_annotations("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"),
    ]


def inventory_of_everything() -> fm.Inventory:
    given: dict[str, Any] = {
        "records": [
            {"name": "web", "namespace": "shop", "revision": 4, "status": "deployed", "chart": "nginx-9.5.4"},
            {"name": NASTY, "namespace": NASTY, "status": "failed"},
            {"name": "api", "namespace": "shop"},
        ],
        "helm2_releases": ["old", NASTY],
        "flux1_releases": [
            {"api_version": "helm.fluxcd.io/v1", "namespace": "shop", "name": NASTY, "target_namespace": None}
        ],
        "namespaces": [NASTY],
        "images": [{"kind": "Deployment", "namespace": "a", "name": NASTY, "container": "a", "image": NASTY}],
        "flux2_objects": [
            {"kind": "helmrelease", "namespace": "shop", "name": "web", "ready": ready, "message": NASTY}
            for ready in (True, False, None)
        ],
        "tags": {NASTY: [{"tag": "1.0"}, {"tag": NASTY, "created": "2021-01-01T00:00:00Z"}]},
        "understood": [NASTY],
    }
    return fm.Inventory.model_validate(given)


RESULTS: list[Callable[[], str]] = [
    lambda: migrated().to_html(),
    lambda: migrated().slim().to_html(),
    lambda: migrated()._repr_html_(),
    lambda: migrated().context._repr_html_(),
    lambda: migrated().runbook()._repr_html_(),
    lambda: migrated().first_hour()._repr_html_(),
    lambda: fm.migrate_repository({}).first_hour()._repr_html_(),
    lambda: fm.verify_cluster(
        migrated(clusters=[{"name": NASTY, "sync_paths": ["eu"]}], sync_roots=()),
        fm.Inventory.from_texts(helm_list="[]"),
    )._repr_html_(),
    lambda: fm.translate_tag_pattern(f"glob:{NASTY}*", current_tag="x")._repr_html_(),
    lambda: migrated().findings._repr_html_(),
    lambda: "".join(each._repr_html_() for each in migrated().findings),
    lambda: "".join(each._repr_html_() for each in migrated().resources),
    lambda: "".join(map(HTML_OF, conversions())),
    lambda: inventory_of_everything()._repr_html_(),
]


@pytest.mark.parametrize("shown", RESULTS)
def test_nothing_of_a_file_does_anything_on_a_page(shown: Callable[[], str]) -> None:
    text = shown()
    page = Page(text)
    assert page.open == []
    assert NASTY not in text
    assert "hunter2" not in text
    assert [tag for tag, _ in page.tags].count("script") == text.startswith("<!DOCTYPE")
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert not set(page.values("src"))
    assert all(link.startswith("#") for link in page.values("href"))


@pytest.mark.parametrize("shown", RESULTS[2:])
def test_what_a_notebook_shows_takes_no_links_of_other_results(shown: Callable[[], str]) -> None:
    page = Page(shown())
    assert page.values("href") == page.values("id") == []


def test_every_result_is_shown_as_html() -> None:
    results = [each for each in vars(fm.api).values() if hasattr(each, "to_markdown")]
    results += [fm.Finding, fm.Findings, fm.Inventory, fm.MigratedResource, fm.MigrationContext]
    results += [type(each) for each in conversions()]
    assert [each.__name__ for each in results if not hasattr(each, "_repr_html_")] == []
    assert len({*results}) > 14


def text_of(result: Any) -> str:
    """What somebody reads of what a notebook shows."""
    return html.unescape(re.sub("<style>.*?</style>|<[^>]+>", " ", HTML_OF(result), flags=re.DOTALL))


def test_a_finding_shows_place_remedy_and_answer() -> None:
    finding = next(each for each in migrated().findings if each.answer and each.path)
    shown = text_of(finding)
    for each in (finding.code, finding.slug, f"{finding.path}:{finding.line}", finding.resource, "Override("):
        assert each in shown
    proposed = fm.Finding("HR032", "which `Helm`?", proposal="a: 1\n")
    assert "the repository" in text_of(proposed)
    assert "proposed, 1 line " in text_of(proposed)
    assert "<code>Helm</code>" in HTML_OF(proposed)


def test_a_conversion_shows_objects_findings_and_what_is_needed_first() -> None:
    release, held, fluxd, unknown, operator, flux_yaml, workload, other = map(text_of, conversions())
    assert "releaseName: shop-web" in release
    assert "adminPassword: ***" in release
    # Whether there is a secret may be read, and a number may be one.
    assert "enabled: true" in release
    assert "47110815" not in release
    assert "What was done (" in release
    assert "to be answered first" in held
    assert "releaseName" not in held
    assert "Kustomization  flux-system/flux-system" in fluxd
    assert "Objects that people create" in fluxd
    assert "no object comes of it" in unknown
    assert "no object comes of it" in operator
    assert "converted" in flux_yaml
    assert re.search(r"spec.template.spec.containers.0.image\s+flux-system:web", workload)
    assert "no object comes of it" in other


def test_a_migrated_resource_shows_where_it_stands_and_what_it_was() -> None:
    resource = next(each for each in migrated().resources if each.before)
    shown = text_of(resource)
    assert resource.path in shown
    assert resource.before in shown
    assert "apiVersion: helm.toolkit.fluxcd.io/v2" in shown


def test_an_inventory_shows_what_it_says_and_what_was_not_given() -> None:
    shown = text_of(inventory_of_everything())
    for each in ("Helm releases (3)", "nginx-9.5.4", "not known", "not ready", "not said", "Tags (1)"):
        assert each in shown
    assert "Not given" not in shown
    assert "Helm releases (0)" in text_of(fm.Inventory.from_texts(helm_list="[]"))
    few = text_of(fm.Inventory.from_texts(namespaces="namespace/shop"))
    assert "Namespaces (1)" in few
    assert "Not given: Helm releases, Releases of Helm 2," in few


BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def in_browser(page: str, tmp_path: Path) -> str:
    """Gives what a browser makes of a page."""
    assert BROWSER is not None
    (tmp_path / "page.html").write_text(page, "utf-8")
    command = [
        BROWSER,
        *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
        *("--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}"),
        *("--dump-dom", (tmp_path / "page.html").as_uri()),
    ]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={**os.environ, "HOME": str(tmp_path)},
    ).stdout


@pytest.mark.skipif(BROWSER is None, reason="needs a Chromium")
def test_a_browser_filters_the_page(tmp_path: Path) -> None:
    typed = """<script>form.elements.words.value = "HR052"; form.elements.info.checked = false;
    form.dispatchEvent(new Event("input"));</script>"""
    page = migrated().to_html().replace("</body>", f"{typed}</body>")
    shown = in_browser(page, tmp_path)
    cards = re.findall(r'<article class="card[^>]*>(?:(?!<article).)*?<h4>(\w+) ', shown)
    hidden = re.findall(r'<article class="card[^>]* hidden=""[^>]*><h4>(\w+) ', shown)
    assert set(cards) - set(hidden) == {"HR052"}
    assert re.search(r"1 of \d+ entries", shown)


@pytest.mark.skipif(BROWSER is None, reason="needs a Chromium")
def test_no_table_has_to_be_scrolled_sideways(tmp_path: Path) -> None:
    """As on a telephone, in a narrow window or in the side bar of a notebook."""
    script = """<script>
    document.querySelectorAll("details").forEach(each => each.open = true);
    const boxes = [document.documentElement, ...document.querySelectorAll(".scroll:has(table)")];
    const wide = boxes.filter(each => each.scrollWidth > each.clientWidth);
    parent.document.title += ` ${boxes.length > 5} ${wide.map(each => each.ariaLabel)}`;
    </script>"""
    pages = [
        html.escape(f"<!DOCTYPE html>{shown}{script}")
        for shown in (migrated().to_html(), migrated()._repr_html_())
    ]
    frames = [
        f'<iframe srcdoc="{page}" style="width:{width}px;height:50rem"></iframe>'
        for page in pages
        for width in (400, 700, 900)
    ]
    (title,) = re.findall("<title>(.*)</title>", in_browser("".join(frames), tmp_path))
    assert title.split() == ["true"] * len(frames)


@pytest.mark.skipif(BROWSER is None, reason="needs a Chromium")
def test_commands_of_a_notebook_are_not_broken_within_words(tmp_path: Path) -> None:
    """JupyterLab breaks the lines of every `pre` anywhere; a command can be read and copied as it is."""
    lab = ".lab pre{white-space:pre-wrap;word-break:break-all}"
    told = "getComputedStyle(each).whiteSpace + ' ' + getComputedStyle(each).wordBreak"
    script = f"document.title = [...document.querySelectorAll('pre')].map(each => {told}).join(', ')"
    shown = f"<div class='lab'>{migrated().runbook()._repr_html_()}</div>"
    page = f"<style>{lab}</style>{shown}<script>{script}</script>"
    titles = re.findall("<title>(.*)</title>", in_browser(page, tmp_path))
    assert set(titles[-1].split(", ")) == {"pre normal"}


def test_a_page_says_what_was_assumed_as_the_report_does() -> None:
    said = [
        line[2:] for line in migrated().to_markdown().partition("## What was assumed\n\n")[2].splitlines()
    ]
    assert any("the newest: the repository names none" in each for each in said)
    for shown in (text_of(migrated().context), re.sub("<[^>]+>", "", migrated().to_html())):
        words = " ".join(html.unescape(shown).split())
        assert all(html.unescape(each.replace("`", "")) in words for each in said)


def test_a_long_word_of_a_message_makes_no_table_wider_than_its_page() -> None:
    shown = migrated().findings._repr_html_()
    assert shown.count('<span class="message">') == len(migrated().findings)
    assert "min-width:16rem;overflow-wrap:anywhere" in shown
