"""The one schema, put together from its parts. Only this module and schema.server know them all."""

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types.base import get_object_definition, has_object_definition

from resolvers.accounts import AccountMutation
from resolvers.api_tokens import ApiTokenMutation
from resolvers.audit import AuditQuery
from resolvers.avatars import AvatarMutation
from resolvers.emails import EmailMutation
from resolvers.google import GoogleMutation
from resolvers.guests import GuestMutation
from resolvers.jobs import JobMutation, JobQuery
from resolvers.nodes import NodeQuery
from resolvers.notes import NoteMutation
from resolvers.passwords import PasswordMutation
from resolvers.provider_keys import ProviderKeyMutation
from resolvers.search import SearchQuery
from resolvers.server import ServerQuery
from resolvers.sessions import SessionMutation
from resolvers.tasks import TaskMutation, TaskQuery
from resolvers.uploads import UploadMutation
from resolvers.users import UserMutation, UserQuery
from resolvers.videos import VideoMutation, VideoQuery
from resolvers.wiz import WizMutation, WizQuery
from schema.errors import HANDLERS
from schema.pacing import Pace, is_unpaced, pace_of
from schema.permissions import Access, Open
from schema.types.scalars import SCALARS
from subscriptions.jobs import JobSubscription
from subscriptions.notes import NoteSubscription
from subscriptions.videos import VideoSubscription
from subscriptions.wiz import WizSubscription


@strawberry.type(description="What can be asked.")
class Query(ServerQuery, UserQuery, NodeQuery, VideoQuery, WizQuery, AuditQuery, JobQuery, TaskQuery, SearchQuery):
    pass


@strawberry.type(description="What can be done.")
class Mutation(
    UserMutation,
    UploadMutation,
    EmailMutation,
    PasswordMutation,
    SessionMutation,
    ProviderKeyMutation,
    GoogleMutation,
    VideoMutation,
    AvatarMutation,
    NoteMutation,
    WizMutation,
    GuestMutation,
    ApiTokenMutation,
    AccountMutation,
    JobMutation,
    TaskMutation,
):
    pass


@strawberry.type(description="What can be followed. Each stream tells what happened since `after`, and goes on live.")
class Subscription(VideoSubscription, WizSubscription, JobSubscription, NoteSubscription):
    pass


def build_schema() -> strawberry.Schema:
    """Raises TypeError when a root field does not say who may use it.

    It is run by schema.execution, on documents that schema.transport has read: Strawberry's own extensions have no part.
    """
    for root in (Query, Mutation, Subscription):
        refuse_unguarded(root)
    describe_inputs(Mutation)
    pace(Mutation)
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


def pace(root: type) -> None:
    """Let nobody use a mutation without end. What is open to everybody counts addresses in its service."""
    for field in get_object_definition(root, strict=True).fields:
        paced = any(isinstance(extension, Pace | Open) for extension in field.extensions) or is_unpaced(field)
        if not paced:
            # The last one is called first: whoever may not use the field is not counted.
            field.extensions.insert(0, pace_of(field))


def describe_inputs(root: type) -> None:
    """Say of each `input` what its type says of itself, so that a mutation need not say it again."""
    for field in get_object_definition(root, strict=True).fields:
        for argument in field.arguments:
            if argument.description is None and has_object_definition(argument.type):
                argument.description = argument.type.__strawberry_definition__.description
