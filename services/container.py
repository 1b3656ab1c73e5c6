"""Builds everything the product stands on, from the settings, and takes it down again."""

import os
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import metadata

from db.engine import Engines, open_engines
from db.outbox import Wakeups
from db.sessions import Sessions
from services import processing, replies
from services.delta_buffer import DeltaBuffer
from services.events.hints import Hints
from services.events.local import LocalHints
from services.events.log import EventLog
from services.events.postgres import PostgresHints
from services.events.valkey import ValkeyHints
from services.identity.keys import Keyring
from services.identity.passwords import Passwords
from services.identity.sessions import SessionService
from services.identity.sign_in import SignInService
from services.identity.tokens import AccessTokens
from services.identity.viewers import ViewerService
from services.llm.chat_model import ChatModel
from services.llm.extractive import ExtractiveModel
from services.notes import NoteService
from services.persisted_queries import PersistedQueryService
from services.processors import VideoProcessor
from services.quotas import Quotas
from services.readiness import ReadinessService
from services.replies import ReplyService
from services.reply_writer import ReplyWriter
from services.settings import Settings
from services.supervision import supervised
from services.tasks.model import Handling
from services.tasks.queue import TaskQueue
from services.tasks.worker import Worker
from services.throttle import Throttle
from services.users import UserService
from services.videos import VideoService
from services.wiz import WizService
from services.youtube.access import Access
from services.youtube.metadata import Metadata
from services.youtube.transcripts import Transcripts


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    settings: Settings
    version: str
    database: Sessions
    hints_name: str
    model: ChatModel
    users: UserService
    sign_in: SignInService
    viewers: ViewerService
    videos: VideoService
    readiness: ReadinessService
    notes: NoteService
    wiz: WizService
    replies: ReplyService
    persisted_queries: PersistedQueryService


class Wakes:
    """Passes wake-ups on to the parts that are built after the one which tells of them."""

    log: EventLog | None = None
    worker: Worker | None = None

    def committed(self, wakeups: Wakeups) -> None:
        if self.log is not None:
            self.log.wake(wakeups)

    def lanes(self, lanes: set[str]) -> None:
        if self.worker is not None:
            self.worker.wake(lanes)


@asynccontextmanager
async def open_services(settings: Settings, *, work: bool, model: ChatModel | None = None) -> AsyncGenerator[Services]:
    """Everything open and its loops running; with `work`, tasks are done in this process, too.

    `model` takes the place of the one that the settings name.
    """
    async with AsyncExitStack() as stack:
        settings.make_data_dir()
        engines = open_engines(settings.database_url, pool_size=settings.db_pool_size)
        stack.push_async_callback(engines.close)
        wakes = Wakes()
        database = Sessions(engines, wakes.committed)
        hints_name, hints = choose_hints(settings, engines)
        wakes.log = log = EventLog(database, hints, keep_seconds=settings.event_keep_seconds, on_lanes=wakes.lanes)
        queue = TaskQueue(database, leases_of(settings))
        model = model or ExtractiveModel(pace_seconds=settings.extractive_pace_seconds)
        throttle = Throttle(database, enabled=settings.rate_limit_enabled)
        await stack.enter_async_context(supervised(log.run(), throttle.run()))
        if work:
            buffer = DeltaBuffer(database, queue)
            longest = settings.longest_reply_seconds
            writer = ReplyWriter(database, queue, buffer, model, longest_seconds=longest)
            wakes.worker = build_worker(settings, queue, handlings(settings, database, queue, writer))
            await stack.enter_async_context(supervised(buffer.run()))
            # Entered last, so that at the end the worker winds down while all that it needs still runs.
            await stack.enter_async_context(supervised(wakes.worker.run()))
        yield assemble(
            settings=settings,
            database=database,
            log=log,
            queue=queue,
            throttle=throttle,
            model=model,
            hints_name=hints_name,
        )


def assemble(
    *,
    settings: Settings,
    database: Sessions,
    log: EventLog,
    queue: TaskQueue,
    throttle: Throttle,
    model: ChatModel,
    hints_name: str,
) -> Services:
    passwords = Passwords()
    keyring = Keyring(settings.signing_key(), settings.previous_signing_key)
    access_tokens = AccessTokens(keyring, timedelta(hours=settings.jwt_expiry_hours))
    sessions = SessionService(database, passwords, access_tokens, timedelta(days=settings.refresh_token_days))
    users = UserService(database, passwords, sessions)
    admin_token = settings.admin_token.get_secret_value() if settings.admin_token else None
    quotas = Quotas(user_limit=settings.wiz_user_daily_quota, guest_limit=settings.wiz_guest_daily_quota)
    return Services(
        settings=settings,
        version=metadata.version("vidwiz"),
        database=database,
        hints_name=hints_name,
        model=model,
        users=users,
        sign_in=SignInService(users, sessions, throttle, settings.rate_limit_auth),
        viewers=ViewerService(access_tokens, sessions, admin_token),
        videos=VideoService(database),
        readiness=ReadinessService(database, log),
        notes=NoteService(database),
        wiz=WizService(database, quotas, throttle, settings.rate_limit_conversations),
        replies=ReplyService(database, log, queue),
        persisted_queries=PersistedQueryService(
            database, throttle, settings.rate_limit_persisted_queries, kept=settings.persisted_queries_kept
        ),
    )


def choose_hints(settings: Settings, engines: Engines) -> tuple[str, Hints]:
    """How this process wakes others, and hears of them."""
    if settings.redis_url is not None:
        return "redis", ValkeyHints(settings.redis_url)
    if engines.dialect == "postgresql":
        return "postgres", PostgresHints(settings.database_url)
    return "local", LocalHints()


def leases_of(settings: Settings) -> dict[str, float]:
    return {replies.LANE: settings.reply_lease_seconds, processing.LANE: settings.lease_seconds}


def handlings(settings: Settings, database: Sessions, queue: TaskQueue, writer: ReplyWriter) -> dict[str, Handling]:
    """How each kind of task is done."""
    access = Access(proxy_url=settings.youtube_proxy_url, origin=settings.youtube_origin)
    transcripts = Transcripts(access, settings.youtube_languages)
    processor = VideoProcessor(database=database, queue=queue, transcripts=transcripts, metadata=Metadata(access))
    reply = Handling(handle=writer.write, on_dead=writer.give_up, on_cancelled=writer.stop)
    return {replies.KIND: reply, **processor.handlers()}


def build_worker(settings: Settings, queue: TaskQueue, handlings: Mapping[str, Handling]) -> Worker:
    lanes = {replies.LANE: settings.reply_concurrency, processing.LANE: settings.worker_concurrency}
    name = f"{socket.gethostname()}:{os.getpid()}"
    return Worker(queue, handlings, lanes, name, shutdown_grace_seconds=settings.shutdown_seconds)
