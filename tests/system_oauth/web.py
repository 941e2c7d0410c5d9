# SPDX-License-Identifier: MIT
"""Somebody with cookies who fills in the forms of oidc-provider's pages, without a browser."""
import html.parser
import http.cookiejar
import ssl
import urllib.error
import urllib.parse
import urllib.request


class Forms(html.parser.HTMLParser):
    """A page's forms (action and fields), buttons and links."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.links, self.buttons = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        a = dict(attributes)
        if tag == "form":
            self.forms.append((a.get("action"), {}))
        elif tag == "input" and self.forms and a.get("name"):
            self.forms[-1][1][a["name"]] = a.get("value") or ""
        elif tag == "button":
            self.buttons.append(a.get("name"))
        elif tag == "a":
            self.links.append(a.get("href", ""))


class Arrived(Exception):
    """The browser would now be sent to a place that is not the server's."""


class Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, fp, code, msg, headers, url):
        if url.startswith("http://"):
            raise Arrived(url)
        return super().redirect_request(request, fp, code, msg, headers, url)


class Web:
    def __init__(self, ca, name="alice"):
        self.name = name
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca.pem)), Redirects,
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def _open(self, url, form=None):
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        try:
            answer = self.opener.open(url, data, timeout=20)
        except urllib.error.HTTPError as e:
            answer = e
        return answer.url, answer.read().decode()

    def sign_in(self, url, decline=False):
        """Where one is sent in the end (a URL), or the text of the last page."""
        try:
            at, text = self._open(url)
            for _ in range(10):
                page = Forms(text)
                if decline and any(link.endswith("/abort") for link in page.links):
                    at, text = self._open(urllib.parse.urljoin(
                        at, next(link for link in page.links if link.endswith("/abort"))))
                    continue
                if not page.forms:
                    return text
                action, fields = page.forms[0]
                if "login" in fields:
                    fields.update(login=self.name, password="anything")
                last = decline and "abort" in page.buttons
                if last:
                    fields["abort"] = "yes"
                at, text = self._open(urllib.parse.urljoin(at, action), fields)
                if last:
                    return text
            raise AssertionError("no end of forms: " + text)
        except Arrived as arrived:
            return str(arrived)
