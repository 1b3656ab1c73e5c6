"""Operations that wait are for a client that waits, too."""

import asyncio

from starlette.types import Receive

from schema.execution.graphql_core import Operation
from schema.transport.departures import gone
from schema.transport.pipeline import Payload, Pipeline, RequestRefused


class ClientGone(Exception):
    pass


async def execute_attended(pipeline: Pipeline, operation: Operation, receive: Receive) -> Payload:
    """As `Pipeline.execute`; one that is patient is cancelled when its client goes away: then ClientGone is raised."""
    if not operation.is_patient:
        return await pipeline.execute(operation)

    async def execute() -> Payload | RequestRefused:
        try:
            return await pipeline.execute(operation)
        except RequestRefused as refused:
            return refused

    async with asyncio.TaskGroup() as group:
        executing, watching = group.create_task(execute()), group.create_task(gone(receive))
        await asyncio.wait({executing, watching}, return_when=asyncio.FIRST_COMPLETED)
        is_gone = watching.done()
        for task in (executing, watching):
            task.cancel()
    if is_gone:
        await pipeline.go_unanswered(operation.context)
        raise ClientGone
    answer = executing.result()
    if isinstance(answer, RequestRefused):
        raise answer
    return answer
