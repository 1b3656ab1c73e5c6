"""Documents that clients ask for by their hash, kept in the database for all processes, and in memory for a moment.

What is in memory is not asked for again, so that the usual operation by hash costs no statement.
"""

from cachetools import TTLCache

from db.queries import persisted_queries as queries
from db.queries.persisted_queries import PersistedQueryRow
from db.sessions import Sessions
from services.counters.throttle import Throttle
from services.identity.tokens import digest
from services.rates import Rate

LARGEST_BYTES = 16 * 1024
"""A document that is longer in UTF-8 is run, but not kept."""
MARKED_SECONDS = 5 * 60
"""How often the use of a document is written down."""
REMEMBERED_SECONDS = 60
"""How long a process answers from memory, whatever was evicted meanwhile."""
REMEMBERED_CHARACTERS = 4 * 1024 * 1024


class PersistedQueryService:
    def __init__(self, database: Sessions, throttle: Throttle, address_rate: Rate, *, kept: int) -> None:
        """At most `kept` documents stay, give or take those that come at once."""
        self._database = database
        self._throttle = throttle
        self._address_rate = address_rate
        self._kept = kept
        self._remembered: TTLCache[str, str, float] = TTLCache[str, str, float](
            maxsize=REMEMBERED_CHARACTERS, ttl=REMEMBERED_SECONDS, getsizeof=len
        )

    async def find(self, sha256: str) -> str | None:
        """The text with this hash, in small letters; None when nobody has registered it, or it was evicted."""
        text = self._remembered.get(sha256)
        if text is not None:
            return text
        async with self._database.read() as reader:
            found = await reader.row(PersistedQueryRow, queries.find(sha256, MARKED_SECONDS))
        if found is None:
            return None
        if found.is_stale:
            async with self._database.write() as tx:
                await tx.execute(queries.mark_used(sha256, MARKED_SECONDS))
        self._remembered[sha256] = found.text
        return found.text

    async def register(self, address: str, text: str) -> None:
        """Keep a document that can be run, and forget those that nobody has used for longest. Raises RateLimited.

        One that is kept already counts for nothing; neither does one that cannot be kept.
        """
        if not _can_be_kept(text):
            return
        sha256 = digest(text)
        if await self.find(sha256) is not None:
            return
        await self._throttle.count("documents", address, self._address_rate)
        async with self._database.write() as tx:
            await tx.execute(queries.add(sha256, text, tx.dialect))
            await tx.execute(queries.evict(self._kept))
        self._remembered[sha256] = text


def _can_be_kept(text: str) -> bool:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:  # half a pair of surrogates
        return False
    # A comment may hold NUL, which Postgres cannot store.
    return size <= LARGEST_BYTES and "\0" not in text
