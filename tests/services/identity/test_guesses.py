"""How many passwords may be tried on an account, from one place and from everywhere, and that its owner gets in meanwhile."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from sqlalchemy import func, select, update

from db import clock
from db.models.tables import AuditEvent, Session, User
from services.container import Services, open_services
from services.errors import InvalidCredentials, RateLimited
from services.identity.devices import Device
from services.identity.guesses import ACCOUNT_RATE, EVERYWHERE_RATE
from services.identity.passwords import Checked, Passwords
from services.identity.sessions import SignedIn
from services.settings import Settings
from tests.settings import settings_for

PASSWORD = "correct horse"
WRONG = "wrong horse"
HOME = Device(address="192.0.2.1")
ADA = "ada@example.com"
NOBODY = "nobody@example.com"
FIFTEEN_MINUTES = 15 * 60

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def services(settings: Settings) -> AsyncGenerator[Services]:
    """With the throttles on, but that of an address alone; Ada has registered at home."""
    throttled = settings_for(
        settings.database_url, settings.data_dir, rate_limit_enabled=True, rate_limit_auth="100000/minute"
    )
    async with open_services(throttled, work=False) as services:
        await services.sign_in.register(HOME, email=ADA, password=PASSWORD, name="Ada")
        yield services


@dataclass
class Spy:
    checks: list[str] = field(default_factory=list[str])


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    """Sees each password that is hashed, and lets it pass."""
    spy, check = Spy(), Passwords.check

    async def watched(self: Passwords, password: str, stored: str | None) -> Checked:
        spy.checks.append(password)
        return await check(self, password, stored)

    monkeypatch.setattr(Passwords, "check", watched)
    return spy


def stranger(number: int) -> Device:
    return Device(address=f"198.51.100.{number}")


async def enter(services: Services, device: Device, email: str = ADA, password: str = PASSWORD) -> SignedIn:
    return await services.sign_in.by_password(device, email=email, password=password)


async def outcome(services: Services, device: Device, email: str = ADA, password: str = WRONG) -> str:
    try:
        await enter(services, device, email, password)
    except (InvalidCredentials, RateLimited) as refusal:
        return type(refusal).__name__
    return "in"


async def session_of(services: Services, email: str = ADA) -> int:
    """The newest one of the account."""
    found = select(func.max(Session.id)).join(User, User.id == Session.user_id).where(User.email == email)
    async with services.database.read() as reader:
        session_id = await reader.scalar(found)
    assert session_id is not None
    return session_id


async def failures(services: Services) -> int:
    told = select(func.count()).select_from(AuditEvent).where(AuditEvent.kind == "SIGN_IN_FAILED")
    async with services.database.read() as reader:
        return await reader.scalar(told) or 0


async def besiege(services: Services, email: str = ADA) -> None:
    """What a hundred strangers do, without their passwords."""
    for _ in range(EVERYWHERE_RATE.attempts):
        await services.throttle.count("everywhere", email, EVERYWHERE_RATE)
    assert await outcome(services, stranger(250), email) == "RateLimited"


async def test_the_eleventh_guess_from_one_address_is_not_hashed(services: Services, spy: Spy) -> None:
    for email in (ADA, NOBODY):
        found = [await outcome(services, stranger(1), email) for _ in range(13)]
        assert found == ["InvalidCredentials"] * 10 + ["RateLimited"] * 3
        # The right password is not tried either.
        assert await outcome(services, stranger(1), email, PASSWORD) == "RateLimited"
    assert len(spy.checks) == await failures(services) == 20
    assert await outcome(services, stranger(2), password=PASSWORD) == "in"


async def test_the_wait_is_fifteen_minutes(services: Services) -> None:
    for _ in range(10):
        await outcome(services, stranger(1))
    with pytest.raises(RateLimited) as refused:
        await enter(services, stranger(1))
    assert 0 < refused.value.reset_in_seconds <= FIFTEEN_MINUTES
    assert ACCOUNT_RATE.seconds == EVERYWHERE_RATE.seconds == FIFTEEN_MINUTES


@pytest.mark.parametrize("email", [ADA, NOBODY])
async def test_a_hundred_addresses_together_guess_a_hundred_times(services: Services, spy: Spy, email: str) -> None:
    """And whether anybody has the address cannot be told from what they are answered."""
    found = [await outcome(services, stranger(number), email) for _ in range(3) for number in range(100)]
    assert found == ["InvalidCredentials"] * 100 + ["RateLimited"] * 200
    assert len(spy.checks) == await failures(services) == 100

    # Another account is not concerned, and of this one the owner gets in: from home, or with a session wherever it is.
    assert await outcome(services, stranger(1), "bob@example.com") == "InvalidCredentials"
    known = Device(address="203.0.113.7", session_id=await session_of(services))
    assert await outcome(services, known, password=PASSWORD) == "in"
    assert await outcome(services, HOME, password=PASSWORD) == "in"


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_an_address_is_known_for_a_month_after_a_session_began_there(services: Services) -> None:
    await besiege(services)
    assert await outcome(services, HOME, password=PASSWORD) == "in"
    for days, expected in ((29.9, "in"), (30.1, "RateLimited")):
        async with services.database.write() as tx:
            await tx.execute(update(Session).values(created_at=clock.seconds_from_now(-days * 24 * 60 * 60)))
        assert await outcome(services, HOME, password=PASSWORD) == expected
        assert await outcome(services, Device(address="203.0.113.7"), password=PASSWORD) == "RateLimited"


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_guesses_from_a_known_address_are_few_all_the_same(services: Services) -> None:
    found = [await outcome(services, HOME) for _ in range(11)]
    assert found == ["InvalidCredentials"] * 10 + ["RateLimited"]
    # Nor have they used up what others have.
    assert await outcome(services, stranger(1)) == "InvalidCredentials"


async def test_a_session_that_is_known_has_ten_guesses_of_its_own(services: Services) -> None:
    session_id = await session_of(services)
    await besiege(services)
    for number in range(10):
        anywhere = Device(address=f"203.0.113.{number}", session_id=session_id)
        assert await outcome(services, anywhere) == "InvalidCredentials"
    assert await outcome(services, Device(address="203.0.113.99", session_id=session_id)) == "RateLimited"
    # Neither the rest of the world nor where one was known before is the worse for it.
    assert await outcome(services, HOME, password=PASSWORD) == "in"


async def test_only_a_session_of_the_account_that_was_not_revoked_is_known(services: Services) -> None:
    await services.sign_in.register(stranger(9), email="eve@example.com", password=PASSWORD, name="Eve")
    hers, own = await session_of(services, "eve@example.com"), await session_of(services)
    await besiege(services)
    await besiege(services, NOBODY)
    abroad = "203.0.113.7"
    for session_id in (hers, 10**9, None):
        for email in (ADA, NOBODY):
            device = Device(address=abroad, session_id=session_id)
            assert await outcome(services, device, email, PASSWORD) == "RateLimited"
    known = Device(address=abroad, session_id=own)
    assert await outcome(services, known, password=PASSWORD) == "in"
    async with services.database.write() as tx:
        await tx.execute(update(Session).where(Session.id == own).values(revoked_at=clock.now()))
    assert await outcome(services, Device(address="203.0.113.8", session_id=own), password=PASSWORD) == "RateLimited"
