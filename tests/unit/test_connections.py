"""Connections are read as Airflow reads them, and never tell their secret."""

from __future__ import annotations

import pytest

from governance.connections import Connection, from_environment
from governance.errors import GovernanceError


def test_a_connection_may_be_json():
    text = '{"conn_type": "http", "host": "jira.example.com", "login": "bot", "password": "s3cret", "extra": {"a": 1}}'
    found = from_environment("platform_jira", {"AIRFLOW_CONN_PLATFORM_JIRA": text})
    assert (found.host, found.login, found.secret(), found.extra) == (
        "jira.example.com",
        "bot",
        "s3cret",
        {"a": 1},
    )


def test_extra_may_be_json_inside_json():
    found = from_environment(
        "x", {"AIRFLOW_CONN_X": '{"conn_type": "fs", "extra": "{\\"path\\": \\"/data\\"}"}'}
    )
    assert found.extra == {"path": "/data"}


def test_a_connection_may_be_a_uri_with_quoted_parts():
    text = "aws://KEY:se%2Fcret@/?region_name=eu-central-1&endpoint_url=http%3A%2F%2F127.0.0.1%3A5000"
    found = from_environment("aws_default", {"AIRFLOW_CONN_AWS_DEFAULT": text})
    assert found.secret() == "se/cret"
    assert found.extra == {"region_name": "eu-central-1", "endpoint_url": "http://127.0.0.1:5000"}


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"host": "jira.example.com"}, "https://jira.example.com"),
        ({"host": "http://127.0.0.1:5001"}, "http://127.0.0.1:5001"),
        ({"host": "jira", "port": 8080, "schema": "http"}, "http://jira:8080"),
    ],
)
def test_http_goes_over_tls_unless_somebody_says_otherwise(fields, url):
    assert Connection(conn_id="x", **fields).base_url == url


def test_a_missing_connection_says_which_variable_to_set():
    with pytest.raises(GovernanceError, match="AIRFLOW_CONN_PLATFORM_JIRA"):
        from_environment("platform_jira", {})


def test_a_broken_connection_does_not_quote_its_secret():
    with pytest.raises(GovernanceError) as caught:
        from_environment("x", {"AIRFLOW_CONN_X": '{"password": "s3cret",'})
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_password_is_not_in_the_repr():
    assert "s3cret" not in repr(Connection(conn_id="x", password="s3cret", extra={"token": "s3cret"}))
