# SPDX-License-Identifier: MIT
"""ITCare: a paged list and asynchronous actions behind a bearer token."""

import json
from urllib.parse import parse_qs

from .http1 import Response, json_response
from .server import Server

ROOT = "/itcare"
WHEN = "2025-07-06T11:01:21.263Z"


class ITCare(Server):
    """`check(token) -> bool` says which tokens count."""

    defaults = {
        "resources": 45,
        "action_polls": 2,  # polls that an action stays IN_PROGRESS
        "action_result": "SUCCESS",
        "dry_run": True,  # whether the dry-run header is understood and echoed
        "bare_202": False,
    }

    def __init__(self, ca, check, **args):
        self.check = check
        super().__init__(ca, **args)

    def forget(self):
        self.actions = {}

    @property
    def api(self):
        return self.url + ROOT

    def handle(self, request):
        if request.path == ROOT + "/health" and request.method == "GET":
            return json_response({"status": "UP"})
        token = request.bearer()
        if token is None or not self.check(token):
            return Response(401)
        response = self._route(request)
        if self._dry(request):
            response.headers.append(("ITCare-DryRun", "true"))
        return response

    def _dry(self, request):
        return self.settings.dry_run and request.headers.get("itcare-dryrun") == "true"

    def _route(self, request):
        path = request.path[len(ROOT):] if request.path.startswith(ROOT) else ""
        if path == "/resources" and request.method == "GET":
            return self._list(parse_qs(request.query))
        if path == "/resources" and request.method == "POST":
            return self._submit(request)
        if path.startswith("/actions/") and request.method == "GET":
            return self._action(path[len("/actions/"):])
        return Response(404)

    def _list(self, query):
        page, size = query.get("page", ["0"])[0], query.get("size", ["20"])[0]
        if not page.isdigit() or not size.isdigit() or not 1 <= int(size) <= 1000:
            return _invalid("page" if not page.isdigit() else "size")
        page, size, total = int(page), int(size), self.settings.resources
        content = [{"id": i, "name": "resource-%d" % i} for i in range(1, total + 1)][page * size:(page + 1) * size]
        return json_response({"content": content, "numberOfElements": len(content), "totalElements": total,
                              "totalPages": -(-total // size), "page": page, "size": size})

    def _submit(self, request):
        try:
            name = json.loads(request.body)["name"]
        except (ValueError, TypeError, KeyError):
            return _invalid("name")
        if self._dry(request):
            return json_response({"name": name})
        with self.lock:
            number = len(self.actions) + 1
            self.actions[number] = {"polls": 0, "name": name}
        return Response(202) if self.settings.bare_202 else json_response({"id": number}, 202)

    def _action(self, number):
        with self.lock:
            action = self.actions.get(int(number)) if number.isdigit() else None
            if action is None:
                return Response(404)
            action["polls"] += 1
            done = action["polls"] > self.settings.action_polls
        value = {"id": int(number), "family": "RESOURCE", "process": "CREATE", "resourceName": action["name"],
                 "resourceType": "RESOURCE", "status": self.settings.action_result if done else "IN_PROGRESS",
                 "message": "", "submittedAt": WHEN, "submittedBy": "alice", "lastUpdatedAt": WHEN}
        if done:
            value["completedAt"] = WHEN
        return json_response(value)


def _invalid(field):
    return json_response({"status": "BAD_REQUEST", "errorCode": "INVALID_FIELD_VALUE", "errorDesc": field,
                          "errorMessage": "Error on field '%s'" % field}, 400)
