"""Links to users' pictures, which anybody may follow and nobody can guess: they tell not even whose picture it is."""

from db.queries.users import UserRow
from services.errors import InvalidInput, NotFound, Problem, ProblemCode
from services.identity.keys import Keyring, Unreadable
from services.media import pictures

FOLDER = "avatars"
PURPOSE = "avatar"
VERSION_LENGTH = 16
DEFAULT_SIZE = 256
LONGEST_TOKEN = 128
SMALLEST, LARGEST = min(pictures.SIDES), max(pictures.SIDES)


class AvatarLinks:
    def __init__(self, keyring: Keyring, public_url: str | None) -> None:
        self._keyring = keyring
        self._public_url = public_url

    def url(self, user: UserRow, size: int, base_url: str) -> str:
        """Of the uploaded picture, else of the one that Google told of, else of a placeholder. Raises InvalidInput."""
        if not SMALLEST <= size <= LARGEST:
            message = f"Size must be between {SMALLEST} and {LARGEST}."
            raise InvalidInput([Problem(path=("size",), code=ProblemCode.OUT_OF_RANGE, message=message)])
        if user.avatar_key is None and user.picture_url is not None:
            return user.picture_url
        token = self._keyring.veil(PURPOSE, f"{user.id}:{version_of(user.avatar_key)}")
        side = min(side for side in pictures.SIDES if side >= size)
        return f"{base_url}/avatars/{token}?size={side}"

    def claim(self, user: UserRow) -> str | None:
        """For the claim of an access token: only where it is certain how everybody reaches us, and no placeholder."""
        if user.avatar_key is None or self._public_url is None:
            return user.picture_url
        return self.url(user, DEFAULT_SIZE, self._public_url)

    def read(self, token: str) -> tuple[int, str]:
        """The user's id and the version of a link. Raises NotFound for what is none of ours."""
        try:
            if len(token) > LONGEST_TOKEN:
                raise NotFound
            user_id, _, version = self._keyring.unveil(PURPOSE, token).partition(":")
        except Unreadable:
            raise NotFound from None
        return int(user_id), version


def version_of(folder: str | None) -> str:
    """Of the 128 random bits of the folder, half: enough to tell pictures of one user apart."""
    return "" if folder is None else folder.removeprefix(f"{FOLDER}/")[:VERSION_LENGTH]
