#!/usr/bin/env -S python3 -B
"""http_server under clients that keep asking: what was answered with 200 is in the sink once, over kill -9, a full spool, more
connections than there may be, and an address that is taken.
"""
import collections
import contextlib
import http.client
import json
import os
import random
import resource
import socket
import threading
import time

from patience import LEAST
from real_systems import PATIENCE, Run, check, dead_letters, free_port, main_of_parts, metric, topology_file, wait_until, whole_rows

FENCE = "fence-"  # the id of a request that comes after all the others


class Game:
    def __init__(self, options, folder, name, sink=None, **source):
        self.binary, self.name, self.port = options.millrace, name, free_port()
        self.rows_file, self.state = folder / f"{name}.jsonl", folder / f"{name}.state"
        self.topology = topology_file(folder / f"{name}.json", name, {
            "api": {"source": "http_server", "listen": f"127.0.0.1:{self.port}",
                    "routes": {"/": {"event": {"event_type": "default"}, "reply": "This is the default response!\n"},
                               "/join": {"event": {"event_type": "join_guild"}, "reply": "You Joined the Guild!\n"},
                               "/posted": {"body": "json", "event": {"event_type": "posted"}, "reply": "Taken!\n"},
                               "/lines": {"body": "lines"}}, **source},
            "events": {"parser": "json", "from": "api", "schema": {"event_type": "text", "X-Id": "text"}},
            "rows": {**(sink or {"sink": "file", "path": str(self.rows_file)}), "from": "events",
                     "columns": {"id": '"X-Id"', "event_type": "event_type", "raw": "_raw"}}})

    def start(self, *options):
        run = Run(self.binary, self.topology, self.state, *options)
        run.wait_until("the server", self.is_there, 30)
        return run

    def is_there(self):
        with contextlib.suppress(OSError), contextlib.closing(socket.create_connection(("127.0.0.1", self.port), PATIENCE)):
            return True
        return False

    def rows(self):
        return whole_rows(self.rows_file)


class Client(threading.Thread):
    """Asks with a number of its own each time, keeps what was answered how. None: there was no answer. It waits for `pause` before each."""

    def __init__(self, port, name, seed, pause=0):
        super().__init__(daemon=True)
        self.port, self.name, self.rng, self.pause = port, name, random.Random(seed), pause
        self.answers, self.ending = {}, threading.Event()

    def run(self):
        connection = None
        number = 0
        while not self.ending.wait(self.pause):
            number += 1
            key = f"{self.name}-{number}"
            path, reply = self.rng.choice([("/", b"This is the default response!\n"), ("/join", b"You Joined the Guild!\n"),
                                           ("/posted", b"Taken!\n")])
            posted = {"method": "POST", "body": json.dumps({"X-Id": key})} if path == "/posted" else {"method": "GET"}
            headers = {"Host": "user1.comcast.com", **({} if path == "/posted" else {"X-Id": key})}
            self.answers[key] = None
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10 * PATIENCE)
                connection.request(url=path, headers=headers, **posted)
                answer = connection.getresponse()
                body = answer.read()
                self.answers[key] = (answer.status, body == reply if answer.status == 200 else answer.headers["Retry-After"] == "1")
                if answer.will_close or self.rng.random() < 0.1:
                    connection.close()
                    connection = None
            except (OSError, http.client.HTTPException):
                if connection:
                    connection.close()
                connection = None
                self.ending.wait(0.02)
        if connection:
            connection.close()


def clients_of(game, count, seed, pause=0):
    clients = [Client(game.port, f"c{seed}.{i}", seed * 100 + i, pause) for i in range(count)]
    for c in clients:
        c.start()
    return clients


def answered(clients, status):
    """Counts the requests that were answered so."""
    return sum(1 for c in clients for a in list(c.answers.values()) if a and a[0] == status)


def answers_of(clients):
    for c in clients:
        c.ending.set()
    for c in clients:
        c.join(30 * PATIENCE)
        check(not c.is_alive(), f"the client {c.name} gets no answer")
    answers = {key: answer for c in clients for key, answer in c.answers.items()}
    wrong = [key for key, answer in answers.items() if answer and not answer[1]]
    check(not wrong, f"answers that are not what they should be: {wrong[:3]}")
    return answers


def expect(game, answers):
    """Requests that were answered with 200 are there once, those without an answer once at most, no others."""
    found = collections.Counter(row["id"] for row in game.rows() if not row["id"].startswith(FENCE))
    lost = [key for key, answer in answers.items() if answer and answer[0] == 200 and found[key] != 1]
    check(not lost, f"{len(lost)} requests were answered with 200 and are not there once, such as {lost[:3]}")
    doubled = [key for key, n in found.items() if n > 1]
    check(not doubled, f"there twice: {doubled[:3]}")
    refused = [key for key, answer in answers.items() if answer and answer[0] != 200 and found[key]]
    check(not refused, f"refused, and there all the same: {refused[:3]}")
    strange = [key for key in found if key not in answers]
    check(not strange, f"nobody asked for {strange[:3]}")
    for row in game.rows()[:50]:
        raw = json.loads(row["raw"])
        check(list(raw)[0] in ("event_type", "X-Id") and raw["event_type"] == row["event_type"] and raw["X-Id"] == row["id"] and raw["Host"] == "user1.comcast.com", f"odd record: {raw}")


def settled(game):
    """All that the server has taken is in the rows: so is a request after all the others, which keep their order."""
    key = f"{FENCE}{time.monotonic_ns()}"

    def is_taken():
        connection = http.client.HTTPConnection("127.0.0.1", game.port, timeout=10 * PATIENCE)
        with contextlib.closing(connection):
            connection.request("GET", "/", headers={"Host": "user1.comcast.com", "X-Id": key})
            status = connection.getresponse().status
            check(status == 200, f"it is answered with {status}")
            return True

    wait_until("a last request is taken", is_taken)
    wait_until("it is in the rows", lambda: any(row["id"] == key for row in game.rows()))


def kills(options, folder):
    game = Game(options, folder, "kills")
    rng = random.Random(7)
    clients = clients_of(game, 8, 1)
    for _ in range(options.kills):
        run = game.start()
        time.sleep(rng.uniform(0.1, 1.2))
        run.kill()
    run = game.start()
    wait_until("enough is answered to say something", lambda: answered(clients, 200) > 100)
    answers = answers_of(clients)
    settled(game)
    run.stop()
    expect(game, answers)
    check(not dead_letters(game.state), "there are dead letters")
    print(f"killed {options.kills} times: {answered(clients, 200)} of {len(answers)} requests answered, each there once")


def full_spool(options, folder):
    game = Game(options, folder, "full", spool="1 MB")
    address = f"127.0.0.1:{free_port()}"
    run = game.start("--http", address, "--set", "stages.api.rate=50/s")
    clients = clients_of(game, 8, 2)
    wait_until("the spool is full", lambda: metric(address, "millrace_spool_full") == 1, 120)
    wait_until("somebody is answered with 503", lambda: answered(clients, 503))
    answers = answers_of(clients)
    wait_until("a full spool is said", lambda: "option `spool`" in run.errors())
    run.stop()
    run = game.start()
    settled(game)
    again = clients_of(game, 2, 3)
    wait_until("it takes requests when there is room again", lambda: answered(again, 200))
    more = answers_of(again)
    settled(game)
    run.stop()
    expect(game, {**answers, **more})
    print(f"a full spool: {len(answers)} requests, 503 beyond, {len(game.rows())} there once")


def many_connections(options, folder):
    """Silent and half-spoken ones, far more than there may be: others are served, and the memory stays small."""
    game = Game(options, folder, "many", connections=200, timeout="2 s")
    run = game.start()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(10_000, hard - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 400), hard))
    held = []
    with contextlib.ExitStack() as open_ones:
        for i in range(count):
            try:
                s = socket.create_connection(("127.0.0.1", game.port), 5)
                open_ones.enter_context(contextlib.closing(s))
                s.sendall(b"GET / HTTP/1.1\r\nHost" if i % 2 else b"")
                held.append(s)
            except OSError:
                pass
        wait_until("it says that connections are sent away", lambda: "option `connections`" in run.errors())
        check(run.memory_mb() < 150, f"{run.memory_mb():.0f} MB for {len(held)} connections")
        clients = clients_of(game, 2, 4)
        wait_until("an answer", lambda: answered(clients, 200))
    answers = answers_of(clients)
    settled(game)
    run.stop()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    expect(game, answers)
    print(f"{len(held)} connections at once, 200 allowed: others are served")


def taken_address(options, folder):
    game = Game(options, folder, "first")
    run = game.start()
    other = Game(options, folder, "second")
    second = Run(other.binary, other.topology, other.state, "--set", f"stages.api.listen=127.0.0.1:{game.port}")
    second.expect(1, f"cannot listen on 127.0.0.1:{game.port}", "`listen`")
    run.stop()
    print("an address that is taken is told")


SMUGGLED = b"GET /join HTTP/1.1\r\nHost: a\r\nX-Id: smuggled\r\n\r\n"
AMBIGUOUS = [
    b"POST /posted HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: %s\r\nContent-Length: 2\r\n\r\n{}" % coding
    for coding in (b"xchunked", b"identity", b"", b'"chunked"', b"chunked;q=1", b"chunked, chunked", b"\x0bchunked")] + [
    b"POST /posted HTTP/1.1\r\nHost: a\r\nContent-Length: 2, 2\r\n\r\n{}",
    b"POST /posted HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX-Id: a\r\n folded\r\n\r\n", b"GET / HTTP/1.1\r\nX-Id: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET foo?x://y/join HTTP/1.1\r\nHost: a\r\n\r\n"]


def raw(port, *pieces):
    """All that the server says to these bytes, until it closes."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), 10 * PATIENCE)) as s:
        got = b""
        with contextlib.suppress(OSError):  # it may close before it has read all
            for piece in pieces:
                s.sendall(piece)
                time.sleep(0.01 if len(pieces) > 1 else 0)
        with contextlib.suppress(OSError):
            while more := s.recv(65536):
                got += more
        return got


# Seconds of work before another client is answered; 10 ms on a quiet machine. Work is dearer where others push it out of the caches.
MOST_HELD = 0.01 * PATIENCE / LEAST


class ServerThread:
    """The thread that answers: the one that works while answers are asked for. Its work does not depend on the load of the machine."""

    def __init__(self, pid, port):
        tasks = [f"/proc/{pid}/task/{task}/schedstat" for task in os.listdir(f"/proc/{pid}/task")]
        before = {task: self.seconds(task) for task in tasks}
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60 * PATIENCE)
        for _ in range(300):
            connection.request("GET", "/nowhere")
            connection.getresponse().read()
        connection.close()
        self.task = max(tasks, key=lambda task: self.seconds(task) - before[task])

    @staticmethod
    def seconds(task):
        with contextlib.suppress(OSError), open(task, encoding="ascii") as file:
            return int(file.read().split()[0]) / 1e9
        return 0.0  # it has ended

    def used(self):
        return self.seconds(self.task)


def hostile(options, folder):
    """Requests that another reader could take for others; what holds up a server; what an answer and a record give away."""
    game = Game(options, folder, "hostile", max_header="1 MB", max_body="4 MB")
    run = game.start()
    for head in AMBIGUOUS:
        for pieces in ((head + SMUGGLED,), (head[:9], head[9:-1], head[-1:] + SMUGGLED)):
            got = raw(game.port, *pieces)
            check(b" 400 " in got.split(b"\r\n")[0] and got.count(b"HTTP/1.") == 1, f"{head} was answered with {got}")
    got = raw(game.port, b"POST /posted HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: hush\r\nCookie: hush\r\nX-Id: trailed\r\n"
                         b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nHost: evil\r\nX-More: evil\r\n\r\n")
    check(got.startswith(b"HTTP/1.1 200"), f"trailers were answered with {got}")
    wait_until("the row", lambda: game.rows())
    record = json.loads(game.rows()[0]["raw"])
    check(record.get("Host") == "a" and "X-More" not in record and "Cookie" not in record and "Authorization" not in record, f"odd record: {record}")
    got = raw(game.port, b"GET /%1b[2J HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    check(b"\x1b" not in got and b"nosniff" in got, f"404 is {got}")
    got = raw(game.port, b"POST /nowhere HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    check(got.startswith(b"HTTP/1.1 404"), f"a question for a route that is not there got {got}")
    many = b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X%d: y\r\n" % i for i in range(60_000)) + b"Connection: close\r\n\r\n"
    members = json.dumps({f"m{i}": i for i in range(200_000)}).encode()
    long_body = b"POST /posted HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(members) + members
    cut = b"".join(b'{"a":1}\n' for _ in range(120_000))
    short = b"{}\n" * 5_400
    lines = b"POST /lines HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n"
    server = ServerThread(run.process.pid, game.port)
    for what, bytes_ in (("60,000 headers", many), ("200,000 members", long_body), ("120,000 lines", lines % (b"", len(cut)) + cut),
                         ("5,400 lines under 97 headers", lines % (b"".join(b"X-%d: y\r\n" % i for i in range(97)), len(short)) + short)):
        worst, waited = [], []  # rounds of each attack: a busy machine makes one or the other dearer, a hold-up is in all
        for _ in range(5):
            held = []
            attacker = threading.Thread(target=raw, args=(game.port, bytes_), daemon=True)
            connection = http.client.HTTPConnection("127.0.0.1", game.port, timeout=60 * PATIENCE)
            attacker.start()
            while attacker.is_alive() or not held:
                began, before = time.monotonic(), server.used()
                connection.request("GET", "/nowhere")  # answered without the disk
                connection.getresponse().read()
                held.append(server.used() - before)
                waited.append(time.monotonic() - began)
                time.sleep(0.0002)
            connection.close()
            attacker.join(60 * PATIENCE)
            worst.append(max(held))
        check(min(worst) < MOST_HELD, f"for {what} of one client the server worked {min(worst):.3f} s before it answered another, each time")
        print(f"{what}: the server worked {min(worst) * 1000:.1f} to {max(worst) * 1000:.1f} ms before it answered another client, who waited {max(waited) * 1000:.1f} ms")
    run.stop()
    check(not any(row["id"] == "smuggled" for row in game.rows()), "a request was smuggled")
    print(f"{len(AMBIGUOUS)} ambiguous requests, in one piece and in three: 400, and nothing behind them")


PARTS = (hostile, taken_address, kills, full_spool, many_connections)


if __name__ == "__main__":
    main_of_parts(PARTS, __doc__, kills=8)
