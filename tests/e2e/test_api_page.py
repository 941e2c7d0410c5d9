# SPDX-License-Identifier: MIT
"""tokenring api --paginate: lists of several pages, as both services have them."""
import json
import subprocess

import pytest

pytestmark = pytest.mark.long


def pages(person, *args, **kw):
    return person.tokenring("api", "--paginate", *args, **kw)


def elements(person, *args):
    return json.loads(person.ok("api", "--paginate", *args))


def failed(person, status, words, *args):
    r = pages(person, *args)
    assert r.returncode == status and words in r.stderr and r.stderr.count("\n") == 1, r
    with pytest.raises(json.JSONDecodeError):
        json.loads(r.stdout)
    return r


@pytest.mark.parametrize("number,size,requests", [(0, 20, 1), (1, 20, 1), (20, 20, 1), (21, 20, 2), (45, 20, 3), (45, 45, 1),
                                                  (45, 44, 2), (7, 1, 7)])
def test_all_elements_once(itc, itcare, number, size, requests):
    itcare.set(resources=number)
    assert [e["id"] for e in elements(itc, "resources", "-f", f"size={size}")] == list(range(1, number + 1))
    assert len(itcare.requests) == requests
    assert all(f"size={size}" in r["query"] and r["method"] == "GET" for r in itcare.requests)


@pytest.mark.parametrize("members", [["totalPages", "number"], ["totalPages"], ["last"], ["last", "number"], ["number"], []])
@pytest.mark.parametrize("first", [0, 1])
def test_whatever_a_page_tells_of_itself(itc, itcare, members, first):
    """The pages count from 0 or from 1: the documentation shows the one, the clients that are known do the other."""
    itcare.set(page_members=members, pages_from=first)
    assert [e["id"] for e in elements(itc, "resources")] == list(range(1, 46))


def test_filters_stay(itc, itcare):
    assert elements(itc, "resources?name=resource-3") == [{"id": 3, "name": "resource-3"}]


def test_a_plain_array_and_an_empty_one(itc, itcare):
    for body in ("[]", " [ ] ", '[1, {"a": [2]}]'):
        itcare.fault("status", path="/x", times=1, code=200, body=body)
        assert elements(itc, "x") == json.loads(body)


def test_elements_are_printed_as_they_came(itc, itcare):
    text = '{"z": 1.10, "a": 123456789012345678901234567890, "s": "\\u00e9\\/", "z": 2}'
    itcare.fault("status", path="/x", times=1, code=200, body='{"content": [%s, null], "last": true}' % text)
    out = itc.ok("api", "--paginate", "x")
    assert out == f"[\n{text},\nnull\n]\n"


@pytest.mark.parametrize("body", ["", "<html>", '{"content": 5}', '{"data": {}}', "5", '"x"', '{"content": [1}', '{"content": [1],}',
                                  '{"content": ["\x01"]}', '{"content": [01]}', "[" * 200 + "]" * 200, '{"content": [1]} x'])
def test_what_is_no_list(itc, itcare, body):
    itcare.fault("status", path="/x", code=200, body=body)
    assert failed(itc, 1, "GET x", "x").stdout == ""


def test_failures_in_the_middle(itc, itcare, oauth):
    """A list that was cut off is no JSON, so that nobody takes it for whole."""
    itcare.fault("status", path="page=1", code=500)
    r = failed(itc, 1, "cut off after 20 elements", "resources")
    assert r.stdout.count('"id"') == 20
    itcare.clear_faults()
    itcare.fault("truncate", path="page=2", times=1)
    assert len(elements(itc, "resources")) == 45, "a page that was cut off is asked for again"
    itcare.fault("truncate", path="page=2")
    failed(itc, 4, "cut off after 40 elements", "resources")


def test_a_token_that_expires_between_pages(itc, itcare, oauth):
    itcare.set(resources=100)
    token = itc.ok("token").strip()
    calls = []

    def check(given):
        calls.append(given)
        return oauth.active(given) and (given != token or len(calls) <= 2)
    itcare.check, before = check, itcare.check
    try:
        assert [e["id"] for e in elements(itc, "resources")] == list(range(1, 101))
    finally:
        itcare.check = before
    assert [r["status"] for r in itcare.requests] == [200, 200, 401, 200, 200, 200]
    assert len(oauth.token_requests) == 2


def test_a_server_that_does_not_page(itc, itcare):
    """It would go on for ever."""
    for body in ('{"content": [1, 2]}', '{"content": [1, 2], "number": 0, "totalPages": 9}'):
        itcare.clear_faults()
        itcare.clear_log()
        itcare.fault("status", path="/x", code=200, body=body)
        failed(itc, 1, "the same page again", "x")
        assert len(itcare.requests) == 3
    itcare.clear_faults()
    itcare.fault("status", path="page=1", code=200, body='{"content": [7], "number": 5, "totalPages": 9}')
    failed(itc, 1, "page 1 was asked for, and page 5 came", "resources")


def test_page_is_not_the_users(itc, itcare):
    for args in (["resources?page=3"], ["resources", "-f", "page=3"], ["resources?size=1&page=0"]):
        assert pages(itc, *args).returncode == 2
    assert not itcare.requests


def test_a_page_that_is_too_long(itc, itcare):
    itcare.fault("big-body", path="resources", size=9 << 20)
    assert failed(itc, 1, "longer than 8 MiB", "resources").stdout == ""


def test_no_reader(itc, itcare):
    """`| head -1` ends it, and quietly."""
    itcare.set(resources=5000)
    r = subprocess.run(["sh", "-c", f"{itc.tool} api --paginate resources -f size=1000 | head -1"], env=itc.env,
                       capture_output=True, text=True)
    assert (r.stdout, r.stderr) == ("[\n", "")


# --- SAINet ------------------------------------------------------------------

@pytest.fixture
def erp(person, sainet):
    person.sainet(sainet, store="file")
    assert person.tokenring("login", "--secret-stdin", input="correct horse\n").returncode == 0
    sainet.clear_log()
    return person


@pytest.mark.parametrize("number,requests", [(0, 1), (5, 1), (20, 2), (45, 3), (60, 4)])
def test_sainet_lists(erp, sainet, number, requests):
    sainet.set(records=number)
    assert [r["ADRDOS.NO"] for r in elements(erp, "ADR02")] == list(range(1, number + 1))
    assert len(sainet.requests) == requests


def test_sainet_filters(erp, sainet):
    sainet.set(records=100)
    found = elements(erp, "ADR02", "-f", "filter=$ADRDOS.LANGUE='FR'")
    assert [r["ADRDOS.NO"] for r in found] == [i for i in range(1, 101) if i % 3]


def test_sainet_paging_is_configured(erp, sainet):
    sainet.set(skip="start")
    failed(erp, 1, "not paged as the profile's 'paging' says", "ADR02")
    assert len(elements(erp, "ADR02", "-o", "paging=skip:start")) == 45
    for paging in ("start", "skip:", "page2:x", ":x"):
        assert pages(erp, "ADR02", "-o", f"paging={paging}").returncode == 2
    sainet.clear_log()
    for paging, first in (("page0:seite", 1), ("page1:seite", 2)):
        failed(erp, 1, "the same page", "ADR02", "-o", f"paging={paging}")
        assert sainet.requests[-1]["query"] == f"seite={first}"


def test_sainet_instance_changes_between_pages(erp, sainet):
    sainet.fault("status", path="offset=20", times=1, code=401, headers={"Sai-Server-Instance": "B"})
    assert len(elements(erp, "ADR02")) == 45
    assert sainet.count("login") == 1
