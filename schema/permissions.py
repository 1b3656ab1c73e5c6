"""Who may use a root field. A root field without a rule is refused when the schema is built (see schema.root)."""

from collections.abc import Awaitable, Callable

from strawberry.extensions import FieldExtension

from schema.context import Context, Info
from services.errors import DomainError, Forbidden, Unauthenticated, UnauthenticatedReason
from services.identity.viewers import ViewerKind

Next = Callable[..., object]


class Access(FieldExtension):
    """Lets the named kinds of caller through; others are told to sign in, or that they may not.

    It takes asynchronous resolvers only, since on a socket the caller's session may have ended after it was opened.
    """

    def __init__(self, *kinds: ViewerKind) -> None:
        self.kinds = frozenset(kinds)
        # None for the error's own, which is for fields that want a user.
        self._if_missing = "Sign in, or send a guest session id." if ViewerKind.GUEST in kinds else None

    def check(self, context: Context) -> None:
        kind = context.viewer.kind
        if kind in self.kinds:
            return
        if kind in {ViewerKind.ANONYMOUS, ViewerKind.GUEST}:
            raise Unauthenticated(UnauthenticatedReason.MISSING, message=self._if_missing)
        if kind is ViewerKind.API_TOKEN:
            raise Forbidden("A long-term token may take notes, and nothing else.")
        raise Forbidden

    async def resolve_async(
        self, next_: Callable[..., Awaitable[object]], source: object, info: Info, **arguments: object
    ) -> object:
        self.check(info.context)
        viewer, viewers = info.context.viewer, info.context.services.viewers
        await viewers.ensure_active(viewer)
        try:
            return await next_(source, info, **arguments)
        except DomainError:
            raise
        except Exception:
            # A session is remembered for seconds. Whose user is gone since then has nothing that anything could refer to.
            await viewers.ensure_exists(viewer)
            raise


class Open(Access):
    """For everybody, and without a look at the credentials: a client with an expired token can still sign in."""

    def resolve(self, next_: Next, source: object, info: Info, **arguments: object) -> object:
        return next_(source, info, **arguments)

    async def resolve_async(
        self, next_: Callable[..., Awaitable[object]], source: object, info: Info, **arguments: object
    ) -> object:
        return await next_(source, info, **arguments)


class Recorded(Access):
    """As Access, with operators: each use by one is put into the audit log, before anything else comes of it."""

    async def resolve_async(
        self, next_: Callable[..., Awaitable[object]], source: object, info: Info, **arguments: object
    ) -> object:
        async def record_and_go_on(source: object, info: Info, **arguments: object) -> object:
            if info.context.viewer.kind is ViewerKind.ADMIN:
                field = f"{info.path.typename}.{info.field_name}"
                await info.context.services.audit.record_admin(info.context.device, field)
            return await next_(source, info, **arguments)

        return await super().resolve_async(record_and_go_on, source, info, **arguments)


OPEN = Open(*ViewerKind)
ANYBODY = Access(*ViewerKind)
"""Everybody, but credentials that are sent must be good."""
GUESTS_AND_USERS = Access(ViewerKind.GUEST, ViewerKind.USER)
USERS = Access(ViewerKind.USER)
USERS_AND_API_TOKENS = Access(ViewerKind.USER, ViewerKind.API_TOKEN)
"""For programs, too: nothing that such a field leads to may be the user's own but what it has just made."""
ADMINS = Recorded(ViewerKind.ADMIN)
WORKERS = Access(ViewerKind.ADMIN)
"""As ADMINS, for what workers ask all day long and changes nothing by itself: it would bury the rest of the log."""
USERS_AND_ADMINS = Recorded(ViewerKind.USER, ViewerKind.ADMIN)
