"""Statements about the audit log."""

from collections.abc import Mapping

from sqlalchemy import Insert, insert

from db.models.tables import AuditEvent


def record(kind: str, user_id: int | None, address: str | None, details: Mapping[str, object]) -> Insert:
    return insert(AuditEvent).values(kind=kind, user_id=user_id, address=address, details=dict(details))
