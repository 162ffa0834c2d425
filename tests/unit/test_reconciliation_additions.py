"""Each verdict on an addition, and beside it the nearest case that must not get it."""

from __future__ import annotations

import pytest

from fulfilment_worlds import (
    BEGAN,
    CHAIN,
    DEV,
    HUB,
    LAB,
    LEDGER,
    NOW,
    PAYMENTS,
    PROD,
    SHOP,
    addition,
    hours,
    judged_additions,
    seen,
    verdict_of,
)  # fmt: skip
from governance.reconciliation.fulfilment_words import of_addition

ACCOUNTS, BASELINES = "organizations/accounts", "controltower/enabled_baselines"
PRODUCTS, RECORDS = "servicecatalog/provisioned_products", "servicecatalog/records"
CONTROLS, OPERATIONS = "controltower/enabled_controls", "controltower/control_operations"
RULES, EVERYWHERE, STATUS = "config/rules", "config/organization_rules", "config/rule_status"
POLICIES, TARGETS, DOCUMENTS = "organizations/policies", "organizations/policy_targets", "ssm/documents"

SHA, OTHER = "a" * 64, "b" * 64
ARN = "arn:aws:organizations::1:ou/o-test/"


def account(number=SHOP, unit=PROD, **more):
    return {"account": number, "name": "shop", "email": "aws@example.com", "state": "ACTIVE", "units": CHAIN[unit],
            "joined_at": hours(-9000), **more}  # fmt: skip


def product(**more):
    return {"product_id": "pp-1", "name": "db", "arn": f"arn:aws:servicecatalog:eu:{HUB}:stack/db/pp-1", "type": "CFN_STACK",
            "status": "AVAILABLE", "of_product": "prod-1", "artifact": "pa-1", "created_at": hours(-9000), **more}  # fmt: skip


def control(unit=DEV, **more):
    return {"arn": f"arn:enabled/{unit}", "control": "arn:aws:controltower:eu::control/GR", "target": f"{ARN}{unit}",
            "status": "SUCCEEDED", "drift": "IN_SYNC", "parameters": '{"AllowedRegions": ["eu-1", "eu-2"]}',
            "regions": '[{"name": "eu-1", "status": "SUCCEEDED"}, {"name": "eu-2"}]', **more}  # fmt: skip


def everywhere(**more):
    return {
        "rule": "mfa",
        "source_identifier": "MFA",
        "status": "CREATE_SUCCESSFUL",
        "excluded_accounts": "[]",
        **more,
    }


def document(**more):
    return {"document": "Restart", "owner": HUB, "status": "Active", "default_version": "3", "hash": SHA,
            "created_at": hours(-9000), **more}  # fmt: skip


def attached(target=PROD, **more):
    policy = {"policy": "p-1", "name": "deny", "aws_managed": False, "content_sha256": SHA, **more}
    return {
        POLICIES: [policy],
        TARGETS: [{"policy": "p-1", "target": target, "target_type": "ORGANIZATIONAL_UNIT"}],
    }


def asks(kind, **thing):
    return addition(kind, **thing)


IN_PROD = asks("account", name="shop", ou="Prod")
DB = asks("provisioned_product", name="db", product="prod-1", artifact="pa-1")
NAMED = asks("provisioned_product", name="db", product="A database")
VERSIONED = asks("provisioned_product", name="db", product="prod-1", artifact="v2")
GUARD = asks("enabled_control", control="GR", ou="Dev")
GUARD_WITH = asks(
    "enabled_control",
    control="GR",
    ou="Dev",
    parameters={"AllowedRegions": ["eu-2", "eu-1"]},
    regions=["eu-1"],
)
MFA = asks("config_rule", rule="mfa", ou="Prod")
DENY = asks("policy_attachment", policy="deny", target="Prod", content_sha256=SHA)
RESTART = asks("ssm_document", document="Restart", hash=SHA, version="3")

OVERDUE = {"due_at": hours(-1)}
MEMBERS = {ACCOUNTS: [account(SHOP, PROD), account(LEDGER, PAYMENTS), account(LAB, DEV)]}

CASES = [
    ("an account in its unit", "FULFILLED", IN_PROD, {ACCOUNTS: [account()]}),
    ("an account below its unit", "FULFILLED", IN_PROD, {ACCOUNTS: [account(unit=PAYMENTS)]}),
    ("an account in another unit", "MISPLACED", IN_PROD, {ACCOUNTS: [account(unit=DEV)]}),
    ("the unit above is another unit", "MISPLACED", asks("account", name="shop", ou="Prod/Payments"), {ACCOUNTS: [account()]}),
    ("a namesake elsewhere beside the right one", "FULFILLED", IN_PROD, {ACCOUNTS: [account(LAB, DEV), account()]}),
    ("no unit was asked for", "FULFILLED", asks("account", name="shop"), {ACCOUNTS: [account(unit=DEV)]}),
    ("another e-mail", "CONTENT_MISMATCH", asks("account", name="shop", email="x@example.com"), {ACCOUNTS: [account()]}),
    ("an e-mail in capitals", "FULFILLED", asks("account", name="shop", email="AWS@Example.com"), {ACCOUNTS: [account()]}),
    ("an account still being made", "IN_PROGRESS", IN_PROD, {ACCOUNTS: [account(state="PENDING_ACTIVATION")]}),
    ("a suspended account", "FULFILLED_DEGRADED", IN_PROD, {ACCOUNTS: [account(state="SUSPENDED")]}),
    ("a closed account is none", "IN_PROGRESS", IN_PROD, {ACCOUNTS: [account(state="CLOSED")]}),
    ("a baseline that did not follow", "FULFILLED_DRIFTED", IN_PROD,
     {ACCOUNTS: [account()], BASELINES: [{"target": f"x/{SHOP}", "inheritance_drift": "DRIFTED"}]}),
    ("a baseline in sync", "FULFILLED", IN_PROD,
     {ACCOUNTS: [account()], BASELINES: [{"target": f"x/{SHOP}", "inheritance_drift": "IN_SYNC"}]}),
    ("drift that nobody checks", "FULFILLED_UNVERIFIED", IN_PROD,
     {ACCOUNTS: [account()], BASELINES: [{"target": f"x/{SHOP}", "inheritance_drift": None}]}),
    ("a baseline of another account", "FULFILLED", IN_PROD,
     {ACCOUNTS: [account()], BASELINES: [{"target": f"x/{LAB}", "inheritance_drift": "DRIFTED"}]}),
    ("an account by its factory product", "FULFILLED", asks("account", name="other", provisioned_product="pp-1"),
     {ACCOUNTS: [account()], PRODUCTS: [product(physical_id=SHOP)]}),
    ("a factory product that failed", "FAILED", asks("account", provisioned_product="pp-1"), {PRODUCTS: [product(status="ERROR")]}),
    ("a factory product that tells no account", "FULFILLED_UNVERIFIED", asks("account", provisioned_product="pp-1"), {PRODUCTS: [product()]}),
    ("a product as asked for", "FULFILLED", DB, {PRODUCTS: [product()]}),
    ("a product of another version", "CONTENT_MISMATCH", DB, {PRODUCTS: [product(artifact="pa-2")]}),
    ("a product named in words that AWS does not tell", "FULFILLED_UNVERIFIED", NAMED, {PRODUCTS: [product()]}),
    ("a product by its name", "FULFILLED", NAMED, {PRODUCTS: [product(product_name=" a Database")]}),
    ("a product by a name that nothing goes by", "FULFILLED_UNVERIFIED", NAMED, {PRODUCTS: [product(product_name="A queue")]}),
    ("a product by the name of another one", "CONTENT_MISMATCH", NAMED,
     {PRODUCTS: [product(product_name="A queue"), product(product_id="pp-2", name="x", of_product="prod-2", product_name="A database")]}),
    ("a product by a name of several", "FULFILLED_UNVERIFIED", NAMED,
     {PRODUCTS: [product(product_name="A database"), product(product_id="pp-2", name="x", of_product="prod-2", product_name="A database")]}),
    ("a product of a version by its name", "FULFILLED", VERSIONED, {PRODUCTS: [product(artifact_name="v2")]}),
    ("a product of the version of another name", "CONTENT_MISMATCH", VERSIONED,
     {PRODUCTS: [product(artifact_name="v1"), product(product_id="pp-2", name="x", artifact="pa-2", artifact_name="v2")]}),
    ("a version of that name of another product", "FULFILLED_UNVERIFIED", VERSIONED,
     {PRODUCTS: [product(artifact_name="v1"), product(product_id="pp-2", name="x", of_product="prod-2", artifact="pa-2", artifact_name="v2")]}),
    ("two products of one name", "FULFILLED_UNVERIFIED", DB, {PRODUCTS: [product(), product(product_id="pp-2")]}),
    ("two products of one name, of which one is of the product asked for", "FULFILLED", DB,
     {PRODUCTS: [product(), product(product_id="pp-2", of_product="prod-2")]}),
    ("two products of one name in two accounts, of which one is asked for", "FULFILLED",
     asks("provisioned_product", name="db", account=HUB), {PRODUCTS: [product(), product(product_id="pp-2", arn=f"arn:aws:servicecatalog:eu:{LAB}:stack/db/pp-2")]}),
    ("an account factory by its name", "FULFILLED", asks("account", provisioned_product="pp-1", product="Account Factory"),
     {ACCOUNTS: [account()], PRODUCTS: [product(physical_id=SHOP, product_name="Account Factory")]}),
    ("an account factory that AWS does not tell", "FULFILLED_UNVERIFIED", asks("account", provisioned_product="pp-1", product="Account Factory"),
     {ACCOUNTS: [account()], PRODUCTS: [product(physical_id=SHOP)]}),
    ("a product in error", "FAILED", DB, {PRODUCTS: [product(status="ERROR")]}),
    ("a product whose update was rolled back", "FULFILLED_DEGRADED", DB, {PRODUCTS: [product(status="TAINTED")]}),
    ("a product being changed", "IN_PROGRESS", DB, {PRODUCTS: [product(status="UNDER_CHANGE")]}),
    ("a product that could not be made", "FAILED", DB,
     {RECORDS: [{"record": "r", "type": "PROVISION_PRODUCT", "status": "FAILED", "product_id": "pp-1", "name": "db", "updated_at": NOW}]}),
    ("a product that was given back", "IN_PROGRESS", DB,
     {RECORDS: [{"record": "r", "type": "TERMINATE_PROVISIONED_PRODUCT", "status": "SUCCEEDED", "product_id": "pp-1", "name": "db", "updated_at": NOW}]}),
    ("a control on its unit", "FULFILLED", GUARD, {CONTROLS: [control()]}),
    ("a control with the parameters in another order", "FULFILLED", GUARD_WITH, {CONTROLS: [control()]}),
    ("a control with other parameters", "CONTENT_MISMATCH", GUARD_WITH, {CONTROLS: [control(parameters='{"AllowedRegions": ["eu-1"]}')]}),
    ("a control that drifted", "FULFILLED_DRIFTED", GUARD, {CONTROLS: [control(drift="DRIFTED")]}),
    ("a control nobody checks", "FULFILLED_UNVERIFIED", GUARD, {CONTROLS: [control(drift="NOT_CHECKING")]}),
    ("a control without one of its regions", "PARTIAL", GUARD_WITH, {CONTROLS: [control(regions='[{"name": "eu-2"}]')]}),
    ("a control that failed in one of its regions", "PARTIAL", GUARD_WITH, {CONTROLS: [control(regions='[{"name": "eu-1", "status": "FAILED"}]')]}),
    ("a control that failed in a region nobody asked for", "FULFILLED", GUARD_WITH,
     {CONTROLS: [control(regions='[{"name": "eu-1"}, {"name": "eu-2", "status": "FAILED"}]')]}),
    ("a control that failed", "FAILED", GUARD, {CONTROLS: [control(status="FAILED")]}),
    ("a control whose enabling failed", "FAILED", GUARD,
     {OPERATIONS: [{"operation": "o", "type": "ENABLE_CONTROL", "status": "FAILED", "control": "x/GR", "target": f"{ARN}{DEV}", "started_at": NOW}]}),
    ("a control whose enabling failed elsewhere", "IN_PROGRESS", GUARD,
     {OPERATIONS: [{"operation": "o", "type": "ENABLE_CONTROL", "status": "FAILED", "control": "x/GR", "target": f"{ARN}{PROD}", "started_at": NOW}]}),
    ("a control being enabled", "IN_PROGRESS", GUARD, {CONTROLS: [control(status="UNDER_CHANGE")]}),
    ("a control that was elsewhere all along", "IN_PROGRESS", GUARD, {CONTROLS: [control(PROD)]}),
    ("a control enabled elsewhere since", "MISPLACED", GUARD,
     {CONTROLS: [control(PROD)],
      OPERATIONS: [{"operation": "o", "type": "ENABLE_CONTROL", "status": "SUCCEEDED", "enabled_control": f"arn:enabled/{PROD}", "started_at": NOW}]}),
    ("an organization rule", "FULFILLED", MFA, MEMBERS | {EVERYWHERE: [everywhere()]}),
    ("an organization rule that leaves out one account of the unit", "PARTIAL", MFA, MEMBERS | {EVERYWHERE: [everywhere(excluded_accounts=f'["{LEDGER}"]')]}),
    ("an organization rule that leaves out an account elsewhere", "FULFILLED", MFA, MEMBERS | {EVERYWHERE: [everywhere(excluded_accounts=f'["{LAB}"]')]}),
    ("an organization rule that failed", "FAILED", MFA, MEMBERS | {EVERYWHERE: [everywhere(status="CREATE_FAILED")]}),
    ("an organization rule being made", "IN_PROGRESS", MFA, MEMBERS | {EVERYWHERE: [everywhere(status="CREATE_IN_PROGRESS")]}),
    ("an organization rule whose update failed", "FULFILLED_DEGRADED", MFA, MEMBERS | {EVERYWHERE: [everywhere(status="UPDATE_FAILED")]}),
    ("an organization rule that was deleted", "IN_PROGRESS", MFA, MEMBERS | {EVERYWHERE: [everywhere(status="DELETE_SUCCESSFUL")]}),
    ("a rule of another source", "CONTENT_MISMATCH", asks("config_rule", rule="mfa", source_identifier="ROOT"), {EVERYWHERE: [everywhere()]}),
    ("a rule of the account", "FULFILLED", asks("config_rule", rule="mfa", account=HUB), {RULES: [{"rule": "mfa", "account": HUB, "creator": ""}]}),
    ("a rule of the hub that cannot evaluate", "FULFILLED_DEGRADED", asks("config_rule", rule="mfa"),
     {RULES: [{"rule": "mfa", "account": HUB, "creator": ""}], STATUS: [{"rule": "mfa", "last_evaluated_at": hours(-2), "last_failed_at": hours(-1)}]}),
    ("a rule of the hub that could not evaluate once", "FULFILLED", asks("config_rule", rule="mfa"),
     {RULES: [{"rule": "mfa", "account": HUB, "creator": ""}], STATUS: [{"rule": "mfa", "last_evaluated_at": hours(-1), "last_failed_at": hours(-2)}]}),
    ("a policy on its unit", "FULFILLED", DENY, attached()),
    ("a policy on its unit by id", "FULFILLED", asks("policy_attachment", policy="p-1", target=PROD), attached()),
    ("a policy that says something else", "CONTENT_MISMATCH", DENY, attached(content_sha256=OTHER)),
    ("a policy on another unit all along", "IN_PROGRESS", DENY, attached(DEV)),
    ("a policy on the unit above", "IN_PROGRESS", asks("policy_attachment", policy="deny", target="Prod/Payments"), attached()),
    ("a document as asked for", "FULFILLED", RESTART, {DOCUMENTS: [document()]}),
    ("a document with another hash", "CONTENT_MISMATCH", RESTART, {DOCUMENTS: [document(hash=OTHER)]}),
    ("a document of another version", "CONTENT_MISMATCH", RESTART, {DOCUMENTS: [document(default_version="2")]}),
    ("a document that failed", "FAILED", RESTART, {DOCUMENTS: [document(status="Failed")]}),
    ("a document being made", "IN_PROGRESS", RESTART, {DOCUMENTS: [document(status="Creating")]}),
    ("a document being deleted is none", "IN_PROGRESS", RESTART, {DOCUMENTS: [document(status="Deleting")]}),
    ("a document of an account nobody looked into", "UNKNOWN", asks("ssm_document", document="Restart", account=SHOP), {DOCUMENTS: [document()]}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "asked", "rows"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_verdict(verdict, asked, rows):
    assert verdict_of(asked, seen(rows)) == verdict


@pytest.mark.parametrize("asked", [IN_PROD, DB, GUARD, MFA, DENY, RESTART], ids=lambda one: one.thing_type)
def test_what_is_absent_is_late_only_once_it_is_due_and_complete_evidence_says_so(asked):
    late = addition(asked.thing_type, **asked.thing.model_dump(exclude_none=True), **OVERDUE)
    assert verdict_of(asked, seen({})) == "IN_PROGRESS"
    assert verdict_of(late, seen({})) == "NOT_FULFILLED"
    due_now = addition(asked.thing_type, **asked.thing.model_dump(exclude_none=True), due_at=NOW)
    assert verdict_of(due_now, seen({})) == "NOT_FULFILLED", "it is due from that instant on"
    names = {"account": ACCOUNTS, "provisioned_product": PRODUCTS, "enabled_control": CONTROLS,
             "config_rule": EVERYWHERE, "policy_attachment": TARGETS, "ssm_document": DOCUMENTS}  # fmt: skip
    gaps = {names[asked.thing_type]: "PARTIAL: throttled"}
    assert verdict_of(late, seen({}, gaps)) == "UNKNOWN"
    elsewhere = {"ssm/ops_items": "FAILED: denied"}
    assert verdict_of(late, seen({}, elsewhere)) == "NOT_FULFILLED", "another listing says nothing about it"


def test_what_is_said_to_be_done_must_be_there_although_it_is_not_due_yet():
    done = addition("account", name="shop", status="fulfilled", claimed_at=hours(-3))
    assert verdict_of(done, seen({})) == "NOT_FULFILLED"
    assert verdict_of(done, seen({}, as_of=hours(-4))) == "UNKNOWN", "nobody has looked since"
    assert verdict_of(addition("account", name="shop", status="failed"), seen({})) == "FAILED"
    assert verdict_of(addition("account", name="shop", due_at=None), seen({})) == "IN_PROGRESS"


def test_what_a_partial_listing_shows_is_there_and_what_it_does_not_show_is_unknown():
    gap = {ACCOUNTS: "PARTIAL: throttled"}
    assert verdict_of(IN_PROD, seen({ACCOUNTS: [account()]}, gap)) == "FULFILLED"
    assert verdict_of(IN_PROD, seen({ACCOUNTS: [account(unit=DEV)]}, gap)) == "UNKNOWN", (
        "its place may hold another"
    )
    assert verdict_of(IN_PROD, seen({ACCOUNTS: [account(state="SUSPENDED")]}, gap)) == "FULFILLED_DEGRADED"
    assert (
        verdict_of(IN_PROD, seen({ACCOUNTS: [account()]}, {BASELINES: "FAILED: denied"}))
        == "FULFILLED_UNVERIFIED"
    )


def test_an_addition_that_does_not_say_what_it_asks_for_is_unknown():
    assert verdict_of(addition(problem="it does not say what exactly is asked for"), seen({})) == "UNKNOWN"


def test_a_rule_that_shows_by_what_it_evaluates_is_verified_only_where_every_account_shows_it():
    world = seen(MEMBERS)
    assert verdict_of(MFA, world, evaluated=[(SHOP, "mfa"), (LEDGER, "mfa")]) == "FULFILLED"
    assert verdict_of(MFA, world, evaluated=[(SHOP, "mfa")]) == "FULFILLED_UNVERIFIED"
    assert verdict_of(MFA, world, evaluated=[(LAB, "mfa")]) == "IN_PROGRESS"
    assert verdict_of(MFA, world, evaluated=[(SHOP, "mfa-2"), (LEDGER, "MFA")]) == "IN_PROGRESS"


def test_what_others_asked_for_elsewhere_is_not_misplaced():
    before = seen(attached(ROOT_ONLY))
    there = seen(attached(DEV))
    assert verdict_of(DENY, there, earlier=before) == "MISPLACED"
    other = addition("policy_attachment", policy="deny", target="Dev", number=2, request_id="ADD-000002")
    assert list(judged_additions([DENY, other], there, earlier=before).verdicts.verdict) == [
        "IN_PROGRESS",
        "FULFILLED",
    ]
    assert verdict_of(DENY, there, earlier=there) == "IN_PROGRESS", "it was there before the register began"


ROOT_ONLY = "r-test"


def unrequested(asked, shown, **more):
    return [
        (row.type, row.subject) for row in judged_additions(asked, shown, **more).unrequested.itertuples()
    ]


FRESH = account(joined_at=hours(-5))


def test_what_is_there_without_a_request_is_unrequested_unless_it_is_older_than_the_register():
    assert unrequested([], seen({ACCOUNTS: [FRESH]})) == [("account", SHOP)]
    assert unrequested([], seen({ACCOUNTS: [account(joined_at=BEGAN)]})) == [("account", SHOP)]
    assert unrequested([], seen({ACCOUNTS: [account()]})) == []
    assert unrequested([], seen({ACCOUNTS: [account(joined_at=None)]})) == [], (
        "nobody can tell when it was made"
    )
    assert unrequested([], seen({ACCOUNTS: [FRESH | {"state": "CLOSED"}]})) == []


@pytest.mark.parametrize(
    ("standing", "found"), [("live", 0), ("settled", 0), ("undecided", 1), ("refused", 1)]
)
def test_only_an_approved_request_stands_behind_what_is_there(standing, found):
    asked = addition("account", name="shop", standing=standing)
    told = judged_additions([asked], seen({ACCOUNTS: [FRESH]})).unrequested
    assert len(told) == found
    assert [row.not_approved for row in told.itertuples()] == ["ADD-000001 (approved)"] * found
    other = addition("account", name="shop-2")
    assert unrequested([other], seen({ACCOUNTS: [FRESH]})) == [("account", SHOP)]


def test_an_account_in_the_wrong_unit_is_misplaced_and_not_unrequested_as_well():
    asked = addition("account", name="shop", ou="Dev")
    assert unrequested([asked], seen({ACCOUNTS: [FRESH]})) == []


def test_what_has_no_date_is_new_where_an_earlier_complete_snapshot_lacks_it():
    shown, before = seen(attached()), seen(attached(DEV))
    assert unrequested([], shown, earlier=before) == [("policy_attachment", f"p-1|{PROD}")]
    assert unrequested([], shown, earlier=shown) == []
    assert unrequested([], shown) == []
    unknown = seen({}, {TARGETS: "PARTIAL: throttled"})
    assert unrequested([], shown, earlier=unknown) == [], "what it lacks may have been there"
    managed = seen(attached(aws_managed=True))
    assert unrequested([], managed, earlier=before) == []


def test_what_services_made_themselves_nobody_has_to_ask_for():
    shown = seen({
        PRODUCTS: [product(type="CONTROL_TOWER_ACCOUNT", created_at=NOW), product(product_id="pp-2", created_at=NOW)],
        RULES: [{"rule": "securityhub-x-1a2b3c4d", "account": HUB, "creator": "securityhub.amazonaws.com"},
                {"rule": "own", "account": HUB, "creator": ""}],
        CONTROLS: [control(PROD), control(PAYMENTS, parent=f"arn:enabled/{PROD}")],
    })  # fmt: skip
    assert unrequested([], shown, earlier=seen({})) == [
        ("config_rule", f"{HUB}/own"), ("enabled_control", f"arn:enabled/{PROD}"), ("provisioned_product", "pp-2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ([product()], "AWS does not tell its product"),
        ([product(product_name="A queue")], "nothing that is provisioned is of product A database, and this is of A queue"),
        ([product(product_name="A database"), product(product_id="pp-2", name="x", of_product="prod-2", product_name="A database")],
         "several go by the name of product A database: prod-1, prod-2"),
    ],
)  # fmt: skip
def test_a_name_that_does_not_tell_which_product_is_meant_says_why(shown, words):
    judged = judged_additions([NAMED], seen({PRODUCTS: shown})).verdicts
    [fact] = judged.astype("object").where(judged.notna(), None).to_dict("records")
    why = of_addition("FULFILLED_UNVERIFIED", NAMED, fact)
    assert "there as pp-1, but what it holds cannot be compared with what was asked for" in why
    assert words in why


def test_of_several_products_of_one_name_all_are_named():
    judged = judged_additions([DB], seen({PRODUCTS: [product(), product(product_id="pp-2")]})).verdicts
    assert "several go by its name: pp-1, pp-2" in judged.told[0]
