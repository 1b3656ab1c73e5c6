"""A server under test: the real application on a loopback port, in the test's own event loop."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import uvicorn

from schema.server import create_app
from schema.transport.connections.options import server_options
from services.container import Services
from services.llm.chat_model import ChatModel
from services.settings import Settings
from tests.client import Client
from tests.conditions import until
from tests.servers.ports import free_port

PASSWORD = "correct horse"

REGISTER = """
mutation Register($email: String!, $password: String!) {
  userRegister(input: {email: $email, password: $password, name: "Ada"}) {
    ... on UserRegisterSuccess { tokens { accessToken } }
  }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    url: str
    services: Services

    @property
    def nobody(self) -> Client:
        return Client(url=self.url)

    def guest(self, session_id: str | None = None) -> Client:
        """A guest nobody has met, unless named."""
        return Client(url=self.url, guest=session_id or uuid4().hex)

    async def user(self, email: str | None = None) -> Client:
        """A new, signed-in user; the password is PASSWORD."""
        answer = await self.nobody.execute(REGISTER, email=email or f"{uuid4().hex}@example.com", password=PASSWORD)
        return Client(url=self.url, token=answer.data["userRegister"]["tokens"]["accessToken"])


@asynccontextmanager
async def serving(settings: Settings, *, work: bool = True, model: ChatModel | None = None) -> AsyncGenerator[Server]:
    """Several may run at once, as the processes of one deployment do. `model` writes the replies unless None."""
    port = free_port()
    app = create_app(settings, work=work, model=model)
    server = uvicorn.Server(uvicorn.Config(app, port=port, **server_options(settings)))

    async def started() -> bool:
        return server.started or running.done()

    # Not a TaskGroup, which would wrap the failure of a test's own assertion.
    running = asyncio.create_task(server.serve())  # noqa: TID251  awaited below whatever happens
    try:
        await until(started)
        yield Server(url=f"http://127.0.0.1:{port}", services=app.state.services)
    finally:
        server.should_exit = True
        await running
