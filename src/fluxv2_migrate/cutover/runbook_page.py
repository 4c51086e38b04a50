"""The steps of the cut-over as a part of a page."""

from __future__ import annotations

from collections.abc import Iterable

from fluxv2_migrate.cutover.cutover_cluster import RunbookStep
from fluxv2_migrate.pages import Html, code_block, element, joined, prose


def steps_of_page(steps: Iterable[RunbookStep]) -> Html:
    """Gives the steps as a numbered list, each with its reason and its commands."""
    return element("ol", *(element("li", _step(step)) for step in steps), class_="steps")


def _step(step: RunbookStep) -> Html:
    commands = [line for command in step.commands for line in command.split("\n")]
    shown = [code_block(commands)] if commands else []
    return joined([element("strong", prose(step.title)), element("p", prose(step.why)), *shown])
