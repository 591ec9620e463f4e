#!/usr/bin/env -S python3 -B
"""http_stream against real servers: millrace load's, and one that does everything a server should not. All that was received is in the sink once:
over broken connections, pages instead of streams, silence, a full spool, and kill -9.
"""
import collections
import gzip
import json
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import time

from hostile_servers import Listener
from patience import LEAST
from real_systems import PATIENCE, Run, Wrong, check, dead_letters, free_port, main_of_parts, metric, topology_file, wait_until, whole_rows
from relay import certificate

STAYS = 3600  # seconds: a connection stays open while the test lasts
SHORT = f"{PATIENCE / LEAST:.0f} s"  # a second on a quiet machine


def head(status="200 OK", **more):
    lines = [f"HTTP/1.1 {status}"] + [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


STREAM = head(Content_Type="application/json", Transfer_Encoding="chunked")


class OddServer(Listener):
    """Each connection gets the next of `acts`, the last one over and over. An act is a list of bytes, and of seconds to wait."""

    def __init__(self, acts, tls=None, port=0):
        self.acts = acts
        super().__init__(OddServer.act, tls, port)

    def act(self, connection):
        request = b""
        while b"\r\n\r\n" not in request:
            more = connection.recv(65536)
            if not more:
                return
            request += more
        act = self.acts[min(len(self.seen), len(self.acts) - 1)]
        self.seen.append(request.decode())
        for part in act:
            if isinstance(part, bytes):
                connection.sendall(part)
            else:
                self.stopped.wait(part)
        connection.shutdown(socket.SHUT_RDWR)


def record(n):
    return json.dumps({"rsvp_id": n, "mtime": 1000 + n, "name": "Jörg \U0001f389"}, ensure_ascii=False).encode()


def lines(numbers):
    return b"".join(record(n) + b"\n" for n in numbers)


class Job:
    def __init__(self, options, folder, name, url, **source):
        self.binary, self.folder, self.name = options.millrace, folder, name
        self.rows_file, self.state = folder / f"{name}.jsonl", folder / f"{name}.state"
        self.topology = topology_file(folder / f"{name}.json", name, {
            "rsvps": {"source": "http_stream", "url": url, "reconnect": {"min": "100 ms", "max": "400 ms"}, **source},
            "parsed": {"parser": "json", "from": "rsvps", "schema": {"rsvp_id": "bigint"}},
            "rows": {"sink": "file", "from": "parsed", "path": str(self.rows_file),
                     "columns": {"raw": "_raw", "at": "_timestamp"}}})

    def start(self, *options, env=None):
        return Run(self.binary, self.topology, self.state, *options, env=env)

    def rows(self):
        """Whole lines only: the last one may be under way."""
        return [row["raw"] for row in whole_rows(self.rows_file)]

    def wait_for(self, count, seconds=60):
        wait_until(f"{self.name}: {count} rows", lambda: len(self.rows()) >= count, seconds)

    def expect(self, records):
        found, wanted = collections.Counter(self.rows()), collections.Counter(r.decode() for r in records)
        lost, more = wanted - found, found - wanted
        check(not lost and not more, f"{self.name}: {sum(lost.values())} of {len(records)} records missing, such as "
                                     f"{list(lost)[:2]}; {sum(more.values())} too many, such as {list(more)[:2]}")


def oddities(options, folder):
    page = b"<html>please log in</html>"
    server = OddServer([
        [head("302 Found", Location="/there", Content_Length=0)],
        [STREAM, chunk(lines(range(50))), chunk(record(1000)[:20])],  # ends within an object, without the last chunk
        [head(Content_Type="text/html", Content_Length=len(page)) + page],
        [head("503 Service Unavailable", Content_Type="text/plain", Content_Length=6) + b"later\n"],
        [head(Content_Type="application/json", Transfer_Encoding="chunked", Content_Encoding="gzip"),
         chunk(gzip.compress(lines(range(50, 99)) + record(99))), b"0\r\n\r\n"],  # a good end, without a last line feed
        [STREAM, chunk(lines([100])), STAYS],  # and not a byte more
        [STREAM, chunk(b"\r\n\n" + lines(range(101, 120)).replace(b"\n", b"\r\n")), 0.1,
         chunk(b'{"long":"' + b"x" * 200_000 + b'"}\n' + record(120)[:10]), 0.1, chunk(record(120)[10:] + b"\n"), STAYS]])
    job = Job(options, folder, "odd", f"http://127.0.0.1:{server.port}/2/rsvps", silence=SHORT, max_record="100 kB",
              headers={"X-Token": "hush-hush-hush"})
    http = f"127.0.0.1:{free_port()}"
    running = job.start("--http", http)
    job.wait_for(121)
    wait_until("both dead letters", lambda: len(dead_letters(job.state)) == 2)
    wait_until("connections are counted", lambda: metric(http, "millrace_source_connections_total") >= 6)
    wait_until("cut records are counted", lambda: metric(http, "millrace_source_cut_records_total") == 2)
    running.stop()
    job.expect([record(n) for n in range(121)])
    said = running.errors()
    for text in ("answered with status 200, text/html", "status 503", f"no bytes for {SHORT}"):
        check(text in said, f"expected {text!r} in what it says: {said[-2000:]}")
    check("hush-hush-hush" not in said and "log in" not in said, "a secret or a page shows in the log")
    letters = [letter.get("record", "") for letter in dead_letters(job.state)]
    check(letters[0] == record(1000)[:20].decode() and letters[1].startswith('{"long"') and len(letters[1]) == 64 << 10,
          f"dead letters: {[letter[:40] for letter in letters]}")
    check(all("x-token: hush-hush-hush" in r.lower() for r in server.seen), "the header was not sent")
    check("gzip" in server.seen[0].lower(), "compression was not offered")
    server.close()
    print("oddities: 121 records once, 2 dead letters, over", len(server.seen), "connections")


def sent_on(options, folder):
    """Headers of the topology stop at their origin, and nothing goes from https to http."""
    other = OddServer([[STREAM, chunk(lines(range(10))), STAYS]])
    own = OddServer([[head("302 Found", Location="/here", Content_Length=0)],
                     [head("307 Temporary Redirect", Location=f"http://127.0.0.1:{other.port}/there", Content_Length=0)]])
    job = Job(options, folder, "sent_on", f"http://127.0.0.1:{own.port}/", headers={"X-Api-Key": "hush-hush-hush"})
    running = job.start()
    job.wait_for(10)
    running.stop()
    check(len(own.seen) == 2 and all("hush-hush-hush" in r for r in own.seen), f"within the origin the header is missing: {own.seen}")
    check(not any("hush-hush-hush" in r for r in other.seen), f"the header went along to another origin: {other.seen}")
    authority, *certified = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certified)
    secure = OddServer([[head("302 Found", Location=f"http://127.0.0.1:{other.port}/there", Content_Length=0)]], tls=context)
    seen = len(other.seen)
    Job(options, folder, "sent_down", f"https://localhost:{secure.port}/", ca_file=str(authority)).start().expect(
        1, "others could read")
    check(len(other.seen) == seen, "from https to http something went along")
    for server in (own, other, secure):
        server.close()
    print("redirects: headers stay at their origin, nothing goes from https to http")


def beginnings(options, folder):
    missing = OddServer([[head("404 Not Found", Content_Length=0)]])
    Job(options, folder, "missing", f"http://127.0.0.1:{missing.port}/x").start().expect(1, "status 404", "check `url`")
    missing.close()
    html = OddServer([[head(Content_Type="text/html", Content_Length=2) + b"hi"]])
    Job(options, folder, "html", f"http://127.0.0.1:{html.port}/x").start("--start-timeout", SHORT).expect(1, "text/html", "log-in page")
    html.close()
    around = OddServer([[head("302 Found", Location="/again", Content_Length=0)]])
    Job(options, folder, "around", f"http://127.0.0.1:{around.port}/x").start().expect(1, "redirects")
    around.close()
    port = free_port()
    away = Job(options, folder, "away", f"http://127.0.0.1:{port}/x")
    away.start("--start-timeout", SHORT).expect(1, f"127.0.0.1:{port}")
    running = away.start("--start-timeout", f"{60 * PATIENCE:.0f} s")
    wait_until("it says that it waits", lambda: f"127.0.0.1:{port}" in running.errors())
    late = OddServer([[STREAM, chunk(lines(range(5))), STAYS]], port=port)
    away.wait_for(5)
    running.stop()
    late.close()
    print("at the start: 404, a page and endless redirects end it; a server that comes late is waited for")


def encrypted(options, folder):
    authority, *own = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*own)
    server = OddServer([[STREAM, chunk(lines(range(10))), STAYS]], tls=context)
    url = f"https://localhost:{server.port}/"
    Job(options, folder, "distrusted", url).start().expect(1, "ca_file")
    trusted = Job(options, folder, "trusted", url, ca_file=str(authority))
    running = trusted.start()
    trusted.wait_for(10)
    running.stop()
    server.close()
    print("TLS: an unknown authority is refused, one that is named is trusted")


def proxied(options, folder):
    """A proxy gets the whole address to ask for: of a host that only it could find."""
    url = "http://stream.invalid/2/rsvps"
    for name, how in (("named", "option"), ("environment", "variable")):
        proxy = OddServer([[STREAM, chunk(lines(range(10))), STAYS]])
        address = f"http://127.0.0.1:{proxy.port}"
        job = Job(options, folder, name, url, **({"proxy": address} if how == "option" else {}))
        running = job.start(env=None if how == "option" else {"http_proxy": address, "no_proxy": ""})
        job.wait_for(10)
        running.stop()
        check(proxy.seen[0].startswith(f"GET {url} "), f"the proxy was asked for {proxy.seen[0].splitlines()[0]}")
        proxy.close()
    print("proxies: as an option and from the environment")


class Load:
    def __init__(self, options, folder, *arguments):
        self.port = free_port()
        self.out = folder / f"load{self.port}.out"
        self.command = [options.millrace, "load", "--kind", "rsvp", "--http-serve", f"127.0.0.1:{self.port}",
                        "--since", "since_mtime=mtime", *arguments]
        self.url = f"http://127.0.0.1:{self.port}/2/rsvps"

    def start(self):
        with open(self.out, "ab") as out:
            self.process = subprocess.Popen(self.command, stdout=out, stderr=out)
        Run.started.append(self.process)
        return self

    def delivered(self):
        """Counts for each second, as it says."""
        return [int(n) for n in re.findall(r"^ *\d+ s  sent .* delivered +(\d+)/s", self.out.read_text(), re.M)]

    def has_delivered(self, count):
        """All of these and their duplicates: nothing more has come for two seconds."""
        check(self.process.poll() is None, lambda: f"millrace load has ended: {self.out.read_text()[-500:]}")
        by_second = self.delivered()
        return sum(by_second) >= count and by_second[-2:] == [0, 0]

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(30 * PATIENCE)
        except subprocess.TimeoutExpired:
            raise Wrong(f"SIGTERM does not end millrace load: {self.out.read_text()[-500:]}") from None
        check(status == 0, lambda: f"millrace load ended with {status}: {self.out.read_text()[-500:]}")
        return int(self.out.read_text().rsplit("delivered ", 1)[1].split()[0])


def kills(options, folder):
    """Killed without notice, it goes on by `since`: nothing of the whole stream is lost or doubled."""
    count = options.records
    load = Load(options, folder, "--rate", "400/s", "--count", str(count), "--stay", "--duplicates", "2%").start()
    job = Job(options, folder, "killed", load.url, since="since_mtime=mtime")
    lives = 0
    while len(job.rows()) < count * 0.9:
        running = job.start()
        seen = len(job.rows())
        wait_until("some rows more", lambda: len(job.rows()) > seen)
        running.kill()
        lives += 1
    running = job.start()
    wait_until("the load has delivered all", lambda: load.has_delivered(count))
    wait_until("every record", lambda: len(job.rows()) >= sum(load.delivered()))
    time.sleep(2)  # time for records that come too often, and should not
    running.stop()
    delivered = load.end()
    check(len(job.rows()) == delivered, f"{len(job.rows())} rows of {delivered} records")
    check(not dead_letters(job.state), "there are dead letters")
    print(f"killed {lives} times: {delivered} records once")


def spool_size(state):
    """An OSError where a file has just gone."""
    return sum(file.stat().st_size for file in pathlib.Path(state).rglob("log-*"))


def full_spool(options, folder):
    count = options.records * 5
    load = Load(options, folder, "--count", str(count), "--stay").start()
    job = Job(options, folder, "full", load.url, since="since_mtime=mtime", spool="1 MB")
    http = f"127.0.0.1:{free_port()}"
    running = job.start("--http", http, "--set", "stages.rsvps.rate=200/s")
    wait_until("the spool is full", lambda: metric(http, "millrace_spool_full") == 1)
    used = metric(http, "millrace_spool_bytes")
    check(used < 1.5e6, f"the spool has {used} bytes, and may have 1 MB and three eighths of that")
    wait_until("a full spool is said", lambda: "option `spool`" in running.errors())
    running.stop()
    running = job.start()
    job.wait_for(count, 120)
    wait_until("what is processed goes from the spool", lambda: spool_size(job.state) < 1e6)
    running.stop()
    check(len(job.rows()) == count, f"{len(job.rows())} rows of {count} records")
    load.end()
    print(f"a full spool holds the server back: {count} records once")


PARTS = (oddities, sent_on, beginnings, encrypted, proxied, kills, full_spool)


if __name__ == "__main__":
    main_of_parts(PARTS, __doc__, records=3000)
