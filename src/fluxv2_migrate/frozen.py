"""Mappings and lists of results, which nobody changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Never, TypeVar

SCALARS: Final = frozenset({str, bool, int, float, type(None)})
"""The types of what JSON has beside mappings and lists; that something is none of these is found slowly."""
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def _refuse(_self: object, *_given: Any, **_named: Any) -> Never:
    raise TypeError("a result cannot be changed: change a copy of it")


class FrozenDict(dict[_Key, _Value]):
    """A dict that refuses to be changed; unlike a `MappingProxyType` it can be pickled.

    >>> files = FrozenDict({"a.yaml": "a: 1"})
    >>> files, files == {"a.yaml": "a: 1"}
    ({'a.yaml': 'a: 1'}, True)
    >>> files["b.yaml"] = ""
    Traceback (most recent call last):
    TypeError: a result cannot be changed: change a copy of it
    """

    __slots__ = ()

    __delitem__ = __ior__ = __setitem__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (dict(self),))


class FrozenList(list[_Value]):
    """A list that refuses to be changed, and equals one that does not.

    >>> FrozenList([1]) == [1]
    True
    >>> FrozenList([1]).append(2)
    Traceback (most recent call last):
    TypeError: a result cannot be changed: change a copy of it
    """

    __slots__ = ()

    __delitem__ = __iadd__ = __imul__ = __setitem__ = append = clear = extend = insert = pop = _refuse
    remove = reverse = sort = _refuse

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (list(self),))


def frozen(value: Any, known: dict[Any, Any] | None = None) -> Any:
    """Gives a copy of a value of JSON's types that nobody changes, whatever is in it.

    Args:
        known: what copies of other values hold, which this one shares: clusters see nearly the same of a
            release. For those that make one result together it begins empty.

    >>> frozen({"a": [{"b": 1}]})["a"][0]["b"] = 2
    Traceback (most recent call last):
    TypeError: a result cannot be changed: change a copy of it
    """
    if value.__class__ is str or not isinstance(value, (dict, list, Mapping)):
        return value
    if known is not None and id(value) in known:
        return known[id(value)][1]
    copy: Any
    if isinstance(value, list):
        copy = FrozenList([frozen(item, known) for item in value])
    else:
        copy = FrozenDict({key: frozen(item, known) for key, item in value.items()})
    if known is not None:
        copy = known.setdefault(_contents(copy), copy)
        # The value is kept with it, so that no other one has its number.
        known[id(value)] = (value, copy)
    return copy


def _contents(copy: FrozenDict[Any, Any] | FrozenList[Any]) -> tuple[object, ...]:
    """Gives by what copies are told apart: what they hold was told apart before."""
    # To Python `1`, `1.0` and `true` are equal, and so are both zeros; bare numbers stand for collections.
    marks = [
        item
        if item.__class__ is str
        else id(item)
        if isinstance(item, (dict, list))
        else (item.__class__, repr(item))
        for item in (copy if isinstance(copy, list) else copy.values())
    ]
    return (list, *marks) if isinstance(copy, list) else (*copy, *marks)


def thawed(value: Any) -> Any:
    """Gives a copy of a value of JSON's types that can be changed, whatever is in it.

    >>> manifest = thawed(frozen({"a": [{"b": 1}]}))
    >>> manifest["a"][0]["b"] = 2
    >>> manifest
    {'a': [{'b': 2}]}
    """
    if value.__class__ in SCALARS:
        return value
    if isinstance(value, (dict, Mapping)):
        return {key: thawed(item) for key, item in value.items()}
    return [thawed(item) for item in value] if isinstance(value, list) else value
