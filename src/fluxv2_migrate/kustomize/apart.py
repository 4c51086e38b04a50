"""Which kustomizations tell objects apart, so that something can be said there of some of them alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fluxv2_migrate.kustomize.resources import Step


def steps_apart(wanted: Iterable[tuple[Sequence[Step], object]]) -> list[list[Step]]:
    """Gives for each object the kustomizations through which nothing comes of which something else is wanted.

    Args:
        wanted: the kustomizations that each object goes through, with what is wanted of it.

    Returns:
        The innermost first, as the objects go through them.

    >>> base, prod, test = (Step(f"{name}.yaml", "shop", "web") for name in ("base", "prod", "test"))
    >>> [[step.path for step in each] for each in steps_apart([((base, prod), "a"), ((base, test), "b")])]
    [['prod.yaml'], ['test.yaml']]
    """
    members = list(wanted)
    by_path: dict[str, list[object]] = {}
    for steps, value in members:
        for step in steps:
            known = by_path.setdefault(step.path, [])
            if value not in known:
                known.append(value)
    return [[step for step in steps if len(by_path[step.path]) == 1] for steps, _ in members]
