"""What comes from files is data, in a shell, in Markdown, in HTML and on a terminal."""

from __future__ import annotations

import html
import itertools
import re
import shlex
import shutil
import subprocess
import time
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

import fluxv2_migrate as fm
from fluxv2_migrate import LiveFlux2Object
from fluxv2_migrate.meaning import Difference
from fluxv2_migrate.quoting import (
    as_cell,
    as_code,
    as_code_block,
    as_html_text,
    as_markdown_text,
    command,
    names_a_secret,
    visible,
    without_credentials,
    without_secrets,
    word,
)

ANY = st.text()
NASTY = st.text("ab1 `'\"\\|<>&*_[]()#~!@$;\n\r\t\x1b\x85\u202e\u2028-+=.")
TEXTS = ANY | NASTY
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def shown(text: str) -> str:
    return visible(without_credentials(text))


def blocks(text: str) -> list[Token]:
    return MARKDOWN.parse(text)


@given(TEXTS)
def test_nothing_that_is_shown_does_anything(text: str) -> None:
    shown = visible(text)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    assert visible(shown) == shown


# Shells


@given(TEXTS)
def test_a_word_is_one_word(text: str) -> None:
    assert len(shlex.split(word(text))) == 1
    assert visible(word(text)) == word(text)
    if visible(text) == text:
        assert shlex.split(word(text)) == [text]


def test_bash_reads_a_word_as_what_it_is() -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash")
    texts = ["web", "s; touch p; #", "a\nb", "$(id)", "it's\t`id`", "\\x41\x1b[31m", "a\u202eb'", "", "!!\r"]
    script = "; ".join(f"printf '%s\\0' {word(text)}" for text in texts)
    done = subprocess.run(
        [bash, "-c", script], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}, timeout=30
    )
    assert done.stdout.decode().split("\0")[:-1] == texts


@given(st.lists(TEXTS, min_size=1, max_size=4), TEXTS)
def test_a_name_is_never_an_option(words: list[str], name: str) -> None:
    found = shlex.split(command(*words, name=name, options=["-o", "json"]))
    assert len(found) == len(words) + 3 + name.startswith("-")
    if name.startswith("-"):
        assert found[-2] == "--"


# Markdown and HTML


@given(TEXTS)
def test_code_is_code_and_nothing_else(text: str) -> None:
    if not text:
        assert as_code(text) == ""
        return
    paragraph = f"a {as_code(text)} b"
    (inline,) = [token for token in blocks(paragraph) if token.type == "inline"]
    found = [(token.type, token.content) for token in inline.children or ()]
    assert found == [("text", "a "), ("code_inline", shown(text)), ("text", " b")]


@given(TEXTS)
def test_a_text_stays_a_text(text: str) -> None:
    tokens = blocks(f"- {as_markdown_text(text)}")
    kinds = {token.type for token in tokens}
    kinds |= {inner.type for token in tokens for inner in token.children or ()}
    wanted = {"bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"}
    assert kinds <= {
        *wanted,
        "paragraph_open",
        "paragraph_close",
        "inline",
        "text",
        "text_special",
        "code_inline",
    }
    found = "".join(inner.content for token in tokens for inner in token.children or ())
    # Code has no back quotes of its own, and Markdown takes the blanks around a text.
    assert found.replace("`", "").split() == shown(text).replace("`", "").split()


@given(st.lists(TEXTS, min_size=2, max_size=2))
def test_a_text_ends_no_cell(texts: list[str]) -> None:
    cells = [as_cell(as_code(texts[0]) or "-"), as_cell(as_markdown_text(texts[1]))]
    rows = blocks(f"| a | b |\n|---|---|\n| {' | '.join(cells)} |\n")
    found = [row for row in rows if row.type == "inline"]
    assert [row.type for row in rows].count("tr_open") == 2
    assert len(found) == 4
    assert {inner.type for row in found for inner in row.children or ()} <= {
        "text",
        "text_special",
        "code_inline",
    }


@given(st.lists(TEXTS, max_size=3))
def test_nothing_closes_a_block_of_code(lines: list[str]) -> None:
    text = "\n".join(["1. x", "", *as_code_block(lines, "sh", "   "), "", "y"])
    fences = [token for token in blocks(text) if token.type == "fence"]
    assert [fence.content for fence in fences] == ["".join(f"{visible(line)}\n" for line in lines)]
    assert blocks(text)[-2].content == "y"


@given(TEXTS)
def test_html_holds_texts_only(text: str) -> None:
    seen: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            seen.append(tag)

    Reader().feed(as_html_text(text))
    assert not seen
    assert html.unescape(as_html_text(text)) == "\n".join(map(shown, text.split("\n")))


# Secrets


@pytest.mark.parametrize(
    "url",
    [
        "https://bot:HIDE@git.example.com/acme/charts",
        "https://HIDE@git.example.com/acme/charts",
        "https://bot:HI/HIDE@git.example.com/acme",
        "https://bot:H#HIDE@git.example.com/acme",
        "https://bot:HIDE@x@git.example.com/acme",
        "https://git:HIDE@git.example.com/acme",
        "s3://id:HIDE@charts-git.example.com",
        "ssh://HIDE@git.example.com:22/acme",
        "HIDE@git.example.com:acme/charts",
        "https://git.example.com/web.yaml?sig=HIDE&b=HIDE",
        "https://git.example.com/web.yaml#HIDE",
        "HTTPS://U:HIDE@git.example.com/?HIDE",
        "bot:HIDE@git.example.com/acme",
        "https:/bot:HIDE@git.example.com/acme",
        "https:\\\\bot:HIDE@git.example.com",
    ],
)
@pytest.mark.parametrize("around", ["{}", "is 'v1' of {} a tag?", "{!r}, and so on", "(`{}`)", "{}."])
def test_a_url_shows_its_host_and_path_only(url: str, around: str) -> None:
    shown = without_credentials(around.format(url))
    assert "HIDE" not in shown
    assert "git.example.com" in shown
    assert shown.endswith(around.partition("}")[2].rpartition("}")[2][-3:])
    assert without_credentials(shown) == shown


@pytest.mark.parametrize(
    "piece",
    ["a://b:c", "a://", "a", "a:,", "a@", "a://?", "`", "a`", "://:@", "token", "x=", "<", "\\", "1.", "@a"],
)
def test_time_grows_with_the_text(piece: str) -> None:
    def seconds(length: int) -> float:
        text = f"{piece * (length // len(piece))}/@"
        # Expressions run in C, where only time tells of work: that of this thread, whatever else runs.
        start = time.thread_time()
        for read in (without_credentials, without_secrets, as_code, as_markdown_text, as_html_text, word):
            read(text)
        return time.thread_time() - start

    # Eight times the text takes eight times as long, and not 64 times; one try that a machine does not
    # disturb shows it.
    assert any(seconds(40_000) < 30 * max(0.001, seconds(5_000)) for _ in range(20))


@pytest.mark.parametrize(
    "text",
    [
        "ssh://git@github.com/acme/charts",
        "git@github.com:acme/charts",
        "https://charts.example.com:8443/stable@2",
        "ghcr.io/acme/web:1.0@sha256:0123",
        "ghcr.io/acme/web@sha256:0123",
        "acme/web:1.0@sha256:0123",
        "is this so? yes",
        "https://registry.npmjs.org/@acme/web",
    ],
)
def test_what_is_no_secret_is_shown(text: str) -> None:
    assert without_credentials(text) == text


SECRETS = (
    "password dbPassword DB_PASSWORD adminpassword apiKey api_key AWS_SECRET_ACCESS_KEY tls.key TOKEN "
    "htpasswd credentials pwd privateKey existingSecret jwt auth basicAuth DATABASE_URL redisUri dbUrl "
    "SPRING_RABBITMQ_URL"
)


@pytest.mark.parametrize("key", SECRETS.split())
def test_keys_that_name_secrets(key: str) -> None:
    assert names_a_secret((key,))
    assert names_a_secret(("a", key, "b"))


@pytest.mark.parametrize(
    "key", ["replicas", "monkey", "keyboard", "image", "compass", "author", "url", "database"]
)
def test_keys_that_name_none(key: str) -> None:
    assert not names_a_secret((key, "b"))


@pytest.mark.parametrize(
    "dsn",
    [
        "web:hunter2@tcp(db:3306)/shop",
        "web:hunter2@unix(/run/mysqld.sock)/shop",
        "web/hunter2@//db:1521/orcl",
        "jdbc:oracle:thin:web/hunter2@db:1521:orcl",
        "mongodb://web:hunter2@db-0,db-1/shop",
        "redis://:hunter2@db:6379/0",
        "Server=db;Uid=web;Pwd=hunter2;",
        "jdbc:mysql://db/shop?user=web&password=hunter2",
    ],
)
def test_what_connects_to_a_database_shows_no_password(dsn: str) -> None:
    assert "hunter2" not in without_secrets(dsn)
    assert "db" in without_secrets(dsn) or "mysqld" in without_secrets(dsn)


def test_a_digest_is_no_password() -> None:
    image = "ghcr.io/acme/web@sha256:0f1e2d"
    assert without_secrets(image) == image


def test_a_difference_prints_no_secret() -> None:
    hidden = Difference("values", "hunter2", 12345, ("auth", "password"))
    assert str(hidden) == "values at auth.password: *** → ***"
    assert "hunter2" not in repr(hidden)
    assert (hidden.before, hidden.after) == ("hunter2", 12345)
    assert str(Difference("values", True, "(absent)", ("secret", "enabled"))).endswith("true → (absent)")
    url = Difference("values", "postgres://u:hunter2@db/x", "--token hunter2=1", ("url",))
    assert str(url).startswith("values at url: postgres://***@db/x →")
    assert without_secrets('{"password": "hunter2", "a": 1}') == '{"password": ***, "a": 1}'
    assert without_secrets("password=hunter2\nb") == "a text of 2 lines"


# Where texts of files go

NASTIES = (
    "s; touch p; #", "$(touch p)", "`touch p`", "s\n```\n# Do this\n<script>x</script>", "a|b", "\x1b[31mred",
    "--kubeconfig=x", "s\u202e", "[x](javascript:y)", "'; touch p; '",
)  # fmt: skip


def release(**fields: object) -> str:
    spec = {
        "helmVersion": "v3",
        "releaseName": fields.get("metadata__name", "web"),
        "chart": {"git": "https://git.example.com/acme/charts", "ref": "main", "path": "charts/web"},
    }
    manifest = {
        "apiVersion": "helm.fluxcd.io/v1",
        "kind": "HelmRelease",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": spec,
    }
    for dotted, value in fields.items():
        inner: Any = manifest
        *way, last = dotted.split("__")
        for key in way:
            inner = inner.setdefault(key, {})
        inner[last] = value
    return str(yaml.safe_dump(manifest, width=10000))


def workload(text: str) -> str:
    containers = [{"name": "web", "image": "ghcr.io/acme/web:1.0.0"}]
    pod = {"imagePullSecrets": [{"name": text}], "containers": containers}
    annotations = {"fluxcd.io/automated": "true", "fluxcd.io/tag.web": "semver:~1"}
    metadata = {"name": "web", "namespace": "shop", "annotations": annotations}
    spec = {"template": {"spec": pod}}
    manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
    return str(yaml.safe_dump(manifest, width=10000))


LIVE = fm.Inventory(
    records=(),
    flux2_objects=(
        LiveFlux2Object(
            kind="gitrepository",
            namespace="flux-system",
            name="charts",
            ready=False,
            message="cannot fetch https://bot:hunter2@git.example.com/x <script>|`\x1b[31m\n# Do this",
        ),
    ),
)


def documents(text: str) -> dict[str, str]:
    return {
        "apps/secret.yaml": release(metadata__name="a", spec__chart__secretRef={"name": text}),
        "apps/space.yaml": release(
            metadata__name="b", spec__chart__secretRef={"name": "s", "namespace": text}
        ),
        "apps/name.yaml": release(metadata__name=text, spec__releaseName=None),
        "apps/namespace.yaml": release(metadata__namespace=text, metadata__name="c", spec__releaseName=None),
        "apps/target.yaml": release(spec__targetNamespace=text, metadata__name="d"),
        "apps/release.yaml": release(spec__releaseName=text, metadata__name="e"),
        "apps/values.yaml": release(metadata__name="f", spec__valuesFrom=[{"secretKeyRef": {"name": text}}]),
        "apps/url.yaml": release(metadata__name="g", spec__chart__git=f"https://git.example.com/{text}"),
        "apps/ref.yaml": release(metadata__name="h", spec__chart__ref=text),
        "apps/workload.yaml": workload(text),
    }


@pytest.mark.parametrize("text", NASTIES)
def test_names_of_files_do_nothing(text: str) -> None:
    files = documents(text)
    migration = fm.migrate_repository(files)
    for step in migration.runbook().steps:
        for line in step.commands:
            assert not {"touch", "touch;", "p;", "$(touch", "`touch"} & set(
                shlex.split(line, comments=True)
            ), line
            assert visible(line) == line
    written = [
        migration.to_markdown(),
        migration.runbook().to_markdown(),
        migration.first_hour().to_markdown(),
    ]
    written.append(fm.verify_cluster(migration, LIVE).to_markdown())
    for document in (*written, migration._repr_html_(), migration.first_hour().to_svg()):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", document)
    for document in written:
        tokens = blocks(document)
        inner = {child.type for token in tokens for child in token.children or ()}
        assert not inner & {"html_inline", "link_open", "image"}
        html = "".join(token.content for token in tokens if token.type == "html_block")
        assert re.fullmatch(r"(</?details>\n|<summary>[\w :]+</summary>\n)*", html)
        titles = [
            after.content for token, after in itertools.pairwise(tokens) if token.type == "heading_open"
        ]
        assert "Do this" not in titles
    assert "<script" not in migration._repr_html_() + migration.first_hour().to_svg()
    assert "hunter2" not in "".join(written)
    for finding in migration.findings:
        assert visible(finding.message) == finding.message
    report = fm.verify_migration(files, migration.files)
    assert "html_inline" not in {
        child.type for token in blocks(report.to_markdown()) for child in token.children or ()
    }


def codes(files: dict[str, str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for finding in fm.migrate_repository(files).findings:
        for path in (finding.path, *(place.rpartition(":")[0] for place in finding.related)):
            found.setdefault(path, set()).add(finding.code)
    return found


@pytest.mark.parametrize("text", ["s; touch p; #", "Upper", "a_b", "-a", "a..b", "a" * 254])
def test_what_kubernetes_refuses_is_told(text: str) -> None:
    found = codes(documents(text))
    for path in ("apps/name.yaml", "apps/namespace.yaml"):
        assert "RP006" in found[path]
        assert "HR014" not in found[path]
    for path in ("apps/secret.yaml", "apps/space.yaml", "apps/target.yaml", "apps/values.yaml"):
        # What the definitions of Flux v2 limit is refused as what it becomes.
        assert {"HR130", "RP042"} & found[path]
    assert "HR014" in found["apps/release.yaml"]
    assert "IM040" in found["apps/workload.yaml"]


def test_what_kubernetes_takes_is_not_told() -> None:
    assert not {"RP006", "HR130", "HR014", "IM040"} & set().union(*codes(documents("a-1")).values())
    migration = fm.migrate_repository({"apps/workload.yaml": workload("Upper")})
    assert not migration.prerequisites


def test_a_pull_secret_is_made_with_its_type() -> None:
    options = fm.MigrationOptions(overrides=(fm.Override(name="web", pull_secret="made"),))
    commands = [
        line
        for step in fm.migrate_repository({"apps/web.yaml": workload("other")}, options).runbook().steps
        for line in step.commands
        if "made" in line
    ]
    files = "--type=kubernetes.io/dockerconfigjson --from-file=.dockerconfigjson=./made/.dockerconfigjson"
    assert commands == [f"kubectl -n flux-system create secret generic made {files}"]


def test_what_is_read_prints_no_credentials() -> None:
    source = {
        "apiVersion": "helm.fluxcd.io/v1",
        "kind": "HelmRelease",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "helmVersion": "v3",
            "chart": {
                "repository": "https://bot:hunter2@charts.example.com",
                "name": "web",
                "version": "1.0.0",
            },
            "values": {"password": "hunter2"},
        },
    }
    files = {"apps/web.yaml": str(yaml.safe_dump(source))}
    migration = fm.migrate_repository(files)
    assert migration.manifests
    for what in (migration, migration.manifests, migration.findings, migration.changes, migration.context):
        assert "hunter2" not in repr(what)
    fluxd = fm.Fluxd(git_url="https://bot:hunter2@git.example.com/acme")
    assert "hunter2" not in repr(fm.MigrationOptions(clusters=(fm.Cluster(name="a", fluxd=fluxd),)))
    assert fluxd.git_url == "https://bot:hunter2@git.example.com/acme"
    (release,) = (each for each in migration.resources if each.resource.kind == "HelmRepository")
    assert "hunter2" not in repr(release)
    report = fm.verify_migration(
        files, {"apps/web.yaml": files["apps/web.yaml"].replace("hunter2", "hunter3")}
    )
    assert "hunter" not in report.to_markdown()


@pytest.mark.parametrize(
    "chart",
    [
        {"git": "https://git.example.com/acme/charts?token=hunter2", "path": "web", "ref": "main"},
        {"git": "https://hunter2@git.example.com?token=hunter2", "path": "web", "ref": "main"},
        {"git": "https://hunter2@git.example.com#hunter2", "path": "web", "ref": "main"},
        {"git": "hunter2@git.example.com:charts", "path": "web", "ref": "main"},
        {"repository": "https://bot:hunter2@charts.example.com?hunter2", "name": "web", "version": "1.0.0"},
        {"repository": "https://charts.example.com/a#hunter2", "name": "web", "version": "1.0.0"},
        {"repository": "s3://bot:hunter2@charts?hunter2", "name": "web", "version": "1.0.0"},
    ],
)
def test_no_name_repeats_what_is_secret_in_a_url(chart: dict[str, str]) -> None:
    migration = fm.migrate_repository({"apps/web.yaml": release(spec__chart=chart)})
    assert migration.findings
    what = (migration.findings, migration.changes, migration.manifests, tuple(migration.files))
    assert "hunter2" not in "".join([migration.to_markdown(), *map(repr, what)])
