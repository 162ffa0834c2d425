"""A reader stays on the origin of its connection, reads no more than it may, and never shows its credentials."""

from __future__ import annotations

import gzip
import logging

import pytest

from governance.connections import Connection
from governance.errors import SourceUnavailableError
from governance.intake.readers.http import JsonHttp
from governance.intake.readers.vocabulary import HttpOptions
from http_worlds import Server, ok, record_waits, status

SECRET = "s3cret-token"


def client(host: str, **options) -> JsonHttp:
    connection = Connection(conn_id="desk", host=host, login="robot", password=SECRET)
    return JsonHttp.of(connection, HttpOptions(attempts=1, timeout_seconds=2, **options))


def refusal(host: str, path: str = "/issues", **options) -> str:
    with pytest.raises(SourceUnavailableError) as refused:
        client(host, **options).ask(path)
    assert SECRET not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    "host", ["file:///etc/passwd", "ftp://files.example.com", "gopher://x", "http://", "jdbc:x://y"]
)
def test_only_http_is_spoken(host):
    assert "expected http" in refusal(host)


@pytest.mark.parametrize(
    "host",
    [
        "http://169.254.169.254", "http://169.254.170.2", "http://2852039166", "http://0xa9fea9fe",
        "http://[fd00:ec2::254]", "http://[::ffff:169.254.169.254]", "http://[fe80::1]", "http://0.0.0.0",
    ],
)  # fmt: skip
def test_metadata_and_link_local_addresses_are_refused_before_anything_is_asked(host):
    assert "link-local and metadata addresses are refused" in refusal(host)


def test_a_login_inside_the_host_is_refused_and_not_repeated():
    words = refusal(f"http://robot:{SECRET}@127.0.0.1:1")
    assert "connection desk holds a login" in words


def test_a_link_to_another_origin_is_refused_and_never_asked():
    other = Server(ok({}))
    with other.serving() as elsewhere, Server(ok([])).serving() as here:
        for link in (
            f"{elsewhere}/issues?page=2",
            here.replace("http://", "http://x@"),
            "http://169.254.169.254/",
        ):
            assert "which is not its own origin: refused" in refusal(here, link)
        assert "https://" in refusal(here, here.replace("http://", "https://"))
    assert other.asked == []


def test_a_redirect_is_followed_at_home_and_refused_elsewhere():
    other = Server(ok({"stolen": True}))
    with other.serving() as elsewhere:
        home = Server(status(301, Location="/issues/2"), ok({"number": 2}))
        with home.serving() as here:
            assert client(here).get("/issues/1") == {"number": 2}
        assert [path for path, _, _ in home.asked] == ["/issues/1", "/issues/2"]
        for code in (301, 302, 307, 308):
            with Server(status(code, Location=f"{elsewhere}/issues")).serving() as here:
                assert f"redirects to {elsewhere}, which is not its own origin" in refusal(here)
        with Server(status(302, Location="file:///etc/passwd")).serving() as here:
            assert "not its own origin" in refusal(here)
    assert other.asked == []


def test_a_redirect_that_goes_in_a_circle_ends():
    server = Server(status(302, Location="/issues"))
    with server.serving() as here:
        assert "redirects more than 5 times" in refusal(here)
    assert len(server.asked) == 5


def test_an_answer_that_is_too_large_is_refused_also_when_it_was_packed():
    packed = gzip.compress(b'["' + b"x" * 3_000_000 + b'"]')
    answers = [(200, {}, '["' + "x" * 3_000_000 + '"]'), (200, {"Content-Encoding": "gzip"}, packed)]
    for answer in answers:
        with Server(answer).serving() as here:
            assert "answers with more than 1 MB: refused" in refusal(here, max_megabytes=1)


def test_json_that_is_nested_beyond_reason_is_no_json():
    with (
        Server((200, {}, "[" * 200_000)).serving() as here,
        pytest.raises(SourceUnavailableError, match="not with JSON"),
    ):
        client(here).get("/issues")


def test_credentials_are_shown_nowhere(caplog):
    caplog.set_level(logging.DEBUG)
    with Server(status(401), status(403), status(500), (200, {}, "no")).serving() as here:
        http = client(here)
        for _ in range(4):
            with pytest.raises(SourceUnavailableError) as refused:
                http.get("/issues")
            assert SECRET not in str(refused.value)
    assert SECRET not in repr(http) + caplog.text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"errorMessages": ["no project GOV"], "errors": {"jql": "wrong"}}', "no project GOV; wrong"),
        ('{"error": {"message": "Invalid table x", "detail": null}, "status": "failure"}', "Invalid table x"),
        ('{"message": "Validation Failed", "documentation_url": "https://docs"}', "Validation Failed"),
        ("<html>", "Bad Request"),
    ],
)
def test_what_each_system_says_is_wrong_is_passed_on(body, words):
    with Server((400, {}, body)).serving() as here:
        assert refusal(here).endswith(f"answers 400: {words}")


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"}, 0.0),
        ({}, 60.0),
    ],
)
def test_a_403_that_means_not_so_fast_is_waited_for(monkeypatch, headers, waited):
    waits = record_waits(monkeypatch)
    slow = (403, headers, '{"message": "You have exceeded a secondary rate limit."}')
    with Server(slow, ok([1])).serving() as here:
        connection = Connection(conn_id="code", host=here, password=SECRET)
        assert JsonHttp.of(connection, HttpOptions()).get("/issues") == [1]
    assert waits == [waited]
