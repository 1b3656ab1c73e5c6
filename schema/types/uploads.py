"""Files on their way in: announced here, and sent by PUT."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from db.queries.uploads import UploadRow
from schema.types.costs import at_most
from schema.types.enums import describe
from schema.types.errors import InvalidInput
from schema.types.nodes import global_id
from services import limits
from services.storage.storage import PutTarget
from services.uploads import UploadPurpose

MOST_HEADERS = 5

describe(
    UploadPurpose,
    name="UploadPurpose",
    description="What a file is for.",
    values={
        "AVATAR": "A picture of the user: PNG, JPEG or WebP, of 5 MB at most.",
        "TRANSCRIPT": "What is said in a video: SRT, VTT, JSON or plain text, of 5 MB at most.",
    },
)


@strawberry.type(description="A file on its way in. Its id goes into the mutation that uses it, once.")
class Upload:
    id: strawberry.ID = strawberry.field(description="The opaque id of the upload.")
    expires_at: datetime = strawberry.field(description="The timestamp until which the file may be sent.")

    @classmethod
    def from_row(cls, row: UploadRow) -> Self:
        return cls(id=global_id("Upload", row.id), expires_at=row.expires_at)


@strawberry.type(description="A header to send along.")
class UploadHeader:
    name: str = strawberry.field(description="Its name.")
    value: str = strawberry.field(description="Its value, to be sent exactly so.")


@strawberry.input(description="The file that is to be sent.")
class UploadCreateInput:
    purpose: UploadPurpose = strawberry.field(description="What it is for.")
    filename: str = strawberry.field(
        description=f"What it is called, in at most {limits.FILENAME_LENGTH} characters. Nothing is decided by it."
    )
    content_type: str = strawberry.field(description="What it is, such as `image/png`.")
    size_bytes: int = strawberry.field(description="Its exact size.")


@strawberry.type(description="The file can be sent: PUT it to the URL, with the headers.")
class UploadCreateSuccess:
    upload: Upload = strawberry.field(description="The upload, which waits for its file.")
    url: str = strawberry.field(description="Where to PUT the file. Whoever has this URL can send it.")
    headers: list[UploadHeader] = strawberry.field(
        description="The headers to send along.", metadata=at_most(MOST_HEADERS)
    )

    @classmethod
    def of(cls, row: UploadRow, target: PutTarget) -> Self:
        headers = [UploadHeader(name=name, value=value) for name, value in target.headers.items()]
        return cls(upload=Upload.from_row(row), url=target.url, headers=headers)


UploadCreateResult = Annotated[
    UploadCreateSuccess | InvalidInput,
    strawberry.union("UploadCreateResult", description="What became of `uploadCreate`."),
]
