"""Mappings of results, which nobody changes."""

from __future__ import annotations

from typing import Any, Never, TypeVar

__all__ = ["FrozenDict"]

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class FrozenDict(dict[_Key, _Value]):
    """A dict that refuses to be changed; unlike a `MappingProxyType` it can be pickled.

    >>> files = FrozenDict({"a.yaml": "a: 1"})
    >>> files, files == {"a.yaml": "a: 1"}
    ({'a.yaml': 'a: 1'}, True)
    >>> files["b.yaml"] = ""
    Traceback (most recent call last):
    TypeError: a result cannot be changed: change dict(...) of it
    """

    __slots__ = ()

    def _refuse(self, *_given: Any, **_named: Any) -> Never:
        raise TypeError("a result cannot be changed: change dict(...) of it")

    __delitem__ = __ior__ = __setitem__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (dict(self),))
