"""The server about itself."""

from datetime import UTC, datetime

import strawberry

from schema.context import Info
from schema.permissions import OPEN
from schema.types.server import Server, ServerCapabilities


@strawberry.type
class ServerQuery:
    @strawberry.field(description="The server about itself.", extensions=[OPEN])
    def server(self, info: Info) -> Server:
        services = info.context.services
        return Server(
            version=services.version,
            time=datetime.now(UTC),
            capabilities=ServerCapabilities(
                llm=services.model.name,
                events=services.hints_name,
                storage=services.storage.name,
                title_search=services.settings.youtube_api_key is not None,
                google_client_id=services.settings.google_client_id,
            ),
        )
