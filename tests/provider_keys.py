"""Keys of one's own at providers of models, through the API and as they are stored."""

from sqlalchemy import select

from db.models.tables import AuditEvent, ProviderKey
from services.audit import AuditKind
from tests.client import Answer, Client, Json
from tests.server import Server

KEYS = "user { id providerKeys { gemini openrouter } }"
SET = f"""
mutation Set($input: ProviderKeysSetInput!) {{
  providerKeysSet(input: $input) {{
    __typename
    ... on ProviderKeysSetSuccess {{ {KEYS} }}
    ... on UserError {{ message }}
    ... on InvalidInput {{ problems {{ path code message }} }}
  }}
}}
"""


async def set_keys(client: Client, **keys: object) -> Answer:
    return await client.execute(SET, input=keys)


async def keys_set(client: Client, **keys: object) -> Json:
    """Which keys there are then, as the mutation tells."""
    result: Json = (await set_keys(client, **keys)).data["providerKeysSet"]
    assert result["__typename"] == "ProviderKeysSetSuccess", result
    found: Json = result["user"]["providerKeys"]
    assert found == await keys_shown(client)
    return found


async def keys_shown(client: Client) -> Json:
    found: Json = (await client.execute(f"{{ viewer {{ {KEYS} }} }}")).data["viewer"]["user"]["providerKeys"]
    return found


async def stored(server: Server) -> list[tuple[int, str, bytes, str]]:
    statement = select(ProviderKey.user_id, ProviderKey.provider, ProviderKey.sealed, ProviderKey.sealed_by)
    async with server.services.database.read() as reader:
        return sorted((row[0], row[1], row[2], row[3]) for row in await reader.all(statement))


async def audited(server: Server) -> list[dict[str, object]]:
    """The details of each change that the audit log tells of, oldest first."""
    statement = select(AuditEvent.details).where(AuditEvent.kind == AuditKind.PROVIDER_KEYS_CHANGED)
    async with server.services.database.read() as reader:
        return [row[0] for row in await reader.all(statement.order_by(AuditEvent.id))]
