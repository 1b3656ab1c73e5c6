"""The one schema, put together from its parts. Only this module and schema.server know them all."""

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types.base import get_object_definition, has_object_definition

from resolvers.nodes import NodeQuery
from resolvers.notes import NoteMutation
from resolvers.server import ServerQuery
from resolvers.users import UserMutation, UserQuery
from resolvers.videos import VideoMutation, VideoQuery
from resolvers.wiz import WizMutation, WizQuery
from schema.errors import HANDLERS
from schema.permissions import Access
from schema.types.scalars import SCALARS
from subscriptions.videos import VideoSubscription
from subscriptions.wiz import WizSubscription


@strawberry.type(description="What can be asked.")
class Query(ServerQuery, UserQuery, NodeQuery, VideoQuery, WizQuery):
    pass


@strawberry.type(description="What can be done.")
class Mutation(UserMutation, VideoMutation, NoteMutation, WizMutation):
    pass


@strawberry.type(description="What can be followed. Each stream tells what happened since `after`, and goes on live.")
class Subscription(VideoSubscription, WizSubscription):
    pass


def build_schema() -> strawberry.Schema:
    """Raises TypeError when a root field does not say who may use it.

    It is run by schema.execution, on documents that schema.transport has read: Strawberry's own extensions have no part.
    """
    for root in (Query, Mutation, Subscription):
        refuse_unguarded(root)
    describe_inputs(Mutation)
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        exception_handlers=HANDLERS,
        config=StrawberryConfig(scalar_map=SCALARS),
    )


def refuse_unguarded(root: type) -> None:
    for field in get_object_definition(root, strict=True).fields:
        if not any(isinstance(extension, Access) for extension in field.extensions):
            raise TypeError(f"{root.__name__}.{field.name} does not say who may use it.")


def describe_inputs(root: type) -> None:
    """Say of each `input` what its type says of itself, so that a mutation need not say it again."""
    for field in get_object_definition(root, strict=True).fields:
        for argument in field.arguments:
            if argument.description is None and has_object_definition(argument.type):
                argument.description = argument.type.__strawberry_definition__.description
