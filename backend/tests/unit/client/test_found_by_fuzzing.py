"""What something else at the API's address once did to the client."""

import httpx
import pytest

from edgerunner.client.errors import ApiError, ApiUnreachable
from edgerunner.client.stream import UnreadableFrame, frame_of
from edgerunner.client.transport import ApiTransport


def api(body: bytes, *, status: int = 200, kind: str = "application/json") -> ApiTransport:
    answer = httpx.Response(status, content=body, headers={"content-type": kind})
    return ApiTransport(
        "http://127.0.0.1:1", "k" * 40, timeout_s=1, transport=httpx.MockTransport(lambda request: answer)
    )


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"[]", b"{}", b"[" * 100_000, b'{"kind":"delta"}', b'{"kind":{}}', b'{"kind":"error"}',
     b'{"kind":"snapshot","channel":[],"seq":"1","epoch":1,"ts":1,"data":1}'],
)  # fmt: skip
def test_a_frame_that_is_no_message_is_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableFrame):
        frame_of(data)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'"text"', b"\xff\xfe"])
async def test_an_answer_that_is_no_object_is_no_edgerunner(body: bytes) -> None:
    with pytest.raises(ApiUnreachable):
        await api(body).get("/x")


@pytest.mark.parametrize("errors", [b"5", b"[5]", b"[{}]", b'{"a":1}', b'"x"'])
async def test_a_problem_with_strange_errors_is_still_that_problem(errors: bytes) -> None:
    with pytest.raises(ApiError) as told:
        await api(b'{"code":"conflict","errors":%s}' % errors, status=409).get("/x")
    assert (told.value.code, told.value.fields) == ("conflict", ())


async def test_text_in_no_charset_is_no_edgerunner() -> None:
    with pytest.raises(ApiUnreachable):
        await api(b"abc", kind="text/plain; charset=utf-16").get_text("/x")
