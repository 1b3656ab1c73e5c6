"""Statements that read all that is kept of a user, and those of the files that this is handed out in.

The columns are named as the schema names them. No secret is among them, nor anything that a secret is compared with.
"""

from collections.abc import Sequence

from sqlalchemy import Delete, Select, delete, select

from db import clock
from db.models.tables import (
    ApiToken,
    Artifact,
    AuditEvent,
    Conversation,
    Job,
    Message,
    Note,
    ProviderKey,
    QuotaCounter,
    Session,
    Upload,
    User,
    Video,
    VideoAddition,
)
from db.types import AnySelect


def profile(user_id: int) -> AnySelect:
    return select(
        User.email,
        User.email_verified.label("emailVerified"),
        User.name,
        User.password_hash.is_not(None).label("hasPassword"),
        User.google_subject.is_not(None).label("signsInWithGoogle"),
        User.picture_url.label("pictureUrl"),
        User.avatar_key.is_not(None).label("hasAvatar"),
        User.created_at.label("createdAt"),
        User.updated_at.label("updatedAt"),
    ).where(User.id == user_id)


def settings(user_id: int) -> AnySelect:
    api_token = select(ApiToken.created_at).where(ApiToken.user_id == user_id).scalar_subquery()
    return select(User.ai_notes_enabled.label("aiNotesEnabled"), api_token.label("apiTokenCreatedAt")).where(
        User.id == user_id
    )


def provider_keys(user_id: int) -> AnySelect:
    """At whom, and since when; not the keys."""
    return (
        select(ProviderKey.provider, ProviderKey.updated_at.label("updatedAt"))
        .where(ProviderKey.user_id == user_id)
        .order_by(ProviderKey.provider)
    )


def quotas(owner: str) -> AnySelect:
    return select(QuotaCounter.day, QuotaCounter.used).where(QuotaCounter.owner == owner).order_by(QuotaCounter.day)


def sessions(user_id: int) -> AnySelect:
    return select(
        Session.id,
        Session.user_agent.label("userAgent"),
        Session.address,
        Session.created_at.label("createdAt"),
        Session.last_used_at.label("lastUsedAt"),
        Session.expires_at.label("expiresAt"),
        Session.revoked_at.label("revokedAt"),
    ).where(Session.user_id == user_id)


def notes(user_id: int) -> AnySelect:
    return (
        select(
            Note.id,
            Video.youtube_id.label("youtubeId"),
            Video.title.label("videoTitle"),
            Note.timestamp,
            Note.text,
            Note.generated_by_ai.label("generatedByAi"),
            Note.created_at.label("createdAt"),
            Note.updated_at.label("updatedAt"),
        )
        .join(Video, Video.id == Note.video_id)
        .where(Note.user_id == user_id)
    )


def conversations(user_id: int) -> AnySelect:
    return (
        select(
            Conversation.id,
            Video.youtube_id.label("youtubeId"),
            Conversation.title,
            Conversation.created_at.label("createdAt"),
            Conversation.updated_at.label("updatedAt"),
        )
        .join(Video, Video.id == Conversation.video_id)
        .where(Conversation.user_id == user_id)
    )


def messages(user_id: int) -> AnySelect:
    return (
        select(
            Message.id,
            Message.conversation_id.label("conversationId"),
            Message.reply_to_id.label("replyToId"),
            Message.role,
            Message.content,
            Message.status,
            Message.citations,
            Message.model,
            Message.created_at.label("createdAt"),
        )
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Conversation.user_id == user_id)
    )


def additions(user_id: int) -> AnySelect:
    return (
        select(
            Video.id,
            Video.youtube_id.label("youtubeId"),
            Video.title,
            VideoAddition.created_at.label("addedAt"),
        )
        .join(Video, Video.id == VideoAddition.video_id)
        .where(VideoAddition.user_id == user_id)
    )


def uploads(user_id: int) -> AnySelect:
    return select(
        Upload.id,
        Upload.purpose,
        Upload.filename,
        Upload.content_type.label("contentType"),
        Upload.size_bytes.label("sizeBytes"),
        Upload.created_at.label("createdAt"),
    ).where(Upload.user_id == user_id)


def audit_events(user_id: int) -> AnySelect:
    return select(
        AuditEvent.id,
        AuditEvent.kind,
        AuditEvent.address,
        AuditEvent.details,
        AuditEvent.created_at.label("createdAt"),
    ).where(AuditEvent.user_id == user_id)


def jobs(user_id: int) -> AnySelect:
    return select(
        Job.id,
        Job.kind,
        Job.status,
        Job.created_at.label("createdAt"),
        Job.started_at.label("startedAt"),
        Job.finished_at.label("finishedAt"),
    ).where(Job.user_id == user_id)


def page(statement: AnySelect, after: int, size: int) -> AnySelect:
    """The rows that come after an id, in the order of their ids."""
    by = statement.selected_columns["id"]
    return statement.where(by > after).order_by(by).limit(size)


def old_artifacts(kind: str, keep_seconds: float, limit: int) -> Select[int, str]:
    """(id, storage key) of files that jobs of the kind made, and that were kept long enough."""
    return (
        select(Artifact.id, Artifact.storage_key)
        .join(Job, Job.id == Artifact.job_id)
        .where(Job.kind == kind, Artifact.created_at < clock.seconds_from_now(-keep_seconds))
        .limit(limit)
        .with_for_update(of=Artifact, skip_locked=True)
    )


def delete_artifacts(ids: Sequence[int]) -> Delete:
    return delete(Artifact).where(Artifact.id.in_(ids))
