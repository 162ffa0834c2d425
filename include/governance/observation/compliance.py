"""Evaluations of every account and region, from the aggregator's query, one shard of accounts at a time.

Config SQL matches across the elements of an array: a resource that one rule finds NON_COMPLIANT comes with
all its rules, so the compliance of each rule is read here, not filtered there. `configuration` may be a JSON
string or an object; a page may be empty and still carry a token.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import batched
from typing import Any

import boto3
from botocore.config import Config

from governance.observation.calls import Calls
from governance.observation.config import aggregator_name, creator_of
from governance.observation.datasets import ACCOUNTS, AGGREGATOR_SOURCES, EVALUATIONS, RULES
from governance.observation.snapshot import Evidence, Snapshot, Status, drain
