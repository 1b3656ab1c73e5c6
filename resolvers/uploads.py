"""Files: announced, before they are sent by PUT."""

import strawberry

from schema.context import Info
from schema.permissions import USERS_AND_ADMINS
from schema.types.costs import ONE_AN_OPERATION
from schema.types.uploads import UploadCreateInput, UploadCreateResult, UploadCreateSuccess


@strawberry.type
class UploadMutation:
    @strawberry.mutation(
        description="Announce a file, and learn where to PUT it. While too many files of the caller are announced and "
        "not used this is RATE_LIMITED.",
        extensions=[USERS_AND_ADMINS],
        metadata=ONE_AN_OPERATION,
    )
    async def upload_create(self, info: Info, input: UploadCreateInput) -> UploadCreateResult:
        created = await info.context.services.uploads.create(
            info.context.viewer.user_id,
            purpose=input.purpose,
            filename=input.filename,
            content_type=input.content_type,
            size_bytes=input.size_bytes,
            base_url=info.context.base_url,
        )
        return UploadCreateSuccess.of(created.row, created.target)
