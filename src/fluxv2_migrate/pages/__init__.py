"""Parts of pages for people: HTML in which every text is escaped, with one style for pages and notebooks."""

from fluxv2_migrate.pages.parts import (
    Html,
    badge,
    code,
    code_block,
    element,
    facts,
    fold,
    fragment,
    joined,
    listed,
    page,
    picture,
    prose,
    section,
    table,
)
