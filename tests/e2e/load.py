#!/usr/bin/env -S python3 -B
"""millrace load: into a real Kafka, into HTTP, into a file, as a served stream; its numbers against what is really there."""
import collections
import contextlib
import http.server
import json
import os
import signal
import socket
import subprocess
import threading
import time

from real_systems import PATIENCE, Kafka, Run, Wrong, check, free_port, main_of_parts, needed, topology_file, unique, wait_until
from servers_away import own_servers


class Load:
    def __init__(self, options, folder, *arguments):
        self.report_file = folder / f"{unique('report')}.json"
        command = [options.millrace, "load", *map(str, arguments), "--report", str(self.report_file)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        Run.started.append(self.process)

    def end(self, status=0, says="", seconds=120):
        try:
            self.out, self.err = self.process.communicate(timeout=seconds * PATIENCE)
        except subprocess.TimeoutExpired as e:
            raise Wrong(f"millrace load does not end; it said: {(e.stderr or b'').decode(errors='replace')[-1500:]}") from None
        check(self.process.returncode == status, f"exit status {self.process.returncode}, expected {status}: {self.err[-800:]}")
        check(says in self.out + self.err, f"expected {says!r} in: {self.out[-500:]} {self.err[-800:]}")
        return json.loads(self.report_file.read_text()) if self.report_file.exists() else None


def whole(lines):
    out = []
    for line in lines:
        with contextlib.suppress(json.JSONDecodeError, UnicodeDecodeError):
            out.append(json.loads(line))
    return out


def into_file(options, folder):
    out = folder / "clicks.jsonl"
    disorder = ["--late", "2%", "--duplicates", "3%", "--malformed", "1%", "--out-of-order", "10s", "--skew", "1.2", "--keys", "500"]
    r = Load(options, folder, "--kind", "clicks", "--count", 20000, "--start-time", "2021-04-24", "--rate", "40000/s", "--out", out,
             *disorder).end()
    lines = out.read_bytes().splitlines()
    check(r["delivered"] == len(lines) == r["sent"] and r["failed"] == r["unsent"] == 0, f"{len(lines)} lines, reported: {r}")
    check(r["bytes"] == sum(map(len, lines)), "bytes are not those of the records")
    check(20300 < len(lines) < 20900, f"{len(lines) - 20000} of 20000 twice, asked for 3 %")
    clicks = whole(lines)
    check(100 < len(lines) - len(clicks) < 350, f"{len(lines) - len(clicks)} malformed of 20000, asked for 1 %")
    late = sum(c["timestamp"] < "2021-04-23 23:30" for c in clicks)
    check(200 < late < 650, f"{late} late of 20000, asked for 2 %")
    users = collections.Counter(c["userid"] for c in clicks if c["userid"])
    check(users.most_common(1)[0][0] == "u00000" and len(users) <= 500, f"keys: {users.most_common(3)}")
    again = folder / "again.jsonl"
    Load(options, folder, "--kind", "clicks", "--count", 20000, "--start-time", "2021-04-24", "--rate", "40000/s", "--out", again,
         *disorder).end()
    check(again.read_bytes() == out.read_bytes(), "the same seed and start gave other records")
    Load(options, folder, "--kind", "clicks", "--out", out).end(2, "there already")
    copy = folder / "copy.jsonl"
    subprocess.run(["gzip", "-k", str(out)], check=True)
    Load(options, folder, "--file", f"{out}.gz", "--out", copy).end()
    check(copy.read_bytes() == out.read_bytes(), "a file's records are not unchanged")
    print(f"file: {len(lines)} records as asked for, the same again, and unchanged from gzip")


def into_kafka(options, folder):
    kafka, topic, rows = Kafka(*needed("KAFKA_BROKERS")), unique("load"), unique("rows")
    kafka.create(rows, 2)
    job = topology_file(folder / "pass.json", unique("passed"), {
        "in": {"source": "kafka", "brokers": kafka.brokers, "topic": topic},
        "parsed": {"parser": "json", "from": "in", "schema": {"userid": "text", "scheduled_us": "bigint"}},
        "out": {"sink": "kafka", "from": "parsed", "brokers": kafka.brokers, "topic": rows}}, commit_every="10 ms")
    kafka.create(topic, 3)
    running = Run(options.millrace, job, folder / "pass.state")
    running.wait_for_its_beginning()
    r = Load(options, folder, "--kind", "clicks", "--rate", "2000/s", "--count", 8000, "--kafka", kafka.brokers, "--topic", topic,
             "--create", "3", "--key", "userid", "--measure", f"kafka:{rows}", "--measure-idle", f"{1.5 * PATIENCE:.0f}s").end()
    running.stop()
    messages = kafka.read(topic)
    check(len(messages) == r["delivered"] == r["sent"] == 8000, f"{len(messages)} records in the topic, reported: {r}")
    check(len({m.partition for m in messages}) == 3, "not all partitions have records")
    for m in messages:
        check((m.key or b"").decode() == json.loads(m.value)["userid"], f"key {m.key} of {m.value}")
    where = collections.defaultdict(set)
    for m in messages:
        where[m.key].add(m.partition)
    check(all(len(p) == 1 for p in where.values()), "a key is in several partitions")
    m = r["measured"]
    check(m["rows"] == 8000 and m["without"] == 0, f"measured: {m}")
    check(0 < m["us"]["p50"] <= m["us"]["p99"] <= m["us"]["max"], f"measured: {m}")
    check(r["delivery_us"]["count"] == 8000, f"deliveries: {r['delivery_us']}")
    r = Load(options, folder, "--kind", "clicks", "--count", 200000, "--kafka", kafka.brokers, "--topic", unique("flat"), "--create",
             "3").end()
    print(f"Kafka: rows {m['us']['p50'] / 1e3:.1f} ms (p50), {m['us']['p99'] / 1e3:.1f} ms (p99) behind the schedule; "
          f"flat out {r['records_per_second']:.0f} records/s")


class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen, status, slow = [], 204, 0.0

    def answer(self, body=b""):
        time.sleep(Shop.slow)
        Shop.seen.append((self.path, self.headers.get("Host"), body))
        self.send_response(Shop.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_):
        pass


def into_a_slow_kafka(options, folder):
    """A broker that stands still for longer than the producer waits gets batches a second time: each record is in the topic once, in its order."""
    made = folder / "made.jsonl"
    records = ["--kind", "clicks", "--count", 20000, "--start-time", "2026-03-02", "--spacing", "1s", "--rate", "5000/s"]
    Load(options, folder, *records, "--out", made).end()
    with own_servers(folder, "kafka") as (servers, exported):
        kafka, topic = Kafka(exported["KAFKA_BROKERS"]), unique("slow")
        load = Load(options, folder, *records, "--kafka", kafka.brokers, "--topic", topic, "--create", 1,
                    "--property", "socket.timeout.ms=1000")
        wait_until("some records", lambda: kafka.read(topic))
        for _ in range(3):
            os.kill(servers.pid("kafka"), signal.SIGSTOP)
            time.sleep(2.5)
            os.kill(servers.pid("kafka"), signal.SIGCONT)
            time.sleep(0.3)
        r = load.end()
        check("timed out" in load.err, f"no request was sent again: {load.err[-500:]}")
        there = [m.value for m in kafka.read(topic)]
    wanted = made.read_bytes().splitlines()
    check(len(there) == r["delivered"] == len(wanted), f"{len(there)} records in the topic of {len(wanted)}, reported: {r}")
    check(there == wanted, "the records are not in their order")
    print(f"a slow Kafka: {len(there)} records once each, in their order")


def into_http(options, folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    r = Load(options, folder, "--kind", "game", "--count", 500, "--http", url + "/events", "--connections", 4).end()
    check(r["delivered"] == len(Shop.seen) == len(whole(body for _, _, body in Shop.seen)) == 500, f"{len(Shop.seen)} requests: {r}")
    Shop.seen.clear()
    Load(options, folder, "--kind", "game", "--count", 300, "--http", url + "/{event_type}", "--method", "GET", "--header",
         "Host: {Host}").end()
    check({p for p, _, _ in Shop.seen} == {"/purchase_sword", "/join_guild", "/default"}, "paths are not filled in")
    check({h for _, h, _ in Shop.seen} == {"user1.comcast.com", "user2.att.com"}, "headers are not filled in")
    # A target that takes 20 records a second is asked for 200: the schedule goes on, and what waits counts.
    Shop.slow = 0.05
    r = Load(options, folder, "--kind", "game", "--rate", "200/s", "--duration", "2s", "--http", url, "--connections", 1).end()
    check(r["unsent"] > 200 and r["sent"] + r["unsent"] == 400, f"a slow target: {r['sent']} sent, {r['unsent']} not")
    check(r["lag_us"] > 1_000_000 and r["delivery_us"]["max"] > 1_000_000, f"a slow target: lag {r['lag_us']} us")
    Shop.slow, Shop.status = 0.0, 500
    r = Load(options, folder, "--kind", "game", "--count", 10, "--http", url).end(1, "HTTP status 500")
    check(r["failed"] == 10 and r["delivered"] == 0, f"a refusing target: {r}")
    server.shutdown()
    print("HTTP: requests as asked for; a slow target shows as lag, a refusing one fails the load")


def served(options, folder):
    port = free_port()
    load = Load(options, folder, "--kind", "rsvp", "--count", 1000, "--rate", "1000/s", "--http-serve", f"127.0.0.1:{port}",
                "--wait-for-clients", 2, "--since", "since_mtime=mtime", "--stay")
    def read(n, query="/2/rsvps"):
        with socket.create_connection(("127.0.0.1", port), timeout=60 * PATIENCE) as s:
            s.sendall(f"GET {query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            with s.makefile("rb") as f:
                check(b"200" in f.readline(), "the stream does not answer with 200")
                while f.readline() != b"\r\n":
                    pass
                out = b""
                while out.count(b"\n") < n:
                    size = int(f.readline(), 16)
                    out += f.read(size + 2)[:-2]
                return whole(out.splitlines())
    wait_until("it listens", lambda: not socket.create_connection(("127.0.0.1", port)).close())
    both = [[], []]
    threads = [threading.Thread(target=lambda i=i: both[i].extend(read(1000)), daemon=True) for i in (0, 1)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60 * PATIENCE)
    check(both[0] == both[1] and len(both[0]) == 1000, f"two clients got {len(both[0])} and {len(both[1])} records")
    middle = both[0][600]["mtime"]
    wanted = [r for r in both[0] if r["mtime"] > middle]
    check(read(len(wanted), f"/?since_mtime={middle}") == wanted, "since gives other records")
    load.process.send_signal(signal.SIGINT)
    check(load.end()["delivered"] == 1000, "a stopped load reports otherwise")
    print("served: two clients the same 1000 records, and those behind a mark again")


def found_wrong(options, folder):
    load = lambda *a: Load(options, folder, *a)  # noqa: E731
    load("--kind", "cats", "--out", folder / "x").end(2, "there is no such kind of records")
    load("--kind", "clicks").end(2, "where the records go")
    load("--file", folder / "none", "--out", folder / "y").end(2, "No such file")
    load("--kind", "clicks", "--nonsense").end(2, "--nonsense")
    load("--kind", "clicks", "--kafka", f"127.0.0.1:{free_port()}", "--topic", "t", "--start-timeout", "1s").end(1, "topic")
    load("--kind", "clicks", "--http", f"http://127.0.0.1:{free_port()}/", "--start-timeout", "1s").end(1, "--http http://")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        load("--kind", "clicks", "--http-serve", f"127.0.0.1:{taken.getsockname()[1]}").end(2, "choose another port")
    running = load("--kind", "clicks", "--rate", "100/s", "--out", folder / "stopped")
    wait_until("some records", lambda: (folder / "stopped").exists() and (folder / "stopped").stat().st_size > 0)
    running.process.send_signal(signal.SIGTERM)
    r = running.end(0, "stopped by a signal")
    check(r["interrupted"] and r["sent"] == len((folder / "stopped").read_bytes().splitlines()), f"stopped: {r}")
    print("what is wrong is said, and a stopped load reports")


PARTS = (into_file, into_http, served, found_wrong, into_kafka, into_a_slow_kafka)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts this in the background has it ignored, by children, too
    main_of_parts(PARTS, __doc__)
