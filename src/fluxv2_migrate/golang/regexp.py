"""Go's regular expressions, for tag filters and patterns."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from fluxv2_migrate.errors import InvalidPattern
from fluxv2_migrate.given import checked_text
from fluxv2_migrate.golang.regexp_backtracking import Backtracker
from fluxv2_migrate.golang.regexp_program import Program
from fluxv2_migrate.golang.regexp_syntax import parse
from fluxv2_migrate.golang.regexp_tree import Node, Syntax


@dataclass(frozen=True, slots=True)
class Regexp:
    r"""A regular expression with RE2's syntax and Go's meaning.

    It runs in time linear in the text, whatever the pattern. Texts are sequences of code points; a lone
    surrogate, which no UTF-8 holds, is a character like any other in a text, and is refused in a pattern.
    What Go took up late is accepted: `(?<name>…)` from Go 1.22 on, `\p{Letter}` from 1.25 on.

    Attributes:
        pattern: the text that was compiled.

    >>> import pickle
    >>> pickle.loads(pickle.dumps(Regexp.compile("a+"))) == Regexp.compile("a+")
    True
    """

    pattern: str
    _syntax: Syntax = field(init=False, repr=False, compare=False)
    _engine: Backtracker | Program | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_syntax", parse(self.pattern))
        object.__setattr__(self, "_engine", None)

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.pattern,))

    @classmethod
    def compile(cls, pattern: str) -> Regexp:
        r"""Reads a pattern, or refuses it as Go does.

        Args:
            pattern: the regular expression.

        Returns:
            What matches and expands.

        Raises:
            InvalidPattern: Go refuses the pattern; the reason is Go's own text.

        Source: Go 1.25 `regexp.Compile`.

        >>> Regexp.compile("(?P<ts>[0-9]+)$").groups
        ('', 'ts')
        >>> Regexp.compile("(a")
        Traceback (most recent call last):
        fluxv2_migrate.errors.InvalidPattern: error parsing regexp: missing closing ): `(a`
        """
        checked_text(pattern, "a pattern", InvalidPattern)
        return _compile(pattern)

    @property
    def tree(self) -> Node:
        """What the pattern consists of, as nodes of `golang.regexp_syntax`.

        Flags, escapes and names of classes are resolved in it, and neighbouring characters are one text.

        >>> Regexp.compile("(?P<v>[0-9])|(?i:k)").tree.options[0]
        Capture(index=1, name='v', body=CharClass(ranges=((48, 57),)))
        """
        return self._syntax.root

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups from number 0, the whole match, on; empty where a group has none.

        Source: Go `Regexp.SubexpNames`.

        >>> Regexp.compile("(a)(?<n>b)").groups
        ('', '', 'n')
        """
        return self._syntax.subexp_names

    @property
    def needs_go(self) -> tuple[int, int]:
        r"""The release of Go that first took every spelling in the pattern; `(1, 0)` where all did.

        >>> [Regexp.compile(text).needs_go for text in ("(?P<n>.*)", "(?<n>.*)", r"\p{Letter}", r"\Q(?<n>")]
        [(1, 0), (1, 22), (1, 25), (1, 0)]
        """
        return self._syntax.go

    def matches(self, s: str) -> bool:
        r"""Tells whether the pattern matches anywhere in a text: only `^` and `$` tie it to the ends.

        Args:
            s: the text.

        Returns:
            Whether there is a match.

        Source: Go `Regexp.MatchString`.

        >>> Regexp.compile(r"1\.2").matches("v1.2.3"), Regexp.compile(r"^1\.2$").matches("1.2\n")
        (True, False)
        """
        checked_text(s, "a text")
        return (self._engine or self._prepare()).matches(s)

    def find(self, s: str) -> tuple[tuple[int, int] | None, ...] | None:
        r"""Gives where the leftmost match and its groups begin and end.

        Args:
            s: the text.

        Returns:
            The span of the whole match and of each group, in code points, `None` for a group that took no
            part; `None` without a match.

        Source: Go `Regexp.FindStringSubmatchIndex`, which counts bytes.

        >>> Regexp.compile(r"v(\d+)(-rc)?").find("app-v12")
        ((4, 7), (5, 7), None)
        """
        checked_text(s, "a text")
        spans = (self._engine or self._prepare()).find(s)
        return None if spans is None else tuple(span if span[0] >= 0 else None for span in spans)

    def find_submatch(self, s: str) -> tuple[str | None, ...] | None:
        r"""Gives the leftmost match and its groups.

        Args:
            s: the text.

        Returns:
            The whole match and each group, `None` for a group that took no part; `None` without a match.

        Source: Go `Regexp.FindStringSubmatch`.

        >>> Regexp.compile(r"v(\d+)(-rc)?").find_submatch("app-v12")
        ('v12', '12', None)
        """
        spans = self.find(s)
        return None if spans is None else tuple(span and s[slice(*span)] for span in spans)

    def expand(self, template: str, s: str) -> str | None:
        r"""Puts the leftmost match and its groups into a template.

        `$1`, `$name` and `${name}` are replaced; a name goes on as long as letters, digits and `_` do, so
        `$1x` is the group named `1x`. A group that is unknown or took no part gives nothing, `$$` gives `$`,
        and a `$` with nothing of this behind it is itself.

        Args:
            template: what to fill in, `$ts` for example.
            s: the text.

        Returns:
            The filled template; `None` where the pattern does not match.

        Source: Go `Regexp.ExpandString` with `FindStringSubmatchIndex`.

        >>> build = Regexp.compile(r"^main-[0-9a-f]+-(?P<ts>\d+)$")
        >>> build.expand("$ts", "main-abc1234-1611906956"), build.expand("$ts", "main-1")
        ('1611906956', None)
        >>> Regexp.compile("(?P<v>[0-9.]+)").expand("${v}_x $v_x $$", "1.2")
        '1.2_x  $'
        """
        checked_text(template, "a template")
        groups = self.find_submatch(s)
        if groups is None:
            return None
        expanded: list[str] = []
        for text, name in _read_template(template):
            expanded.append(text)
            if name is not None:
                expanded.append(self._group(name, groups))
        return "".join(expanded)

    def _group(self, name: str, groups: tuple[str | None, ...]) -> str:
        # Digits are a number unless a zero leads them; beyond eight Go takes them for a name again.
        if name.isascii() and name.isdecimal() and len(name) <= 9 and (name == "0" or name[0] != "0"):
            number = int(name)
            return (groups[number] or "") if number < len(groups) else ""
        # Of groups with the same name, the first that took part counts.
        named = (group for known, group in zip(self.groups, groups, strict=True) if known == name)
        return next((group for group in named if group is not None), "")

    def _prepare(self) -> Backtracker | Program:
        # Only when first needed: reading a pattern is enough to judge it. Two threads may both come here, and
        # then one of two equal engines is kept.
        engine = Backtracker.prove(self._syntax) or Program(self._syntax)
        object.__setattr__(self, "_engine", engine)
        return engine


@lru_cache(maxsize=128)
def _compile(pattern: str) -> Regexp:
    return Regexp(pattern)


@lru_cache(maxsize=256)
def _read_template(template: str) -> tuple[tuple[str, str | None], ...]:
    """Reads a template into pieces of text, each with the name of the group that follows it."""
    pieces: list[tuple[str, str | None]] = []
    text, *rest = template.split("$")
    while rest:
        following = rest.pop(0)
        if not following and rest:
            # Two of them are one, and what is behind the second is text.
            text += "$" + rest.pop(0)
            continue
        braced = following.startswith("{")
        begin = end = int(braced)
        while end < len(following) and (
            following[end].isalpha() or following[end].isdecimal() or following[end] == "_"
        ):
            end += 1
        if end == begin or (braced and not following.startswith("}", end)):
            text += "$" + following
            continue
        pieces.append((text, following[begin:end]))
        text = following[end + braced :]
    return (*pieces, (text, None))
