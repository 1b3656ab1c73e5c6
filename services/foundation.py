"""What every service stands on, opened from the settings with its loops running."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from db.engine import Engines, open_engines
from db.outbox import Wakeups
from db.sessions import Sessions
from services.counters.counter import Counter
from services.counters.database import DatabaseCounter
from services.counters.throttle import Throttle
from services.counters.valkey import ValkeyCounter
from services.events.hints import Hints
from services.events.local import LocalHints
from services.events.log import EventLog
from services.events.postgres import PostgresHints
from services.events.valkey import ValkeyHints
from services.identity.keys import Keyring
from services.identity.provider_keys import Provider
from services.llm.chat_model import ChatModel
from services.llm.models import KeyedModels, configured_model, open_providers
from services.settings import Settings
from services.storage.opening import open_storage
from services.storage.storage import Storage
from services.storage.sweep import BlobSweep
from services.supervision import supervised
from services.tasks import lanes
from services.tasks.bell import LaneBell
from services.tasks.queue import TaskQueue
from services.tasks.worker import Worker
from services.videos import processing
from services.wiz import replies


class Wakes:
    """Passes wake-ups on to the parts that are built after the one which tells of them."""

    log: EventLog | None = None
    worker: Worker | None = None

    def __init__(self) -> None:
        self.bell = LaneBell()

    def committed(self, wakeups: Wakeups) -> None:
        if self.log is not None:
            self.log.wake(wakeups)

    def lanes(self, lanes: set[str]) -> None:
        self.bell.ring(lanes)
        if self.worker is not None:
            self.worker.wake(lanes)


@dataclass(frozen=True, kw_only=True)
class Foundation:
    settings: Settings
    database: Sessions
    log: EventLog
    queue: TaskQueue
    throttle: Throttle
    storage: Storage
    keyring: Keyring
    model: ChatModel
    """What answers everybody without a key of their own."""
    providers: Mapping[Provider, KeyedModels]
    """What answers the others."""
    hints_name: str
    wakes: Wakes


@asynccontextmanager
async def open_foundation(settings: Settings, model: ChatModel | None) -> AsyncGenerator[Foundation]:
    """`model` takes the place of the one that the settings name."""
    async with AsyncExitStack() as stack:
        settings.make_data_dir()
        engines = open_engines(settings.database_url, pool_size=settings.db_pool_size)
        stack.push_async_callback(engines.close)
        wakes = Wakes()
        database = Sessions(engines, wakes.committed)
        hints_name, hints = choose_hints(settings, engines)
        wakes.log = log = EventLog(database, hints, keep_seconds=settings.event_keep_seconds, on_lanes=wakes.lanes)
        storage = await stack.enter_async_context(open_storage(settings))
        sweep = BlobSweep(database, storage, kept_seconds=settings.unclaimed_upload_hours * 3600)
        providers = await stack.enter_async_context(open_providers(settings))
        counter = choose_counter(settings, database)
        await stack.enter_async_context(supervised(log.run(), counter.run(), sweep.run()))
        yield Foundation(
            settings=settings,
            database=database,
            log=log,
            queue=TaskQueue(database, leases_of(settings)),
            throttle=Throttle(counter, enabled=settings.rate_limit_enabled),
            storage=storage,
            keyring=Keyring(settings.signing_key(), settings.previous_signing_key),
            model=model or configured_model(settings, providers, database),
            providers=providers,
            hints_name=hints_name,
            wakes=wakes,
        )


def choose_hints(settings: Settings, engines: Engines) -> tuple[str, Hints]:
    """How this process wakes others, and hears of them."""
    if settings.redis_url is not None:
        return "redis", ValkeyHints(settings.redis_url)
    if engines.dialect == "postgresql":
        return "postgres", PostgresHints(settings.database_url)
    return "local", LocalHints()


def choose_counter(settings: Settings, database: Sessions) -> Counter:
    """Where attempts are counted."""
    in_database = DatabaseCounter(database)
    return in_database if settings.redis_url is None else ValkeyCounter(settings.redis_url, in_database)


def leases_of(settings: Settings) -> dict[str, float]:
    return {
        replies.LANE: settings.reply_lease_seconds,
        processing.LANE: settings.lease_seconds,
        lanes.ACCOUNTS: settings.lease_seconds,
        lanes.EXPORTS: settings.lease_seconds,
    }
