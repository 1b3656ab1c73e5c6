"""Circuit breakers: what is known of services of others that fail, by all processes together."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import Base


class CircuitBreaker(Base):
    __tablename__ = "circuit_breakers"

    name: Mapped[str] = mapped_column(primary_key=True)
    """Of the service, such as gemini/gemini-2.5-flash."""
    failures: Mapped[int]
    """One after the other, without a success between them."""
    open_until: Mapped[datetime | None]
    """Until then it is not asked at all; null while it is closed."""
