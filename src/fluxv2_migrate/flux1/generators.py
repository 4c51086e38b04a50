"""What a generator of a `.flux.yaml` prints, as far as its command can be followed.

Source: fluxcd/flux 1.25.4 `pkg/manifests/configfile.go`: `/bin/sh -c`, in the folder of the sync path.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from fluxv2_migrate.flux1.flags import shell_words

__all__ = ["Generator", "prints", "read_generator"]

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
_LOOP: Final = re.compile(
    r"for\s+(?P<name>\w+)\s+in\s+(?P<what>.+?)\s*[;\n]\s*do\s+(?P<body>.+?)[;\n]\s*done", re.DOTALL
)
_PLAIN: Final = re.compile(r"[\w./=:@*?{}\[\]-]*")
_WORD: Final = re.compile(r"[\w./=:@-]+")
_FIND: Final = re.compile(
    r"(?P<tests>(?:\(|\)|-o|-or|-type f|-i?name [\w.*?\[\]-]+|-L|-follow|\s)*)"
    r"(?:-exec cat \{\} (?:\+|;)|(?:-print0? )?\| ?xargs(?: -0)? cat)"
)
_YAML: Final = ("*.yaml", "*.yml")


@dataclass(frozen=True, slots=True)
class Generator:
    """What a command gives.

    Attributes:
        builds: the folders that kustomize builds for it.
        prints: globs of the files that it prints as they are, from the root of the repository; `**/` at the
            beginning of the name stands for all folders below.
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
    for glob in generator_globs:
        above, pattern = posixpath.split(glob)
        is_deep = above == "**" or above.endswith("/**")
        root = above.removesuffix("**").rstrip("/")
        if not fnmatchcase(name, pattern):
            continue
        if is_deep and (not root or folder == root or folder.startswith(root + "/")):
            return True
        if not is_deep and fnmatchcase(folder, root) and folder.count("/") == root.count("/"):
            return True
    return False


def read_generator(command: str, folder: str) -> Generator:
    """Follows a command.

    Args:
        command: as the shell gets it.
        folder: where it runs: the sync path.

    >>> read_generator("cd web && kubectl kustomize ./prod", "apps").builds
    ('apps/web/prod',)
    >>> read_generator("helm template .", "").unknown
    'helm template .'
    """
    reading = _Reading(folder)
    text = _LOOP.sub(_unrolled, command)
    if "<<" in text:
        return Generator(unknown=_short(command))
    for part in re.split(r"&&|(?<!\\);|\n", re.sub(r"\\\r?\n", " ", text)):
        reading.read(part.strip())
    return reading.result()


def _unrolled(match: re.Match[str]) -> str:
    """Gives a loop over files that prints each of them as one command."""
    body = match["body"].replace("{", "").replace("}", "").replace('"', "")
    parts = [part.strip() for part in re.split(r"[;\n]", body)]
    rest = [part for part in parts if part and _SEPARATOR.fullmatch(part) is None]
    if rest == [f"cat ${match['name']}"] and _PLAIN.fullmatch(match["what"].replace(" ", "")):
        return f"cat {match['what']}"
    return match[0].replace(";", " ").replace("\n", " ")


@dataclass(slots=True)
class _Reading:
    """Follows the parts of one command."""

    here: str
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
        if leaves or not (self.builds or self.prints or self.decrypts or self.unknown):
            return Generator(writes=found.writes, unknown="what it prints is outside of the repository")
        return found

    def read(self, part: str) -> None:
        if not part or part.startswith("#") or _SEPARATOR.fullmatch(part):
            return
        words = [word for word, _ in shell_words(part)]
        while words and (re.fullmatch(r"\w+=\S*", words[0]) or words[0] in ("exec", "env", "command")):
            words = words[1:]
        words, written = self._without_output(words)
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
            elif re.fullmatch(r"1?>>?[^&>].*", word):
                self._write(word.lstrip("1>"))
                written = True
            elif not re.fullmatch(r"2>(?:&1|/dev/null)|>&2", word):
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
        elif tool == "sops" and ("-d" in rest or "--decrypt" in rest or rest[:1] == ["decrypt"]):
            return self._decrypt(rest)
        elif tool == "cat" and rest:
            return self._print(rest, written=written)
        elif tool == "find":
            return self._find(rest)
        else:
            return tool in _WITHOUT_OUTPUT and tool not in ("cd", "ls")
        return True

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
            path = _joined(self.here, name)
            # What the command itself wrote before is known already.
            if path not in self.writes:
                self.prints.append(path)
        return True

    def _find(self, words: list[str]) -> bool:
        """Follows `find FOLDER... -name GLOB -exec cat {} +`, and the same with `| xargs cat`."""
        folders = []
        while words and not words[0].startswith(("-", "(")):
            folders.append(words[0])
            words = words[1:]
        match = _FIND.fullmatch(" ".join(words))
        if match is None or not all(_PLAIN.fullmatch(each) for each in folders):
            return False
        names = re.findall(r"-i?name (\S+)", match["tests"])
        for folder in folders or ["."]:
            self.prints += (posixpath.join(_joined(self.here, folder), "**", each) for each in names or _YAML)
        return True


def _joined(folder: str, path: str) -> str:
    joined = posixpath.normpath(posixpath.join(folder, path))
    return "" if joined == "." else joined


def _short(command: str) -> str:
    text = " ".join(command.split())
    return text if len(text) <= 120 else f"{text[:117]}..."
