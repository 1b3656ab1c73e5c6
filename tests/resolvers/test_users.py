"""`userRegister`: what an account is made of, and what is refused."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.accounts import REGISTER, member, problems, register, sign_in, stored, succeeded, viewer
from tests.client import Client
from tests.server import PASSWORD, Server

sqlite_alone = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


@pytest.mark.asyncio
async def test_makes_an_account_and_signs_in(idle_server: Server) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    made = succeeded(await register(idle_server.nobody, "ada@example.com", name="Ada Lovelace"))

    user, tokens = made["user"], made["tokens"]
    assert datetime.fromisoformat(user.pop("createdAt")) >= before - timedelta(seconds=1)
    user_id = user.pop("id")
    assert user == {
        "email": "ada@example.com",
        "emailVerified": False,
        "name": "Ada Lovelace",
        "hasPassword": True,
        "aiNotesEnabled": True,
    }
    a_minute = timedelta(minutes=1)
    assert abs(datetime.fromisoformat(tokens["accessTokenExpiresAt"]) - before - timedelta(hours=24)) < a_minute
    assert abs(datetime.fromisoformat(tokens["refreshTokenExpiresAt"]) - before - timedelta(days=30)) < a_minute

    ada = Client(url=idle_server.url, token=tokens["accessToken"])
    assert (await viewer(ada))["user"] == {"id": user_id, "email": "ada@example.com"}
    assert await stored(idle_server) == {"users": 1, "sessions": 1, "refresh_tokens": 1}


@sqlite_alone
@pytest.mark.asyncio
async def test_an_address_is_kept_in_one_form(idle_server: Server) -> None:
    nobody = idle_server.nobody
    for typed, kept in [
        ("  ada@example.com\t", "ada@example.com"),
        ("Eve.Lovelace+notes@Example.COM", "eve.lovelace+notes@example.com"),
        ("Ida Lovelace <Ida@Example.com>", "ida@example.com"),
        ('"Lovelace, Ina" <ina@example.com>', "ina@example.com"),
        # One address, spelled in two ways each.
        ("ada@xn--bcher-kva.example", "ada@bücher.example"),
        ("EVE@BÜCHER.example", "eve@bücher.example"),
        ("e\u0301va@example.com", "\xe9va@example.com"),
    ]:
        assert succeeded(await register(nobody, typed))["user"]["email"] == kept
        # Both what was typed and what is shown are good for signing in, and neither for a second account.
        for email in (typed, kept.upper()):
            assert succeeded(await sign_in(nobody, email))["user"]["email"] == kept
            assert member(await register(nobody, email))["__typename"] == "EmailTaken"
    assert (await stored(idle_server))["users"] == 7


@pytest.mark.asyncio
async def test_an_address_has_one_account(idle_server: Server) -> None:
    nobody = idle_server.nobody
    succeeded(await register(nobody, "ada@example.com"))
    before = await stored(idle_server)

    taken = await register(nobody, " Eve <ADA@example.com> ", password="another password", name="Eve")
    assert member(taken) == {"__typename": "EmailTaken", "message": "Email already exists."}

    assert await stored(idle_server) == before
    assert member(await sign_in(nobody, password="another password"))["__typename"] == "InvalidCredentials"
    assert succeeded(await sign_in(nobody, password=PASSWORD))["user"]["name"] == "Ada"


@pytest.mark.asyncio
async def test_of_many_at_once_one_gets_the_address(idle_server: Server) -> None:
    spellings = ["ada@example.com", "ADA@example.com", "Ada <ada@EXAMPLE.com>"] * 3
    answers = await asyncio.gather(*(register(idle_server.nobody, email) for email in spellings))
    assert Counter(member(answer)["__typename"] for answer in answers) == {"UserRegisterSuccess": 1, "EmailTaken": 8}
    assert await stored(idle_server) == {"users": 1, "sessions": 1, "refresh_tokens": 1}


@sqlite_alone
@pytest.mark.asyncio
async def test_a_name_is_trimmed_before_it_is_measured(idle_server: Server) -> None:
    for number, (name, kept) in enumerate([(" Al\n", "Al"), ("x" * 100, "x" * 100), ("  " + "Ж" * 100, "Ж" * 100)]):
        made = succeeded(await register(idle_server.nobody, f"{number}@example.com", name=name))
        assert made["user"]["name"] == kept
    before = await stored(idle_server)
    for name, code in [("", "REQUIRED"), (" \t ", "REQUIRED"), (" a ", "TOO_SHORT"), ("x" * 101, "TOO_LONG")]:
        assert problems(await register(idle_server.nobody, name=name)) == [("name", code)]
    assert await stored(idle_server) == before


@sqlite_alone
@pytest.mark.asyncio
async def test_a_password_is_taken_as_it_is(idle_server: Server) -> None:
    nobody = idle_server.nobody
    for number, (password, similar) in enumerate(
        [
            ("1234567", "1234567 "),
            (" " * 7, " " * 8),
            ("x" * 1024, "x" * 1023),
            ("é" * 512, "e\u0301" * 256),
            ("\tPass\n word ", "Pass\n word"),
            ("Password", "password"),
        ]
    ):
        email = f"{number}@example.com"
        succeeded(await register(nobody, email, password=password))
        succeeded(await sign_in(nobody, email, password=password))
        assert member(await sign_in(nobody, email, password=similar))["__typename"] == "InvalidCredentials"


@sqlite_alone
@pytest.mark.asyncio
async def test_a_password_has_its_bounds(idle_server: Server) -> None:
    for password, code in [
        ("", "REQUIRED"),
        ("123456", "TOO_SHORT"),
        ("éééééé", "TOO_SHORT"),
        ("x" * 1025, "TOO_LONG"),
        (" " * 1025, "TOO_LONG"),
        ("é" * 513, "TOO_LONG"),
    ]:
        assert problems(await register(idle_server.nobody, password=password)) == [("password", code)]
    assert await stored(idle_server) == {"users": 0, "sessions": 0, "refresh_tokens": 0}


@sqlite_alone
@pytest.mark.asyncio
async def test_every_problem_is_told_at_once(idle_server: Server) -> None:
    answer = await register(idle_server.nobody, "nobody", password="123", name=" ")
    assert problems(answer) == [
        ("email", "INVALID_FORMAT"),
        ("name", "REQUIRED"),
        ("password", "TOO_SHORT"),
    ]
    assert [problem["message"] for problem in member(answer)["problems"]] == [
        "This is not a valid e-mail address.",
        "Name must not be blank.",
        "The password must have at least 7 characters.",
    ]
    assert await stored(idle_server) == {"users": 0, "sessions": 0, "refresh_tokens": 0}


@sqlite_alone
@pytest.mark.asyncio
async def test_what_takes_no_mail_is_no_address(idle_server: Server) -> None:
    nobody = idle_server.nobody
    for email in (
        "ada",
        "@example.com",
        "ada@",
        "ada@example",
        "ada@@example.com",
        "ada@example.com, eve@example.com",
        "ada @example.com",
        "Ada <ada@example.com",
        "ada@[127.0.0.1]",
        "ada@-example.com",
        "ada\r\nbcc: eve@example.com",
        # Names that are reserved for tests, or for networks without the world's mail.
        "ada@localhost",
        "ada@vidwiz.test",
        "ada@vidwiz.invalid",
        "ada@printer.local",
    ):
        assert problems(await register(nobody, email)) == [("email", "INVALID_FORMAT")], email
    assert problems(await register(nobody, " ")) == [("email", "REQUIRED")]
    assert problems(await register(nobody, "a" * 250 + "@example.com")) == [("email", "TOO_LONG")]
    assert await stored(idle_server) == {"users": 0, "sessions": 0, "refresh_tokens": 0}


@pytest.mark.asyncio
async def test_what_cannot_be_stored_is_a_problem_of_its_field(idle_server: Server) -> None:
    for character in ("\x00", "\ud800", "\udfff"):
        email, password, name = f"ada{character}@example.com", PASSWORD + character, f"A{character}da"
        answer = await register(idle_server.nobody, email, password=password, name=name)
        assert problems(answer) == [(field, "INVALID_CHARACTER") for field in ("email", "name", "password")]
    assert await stored(idle_server) == {"users": 0, "sessions": 0, "refresh_tokens": 0}


@sqlite_alone
@pytest.mark.asyncio
async def test_an_input_has_these_fields_and_no_others(idle_server: Server) -> None:
    whole: dict[str, object] = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
    for wrong in (
        {**whole, "isAdmin": True},
        {name: value for name, value in whole.items() if name != "name"},
        {**whole, "email": None},
        {**whole, "password": 12345678},
        {**whole, "name": ["Ada"]},
    ):
        answer = await idle_server.nobody.execute(REGISTER, input=wrong)
        assert (answer.status, answer.code) == (200, "BAD_USER_INPUT")
    assert await stored(idle_server) == {"users": 0, "sessions": 0, "refresh_tokens": 0}
