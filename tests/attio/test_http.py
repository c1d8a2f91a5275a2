"""The token stays where it belongs, and the edge gives data instead of exceptions."""

from __future__ import annotations

import traceback
from typing import Any

import httpx
import pytest

from attio_ctl import __version__
from attio_ctl.attio.errors import ApiError, UnexpectedAnswerError
from attio_ctl.attio.http import Http
from attio_ctl.attio.messages import Answer, Request
from attio_ctl.attio.reader import AttioReader
from attio_ctl.attio.retry import NoAnswer
from attio_ctl.attio.token import Token
from attio_ctl.errors import CredentialsError, UsageError

pytestmark = pytest.mark.anyio


async def test_the_token_goes_out_as_a_bearer_with_our_name(talk: Any, answers: Any, token: str) -> None:
    t = talk(answers.rows([]))

    await t.attio.objects()

    headers = t.script.seen[0].headers
    assert headers["authorization"] == f"Bearer {token}"
    assert headers["user-agent"] == f"attio-ctl/{__version__}"
    assert "content-type" not in headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(talk: Any, answers: Any, status: int) -> None:
    """A redirect would carry the token to a host that nobody configured."""
    t = talk(answers.ok(status, {}, location="https://elsewhere.example.com/v2/objects"))

    with pytest.raises(UnexpectedAnswerError, match=str(status)):
        await t.attio.objects()

    assert [r.url.host for r in t.script.seen] == ["api.attio.com"]


async def test_a_path_that_names_another_host_gets_no_token(token: str) -> None:
    seen: list[httpx.Request] = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    http = Http(base_url="https://api.attio.com", token=token, transport=httpx.MockTransport(server))
    await http.send(Request("GET", "https://elsewhere.example.com/v2/objects"))
    await http.send(Request("GET", "http://api.attio.com/v2/objects"))

    assert ["authorization" in r.headers for r in seen] == [False, False]


async def test_the_token_is_in_no_repr_and_no_traceback(talk: Any, answers: Any, token: str) -> None:
    """Neither in the text of an error, nor in anything that a traceback with local variables would show."""
    t = talk(answers.refused(400, "validation_type", f"you sent Bearer {token}"), retry_for=0)

    with pytest.raises(ApiError) as caught:
        await t.attio.objects()
    error, ours = caught.value, caught.tb.tb_next  # the frame of this test knows the token, of course
    shown = traceback.TracebackException(ApiError, error, ours, capture_locals=True)
    text = "".join(shown.format()) + repr(error) + str(error) + str(error.hint)
    local = repr(t.attio) + repr(vars(t.attio)) + repr(vars(t.attio._session)) + repr(vars(t.attio._session._http))

    assert "you sent Bearer **********" in text
    assert "outcome = Answer(" in text
    assert token not in text
    assert token not in local


async def test_what_the_library_raises_leaves_no_trace_of_the_request(talk: Any, token: str) -> None:
    t = talk(httpx.ConnectError(f"proxy refused Bearer {token}"), retry_for=0)

    with pytest.raises(ApiError, match=r"connect error: proxy refused Bearer \*{10}") as caught:
        await t.attio.objects()

    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("bad", ["", "  \n", "two words", "line\nbreak", "schlüssel", "nul\x00"])
def test_a_token_that_no_header_can_carry_is_refused_without_showing_it(bad: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        Http(base_url="https://api.attio.com", token=bad)

    assert not bad.strip() or bad not in str(caught.value)


async def test_white_space_around_a_token_is_not_part_of_it() -> None:
    seen: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(200, json={})

    for token in ("abc\n", Token(" abc ")):
        http = Http(base_url="https://api.attio.com", token=token, transport=httpx.MockTransport(server))
        await http.send(Request("GET", "/v2/self"))

    assert seen == ["Bearer abc", "Bearer abc"]


@pytest.mark.parametrize(
    "url",
    [
        "http://api.attio.com",
        "http://203.0.113.9.example.com",
        "ftp://localhost",
        "api.attio.com",
        "https://user:secret@api.attio.com",
        "https://",
        "http://8.8.8.8",
    ],
)
def test_a_url_that_would_show_the_token_is_refused(url: str, token: str) -> None:
    with pytest.raises(UsageError) as caught:
        Http(base_url=url, token=token)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:4512",
        "http://localhost:1",
        "http://[::1]:8080",
        "http://sandbox:8080",
        "http://10.0.0.7",
        "https://api.attio.com",
    ],
)
def test_local_sandboxes_need_no_certificate(url: str, token: str) -> None:
    AttioReader.connect(base_url=url, token=token)


@pytest.mark.parametrize(
    ("error", "reached"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.ConnectTimeout(""), False),
        (httpx.ProxyError("407"), False),
        (httpx.ReadTimeout(""), True),
        (httpx.WriteTimeout(""), True),
        (httpx.ReadError("reset"), True),
        (httpx.WriteError("broken pipe"), True),
        (httpx.RemoteProtocolError("peer closed connection"), True),
        (httpx.DecodingError("bad gzip"), True),
    ],
)
async def test_a_failure_below_http_says_whether_attio_may_have_seen_the_request(
    error: Exception, reached: bool, token: str
) -> None:
    def server(request: httpx.Request) -> httpx.Response:
        raise error

    http = Http(base_url="https://api.attio.com", token=token, transport=httpx.MockTransport(server))

    outcome = await http.send(Request("GET", "/v2/self"))

    assert isinstance(outcome, NoAnswer)
    assert outcome.reached is reached
    assert outcome.reason


def test_every_error_of_the_library_that_a_request_can_meet_is_caught() -> None:
    """A new exception of the library below the transport would otherwise escape as a traceback."""
    loose = {
        error
        for error in vars(httpx).values()
        if isinstance(error, type)
        and issubclass(error, httpx.RequestError)
        and not issubclass(error, httpx.TransportError | httpx.DecodingError)
    }

    assert loose == {httpx.RequestError, httpx.TooManyRedirects}


async def test_header_names_come_back_in_lower_case(token: str) -> None:
    def server(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={}, headers={"X-Attio-Execution-Id": "e1"})

    http = Http(base_url="https://api.attio.com", token=token, transport=httpx.MockTransport(server))
    answer = await http.send(Request("GET", "/v2/self"))

    assert isinstance(answer, Answer)
    assert answer.execution_id == "e1"
