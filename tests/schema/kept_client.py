"""A client for many operations in a row: it keeps its connection, where others open one each."""

import json
from dataclasses import dataclass

import httpx2

from tests.client import Answer, Client


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptClient(Client):
    http: httpx2.AsyncClient

    async def post(self, body: object, **headers: str) -> Answer:
        # Escaped as ASCII, so that lone surrogates can be sent.
        content = json.dumps(body)
        sent = {"Content-Type": "application/json", **self.headers, **headers}
        response = await self.http.post(f"{self.url}/graphql", content=content, headers=sent)
        return Answer(status=response.status_code, headers=response.headers, body=response.json())
