#!/usr/bin/env -S python3 -B
"""The page of `run --http` in a real Chromium: each view, plots that go to zero with their producer, actions with a right and a wrong
confirmation, records that try to be HTML, a phone, the dark, and a server that goes away and comes back.

    page.py --millrace BINARY [--only CASE] [--screenshots FOLDER]
"""
import json
import os
import pathlib
import re
import subprocess
import sys

import page_hostile
import page_live
from browser_under_test import CHROMIUM
from page_under_test import Case
from real_systems import PATIENCE, captured, check, main_of_cases, wait_until

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EVIL = "<img src=x onerror=alert(1)>"


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
    wait_until("the graph has a box a stage", lambda: b.run("document.querySelectorAll('.graph rect').length") == 4)
    c.screenshot("graph")
    b.click("nav a", "Why silent?")
    b.wait_for("the window that ends at 2026-11-01T12:05:00Z fires")
    b.wait_for("(quiet_partition)")
    b.wait_for("a record at or after 2026-11-01T12:05:10Z")
    wait_until("the cause is told once for all stages", lambda: b.run("document.body.innerText.split('(quiet_partition)').length") == 2)
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


def what_has_happened(c):
    """The overview has the title and the newest events, and running and completed topologies apart; a title that tries to be HTML is text in each view"""
    c.topology["title"] = EVIL
    c.start()
    c.post({"user": EVIL, "at": "2026-11-01T12:00:00Z"})
    c.open()
    b = c.browser
    b.wait_for("Running topologies")
    b.wait_for(EVIL)
    b.wait_for("Events are shown with the token")
    c.open_with_token()
    for view in ([], ["t", c.name], *(["t", c.name, v] for v in ("streaming", "silent", "ledger", "letters", "events", "record", "key", "tap")), ["t", c.name, "stage", "counts"]):
        b.open(c.url(*view))
        b.wait_for("as of")
        check(b.run("document.querySelectorAll('img, main script, main iframe').length") == 0, f"{view} makes elements of texts")
        if view[2:] == ["events"]:
            b.wait_for(f"topology {c.name} starts")
    b.open(c.url())
    b.wait_for(f"topology {c.name} starts")
    c.screenshot("events")
    c.nothing_complained()


def streaming(c):
    """Streaming Input Rate, Scheduling Delay, Processing Time, individual batches; the rate goes to zero once the producer stops"""
    stages = c.topology["stages"]
    # A second source keeps the run alive when the first has ended.
    stages["more"] = {"parser": "text", "from": "posted"}
    stages["kept"] = {"sink": "file", "from": "more", "path": str(c.folder / "others.jsonl")}
    stages["sales"] = {"source": "generator", "kind": "sales", "rate": "500/s", "count": int(1000 * PATIENCE)}
    stages["parsed"] = {"parser": "text", "from": "sales"}
    stages["rows"] = {"sink": "file", "from": "parsed", "path": str(c.folder / "rows.jsonl")}
    stages.pop("counts")
    c.open_empty()  # the browser is there when the records come
    c.start()
    c.open("t", c.name, "streaming")
    b = c.browser
    for words in ("Streaming Input Rate", "Scheduling Delay", "Processing Time", "Individual batches"):
        b.wait_for(words)
    rate = "parseFloat(document.querySelector('.figure .value').textContent.replace(',', ''))"
    wait_until("records come", lambda: (b.run(rate) or 0) > 300)
    wait_until("batches are shown", lambda: (b.run("document.querySelectorAll('tbody tr').length") or 0) > 3)
    waiting = "(f => f.querySelector('.value').textContent + (f.querySelector('polyline')?.getAttribute('points') ?? '').trim())(document.querySelectorAll('.figure')[1])"
    wait_until("what waits is not known, since posts are not counted, and is not drawn as 0", lambda: b.run(waiting) == "not known")
    c.screenshot("streaming")
    wait_until("the rate is zero", lambda: b.run(rate) == 0, 60)
    wait_until("there are four plots", lambda: b.run("document.querySelectorAll('.figure canvas, .figure polyline').length") == 4)
    c.nothing_complained()
    c.run.stop()


def a_sink_that_hangs(c):
    """A call to a target that takes too long is at the top of the batches, counts as a delay, and the graph names the sink"""
    reader = c.sleeping_reader()
    c.start()
    c.fill_screen()
    c.open("t", c.name, "streaming")
    b = c.browser
    first = "document.querySelector('tbody tr').innerText"
    wait_until("it is stalled", lambda: re.search(r"screen\s+stalled", b.run(first) or ""))
    delay = "[...document.querySelectorAll('.figure')].find(f => f.textContent.includes('Scheduling Delay')).querySelector('.value').textContent"
    check(re.fullmatch(r"[3-9]\d(\.\d+)? s|\d+ min.*", b.run(delay)), b.run(delay))
    c.screenshot("streaming_stalled")
    b.click("nav a", "Graph")
    b.wait_for("Held up by screen: the target of screen has not answered a call for")
    check("stalled" in b.run("[...document.querySelectorAll('.graph a')].find(a => a.textContent.includes('screen')).textContent"), "its box")
    b.open(c.url("t", c.name, "stage", "screen"))
    b.wait_for("(target_stalled)")
    b.wait_for("A call to the target has taken")
    c.nothing_complained()
    c.run.kill()
    os.close(reader)


def what_passes(c):
    """The graph says at each edge how many records pass a second, fewer downstream of a filter, and of parsers and sinks how busy they are"""
    stages = c.topology["stages"]
    stages.pop("counts")
    stages["sales"] = {"source": "generator", "kind": "sales", "rate": "500/s"}
    stages["read"] = {"parser": "json", "from": "sales", "schema": {"quantity": "bigint"}}
    stages["even"] = {"transform": "select", "from": "read", "where": "quantity % 2 = 0"}
    stages["rows"] = {"sink": "file", "from": "even", "path": str(c.folder / "rows.jsonl")}
    stages["kept"] = {"sink": "file", "from": "parsed", "path": str(c.folder / "others.jsonl")}
    c.start()
    c.open("t", c.name)
    b = c.browser
    labels = "[...document.querySelectorAll('.graph .edge')].map(e => e.textContent).filter(t => t.endsWith('/s')).map(t => parseFloat(t.replace(',', ''))).sort((x, y) => x - y)"
    last = []

    def is_so():
        last[:] = b.run(labels) or []
        return len(last) == 5 and last[:2] == [0, 0] and 150 < last[2] < 350 and all(350 < n < 650 for n in last[3:])
    try:
        wait_until("each edge has its rate", is_so, 60)
    except Exception as e:
        raise type(e)(f"{e}; the last are {last}") from None
    check(b.run("[...document.querySelectorAll('.graph a')].filter(a => /busy \\d+ %/.test(a.textContent)).length") >= 3, "parsers and sinks say how busy they are")
    c.screenshot("graph_with_rates")
    c.nothing_complained()
    c.run.stop()


def actions(c):
    """A wrong name, no token and a wrong token do nothing; the right ones stop the topology"""
    c.start()
    token = c.token()
    check(token not in c.run.errors(), "a log that is no terminal does not have the token")
    check(re.search(r"the page: http://\S+; its actions need the token in /\S*/token", c.run.errors()), "the first start says where the token is")
    c.open()
    b = c.browser
    c.confirm("Stop", "another")
    b.wait_for("nothing was done")
    b.click("dialog button", "Cancel")
    c.confirm("Stop", c.name)
    b.wait_for("the token is missing")
    b.click("dialog button", "Cancel")
    c.confirm("Stop", c.name, "wrong")
    b.wait_for("is not this node's")
    check(c.run.alive(), "it runs on")
    check(b.run("sessionStorage.getItem('token')") == "", "a wrong token is kept")
    b.click("dialog input[name=token]")
    b.type("another wrong one")
    b.click("dialog button", "Stop")
    wait_until("it is asked for once more", lambda: b.run("document.querySelector('dialog input[name=token]').value") == "")
    check(b.run("document.activeElement.name") == "token" and c.run.alive(), "the field of the token has no focus")
    b.open("about:blank")
    b.open(f"http://127.0.0.1:{c.http}/#token={token}")
    b.wait_for(c.name)
    check(token not in b.run("location.href"), "the token does not stay in the address")
    b.run(f"sessionStorage.clear(), location.hash = '#token={token}', location.hash = '#/t/{c.name}/ledger'")
    wait_until("the token is taken from an address that changes at once", lambda: b.run("sessionStorage.getItem('token')") == token)
    check(b.run("location.hash") == f"#/t/{c.name}/ledger", "the address that came then stays")
    c.open()
    c.confirm("Stop", c.name)
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
    b.fill("main input", "wrong")
    b.click("main button", "Show")
    b.wait_for("is not this node's")
    b.fill("main input", c.token())
    b.click("main button", "Show")
    wait_until("both letters are shown", lambda: b.text().count("onerror=alert(1)") >= 2 or b.click("nav a", "Graph") or b.click("nav a", "Dead letters"))
    c.screenshot("dead_letters")
    check(b.run("document.querySelectorAll('main img').length") == 0, "an image was made of a record")
    b.wait_for("By stage and error")
    b.click("main form button", "Replay")
    b.fill("dialog input[name=confirm]", c.name)
    b.click("dialog button", "Replay")
    b.wait_for("2 went in")  # and fail again
    b.click("dialog button", "Close")
    wait_until("they have failed again", lambda: b.text().count("onerror=alert(1)") >= 4 or b.click("nav a", "Graph") or b.click("nav a", "Dead letters"))
    c.nothing_complained("status of 401")
    check(b.run("document.querySelectorAll('script').length") == 1, "there is another script")
    c.run.stop()


def records_keys_and_taps(c):
    """The fate of a record, the state of a key, rows as they pass: each needs the token; markup in them stays text, and numbers have their digits"""
    c.topology["stages"]["parsed"]["schema"]["price"] = "numeric(30,2)"
    c.topology["stages"]["counts"]["aggregates"]["paid"] = "sum(price)"
    c.start()
    c.open("t", c.name, "record", "posted")
    b = c.browser
    record = json.dumps({"user": EVIL, "at": "2026-11-01T12:01:00Z", "price": 12345678901234567890.5}).replace("1.2345678901234567e+19", "12345678901234567890.5")
    b.fill("textarea", record)
    b.click("main button", "Ask")
    b.wait_for("Records need the token")
    b.fill("main input[type=password]", c.token())
    b.click("main button", "Show")
    b.wait_for("it counts in the window from 2026-11-01T12:00:00Z to 2026-11-01T12:05:00Z")
    b.wait_for('"price":12345678901234567890.50')
    c.screenshot("record")
    c.post(json.loads(record))
    def is_counted():
        b.open(c.url("t", c.name, "record"))
        b.open(c.url("t", c.name, "key", "counts"))
        return "1 open window has" in looked_up(b)
    wait_until("the record is counted", is_counted)
    check(EVIL in b.text(), "the key is shown as it is")
    check('"paid":12345678901234567000.00' in b.text(), "the sum has its digits")
    c.screenshot("key")
    b.open(c.url("t", c.name, "tap", "parsed->counts"))
    b.wait_for("rows have passed")

    def passes(words, number=""):
        c.post(json.loads(record))
        return words in b.text() and EVIL in b.text() and number in b.text()
    wait_until("a row that passes is shown", lambda: passes("Rows on parsed → counts", '"price":12345678901234567000.00'))
    c.screenshot("tap")
    check(b.run("document.querySelectorAll('main img').length") == 0, "an image was made of a row")
    b.click("main .row a", "posted")
    wait_until("so is one of the other edge", lambda: passes("Rows on posted → parsed"))
    c.nothing_complained("status of 401")
    c.run.stop()


def looked_up(b):
    wait_until("the form is there", lambda: b.run("document.querySelector('#field-key') !== null"))
    b.fill("#field-key", EVIL)
    b.click("main button", "Look up")
    wait_until("it is answered", lambda: "records of this key" in b.text() or "record of this key" in b.text())
    return b.text()


def paused_and_resumed(c):
    """Pause, resume and restart, each by its button and the name typed"""
    c.start()
    c.open_with_token()
    b = c.browser
    b.open(c.url())
    c.confirm("Pause", c.name)
    b.wait_for("Resume")
    wait_until("the overview says so", lambda: b.run("document.querySelectorAll('main .state.paused').length") == 1)
    b.open(c.url("t", c.name))
    wait_until("source and parser are drawn as paused", lambda: b.run("[...document.querySelectorAll('.graph a.paused')].map(e => e.textContent.includes('paused'))")
               == [True, True])
    check(b.run("document.querySelectorAll('.graph a.waits').length") == 0, "a paused stage is drawn as one that waits")
    check(b.run("[...document.querySelectorAll('main td .state.paused')].map(e => e.textContent)") == ["paused", "paused"], "the list of stages says so")
    c.screenshot("graph_paused")
    b.open(c.url("t", c.name, "stage", "parsed"))
    b.wait_for("paused")
    check("caught up" not in b.text(), "a paused partition is told as caught up")
    c.screenshot("paused")
    c.confirm("Restart", "parsed")
    wait_until("it has restarted", lambda: "parsed/lane0" in c.run.errors())
    b.open(c.url())
    c.confirm("Resume", c.name)
    b.wait_for("Pause")
    c.post({"user": "u", "at": "2026-11-01T12:01:00Z"}, {"user": "u", "at": "2026-11-01T12:05:10Z"})
    wait_until("its window has fired", c.rows_file.exists)
    c.nothing_complained()
    c.run.stop()


def everybody_can_use_it(c):
    """axe finds nothing serious on any view, light and dark"""
    found = subprocess.run([ROOT / "tools/page_libraries", "--test"], capture_output=True, text=True)
    if found.returncode == 3:
        print(found.stderr.strip())
        return
    check(found.returncode == 0, found.stderr)
    axe = (pathlib.Path(found.stdout.strip()) / "axe.js").read_text()
    c.start()
    c.post({"user": "u", "at": "2026-11-01T12:01:00Z"}, {"user": EVIL, "at": 1})
    c.open_with_token()
    b = c.browser
    for dark in (False, True):
        b.tell("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
        for view in ([], ["t", c.name], *(["t", c.name, v] for v in ("streaming", "silent", "ledger", "letters", "record", "key", "tap")),
                     *(["t", c.name, "stage", s] for s in ("posted", "parsed", "counts", "rows"))):
            b.open("about:blank")
            b.open(c.url(*view))
            b.wait_for("as of ")
            b.run(axe)
            wrong = b.run("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.filter(v => ['serious', 'critical'].includes(v.impact))"
                          ".map(v => v.id + ': ' + v.nodes[0].html + ' ' + v.nodes[0].failureSummary))")
            check(wrong == [], f"{'/'.join(view) or 'overview'}, {'dark' if dark else 'light'}: {wrong}")
    c.nothing_complained()
    c.run.stop()


def left_open(c):
    """A page that looks hundreds of times holds no more elements and no more memory than before"""
    c.start()
    c.post(*({"user": f"u{i}", "at": f"2026-11-01T12:0{i}:00Z"} for i in range(4)))
    c.open("t", c.name, "streaming")
    b = c.browser
    b.wait_for("as of ")

    def held(looks):
        b.run(f"(async () => {{ for (let i = 0; i < {looks}; i++) await new Promise(r => {{ addEventListener('shown', r, {{ once: true }});"
              " dispatchEvent(new Event('acted')); }); })()")
        b.tell("HeapProfiler.collectGarbage")
        return b.tell("Memory.getDOMCounters")["nodes"], b.run("performance.memory.usedJSHeapSize")
    held(320)  # the plots have all that they keep
    before = held(50)
    after = held(400)
    check(after[0] < before[0] * 1.2 + 200, f"elements: {before[0]}, then {after[0]}")
    check(after[1] < before[1] * 1.3 + 2_000_000, f"bytes: {before[1]}, then {after[1]}")
    c.nothing_complained()
    c.run.stop()


def a_phone_in_the_dark(c):
    """The page is not wider than the screen at a phone's width; it is dark where that is wanted; by keyboard alone a view is reached"""
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
    for _ in range(16):
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
        done = captured("curl", "-s", "-D", "-", "-o", "/dev/null", *(x for h in headers for x in ("-H", h)), f"http://127.0.0.1:{c.http}{path}")
        return done.stdout
    for path in ("/", "/page.js", "/views.js", "/libraries.js", "/page.css", "/icon.svg"):
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


CASES = (every_view, what_has_happened, streaming, a_sink_that_hangs, what_passes, actions, records_are_text, records_keys_and_taps, paused_and_resumed,
         everybody_can_use_it, left_open, a_phone_in_the_dark, what_is_served, *page_live.CASES, *page_hostile.CASES)


if __name__ == "__main__":
    if CHROMIUM is None:
        print("SKIPPED: the page, because there is no chromium; remedy: apt-get install chromium")
        sys.exit(77)
    main_of_cases(CASES, Case, __doc__, screenshots=dict(help="a folder for pictures of each view"))
