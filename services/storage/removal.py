"""No blob without a row: what nothing refers to is listed, and removed again and again until that has worked.

A blob that is about to be made is listed first. The transaction that refers to it strikes it off, so that whatever
fails in between leaves nothing behind.
"""

from db.queries import blobs as queries
from db.sessions import Transaction
from services.storage.storage import StorageUnavailable, is_folder

MAKING_SECONDS = 3600
"""What takes longer to make is removed under its maker's hands, who learns of it by `keep`."""


async def remove_later(tx: Transaction, *keys: str) -> None:
    """Nothing refers to them any more, once this transaction is committed. A key with a slash at its end is a folder."""
    await _list(tx, keys, 0)


async def reserve(tx: Transaction, *keys: str) -> None:
    """They are about to be made: commit this, then put the blobs, then `keep` them in the transaction that refers to them."""
    await _list(tx, keys, MAKING_SECONDS)


async def keep(tx: Transaction, *keys: str) -> None:
    """Something refers to them from this transaction on. Raises StorageUnavailable for what took too long."""
    if await tx.execute(queries.keep(keys)) != len(keys):
        raise StorageUnavailable("a blob took too long to make, and is being removed")


async def _list(tx: Transaction, keys: tuple[str, ...], seconds: float) -> None:
    for key in keys:
        is_folder(key)
    if keys:
        await tx.execute(queries.remove_in(keys, seconds, tx.dialect))
