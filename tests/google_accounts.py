"""Accounts with Google through the API: signing in, and what became of the account."""

from sqlalchemy import select

from db.models.tables import AuditEvent, Base, User
from tests.accounts import PROBLEMS, REFUSED, SIGNED_IN
from tests.client import Answer, Client, Json
from tests.server import Server

SIGN_IN_WITH_GOOGLE = f"""
mutation SignIn($input: SessionCreateWithGoogleInput!) {{
  sessionCreateWithGoogle(input: $input) {{
    __typename ... on SessionCreateWithGoogleSuccess {{ {SIGNED_IN} }} {REFUSED} {PROBLEMS}
  }}
}}
"""


async def sign_in_with_google(client: Client, credential: str, password: str | None = None) -> Answer:
    proof = {} if password is None else {"password": password}
    return await client.execute(SIGN_IN_WITH_GOOGLE, input={"credential": credential, **proof})


async def account(server: Server, email: str) -> Json:
    """What is stored of the account with the address."""
    columns = (User.id, User.email_verified, User.name, User.password_hash, User.google_subject, User.picture_url)
    async with server.services.database.read() as reader:
        row = await reader.first(select(*columns).where(User.email == email))
    assert row is not None
    return dict(row._mapping)


async def audited(server: Server) -> list[tuple[str, Json]]:
    """Kind and details of each event of the audit log, in order."""
    async with server.services.database.read() as reader:
        rows = await reader.all(select(AuditEvent.kind, AuditEvent.details).order_by(AuditEvent.id))
    return [(kind, details) for kind, details in rows]


async def dump(server: Server) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table: a refusal changes none."""
    async with server.services.database.read(snapshot=True) as reader:
        return {
            table.name: sorted((tuple(row) for row in await reader.all(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }
