#!/usr/bin/env python3
"""The page of `run --http` in a real Chromium: each view, plots that go to zero with their producer, actions with a right and a wrong
confirmation, records that try to be HTML, a phone, the dark, and a server that goes away and comes back.

    page.py --millrace BINARY [--only CASE] [--screenshots FOLDER]
"""
import argparse
import base64
import json
import pathlib
import subprocess
import sys
import urllib.request

sys.dont_write_bytecode = True
from browser_under_test import CHROMIUM, Browser  # noqa: E402
from posted_under_test import Posted  # noqa: E402
from real_systems import PATIENCE, Run, case_names, check, free_port, main, run_cases, wait_until  # noqa: E402

EVIL = "<img src=x onerror=alert(1)>"


class Case(Posted):
    browser = None

    def is_there(self):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.http}/readyz", timeout=5).status == 200
        except OSError:
            return False

    def url(self, *view):
        return f"http://127.0.0.1:{self.http}/#/" + "/".join(view)

    def open(self, *view, **look):
        self.browser = self.browser or Browser(**look)
        self.browser.open(self.url(*view))

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


def every_view(c):
    """Overview, graph, streaming, stage, why silent, ledger: each shows what the API says, and is reached by its link"""
    c.start()
    c.post(*({"user": f"u{i}", "at": f"2026-11-01T12:0{i}:00Z"} for i in range(4)))
    c.open()
    b = c.browser
    b.wait_for(c.name)
    b.wait_for("coordinator")
    c.screenshot("overview")
    b.click("main a", c.name)
    b.wait_for("tumbling")
    check(b.run("document.querySelectorAll('.graph rect').length") == 4, "the graph has a box a stage")
    c.screenshot("graph")
    b.click("nav a", "Why silent?")
    b.wait_for("the window that ends at 2026-11-01T12:05:00Z fires")
    b.wait_for("(quiet_partition)")
    b.wait_for("a record at or after 2026-11-01T12:05:10Z")
    c.screenshot("why_silent")
    b.click("nav a", "Ledger")
    b.wait_for("holds for every stage")
    c.screenshot("ledger")
    b.click("nav a", "Graph")
    b.click(".graph a", "counts")
    b.wait_for("Next window ends")
    c.screenshot("stage")
    c.post({"user": "u", "at": "2026-11-01T12:05:10Z"})
    b.open(c.url("t", c.name, "stage", "rows"))
    b.wait_for("4 rows in")
    c.nothing_complained()
    c.run.stop()


def streaming(c):
    """Streaming Input Rate, Scheduling Delay, Processing Time, individual batches; the rate goes to zero once the producer stops"""
    stages = c.topology["stages"]
    # A second source keeps the run alive when the first has ended.
    stages["more"] = {"parser": "text", "from": "posted"}
    stages["kept"] = {"sink": "file", "from": "more", "path": str(c.folder / "others.jsonl")}
    stages["sales"] = {"source": "generator", "kind": "sales", "rate": "500/s", "count": 4000}
    stages["parsed"] = {"parser": "text", "from": "sales"}
    stages["rows"] = {"sink": "file", "from": "parsed", "path": str(c.folder / "rows.jsonl")}
    stages.pop("counts")
    c.start()
    c.open("t", c.name, "streaming")
    b = c.browser
    for words in ("Streaming Input Rate", "Scheduling Delay", "Processing Time", "Individual batches"):
        b.wait_for(words)
    rate = "parseFloat(document.querySelector('.figure .value').textContent.replace(',', ''))"
    wait_until("records come", lambda: (b.run(rate) or 0) > 300)
    wait_until("batches are shown", lambda: (b.run("document.querySelectorAll('tbody tr').length") or 0) > 3)
    c.screenshot("streaming")
    wait_until("the rate is zero", lambda: b.run(rate) == 0, 60)
    check(b.run("document.querySelector('.figure polyline').getAttribute('points').split(' ').length") > 5, "the plot has its looks")
    c.nothing_complained()
    c.run.stop()


def actions(c):
    """A wrong name, no token and a wrong token do nothing; the right ones stop the topology"""
    c.start()
    token = (c.state / "token").read_text().strip()
    check(f"/#token={token}" in c.run.errors(), "the first start prints the address with the token")
    c.open()
    b = c.browser

    def confirm(name, key):
        b.click("main button", "Stop")
        b.click("dialog input[name=confirm]")
        b.type(name)
        if key:
            b.click("dialog input[name=token]")
            b.type(key)
        b.click("dialog button", "Stop")
    confirm("another", None)
    b.wait_for("nothing was done")
    b.click("dialog button", "Cancel")
    confirm(c.name, None)
    b.wait_for("the token is missing")
    b.click("dialog button", "Cancel")
    confirm(c.name, "wrong")
    b.wait_for("is not this node's")
    check(c.run.alive(), "it runs on")
    b.open("about:blank")
    b.open(f"http://127.0.0.1:{c.http}/#token={token}")
    b.wait_for(c.name)
    check(token not in b.run("location.href"), "the token does not stay in the address")
    confirm(c.name, None)
    check(c.run.wait() == 0, "it has ended as by SIGTERM")
    b.wait_for("millrace does not answer; trying again")
    c.nothing_complained("status of 401", "ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET")
    c.start()
    b.wait_for("as of ")


def records_are_text(c):
    """Markup in keys, errors and records is shown, never carried out; records need the token"""
    c.start()
    c.post({"user": EVIL, "at": EVIL}, {"user": EVIL, "at": 1})
    c.open("t", c.name, "letters")
    b = c.browser
    b.wait_for("Records need the token")
    b.click("main input")
    b.type((c.state / "token").read_text().strip())
    b.click("main button", "Show")
    wait_until("both letters are shown", lambda: b.text().count("onerror=alert(1)") >= 2 or b.click("nav a", "Graph") or b.click("nav a", "Dead letters"))
    c.screenshot("dead_letters")
    check(b.run("document.querySelectorAll('main img').length") == 0, "an image was made of a record")
    c.nothing_complained("status of 401")
    check(b.run("document.querySelectorAll('script').length") == 1, "there is another script")
    c.run.stop()


def a_phone_in_the_dark(c):
    """At a phone's width nothing is wider than the screen; it is dark where that is wanted; by keyboard alone a view is reached"""
    c.start()
    c.open("t", c.name, width=360, height=700, dark=True)
    b = c.browser
    b.wait_for("tumbling")
    check(b.run("document.documentElement.scrollWidth") <= 360, "the page is wider than the screen")
    dark = b.run("getComputedStyle(document.body).backgroundColor")
    check(sum(map(int, dark[4:-1].split(","))) < 150, f"the page is {dark}")
    c.screenshot("phone")

    def press(key):
        for kind in ("keyDown", "keyUp"):
            b.tell("Input.dispatchKeyEvent", {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": 9 if key == "Tab" else 13,
                                              **({"text": "\r"} if key == "Enter" and kind == "keyDown" else {})})

    def focused():
        return b.run("document.activeElement.textContent")
    for _ in range(12):
        press("Tab")
        if focused() == "Ledger":
            break
    check(focused() == "Ledger", f"the link is not reached: {focused()}")
    press("Enter")
    b.wait_for("holds for every stage")
    c.nothing_complained()
    c.run.stop()


def what_is_served(c):
    """The page's files: compressed where that is taken, not sent again where they are known, with a policy that allows nothing else"""
    c.start()

    def head(path, *headers):
        done = subprocess.run(["curl", "-s", "-D", "-", "-o", "/dev/null", *(x for h in headers for x in ("-H", h)),
                               f"http://127.0.0.1:{c.http}{path}"], capture_output=True, text=True, timeout=60 * PATIENCE)
        return done.stdout
    for path in ("/", "/page.js", "/page.css", "/icon.svg"):
        plain = head(path)
        for words in ("200 OK", "default-src 'none'", "frame-ancestors 'none'", "nosniff", "no-referrer"):
            check(words in plain, f"{path}: no {words} in {plain}")
        check("Content-Encoding: gzip" in head(path, "Accept-Encoding: br, gzip"), f"{path} is not compressed")
        check("Content-Encoding" not in head(path, "Accept-Encoding: gzip;q=0"), f"{path} is compressed for who cannot read it")
        etag = next(line for line in plain.splitlines() if line.startswith("ETag")).split(": ")[1]
        check("304" in head(path, f"If-None-Match: {etag}"), f"{path} is sent again")
        check("421" in head(path, "Host: evil.example"), f"{path} is given to a foreign name")
    check("404" in head("/nothing.js") and "404" in head("/../etc/passwd", ), "files that are not there")
    c.run.stop()


CASES = (every_view, streaming, actions, records_are_text, a_phone_in_the_dark, what_is_served)


def test(options, folder):
    run_cases(CASES, Case, options, folder)


if __name__ == "__main__":
    if CHROMIUM is None:
        print("SKIPPED: the page, because there is no chromium; remedy: apt-get install chromium")
        sys.exit(77)
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--screenshots", help="a folder for pictures of each view")
    case_names(arguments, CASES)
    sys.exit(main(test, arguments))
