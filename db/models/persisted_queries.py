"""Documents that clients have registered, to ask for them by their hash from then on."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import Base


class PersistedQuery(Base):
    __tablename__ = "persisted_queries"
    __table_args__ = (Index(None, "last_used_at", "sha256"),)

    sha256: Mapped[str] = mapped_column(primary_key=True)
    """Of the text in UTF-8; 64 digits of hexadecimal, in small letters."""
    text: Mapped[str]
    last_used_at: Mapped[datetime]
    """Give or take an hour, so that a document in use is seldom written."""
