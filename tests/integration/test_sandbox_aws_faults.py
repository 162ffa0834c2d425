"""Bad days on demand: throttles, empty pages, refusals, outages, and what the stand-in does not know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    HTTPClientError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from aws_worlds import AGGREGATOR, HUB, client, pages, session, world
from governance.sandbox.aws import Handle, serve

QUERY = {
    "ConfigurationAggregatorName": AGGREGATOR,
    "Expression": "SELECT resourceId WHERE resourceType = 'AWS::Config::ResourceCompliance'",
}
SELECT = "config:SelectAggregateResourceConfig"


@pytest.fixture(scope="module")
def running() -> Iterator[Handle]:
    with serve(world(extra_accounts=20)) as handle:
        yield handle


@pytest.fixture
def aws(running: Handle) -> Iterator[Handle]:
    running.faults.clear()
    yield running
    running.faults.clear()


def _error(call: Any, **arguments: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_throttles_are_outlasted_by_adaptive_retries(aws: Handle) -> None:
    aws.faults.throttle(SELECT, times=2)
    answer = client(aws.url, "config", attempts=5).select_aggregate_resource_config(**QUERY)
    assert answer["Results"]
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert aws.faults.calls[SELECT] == 3


@pytest.mark.parametrize(
    ("service", "action", "operation", "expected"),
    [
        ("config", "config:*", "describe_config_rules", ("ThrottlingException", 400)),
        ("organizations", "*", "list_accounts", ("TooManyRequestsException", 400)),
        ("sts", "sts:GetCallerIdentity", "get_caller_identity", ("Throttling", 400)),
        ("s3", "s3:ListAllMyBuckets", "list_buckets", ("SlowDown", 503)),
    ],
)
def test_each_service_throttles_in_its_own_words(
    aws: Handle, service: str, action: str, operation: str, expected: tuple[str, int]
) -> None:
    aws.faults.throttle(action)
    caller = getattr(client(aws.url, service), operation)
    assert _error(caller) == expected
    assert caller()


def test_an_empty_page_still_carries_a_token_and_nothing_is_lost(aws: Handle) -> None:
    organizations = client(aws.url, "organizations")
    everybody = [one for page in pages(organizations.list_accounts, "Accounts") for one in page]
    aws.faults.empty_page("organizations:ListAccounts", times=2)
    paged = pages(organizations.list_accounts, "Accounts")
    assert [len(page) for page in paged] == [0, 0, 20, 3]
    assert [one for page in paged for one in page] == everybody
    aws.faults.empty_page("organizations:ListAccounts", times=2)
    paginator = organizations.get_paginator("list_accounts")
    assert paginator.paginate().build_full_result()["Accounts"] == everybody


def test_a_denied_action_is_named_in_the_refusal(aws: Handle) -> None:
    aws.faults.deny("organizations:List*")
    organizations = client(aws.url, "organizations")
    with pytest.raises(ClientError, match="not authorized to perform: organizations:ListRoots") as refused:
        organizations.list_roots()
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert organizations.describe_organization()


def test_an_allow_list_leaves_only_what_it_names(aws: Handle) -> None:
    aws.faults.allow_only("config:DescribeConfigRules")
    assert client(aws.url, "config").describe_config_rules()
    assert _error(client(aws.url, "organizations").list_accounts) == ("AccessDeniedException", 400)
    assert _error(client(aws.url, "s3").list_buckets) == ("AccessDenied", 403)
    assert client(aws.url, "sts").get_caller_identity()["Account"] == HUB


def test_an_allow_list_names_what_iam_asks_for_on_buckets_and_objects(aws: Handle) -> None:
    s3 = client(aws.url, "s3", "us-east-1")
    s3.create_bucket(Bucket="allowed")
    s3.put_object(Bucket="allowed", Key="a/b.csv", Body=b"1")
    aws.faults.allow_only("s3:ListBucket", "s3:GetObject")
    assert s3.list_objects_v2(Bucket="allowed")["KeyCount"] == 1
    assert s3.get_object(Bucket="allowed", Key="a/b.csv")["Body"].read() == b"1"
    assert s3.head_bucket(Bucket="allowed")
    for refused in (
        lambda: s3.put_object(Bucket="allowed", Key="c", Body=b""),
        lambda: s3.delete_object(Bucket="allowed", Key="a/b.csv"),
        lambda: s3.delete_objects(Bucket="allowed", Delete={"Objects": [{"Key": "c"}]}),
        s3.list_buckets,
    ):
        assert _error(refused) == ("AccessDenied", 403)


def test_expired_credentials_are_refused_everywhere(aws: Handle) -> None:
    aws.faults.expire()
    assert _error(client(aws.url, "config").describe_config_rules) == ("ExpiredTokenException", 400)
    assert _error(client(aws.url, "sts").get_caller_identity) == ("ExpiredToken", 403)


def test_an_outage_passes_with_retries(aws: Handle) -> None:
    aws.faults.fail("config:DescribeConfigRules")
    assert _error(client(aws.url, "config").describe_config_rules) == ("InternalFailure", 500)
    aws.faults.fail("config:DescribeConfigRules")
    assert client(aws.url, "config", attempts=3).describe_config_rules()["ConfigRules"]


def test_any_error_can_be_asked_for(aws: Handle) -> None:
    aws.faults.error("config:*", "NoSuchConfigRuleException", message="gone")
    with pytest.raises(ClientError, match="gone") as refused:
        client(aws.url, "config").describe_config_rules()
    assert type(refused.value).__name__ == "NoSuchConfigRuleException"


def test_a_late_answer_runs_into_the_client_s_patience_and_delays_nobody_else(aws: Handle) -> None:
    """The slow answer is held for longer than anybody waits: who is answered meanwhile did not wait for it."""
    aws.faults.delay("config:DescribeConfigRules", 120, times=1)
    config = Config(read_timeout=0.3, retries={"total_max_attempts": 1})
    impatient: Any = session().client("config", endpoint_url=aws.url, config=config)
    with pytest.raises(ReadTimeoutError):
        impatient.describe_config_rules()
    assert client(aws.url, "organizations").list_roots()


def test_a_broken_connection_is_tried_again(aws: Handle) -> None:
    aws.faults.disconnect("config:DescribeConfigRules")
    with pytest.raises((HTTPClientError, ResponseStreamingError, ConnectionClosedError)):
        client(aws.url, "config").describe_config_rules()
    aws.faults.disconnect("config:DescribeConfigRules")
    assert client(aws.url, "config", attempts=3).describe_config_rules()["ConfigRules"]


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("config", "describe_retention_configurations", {}),
        ("organizations", "list_handshakes_for_account", {}),
        ("ssm", "describe_patch_groups", {}),
        ("servicecatalog", "list_tag_options", {}),
        ("controltower", "list_baselines", {}),
    ],
)
def test_what_is_not_served_is_said_once_and_not_retried(
    aws: Handle, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    caller = client(aws.url, service, attempts=5)
    assert _error(getattr(caller, operation), **arguments) == ("NotImplementedByStandIn", 501)
    assert sum(aws.faults.calls.values()) == 1


def test_a_service_that_is_not_served_is_refused_in_its_protocol(aws: Handle) -> None:
    assert _error(client(aws.url, "iam").list_users) == ("NotImplementedByStandIn", 501)
    assert _error(client(aws.url, "dynamodb").list_tables) == ("NotImplementedByStandIn", 501)


def _raw(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
    try:
        with urlopen(Request(url, body, headers), timeout=10) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKIAX/20261116/eu-central-1/config/aws4_request, SignedHeaders=x",
    "Content-Type": "application/x-amz-json-1.1",
}


@pytest.mark.parametrize(
    ("target", "body", "code"),
    [
        ("StarlingDoveService.DescribeConfigRules", b"{", "SerializationException"),
        ("StarlingDoveService.DescribeConfigRules", b"[]", "SerializationException"),
        ("StarlingDoveService.DescribeConfigRules", b'{"Colour": "red"}', "ValidationException"),
        ("StarlingDoveService.DescribeConfigRules", b'{"ConfigRuleNames": "all"}', "ValidationException"),
        ("StarlingDoveService.SelectAggregateResourceConfig", b"{}", "ValidationException"),
        ("StarlingDoveService.MakeCoffee", b"{}", "UnknownOperationException"),
    ],
)
def test_a_malformed_request_is_refused(aws: Handle, target: str, body: bytes, code: str) -> None:
    status, answer = _raw(aws.url, {**SIGNED, "X-Amz-Target": target}, body)
    assert (status, answer["__type"]) == (400, code)


def test_an_unsigned_request_is_refused(aws: Handle) -> None:
    status, answer = _raw(aws.url, {"X-Amz-Target": "StarlingDoveService.DescribeConfigRules"}, b"{}")
    assert (status, answer["__type"]) == (403, "MissingAuthenticationToken")


def test_a_wrong_answer_of_the_stand_in_itself_is_an_error_of_500() -> None:
    wrong = {"config:DescribeConfigRules": lambda _: {"ConfigRules": [{"ConfigRuleName": 1}]}}
    with serve(world(), extra=wrong) as aws:
        caller = client(aws.url, "config").describe_config_rules
        with pytest.raises(ClientError, match=r"ConfigRules\[0\].ConfigRuleName: expected string, found int"):
            caller()
        assert _error(caller) == ("WrongAnswerOfStandIn", 500)


def test_a_failing_handler_is_an_error_of_500_and_not_the_end() -> None:
    with serve(world(), extra={"config:DescribeConfigRules": lambda _: {}["absent"]}) as aws:
        assert _error(client(aws.url, "config").describe_config_rules) == ("InternalFailure", 500)
        assert client(aws.url, "config").describe_configuration_aggregators()


def test_faults_can_be_set_from_another_process(aws: Handle) -> None:
    control = f"{aws.url}/_stand-in/faults"
    fault = {"kind": "throttle", "action": "config:*", "times": 1}
    status, listed = _raw(control, {}, json.dumps(fault).encode())
    assert (status, [one["kind"] for one in listed["faults"]]) == (200, ["throttle"])
    assert _error(client(aws.url, "config").describe_config_rules) == ("ThrottlingException", 400)
    assert _raw(control, {}, b'{"kind": "explode"}')[0] == 400
    with urlopen(Request(control, method="DELETE"), timeout=10) as answer:
        assert json.load(answer) == {"faults": []}
    with urlopen(f"{aws.url}/_stand-in/health", timeout=10) as answer:
        assert "config:DescribeConfigRules" in json.load(answer)["operations"]


def test_stopping_twice_is_harmless_and_the_port_is_free_again() -> None:
    handle = serve(world())
    port = int(handle.url.rpartition(":")[2])
    handle.stop()
    handle.stop()
    with serve(world(), port=port) as again:
        assert client(again.url, "organizations").list_roots()
