"""Pages per second of the AWS stand-in, over HTTP, from an organization of 10,000 accounts.

    make bench-stand-in            # ACCOUNTS=10000 SECONDS=3

One client in this process asks, one stand-in in a process of its own answers; each keeps one core busy. The last
line is JSON: pages per second by operation. Never an assertion: it is for telling, not for failing.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

ACCOUNTS = int(os.environ.get("ACCOUNTS", "10000"))
SECONDS = float(os.environ.get("SECONDS", "3"))
BUCKETS = 2


def _serve(ready: Any, stop: Any) -> None:
    from aws_worlds import world
    from governance.sandbox.aws import serve

    with serve(world(extra_accounts=ACCOUNTS - 3, buckets=BUCKETS)) as aws:
        ready.put(aws.url)
        stop.get()


def _signed(service: str, region: str) -> dict[str, str]:
    scope = f"AKIASANDBOX000000001/20261116/{region}/{service}/aws4_request"
    return {"authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


class Pages:
    """Asks page after page, over one connection, as fast as they come."""

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(url.removeprefix("http://"))

    def ask(
        self, service: str, target: str, body: dict[str, Any], region: str = "eu-central-1"
    ) -> dict[str, Any]:
        """Return the answer to one request; the signature is not checked, so none is computed."""
        headers = _signed(service, region) | {
            "x-amz-target": target, "content-type": "application/x-amz-json-1.1",
        }  # fmt: skip
        self._connection.request("POST", "/", json.dumps(body), headers)
        answer = self._connection.getresponse()
        content: dict[str, Any] = json.loads(answer.read())
        if answer.status != 200:
            raise SystemExit(f"{target}: {answer.status} {content}")
        return content

    def listed(self, service: str, target: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the pages of a listing, again from its beginning when it ends."""
        token = None
        while True:
            page = self.ask(service, target, body | ({"NextToken": token} if token else {}))
            token = page.get("NextToken")
            yield page


QUERY = (
    "SELECT accountId, awsRegion, configuration.configRuleList, configurationItemCaptureTime "
    "WHERE resourceType = 'AWS::Config::ResourceCompliance'"
)
AGGREGATOR = {"ConfigurationAggregatorName": "organization-aggregator"}
LISTINGS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "organizations:ListAccounts": ("organizations", "AWSOrganizationsV20161128.ListAccounts", {}),
    "config:DescribeConfigurationAggregatorSourcesStatus": (
        "config", "StarlingDoveService.DescribeConfigurationAggregatorSourcesStatus",
        {**AGGREGATOR, "Limit": 100},
    ),
    "config:SelectAggregateResourceConfig": (
        "config", "StarlingDoveService.SelectAggregateResourceConfig",
        {**AGGREGATOR, "Expression": QUERY, "Limit": 100},
    ),
    "ssm:DescribeOpsItems": ("ssm", "AmazonSSM.DescribeOpsItems", {"MaxResults": 50}),
}  # fmt: skip


def _rate(pages: Iterator[dict[str, Any]]) -> float:
    next(pages)  # the first page of a query finds the answer to all of it
    began, count = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - began) < SECONDS:
        next(pages)
        count += 1
    return round(count / elapsed, 1)


def main(say: Callable[[str], object] = print) -> None:
    """Measure every listing and print the rates."""
    ready, stop = multiprocessing.Queue(), multiprocessing.Queue()
    server = multiprocessing.Process(target=_serve, args=(ready, stop), daemon=True)
    server.start()
    url = ready.get(timeout=300)
    pages = Pages(url)
    rates = {}
    for name, (service, target, body) in LISTINGS.items():
        rates[name] = _rate(pages.listed(service, target, body))
        say(f"{name}: {rates[name]:,.0f} pages/s")
    stop.put(None)
    server.join(10)
    say(json.dumps({"accounts": ACCOUNTS, "pages_per_second": rates}))


if __name__ == "__main__":
    main()
