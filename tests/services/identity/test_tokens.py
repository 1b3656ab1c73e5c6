"""Access tokens: what they say, and which are believed."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.queries.users import UserRow
from services.errors import Unauthenticated, UnauthenticatedReason
from services.identity.keys import Keyring
from services.identity.tokens import AccessTokens, digest, new_refresh_token
from tests.forged_tokens import OTHER_KEY, decode, expired, forgeries, hs256, of_two_keys, resigned, token

KEY = b"a key for these tests, of more than 32 bytes"
TOKENS = AccessTokens(Keyring(KEY), timedelta(hours=24))
ADA = UserRow(
    id=7,
    email="ada@example.com",
    email_verified=False,
    name="Ada",
    has_password=True,
    has_api_token=False,
    ai_notes_enabled=True,
    created_at=datetime.now(UTC),
    picture_url=None,
    avatar_key=None,
)
GENUINE = TOKENS.issue(ADA, 42).text
FORGERIES = forgeries(GENUINE, KEY)
PREVIOUS_KEY = b"the key before it, of more than 32 bytes, too"
OF_TWO_KEYS = of_two_keys(GENUINE, KEY, PREVIOUS_KEY)


def refusal(text: str) -> UnauthenticatedReason:
    with pytest.raises(Unauthenticated) as refused:
        TOKENS.verify(text)
    return refused.value.reason


def test_says_who_and_which_session_and_what_old_clients_read() -> None:
    before = datetime.now(UTC)
    issued = TOKENS.issue(ADA, 42)
    header, body, _ = issued.text.split(".")
    claims = decode(body)

    assert decode(header) == {"alg": "HS256", "typ": "at+jwt", "kid": decode(header)["kid"]}
    issued_at, expires_at = claims.pop("iat"), claims.pop("exp")
    assert len(claims.pop("jti")) == 32
    assert claims == {
        "iss": "vidwiz",
        "aud": "vidwiz-api",
        "sub": "7",
        "sid": "42",
        "user_id": 7,
        "email": "ada@example.com",
        "name": "Ada",
        "profile_image_url": None,
    }
    assert issued_at == pytest.approx(before.timestamp(), abs=2)
    assert expires_at - issued_at == 24 * 60 * 60
    assert datetime.fromtimestamp(expires_at, UTC) == issued.expires_at


def test_tells_of_the_picture_that_is_given() -> None:
    picture = "https://lh3.googleusercontent.com/a/ada"
    claims = decode(TOKENS.issue(ADA, 42, picture_url=picture).text.split(".")[1])
    assert claims["profile_image_url"] == picture


def test_calls_a_user_without_a_name_by_the_address() -> None:
    assert decode(TOKENS.issue(ADA._replace(name=None), 42).text.split(".")[1])["name"] == "ada@example.com"


def test_no_two_tokens_are_alike() -> None:
    assert len({TOKENS.issue(ADA, 42).text for _ in range(100)}) == 100


def test_a_good_token_is_believed() -> None:
    claims = TOKENS.verify(GENUINE)
    assert (claims.user_id, claims.session_id) == (7, 42)
    assert claims.expires_at > datetime.now(UTC)
    # Any other server with the key believes it, and any library can read it.
    assert AccessTokens(Keyring(KEY), timedelta(seconds=1)).verify(GENUINE) == claims
    assert jwt.decode(GENUINE, KEY, algorithms=["HS256"], audience="vidwiz-api", issuer="vidwiz")["sub"] == "7"


def test_the_forger_of_these_tests_can_make_a_good_one() -> None:
    header, body, _ = GENUINE.split(".")
    assert TOKENS.verify(token(decode(header), decode(body), hs256(KEY))) == TOKENS.verify(GENUINE)


@pytest.mark.parametrize("flaw", FORGERIES)
def test_a_forged_token_is_invalid(flaw: str) -> None:
    assert refusal(FORGERIES[flaw]) is UnauthenticatedReason.INVALID


def test_expiry_is_told_only_of_a_token_that_was_ours() -> None:
    assert refusal(expired(GENUINE, KEY)) is UnauthenticatedReason.EXPIRED
    assert refusal(AccessTokens(Keyring(KEY), timedelta(0)).issue(ADA, 42).text) is UnauthenticatedReason.EXPIRED
    assert refusal(expired(GENUINE, OTHER_KEY)) is UnauthenticatedReason.INVALID


def test_a_token_of_another_key_is_invalid() -> None:
    assert (
        refusal(AccessTokens(Keyring(OTHER_KEY), timedelta(hours=1)).issue(ADA, 42).text)
        is UnauthenticatedReason.INVALID
    )


def test_keys_change_without_a_token_refused() -> None:
    before, during = Keyring(KEY), Keyring(OTHER_KEY, KEY)
    rings = (before, during, Keyring(OTHER_KEY))
    old, both, new = (AccessTokens(ring, timedelta(hours=1)) for ring in rings)
    issued = [old.issue(ADA, 42).text for _ in range(500)] + [both.issue(ADA, 42).text for _ in range(500)]
    assert {both.verify(text).user_id for text in issued} == {7}
    for text in issued[:500]:
        with pytest.raises(Unauthenticated) as refused:
            new.verify(text)
        assert refused.value.reason is UnauthenticatedReason.INVALID
    assert {new.verify(text).user_id for text in issued[500:]} == {7}


@pytest.mark.parametrize("flaw", OF_TWO_KEYS)
def test_two_keys_are_no_easier_to_forge(flaw: str) -> None:
    both = AccessTokens(Keyring(KEY, PREVIOUS_KEY), timedelta(hours=1))
    assert both.verify(resigned(GENUINE, PREVIOUS_KEY)) == both.verify(GENUINE)
    with pytest.raises(Unauthenticated) as refused:
        both.verify(OF_TWO_KEYS[flaw])
    assert refused.value.reason is UnauthenticatedReason.INVALID


def test_a_refresh_token_is_no_access_token() -> None:
    assert refusal(new_refresh_token()) is UnauthenticatedReason.INVALID


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_any_text_is_refused_in_the_same_way(text: str) -> None:
    assert refusal(text) is UnauthenticatedReason.INVALID


@given(st.integers(0, len(GENUINE) - 2), st.sampled_from("AZaz09-_.=+ é\x00"))
def test_a_token_with_another_character_is_another_token(place: int, character: str) -> None:
    # The last character of a signature has bits that mean nothing, and is left alone.
    changed = GENUINE[:place] + character + GENUINE[place + 1 :]
    if changed != GENUINE:
        assert refusal(changed) is UnauthenticatedReason.INVALID


def test_refresh_tokens_are_random_and_kept_as_digests() -> None:
    made = {new_refresh_token() for _ in range(100)}
    assert len(made) == 100
    assert min(len(one) for one in made) >= 43  # 256 bits
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
