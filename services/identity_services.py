"""The services by which people come in and keep their accounts, each built when it is first asked for."""

from datetime import timedelta
from functools import cached_property

from services.audit import AuditService
from services.foundation import Foundation
from services.identity.account_deletion import AccountDeletion
from services.identity.api_tokens import ApiTokenService
from services.identity.attempts import SignInAttempts
from services.identity.google import GoogleCredentials
from services.identity.google_sign_in import GoogleSignIn
from services.identity.guesses import Guesses
from services.identity.guests import GuestIds, GuestService
from services.identity.key_sets import KeySet
from services.identity.password_changes import PasswordService
from services.identity.passwords import Passwords
from services.identity.provider_keys import ProviderKeyService
from services.identity.sessions import Lifetimes, SessionService
from services.identity.sign_in import SignInService
from services.identity.tokens import AccessTokens
from services.identity.users import UserService
from services.identity.verification import VerificationService
from services.identity.viewers import ViewerService
from services.media.avatar_links import AvatarLinks
from services.settings import Settings


class IdentityServices(Foundation):
    @cached_property
    def audit(self) -> AuditService:
        return AuditService(self.database)

    @cached_property
    def _access_tokens(self) -> AccessTokens:
        return AccessTokens(self.keyring, timedelta(hours=self.settings.jwt_expiry_hours))

    @cached_property
    def _hasher(self) -> Passwords:
        return Passwords()

    @cached_property
    def _guesses(self) -> Guesses:
        return Guesses(self.database, self.throttle)

    @cached_property
    def _attempts(self) -> SignInAttempts:
        return SignInAttempts(self.throttle, self.settings.rate_limit_auth)

    @cached_property
    def _guest_ids(self) -> GuestIds:
        return GuestIds(self.keyring, client_made=self.settings.client_guest_ids)

    @cached_property
    def avatar_links(self) -> AvatarLinks:
        return AvatarLinks(self.keyring, self.settings.public_url)

    @cached_property
    def sessions(self) -> SessionService:
        lifetimes = lifetimes_of(self.settings)
        return SessionService(self.database, self._access_tokens, lifetimes, self.avatar_links.claim)

    @cached_property
    def users(self) -> UserService:
        return UserService(self.database, self._hasher, self.sessions)

    @cached_property
    def sign_in(self) -> SignInService:
        return SignInService(
            self.database,
            users=self.users,
            sessions=self.sessions,
            passwords=self._hasher,
            guesses=self._guesses,
            attempts=self._attempts,
        )

    @cached_property
    def google_sign_in(self) -> GoogleSignIn:
        return GoogleSignIn(
            self.database,
            sessions=self.sessions,
            passwords=self._hasher,
            guesses=self._guesses,
            attempts=self._attempts,
            credentials=google_credentials(self.settings),
        )

    @cached_property
    def passwords(self) -> PasswordService:
        return PasswordService(self.database, self._hasher, self.sessions, self.throttle, self._attempts)

    @cached_property
    def verification(self) -> VerificationService:
        return VerificationService(self.database, self.throttle, self._attempts)

    @cached_property
    def api_tokens(self) -> ApiTokenService:
        return ApiTokenService(self.database)

    @cached_property
    def provider_keys(self) -> ProviderKeyService:
        return ProviderKeyService(self.database, self.keyring)

    @cached_property
    def guests(self) -> GuestService:
        rate = self.settings.rate_limit_auth
        return GuestService(self.database, self._guest_ids, self.throttle, rate, self._attempts)

    @cached_property
    def viewers(self) -> ViewerService:
        admin_tokens = admin_tokens_of(self.settings)
        return ViewerService(self._access_tokens, self.sessions, self.api_tokens, self._guest_ids, admin_tokens)

    @cached_property
    def account_deletion(self) -> AccountDeletion:
        return AccountDeletion(self.database, self.sessions, self._hasher, self._guesses)


def lifetimes_of(settings: Settings) -> Lifetimes:
    return Lifetimes(
        refresh_token=timedelta(days=settings.refresh_token_days),
        session=timedelta(days=settings.session_days),
        grace=timedelta(seconds=settings.refresh_grace_seconds),
    )


def google_credentials(settings: Settings) -> GoogleCredentials | None:
    """None where nobody signs in with Google."""
    if settings.google_client_id is None:
        return None
    return GoogleCredentials(settings.google_client_id, KeySet(settings.google_keys_url))


def admin_tokens_of(settings: Settings) -> list[str]:
    """The one of today and, while they change, the one before."""
    tokens = (settings.admin_token, settings.admin_token_previous)
    return [token.get_secret_value() for token in tokens if token is not None and token.get_secret_value()]
