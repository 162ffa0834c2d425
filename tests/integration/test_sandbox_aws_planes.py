"""Systems Manager, Service Catalog and Control Tower as the stand-in serves them, and what of Config is written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

import aws_planes
from aws_planes import NOW, ZONE, control
from aws_worlds import ABROAD, BUCKET, HOME, HUB, PAYMENTS, assumed, client, pages, session, world
from governance.sandbox.aws import Handle, serve

ACCOUNT = {"Key": "Account", "Value": "self"}


@pytest.fixture(scope="module")
def running() -> Iterator[Handle]:
    with serve(world(buckets=60)) as handle:
        yield handle


@pytest.fixture
def aws(running: Handle) -> Iterator[Handle]:
    running.faults.clear()
    yield running
    running.faults.clear()


@pytest.fixture
def fresh() -> Iterator[Handle]:
    """A stand-in whose state nobody has written to."""
    with serve(world(buckets=60)) as handle:
        yield handle


def code_of(call: Any, **arguments: Any) -> tuple[str, int]:
    """Return the error and status with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def service_pages(call: Any, member: str, **arguments: Any) -> list[list[Any]]:
    """Return the members of every page of Service Catalog, whose tokens botocore does not follow."""
    found, answer = [], call(**arguments)
    while True:
        found.append(answer[member])
        if not answer.get("NextPageToken"):
            return found
        answer = call(**arguments, PageToken=answer["NextPageToken"])


class TestOpsItems:
    def test_are_listed_in_pages_newest_first(self, aws: Handle) -> None:
        found = pages(client(aws.url, "ssm").describe_ops_items, "OpsItemSummaries", MaxResults=25)
        assert [len(page) for page in found] == [25, 25, 10]
        times = [one["CreatedTime"] for page in found for one in page]
        assert times == sorted(times, reverse=True)

    @pytest.mark.parametrize(
        ("key", "operator", "value", "number"),
        [
            ("LastModifiedTime", "GreaterThan", (NOW - timedelta(hours=5)).isoformat(), 5),
            ("CreatedTime", "LessThan", (NOW - timedelta(hours=59)).isoformat(), 1),
            ("Title", "Contains", "Item 1", 11),
            ("OpsItemType", "Equal", "/aws/changerequest", 0),
            ("OperationalDataKey", "Equal", "team", 60),
            ("OperationalDataKey", "Equal", "benefit", 0),
            ("OperationalData", "Equal", '{"key":"team","value":"payments"}', 60),
            ("OpsItemId", "Equal", "oi-000000000007", 1),
        ],
    )
    def test_are_filtered(self, aws: Handle, key: str, operator: str, value: str, number: int) -> None:
        chosen = [{"Key": key, "Operator": operator, "Values": [value]}]
        call = client(aws.url, "ssm").describe_ops_items
        assert sum(map(len, pages(call, "OpsItemSummaries", OpsItemFilters=chosen))) == number

    @pytest.mark.parametrize(
        ("key", "operator", "value"),
        [
            ("LastModifiedTime", "Equal", NOW.isoformat()),
            ("CreatedTime", "GreaterThan", "yesterday"),
            ("Status", "Contains", "Op"),
            ("OperationalData", "Equal", "team=payments"),
        ],
    )
    def test_refuse_filters_that_aws_does_not_know(
        self, aws: Handle, key: str, operator: str, value: str
    ) -> None:
        chosen = [{"Key": key, "Operator": operator, "Values": [value]}]
        call = client(aws.url, "ssm").describe_ops_items
        assert code_of(call, OpsItemFilters=chosen) == ("ValidationException", 400)

    def test_are_written_and_a_repeated_one_is_refused_by_its_deduplication(self, fresh: Handle) -> None:
        ssm = client(fresh.url, "ssm")
        dedup = {"/aws/dedup": {"Value": '{"dedupString": "x"}', "Type": "SearchableString"}}
        new = {"Title": "New", "Description": "New", "Source": "Governance", "OperationalData": dedup}
        number = ssm.create_ops_item(**new)["OpsItemId"]
        assert code_of(ssm.create_ops_item, **new)[0] == "OpsItemAlreadyExistsException"
        kept = {"OpsItemId": number, "OperationalDataToDelete": ["/aws/dedup"]}
        assert code_of(ssm.update_ops_item, **kept)[0] == "OpsItemInvalidParameterException"
        ssm.update_ops_item(OpsItemId=number, Status="Resolved", OperationalData={"by": {"Value": "ida"}})
        item = ssm.get_ops_item(OpsItemId=number)["OpsItem"]
        assert (item["Status"], item["Version"]) == ("Resolved", "2")
        assert set(item["OperationalData"]) == {"/aws/dedup", "by"}
        assert ssm.create_ops_item(**new)["OpsItemId"] != number
        wrong = new | {"OperationalData": {"/aws/mine": {"Value": "1"}}}
        assert code_of(ssm.create_ops_item, **wrong)[0] == "OpsItemInvalidParameterException"
        wrong = new | {"OpsItemType": "/aws/changerequest", "OperationalData": {}}
        assert code_of(ssm.create_ops_item, **wrong)[0] == "OpsItemInvalidParameterException"

    def test_may_be_seen_late(self, fresh: Handle) -> None:
        ssm = client(fresh.url, "ssm")
        ssm.update_ops_item(OpsItemId="oi-000000000001", Status="Resolved")
        fresh.faults.stale("ssm:GetOpsItem")
        seen = [ssm.get_ops_item(OpsItemId="oi-000000000001")["OpsItem"]["Status"] for _ in range(2)]
        assert seen == ["Open", "Resolved"]

    def test_belong_to_an_account_and_a_region(self, aws: Handle) -> None:
        member = client(aws.url, "ssm", **assumed(aws.url, PAYMENTS)).describe_ops_items()
        assert [one["OpsItemId"] for one in member["OpsItemSummaries"]] == ["oi-000000000063"]
        assert client(aws.url, "ssm", ABROAD).describe_ops_items()["OpsItemSummaries"] == []
        call = client(aws.url, "ssm").get_ops_item
        assert code_of(call, OpsItemId="oi-0000000000ff")[0] == "OpsItemNotFoundException"


class TestSystemsManager:
    def test_a_calendar_is_closed_if_any_named_is(self, aws: Handle) -> None:
        ssm = client(aws.url, "ssm")
        assert ssm.get_calendar_state(CalendarNames=["free"])["State"] == "OPEN"
        both = ssm.get_calendar_state(CalendarNames=["free", "freeze"])
        assert (both["State"], both["NextTransitionTime"]) == ("CLOSED", "2026-11-17T08:00:00Z")
        later = ssm.get_calendar_state(CalendarNames=["freeze"], AtTime="2026-11-17T08:00:00Z")
        assert (later["State"], "NextTransitionTime" in later) == ("OPEN", False)
        shared = f"arn:aws:ssm:{HOME}:{HUB}:document/freeze"
        member = client(aws.url, "ssm", **assumed(aws.url, PAYMENTS))
        assert member.get_calendar_state(CalendarNames=[shared])["State"] == "CLOSED"
        assert code_of(member.get_calendar_state, CalendarNames=["freeze"])[0] == "InvalidDocument"

    def test_documents_carry_hash_and_version(self, aws: Handle) -> None:
        ssm = client(aws.url, "ssm")
        mine = [{"Key": "Owner", "Values": ["Self"]}, {"Key": "DocumentType", "Values": ["Automation"]}]
        (listed,) = ssm.list_documents(Filters=mine)["DocumentIdentifiers"]
        document = ssm.describe_document(Name=listed["Name"])["Document"]
        assert (document["Hash"], document["HashType"], document["DocumentVersion"]) == (
            "ab" * 32,
            "Sha256",
            "3",
        )
        call = ssm.describe_document
        assert code_of(call, Name=listed["Name"], DocumentVersion="9")[0] == "InvalidDocumentVersion"
        assert (
            ssm.list_documents(Filters=[{"Key": "Owner", "Values": ["Amazon"]}])["DocumentIdentifiers"] == []
        )

    def test_executions_are_filtered(self, aws: Handle) -> None:
        ssm = client(aws.url, "ssm")
        good = [{"Key": "ExecutionStatus", "Values": ["Success"]}]
        assert len(ssm.describe_automation_executions(Filters=good)["AutomationExecutionMetadataList"]) == 1
        bad = [{"Key": "ExecutionStatus", "Values": ["Failed"]}]
        assert ssm.describe_automation_executions(Filters=bad)["AutomationExecutionMetadataList"] == []
        unknown = [{"Key": "TagKey", "Values": ["x"]}]
        assert code_of(ssm.describe_automation_executions, Filters=unknown)[0] == "InvalidFilterKey"


class TestServiceCatalog:
    def test_without_an_access_level_only_the_caller_s_own_records_are_shown(self, aws: Handle) -> None:
        catalog = client(aws.url, "servicecatalog")
        assert catalog.list_record_history()["RecordDetails"] == []
        shown = service_pages(catalog.list_record_history, "RecordDetails", AccessLevelFilter=ACCOUNT)
        assert [len(page) for page in shown] == [20, 20, 5]
        somebody = {"Key": "User", "Value": "ida"}
        assert (
            code_of(catalog.list_record_history, AccessLevelFilter=somebody)[0]
            == "InvalidParametersException"
        )

    def test_products_are_searched_and_paged_by_hand(self, aws: Handle) -> None:
        catalog = client(aws.url, "servicecatalog")
        assert not catalog.can_paginate("search_provisioned_products")
        question = {"SearchQuery": ["status:ERROR"]}
        failed = catalog.search_provisioned_products(Filters=question)
        assert failed["TotalResultsCount"] == len(failed["ProvisionedProducts"]) == 6
        everything = service_pages(
            catalog.search_provisioned_products, "ProvisionedProducts", PageSize=30, SortBy="name"
        )
        names = [one["Name"] for page in everything for one in page]
        assert (names, len(names)) == (sorted(names), 45)
        assert (
            code_of(catalog.search_provisioned_products, SortBy="status")[0] == "InvalidParametersException"
        )
        assert code_of(catalog.search_provisioned_products, PageToken="x")[0] == "InvalidParametersException"

    def test_one_record_and_one_product_are_described(self, aws: Handle) -> None:
        catalog = client(aws.url, "servicecatalog")
        found = catalog.describe_record(Id="rec-00000001")
        assert (found["RecordDetail"]["Status"], len(found["RecordOutputs"])) == ("SUCCEEDED", 1)
        by_name = catalog.describe_provisioned_product(Name="account-3")["ProvisionedProductDetail"]
        assert by_name["Id"] == "pp-00000003"
        assert code_of(catalog.describe_record, Id="rec-x")[0] == "ResourceNotFoundException"

    def test_portfolios_show_shares_and_constraints(self, aws: Handle) -> None:
        catalog = client(aws.url, "servicecatalog")
        (portfolio,) = catalog.list_portfolios()["PortfolioDetails"]
        here = {"PortfolioId": portfolio["Id"]}
        assert catalog.list_portfolio_access(**here)["AccountIds"] == [PAYMENTS]
        inherited = catalog.list_portfolio_access(**here, OrganizationParentId="ou-test-workload")
        assert inherited["AccountIds"] == [PAYMENTS]
        assert [
            one["Type"] for one in catalog.list_constraints_for_portfolio(**here)["ConstraintDetails"]
        ] == ["LAUNCH"]
        other = catalog.list_constraints_for_portfolio(**here, ProductId="prod-2")
        assert other["ConstraintDetails"] == []


class TestControlTower:
    def test_the_landing_zone_is_at_home_only(self, aws: Handle) -> None:
        tower = client(aws.url, "controltower")
        assert tower.list_landing_zones()["landingZones"] == [{"arn": ZONE}]
        assert tower.get_landing_zone(landingZoneIdentifier=ZONE)["landingZone"]["version"] == "3.3"
        abroad = client(aws.url, "controltower", ABROAD)
        assert abroad.list_landing_zones()["landingZones"] == []
        assert code_of(abroad.get_landing_zone, landingZoneIdentifier=ZONE) == (
            "ResourceNotFoundException",
            404,
        )

    def test_controls_are_paged_filtered_and_shown_whole(self, aws: Handle) -> None:
        tower = client(aws.url, "controltower")
        paged = list(tower.get_paginator("list_enabled_controls").paginate())
        assert [len(page["enabledControls"]) for page in paged] == [50, 20]
        drifted = tower.list_enabled_controls(filter={"driftStatuses": ["NOT_CHECKING"]})["enabledControls"]
        assert [one["arn"] for one in drifted] == [control(1)["arn"]]
        assert "targetRegions" not in drifted[0]
        whole = tower.get_enabled_control(enabledControlIdentifier=control(0)["arn"])["enabledControlDetails"]
        assert whole["parameters"] == [{"key": "ExemptedPrincipalArns", "value": [aws_planes.USER]}]
        assert whole["targetRegions"] == [{"name": HOME}]

    def test_controls_of_a_unit_are_shown_with_its_children_on_demand(self, aws: Handle) -> None:
        tower = client(aws.url, "controltower")
        own = tower.list_enabled_controls(targetIdentifier=aws_planes.UNIT, maxResults=200)
        every = tower.list_enabled_controls(
            targetIdentifier=aws_planes.UNIT, maxResults=200, includeChildren=True
        )
        assert (len(own["enabledControls"]), len(every["enabledControls"])) == (2, 70)

    def test_baselines_that_accounts_inherit_are_shown_on_demand(self, aws: Handle) -> None:
        tower = client(aws.url, "controltower")
        assert len(tower.list_enabled_baselines()["enabledBaselines"]) == 1
        assert len(tower.list_enabled_baselines(includeChildren=True)["enabledBaselines"]) == 2

    def test_operations_are_of_the_last_90_days_newest_first(self, aws: Handle) -> None:
        tower = client(aws.url, "controltower")
        kinds = [
            one["operationType"] for one in tower.list_landing_zone_operations()["landingZoneOperations"]
        ]
        assert kinds == ["RESET", "UPDATE"]
        assert len(tower.list_control_operations()["controlOperations"]) == 3

    def test_refusals_have_the_status_of_the_model(self, aws: Handle) -> None:
        tower = client(aws.url, "controltower")
        assert code_of(tower.list_enabled_controls, nextToken="x") == ("ValidationException", 400)
        aws.faults.deny("controltower:*")
        assert code_of(tower.list_landing_zones) == ("AccessDeniedException", 403)
        aws.faults.clear()
        aws.faults.throttle("controltower:*")
        assert code_of(tower.list_landing_zones) == ("ThrottlingException", 429)
        aws.faults.empty_page("controltower:ListEnabledControls")
        paged = tower.get_paginator("list_enabled_controls").paginate().build_full_result()
        assert len(paged["enabledControls"]) == 70


class TestRemediationExceptions:
    KEYS: ClassVar = [
        {"ResourceType": BUCKET, "ResourceId": f"bucket-01-{HOME}-{number:05d}"} for number in range(6)
    ]

    @staticmethod
    def held(config: Any, **more: Any) -> list[str]:
        found = pages(
            config.describe_remediation_exceptions,
            "RemediationExceptions",
            ConfigRuleName="s3-private",
            **more,
        )
        return [one["ResourceId"] for page in found for one in page]

    def test_are_put_for_broken_resources_and_the_others_fail_inside_200(self, fresh: Handle) -> None:
        config = client(fresh.url, "config")
        answer = config.put_remediation_exceptions(
            ConfigRuleName="s3-private", ResourceKeys=self.KEYS, Message="EXC-000002"
        )
        (batch,) = answer["FailedBatches"]
        assert [one["ResourceId"][-1] for one in batch["FailedItems"]] == ["0", "2", "4"]
        assert "non-compliant" in batch["FailureMessage"]
        assert self.held(config)[:3] == [self.KEYS[number]["ResourceId"] for number in (1, 3, 5)]

    def test_that_are_gone_at_their_end_are_not_shown(self, aws: Handle) -> None:
        assert self.held(client(aws.url, "config")) == ["bucket-live"]

    def test_are_never_put_on_service_linked_rules_or_unknown_ones(self, aws: Handle) -> None:
        config = client(aws.url, "config")
        answer = config.put_remediation_exceptions(
            ConfigRuleName="securityhub-s3-tls-0a1b2c3d", ResourceKeys=self.KEYS
        )
        assert len(answer["FailedBatches"][0]["FailedItems"]) == 6
        call = config.put_remediation_exceptions
        refused = code_of(call, ConfigRuleName="none", ResourceKeys=self.KEYS)
        assert refused[0] == "InvalidParameterValueException"

    def test_are_deleted_and_what_was_not_there_fails_alone(self, fresh: Handle) -> None:
        config = client(fresh.url, "config")
        live = {"ResourceType": BUCKET, "ResourceId": "bucket-live"}
        both = {"ConfigRuleName": "s3-private", "ResourceKeys": [live, self.KEYS[0]]}
        answer = config.delete_remediation_exceptions(**both)
        assert answer["FailedBatches"][0]["FailedItems"] == [self.KEYS[0]]
        assert self.held(config) == []
        assert (
            code_of(config.delete_remediation_exceptions, **both)[0] == "NoSuchRemediationExceptionException"
        )

    def test_come_25_to_a_page_or_as_a_whole_batch(self, fresh: Handle) -> None:
        config = client(fresh.url, "config")
        keys = [{"ResourceType": BUCKET, "ResourceId": f"bucket-01-{HOME}-{n:05d}"} for n in range(1, 60, 2)]
        config.put_remediation_exceptions(ConfigRuleName="s3-private", ResourceKeys=keys)
        paged = pages(
            config.describe_remediation_exceptions, "RemediationExceptions", ConfigRuleName="s3-private"
        )
        assert [len(page) for page in paged] == [25, 6]
        assert not config.can_paginate("describe_remediation_exceptions")
        assert self.held(config, ResourceKeys=keys[:2]) == [key["ResourceId"] for key in keys[:2]]

    def test_may_fail_by_halves_and_be_seen_late(self, fresh: Handle) -> None:
        config = client(fresh.url, "config")
        keys = [self.KEYS[number] for number in (1, 3, 5)]
        fresh.faults.partial("config:PutRemediationExceptions")
        answer = config.put_remediation_exceptions(ConfigRuleName="s3-private", ResourceKeys=keys)
        assert len(answer["FailedBatches"][0]["FailedItems"]) == 2
        assert len(self.held(config)) == 2
        fresh.faults.stale("config:DescribeRemediationExceptions")
        assert len(self.held(config)) == 1
        assert len(self.held(config)) == 2


class TestConfigOfTheOrganization:
    def test_excluded_accounts_have_no_status_and_failures_say_why(self, aws: Handle) -> None:
        config = client(aws.url, "config")
        (rule,) = config.describe_organization_config_rules()["OrganizationConfigRules"]
        assert rule["ExcludedAccounts"] == [PAYMENTS]
        asked = {"OrganizationConfigRuleName": rule["OrganizationConfigRuleName"]}
        (member,) = config.get_organization_config_rule_detailed_status(**asked)[
            "OrganizationConfigRuleDetailedStatus"
        ]
        assert (member["AccountId"], member["MemberAccountRuleStatus"]) == (HUB, "CREATE_FAILED")
        assert member["ConfigRuleName"] == "OrgConfigRule-trail-on-m2x7k9wd"
        (status,) = config.describe_organization_config_rule_statuses()["OrganizationConfigRuleStatuses"]
        assert status["OrganizationRuleStatus"] == "UPDATE_FAILED"

    def test_packs_are_as_compliant_as_their_rules(self, aws: Handle) -> None:
        config = client(aws.url, "config")
        (summary,) = config.get_conformance_pack_compliance_summary(ConformancePackNames=["baseline"])[
            "ConformancePackComplianceSummaryList"
        ]
        assert summary["ConformancePackComplianceStatus"] == "NON_COMPLIANT"
        bad = config.describe_conformance_pack_compliance(
            ConformancePackName="baseline", Filters={"ComplianceType": "NON_COMPLIANT"}
        )
        names = [one["ConfigRuleName"] for one in bad["ConformancePackRuleComplianceList"]]
        assert names == ["s3-private"]
        call = config.describe_conformance_packs
        assert code_of(call, ConformancePackNames=["none"])[0] == "NoSuchConformancePackException"

    def test_delivery_is_as_healthy_as_the_recorder(self, aws: Handle) -> None:
        home, abroad = client(aws.url, "config"), client(aws.url, "config", ABROAD)
        (well,) = home.describe_delivery_channel_status()["DeliveryChannelsStatus"]
        (ill,) = abroad.describe_delivery_channel_status()["DeliveryChannelsStatus"]
        assert well["configSnapshotDeliveryInfo"]["lastStatus"] == "Success"
        assert ill["configHistoryDeliveryInfo"]["lastErrorCode"] == "AccessDenied"
        stopped = client(aws.url, "config", ABROAD, **assumed(aws.url, PAYMENTS))
        (late,) = stopped.describe_delivery_channel_status()["DeliveryChannelsStatus"]
        assert "nextDeliveryTime" not in late["configSnapshotDeliveryInfo"]
        call = home.describe_delivery_channels
        assert code_of(call, DeliveryChannelNames=["other"])[0] == "NoSuchDeliveryChannelException"


def test_keys_of_an_assumed_role_act_in_their_account_in_every_service(aws: Handle) -> None:
    keys = assumed(aws.url, PAYMENTS)
    assert client(aws.url, "controltower", **keys).list_landing_zones()["landingZones"] == []
    assert client(aws.url, "servicecatalog", **keys).list_portfolios()["PortfolioDetails"] == []
    assert client(aws.url, "ssm", **keys).list_documents()["DocumentIdentifiers"] == []
    call = client(aws.url, "config", **keys).describe_conformance_packs
    assert f":{PAYMENTS}:" in call()["ConformancePackDetails"][0]["ConformancePackArn"]
    aws.faults.deny("*", account=PAYMENTS)
    for service, operation in (("ssm", "list_documents"), ("controltower", "list_landing_zones"),
                               ("servicecatalog", "list_portfolios"), ("config", "describe_config_rules"),
                               ("organizations", "list_roots")):  # fmt: skip
        assert code_of(getattr(client(aws.url, service, **keys), operation))[0] == "AccessDeniedException"
        assert getattr(client(aws.url, service), operation)()


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("ssm", "DescribeOpsItems", {"MaxResults": 51}),
        ("ssm", "GetOpsItem", {"OpsItemId": "oi-1"}),
        ("servicecatalog", "ListRecordHistory", {"PageSize": 21}),
        ("servicecatalog", "DescribeRecord", {}),
        ("controltower", "ListEnabledControls", {"maxResults": 0}),
        ("controltower", "GetEnabledControl", {"enabledControlIdentifier": "short"}),
    ],
)
def test_requests_are_held_to_the_model(
    aws: Handle, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    careless: Any = session().client(  # type: ignore[call-overload]
        service,
        endpoint_url=aws.url,
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )
    assert code_of(getattr(careless, xform_name(operation)), **arguments) == ("ValidationException", 400)
