"""What an operation asks for at its root, seen through aliases and fragments."""

from collections.abc import Mapping

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
)


def root_fields(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Mapping[str, str]:
    """Field names by the names they have in the answer; asked for twice under one name, a field is resolved once.

    Each fragment is looked into once, so that no web of them takes longer than its text.
    """
    found: dict[str, str] = {}
    seen: set[str] = set()
    waiting = [operation.selection_set]
    while waiting:
        for selection in waiting.pop().selections:
            match selection:
                case FieldNode(alias=alias, name=name):
                    found[(alias or name).value] = name.value
                case InlineFragmentNode(selection_set=below):
                    waiting.append(below)
                case FragmentSpreadNode(name=name) if name.value not in seen:
                    seen.add(name.value)
                    if (fragment := fragments.get(name.value)) is not None:
                        waiting.append(fragment.selection_set)
                case _:
                    pass  # a fragment that was looked into
    return found
