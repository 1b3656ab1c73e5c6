"""The limits of an operation: each is checked before anything of it is run."""

from collections.abc import Mapping

from graphql import DocumentNode, FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, OperationType

from schema.errors import QueryTooComplex
from schema.transport.limits.document_size import DocumentSize, measure
from schema.transport.limits.field_costs import field_costs, patient_fields, rationed_fields
from schema.transport.limits.introspection_costs import cost_of_whole_schema, introspection_costs
from schema.transport.limits.root_fields import root_fields
from schema.transport.limits.worst_case import WorstCase
from services.settings import Settings


class OperationLimits:
    def __init__(self, schema: GraphQLSchema, settings: Settings) -> None:
        """Raises TypeError for a schema with a list of objects that nobody said the length of."""
        self._settings = settings
        self._costs = field_costs(schema)
        self._rationed = rationed_fields(schema)
        self._patient = patient_fields(schema)
        self._introspection_costs = introspection_costs(schema)
        # Tools ask for the whole schema; nobody needs to ask for it over and over in one operation.
        self._most_introspection = cost_of_whole_schema(schema, self._introspection_costs) * 3 // 2
        self._roots = {kind: root.name for kind in OperationType if (root := schema.get_root_type(kind)) is not None}

    def check_document(self, document: DocumentNode) -> None:
        """For anything that can be parsed, valid or not. Raises QueryTooComplex."""
        self._check_size(measure(document))
        fragments = _fragments(document)
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                self._check_root(node, fragments)

    def check_nodes(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, object],
        *,
        signed_in: bool,
    ) -> None:
        """For a valid document, and variables as they were sent. Raises QueryTooComplex."""
        root = self._roots.get(operation.operation)
        if root is None:
            return
        settings = self._settings
        nodes = WorstCase(self._costs, document, operation, variables).nodes(root)
        _check("nodes", nodes, settings.query_max_nodes if signed_in else settings.query_max_nodes_signed_out)
        introspection = WorstCase(self._introspection_costs, document, operation, variables).nodes(root)
        _check("introspection", introspection, self._most_introspection)

    def is_patient(self, document: DocumentNode, operation: OperationDefinitionNode) -> bool:
        """Whether all that a valid operation does is to wait."""
        if operation.operation is not OperationType.MUTATION:
            return False
        return self._patient.issuperset(root_fields(operation, _fragments(document)).values())

    def _check_size(self, size: DocumentSize) -> None:
        settings = self._settings
        sizes = (size.text, *size.operations)
        _check("depth", max(one.depth for one in sizes), settings.query_max_depth)
        _check("aliases", max(one.aliases for one in sizes), settings.query_max_aliases)
        _check("directives", max(one.directives for one in sizes), settings.query_max_directives)
        _check("selections", max(one.selections for one in sizes), settings.query_max_selections)

    def _check_root(self, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        fields = root_fields(operation, fragments)
        if operation.operation is OperationType.MUTATION:
            rationed = [name for name in fields.values() if name in self._rationed]
            if len(rationed) > 1:
                listed = " and ".join(sorted(set(rationed)))
                message = f"{listed} cost more than others: an operation may have one such field, and this one has {len(rationed)}."
                raise QueryTooComplex(rationed[0], len(rationed), 1, message)
        _check("rootFields", len(fields), self._settings.query_max_root_fields)


def _fragments(document: DocumentNode) -> Mapping[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def _check(limit: str, value: int, maximum: int) -> None:
    if value > maximum:
        raise QueryTooComplex(limit, value, maximum)
