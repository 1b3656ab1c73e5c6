"""The server about itself."""

from datetime import datetime

import strawberry


@strawberry.type(description="What this server can do.")
class ServerCapabilities:
    llm: str = strawberry.field(description="The model that answers: `extractive` quotes, and needs no key.")
    google_client_id: str | None = strawberry.field(
        description="What a page asks Google to sign people in for; null where nobody signs in with Google."
    )
    events: str = strawberry.field(description="How processes wake each other: `local`, `postgres` or `redis`.")
    storage: str = strawberry.field(description="Where files are kept: `local` or `s3`.")
    title_search: bool = strawberry.field(
        description="Whether `noteCreateByTitle` can find videos: that needs a key of the operator's."
    )


@strawberry.type(description="The server.")
class Server:
    version: str = strawberry.field(description="Its version.")
    time: datetime = strawberry.field(description="The timestamp of now, by its clock.")
    capabilities: ServerCapabilities = strawberry.field(description="What it can do.")
