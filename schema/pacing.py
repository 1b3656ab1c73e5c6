"""How often one caller may use a mutation. Doors that are open to everybody count in their services instead."""

from collections.abc import Awaitable, Callable, Mapping

from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField

from schema.context import Context, Info
from services.identity.viewers import ViewerKind
from services.rates import Rate
from services.settings import Settings

PACE = "pace"
"""The key in a field's metadata for where its rate comes from."""

UNPACED: Mapping[str, object] = {PACE: None}
"""Metadata of a mutation for operators' workers, who may have as much to do as there is."""

RateOf = Callable[[Settings], Rate]


def paced(rate_of: RateOf) -> Mapping[str, object]:
    """Metadata of a mutation that has a rate of its own."""
    return {PACE: rate_of}


class Pace(FieldExtension):
    """Counts each use of one field by a user, or from the address of whoever is none."""

    def __init__(self, rate_of: RateOf) -> None:
        self._rate_of = rate_of

    async def resolve_async(
        self, next_: Callable[..., Awaitable[object]], source: object, info: Info, **arguments: object
    ) -> object:
        context = info.context
        rate = self._rate_of(context.services.settings)
        await context.services.throttle.count(f"mutation {info.field_name}", _caller(context), rate)
        return await next_(source, info, **arguments)


def pace_of(field: StrawberryField) -> Pace:
    """By its metadata; without, RATE_LIMIT_DEFAULT."""
    rate_of: RateOf = field.metadata.get(PACE, _default)
    return Pace(rate_of)


def is_unpaced(field: StrawberryField) -> bool:
    return PACE in field.metadata and field.metadata[PACE] is None


def _default(settings: Settings) -> Rate:
    return settings.rate_limit_default


def _caller(context: Context) -> str:
    """Guests may change their ids as they like, but not their address."""
    viewer = context.viewer
    is_users = viewer.kind in {ViewerKind.USER, ViewerKind.API_TOKEN}
    return viewer.key or context.device.address if is_users else context.device.address
