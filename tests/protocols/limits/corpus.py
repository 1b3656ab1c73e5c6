"""All bombs: always the same ones, each of 8 KB at most with its variables."""

import json
from functools import cache

from tests.protocols.limits.bomb import Bomb
from tests.protocols.limits.flood_bombs import aliases, depths, directives, root_floods, sign_in_floods
from tests.protocols.limits.fragment_bombs import cycles, fragment_webs, fragments_to_no_end
from tests.protocols.limits.line_bombs import lines
from tests.protocols.limits.list_bombs import list_literals, list_variables, nested_lists
from tests.protocols.limits.overlap_bombs import overlaps
from tests.protocols.limits.value_bombs import introspection, many_definitions, values

LARGEST = 8 * 1024


@cache
def bombs() -> tuple[Bomb, ...]:
    families = (
        fragment_webs,
        cycles,
        aliases,
        directives,
        depths,
        fragments_to_no_end,
        list_literals,
        list_variables,
        nested_lists,
        root_floods,
        sign_in_floods,
        overlaps,
        values,
        introspection,
        many_definitions,
        lines,
    )
    made = tuple(bomb for family in families for bomb in family())
    assert len({bomb.name for bomb in made}) == len(made)
    assert [bomb.name for bomb in made if len(json.dumps(bomb.body)) > LARGEST] == []
    return made
