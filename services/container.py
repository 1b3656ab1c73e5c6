"""Everything that the product does, by noun; resolvers and subscriptions ask for it here."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import timedelta
from functools import cached_property
from importlib import metadata

from services.exports.exports import ExportService
from services.external_work.claims import ClaimService
from services.external_work.tasks import TaskService
from services.external_work.work import WorkService
from services.foundation import Foundation, open_foundation
from services.identity_services import IdentityServices
from services.jobs.downloads import DownloadService
from services.jobs.following import JobProgressService
from services.jobs.jobs import JobService
from services.llm.chat_model import ChatModel
from services.media.avatars import AvatarService
from services.media.pictures import Pictures
from services.notes.exports import NotesExports
from services.notes.following import NoteFollowing
from services.notes.notes import NoteService
from services.notes.titles import NotesByTitle
from services.persisted_queries import PersistedQueryService
from services.search.search import SearchService
from services.settings import Settings
from services.uploads import UploadService
from services.videos.readiness import ReadinessService
from services.videos.retries import RetryService
from services.videos.segment_pages import SegmentPages
from services.videos.submissions import SubmissionService
from services.videos.transcript_files import TranscriptFiles
from services.videos.videos import VideoService
from services.wiz.asking import AskingService
from services.wiz.availability import Availability
from services.wiz.conversations import ConversationService
from services.wiz.quotas import Quotas
from services.wiz.replies import ReplyService
from services.wiz.wiz import WizService
from services.work import working
from services.youtube.search import VideoSearch

HOUR_SECONDS = 60 * 60


class Services(IdentityServices):
    """Each is built when it is first asked for, from those it names."""

    version = metadata.version("vidwiz")

    @cached_property
    def videos(self) -> VideoService:
        return VideoService(self.database)

    @cached_property
    def segment_pages(self) -> SegmentPages:
        return SegmentPages(self.database)

    @cached_property
    def video_retries(self) -> RetryService:
        return RetryService(self.database)

    @cached_property
    def transcript_files(self) -> TranscriptFiles:
        return TranscriptFiles(self.uploads, self.storage)

    @cached_property
    def submissions(self) -> SubmissionService:
        return SubmissionService(self.database, self.queue, self.transcript_files)

    @cached_property
    def readiness(self) -> ReadinessService:
        return ReadinessService(self.database, self.log)

    @cached_property
    def notes(self) -> NoteService:
        return NoteService(self.database)

    @cached_property
    def notes_by_title(self) -> NotesByTitle:
        search = VideoSearch(self.settings.youtube_api_key, self.settings.youtube_api_origin)
        return NotesByTitle(self.notes, search)

    @cached_property
    def note_following(self) -> NoteFollowing:
        return NoteFollowing(self.database, self.log)

    @cached_property
    def note_exports(self) -> NotesExports:
        lifetime, rate = timedelta(minutes=self.settings.download_minutes), self.settings.rate_limit_default
        return NotesExports(self.database, self.keyring, lifetime, self.throttle, rate)

    @cached_property
    def quotas(self) -> Quotas:
        user_limit, guest_limit = self.settings.wiz_user_daily_quota, self.settings.wiz_guest_daily_quota
        return Quotas(user_limit=user_limit, guest_limit=guest_limit)

    @cached_property
    def search(self) -> SearchService:
        return SearchService(self.database)

    @cached_property
    def wiz(self) -> WizService:
        return WizService(self.database, self.quotas)

    @cached_property
    def conversations(self) -> ConversationService:
        return ConversationService(self.database)

    @cached_property
    def availability(self) -> Availability:
        return Availability(self.model.name, self.provider_keys)

    @cached_property
    def asking(self) -> AskingService:
        return AskingService(self.database, self.quotas, self.availability)

    @cached_property
    def replies(self) -> ReplyService:
        return ReplyService(self.database, self.log, self.queue)

    @cached_property
    def tasks(self) -> TaskService:
        return TaskService(self.database, self.queue)

    @cached_property
    def claims(self) -> ClaimService:
        return ClaimService(self.database, self.queue, self.wakes.bell)

    @cached_property
    def external_work(self) -> WorkService:
        return WorkService(self.database, self.queue, self.transcript_files)

    @cached_property
    def jobs(self) -> JobService:
        return JobService(self.database, self.queue)

    @cached_property
    def job_progress(self) -> JobProgressService:
        return JobProgressService(self.database, self.log)

    @cached_property
    def exports(self) -> ExportService:
        return ExportService(self.database)

    @cached_property
    def downloads(self) -> DownloadService:
        lifetime = timedelta(minutes=self.settings.download_minutes)
        return DownloadService(self.database, self.storage, self.keyring, lifetime)

    @cached_property
    def uploads(self) -> UploadService:
        return UploadService(
            self.database,
            self.storage,
            self.keyring,
            open_seconds=self.settings.upload_minutes * 60,
            kept_seconds=self.settings.unclaimed_upload_hours * HOUR_SECONDS,
        )

    @cached_property
    def avatars(self) -> AvatarService:
        pictures = Pictures(self.settings.image_concurrency)
        return AvatarService(self.database, self.storage, self.uploads, pictures, self.avatar_links)

    @cached_property
    def persisted_queries(self) -> PersistedQueryService:
        rate, kept = self.settings.rate_limit_persisted_queries, self.settings.persisted_queries_kept
        return PersistedQueryService(self.database, self.throttle, rate, kept=kept)


@asynccontextmanager
async def open_services(settings: Settings, *, work: bool, model: ChatModel | None = None) -> AsyncGenerator[Services]:
    """Everything open and its loops running; with `work`, tasks are done in this process, too.

    `model` takes the place of the one that the settings name.
    """
    async with open_foundation(settings, model) as foundation:
        services = Services(**{field.name: getattr(foundation, field.name) for field in fields(Foundation)})
        if not work:
            yield services
            return
        async with working(foundation, services.provider_keys):
            yield services
