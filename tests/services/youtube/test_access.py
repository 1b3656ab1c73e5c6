from services.youtube.access import Access

ADDRESS = "https://www.youtube.com/api/timedtext?v=abc&lang=en"


def test_youtube_is_asked_itself_unless_told_otherwise() -> None:
    assert Access().address(ADDRESS) == ADDRESS


def test_a_gateway_takes_its_place() -> None:
    access = Access(origin="http://127.0.0.1:8080")
    assert access.address(ADDRESS) == "http://127.0.0.1:8080/api/timedtext?v=abc&lang=en"
    assert access.address("https://elsewhere.example/x") == "http://127.0.0.1:8080/x"


def test_a_gateway_may_have_a_path() -> None:
    access = Access(origin="https://gateway.example/youtube/")
    assert access.address("https://www.youtube.com/watch?v=abc") == "https://gateway.example/youtube/watch?v=abc"


def test_what_goes_to_a_plain_gateway_already_stays() -> None:
    access = Access(origin="http://127.0.0.1:8080")
    assert access.address("http://127.0.0.1:8080/again") == "http://127.0.0.1:8080/again"
