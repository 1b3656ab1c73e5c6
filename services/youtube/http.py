"""HTTP sessions of `requests` that go where YouTube is reached; for yt-dlp, which brings its own, see metadata.py."""

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

from services.youtube.access import Access
from services.youtube.deadlines import Deadline


class _Adapter(HTTPAdapter):
    """Sends no request after the deadline, and each with a timeout."""

    def __init__(self, access: Access, deadline: Deadline) -> None:
        super().__init__()
        self._access = access
        self._deadline = deadline

    def send(  # noqa: PLR0917  as the library declares it
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002  as above
        timeout: object = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002  as above
        cert: str | tuple[str, str] | None = None,
        proxies: dict[str, str] | None = None,
    ) -> Response:
        del timeout  # nobody gives one
        self._deadline.check()
        if request.url is not None:
            request = request.copy()
            request.url = self._access.address(str(request.url))
        return super().send(request, stream, self._access.wait_seconds, verify, cert, proxies)


def open_session(access: Access, deadline: Deadline) -> Session:
    """To be used by one thread, and closed. Its requests may raise SourceError."""
    cookies = access.read_cookies()
    session = Session()
    session.trust_env = False
    for cookie in cookies:
        session.cookies.set_cookie(cookie)
    if access.proxy_url is not None:
        session.proxies = {"http": access.proxy_url, "https": access.proxy_url}
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(access, deadline))
    return session
