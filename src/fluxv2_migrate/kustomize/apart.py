"""Which kustomizations tell objects apart, so that something can be said there of some of them alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fluxv2_migrate.kustomize.resources import Step


def steps_apart(
    wanted: Iterable[tuple[Sequence[Step], object]], *, goes_over: bool = False
) -> list[list[Step]]:
    """Gives for each object the kustomizations through which nothing comes of which something else is wanted.

    Args:
        wanted: the kustomizations that each object goes through, with what is wanted of it.
        goes_over: whether it is said of each object, so that what is said further out goes over it: then the
            outermost kustomization of one is its own also where others go on from there.

    Returns:
        The innermost first, as the objects go through them.

    >>> base, prod, test = (Step(f"{name}.yaml", "shop", "web") for name in ("base", "prod", "test"))
    >>> [[step.path for step in each] for each in steps_apart([((base, prod), "a"), ((base, test), "b")])]
    [['prod.yaml'], ['test.yaml']]
    >>> wanted = [((base, prod), "a"), ((base, prod, test), "b")]
    >>> [[step.path for step in each] for each in steps_apart(wanted, goes_over=True)]
    [['prod.yaml'], ['test.yaml']]
    """
    members = list(wanted)
    by_path: dict[str, list[object]] = {}
    for steps, value in members:
        for step in steps:
            known = by_path.setdefault(step.path, [])
            if value not in known:
                known.append(value)
    own = [[step for step in steps if len(by_path[step.path]) == 1] for steps, _ in members]
    if not goes_over:
        return own
    return [
        each or ([steps[-1]] if steps and _ends_within(steps, value, members) else [])
        for each, (steps, value) in zip(own, members, strict=True)
    ]


def _ends_within(
    steps: Sequence[Step], value: object, members: Iterable[tuple[Sequence[Step], object]]
) -> bool:
    """Gives whether all that goes through the last kustomization goes on from there, or is the same."""
    return all(
        other == value or (len(further) > len(steps) and tuple(further[: len(steps)]) == tuple(steps))
        for further, other in members
        if any(step.path == steps[-1].path for step in further)
    )
