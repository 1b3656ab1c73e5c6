"""The work that is done beside the requests: a worker for every kind of task, and the loops that it needs."""

import os
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from services.exports.exporter import Exporter
from services.external_work.types import kinds_of
from services.foundation import Foundation
from services.housekeeping import Housekeeping, purges
from services.identity.mailed_tokens import TokenMailing
from services.identity.provider_keys import ProviderKeyService
from services.jobs.states import TASKS, JobKind
from services.llm.models import Models
from services.llm.writing.writers import Writers
from services.mail.mailer import Mailer
from services.mail.messages import letters_of
from services.mail.outbox import OutboxMailer
from services.mail.smtp import SmtpMailer, SmtpServer
from services.notes.daily_notes import DailyNotes
from services.notes.note_writer import NoteWriter
from services.settings import Settings
from services.supervision import supervised
from services.tasks import lanes
from services.tasks.model import Handling
from services.tasks.worker import Worker
from services.videos import processing
from services.videos.processors import VideoProcessor
from services.wiz import replies
from services.wiz.delta_buffer import DeltaBuffer
from services.wiz.reply_writer import ReplyWriter
from services.youtube.access import Access
from services.youtube.metadata import Metadata
from services.youtube.transcripts import Transcripts


@asynccontextmanager
async def working(foundation: Foundation, provider_keys: ProviderKeyService) -> AsyncGenerator[None]:
    """Tasks are done in this process until the end, when the worker winds down while all that it needs still runs."""
    database, settings = foundation.database, foundation.settings
    async with AsyncExitStack() as stack:
        buffer = DeltaBuffer(database, foundation.queue)
        models = Models(foundation.model, provider_keys, foundation.providers)
        longest = settings.longest_reply_seconds
        writer = ReplyWriter(database, foundation.queue, buffer, models, longest_seconds=longest)
        housekeeping = Housekeeping(database, purges(settings))
        await stack.enter_async_context(supervised(buffer.run(), provider_keys.run(), housekeeping.run()))
        foundation.wakes.worker = worker = build_worker(foundation, writer, Writers(models))
        await stack.enter_async_context(supervised(worker.run()))
        yield


def build_worker(foundation: Foundation, writer: ReplyWriter, writers: Writers) -> Worker:
    settings = foundation.settings
    concurrency = {
        replies.LANE: settings.reply_concurrency,
        processing.LANE: settings.worker_concurrency,
        lanes.ACCOUNTS: settings.worker_concurrency,
        lanes.EXPORTS: 1,
    }
    left = kinds_of(settings.external_tasks)
    handlers = {kind: one for kind, one in handlings(foundation, writer, writers).items() if kind not in left}
    name = f"{socket.gethostname()}:{os.getpid()}"
    return Worker(
        foundation.queue,
        handlers,
        concurrency,
        name,
        shutdown_grace_seconds=settings.shutdown_seconds,
    )


def handlings(foundation: Foundation, writer: ReplyWriter, writers: Writers) -> dict[str, Handling]:
    """How each kind of task is done."""
    database, queue, settings = foundation.database, foundation.queue, foundation.settings
    access = Access(
        proxy_url=settings.youtube_proxy_url, origin=settings.youtube_origin, cookies=settings.youtube_cookies
    )
    transcripts = Transcripts(access, settings.youtube_languages)
    processor = VideoProcessor(
        database=database, queue=queue, transcripts=transcripts, metadata=Metadata(access), writers=writers
    )
    note_writer = NoteWriter(database, queue, writers, DailyNotes(limit=settings.ai_notes_daily))
    mailing = TokenMailing(database, queue, choose_mailer(settings), letters_of(settings))
    exporter = Exporter(database, queue, foundation.storage)
    return {
        replies.KIND: Handling(handle=writer.write, on_dead=writer.give_up, on_cancelled=writer.stop),
        TASKS[JobKind.USER_EXPORT]: Handling(
            handle=exporter.export, on_dead=exporter.give_up, on_cancelled=exporter.stop
        ),
        **processor.handlers(),
        **note_writer.handlers(),
        **mailing.handlers(),
    }


def choose_mailer(settings: Settings) -> Mailer:
    if settings.smtp_url is None:
        return OutboxMailer(settings.data_dir / "outbox")
    return SmtpMailer(SmtpServer.from_url(settings.smtp_url.get_secret_value()))
