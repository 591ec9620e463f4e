"""A real Chromium without a window, driven over its debugging pipe. A page is looked at as a user sees it: its text, its links, its dialogs."""
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import threading

from real_systems import PATIENCE, Run, Wrong, check, wait_until

CHROMIUM = shutil.which("chromium")


class Browser:
    """One tab, or several of which one is looked at. Complaints of the console and the content policy are kept in `complaints`."""

    def __init__(self, width=1200, height=800, dark=False):
        self.profile = tempfile.mkdtemp(prefix="millrace-chromium-")
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()

        # The browser reads its commands from 3 and answers at 4, which this process may open and close meanwhile.
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "chromium", CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", f"--user-data-dir={self.profile}",
             # The browser reaches this machine only.
             "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--no-first-run", "about:blank"],
            pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        Run.started.append(self.process)
        os.close(to_read)
        os.close(to_write)
        self.number, self.answers, self.complaints = 0, {}, []
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()
        self.open_tab()
        self.tell("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        if dark:
            self.tell("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})

    session = None

    def open_tab(self, is_apart=False):
        """One more tab, which is looked at from now on; its session, so that an earlier one can be looked at again. `is_apart`: as in a
        browser of somebody else."""
        self.session = None
        context = {"browserContextId": self.tell("Target.createBrowserContext")["browserContextId"]} if is_apart else {}
        target = self.tell("Target.createTarget", {"url": "about:blank", **context})["targetId"]
        self.session = self.tell("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.tell(f"{domain}.enable")
        return self.session

    def _read(self):
        rest = b""
        with contextlib.suppress(OSError):
            while data := os.read(self._from, 1 << 16):
                *whole, rest = (rest + data).split(b"\0")
                for message in map(json.loads, whole):
                    self._take(message)

    def _take(self, message):
        method, p = message.get("method"), message.get("params", {})
        if method == "Log.entryAdded" and p["entry"]["level"] in ("error", "warning"):
            self.complaints.append(p["entry"]["text"] + " " + p["entry"].get("url", ""))
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(p["exceptionDetails"].get("exception", {}).get("description", p["exceptionDetails"]["text"]))
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(f"a dialog: {p['message']}")
        if "id" in message:
            with self.changed:
                self.answers[message["id"]] = message
                self.changed.notify_all()

    def tell(self, method, params=None):
        with self.changed:
            self.number += 1
            number = self.number
        message = {"id": number, "method": method, "params": params or {}, **({"sessionId": self.session} if self.session else {})}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        with self.changed:
            check(self.changed.wait_for(lambda: number in self.answers, 60 * PATIENCE), f"the browser does not answer {method}")
            answer = self.answers.pop(number)
        if "error" in answer:
            raise Wrong(f"the browser refuses {method}: {answer['error']}")
        return answer["result"]

    def run(self, script):
        """The value of an expression in the page."""
        result = self.tell("Runtime.evaluate", {"expression": script, "returnByValue": True, "awaitPromise": True})
        if "exceptionDetails" in result:
            raise Wrong(f"{script}: {result['exceptionDetails']['exception'].get('description')}")
        return result["result"].get("value")

    def open(self, url):
        self.tell("Page.navigate", {"url": url})

    def text(self):
        return self.run("document.body.innerText") or ""

    def wait_for(self, what, seconds=30):
        try:
            wait_until(f"the page shows {what!r}", lambda: what in self.text(), seconds)
        except Wrong as e:
            raise Wrong(f"{e}; it shows {self.text()!r}") from None

    def click(self, selector, containing=""):
        """Returns a thing that a user could click at: it is visible, and no other lies over it. A user clicks again where the page has moved it away
        meanwhile."""
        script = (f"(() => {{ const e = [...document.querySelectorAll({json.dumps(selector)})]"
                  f".find(e => e.textContent.includes({json.dumps(containing)})); if (!e) return null;"
                  "e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;"
                  "if (!e.contains(document.elementFromPoint(x, y))) return null;"
                  "window.clicked = null; addEventListener('click', c => { window.clicked = e.contains(c.target); }, { capture: true, once: true });"
                  "return [x, y]; })()")

        def is_clicked():
            at = self.run(script)
            if not at:
                return False
            for kind in ("mousePressed", "mouseReleased"):
                self.tell("Input.dispatchMouseEvent", {"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1})
            return self.run("window.clicked !== false && window.clicked !== null")  # undefined: it has led to another page
        wait_until(f"{selector} {containing!r} is clicked", is_clicked)

    def type(self, text):
        self.tell("Input.insertText", {"text": text})

    def fill(self, selector, text):
        """Types it into a field, again where the page has put another field in its place meanwhile."""
        field = f"document.querySelector({json.dumps(selector)})"

        def typed():
            self.click(selector)
            if not self.run(f"document.activeElement === {field}"):
                return False
            self.run(f"{field}.value = ''")
            self.type(text)
            return self.run(f"{field}.value") == text
        wait_until(f"{text!r} stands in {selector}", typed)

    def close(self):
        self.process.kill()
        self.process.wait()
        for fd in (self._to, self._from):
            with contextlib.suppress(OSError):
                os.close(fd)
        shutil.rmtree(self.profile, ignore_errors=True)
