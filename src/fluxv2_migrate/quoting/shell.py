"""Commands that people paste into a shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Final

from fluxv2_migrate.quoting.visible import visible

_SPECIAL: Final = re.compile(r"[\\']")
_LITERAL: Final = {"\\": "\\x5c", "'": "\\x27"}


def word(text: str) -> str:
    r"""Gives a text as one word of a command, whatever stands in it.

    A text with control characters is written as bash and zsh read them in `$'…'`, so that none of them
    reaches the terminal that shows the command.

    >>> word("web"), word("s; touch p; #")
    ('web', "'s; touch p; #'")
    >>> print(word("a\nb"))
    $'a\nb'
    """
    if visible(text) == text:
        return shlex.quote(text)
    return f"$'{visible(_SPECIAL.sub(lambda found: _LITERAL[found[0]], text))}'"


def command(*words: str, name: str | None = None, options: Sequence[str] = ()) -> str:
    """Gives a command, each word of which is quoted where it needs that.

    Args:
        name: of what it is about, also where it looks like an option.

    >>> command("kubectl", "-n", "shop", "get", "secret", name="web", options=["-o", "json"])
    'kubectl -n shop get secret web -o json'
    >>> command("helm", "status", name="--kubeconfig=x")
    'helm status -- --kubeconfig=x'
    """
    given = [] if name is None else [name]
    ordered = [*words, *options, "--", *given] if (name or "").startswith("-") else [*words, *given, *options]
    return " ".join(map(word, ordered))
