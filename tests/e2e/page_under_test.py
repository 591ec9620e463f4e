"""A job of posted events whose page is looked at in a real Chromium."""
import base64
import pathlib
import urllib.request

from browser_under_test import Browser
from posted_under_test import Posted
from real_systems import PATIENCE, check, wait_until


class Case(Posted):
    browser = None

    def is_there(self):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.http}/readyz", timeout=5 * PATIENCE).status == 200
        except OSError:
            return False

    def url(self, *view):
        return f"http://127.0.0.1:{self.http}/#/" + "/".join(view)

    def token(self):
        return (self.state / "token").read_text().strip()

    def open_empty(self, **look):
        self.browser = self.browser or Browser(**look)

    def open(self, *view, **look):
        self.open_empty(**look)
        self.browser.open(self.url(*view))

    def open_with_token(self, *view):
        self.open()
        self.browser.open(f"http://127.0.0.1:{self.http}/#token={self.token()}")
        wait_until("the page has the token", lambda: self.browser.run("sessionStorage.getItem('token')") == self.token())
        self.browser.open(self.url("t", self.name, *view))

    def confirm(self, what, name, key=None):
        """The button, the name typed, the button of the dialog."""
        b = self.browser
        b.click("main button", what)
        b.click("dialog input[name=confirm]")
        b.type(name)
        if key:
            b.click("dialog input[name=token]")
            b.type(key)
        b.click("dialog button", what)

    def screenshot(self, name):
        if self.options.screenshots:
            png = base64.b64decode(self.browser.tell("Page.captureScreenshot", {"captureBeyondViewport": True})["data"])
            (pathlib.Path(self.options.screenshots) / f"{name}.png").write_bytes(png)

    def nothing_complained(self, *expected):
        wrong = [c for c in self.browser.complaints if not any(e in c for e in expected)]
        check(not wrong, f"the browser complains: {wrong[:3]}")

    def close(self):
        if self.browser:
            self.browser.close()
        super().close()
