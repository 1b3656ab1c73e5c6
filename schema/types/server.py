"""The server about itself."""

from datetime import datetime

import strawberry


@strawberry.type(description="What this server can do.")
class ServerCapabilities:
    llm: str = strawberry.field(description="The model that answers: `extractive` quotes, and needs no key.")
    events: str = strawberry.field(description="How processes wake each other: `local`, `postgres` or `redis`.")


@strawberry.type(description="The server.")
class Server:
    version: str = strawberry.field(description="Its version.")
    time: datetime = strawberry.field(description="The timestamp of now, by its clock.")
    capabilities: ServerCapabilities = strawberry.field(description="What it can do.")
