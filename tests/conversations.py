"""Conversations with Wiz as a client leads them: begun, asked in, and their replies followed."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from tests.client import Client, Json
from tests.conditions import until

SECONDS = 30
"""In which everything that is waited for here must have come."""

MESSAGE = """
  id role content status model createdAt replyTo { id } citations { startSeconds label quote url }
"""
CREATE = """
mutation Create($input: ConversationCreateInput!) {
  conversationCreate(input: $input) {
    __typename
    ... on ConversationCreateSuccess {
      conversation { id title video { youtubeId } messages { totalCount nodes { id } } createdAt updatedAt }
    }
    ... on UserError { reason: message }
    ... on InvalidInput { problems { path code message } }
  }
}
"""
SEND = f"""
mutation Send($input: MessageSendInput!) {{
  messageSend(input: $input) {{
    __typename
    ... on MessageSendSuccess {{
      message {{ {MESSAGE} }}
      reply {{ {MESSAGE} }}
      quota {{ limit used remaining resetsAt }}
    }}
    ... on UserError {{ reason: message }}
    ... on InvalidInput {{ problems {{ path code message }} }}
    ... on TranscriptNotReady {{ video {{ youtubeId processing {{ transcript {{ state }} }} }} }}
    ... on QuotaExceeded {{ limit resetsAt resetInSeconds }}
  }}
}}
"""
STOP = f"""
mutation Stop($id: ID!) {{
  replyStop(input: {{messageId: $id}}) {{
    __typename ... on ReplyStopSuccess {{ message {{ {MESSAGE} }} }} ... on UserError {{ reason: message }}
  }}
}}
"""
RETRY = f"""
mutation Retry($id: ID!) {{
  replyRetry(input: {{messageId: $id}}) {{
    __typename
    ... on ReplyRetrySuccess {{ reply {{ {MESSAGE} }} quota {{ limit used remaining resetsAt }} }}
    ... on UserError {{ reason: message }}
  }}
}}
"""
RENAME = """
mutation Rename($id: ID!, $title: String!) {
  conversationRename(input: {id: $id, title: $title}) {
    __typename
    ... on ConversationRenameSuccess { conversation { id title createdAt updatedAt } }
    ... on UserError { reason: message }
    ... on InvalidInput { problems { path code } }
  }
}
"""
DELETE = """
mutation Delete($id: ID!) {
  conversationDelete(input: {id: $id}) {
    __typename ... on ConversationDeleteSuccess { deletedId } ... on UserError { reason: message }
  }
}
"""
READ = f"""
query Read($id: ID!, $first: Int! = 50, $after: String) {{
  conversation(id: $id) {{
    id title
    messages(first: $first, after: $after) {{
      totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {MESSAGE} }}
    }}
  }}
}}
"""
FOLLOW = f"""
subscription Follow($id: ID!, $after: String) {{
  wizReply(messageId: $id, after: $after) {{
    __typename
    ... on StreamEvent {{ position }}
    ... on ReplySnapshot {{ text }}
    ... on ReplyDelta {{ text }}
    ... on ReplyDone {{ message {{ {MESSAGE} }} }}
    ... on ReplyStopped {{ message {{ {MESSAGE} }} }}
    ... on ReplyFailed {{ code reason: message }}
  }}
}}
"""
QUOTA = "{ viewer { wizQuota { limit used remaining resetsAt } } }"


async def converse(client: Client, youtube: str = "sample-tide") -> str:
    """The id of a new conversation."""
    answer = await client.execute(CREATE, input={"video": {"youtube": youtube}})
    found: str = answer.data["conversationCreate"]["conversation"]["id"]
    return found


async def send(client: Client, conversation: str, text: str = "Why does the tide come later each day?") -> Json:
    """The member of the union that comes back."""
    answer = await client.execute(SEND, input={"conversationId": conversation, "text": text})
    found: Json = answer.data["messageSend"]
    return found


async def ask(client: Client, conversation: str, text: str = "Why does the tide come later each day?") -> str:
    """The id of the reply to come."""
    sent = await send(client, conversation, text)
    assert sent["__typename"] == "MessageSendSuccess", sent
    reply: str = sent["reply"]["id"]
    return reply


async def stop(client: Client, reply: str) -> Json:
    """The message as it then is."""
    stopped = (await client.execute(STOP, id=reply)).data["replyStop"]
    assert stopped["__typename"] == "ReplyStopSuccess", stopped
    message: Json = stopped["message"]
    return message


async def retry(client: Client, reply: str) -> Json:
    """The member of the union that comes back."""
    found: Json = (await client.execute(RETRY, id=reply)).data["replyRetry"]
    return found


async def rename(client: Client, conversation: str, title: str) -> Json:
    """The member of the union that comes back."""
    found: Json = (await client.execute(RENAME, id=conversation, title=title)).data["conversationRename"]
    return found


async def delete(client: Client, conversation: str) -> Json:
    """The member of the union that comes back."""
    found: Json = (await client.execute(DELETE, id=conversation)).data["conversationDelete"]
    return found


async def messages(client: Client, conversation: str) -> list[Json]:
    found: list[Json] = (await client.execute(READ, id=conversation)).data["conversation"]["messages"]["nodes"]
    return found


async def until_ended(client: Client, conversation: str) -> Json:
    """The last message, once it has ended."""
    found: list[Json] = []

    async def has_ended() -> bool:
        found[:] = await messages(client, conversation)
        return found[-1]["status"] not in {"PENDING", "STREAMING"}

    await until(has_ended, seconds=SECONDS)
    return found[-1]


async def quota_used(client: Client) -> int:
    used: int = (await client.execute(QUOTA)).data["viewer"]["wizQuota"]["used"]
    return used


@dataclass(slots=True)
class Reading:
    """What a client holds of a reply, made of its events by the rules that the schema gives."""

    events: list[Json] = field(default_factory=list[Json])
    text: str | None = None
    ending: Json | None = None

    @property
    def kinds(self) -> list[str]:
        return [event["__typename"].removeprefix("Reply") for event in self.events]

    @property
    def position(self) -> str | None:
        """Of the last event."""
        return self.events[-1]["position"] if self.events else None

    def take(self, event: Json) -> None:
        assert self.ending is None, f"{event} after the end"
        self.events.append(event)
        match event["__typename"]:
            case "ReplySnapshot":
                self.text = event["text"]
            case "ReplyDelta":
                assert self.text is not None, "a delta to nothing"
                self.text += event["text"]
            case _:
                self.ending = event


Enough = Callable[[Reading], bool]


def never(reading: Reading) -> bool:
    del reading
    return False


def has(count: int) -> Enough:
    """So many events."""
    return lambda reading: len(reading.events) >= count


def says(text: str) -> Enough:
    return lambda reading: reading.text == text


async def follow(
    client: Client,
    reply: str,
    *,
    onto: Reading | None = None,
    after: str | None = None,
    enough: Enough = never,
) -> Reading:
    """Read on a connection of its own until the server completes the stream, or it is enough: then hang up.

    `onto` continues what is held already, from its position unless `after` names another.
    """
    reading = onto or Reading()
    variables = {"id": reply, "after": reading.position if after is None else after}
    async with (
        asyncio.timeout(SECONDS),
        client.socket() as socket,
        aclosing(socket.subscribe(FOLLOW, **variables)) as events,
    ):
        async for event in events:
            reading.take(event)
            if enough(reading):
                # Without a closing handshake, as a train in a tunnel does it.
                socket.connection.transport.abort()
                break
    return reading
