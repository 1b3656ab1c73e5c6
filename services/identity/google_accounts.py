"""Whose account it is that somebody with a Google identity comes to: theirs, one to be linked, or a new one."""

from dataclasses import dataclass
from typing import Literal

from db.queries import api_tokens as api_token_queries
from db.queries import google as queries
from db.queries import provider_keys as provider_key_queries
from db.queries.google import AccountRow
from db.sessions import Transaction
from services.audit import AuditKind, record
from services.identity import mailed_tokens
from services.identity.devices import Device
from services.identity.google import LONGEST_NAME, GoogleIdentity
from services.mail.messages import Purpose

GOOGLE_MAIL = ("@gmail.com", "@googlemail.com")

Proof = Literal["google", "password"]
"""Of an address: by Google, which runs the mailbox, or by the password of the account that has it."""


class Overtaken(Exception):
    """The account was changed, made or linked between looking at it and writing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Whom Google names, with the address in the form in which we keep it."""

    identity: GoogleIdentity
    email: str | None
    """None for what is no address to us."""

    @property
    def name(self) -> str:
        local_part = (self.email or "").partition("@")[0]
        return self.identity.name or local_part[:LONGEST_NAME]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An account that has the address, and is to be theirs from now on."""

    account: AccountRow
    proof: Proof

    @property
    def is_strangers(self) -> bool:
        """Whether somebody registered the address without ever proving it, and may not be the one who comes now.

        Also with Google, which tells addresses that it does not run.
        """
        return self.proof == "google" and not self.account.email_verified


def is_authoritative(newcomer: Newcomer) -> bool:
    """Whether Google runs the mailbox. Of other addresses it knows no more than that they were the user's once."""
    identity = newcomer.identity
    if newcomer.email is None or identity.email_verified is False:
        return False
    is_workspace = identity.email_verified is True and identity.hosted_domain is not None
    return newcomer.email.endswith(GOOGLE_MAIL) or is_workspace


async def add(tx: Transaction, newcomer: Newcomer, device: Device) -> int:
    """A new account: its user's id. Raises Overtaken when there is one by now.

    An address that Google does not run is not proved by Google, whatever it says of it.
    """
    identity = newcomer.identity
    if newcomer.email is None:
        raise Overtaken
    verified = is_authoritative(newcomer)
    new = queries.add(identity.subject, newcomer.email, newcomer.name, email_verified=verified, dialect=tx.dialect)
    user_id = await tx.scalar(new)
    if user_id is None:
        raise Overtaken
    details = {"method": "google"}
    await record(tx, AuditKind.USER_REGISTERED, user_id=user_id, address=device.address, details=details)
    if not verified:
        await mailed_tokens.request(tx, Purpose.EMAIL_VERIFICATION, user_id)
    return user_id


async def link(tx: Transaction, newcomer: Newcomer, claim: Claim, device: Device) -> None:
    """A stranger's identity, password, API token and provider keys go; ending the sessions is left to the caller.

    Raises Overtaken.
    """
    identity, account = newcomer.identity, claim.account
    verified = account.email_verified or is_authoritative(newcomer)
    linked = queries.link(account, identity.subject, email_verified=verified, is_strangers=claim.is_strangers)
    if await tx.scalar(linked) is None:
        raise Overtaken
    if claim.is_strangers:
        await tx.execute(api_token_queries.remove(account.user_id))
        # With keys of their own they would read along at the provider.
        await tx.execute(provider_key_queries.remove_all(account.user_id))
    details = {
        "proof": claim.proof,
        "passwordRemoved": claim.is_strangers and account.password_hash is not None,
        "identityReplaced": account.google_subject is not None,
    }
    await record(tx, AuditKind.GOOGLE_LINKED, user_id=account.user_id, address=device.address, details=details)


async def hold(tx: Transaction, newcomer: Newcomer, user_id: int) -> None:
    """Raises Overtaken when the account, which was theirs, was taken from them meanwhile."""
    if await tx.scalar(queries.hold(user_id, newcomer.identity.subject)) is None:
        raise Overtaken


async def fill_profile(tx: Transaction, newcomer: Newcomer, user_id: int) -> None:
    """A name is kept, a picture replaced."""
    await tx.execute(queries.fill_profile(user_id, newcomer.name, newcomer.identity.picture_url))
