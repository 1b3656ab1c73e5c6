"""Accounts through the API: registering, signing in, renewing, and asking who one is."""

from sqlalchemy import func, select

from db.models.tables import RefreshToken, Session, User
from tests.client import Answer, Client, Json
from tests.server import PASSWORD, Server

SIGNED_IN = """
  user { id email emailVerified name hasPassword aiNotesEnabled createdAt }
  tokens { accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt }
"""
REFUSED = "... on UserError { message }"
PROBLEMS = "... on InvalidInput { problems { path code message } }"
REGISTER = f"""
mutation Register($input: UserRegisterInput!) {{
  userRegister(input: $input) {{ __typename ... on UserRegisterSuccess {{ {SIGNED_IN} }} {REFUSED} {PROBLEMS} }}
}}
"""
SIGN_IN = f"""
mutation SignIn($input: SessionCreateInput!) {{
  sessionCreate(input: $input) {{ __typename ... on SessionCreateSuccess {{ {SIGNED_IN} }} {REFUSED} {PROBLEMS} }}
}}
"""
REFRESH = f"""
mutation Refresh($input: SessionRefreshInput!) {{
  sessionRefresh(input: $input) {{ __typename ... on SessionRefreshSuccess {{ {SIGNED_IN} }} {REFUSED} }}
}}
"""
SIGN_OUT = """
mutation SignOut($input: SessionRevokeInput! = {}) {
  sessionRevoke(input: $input) { __typename ... on SessionRevokeSuccess { session { id } } }
}
"""
VIEWER = "{ viewer { kind user { id email } wizQuota { limit } conversations { totalCount } } }"


async def register(
    client: Client, email: str = "ada@example.com", *, password: str = PASSWORD, name: str = "Ada"
) -> Answer:
    return await client.execute(REGISTER, input={"email": email, "password": password, "name": name})


async def sign_in(client: Client, email: str = "ada@example.com", *, password: str = PASSWORD) -> Answer:
    return await client.execute(SIGN_IN, input={"email": email, "password": password})


async def refresh(client: Client, refresh_token: str) -> Answer:
    return await client.execute(REFRESH, input={"refreshToken": refresh_token})


async def sign_out(client: Client) -> None:
    """End the client's session."""
    assert member(await client.execute(SIGN_OUT))["__typename"] == "SessionRevokeSuccess"


async def viewer(client: Client) -> Json:
    """Who the server takes the client for."""
    found: Json = (await client.execute(VIEWER)).data["viewer"]
    return found


def member(answer: Answer) -> Json:
    """The one root field of the answer: a member of its union."""
    (found,) = answer.data.values()
    result: Json = found
    return result


def succeeded(answer: Answer) -> Json:
    """The signed-in user with the tokens."""
    found = member(answer)
    assert found["__typename"].endswith("Success"), found
    return found


def problems(answer: Answer) -> list[tuple[str, str]]:
    """Path and code of each problem of a refused input."""
    found = member(answer)
    assert found["__typename"] == "InvalidInput", found
    return [(".".join(problem["path"]), problem["code"]) for problem in found["problems"]]


async def stored(server: Server) -> dict[str, int]:
    """How many rows accounts have made: what is refused must not add one."""
    async with server.services.database.read() as reader:
        return {
            table.__tablename__: await reader.scalar(select(func.count()).select_from(table)) or 0
            for table in (User, Session, RefreshToken)
        }
