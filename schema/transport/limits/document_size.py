"""How large an operation is once its fragments are spread, reckoned without spreading them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

ENDLESS = 10**9
"""No count goes beyond: fragments that spread others twice over reach any number in a few lines."""
INTROSPECTION = frozenset({"__schema", "__type"})
"""Fields below them have no depth: what tools ask there is deep, and graphql-core has its own limit for it."""

Definition = OperationDefinitionNode | FragmentDefinitionNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    depth: int = 0
    """Fields within fields."""
    aliases: int = 0
    directives: int = 0
    selections: int = 0
    """Fields, spreads and inline fragments."""


@dataclass(frozen=True, slots=True)
class Spread:
    name: str
    depth: int | None
    """Of the fields around it; None below introspection, where depth does not count."""


@dataclass(slots=True)
class _Part:
    """One definition's own text; what it spreads is named only."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    selections: int = 0
    spreads: list[Spread] = field(default_factory=list[Spread])


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSize:
    text: Size
    """Of all definitions as they are written, each once, used or not; its depth says nothing."""
    operations: Sequence[Size]
    """Of each operation, every fragment counted wherever it is spread."""


def measure(document: DocumentNode) -> DocumentSize:
    """Takes time in proportion to the text, whatever its fragments do: unknown, cyclic or double ones are for validation."""
    definitions = [node for node in document.definitions if isinstance(node, Definition)]
    parts = [_part(node) for node in definitions]
    fragments = {
        node.name.value: part
        for node, part in zip(definitions, parts, strict=True)
        if isinstance(node, FragmentDefinitionNode)
    }
    sizes: dict[str, Size] = {}
    for name in _inside_out(fragments):
        sizes[name] = _spread_out(fragments[name], sizes)
    return DocumentSize(
        text=Size(
            aliases=sum(part.aliases for part in parts),
            directives=sum(part.directives for part in parts),
            selections=sum(part.selections for part in parts),
        ),
        operations=[
            _spread_out(part, sizes)
            for node, part in zip(definitions, parts, strict=True)
            if isinstance(node, OperationDefinitionNode)
        ],
    )


def _inside_out(fragments: Mapping[str, _Part]) -> Iterator[str]:
    """Every fragment's name after those that it spreads; of a cycle, which validation refuses, in any order."""
    begun: set[str] = set()
    done: set[str] = set()
    for root in fragments:
        waiting = [root]
        while waiting:
            name = waiting[-1]
            if name not in begun:
                begun.add(name)
                spread = dict.fromkeys(one.name for one in fragments[name].spreads)
                waiting.extend(other for other in spread if other in fragments and other not in begun)
            else:
                waiting.pop()
                if name not in done:
                    done.add(name)
                    yield name


def _part(definition: Definition) -> _Part:
    part = _Part(directives=len(definition.directives or ()))
    for variable in definition.variable_definitions or ():
        part.directives += len(variable.directives or ())
    # Walked without recursion: the parser lets more levels through than the interpreter may have left.
    waiting: list[tuple[SelectionSetNode, int | None]] = [(definition.selection_set, 0)]
    while waiting:
        selections, depth = waiting.pop()
        for selection in selections.selections:
            part.selections += 1
            part.directives += len(selection.directives or ())
            match selection:
                case FieldNode(alias=alias, name=name, selection_set=below):
                    part.aliases += alias is not None
                    inner = None if depth is None else depth + 1
                    part.depth = max(part.depth, inner or 0)
                    if below is not None:
                        waiting.append((below, None if name.value in INTROSPECTION else inner))
                case InlineFragmentNode(selection_set=below):
                    waiting.append((below, depth))
                case FragmentSpreadNode(name=name):
                    part.spreads.append(Spread(name.value, depth))
                case _:
                    pass  # there are no others
    return part


def _spread_out(part: _Part, fragments: Mapping[str, Size]) -> Size:
    """With what it spreads; what is not in `fragments` adds nothing."""
    depth, aliases, directives, selections = part.depth, part.aliases, part.directives, part.selections
    for spread in part.spreads:
        size = fragments.get(spread.name)
        if size is not None:
            depth = max(depth, 0 if spread.depth is None else spread.depth + size.depth)
            aliases += size.aliases
            directives += size.directives
            selections += size.selections
    return Size(
        depth=depth,
        aliases=min(aliases, ENDLESS),
        directives=min(directives, ENDLESS),
        selections=min(selections, ENDLESS),
    )
