"""What a text says of an installation, and how Helm takes values that are set one by one.

Source: Helm 3.7 `pkg/strvals`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.given import MAXIMUM_DEPTH
from fluxv2_migrate.kubernetes import as_list
from fluxv2_migrate.yaml_text import read_document

ValuePath = tuple[str, ...]
UNKNOWN_FILE: Final = "?"
"""Stands for values of which nobody knows where they are."""
_PART: Final = re.compile(r"(?:\\.|\{\{[^{}]*\}\}|\{[^{}]*\}|[^,\\])+")
_INDEX: Final = re.compile(r"\[([0-9]+)\]")
_DIGITS, _LAST_INDEX = 5, 65536


@dataclass(frozen=True, slots=True)
class InstallCommand:
    """A way in which a text says that something of Flux v1 was installed.

    Attributes:
        chart: the chart, as it is written; empty where the arguments are those of fluxd itself.
        repository: of the chart; empty where it is not said.
        release_name: of the Helm release.
        namespace: of the Helm release, or of fluxd.
        values: that are set one by one, nested.
        files: the values files, as they are written, in their order.
        templates: what fills in the values files that are templates, by their names.
        texts: values that are texts of files, each with its path and the name of the file.
        arguments: of fluxd, where no chart is named.
        is_rendered: whether Helm only writes the manifests, so that no Helm release stands in the cluster.
    """

    line: int
    chart: str = ""
    repository: str = ""
    release_name: str = ""
    namespace: str = ""
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    files: tuple[str, ...] = ()
    templates: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    texts: tuple[tuple[ValuePath, str], ...] = ()
    arguments: tuple[str, ...] = ()
    is_rendered: bool = False


def set_values(text: str, *, as_text: bool = False) -> Iterator[tuple[ValuePath, Any]]:
    r"""Gives the values of one `--set`.

    >>> list(set_values(r"git.path=a\,b,sops.enabled=true,x={c,d},y={{ z }}"))
    [(('git', 'path'), 'a,b'), (('sops', 'enabled'), True), (('x',), ['c', 'd']), (('y',), '{{ z }}')]
    """
    for part in _PART.findall(text):
        key, equals, value = part.partition("=")
        if not equals:
            continue
        path = value_path(key.strip())
        if value.startswith("{") and value.endswith("}") and not value.startswith("{{"):
            yield path, [each.strip() for each in value[1:-1].split(",")]
        else:
            plain = re.sub(r"\\(.)", r"\1", value)
            yield path, plain == "true" if plain in ("true", "false") and not as_text else plain


def set_one(values: dict[str, Any], name: str, value: Any, *, as_text: bool = False) -> None:
    r"""Puts a value to where a name of Helm's `--set` has it, as tools do that set one after the other.

    They keep commas of a value from Helm, unless it is a list in braces.

    Source: argoproj/argo-cd `util/helm/cmd.go` `cleanSetParameters`; k3s-io/helm-controller
    `pkg/controllers/chart/chart.go` `typedVal`.

    >>> values = {}
    >>> set_one(values, "git.readonly", "false")
    >>> set_one(values, "git.path", "a,b")
    >>> values
    {'git': {'readonly': False, 'path': 'a,b'}}
    """
    text = str(value).lower() if isinstance(value, bool) else str(value)
    is_list = text.startswith("{") and text.endswith("}")
    written = text if is_list else re.sub(r"(?<!\\),", r"\,", text)
    for path, each in set_values(f"{name}={written}", as_text=as_text):
        put_value(values, path, each)


def value_path(name: str) -> ValuePath:
    r"""Gives the keys that a name of a value is made of; an index of a list is a key of its own.

    >>> value_path(r"git.path"), value_path(r"a\.b.c"), value_path("additionalArgs[0]")
    (('git', 'path'), ('a.b', 'c'), ('additionalArgs', '[0]'))
    """
    keys: list[str] = []
    for part in re.findall(r"(?:\\.|[^.\\])+", name):
        key, *indices = re.split(r"(\[[0-9]+\])", part.replace("\\.", "."))
        keys += [key, *(each for each in indices if each)]
    return tuple(keys)


def put_value(values: dict[str, Any], path: ValuePath, value: Any) -> None:
    """Puts a value to its place in nested mappings and lists; what stands in its way goes.

    >>> values = {"git": "x"}
    >>> put_value(values, ("git", "path"), "prod")
    >>> put_value(values, ("args", "[1]"), "b")
    >>> values
    {'git': {'path': 'prod'}, 'args': [None, 'b']}
    """
    if not path or len(path) > MAXIMUM_DEPTH or any(map(_is_too_far, path)):
        return
    key, *further = path
    values[key] = _inner(values.get(key), further, value)


def _is_too_far(key: str) -> bool:
    """Gives whether a key is an index that Helm refuses.

    Source: Helm 3.14 `pkg/strvals/parser.go` `MaxIndex`.
    """
    index = _INDEX.fullmatch(key)
    return index is not None and (len(index[1]) > _DIGITS or int(index[1]) > _LAST_INDEX)


def _inner(known: Any, path: Sequence[str], value: Any) -> Any:
    """Gives what stands at a key when a value is put below it."""
    if not path:
        return value
    key, *further = path
    index = _INDEX.fullmatch(key)
    if index is None:
        inner = known if isinstance(known, dict) else {}
        inner[key] = _inner(inner.get(key), further, value)
        return inner
    listed = [*as_list(known)]
    listed += [None] * (int(index[1]) + 1 - len(listed))
    listed[int(index[1])] = _inner(listed[int(index[1])], further, value)
    return listed


def yaml_mapping(text: str) -> dict[str, Any]:
    """Gives the mapping that a text of YAML is; an empty one where it is none.

    >>> yaml_mapping("a: 1"), yaml_mapping("- a")
    ({'a': 1}, {})
    """
    try:
        value = read_document(text)[1]
    except InvalidManifest:
        return {}
    return value if isinstance(value, dict) else {}
