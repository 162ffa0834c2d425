"""The ServiceNow and GitHub stand-ins over real HTTP: forms of values, queries, links, refusals, faults on demand."""

from __future__ import annotations

import httpx
import pytest

from governance.sandbox.encoded_query import select
from governance.sandbox.faults import Faults
from governance.sandbox.github import TOKEN, Github
from governance.sandbox.http_server import serve
from governance.sandbox.servicenow import LOGIN, PASSWORD, ServiceNow

ROWS = [
    {"sys_id": name, "at": at, "active": str(at > "2").lower()}
    for name, at in (("b", "1"), ("a", "2"), ("c", "3"))
]
BETH = {"value": "46d44a", "display_value": "Beth Anglin", "link": "https://sn/sys_user/46d44a"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "bac"), ("ORDERBYsys_id", "abc"), ("ORDERBYDESCat", "cab"), ("active=true", "c"), ("sys_idINa,c", "ac"),
        ("at>=2^at>2^ORsys_id>b", "c"), ("at>=1^at>1^ORsys_id>a^ORDERBYat", "bac"), ("at=1^ORat=3^sys_id!=b", "c"),
    ],
)  # fmt: skip
def test_or_binds_tighter_than_and(query, found):
    assert "".join(row["sys_id"] for row in select(query, ROWS)) == found


def test_a_query_that_is_not_understood_is_refused():
    with pytest.raises(ValueError, match="Invalid query: 'nonsense'"):
        select("nonsense", ROWS)


def test_servicenow_writes_values_in_the_form_asked_for_and_links_to_the_next_page():
    rows = [{"sys_id": str(n), "number": f"CHG{n}", "assigned_to": BETH} for n in range(5)]
    site = ServiceNow({"change_request": rows}, Faults(), denied={"sys_audit"})
    with (
        serve(site.application()) as serving,
        httpx.Client(base_url=serving.url, auth=(LOGIN, PASSWORD)) as http,
    ):
        path = "/api/now/table/change_request"
        forms = {}
        for display in ("all", "true", "false"):
            query = {"sysparm_display_value": display, "sysparm_fields": "assigned_to", "sysparm_limit": 1}
            forms[display] = http.get(path, params=query).json()["result"][0]["assigned_to"]
        assert forms["all"] == BETH
        assert forms["true"] == {"display_value": "Beth Anglin", "link": BETH["link"]}
        assert forms["false"] == {"value": "46d44a", "link": BETH["link"]}
        page = http.get(path, params={"sysparm_limit": 2, "sysparm_offset": 2})
        assert [row["number"] for row in page.json()["result"]] == ["CHG2", "CHG3"]
        assert (page.headers["x-total-count"], page.links["next"]["url"].count("sysparm_offset=4")) == (
            "5",
            1,
        )
        assert http.get("/api/now/table/sys_audit").status_code == 403
        assert http.get("/api/now/table/nothing").json()["error"]["message"] == "Invalid table nothing"
        assert httpx.get(serving.url + path).status_code == 401


def test_github_links_to_its_pages_and_knows_deleted_and_transferred_issues():
    issues = [
        {
            "number": n,
            "state": "open",
            "labels": [],
            "created_at": f"2026-03-0{n}",
            "updated_at": f"2026-03-0{n}",
        }
        for n in range(1, 6)
    ]
    site = Github("o/r", issues, Faults(), {8: "/repositories/2/issues/1"}, frozenset({9}))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with serve(site.application()) as serving, httpx.Client(base_url=serving.url, headers=headers) as http:
        page, seen = http.get("/repos/o/r/issues", params={"per_page": 2, "direction": "asc"}), []
        while True:
            seen += [issue["number"] for issue in page.json()]
            if "next" not in page.links:
                break
            assert "/repositories/1000/issues" in page.links["next"]["url"]
            page = http.get(page.links["next"]["url"])
        assert seen == [1, 2, 3, 4, 5]
        assert [
            i["number"] for i in http.get("/repos/o/r/issues", params={"since": "2026-03-04"}).json()
        ] == [5, 4]
        moved = http.get("/repos/o/r/issues/8")
        assert (moved.status_code, moved.headers["location"]) == (301, "/repositories/2/issues/1")
        assert http.get("/repos/o/r/issues/9").status_code == 410
        assert http.get("/repos/o/r/issues/7").status_code == 404


def test_faults_are_planned_over_http_and_strike_where_they_are_told():
    site = ServiceNow({"incident": []}, Faults("/table/"))
    with (
        serve(site.application()) as serving,
        httpx.Client(base_url=serving.url, auth=(LOGIN, PASSWORD)) as http,
    ):
        planned = http.post("/_stand-in/faults", json={"kind": "secondary_limit", "retry_after": 5}).json()
        assert planned[0]["path"] == "/table/"
        struck = http.get("/api/now/table/incident")
        assert (struck.status_code, struck.headers["retry-after"]) == (403, "5")
        assert http.get("/api/now/table/incident").json() == {"result": []}
        assert http.post("/_stand-in/faults", json={"kind": "earthquake"}).status_code == 400
