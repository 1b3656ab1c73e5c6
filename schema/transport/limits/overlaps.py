"""Keeps the validation of fields that are asked for again and again from taking time in proportion to their square."""

from graphql import OverlappingFieldsCanBeMergedRule, SelectionSetNode, ValidationContext
from graphql.validation.validate import ValidationAbortedError

from schema.errors import QueryTooComplex

MOST_COMPARISONS = 15_000
"""In graphql-core's own units: about two a pair of fields, or of fragments, that could stand for the same value.

A thousand take a millisecond or so. Ten fragments that ask for the same ten fields need 1,500, thirty need 6,000.
"""


class BoundedOverlaps(OverlappingFieldsCanBeMergedRule):
    """graphql-core's rule with a smaller budget; beyond it the document is refused, since nobody knows whether it is valid."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = MOST_COMPARISONS

    def enter_selection_set(
        self, selection_set: SelectionSetNode, _key: object, parent: object, *_args: object
    ) -> None:
        """Raises QueryTooComplex."""
        try:
            super().enter_selection_set(selection_set, _key, parent, *_args)
        except ValidationAbortedError as error:
            if self.rule_context.remaining_complexity_budget >= 0:
                raise error from None  # of too many mistakes, and not of too many comparisons
            message = "The same fields are asked for too often in one place: take out those that say the same again."
            raise QueryTooComplex("overlaps", MOST_COMPARISONS + 1, MOST_COMPARISONS, message) from None
