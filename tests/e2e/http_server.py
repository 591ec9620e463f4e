#!/usr/bin/env python3
"""http_server under clients that keep asking: what was answered with 200 is in the sink once, over kill -9, a full spool, more
connections than there may be, and an address that is taken.
"""
import argparse
import collections
import contextlib
import http.client
import json
import random
import resource
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
from real_systems import Run, check, dead_letters, free_port, main, metric, wait_until  # noqa: E402


class Game:
    def __init__(self, options, folder, name, **source):
        self.binary, self.name, self.port = options.millrace, name, free_port()
        self.rows_file, self.state = folder / f"{name}.jsonl", folder / f"{name}.state"
        self.topology = folder / f"{name}.json"
        self.topology.write_text(json.dumps({
            "millrace": 1, "topology": name, "stages": {
                "api": {"source": "http_server", "listen": f"127.0.0.1:{self.port}",
                        "routes": {"/": {"event": {"event_type": "default"}, "reply": "This is the default response!\n"},
                                   "/join": {"event": {"event_type": "join_guild"}, "reply": "You Joined the Guild!\n"},
                                   "/posted": {"body": "json", "event": {"event_type": "posted"}, "reply": "Taken!\n"}}, **source},
                "events": {"parser": "json", "from": "api", "schema": {"event_type": "text", "X-Id": "text"}},
                "rows": {"sink": "file", "from": "events", "path": str(self.rows_file),
                         "columns": {"id": '"X-Id"', "event_type": "event_type", "raw": "_raw"}}}}))

    def start(self, *options):
        run = Run(self.binary, self.topology, self.state, *options)
        wait_until("the server", lambda: self.is_there() or not run.alive(), 30)
        return run

    def is_there(self):
        with contextlib.suppress(OSError), contextlib.closing(socket.create_connection(("127.0.0.1", self.port), 1)):
            return True
        return False

    def rows(self):
        text = self.rows_file.read_bytes() if self.rows_file.exists() else b""
        return [json.loads(line) for line in text[:text.rfind(b"\n") + 1].split(b"\n") if line]


class Client(threading.Thread):
    """Asks with a number of its own each time, keeps what was answered how. None: there was no answer."""

    def __init__(self, port, name, seed):
        super().__init__(daemon=True)
        self.port, self.name, self.rng = port, name, random.Random(seed)
        self.answers, self.ending = {}, threading.Event()

    def run(self):
        connection = None
        number = 0
        while not self.ending.is_set():
            number += 1
            key = f"{self.name}-{number}"
            path, reply = self.rng.choice([("/", b"This is the default response!\n"), ("/join", b"You Joined the Guild!\n"),
                                           ("/posted", b"Taken!\n")])
            posted = {"method": "POST", "body": json.dumps({"X-Id": key})} if path == "/posted" else {"method": "GET"}
            headers = {"Host": "user1.comcast.com", **({} if path == "/posted" else {"X-Id": key})}
            self.answers[key] = None
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
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


def clients_of(game, count, seed):
    clients = [Client(game.port, f"c{seed}.{i}", seed * 100 + i) for i in range(count)]
    for c in clients:
        c.start()
    return clients


def answers_of(clients):
    for c in clients:
        c.ending.set()
        c.join(30)
    answers = {key: answer for c in clients for key, answer in c.answers.items()}
    wrong = [key for key, answer in answers.items() if answer and not answer[1]]
    check(not wrong, f"answers that are not what they should be: {wrong[:3]}")
    return answers


def expect(game, answers):
    """What was answered with 200 once, what was not answered once at most, nothing else."""
    found = collections.Counter(row["id"] for row in game.rows())
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
    seen = -1
    while len(game.rows()) > seen:
        seen = len(game.rows())
        time.sleep(1.5)


def kills(options, folder):
    game = Game(options, folder, "kills")
    rng = random.Random(7)
    clients = clients_of(game, 8, 1)
    for _ in range(options.kills):
        run = game.start()
        time.sleep(rng.uniform(0.1, 1.2))
        run.kill()
    run = game.start()
    time.sleep(1)
    answers = answers_of(clients)
    settled(game)
    run.stop()
    expect(game, answers)
    check(not dead_letters(game.state), "there are dead letters")
    taken = sum(1 for a in answers.values() if a and a[0] == 200)
    check(taken > 100, f"{taken} answers are too few to say anything")
    print(f"killed {options.kills} times: {taken} of {len(answers)} requests answered, each there once")


def full_spool(options, folder):
    game = Game(options, folder, "full", spool="1 MB")
    address = f"127.0.0.1:{free_port()}"
    run = game.start("--http", address, "--set", "stages.api.rate=50/s")
    clients = clients_of(game, 8, 2)
    wait_until("the spool is full", lambda: metric(address, "millrace_spool_full") == 1, 120)
    time.sleep(0.5)
    answers = answers_of(clients)
    check(any(a and a[0] == 503 for a in answers.values()), "nobody was answered with 503")
    check("option `spool`" in run.errors(), "a full spool is not said")
    run.stop()
    run = game.start()
    settled(game)
    again = clients_of(game, 2, 3)
    time.sleep(1)
    more = answers_of(again)
    check(any(a and a[0] == 200 for a in more.values()), "it takes nothing when there is room again")
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
        check("option `connections`" in run.errors(), "that connections are sent away is not said")
        check(run.memory_mb() < 150, f"{run.memory_mb():.0f} MB for {len(held)} connections")
        clients = clients_of(game, 2, 4)
        wait_until("an answer", lambda: any(a and a[0] == 200 for c in clients for a in list(c.answers.values())), 30)
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


def test(options, folder):
    taken_address(options, folder)
    kills(options, folder)
    full_spool(options, folder)
    many_connections(options, folder)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=8)
    sys.exit(main(test, arguments))
