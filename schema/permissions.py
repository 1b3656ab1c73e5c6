"""Who may use a root field. A root field without a rule is refused when the schema is built (see schema.root)."""

from collections.abc import Awaitable, Callable

from strawberry.extensions import FieldExtension

from schema.context import Context, Info
from services.errors import Forbidden, Unauthenticated, UnauthenticatedReason
from services.identity.viewers import ViewerKind

Next = Callable[..., object]


class Access(FieldExtension):
    """Lets the named kinds of caller through; others are told to sign in, or that they may not.

    It takes asynchronous resolvers only, since on a socket the caller's session may have ended after it was opened.
    """

    def __init__(self, *kinds: ViewerKind) -> None:
        self.kinds = frozenset(kinds)

    def check(self, context: Context) -> None:
        kind = context.viewer.kind
        if kind in self.kinds:
            return
        if kind in {ViewerKind.ANONYMOUS, ViewerKind.GUEST}:
            raise Unauthenticated(UnauthenticatedReason.MISSING)
        raise Forbidden

    async def resolve_async(
        self, next_: Callable[..., Awaitable[object]], source: object, info: Info, **arguments: object
    ) -> object:
        self.check(info.context)
        await info.context.services.viewers.ensure_active(info.context.viewer)
        return await next_(source, info, **arguments)


class Open(Access):
    """For everybody, and without a look at the credentials: a client with an expired token can still sign in."""

    def resolve(self, next_: Next, source: object, info: Info, **arguments: object) -> object:
        return next_(source, info, **arguments)

    async def resolve_async(
        self, next_: Callable[..., Awaitable[object]], source: object, info: Info, **arguments: object
    ) -> object:
        return await next_(source, info, **arguments)


OPEN = Open(*ViewerKind)
ANYBODY = Access(*ViewerKind)
"""Everybody, but credentials that are sent must be good."""
GUESTS_AND_USERS = Access(ViewerKind.GUEST, ViewerKind.USER)
USERS = Access(ViewerKind.USER)
