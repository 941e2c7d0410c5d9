# SPDX-License-Identifier: MIT
"""ITCare's API: resources in pages, dry runs and asynchronous actions behind a bearer token."""

import json
import re
from urllib.parse import unquote_to_bytes

from .http1 import Response, json_response
from .server import Server

ROOT = "/itcare"
DATES = {  # the two forms of the documentation, each twice: begun and 43 s later
    "z": ("2025-07-06T11:00:38.263Z", "2025-07-06T11:01:21.263Z"),
    "offset": ("2025-07-06T13:00:38.263+0200", "2025-07-06T13:01:21.263+0200"),
}
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")


class Refused(Exception):
    """Becomes the answer that it carries."""

    def __init__(self, response):
        super().__init__(response.status)
        self.response = response


class ITCare(Server):
    """`check(token) -> bool` says which tokens count."""

    defaults = {
        "resources": 45,
        "pages_from": 0,  # the number of the first page in the query
        "page_members": None,  # those of a page's members that are told; None: all
        "asynchronous": True,  # changes are accepted (202) and made by an action
        "tracking": "id",  # what a 202 names it by: id actionId requestId location empty
        "action_polls": 2,  # polls that an action stays IN_PROGRESS
        "action_result": "SUCCESS",
        "action_message": "",
        "date_form": "z",
        "dry_run": True,  # whether the dry-run header is understood and echoed
        "bare_202": False,
        "error_body": "json",  # of a 400: json, broken (as documented), empty
        "download": 0,  # bytes of /download
    }
    discarded = ROOT + "/upload"  # bodies to it are counted, not kept

    def __init__(self, ca, check, **args):
        self.check = check
        super().__init__(ca, **args)

    def forget(self):
        self.actions = {}
        self.changes = []  # (method, what) for each change that was made
        self.items = None

    @property
    def api(self):
        return self.url + ROOT

    def handle(self, request):
        if request.path == ROOT + "/health" and request.method == "GET":
            return json_response({"status": "UP"})
        token = request.bearer()
        if token is None or not self.check(token):
            return Response(401)
        try:
            response = self._route(request)
        except Refused as refused:
            response = refused.response
        if self._dry(request):
            response.headers.append(("ITCare-DryRun", "true"))
        return response

    def _dry(self, request):
        return self.settings.dry_run and request.headers.get("itcare-dryrun") == "true"

    def _route(self, request):
        words = request.path[len(ROOT):].strip("/").split("/") if request.path.startswith(ROOT + "/") else [""]
        method = request.method
        if words[0] == "resources" and len(words) == 1 and method in ("GET", "HEAD"):
            return self._list(self._query(request))
        if words[0] == "resources" and len(words) == 1 and method == "POST":
            return self._change(request, None)
        if words[0] == "resources" and len(words) == 2:
            return self._one(request, words[1])
        if words[0] == "actions" and method == "GET":
            return self._action(words[1]) if len(words) == 2 else self._actions(self._query(request))
        if words == ["download"] and method == "GET":
            return Response(200, b"", {"Content-Type": "application/octet-stream"}, stream=self.settings.download)
        if words == ["upload"]:
            return json_response({"size": request.size, "sha256": request.digest})
        return Response(404)

    def _query(self, request):
        """{name: values}; a plus is a blank, as in forms, which is why a date's must be encoded."""
        found = {}
        for pair in request.query.split("&") if request.query else []:
            name, _, value = (unquote_to_bytes(half.replace("+", " ")).decode() for half in pair.partition("="))
            found.setdefault(name, []).append(value)
        return found

    def _all(self):
        """The resources by id; callers hold the lock."""
        if self.items is None:
            self.items = {i: {"id": i, "name": "resource-%d" % i} for i in range(1, self.settings.resources + 1)}
        return self.items

    def _list(self, query):
        page, size = query.get("page", [str(self.settings.pages_from)])[0], query.get("size", ["20"])[0]
        if not size.isdigit() or not 1 <= int(size) <= 1000:
            raise Refused(self._invalid("size"))
        if not page.isdigit() or int(page) < self.settings.pages_from:
            raise Refused(self._invalid("page"))
        if not all(DATE.fullmatch(value) for value in query.get("since", [])):
            raise Refused(self._invalid("since"))
        with self.lock:
            found = list(self._all().values())
        found = [item for item in found if item["name"] in query.get("name", [item["name"]])]
        page, size, total = int(page) - self.settings.pages_from, int(size), len(found)
        content = found[page * size:(page + 1) * size]
        pages = -(-total // size)
        value = {"content": content, "totalElements": total, "last": page + 1 >= pages, "totalPages": pages,
                 "sort": {"empty": True, "sorted": False, "unsorted": True}, "first": page == 0, "size": size,
                 "number": page, "numberOfElements": len(content), "empty": not content}
        told = self.settings.page_members
        return json_response({k: v for k, v in value.items() if told is None or k == "content" or k in told})

    def _one(self, request, number):
        with self.lock:
            item = self._all().get(int(number)) if number.isdigit() else None
            if item is None:
                return Response(404)
        if request.method in ("GET", "HEAD"):
            return json_response(item)
        if request.method in ("PUT", "PATCH", "DELETE"):
            return self._change(request, item)
        return Response(405)

    def _change(self, request, item):
        """Make, replace, alter or remove a resource, at once or by an action."""
        given = None
        if request.method != "DELETE":
            try:
                given = json.loads(request.body)
                given["name"] if request.method != "PATCH" else given.keys()
            except (ValueError, TypeError, KeyError, AttributeError):
                raise Refused(self._invalid("name"))
        if self._dry(request):
            return json_response(given) if given is not None else Response(204)
        with self.lock:
            self.changes.append((request.method, item["id"] if item else given["name"]))
            if self.settings.asynchronous:
                return self._submit(given or item)
            made = self._apply(request.method, item, given)
        return Response(204) if made is None else json_response(made, 200 if item else 201)

    def _apply(self, method, item, given):
        items = self._all()
        if method == "DELETE":
            del items[item["id"]]
            return None
        if method == "POST":
            item = {"id": max(items, default=0) + 1}
            items[item["id"]] = item
        elif method == "PUT":
            item = items[item["id"]] = {"id": item["id"]}
        item.update({k: v for k, v in given.items() if k != "id"})
        return item

    def _submit(self, given):
        number = len(self.actions) + 1
        self.actions[number] = {"polls": 0, "name": given.get("name", "")}
        tracking = "empty" if self.settings.bare_202 else self.settings.tracking
        if tracking == "empty":
            return Response(202)
        if tracking == "location":
            return Response(202, b"", {"Location": "%s/actions/%d" % (ROOT, number)})
        return json_response({tracking: number if tracking != "requestId" else 1000 + number}, 202)

    def _action(self, number):
        with self.lock:
            action = self.actions.get(int(number)) if number.isdigit() else None
            return Response(404) if action is None else json_response(self._state(int(number), action))

    def _actions(self, query):
        """The documented filters: requestId and statuses."""
        with self.lock:
            found = [self._state(number, action) for number, action in self.actions.items()
                     if query.get("requestId", [str(1000 + number)]) == [str(1000 + number)]]
        return json_response([one for one in found if one["status"] in query.get("statuses", [one["status"]])])

    def _state(self, number, action):
        action["polls"] += 1
        done = action["polls"] > self.settings.action_polls
        begun, ended = DATES[self.settings.date_form]
        value = {"id": number, "family": "RESOURCE", "process": "CREATE", "resourceName": action["name"],
                 "resourceType": "RESOURCE", "status": self.settings.action_result if done else "IN_PROGRESS",
                 "message": self.settings.action_message if done else "", "submittedAt": begun, "submittedBy": "alice",
                 "lastUpdatedAt": ended if done else begun}
        if done:
            value["completedAt"] = ended
        return value

    def _invalid(self, field):
        if self.settings.error_body == "empty":
            return Response(400)
        if self.settings.error_body == "broken":  # word for word: the last string is not closed
            return Response(400, '{\n    "status": "BAD_REQUEST",\n    "errorCode": "INVALID_FIELD_VALUE",\n'
                            '    "errorDesc": "%s",\n    "errorMessage": "Error on field \'%s\'\n}\n' % (field, field),
                            {"Content-Type": "application/json"})
        return json_response({"status": "BAD_REQUEST", "errorCode": "INVALID_FIELD_VALUE", "errorDesc": field,
                              "errorMessage": "Error on field '%s'" % field}, 400)
