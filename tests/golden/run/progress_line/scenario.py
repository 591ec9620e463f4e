"""The progress line is one line on a terminal, cut to its width, and neither rows nor log lines run into it; JSON logs have it as numbers"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from golden.millrace import Wrong, same

COLUMNS = 60
PROGRESS = re.compile("Größere Zahlen: [0-9.]+ records/s, ")


class Screen:
    """Returns what a terminal of COLUMNS columns shows of these bytes: finished lines, the present one, and each state of it that was erased."""

    def __init__(self):
        self.lines, self.now, self.at, self.erased = [], [], 0, []

    def feed(self, text):
        for sequence, letter in re.findall(r"(\x1b\[[0-9;]*[A-Za-z])|([\s\S])", text):
            if sequence == "\x1b[K":
                if self.now:
                    self.erased.append("".join(self.now))
                del self.now[self.at:]
            elif letter == "\r":
                self.at = 0
            elif letter == "\n":
                self.lines.append("".join(self.now))
                self.now, self.at = [], 0
            elif letter:
                self.now[self.at:self.at + 1] = [letter]
                self.at += 1


def on_a_terminal(place):
    a = place.attempt("terminal")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    process = subprocess.Popen(a.command(), stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=a.environment())
    os.close(theirs)
    screen, raw, asked = Screen(), b"", False
    deadline = time.monotonic() + 60
    try:
        while True:
            if not asked and len(screen.erased) >= 4 and len(screen.lines) >= 10:
                process.send_signal(signal.SIGTERM)
                asked = True
            if time.monotonic() > deadline:
                raise Wrong(f"no progress line within a minute: {screen.lines} {screen.erased}")
            if not select.select([ours], [], [], 0.1)[0]:
                continue
            try:
                got = os.read(ours, 65536)
            except OSError:  # nobody has the other side open any more
                break
            if not got:
                break
            raw += got
            screen = Screen()
            screen.feed(raw.decode("utf-8", "ignore"))
    finally:
        process.kill() if process.poll() is None and not asked else None
        process.wait(30)
        os.close(ours)
    same((process.returncode, "".join(screen.now)), (0, ""))
    for line in screen.lines:
        row = line.startswith("{") and json.loads(line)
        if not row and not re.match(r"\d{4}-\d\d-\d\dT\S+Z (info|warning) ", line):
            raise Wrong(f"neither a row nor a log line: {line!r}")
    for shown in screen.erased:
        if not PROGRESS.match(shown) or len(shown) >= COLUMNS:
            raise Wrong(f"no progress line of {COLUMNS} columns: {shown!r}")


def as_fields(place):
    a = place.attempt("json")
    process = a.start(["--log-format", "json"])

    def progress():
        lines = (a.root / f"stderr.{process.life}").read_text().splitlines()
        return [o for o in map(json.loads, lines) if "records_per_second" in o]

    a.wait(lambda: progress() or not process.poll() is None, process, timeout=60)
    found = progress()[0]
    a.stop(process)
    same((found["topology"], found["stage"], found["late"], found["dead_letters"], found["away"]), ("progress_line", None, 0, 0, False))
    if not 2 <= found["records_per_second"] <= 10 or found["records"] < 10 or found["rows_out"] < 1:
        raise Wrong(f"no figures of five records a second: {found}")


def only_where_asked_for(place):
    a = place.attempt("line")
    process = a.start(["--progress", "line"])  # standard error is a file
    a.wait(lambda: "\x1b[K" in (a.root / f"stderr.{process.life}").read_text(), process, timeout=60)
    a.stop(process)
    b = place.attempt("none")
    process = b.start(["--progress", "none"])
    b.wait(lambda: len((b.root / f"stdout.{process.life}").read_text().splitlines()) > 20, process, timeout=60)
    b.stop(process)
    if "\x1b[K" in b.ended(process).stderr or "records/s" in b.ended(process).stderr:
        raise Wrong(f"progress that nobody asked for:\n{b.ended(process).stderr}")


def run(place):
    on_a_terminal(place)
    as_fields(place)
    only_where_asked_for(place)
