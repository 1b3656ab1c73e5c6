"""The doors by which people come in, each behind the throttle."""

from services import limits
from services.errors import InvalidRefreshToken
from services.identity.devices import Device
from services.identity.sessions import SessionService, SignedIn
from services.settings import Rate
from services.throttle import Throttle
from services.users import UserService, check_password, normalise_email
from services.validation import Checks

# Wrong or right, so many sign-ins to one account from one address: a stranger elsewhere cannot lock it.
ACCOUNT_RATE = Rate(attempts=10, seconds=15 * 60)


class SignInService:
    def __init__(self, users: UserService, sessions: SessionService, throttle: Throttle, address_rate: Rate) -> None:
        self._users = users
        self._sessions = sessions
        self._throttle = throttle
        self._address_rate = address_rate

    async def register(self, device: Device, *, email: str, password: str, name: str) -> SignedIn:
        """Raises RateLimited, InvalidInput or EmailTaken."""
        await self._throttle.count("auth", device.address, self._address_rate)
        return await self._users.register(device, email=email, password=password, name=name)

    async def by_password(self, device: Device, *, email: str, password: str) -> SignedIn:
        """Raises RateLimited, InvalidInput or InvalidCredentials."""
        await self._throttle.count("auth", device.address, self._address_rate)
        checks = Checks()
        email = checks.text(email, "email", maximum=limits.EMAIL_LENGTH)
        check_password(checks, password, minimum=1)
        checks.finish()
        # What is no address is nobody's, and is counted and answered like any other.
        email = normalise_email(email) or email.lower()
        await self._throttle.count("account", f"{device.address} {email}", ACCOUNT_RATE)
        return await self._sessions.create(device, email, password)

    async def by_refresh_token(self, device: Device, refresh_token: str) -> SignedIn:
        """Raises RateLimited or InvalidRefreshToken."""
        await self._throttle.count("auth", device.address, self._address_rate)
        if not refresh_token.isascii():
            raise InvalidRefreshToken
        return await self._sessions.refresh(refresh_token)
