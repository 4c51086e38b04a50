"""The charts `flux` and `helm-operator`: which flags their values become, and what they install.

Source: fluxcd/flux 1.25.4 `chart/flux/templates/{deployment,_helpers,memcached}.yaml`, its chart 0.14.1
`templates/helm-operator-deployment.yaml`; helm-operator 1.4.4 `chart/helm-operator/templates`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from fluxv2_migrate.flux1.chart_tables import FLUXD_OF_CHARTS, VALUE_FLAGS
from fluxv2_migrate.flux1.flags import FLAGS, Program, read_arguments
from fluxv2_migrate.flux1.install_command import yaml_mapping
from fluxv2_migrate.flux1.installation import (
    PROGRAM_IMAGES,
    Flux1Program,
    KnownRepository,
    Locate,
    Setting,
    nowhere,
    program_of_image,
    version_of_image,
    with_arguments,
)
from fluxv2_migrate.kubernetes import as_list, as_object, field_at, mappings_in

CHARTS: Final[Mapping[str, Program]] = MappingProxyType({"flux": "fluxd", "helm-operator": "helm-operator"})
"""The charts of the two programs, by name."""
_BOUNDED: Final = {name: re.compile(rf"(?<![a-z0-9]){name}(?![a-z0-9])") for name in CHARTS}
_OWN_REPOSITORIES: Final = (
    "charts.fluxcd.io",
    "fluxcd.github.io",
    "weaveworks.github.io/flux",
    "fluxcd/flux",
    "weaveworks/flux",
    "fluxcd/helm-operator",
)
# What only these charts have among their values.
_MARKS: Final[Mapping[Program, tuple[str, ...]]] = {
    "fluxd": ("git.url",),
    "helm-operator": (
        "helm.versions",
        "chartsSyncInterval",
        "git.defaultRef",
        "configureRepositories.enable",
    ),
}
_MARKS_OF_FORKS: Final[Mapping[Program, tuple[str, ...]]] = {
    "fluxd": ("git.url", "git.branch", "git.path"),
    "helm-operator": ("helm.versions",),
}
"""All of them are values of a chart with a name of its own that is a copy of one of Flux v1."""
_LONGEST: Final = 63
_NO_CONTEXT: Final = "default"
"""Where kubectl and fluxd put what names no namespace, if no context says anything else."""
_SINCE_FIRST_MAJOR: Final = re.compile(r"[^0-9]*0*[1-9]")


@dataclass(frozen=True, slots=True)
class Flux1Chart:
    """A chart that somebody installs, as far as it tells whether it is one of Flux v1.

    Attributes:
        name: of the chart; that of the folder where nobody knows better.
        source: the repository or git URL that it comes from.
        defaults: its own values, where they are in the tree.
        is_own: whether its `Chart.yaml` says the name.
        version: of the chart; empty where nobody knows.
        parts: the charts that it depends on.
        has_templates: whether it brings objects of its own.
    """

    name: str
    source: str = ""
    defaults: Mapping[str, Any] | None = None
    is_own: bool = False
    version: str = ""
    parts: tuple[ChartPart, ...] = ()
    has_templates: bool = False


@dataclass(frozen=True, slots=True)
class ChartPart:
    """A chart that another one depends on.

    Attributes:
        key: under which the values of the other one hold its own.
        condition: paths of values of the other one that turn it on or off, joined by commas.
    """

    key: str
    chart: Flux1Chart
    condition: str = ""

    def is_on(self, values: Mapping[str, Any]) -> bool:
        """Gives whether it is installed: the first of its conditions that is there decides.

        Source: Helm 3.7 `pkg/chartutil/dependencies.go`.

        >>> part = ChartPart("flux", Flux1Chart("flux"), "gitops.on,flux.enabled")
        >>> part.is_on({}), part.is_on({"flux": {"enabled": False}})
        (True, False)
        """
        found = (_at(values, each.strip()) for each in self.condition.split(",") if each.strip())
        return next((each for each in found if isinstance(each, bool)), True)


def may_be_of_flux1(name: str) -> bool:
    """Gives whether a chart may be one of Flux v1, or a copy of one, by its name.

    >>> may_be_of_flux1("flux"), may_be_of_flux1("acme-helm-operator"), may_be_of_flux1("fluxcloud")
    (True, True, False)
    """
    return any(_BOUNDED[each].search(name) for each in CHARTS)


def program_of_chart_name(chart: Flux1Chart, values: Mapping[str, Any]) -> Program | None:
    """Gives the program that a chart installs: by its image, or by its name with what only it has.

    >>> program_of_chart_name(Flux1Chart("flux", "https://charts.example.com"), {"git": {"url": "x"}})
    'fluxd'
    >>> program_of_chart_name(Flux1Chart("web", "https://charts.fluxcd.io"), {}) is None
    True
    """
    for each in (values, chart.defaults or {}):
        repository = as_object(each.get("image")).get("repository")
        if isinstance(repository, str) and _is_program_image(repository):
            return program_of_image(repository)
    program = CHARTS.get(chart.name)
    all_values = merged_values(chart.defaults or {}, values)
    if program is None:
        forks = (each for name, each in CHARTS.items() if _BOUNDED[name].search(chart.name))
        return next((each for each in forks if _is_forked(all_values, _MARKS_OF_FORKS[each])), None)
    is_known = any(each in chart.source for each in _OWN_REPOSITORIES)
    marks = any(_at(all_values, mark) not in (None, "") for mark in _MARKS[program])
    return program if is_known or marks else None


def _is_forked(values: Mapping[str, Any], marks: Sequence[str]) -> bool:
    return all(_at(values, mark) not in (None, "") for mark in marks)


def programs_of_chart(
    chart: Flux1Chart,
    values: Mapping[str, Any],
    *,
    release_name: str,
    namespace: str = "",
    locate: Locate = nowhere,
) -> Iterator[Flux1Program]:
    """Gives the programs of Flux v1 that a release of a chart installs.

    Args:
        locate: gives file and line of a value; of the release for no value.

    >>> values = {"git": {"url": "git@example.com:a/b", "path": ["base", "prod"]}}
    >>> found, = programs_of_chart(Flux1Chart("flux"), values, release_name="flux")
    >>> found.items("git-path"), found.name, found.text("k8s-secret-name")
    (('base', 'prod'), 'flux', 'flux-git-deploy')
    """
    program = program_of_chart_name(chart, values)
    all_values = merged_values(chart.defaults or {}, values)
    if program is None:
        yield from _of_parts(chart, all_values, release_name, namespace, locate)
        return
    own = (
        chart.name if chart.is_own or may_be_of_flux1(chart.name) else {"fluxd": "flux"}.get(program, program)
    )
    name = _name(own, all_values)
    full_name = _full_name(own, all_values, release_name)
    path, line = locate(())
    image = _image(as_object(all_values.get("image")))
    found = Flux1Program(
        program,
        _flags(program, all_values, full_name, namespace, locate),
        dict(_leaves(values, locate)),
        image,
        version_of_image(image) or _version(program, chart),
        namespace,
        full_name,
        {"app": name, "release": release_name} if release_name else {"app": name},
        release_name,
        f"{full_name}-memcached" if program == "fluxd" and full_name else "",
        tuple(_repositories(all_values)) if program == "helm-operator" else (),
        dict(_variables(all_values.get("extraEnvs"))),
        _context_namespace(chart, all_values, namespace),
        path,
        line,
    )
    yield found
    operator = as_object(all_values.get("helmOperator"))
    if program == "fluxd" and operator.get("create") is True and _brings_operator(chart):

        def locate_inner(field: Sequence[str]) -> tuple[str, int]:
            return locate(("helmOperator", *field)) if field else locate(())

        inner = _image({"repository": operator.get("repository"), "tag": operator.get("tag")})
        yield replace(
            found,
            program="helm-operator",
            settings=_flags("helm-operator", operator, f"{full_name}-helm-operator", namespace, locate_inner),
            values=dict(_leaves(as_object(values.get("helmOperator")), locate_inner)),
            image=inner,
            version=version_of_image(inner),
            name=f"{full_name}-helm-operator" if full_name else "",
            labels={**found.labels, "app": f"{name}-helm-operator"},
            memcached="",
            context_namespace="",
            repositories=tuple(_repositories(operator)),
        )


def may_be_program(values: Mapping[str, Any]) -> bool:
    """Gives whether a chart with a name of its own may install a program of Flux v1: the image shows it.

    Args:
        values: of the release itself, which count before those of all other sources.

    >>> may_be_program({"image": {"repository": "fluxcd/flux"}}), may_be_program({"image": {"tag": "1.25.4"}})
    (True, True)
    >>> may_be_program({"image": {"repository": "nginx"}}), may_be_program({"replicas": 2})
    (False, False)
    """
    if "image" not in values:
        return False
    repository = as_object(values["image"]).get("repository")
    return not isinstance(repository, str) or _is_program_image(repository)


def _is_program_image(repository: str) -> bool:
    # Images of other programs have nothing in common with these but a part of their name.
    return "/".join(repository.split("/")[-2:]) in PROGRAM_IMAGES


def _of_parts(
    chart: Flux1Chart, values: Mapping[str, Any], release_name: str, namespace: str, locate: Locate
) -> Iterator[Flux1Program]:
    """Gives the programs that the charts install which a chart depends on."""
    parts = [each for each in chart.parts if each.is_on(values)]
    found: list[Flux1Program] = []
    is_part = chart.has_templates
    for part in parts:

        def locate_inner(field: Sequence[str], key: str = part.key) -> tuple[str, int]:
            return locate((key, *field)) if field else locate(())

        inner = programs_of_chart(
            part.chart,
            as_object(values.get(part.key)),
            release_name=release_name,
            namespace=namespace,
            locate=locate_inner,
        )
        known = len(found)
        found += inner
        is_part |= known == len(found)
    yield from (replace(each, is_part=is_part) for each in found)


def _flags(
    program: Program, values: Mapping[str, Any], full_name: str, namespace: str, locate: Locate
) -> dict[str, Setting]:
    """Gives the flags that the chart's template makes of values."""
    found: dict[str, Setting] = {}
    for value, flag in VALUE_FLAGS[program].items():
        given = _at(values, value)
        is_switch = FLAGS[program][flag].form == "switch"
        if given not in (None, "", []) and (is_switch or given is not False):
            found[flag] = Setting(_text(given), *locate(value.split(".")))
    of_release = locate(())
    if program == "fluxd":
        _complete_fluxd(found, values, full_name, namespace, locate)
    elif _at(values, "clusterRole.create") is False and namespace:
        found["allow-namespace"] = Setting(namespace, *locate(("clusterRole", "create")))
    if program == "helm-operator" and _at(values, "configureRepositories.enable") is True:
        versions = str(_at(values, "helm.versions") or "v2,v3").split(",")
        imported = ",".join(f"{each}:/root/.helm/repository/repositories.yaml" for each in versions)
        found["helm-repository-import"] = Setting(imported, *locate(("configureRepositories",)))
    if program == "helm-operator":
        found.setdefault("workers", Setting("4", *of_release))
        found.setdefault("status-update-interval", Setting("30s", *of_release))
    arguments = values.get("additionalArgs")
    words = [each for each in arguments if isinstance(each, str)] if isinstance(arguments, list) else []
    if program == "helm-operator" and _at(values, "helm.versions") is None and _gives_versions(words):
        # The chart gives its own default first, and the list grows.
        found["enabled-helm-versions"] = Setting("v2,v3", *of_release)
    return with_arguments(found, words, program, lambda word: locate(("additionalArgs", str(word))))


def _gives_versions(words: Sequence[str]) -> bool:
    return any(each.flag == "enabled-helm-versions" for each in read_arguments(words, "helm-operator"))


def _complete_fluxd(
    found: dict[str, Setting], values: Mapping[str, Any], full_name: str, namespace: str, locate: Locate
) -> None:
    of_release = locate(())
    if "git-poll-interval" in found:
        found.setdefault("sync-interval", found["git-poll-interval"])
    if _at(values, "syncGarbageCollection.dry"):
        found.pop("sync-garbage-collection", None)
    if _at(values, "git.verifySignaturesMode"):
        found.pop("git-verify-signatures", None)
    if full_name:
        found.setdefault("k8s-secret-name", Setting(f"{full_name}-git-deploy", *of_release))
        found.setdefault("memcached-hostname", Setting(f"{full_name}-memcached", *of_release))
    found.setdefault("registry-rps", Setting("200", *of_release))
    found.setdefault("registry-burst", Setting("125", *of_release))
    if _at(values, "clusterRole.create") is False:
        allowed = _at(values, "allowedNamespaces")
        names = [*as_list(allowed), namespace]
        place = locate(("clusterRole", "create"))
        found["k8s-allow-namespace"] = Setting(",".join(str(each) for each in names if each), *place)
    if _at(values, "registry.ecr.require"):
        found["registry-require"] = Setting("ecr", *locate(("registry", "ecr", "require")))
    if _at(values, "registry.dockercfg.enabled"):
        file = _at(values, "registry.dockercfg.configFileName") or "/dockercfg/config.json"
        found["docker-config"] = Setting(str(file), *locate(("registry", "dockercfg", "enabled")))
    if "token" in found:
        found["connect"] = replace(found["token"], value="wss://cloud.weave.works/api/flux")
    keys = {"secretName": "/root/gpg-import/private", "configMapName": "/root/gpg-import/public"}
    imported = [file for key, file in keys.items() if _at(values, f"gpgKeys.{key}")]
    if imported:
        found["git-gpg-key-import"] = Setting(",".join(imported), *locate(("gpgKeys",)))


def _context_namespace(chart: Flux1Chart, values: Mapping[str, Any], namespace: str) -> str:
    """Gives the namespace of the context in the kubeconfig that the chart of fluxd gives to it.

    Source: fluxcd/flux 1.25.4 `chart/flux/templates/kube.yaml`, `pkg/cluster/kubernetes/namespacer.go`.
    """
    if CHARTS.get(chart.name) != "fluxd" or _at(values, "kube.externalConfig"):
        return ""
    if _at(values, "clusterRole.create") is False:
        return namespace
    given = _at(values, "kube.config")
    if given in (None, ""):
        return _NO_CONTEXT
    config = yaml_mapping(str(given))
    current = config.get("current-context")
    context = next((each for each in mappings_in(config.get("contexts")) if each.get("name") == current), {})
    return str(as_object(context.get("context")).get("namespace") or _NO_CONTEXT) if config else ""


def _repositories(values: Mapping[str, Any]) -> Iterator[KnownRepository]:
    given = _at(values, "configureRepositories.repositories")
    if _at(values, "configureRepositories.enable") is True and isinstance(given, list):
        for each in given:
            if as_object(each).get("url"):
                yield KnownRepository.of_entry(each)


def _variables(given: Any) -> Iterator[tuple[str, str]]:
    for each in given if isinstance(given, list) else ():
        entry = as_object(each)
        if isinstance(entry.get("value"), str):
            yield str(entry.get("name")), entry["value"]


def _name(chart: str, values: Mapping[str, Any]) -> str:
    return str(values.get("nameOverride") or chart)[:_LONGEST].removesuffix("-")


def _full_name(chart: str, values: Mapping[str, Any], release_name: str) -> str:
    if values.get("fullnameOverride"):
        return str(values["fullnameOverride"])[:_LONGEST].removesuffix("-")
    if not release_name:
        return ""
    name = str(values.get("nameOverride") or chart)
    full = release_name if name in release_name else f"{release_name}-{name}"
    return full[:_LONGEST].removesuffix("-")


def _brings_operator(chart: Flux1Chart) -> bool:
    """Gives whether a chart of fluxd may bring the helm-operator along: those from 1.0 on do not.

    Source: fluxcd/flux 1.25.4 `chart/flux/CHANGELOG.md`, 1.0.0.
    """
    return _SINCE_FIRST_MAJOR.match(chart.version) is None


def _version(program: Program, chart: Flux1Chart) -> str:
    """Gives the minor version of fluxd that a chart of its own runs where no tag is given."""
    minor = ".".join(chart.version.removeprefix("v").split(".")[:2])
    return FLUXD_OF_CHARTS.get(minor, "") if program == "fluxd" and chart.name == "flux" else ""


def _image(given: Mapping[str, Any]) -> str:
    tag = given.get("tag")
    if not tag:
        return ""
    return f"{given.get('repository') or 'docker.io/fluxcd/flux'}:{tag}"


def _leaves(
    values: Mapping[str, Any], locate: Locate, above: tuple[str, ...] = ()
) -> Iterator[tuple[str, Setting]]:
    for key, value in values.items():
        path = (*above, str(key))
        if isinstance(value, (dict, Mapping)) and value:
            yield from _leaves(value, locate, path)
        elif value not in (None, "", [], {}):
            yield ".".join(path), Setting(_text(value), *locate(path))


def merged_values(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Gives values over others as Helm puts them: maps are merged, all else is replaced.

    >>> merged_values({"a": {"b": 1, "c": 2}}, {"a": {"b": None}})
    {'a': {'b': None, 'c': 2}}
    """
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        both = isinstance(known, (dict, Mapping)) and isinstance(value, (dict, Mapping))
        merged[key] = merged_values(known, value) if both and known is not None else value
    return merged


def _at(values: Mapping[str, Any], path: str) -> Any:
    return field_at(values, path.split("."))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_text(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
