import pytest

from services.videos.timestamps import format_timestamp, is_timestamp_text, parse_timestamp


@pytest.mark.parametrize("text", ["1:05", "0:00", "1:x2", "99:99:99:99", "12:", ":12", " 1:05 ", "at 1 or 2: no"])
def test_note_stamp_needs_a_colon_and_two_digits_anywhere(text: str) -> None:
    assert is_timestamp_text(text)


@pytest.mark.parametrize("text", ["", ":", "123", "a:b", "1:", "1:x", "one:two"])
def test_note_stamp_without_them_is_refused(text: str) -> None:
    assert not is_timestamp_text(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0:00", 0),
        ("1:05", 65),
        ("1:5", 65),
        ("01:05", 65),
        ("59:59", 3599),
        ("75:10", 4510),
        ("1:02:03", 3723),
        ("100:00:00", 360_000),
        ("00:00:07", 7),
        (" 1:05\n", 65),
    ],
)
def test_two_or_three_parts_are_whole_seconds(text: str, seconds: float) -> None:
    parsed = parse_timestamp(text)
    assert parsed == seconds
    assert isinstance(parsed, float)


@pytest.mark.parametrize(
    "text",
    [
        *("", "12", "1:", ":05", "1:2:3:4", "1:x2", "1.5:00", "1:05.5", "-1:05", "+1:05", "1: 05", "1:0_5"),
        *(
            "1:60",
            "0:99",
            "1:60:00",
            "1:00:60",
            "1:75:10",
            "\N{ARABIC-INDIC DIGIT ONE}:05",
            "9" * 5000 + ":00",
            "1:05 pm",
        ),
    ],
)
def test_anything_else_is_no_moment(text: str) -> None:
    assert parse_timestamp(text) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (5.99, "0:05"),
        (65, "1:05"),
        (3599.9, "59:59"),
        (3600, "1:00:00"),
        (61 * 60 + 1, "1:01:01"),
        (36_000, "10:00:00"),
        (-3, "0:00"),
    ],
)
def test_format_shows_hours_from_the_first_hour_on(seconds: float, text: str) -> None:
    assert format_timestamp(seconds) == text


@pytest.mark.parametrize("seconds", [0.0, 1.0, 59.0, 60.0, 3599.0, 3600.0, 3661.0, 86_399.0, 360_000.0])
def test_what_is_formatted_parses_back(seconds: float) -> None:
    assert parse_timestamp(format_timestamp(seconds)) == seconds
