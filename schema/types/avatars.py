"""Users' avatars: how they are set and removed."""

from typing import Annotated

import strawberry

from schema.types.errors import InvalidInput, NotFound
from schema.types.users import User


@strawberry.input(description="A picture to show for the user.")
class AvatarSetInput:
    upload_id: strawberry.ID = strawberry.field(
        description="The upload, made by `uploadCreate` for AVATAR, whose file has arrived: a PNG, JPEG or WebP of at "
        "most 5 MB and 25 megapixels. It is used up, also when its file is no such picture."
    )


@strawberry.type(description="The picture is the user's avatar. Its middle is shown, and nothing else of it was kept.")
class AvatarSetSuccess:
    user: User = strawberry.field(description="The user.")


AvatarSetResult = Annotated[
    AvatarSetSuccess | InvalidInput | NotFound,
    strawberry.union("AvatarSetResult", description="What became of `avatarSet`."),
]


@strawberry.type(description="The user has no uploaded avatar (any more).")
class AvatarRemoveSuccess:
    user: User = strawberry.field(description="The user.")


AvatarRemoveResult = Annotated[
    AvatarRemoveSuccess,
    strawberry.union("AvatarRemoveResult", description="What became of `avatarRemove`."),
]
