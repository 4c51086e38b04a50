"""What a generator of a `.flux.yaml` prints, as far as its command can be followed.

Source: fluxcd/flux 1.25.4 `pkg/manifests/configfile.go`: `/bin/sh -c`, in the folder of the sync path.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from types import MappingProxyType
from typing import Final

from fluxv2_migrate.flux1.flags import shell_words
from fluxv2_migrate.flux1.shell_text import Loop, filled_in, shell_parts, without_group
from fluxv2_migrate.folders import folders_of, is_below

# Flags of `kustomize build` whose value is a word of its own.
_WITH_VALUE: Final = (
    "--load_restrictor",
    "--load-restrictor",
    "--reorder",
    "--stack-trace",
    "-e",
    "--env",
    "--output",
    "-o",
)
_NOT_FOLLOWED: Final = ("--enable-helm", "--enable_alpha_plugins", "--enable-alpha-plugins", "--enable-exec")
_WITHOUT_OUTPUT: Final = ("set", "true", ":", "export", "unset", "mkdir", "cd", "pushd", "popd", "ls")
_SEPARATOR: Final = re.compile(
    r"echo(?:\s+-[ne]+)?\s+[\"']?-{3}[\"']?|printf\s+[\"']?-{3}(?:\\n)?[\"']?|echo"
)
_PLAIN: Final = re.compile(r"[\w./=:@*?{}\[\]-]*")
_WORD: Final = re.compile(r"[\w./=:@-]+")
_TESTS: Final = r"(?P<tests>(?:\(|\)|-o|-or|-type f|(?:(?:!|-not) )?-i?name [\w.*?\[\]-]+|-L|-follow|\s)*)"
_FIND: Final = re.compile(
    _TESTS + r"(?:-exec cat \{\} (?:\+|;)|(?:-print0? )?\| ?xargs(?: -0| -r)* cat"
    r"|(?:-print0? )?\| ?xargs(?: -0| -r| -n ?1)* -[Ii] ?\{\} (?:ba)?sh -c (?P<each>.+)"
    r"|-exec (?:ba)?sh -c (?P<every>.+?) (?:\+|;))"
)
_FOUND: Final = re.compile(r"\$\(find (?P<words>[^()]*)\)|`find (?P<old>[^`]*)`")
_ONLY_FOUND: Final = re.compile(_TESTS + r"(?:-print ?)?(?:\| ?sort)?")
_JOINING_AWK: Final = re.compile(r"F?NR *== *1 *\{ *print +\"---\" *;? *\} *;? *1|1")
_SHELLS: Final = ("sh", "bash", "ash", "dash")
_BEFORE: Final = ("exec", "env", "command", "time", "nice", "timeout")
_OF_NEXT: Final = ("-k", "-n", "-s", "-t")
_INTO_FILE: Final = re.compile(r"1?>>?[^&>].*")
_ASIDE: Final = re.compile(r"2>(?:&1|/dev/null)|>&2")
_SECONDS: Final = re.compile(r"\d+(?:\.\d+)?[smhd]?")
_WHATEVER: Final = ("exit", "true", "false", ":", "return")
_DEEPEST: Final = 5
_ASSIGNED: Final = re.compile(
    r"(?:(?:export|readonly|local)\s+)?(?:\w+=(?:\"[^\"]*\"|'[^']*'|\$\([^()]*\)|[^\s()]*)\s*)+"
)
_NOTHING: Final[Mapping[str, str | bytes]] = MappingProxyType({})
_MANIFESTS: Final = (".yaml", ".yml", ".json")
_YAML: Final = ("*.yaml", "*.yml")


@dataclass(frozen=True, slots=True)
class Generator:
    """What a command gives.

    Attributes:
        builds: the folders that kustomize builds for it.
        prints: globs of the files that it prints as they are, from the root of the repository; `**/` at the
            beginning of the name stands for all folders below, and `!` before all for what is not printed.
        decrypts: the files that it decrypts with sops.
        writes: the files that it writes.
        submodules: whether it fetches the repository's submodules first.
        unknown: what of it nobody can follow; empty where all of it is known.
    """

    builds: tuple[str, ...] = ()
    prints: tuple[str, ...] = ()
    decrypts: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    submodules: bool = False
    unknown: str = ""


def prints(generator_globs: Sequence[str], path: str) -> bool:
    """Gives whether a file is among those that globs name.

    >>> prints(["live/**/*.yaml"], "live/a/web.yaml"), prints(["live/*.yaml"], "live/a/web.yaml")
    (True, False)
    """
    folder, name = posixpath.split(path)
    excluded = [glob.removeprefix("!") for glob in generator_globs if glob.startswith("!")]
    if excluded and prints(excluded, path):
        return False
    for glob in generator_globs:
        above, pattern = posixpath.split(glob)
        is_deep = above == "**" or above.endswith("/**")
        root = above.removesuffix("**").rstrip("/")
        if not fnmatchcase(name, pattern):
            continue
        if is_deep and is_below(folder, root):
            return True
        if not is_deep and fnmatchcase(folder, root) and folder.count("/") == root.count("/"):
            return True
    return False


def read_generator(
    command: str,
    folder: str,
    files: Mapping[str, str | bytes] = _NOTHING,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Generator:
    """Follows a command.

    Args:
        command: as the shell gets it.
        folder: where it runs: the sync path.
        files: of the repository, among them the scripts that it may call.
        environment: the variables that it has.

    >>> read_generator("cd web && kubectl kustomize ./prod", "apps").builds
    ('apps/web/prod',)
    >>> read_generator("helm template .", "").unknown
    'helm template .'
    >>> read_generator("../bin/all.sh prod", "apps", {"bin/all.sh": "kustomize build envs/$1"}).builds
    ('apps/envs/prod',)
    >>> read_generator("kustomize build envs/$ENV", "", environment={"ENV": "prod"}).builds
    ('envs/prod',)
    """
    # What stands in a variable is one word here, as the shell makes of it where it has no blanks.
    known = {name: value for name, value in environment.items() if _WORD.fullmatch(value)}
    reading = _Reading(folder, files, known)
    reading.read_text(command)
    return reading.result()


def called_scripts(command: str, folder: str, files: Mapping[str, str | bytes]) -> Iterator[str]:
    """Gives the scripts of a repository that a command names.

    >>> list(called_scripts("sh ../bin/all.sh | cat", "apps", {"bin/all.sh": ""}))
    ['bin/all.sh']
    """
    for word, _ in shell_words(command):
        path = _joined(folder, word) if _WORD.fullmatch(word) else ""
        if path in files and not path.endswith(_MANIFESTS):
            yield path


@dataclass(slots=True)
class _Reading:
    """Follows the parts of one command."""

    here: str
    files: Mapping[str, str | bytes]
    variables: dict[str, str] = field(default_factory=dict)
    depth: int = 0
    groups: list[str] = field(default_factory=list)
    builds: list[str] = field(default_factory=list)
    prints: list[str] = field(default_factory=list)
    decrypts: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    submodules: bool = False

    def result(self) -> Generator:
        found = Generator(
            tuple(self.builds),
            tuple(self.prints),
            tuple(self.decrypts),
            tuple(self.writes),
            self.submodules,
            "; ".join(self.unknown),
        )
        leaves = any(path == ".." or path.startswith("../") for path in (*self.builds, *self.prints))
        # A command may only fetch what another one of the same `.flux.yaml` builds.
        says = self.builds or self.prints or self.decrypts or self.unknown or self.submodules
        if leaves or not says:
            return Generator(writes=found.writes, unknown="what it prints is outside of the repository")
        return found

    def read_text(self, text: str) -> None:
        """Follows all commands of a text, in their order."""
        if "<<" in text:
            self.unknown.append(_short(text))
            return
        for part in shell_parts(text):
            if isinstance(part, Loop):
                self._read_as_one(part.text, partial(self._loop, part))
                continue
            begin, command, end = without_group(part)
            self.groups += [self.here] * begin
            self.read(filled_in(command, self.variables))
            for _ in range(min(end, len(self.groups))):
                self.here = self.groups.pop()

    def _read_as_one(self, text: str, read: Callable[[], None]) -> None:
        """Follows what a text stands for; where a part of that is unknown, all of it is."""
        known = len(self.unknown)
        self.depth += 1
        if self.depth > _DEEPEST:
            self.unknown.append(_short(text))
        else:
            read()
        self.depth -= 1
        if len(self.unknown) > known:
            self.unknown[known:] = [_short(text)]

    def _loop(self, loop: Loop) -> None:
        body = [part for part in shell_parts(loop.body) if isinstance(part, Loop) or not _is_separator(part)]
        shown = [
            each.replace("{", "").replace("}", "").replace('"', "") for each in body if isinstance(each, str)
        ]
        found = _FOUND.fullmatch(loop.what)
        if found is not None:
            words = [word for word, _ in shell_words(found["words"] or found["old"] or "")]
            globs = self._found(words, _ONLY_FOUND)
        else:
            names = loop.what.split()
            is_plain = all(_PLAIN.fullmatch(each) for each in names)
            globs = [_shell_glob(self.here, each) for each in names] if is_plain else None
        if globs is None:
            self.unknown.append(loop.text)
        elif shown == [f"cat ${loop.name}"]:
            self.prints += globs
        elif not (values := list(self._values(loop, globs, is_found=found is not None))):
            self.unknown.append(loop.text)
        else:
            for value in values:
                self.read_text(filled_in(loop.body, {**self.variables, loop.name: value}))

    def _values(self, loop: Loop, globs: Sequence[str], *, is_found: bool) -> Iterator[str]:
        """Gives the words of a loop: as they are written, or the files and folders that they name."""
        if not is_found and not any(set("*?[") & set(each) for each in globs):
            yield from loop.what.split()
            return
        paths = {path for path in self.files if prints(globs, path)}
        if not is_found:
            folders = folders_of(self.files) - {""}
            asked = [glob.rstrip("/") for glob in globs if glob.endswith("/")]
            paths |= {each for each in folders if prints(globs, each)}
            # The word keeps the slash that asks for folders.
            paths |= {f"{each}/" for each in folders if prints(asked, each)}
        for path in sorted(paths):
            word = posixpath.relpath(path, self.here or ".")
            yield f"{word}/" if path.endswith("/") else word

    def read(self, part: str) -> None:
        """Follows one command."""
        if not part or part in ("{", "}") or _is_separator(part):
            return
        words = [word for word, _ in shell_words(part.removeprefix("{ "))]
        if "||" in words[:-1] and words[words.index("||") + 1] in _WHATEVER:
            words = words[: words.index("||")]
        if _ASSIGNED.fullmatch(part):
            self._assign(words)
            return
        words, written = self._without_output(_command_of(words))
        if "|" in words and words[0] != "find":
            index = words.index("|")
            if words[index + 1 : index + 2] == ["tee"] and len(words) == index + 3:
                self._write(words[-1])
            elif words[index + 1 :] != ["cat"]:
                self.unknown.append(_short(part))
                return
            words = words[:index]
        if not words or not self._follow(words, written=written):
            self.unknown.append(_short(part))

    def _assign(self, words: Sequence[str]) -> None:
        """Notes the variables of which the value is known, and forgets those of which it is not."""
        for word in words:
            name, equals, value = word.partition("=")
            if equals and _WORD.fullmatch(value):
                self.variables[name] = value
            elif equals:
                self.variables.pop(name, None)

    def _without_output(self, words: list[str]) -> tuple[list[str], bool]:
        """Gives the words without the file into which the output goes, and whether it goes into one."""
        kept: list[str] = []
        written = False
        index = 0
        while index < len(words):
            word = words[index]
            if word in (">", ">>", "1>") and index + 1 < len(words):
                self._write(words[index + 1])
                written, index = words[index + 1] != "/dev/stdout", index + 1
            elif _INTO_FILE.fullmatch(word):
                self._write(word.lstrip("1>"))
                written = True
            elif word in (">&2", "1>&2") and words[0] in ("echo", "printf"):
                return [":"], False
            elif not _ASIDE.fullmatch(word):
                kept.append(word)
            index += 1
        return kept, written

    def _write(self, name: str) -> None:
        if _WORD.fullmatch(name) and not name.startswith("/"):
            self.writes.append(_joined(self.here, name))

    def _follow(self, words: list[str], *, written: bool) -> bool:
        """Notes what a command prints; gives whether that is known."""
        tool, rest = words[0].rpartition("/")[2], words[1:]
        if tool == "cd" and len(rest) == 1 and _WORD.fullmatch(rest[0]):
            self.here = _joined(self.here, rest[0])
        elif tool == "git" and rest[:1] == ["submodule"]:
            self.submodules = True
        elif (tool, *rest[:1]) in (("kustomize", "build"), ("kubectl", "kustomize")):
            return self._build(rest[1:])
        elif tool == "sops" and _decrypts(rest):
            return self._decrypt(rest)
        elif tool == "cat" and rest:
            return self._print(rest, written=written)
        elif tool == "find":
            return self._find(rest)
        elif tool in ("awk", "gawk") and len(rest) > 1 and _JOINING_AWK.fullmatch(rest[0]):
            return self._print(rest[1:], written=written)
        elif tool in _SHELLS and len(rest) == 2 and re.fullmatch(r"-[a-z]*c", rest[0]):
            self._read_as_one(" ".join(words), lambda: self.read_text(rest[1]))
        elif tool in _WITHOUT_OUTPUT:
            return tool not in ("cd", "ls")
        else:
            return not written and self._call(words)
        return True

    def _call(self, words: Sequence[str]) -> bool:
        """Follows a script of the repository; gives whether there is one that can be followed."""
        called = list(words[1:]) if words[0] in (*_SHELLS, ".", "source") else list(words)
        while called and called[0].startswith("-"):
            called = called[1:]
        path = _joined(self.here, called[0]) if called and _WORD.fullmatch(called[0]) else ""
        content = self.files.get(path)
        if not isinstance(content, str) or path.endswith(_MANIFESTS):
            return False
        own = {str(number): each for number, each in enumerate(called) if _WORD.fullmatch(each)}
        inner = _Reading(self.here, self.files, {**self.variables, **own}, self.depth + 1)
        if inner.depth > _DEEPEST:
            return False
        inner.read_text(content)
        self.builds += inner.builds
        self.prints += inner.prints
        self.decrypts += inner.decrypts
        self.writes += inner.writes
        self.submodules |= inner.submodules
        return not inner.unknown

    def _build(self, words: list[str]) -> bool:
        targets: list[str] = []
        index = 0
        while index < len(words):
            word = words[index]
            if _WORD.fullmatch(word) is None or word.startswith(_NOT_FOLLOWED):
                # A variable or a substitution, or more than kustomize-controller does.
                return False
            if word in ("-o", "--output"):
                self._write(words[index + 1] if index + 1 < len(words) else "")
            if word.startswith("-"):
                index += word in _WITH_VALUE
            else:
                targets.append(word)
            index += 1
        if len(targets) > 1 or (targets and "://" in targets[0]):
            return False
        self.builds.append(_joined(self.here, targets[0] if targets else "."))
        return True

    def _decrypt(self, words: list[str]) -> bool:
        files = [
            word for word in words if not word.startswith("-") and word not in ("decrypt", "yaml", "json")
        ]
        if not files or not all(_WORD.fullmatch(each) for each in files):
            return False
        self.decrypts += (_joined(self.here, each) for each in files)
        return True

    def _print(self, words: list[str], *, written: bool) -> bool:
        names = [word for word in words if not word.startswith("-")]
        if written or not names or not all(_PLAIN.fullmatch(each) for each in names):
            return False
        for name in names:
            # What the command itself wrote before is known already.
            if _joined(self.here, name) not in self.writes:
                self.prints.append(_shell_glob(self.here, name))
        return True

    def _find(self, words: Sequence[str]) -> bool:
        """Follows `find FOLDER... -name GLOB -exec cat {} +`, and the same with `| xargs cat`."""
        globs = self._found(words, _FIND)
        self.prints += globs or ()
        return globs is not None

    def _found(self, words: Sequence[str], form: re.Pattern[str]) -> list[str] | None:
        """Gives globs of the files that a `find` finds; `None` where that is not known."""
        folders: list[str] = []
        while words and not words[0].startswith(("-", "(", "!")):
            folders.append(words[0])
            words = words[1:]
        match = form.fullmatch(" ".join(words))
        if match is None or not all(_PLAIN.fullmatch(each) for each in folders):
            return None
        said = match.groupdict()
        inner = said.get("each") or said.get("every")
        if inner is not None and _printed_by(inner) is False:
            return None
        tests: list[tuple[str, str]] = re.findall(r"((?:!|-not) )?-i?name (\S+)", match["tests"])
        if all(negated for negated, _ in tests):
            tests += [("", each) for each in _YAML]
        return [
            f"{'!' if negated else ''}{posixpath.join(_joined(self.here, folder), '**', name)}"
            for folder in folders or ["."]
            for negated, name in tests
        ]


def _printed_by(text: str) -> bool:
    """Gives whether a command that `find` runs for each file prints it as it is, and nothing but that."""
    text = re.sub(r"(?<!cat)(?: (?:_|sh|bash|\{\}))+$", "", text).replace('"', "")
    parts = [each for each in shell_parts(text) if isinstance(each, Loop) or not _is_separator(each)]
    return parts in (["cat {}"], ["cat $1"], ["cat $0"], ["cat $@"])


def _command_of(words: list[str]) -> list[str]:
    """Gives a command without its own variables and without what only runs it otherwise: nicely, or timed."""
    while words and (re.fullmatch(r"\w+=\S*", words[0]) or words[0] in _BEFORE):
        before, words = words[0], words[1:]
        while before in _BEFORE and words and words[0].startswith("-"):
            words = words[2:] if words[0] in _OF_NEXT else words[1:]
        if before == "timeout" and words and _SECONDS.fullmatch(words[0]):
            words = words[1:]
    return words


def _is_separator(part: str) -> bool:
    return _SEPARATOR.fullmatch(part) is not None


def _decrypts(options: Sequence[str]) -> bool:
    return "-d" in options or "--decrypt" in options or options[:1] == ["decrypt"]


def _joined(folder: str, path: str) -> str:
    joined = posixpath.normpath(posixpath.join(folder, path))
    return "" if joined == "." else joined


def _shell_glob(folder: str, word: str) -> str:
    """Gives a glob for `fnmatch`: no `*` or `?` of a shell stands for the dot that a name begins with.

    >>> _shell_glob("apps", "./*/"), _shell_glob("", "?x/*.yaml")
    ('apps/[!.]*/', '[!.]x/[!.]*.yaml')
    """
    parts = _joined(folder, word).split("/")
    shown = [f"[!.]{part.removeprefix('?')}" if part.startswith(("*", "?")) else part for part in parts]
    return "/".join(shown) + ("/" if word.endswith("/") else "")


def _short(command: str) -> str:
    text = " ".join(command.split())
    return text if len(text) <= 120 else f"{text[:117]}..."
