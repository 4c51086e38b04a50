"""The programs of Flux v1 that scripts, READMEs, playbooks and Terraform say were installed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fluxv2_migrate.clusters.reader import ClusterReader
from fluxv2_migrate.clusters.tree_charts import chart_of_folder
from fluxv2_migrate.clusters.value_sources import ValueSource, values_of_sources
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.charts import Flux1Chart, programs_of_chart
from fluxv2_migrate.flux1.flags import Program
from fluxv2_migrate.flux1.install_command import InstallCommand, put_value, yaml_mapping
from fluxv2_migrate.flux1.install_texts import install_commands, manifests_in_playbook, manifests_in_text
from fluxv2_migrate.flux1.installation import Flux1Program, program_of_arguments, programs_of_workload
from fluxv2_migrate.flux1.terraform import resolved, terraform_modules, terraform_variables
from fluxv2_migrate.flux1.variables import agreed, assigned_in_text, plain_values
from fluxv2_migrate.kubernetes import as_object
from fluxv2_migrate.repository.reading import read_documents
from fluxv2_migrate.yaml_text import YAML_ENDINGS, document_texts, read_document
from fluxv2_migrate.yaml_text.kept import kept

_INSTALLERS: Final = ("fluxctl", "eksctl", "k8s-configuration", "k8sconfiguration")
_INSTALLERS_OF_CHARTS: Final = ("helm_release", "chart_ref")
_COMMANDS_OF_CHARTS: Final = (
    re.compile(r"helm(?<=\bhelm)3?\s"),
    re.compile(r"releases:(?<=^releases:)", re.MULTILINE),
)
_IN_TEMPLATE: Final = re.compile(r"\$\{\s*(\w+)\s*\}")
_PROGRAMS: Final[tuple[Program, ...]] = ("fluxd", "helm-operator")
_SAMPLE: Final = re.compile(r"sample|example|template", re.IGNORECASE)
_ENCRYPTED: Final = "$ANSIBLE_VAULT;"
_ROLE: Final = re.compile(r"(?:(?P<base>.*)/)?roles/(?P<name>.+)/(?:tasks|handlers)/[^/]+")


def programs_of_texts(reader: ClusterReader) -> Iterator[Flux1Program]:
    """Gives the programs that texts say were installed; comments count where nothing else says it."""
    texts = {
        path: _variables_around(path, reader) for path in sorted(reader.files) if _installs(reader.text(path))
    }
    found = [each for path, known in texts.items() for each in _of_text(path, known, reader)]
    missing = [each for each in _PROGRAMS if all(known.program != each for known in found)]
    if missing:
        commented = (
            each for path, known in texts.items() for each in _of_text(path, known, reader, in_comments=True)
        )
        found += (each for each in commented if each.program in missing)
    yield from found


def _of_text(
    path: str, known: Mapping[str, Any], reader: ClusterReader, *, in_comments: bool = False
) -> Iterator[Flux1Program]:
    text = reader.text(path)
    for command in install_commands(text, path, known, in_comments=in_comments):
        yield from _of_command(command, path, reader)
    if not in_comments:
        yield from _of_manifests(path, text, known)


def _of_manifests(path: str, text: str, known: Mapping[str, Any]) -> Iterator[Flux1Program]:
    """Gives the programs of manifests that stand in a text: in a here-document, or in a task."""
    if path.endswith(YAML_ENDINGS):
        for manifest in manifests_in_playbook(text, known):
            yield from _at_line(programs_of_workload(manifest), path, 1)
        return
    for inner, line in manifests_in_text(text):
        for document in read_documents(path, inner)[0]:
            yield from _at_line(programs_of_workload(document.manifest), path, line + document.line - 1)


def _at_line(programs: Iterable[Flux1Program], path: str, line: int) -> Iterator[Flux1Program]:
    for program in programs:
        settings = {name: replace(each, path=path, line=line) for name, each in program.settings.items()}
        yield replace(program, is_text=True, settings=settings, path=path, line=line)


@kept(512)
def _installs(text: str) -> bool:
    """Gives whether a text may hold a command that installs a program of Flux v1.

    Nearly all texts stay the same while a repository is prepared, and are asked again.
    """
    if any(map(text.__contains__, _INSTALLERS)):
        return True
    return ("flux" in text or "helm-operator" in text) and (
        any(word in text for word in _INSTALLERS_OF_CHARTS)
        or "--git-url" in text
        or any(pattern.search(text) is not None for pattern in _COMMANDS_OF_CHARTS)
    )


def _of_command(command: InstallCommand, path: str, reader: ClusterReader) -> Iterator[Flux1Program]:
    place = (path, command.line)
    if not command.chart:
        program = program_of_arguments(command.arguments, "fluxd", lambda _: place)
        if _tells_what_it_syncs(program):
            yield replace(
                program, namespace=command.namespace, name=command.release_name, is_text=True, path=path
            )
        return
    sources = [each for name in command.files for each in _values_of_file(name, command, path, reader)]
    is_complete = len(sources) == len(command.files)
    sources.append(ValueSource(command.values, *place))
    for key, name in command.texts:
        file = _file_of(name, path, reader)
        is_complete &= file is not None
        if file is not None:
            read: dict[str, Any] = {}
            put_value(read, key, reader.text(file).strip())
            sources.append(ValueSource(read, file))

    def locate(key: Sequence[str]) -> tuple[str, int]:
        holder = next((each for each in reversed(sources) if key and each.holds(key)), None)
        return place if holder is None else holder.locate(key)

    chart = Flux1Chart(command.chart.rstrip("/").rpartition("/")[2], f"{command.repository} {command.chart}")
    manifest = _file_of(posixpath.join(command.chart, "Chart.yaml"), path, reader)
    chart = chart_of_folder(posixpath.dirname(manifest or ""), chart, reader)
    for program in programs_of_chart(
        chart,
        values_of_sources(sources),
        release_name=command.release_name,
        namespace=command.namespace,
        locate=locate,
    ):
        if program.program == "fluxd" and not _tells_what_it_syncs(program):
            continue
        release_name = "" if command.is_rendered else program.release_name
        yield replace(program, is_text=True, is_complete=is_complete, release_name=release_name)


def _tells_what_it_syncs(fluxd: Flux1Program) -> bool:
    """Gives whether a text says more than that fluxd was installed: of which repository, or which paths."""
    return fluxd.repository_url is not None or fluxd.given("git-path") is not None


def _values_of_file(
    name: str, command: InstallCommand, path: str, reader: ClusterReader
) -> Iterator[ValueSource]:
    """Gives the values of a file, or of a template that variables fill in."""
    file = _file_of(name, path, reader)
    if file is None:
        return
    if name not in command.templates:
        for document in reader.documents_of(file)[:1]:
            yield ValueSource(document.manifest, file, document=document)
        return
    known = command.templates[name]
    text = _IN_TEMPLATE.sub(lambda each: known.get(each[1], each[0]), reader.text(file))
    if values := yaml_mapping(text):
        yield ValueSource(values, file)


def _file_of(name: str, path: str, reader: ClusterReader) -> str | None:
    """Gives the file of the repository that a script names: relative to itself, or to the root."""
    for folder in (posixpath.dirname(path), ""):
        file = posixpath.normpath(posixpath.join(folder, name))
        if file in reader.files:
            return file
    # What a variable begins with is found by the rest of it.
    known = re.sub(r"^.*[$}>)][^/]*/", "", name).lstrip("./")
    ends = [file for file in reader.files if file == known or file.endswith("/" + known)]
    return ends[0] if len(ends) == 1 else None


def _variables_around(path: str, reader: ClusterReader) -> dict[str, Any]:
    """Gives the variables that a file has from others: of its folder, its role, its environment.

    Those of Terraform may be lists and objects, too. Those of which several files say different
    things are not known.

    Source: Ansible, `Understanding variable precedence`: defaults of a role, groups, variables of a role.
    """
    if path.endswith((".tf", ".tfvars")):
        return _of_terraform(path, reader)
    if path.endswith(YAML_ENDINGS):
        return _of_ansible(path, reader)
    folder = posixpath.dirname(path)
    named = (name for name in reader.files if posixpath.dirname(name) in (folder, ""))
    text = reader.text(path)
    files = [name for name in named if name.endswith(".env") and posixpath.basename(name) in text]
    return agreed(each for name in files for each in assigned_in_text(reader.text(name)).items())


def _of_terraform(path: str, reader: ClusterReader) -> dict[str, Any]:
    folder = posixpath.dirname(path)
    files = sorted(each for each in reader.files if each.endswith((".tf", ".tfvars")))
    beside = [each for each in files if posixpath.dirname(each) == folder]
    given = [each for each in beside if each.endswith(".tfvars")]
    return {
        **_assigned((each for each in beside if each.endswith(".tf")), reader),
        **_assigned(given, reader),
        **agreed(each for file in files if file.endswith(".tf") for each in _of_calls(file, folder, reader)),
    }


def _assigned(files: Iterable[str], reader: ClusterReader) -> dict[str, Any]:
    return agreed(terraform_variables(reader.text(each) for each in files))


def _of_calls(file: str, folder: str, reader: ClusterReader) -> Iterator[tuple[str, Any]]:
    """Gives what the calls of a module in a file give to it."""
    above = posixpath.dirname(file)
    if above == folder or "module" not in reader.text(file):
        return
    beside = [each for each in sorted(reader.files) if posixpath.dirname(each) == above]
    for source, given in terraform_modules(reader.text(file)):
        if posixpath.normpath(posixpath.join(above, source)) == folder:
            known = _assigned((each for each in beside if each.endswith((".tf", ".tfvars"))), reader)
            yield from as_object(resolved(given, known)).items()


def _of_ansible(path: str, reader: ClusterReader) -> dict[str, str]:
    role = _ROLE.fullmatch(path)
    base = (role["base"] or "") if role is not None else posixpath.dirname(path)
    own = posixpath.join(base, "roles", role["name"]) if role is not None else ""
    known: dict[str, str] = {}
    for folders in ([f"{own}/defaults"], _of_groups(base, reader), [f"{own}/vars"]):
        below = tuple(f"{folder}/" for folder in folders if folder.strip("/"))
        there = (each for each in reader.files if each.startswith(below) and each.endswith(YAML_ENDINGS))
        files = sorted(each for each in there if _SAMPLE.search(posixpath.basename(each)) is None)
        known |= agreed(each for file in files for each in _of_file(file, reader))
    return known


def _of_groups(base: str, reader: ClusterReader) -> list[str]:
    """Gives the folders with the variables of groups that a playbook finds: beside it, or its inventories."""
    found = {posixpath.join(base, each) for each in ("group_vars", "vars")}
    for path in reader.files:
        above, marked, _ = path.partition("group_vars/")
        if marked and above.startswith(base):
            found.add(f"{above}group_vars")
    return sorted(found)


def _of_file(path: str, reader: ClusterReader) -> Iterator[tuple[str, str]]:
    text = reader.text(path)
    if text.startswith(_ENCRYPTED):
        # One long scalar, of which nobody can read anything.
        return
    for document in document_texts(text):
        try:
            value: Any = read_document(document)[1]
        except InvalidManifest:
            continue
        yield from plain_values(as_object(value))
