"""What is nobody's business: credentials in URLs, and values that are secrets by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from pydantic import BaseModel

HIDDEN: Final = "***"
"""Stands for what is not shown."""

# To the last `@` before the path, as URLs are read; git's own user for ssh is no secret. What repeats is
# limited, so that a text of any length takes time in proportion to it.
_USER: Final = re.compile(
    r"(?<=[A-Za-z0-9+.-]://)(?!git@[^@/?#\s]*+(?:[/?#\s'\"`]|$))"
    # A password may hold what should have been escaped; a number behind the colon is a port.
    r"(?:[^/?#\s@:]*+:(?![0-9]*+(?:[/?#\s'\"`]|$))[^\s'\"`]{0,1000}@|[^/?#\s]*@)"
)
_SCP_USER: Final = re.compile(
    r"(?<![\w/@.:%+-])(?!git@)[\w.%+~-]++(?::[^\s@/]{1,200})?@(?!sha[0-9]+:)(?=[\w.-]++:[^\s])"
)
# A URL without a scheme, or with one that is written wrong.
_BARE_USER: Final = re.compile(
    r"(?<![\w@.%+~-])[\w.%+~-]{1,200}:[^\s@/\\'\"`]{1,200}@(?!sha[0-9]+:)(?=[\w.-]++(?:[:/(]|$|['\"`\s]))"
)
# As Oracle's clients have it: the user and the password are parted by a slash.
_SLASHED_USER: Final = re.compile(r"(?:\b\w{1,200}/[^\s@/'\"`]{1,200}@(?=//)|(?<=thin:)[^\s@'\"`]{1,200}@)")
_REST: Final = re.compile(r"(?<=[A-Za-z0-9+.-]://)(?P<place>[^\s?#]{0,2000}+)[?#][^\s'\"`<>|)\]}]*+")
_LONGEST: Final = 500
"""Of a longer value only so much is looked at and shown."""
# What follows the name of a file is said of it.
_ASSIGNED: Final = re.compile(
    r"(?i)(?P<name>[\w.-]*(?:passw(?:or)?d|passphrase|passwd|pwd|secret|token|credential|api[_-]?key|"
    r"access[_-]?key|private[_-]?key)[\w.-]*(?<!\.yaml)(?<!\.yml)(?<!\.json)[\"']?\s*[=:]\s*|"
    r"--[\w-]*(?:password|passphrase|token|secret)[\w-]*\s+|authorization:\s*\w+\s+)"
    r"(?:\"[^\"]*\"?|'[^']*'?|[^\s,;&\"']+)"
)
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# fmt: off
_WORDS: Final = frozenset((
    "auth", "authorization", "bearer", "cookie", "credential", "credentials", "creds", "dsn",
    "htpasswd", "jwt", "key", "keys", "kubeconfig", "otp", "pass", "passcode", "passphrase", "passwd",
    "passwords", "password", "pem", "pin", "psk", "pw", "pwd", "salt", "sas", "secret", "secrets",
    "signature", "token", "tokens", "webhook",
))
# What connects to these holds a password as a rule, in a form of its own.
_SERVERS: Final = frozenset((
    "amqp", "broker", "database", "db", "jdbc", "mongo", "mongodb", "mysql", "postgres", "postgresql",
    "rabbitmq", "redis",
))
# fmt: on
_ADDRESSES: Final = frozenset(("uri", "url", "urls"))
_PARTS: Final = (
    "apikey",
    "connectionstring",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "token",
)


def without_credentials(text: str) -> str:
    """Gives a text in which no URL shows its user, its password or its query.

    >>> without_credentials("is 'v1' of https://bot:t0ken@git.example.com/acme/charts a tag?")
    "is 'v1' of https://***@git.example.com/acme/charts a tag?"
    >>> without_credentials("values come from https://files.example.com/web.yaml?sig=abc, and none else")
    'values come from https://files.example.com/web.yaml?***, and none else'
    """
    if "@" in text:
        text = _SCP_USER.sub(f"{HIDDEN}@", _USER.sub(f"{HIDDEN}@", text))
        text = _SLASHED_USER.sub(f"{HIDDEN}@", _BARE_USER.sub(f"{HIDDEN}@", text))
    return _REST.sub(_hidden_rest, text) if "://" in text else text


def without_secrets(text: str) -> str:
    r"""Gives a value in one line, without credentials of URLs and without what is assigned to a password.

    >>> without_secrets("--user=web --password=hunter2"), without_secrets("a\nb")
    ('--user=web --password=***', 'a text of 2 lines')
    >>> without_secrets("apps/web-secret.yaml: sops encrypted it")
    'apps/web-secret.yaml: sops encrypted it'
    """
    lines = text.splitlines()
    if len(lines) > 1:
        # Whole files stand in values, and what of them is a secret nobody can say.
        return f"a text of {len(lines)} lines"
    shown = without_credentials(text)
    return _ASSIGNED.sub(rf"\g<name>{HIDDEN}", shown[:_LONGEST]) + "…" * (len(shown) > _LONGEST)


def _hidden_rest(found: re.Match[str]) -> str:
    whole = found[0]
    mark = whole[len(found["place"])]
    # What ends a sentence is not the URL's.
    end = re.search(r"[.,:;!]*$", whole)
    return f"{found['place']}{mark}{HIDDEN}{end[0] if end else ''}"


def names_a_secret(path: Iterable[str]) -> bool:
    """Gives whether a key on the way to a value says that it is a password, a token or a key.

    >>> [names_a_secret(path) for path in (("auth", "rootPassword"), ("apiKeys", "0"), ("monkey",))]
    [True, True, False]
    >>> names_a_secret(("DATABASE_URL",)), names_a_secret(("url",))
    (True, False)
    """
    for key in path:
        words = [found.lower() for found in _WORD.findall(key)]
        joined = "".join(words)
        if not _WORDS.isdisjoint(words) or any(part in joined for part in _PARTS):
            return True
        if not (_SERVERS.isdisjoint(words) or _ADDRESSES.isdisjoint(words)):
            return True
    return False


class PrintedModel(BaseModel):
    """A model of which only the fields that were given are printed, and of URLs no password."""

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        # There are many fields, hardly any is set, and what was not given says nothing.
        for name, value in super().__repr_args__():
            if name in self.model_fields_set:
                yield name, without_credentials(value) if isinstance(value, str) else value
