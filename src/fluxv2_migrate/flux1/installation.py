"""What runs of Flux v1: fluxd and the helm-operator with their settings, each with where it was read.

Source: fluxcd/flux 1.25.4 `cmd/fluxd/main.go`; helm-operator 1.4.4 `cmd/helm-operator/main.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fluxv2_migrate.errors import InvalidImageReference
from fluxv2_migrate.flux1.flags import FLAGS, Program, read_arguments, shell_words
from fluxv2_migrate.flux1.images import POD_SPECS, ImageRef
from fluxv2_migrate.kubernetes import as_list, as_object, mappings_in

PROGRAM_IMAGES: Final[Mapping[str, Program]] = {
    "fluxcd/flux": "fluxd",
    "weaveworks/flux": "fluxd",
    "fluxcd/flux-prerelease": "fluxd",
    "fluxcd/helm-operator": "helm-operator",
    "weaveworks/helm-operator": "helm-operator",
    "fluxcd/helm-operator-prerelease": "helm-operator",
}
"""The images of the two programs, by their path in a registry."""
_TEMPLATE: Final = ("spec", "template", "spec")
_VERSION: Final = re.compile(r"\d+\.\d+(?:\.|-|$)")
_MIRRORED: Final = ("flux", "helm-operator")
_TRUE: Final = ("true", "1", "t", "T", "TRUE", "True")
_PLACEHOLDER: Final = re.compile(r"\$[({]|\{\{|<[A-Za-z_ -]+>|\$[A-Za-z_]")
_LOGIN: Final = re.compile(r"(?<=://)[^/@\s]+@")
_REFERENCE: Final = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")
_FORKED: Final = re.compile(r"flux|helm-operator")
_COMMANDS: Final[Mapping[str, Program]] = {"fluxd": "fluxd", "helm-operator": "helm-operator"}
# What no other program has among its flags, so that a patch without an image tells whom it patches.
_OWN_FLAGS: Final[Mapping[Program, frozenset[str]]] = {
    "fluxd": frozenset(
        {"git-url", "git-path", "manifest-generation", "sync-garbage-collection", "ssh-keygen-dir"}
    ),
    "helm-operator": frozenset(
        {"enabled-helm-versions", "charts-sync-interval", "git-default-ref", "helm-repository-import"}
    ),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """A value, and where it was read.

    Attributes:
        value: as text; the values of a list are joined by commas.
        path: the file; empty where it stands in none.
        line: in that file, 1-based; 0 where nobody knows.
    """

    value: str
    path: str = ""
    line: int = 0

    @property
    def is_placeholder(self) -> bool:
        """Whether something else fills in the value, or a part of it: a pod, a shell, a template."""
        return _PLACEHOLDER.search(self.value) is not None

    @property
    def place(self) -> str:
        """The file and the line, as `path:line`."""
        return f"{self.path}:{self.line}"


Locate = Callable[[Sequence[str]], tuple[str, int]]
"""From a field of what is read to its file and line."""
ConfigMaps = Callable[[str], Mapping[str, Any]]
"""From the name of a ConfigMap of the namespace to its data; nothing where it is not known."""


def _without_login(url: str) -> str:
    """Gives a URL without the user and password that https may have in it.

    >>> _without_login("https://me:secret@git.example.com/a/b"), _without_login("ssh://git@git.example.com/a/b")
    ('https://git.example.com/a/b', 'ssh://git@git.example.com/a/b')
    """
    return _LOGIN.sub("", url) if url.startswith(("http://", "https://")) else url


def nowhere(_: Sequence[str]) -> tuple[str, int]:
    """Gives the place of a field of what stands in no file."""
    return "", 0


@dataclass(frozen=True, slots=True)
class KnownRepository:
    """A Helm repository that an operator was told of, without what is secret in it.

    Attributes:
        url: of the repository.
        login: whether it has a user and a password.
        client_certificate: whether it has a certificate and a key.
        ca_certificate: whether it has the certificate of an authority.
        insecure_skip_tls_verify: as it is there.
        pass_credentials_all: as it is there.
    """

    url: str
    login: bool = False
    client_certificate: bool = False
    ca_certificate: bool = False
    insecure_skip_tls_verify: bool = False
    pass_credentials_all: bool = False

    @classmethod
    def of_entry(cls, entry: Mapping[str, Any]) -> KnownRepository:
        """Reads an entry of a `repositories.yaml`.

        Source: Helm 3.7 `pkg/repo/chartrepo.go` `Entry`.

        >>> KnownRepository.of_entry({"url": "https://charts.example.com", "username": "me"}).login
        True
        """
        return cls(
            str(entry.get("url")),
            bool(entry.get("username") or entry.get("password")),
            bool(entry.get("certFile") and entry.get("keyFile")),
            bool(entry.get("caFile")),
            entry.get("insecure_skip_tls_verify") is True,
            entry.get("pass_credentials_all") is True,
        )


@dataclass(frozen=True, slots=True)
class Flux1Program:
    """Fluxd or the helm-operator, as something in the repository says that it runs.

    Attributes:
        settings: each flag that was given, by its name without dashes, and those that its chart always gives.
        values: each value of its chart that was given, by its dotted path; none for what no chart installs.
        image: that it runs, where it is known.
        version: of it, where it is known; of a chart at least the minor one.
        namespace: where it runs; empty where nobody knows.
        name: of its Deployment; empty where nobody knows.
        labels: of its pods, as far as they are known.
        release_name: of the Helm release that installs it; empty where none does.
        memcached: the name of the memcached that belongs to it; empty where nobody knows.
        repositories: of an operator, the Helm repositories that its chart tells it of.
        environment: the variables that its container has, as far as they are known.
        context_namespace: of a fluxd, that of the kubeconfig from its chart; empty where nobody knows.
        path: the file that shows it.
        document: which document of the file it is; `None` where it stands in a text of another kind.
        is_complete: whether all that it was told is known, so that what is not given has its default.
        is_text: whether it was read from a text that only tells of a command: a script, a README.
        is_part: whether what installs it installs other things, too.
    """

    program: Program
    settings: Mapping[str, Setting] = field(default_factory=dict)
    values: Mapping[str, Setting] = field(default_factory=dict, repr=False)
    image: str = ""
    version: str = ""
    namespace: str = ""
    name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    release_name: str = ""
    memcached: str = ""
    repositories: tuple[KnownRepository, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    context_namespace: str = ""
    path: str = ""
    line: int = 0
    document: int | None = None
    is_complete: bool = True
    is_text: bool = False
    is_part: bool = False

    def given(self, flag: str) -> Setting | None:
        """Gives a flag that was given, with a value that is known.

        >>> program_of_arguments(["--git-branch=$(BRANCH)"], "fluxd").given("git-branch") is None
        True
        """
        setting = self.settings.get(flag)
        return None if setting is None or setting.is_placeholder else setting

    @property
    def repository_url(self) -> Setting | None:
        """The URL that fluxd syncs, where it is known: without a login, which a pod may fill in.

        >>> fluxd = program_of_arguments(["--git-url=https://$(USER):$(TOKEN)@git.example.com/a/b"], "fluxd")
        >>> fluxd.repository_url.value
        'https://git.example.com/a/b'
        """
        setting = self.settings.get("git-url")
        known = None if setting is None else replace(setting, value=_without_login(setting.value))
        return None if known is None or known.is_placeholder or not known.value else known

    def text(self, flag: str) -> str:
        """Gives what counts of a flag: what was given, else the program's default.

        >>> program_of_arguments([], "helm-operator").text("charts-sync-interval")
        '3m'
        """
        setting = self.given(flag)
        return FLAGS[self.program][flag].default if setting is None else setting.value

    def switch(self, flag: str) -> bool:
        """Gives whether a switch is on.

        >>> program_of_arguments(["--sops=false"], "fluxd").switch("sops")
        False
        """
        return self.text(flag) in _TRUE

    def items(self, flag: str) -> tuple[str, ...]:
        """Gives the values of a list.

        >>> program_of_arguments(["--git-path=a, b", "--git-path", "c"], "fluxd").items("git-path")
        ('a', 'b', 'c')
        """
        return tuple(part.strip() for part in self.text(flag).split(",") if part.strip())

    @property
    def place(self) -> str:
        """The file and the line that show it, as `path:line`."""
        return f"{self.path}:{self.line}"

    @property
    def key(self) -> tuple[str, int]:
        """The document that shows it, as `Document.key` has it; none has that of a text of another kind."""
        return self.path, -1 if self.document is None else self.document


@dataclass(frozen=True, slots=True)
class Flux1Installation:
    """What of Flux v1 runs in one cluster, as far as the repository shows it.

    Attributes:
        fluxd: that syncs this repository.
        helm_operator: the one operator, or `None` where there is none to be seen.
        others: further programs of the cluster, such as a fluxd that syncs another repository.
    """

    fluxd: Flux1Program | None = None
    helm_operator: Flux1Program | None = None
    others: tuple[Flux1Program, ...] = ()


def program_of_image(image: Any, arguments: Iterable[str] = ()) -> Program | None:
    """Gives the program that an image holds.

    Args:
        arguments: with which it runs; they tell a mirror of the image from another image of its name.

    >>> program_of_image("quay.io/weaveworks/helm-operator:0.10.1")
    'helm-operator'
    >>> program_of_image("mirror.example.com/ops/flux:1.25.4", ["--git-url=git@example.com:a/b"])
    'fluxd'
    >>> program_of_image("example.com/ops/flux:7") is None
    True
    """
    try:
        repository = ImageRef.parse(image).repository if isinstance(image, str) else ""
    except InvalidImageReference:
        return None
    parts = repository.split("/")
    known = PROGRAM_IMAGES.get("/".join(parts[-2:]))
    if known is not None:
        return known
    if parts[-1] not in _MIRRORED:
        return None
    program: Program = "fluxd" if parts[-1] == "flux" else "helm-operator"
    given = [each.flag for each in read_arguments(arguments, program)]
    return program if given and all(flag in FLAGS[program] for flag in given) else None


def version_of_image(image: str) -> str:
    """Gives the version that the tag of an image says; empty where it says none.

    >>> version_of_image("weaveworks/flux:v1.13.3"), version_of_image("weaveworks/flux:master-1a2b3c")
    ('1.13.3', '')
    """
    try:
        tag = ImageRef.parse(image).tag.removeprefix("v")
    except InvalidImageReference:
        return ""
    return tag if _VERSION.match(tag) else ""


def program_of_arguments(
    arguments: Iterable[str], program: Program, locate: Locate = nowhere
) -> Flux1Program:
    """Gives a program of which nothing but its arguments is known.

    Args:
        locate: gives the place of an argument, by the index of its word as a text.

    >>> program_of_arguments(["--git-path=prod"], "fluxd").settings["git-path"].value
    'prod'
    """
    words = list(arguments)
    path, line = locate(())
    return Flux1Program(
        program, with_arguments({}, words, program, lambda word: locate((str(word),))), path=path, line=line
    )


def with_arguments(
    given: Mapping[str, Setting],
    words: Iterable[str],
    program: Program,
    locate: Callable[[int], tuple[str, int]],
) -> dict[str, Setting]:
    """Gives settings with those of arguments behind them: lists grow, of all else the last one counts.

    >>> before = {"git-path": Setting("base"), "git-branch": Setting("main")}
    >>> after = with_arguments(before, ["--git-path=prod", "--git-branch=live"], "fluxd", lambda _: ("", 0))
    >>> after["git-path"].value, after["git-branch"].value
    ('base,prod', 'live')
    """
    found = dict(given)
    flags = FLAGS[program]
    for each in read_arguments(words, program):
        is_list = each.flag in flags and flags[each.flag].form == "list"
        value = f"{found[each.flag].value},{each.value}" if is_list and each.flag in found else each.value
        found[each.flag] = Setting(value, *locate(each.word))
    return found


def programs_of_workload(
    manifest: Mapping[str, Any], locate: Locate = nowhere, config_maps: ConfigMaps = lambda _: {}
) -> Iterator[Flux1Program]:
    """Gives the programs of Flux v1 that the containers of a workload run.

    Args:
        locate: gives file and line of a field of it.
        config_maps: gives the ConfigMaps that its variables may come from.

    >>> container = {"name": "flux", "image": "docker.io/fluxcd/flux:1.25.4", "args": ["--git-path=prod"]}
    >>> manifest = {"kind": "Deployment", "spec": {"template": {"spec": {"containers": [container]}}}}
    >>> [each.items("git-path") for each in programs_of_workload(manifest)]
    [('prod',)]
    >>> pod = {"kind": "Pod", "spec": {"containers": [container]}}
    >>> [each.items("git-path") for each in programs_of_workload(pod)]
    [('prod',)]
    """
    # fluxd runs in whatever has pods, though it knew some kinds alone as workloads.
    kind = str(manifest.get("kind"))
    fields = POD_SPECS.get(kind, ("spec",) if kind == "Pod" else _TEMPLATE)
    spec: Any = manifest
    pod: Mapping[str, Any] = {}
    for key in fields:
        pod, spec = as_object(spec), as_object(spec).get(key)
    containers = as_object(spec).get("containers")
    metadata = as_object(manifest.get("metadata"))
    labels = as_object(as_object(pod.get("metadata")).get("labels"))
    for index, container in enumerate(as_list(containers)):
        place = (*fields, "containers", str(index))
        found = _of_container(as_object(container), locate, place, config_maps)
        if found is not None:
            yield replace(
                found,
                namespace=str(metadata.get("namespace") or ""),
                name=str(metadata.get("name") or ""),
                labels={str(key): str(value) for key, value in labels.items()},
            )


def _of_container(
    container: Mapping[str, Any], locate: Locate, place: tuple[str, ...], config_maps: ConfigMaps
) -> Flux1Program | None:
    words = _words_of(container, place)
    texts = [word for word, _ in words]
    image = container.get("image")
    program = program_of_image(image, texts) if image else None
    if program is None and (not image or _FORKED.search(str(image)) or _PLACEHOLDER.search(str(image))):
        program = _program_of_flags(texts)
    if program is None:
        program = _program_called(texts)
    if program is None:
        return None
    known = _environment(container, config_maps)
    filled = [_REFERENCE.sub(lambda each: known.get(each[1], each[0]), word) for word in texts]
    settings = with_arguments({}, filled, program, lambda word: locate(words[word][1]))
    if "enabled-helm-versions" not in settings and program == "helm-operator" and known.get("HELM_VERSION"):
        settings["enabled-helm-versions"] = Setting(known["HELM_VERSION"], *locate((*place, "env")))
    path, line = locate(())
    version = version_of_image(str(image or ""))
    return Flux1Program(
        program,
        settings,
        image=str(image or ""),
        version=version,
        environment=known,
        path=path,
        line=line,
    )


def _words_of(container: Mapping[str, Any], place: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """Gives the words of the command and its arguments, each with its place in the manifest."""
    words: list[tuple[str, tuple[str, ...]]] = []
    for key in ("command", "args"):
        given = container.get(key)
        for index, word in enumerate(as_list(given)):
            if isinstance(word, str):
                words += [(each, (*place, key, str(index))) for each in _apart(word)]
    return words


def _program_called(words: Sequence[str]) -> Program | None:
    """Gives the program that a command calls with flags, whatever the image is."""
    names = (word.rpartition("/")[2] for word in words)
    called = next((_COMMANDS[name] for name in names if name in _COMMANDS), None)
    return called if any(word.startswith("--") for word in words) else None


def _program_of_flags(words: Sequence[str]) -> Program | None:
    """Gives the program that a patch of a container is about, by flags that no other one has."""
    for program, own in _OWN_FLAGS.items():
        given = {each.flag for each in read_arguments(words, program)}
        if given & own and given <= FLAGS[program].keys():
            return program
    return None


def _apart(word: str) -> Iterator[str]:
    """Gives the words of what a shell gets, and any other word as it is."""
    if re.search(r"(?:^|[\s/])(?:fluxd|helm-operator)\s", word):
        yield from (each for each, _ in shell_words(word))
    else:
        yield word


def _environment(container: Mapping[str, Any], config_maps: ConfigMaps) -> dict[str, str]:
    """Gives the variables of a container that are known: what stands in Secrets is none of them."""
    known: dict[str, str] = {}
    for each in mappings_in(container.get("envFrom")):
        data = config_maps(str(as_object(each.get("configMapRef")).get("name")))
        prefix = str(each.get("prefix") or "")
        known |= {prefix + str(key): value for key, value in data.items() if isinstance(value, str)}
    for each in mappings_in(container.get("env")):
        reference = as_object(as_object(each.get("valueFrom")).get("configMapKeyRef"))
        value = each.get("value")
        if reference:
            value = config_maps(str(reference.get("name"))).get(str(reference.get("key")))
        if isinstance(value, str):
            known[str(each.get("name"))] = value
    return known
