"""Makes what resolvers get, one for each operation."""

from collections.abc import Callable

from starlette.requests import HTTPConnection

from resolvers.loaders import build_loaders
from schema.context import Context
from schema.transport.addresses import client_address
from schema.transport.departures import shutdown_of
from schema.transport.request_log import request_id_of
from services.container import Services
from services.errors import Unauthenticated
from services.identity.devices import USER_AGENT_LENGTH, Device
from services.identity.viewers import Viewer


class Contexts:
    def __init__(self, services: Callable[[], Services]) -> None:
        self._services = services

    async def identify(self, authorization: object, guest: object) -> Viewer | Unauthenticated:
        """Who is calling; or why the credentials are no good, for the first field that asks."""
        try:
            return await self._services().viewers.identify(authorization, guest)
        except Unauthenticated as error:
            return error

    def address(self, connection: HTTPConnection) -> str:
        return client_address(connection, self._services().settings.trusted_proxies)

    def make(self, connection: HTTPConnection, identity: Viewer | Unauthenticated) -> Context:
        """For one operation of this request or socket."""
        services = self._services()
        return Context(
            services=services,
            request_id=request_id_of(connection.scope),
            device=self._device(connection, identity),
            base_url=services.settings.public_url or base_url_of(connection),
            identity=identity,
            headers={},
            loaders=build_loaders(services),
            shutdown=shutdown_of(connection.scope),
        )

    def _device(self, connection: HTTPConnection, identity: Viewer | Unauthenticated) -> Device:
        called = connection.headers.get("user-agent", "")
        printable = "".join(character for character in called if character.isprintable())
        return Device(
            address=self.address(connection),
            user_agent=printable[:USER_AGENT_LENGTH] or None,
            session_id=identity.session_id,
        )


def base_url_of(connection: HTTPConnection) -> str:
    """As the client wrote it; of a socket, where the same server answers HTTP."""
    url = connection.base_url
    scheme = {"ws": "http", "wss": "https"}.get(url.scheme, url.scheme)
    return str(url.replace(scheme=scheme)).rstrip("/")
