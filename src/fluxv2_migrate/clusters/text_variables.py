"""Variables that other files of a repository give to a text that installs something."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from fluxv2_migrate.clusters.reader import ClusterReader
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.terraform import resolved, terraform_modules, terraform_variables
from fluxv2_migrate.flux1.variables import agreed, assigned_in_text, plain_values
from fluxv2_migrate.kubernetes import as_object
from fluxv2_migrate.yaml_text import YAML_ENDINGS, document_texts, read_document

_SAMPLE: Final = re.compile(r"sample|example|template", re.IGNORECASE)
_ENCRYPTED: Final = "$ANSIBLE_VAULT;"
_ROLE: Final = re.compile(r"(?:(?P<base>.*)/)?roles/(?P<name>.+)/(?:tasks|handlers)/[^/]+")


def variables_around(path: str, reader: ClusterReader) -> dict[str, Any]:
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
