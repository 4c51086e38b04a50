"""What was made of texts and is kept for who asks next, until the run is over that asked for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper

_Asked = ParamSpec("_Asked")
_Result = TypeVar("_Result")
_LET_GO: Final[list[Callable[[], None]]] = []


def kept(count: int) -> Callable[[Callable[..., _Result]], _lru_cache_wrapper[_Result]]:
    """Keeps what a function of texts gives while a migration or a verification runs.

    Args:
        count: how many results are kept, those that were asked for last.
    """

    def keeping(function: Callable[..., _Result]) -> _lru_cache_wrapper[_Result]:
        keeper = lru_cache(maxsize=count)(function)
        _LET_GO.append(keeper.cache_clear)
        return keeper

    return keeping


def let_go_at_the_end(let_go: Callable[[], None]) -> None:
    """Calls what lets go of something else that is kept, each time a migration or a verification is over."""
    _LET_GO.append(let_go)


def lets_go(run: Callable[_Asked, _Result]) -> Callable[_Asked, _Result]:
    """Lets all go that was kept once a run is over, so that nothing of a repository outlives it.

    Where several threads run at the same time, what one lets go of is made again for the others.

    >>> @kept(2)
    ... def doubled(text: str) -> str:
    ...     return text + text
    >>> _ = lets_go(doubled)("a")
    >>> doubled.cache_info().currsize
    0
    """

    @wraps(run)
    def running(*args: _Asked.args, **named: _Asked.kwargs) -> _Result:
        try:
            return run(*args, **named)
        finally:
            for let_go in _LET_GO:
                let_go()

    return running
