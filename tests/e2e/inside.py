#!/usr/bin/env -S python3 -B
"""Looking inside over the API: topologies that are made to be silent in many ways are asked why, by `millrace console`, and the remedy that is told
is tried; who may ask for what; and a cluster that answers alike at each node, also while one is dead.

    inside.py --millrace BINARY [--only CASE]
"""
import collections
import contextlib
import fcntl
import http.client
import json
import os
import pty
import re
import select
import signal
import socket
import sqlite3
import struct
import subprocess
import termios
import threading
import time
import urllib.request

from cluster_under_test import Cluster
from posted_under_test import Posted
from real_systems import PATIENCE, OwnFolder, Run, Wrong, captured, check, free_port, main_of_cases, metric, topology_file, wait_until, whole_rows


class Case(Posted):
    def stage(self, name):
        return self.topology["stages"][name]

    def start(self, *options, is_ready=True):
        super().start(*options)
        if is_ready:
            self.run.wait_until("it takes posts", self.takes, 30)

    def is_there(self):
        return self.ask_once("topologies").returncode == 0

    def token(self):
        return ["--token", str(self.state / "token")]

    def takes(self):
        with contextlib.suppress(OSError):
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE).connect()
            return True
        return False

    def at(self, *times):
        self.post(*({"user": "u", "at": f"2026-11-01T{t}Z"} for t in times))

    def rows(self):
        return whole_rows(self.rows_file)

    def ask_once(self, line, *options):
        return captured(self.binary, "console", "--connect", f"http://127.0.0.1:{self.http}", "-e", line, *options)

    def asked(self, method, path, headers=None, body=None):
        """The status and the text; where nobody answers, what the run says."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=60 * PATIENCE)
        try:
            connection.request(method, path, body, {"Host": f"127.0.0.1:{self.http}", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as e:
            raise Wrong(f"{method} {path}: {e!r}; the run says {self.run.errors()[-1500:]}") from None
        finally:
            connection.close()

    def ask(self, line, *options):
        done = self.ask_once(line, "--json", *options)
        check(done.returncode == 0, f"console -e {line!r}: status {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)

    def explained(self, asked, code, is_open=False, **members):
        """Waits until the first cause is this one; with `is_open`, of a window that is open."""
        found = []

        def is_so():
            found.append(self.ask(f"explain {asked}"))
            causes = found[-1]["causes"]
            return causes and causes[0]["code"] == code and (not is_open or found[-1]["next_end"]) and all(causes[0][k] == v for k, v in members.items())
        try:
            wait_until(f"{asked} is explained by {code}", is_so, 30)
        except Exception as e:
            raise type(e)(f"{e}; the last answer is {json.dumps(found[-1])}") from None
        text = self.ask_once(f"explain {asked}").stdout
        check(f"({code})" in text, f"the text has no {code}: {text}")
        return found[-1]


def a_quiet_partition(c):
    """A window that is open waits for a record; that which the remedy names fires it, and one a second older does not"""
    c.start()
    c.at("11:58:00", "12:01:00", "12:03:30")
    e = c.explained("counts", "quiet_partition", is_open=True, stage="posted")
    check(e["waiting"] and e["next_end"] == e["waits_for"] == "2026-11-01T12:05:00Z", f"it waits for {e['waits_for']}")
    check(0 <= e["causes"][0]["since_seconds"] < 150 * PATIENCE, f"quiet since {e['causes'][0]['since_seconds']}")
    named = re.search(r"a record at or after 2026-11-01T12:05:(\d\d)Z", e["causes"][0]["remedy"])
    check(named and named[1] == "10", f"the remedy is {e['causes'][0]['remedy']!r}")
    before = c.rows()
    c.at("12:05:09")
    wait_until("the watermark is there", lambda: c.ask("lanes")["lanes"][0]["partitions"][0]["watermark"] == "2026-11-01T12:04:59Z")
    check(c.rows() == before, f"it has fired too early: {c.rows()}")
    c.at("12:05:10")
    wait_until("the window has fired", lambda: {"user": "u", "n": 2, "end": "2026-11-01T12:05:00Z"} in c.rows())
    c.explained("counts", "quiet_partition")
    later = ((hour, minute) for hour in range(13, 24) for minute in range(0, 60, 5))

    def has_just_committed():
        fired = len(c.rows())
        c.at("{:02}:{:02}:10".format(*next(later)))
        wait_until("a window has fired", lambda: len(c.rows()) > fired)
        return c.ask("explain rows")["waiting"] is False
    wait_until("the sink has just committed, and waits for nothing", has_just_committed)
    c.run.stop()


def a_window_without_records(c):
    """No record has come at all"""
    c.start()
    e = c.explained("counts", "no_record_yet")
    check("no open window" in e["summary"], e["summary"])
    c.explained("rows", "upstream_window")
    check(not c.ask("explain posted")["waiting"] or c.ask("explain posted")["causes"][0]["code"] == "no_record_yet", "the source")
    c.run.stop()


def records_that_are_lost(c):
    """All that comes is late, or is no record"""
    c.start()
    c.at("12:05:10")
    c.at("11:00:00", "11:01:00")
    c.post({"user": "u", "at": "yesterday"})
    wait_until("both are told", lambda: {"late", "dead_letters"} <= {x["code"] for x in c.ask("explain counts")["causes"]}
               or c.ask("stages")["stages"][1]["dead_letters"] == 1)
    stages = {s["stage"]: s for s in c.ask("stages")["stages"]}
    check(stages["counts"]["late"] == 2 and stages["parsed"]["dead_letters"] == 1, f"stages: {stages}")
    ledger = {s["stage"]: s for s in c.ask("ledger")["stages"]}
    check(c.ask("ledger")["holds"] and ledger["parsed"]["dead_letters"] == 1, f"ledger: {ledger}")
    check(ledger["parsed"]["in"] == 4, f"ledger: {ledger}")
    letters = c.ask_once("dead-letters", *c.token())
    check(letters.returncode == 0 and [json.loads(x)["stage"] for x in letters.stdout.splitlines()] == ["parsed"], letters)
    c.run.stop()


def a_target_that_is_away(c):
    """The target of a sink has never answered"""
    c.topology["stages"]["table"] = {"sink": "sql", "from": "counts", "connection": f"postgresql://u:p@127.0.0.1:{free_port()}/d",
                                     "table": "counts", "create": True}
    c.start("--start-timeout", f"{300 * PATIENCE:.0f} s")
    e = c.explained("table", "target_away_at_start")
    check(e["waiting"], "it waits")
    check(next(s for s in c.ask("stages")["stages"] if s["stage"] == "table")["state"] == "starts", "its state")
    c.run.process.send_signal(signal.SIGTERM)
    c.run.wait()


def held_and_due(c):
    g = c.ask("stages")
    held = {(e["from"], e["to"]): e["held_bytes"] for e in g["edges"]}
    return held["some", "table"] > 100_000 and held["counts", "some"] == 0 and held["posted", "parsed"] == 0 and g["stages"][0]["lag"] > 50_000


def a_sink_that_holds_the_others_up(c):
    """A table that is locked: the window upstream of it stands still, and the sink is named as the culprit"""
    table = c.folder / "table.db"
    c.topology["stages"]["table"] = {"sink": "sql", "from": "counts", "connection": f"sqlite3://{table}", "table": "counts",
                                     "create": True}
    c.topology["stages"]["some"] = {"transform": "select", "from": "counts", "columns": {"*": True}, "where": "n > 0"}
    c.stage("table")["from"] = "some"
    c.stage("counts").update({"retain": "200 kB", "retain_memory": "100 kB"})
    c.topology["stages"]["posted"] = {"source": "generator", "kind": "clicks", "seed": 1, "rate": "50000/s", "spacing": "10 ms"}
    c.stage("parsed").update({"schema": {"user_id": "text", "timestamp": "timestamp"}, "event_time": "timestamp"})
    c.stage("counts").update({"key": ["user_id"], "size": "1 s"})
    c.stage("rows")["columns"] = {"user": "user_id", "n": "n"}
    with contextlib.closing(sqlite3.connect(table, isolation_level=None, timeout=60)) as db:
        c.start(is_ready=False)
        wait_until("the table is there", lambda: db.execute("select 1 from sqlite_master where name = 'counts'").fetchone(), 30)
        db.execute("begin exclusive")
        e = c.explained("counts", "output_held", stage="table")
        check("table has yet to commit" in e["causes"][0]["text"], e["causes"][0]["text"])
        wait_until("the graph names it", lambda: (c.ask("stages")["held_up_by"] or {}).get("stage") == "table")
        c.explained("posted", "no_credit", stage="counts")
        wait_until("what is held stands in front of the table, and what the rate has made due waits", lambda: held_and_due(c))
        ledger = c.ask("ledger")
        check((ledger["holds"], ledger["incomplete"]) in ((True, []), (None, ["table did not answer"])), ledger)  # it may be busy waiting for the lock
        check(next(s for s in ledger["stages"] if s["stage"] == "table")["in_flight"] > 0, ledger)
        before = next(s for s in c.ask("sinks")["sinks"] if s["sink"] == "table")["rows"]
        db.execute("commit")
        wait_until("it goes on", lambda: next(s for s in c.ask("sinks")["sinks"] if s["sink"] == "table")["rows"] > before)
        wait_until("the ledger is whole", lambda: c.ask("ledger")["holds"] is True)
    c.run.stop()


def a_generator_in_step(c):
    """Two parsers read a generator that keeps its rate: what is due waits, once, and not what is yet to be made"""
    c.topology["stages"]["posted"] = {"source": "generator", "kind": "clicks", "count": 1_000_000, "rate": "1000/s"}
    c.stage("parsed").update({"schema": {"user_id": "text", "timestamp": "timestamp"}, "event_time": "timestamp"})
    c.stage("counts")["key"] = ["user_id"]
    c.stage("rows")["columns"] = {"user": "user_id", "n": "n"}
    c.topology["stages"]["again"] = {"parser": "json", "from": "posted", "schema": {"user_id": "text"}}
    c.topology["stages"]["all"] = {"sink": "file", "from": "again", "path": str(c.folder / "all.jsonl")}
    c.start(is_ready=False)
    wait_until("records are read", lambda: c.ask("stages")["stages"][0]["records"] > 2000)

    def in_step():
        source = c.ask("stages")["stages"][0]
        lags = [p["lag"] for lane in c.ask("lanes")["lanes"] for p in lane["partitions"]]
        return source["lag"] is not None and source["lag"] < 1000 and len(lags) == 2 and all(x is not None and x < 1000 for x in lags)
    wait_until("it lags by what is due", in_step)
    ledger = c.ask("ledger")
    check(ledger["holds"] is True and ledger["incomplete"] == [], ledger)
    c.run.stop()


def a_sink_whose_reader_sleeps(c):
    """A console nobody reads: the call under way has its age, then it is slow, then stalled, wherever one looks; all is well once it is read"""
    reader = c.sleeping_reader()
    c.start()

    def sink():
        return next(s for s in c.ask("sinks")["sinks"] if s["sink"] == "screen")

    def of_graph(name="screen"):
        return next(s["state"] for s in c.ask("stages")["stages"] if s["stage"] == name)

    def of_metrics(name):
        return metric(f"127.0.0.1:{c.http}", f"millrace_sink_{name}", 'sink="screen"')
    c.at("12:00:00")
    wait_until("a row is out", lambda: sink()["rows"] == 1 and sink()["under_way_seconds"] is None)
    check(sink()["pace"] == "usual" and sink()["usual_seconds"] is not None and of_graph() == "runs", sink())
    check(of_metrics("stalled") == of_metrics("slow") == of_metrics("under_way_seconds") == 0, "metrics of a sink that is well")
    c.fill_screen()
    age = sink()["under_way_seconds"]
    wait_until("its age grows", lambda: sink()["under_way_seconds"] > age)
    wait_until("it is slow", lambda: of_graph() in ("slow", "stalled"))
    e = c.explained("screen", "target_stalled", stage="screen")
    check(e["waiting"] and e["causes"][0]["since_seconds"] > 30 and "the target of screen has not answered a call for" in e["summary"], e)
    check(of_graph() == sink()["pace"] == "stalled" and c.ask("stages")["held_up_by"]["stage"] == "screen", "the graph")
    check("stalled, under way for" in c.ask_once("sinks").stdout, c.ask_once("sinks").stdout)
    status, text = c.asked("GET", "/healthz")
    check(status == 503 and "screen is stalled: its target has not answered a call for" in text, text)
    check(c.asked("GET", "/livez")[0] == 200, "it is alive: a restart would mend nothing")
    check(of_metrics("stalled") == of_metrics("slow") == 1 and of_metrics("under_way_seconds") > 30, "metrics")
    check(of_graph("rows") == "runs", "the other sink is well")
    os.set_blocking(reader, True)

    def is_read():
        if select.select([reader], [], [], 0.1)[0]:
            os.read(reader, 1 << 20)
        return of_graph() == "runs" and sink()["under_way_seconds"] is None
    wait_until("it goes on", is_read)
    check(c.asked("GET", "/healthz") == (200, "ok\n") and c.ask("stages")["held_up_by"] is None, "it is well again")
    c.run.kill()
    os.close(reader)


def a_stream_at_its_own_pace(c):
    """Records that come one by one: no stage asks anybody to do anything, however short the moments between them; silence is told once they stop"""
    c.start()
    calm = {"comes_on", "behind", "on_its_way", "upstream_window"}
    ends = threading.Event()

    def stream():
        while not ends.wait(0.02):
            c.at("11:58:00")
    posting = threading.Thread(target=stream, daemon=True)
    posting.start()
    try:
        wait_until("the stream is known", lambda: sum(lane["records"] for lane in c.ask("lanes")["lanes"]) > 100)
        kinds, waiting = set(), []

        def is_seen_between_records():
            lane = c.ask("lanes")["lanes"][0]
            told = {stage: c.ask(f"explain {stage}") for stage in ("posted", "parsed", "counts", "rows")}
            waiting.extend(e for e in told.values() if any(x["code"] not in calm for x in e["causes"])
                           or (e["waiting"] and e["kind"] in ("source", "parser")))
            kinds.update(x["code"] for e in told.values() for x in e["causes"])
            return lane["partitions"][0]["caught_up"] and {"comes_on", "upstream_window"} <= kinds
        for _ in range(20):
            wait_until("it was asked between two records", lambda: waiting or is_seen_between_records())
            check(not waiting, f"a stream that is well is explained by {waiting}")
    finally:
        ends.set()
        posting.join()
    e = c.explained("counts", "quiet_partition", stage="posted")
    check("where they come every" in e["causes"][0]["text"] and "idle_timeout" not in e["causes"][0]["remedy"], e)
    source = c.ask("explain posted")
    check("posted has nothing more to read at present" in source["summary"] and not source["causes"][0]["remedy"], source)
    sink = c.ask("explain rows")
    told = sum("last record came" in x["text"] for x in sink["causes"])
    check(told == 1 and "last record came" not in sink["summary"], f"the cause is told once: {sink}")
    c.run.stop()
    c.stage("parsed")["idle_timeout"] = "1 s"
    c.start()
    c.at("11:58:00")
    c.explained("posted", "idle")
    c.explained("counts", "all_idle")
    c.run.stop()


def a_source_that_is_away(c):
    """Nobody answers where the source reads: at first, and once it has read"""
    with socket.create_server(("127.0.0.1", free_port())) as server:
        server.settimeout(60 * PATIENCE)
        c.topology["stages"]["posted"] = {"source": "http_stream", "url": f"http://127.0.0.1:{server.getsockname()[1]}/events"}
        c.start("--start-timeout", f"{300 * PATIENCE:.0f} s", is_ready=False)
        c.explained("posted", "starts")
        connection = server.accept()[0]
    with connection:
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n{"user": "u", "at": "2026-11-01T12:00:00Z"}\n')
        wait_until("the record is read", lambda: c.ask("stages")["stages"][1]["records"] == 1)
    c.explained("posted", "source_away", stage="posted")
    c.explained("counts", "source_away", is_open=True, stage="posted")
    c.run.stop()


def a_backlog_at_a_rate(c):
    """Two files, read slowly: the one whose times run ahead waits for the other, and the window for both"""
    for name, step in (("a", 60), ("b", 1)):
        times = (time.gmtime(1_793_448_000 + i * step) for i in range(50_000))  # noon of 2026-10-31
        (c.folder / f"{name}.jsonl").write_text("".join(f'{{"user": "u", "at": "{time.strftime("%Y-%m-%dT%H:%M:%SZ", t)}"}}\n' for t in times))
    c.topology["stages"]["posted"] = {"source": "file", "path": f"{c.folder}/?.jsonl", "parallel": True, "rate": "50/s", "max_drift": "2 minutes"}
    c.start(is_ready=False)
    e = c.explained("counts", "behind", is_open=True, stage="posted")
    check("a higher `rate` of posted (50/s)" in e["causes"][0]["remedy"], e["causes"][0])
    e = c.explained("posted", "max_drift", stage="posted")
    check(re.search(r"a\.jsonl of posted waits at .* for partition .*b\.jsonl", e["causes"][0]["text"]), e["causes"][0])
    c.run.stop()


def paused_and_restarted(c):
    """A paused topology reads nothing, and says so wherever it is asked why; it takes what comes, and has it once after resume and restarts"""
    idle = PATIENCE
    c.stage("parsed")["idle_timeout"] = f"{idle * 1000:.0f} ms"
    c.start()
    token = c.token()
    for line in ("pause", "resume", "restart counts"):
        no = c.ask_once(line, "--token", str(c.folder / "nothing"))
        check(no.returncode != 0, f"{line} without a token: {no}")
    c.at("11:58:00", "12:01:00")
    wait_until("they are read", lambda: c.ask("lanes")["lanes"][0]["records"] == 2)
    check(c.ask("pause", *token) == {}, "it is paused")
    c.explained("counts", "paused")
    c.explained("rows", "upstream_window")
    check("resume" in c.ask("explain posted")["causes"][0]["remedy"], "the remedy")
    check(c.ask("stages")["stages"][0]["state"] == "paused", "its state")
    check("paused" in c.ask("topologies")[0]["reason"], "the list says so")
    wait_until("the log says so", lambda: "paused: nothing is read until it is resumed" in c.run.errors())
    c.at("12:02:00", "12:04:00")  # answered: they are in the spool
    restarted = c.ask_once("restart parsed", *token)
    check(restarted.returncode == 0 and "restarts" in restarted.stdout, restarted)
    wait_until("the next life is paused, too", lambda: "parsed/lane0 has ended, as was asked for" in c.run.errors() and c.ask("lanes")["lanes"][0]["paused"])
    time.sleep(idle + 1)  # idle_timeout does not count
    lane = c.ask("lanes")["lanes"][0]
    check(lane["records"] == 2 and not lane["partitions"][0]["idle"], f"it has read on: {lane}")
    c.ask("resume", *token)
    for who in ("counts", "counts/0", "rows", "parsed"):
        c.ask(f"restart {who}", *token)
    wrong = c.ask_once("restart count", *token)
    check(wrong.returncode == 1 and 'did you mean "counts"' in wrong.stderr and wrong.stderr.count("\n") == 1, wrong)
    check(c.ask_once("restart posted", *token).returncode == 1, "a source has no actors of its own")
    c.at("12:05:10")
    wait_until("the windows have fired", lambda: len(c.rows()) >= 2)
    check(c.rows() == [{"user": "u", "n": 1, "end": "2026-11-01T12:00:00Z"}, {"user": "u", "n": 3, "end": "2026-11-01T12:05:00Z"}], c.rows())
    check(c.ask("ledger")["holds"], "the ledger holds")
    c.ask("pause", *token)
    c.run.stop()  # a paused topology ends as any other
    c.start()
    check(c.ask("topologies")[0]["reason"] == "", "a pause ends with the process")
    c.run.stop()


def a_record_a_key_and_an_edge(c):
    """Shows the fate of one record, before it comes and after; the state of its key; rows as they pass"""
    c.stage("parsed")["schema"]["n"] = "bigint"
    c.stage("counts")["where"] = "n > 0"
    c.stage("counts")["aggregates"]["sum"] = "sum(n)"
    c.start()
    token = c.token()
    for line in ("trace posted {}", "state counts x", "tap parsed"):
        no = c.ask_once(line, "--token", str(c.folder / "nothing"))
        check(no.returncode != 0 and "token" in no.stderr and no.stderr.count("\n") == 1, no)

    def record(at, n=1):
        return json.dumps({"user": "ann b", "at": f"2026-11-01T{at}Z", "n": n})

    def traced(text, stage="posted"):
        return {s["stage"]: s for s in c.ask(f"trace {stage} {text}", *token)["steps"]}
    before = traced(record("11:58:00"))
    check(before["counts"]["code"] == "counted" and before["counts"]["windows"][0]["late_on"] == [], before)
    check(traced(record("11:58:00", 0))["counts"]["expression"] == "n > 0", "the filter is named")
    check(traced("nonsense", "parsed")["parsed"]["code"] == "dead_letter", "a record that is none")
    c.post(*(json.loads(record(at)) for at in ("11:58:00", "11:59:00", "12:00:05")))
    shard = before["counts"]["windows"][0]["shard"]
    wait_until("they are counted", lambda: [w["row"]["n"] for w in c.ask("state counts ann b", *token)["windows"]] == [2, 1])
    state = c.ask("state counts ann b", *token)
    check(state["shard"] == shard and state["windows"][0]["row"] == {
        "user": "ann b", "n": 2, "sum": 2, "window_start": "2026-11-01T11:55:00Z", "window_end": "2026-11-01T12:00:00Z"}, state)
    check(state["windows"][0]["fires_at"] == "2026-11-01T12:00:00Z" == before["counts"]["windows"][0]["fires_at"], state)
    both = c.ask("explain counts ann b", *token)
    check(both["state"]["windows"] == state["windows"] and both["explanation"]["waiting"], both)
    check(c.ask("state counts nobody", *token)["windows"] == [], "a key without records")
    wrong = c.ask_once("state count x", *token)
    check(wrong.returncode == 1 and 'did you mean "counts"' in wrong.stderr, wrong)
    wrong = c.ask_once("state parsed x", *token)
    check(wrong.returncode == 1 and "windows alone have state by key" in wrong.stderr, wrong)
    c.post(json.loads(record("12:10:00")))
    wait_until("the windows have fired", lambda: len(c.rows()) == 2)
    after = traced(record("11:58:00"))["counts"]
    check(after["code"] == "late" and after["windows"][0]["late_everywhere"], after)
    check(after["windows"][0]["late_on"][0]["late_seconds"] == 9 * 60 + 50, after)  # it stands at 12:09:50
    check("late if it came now, by 9 minutes 50 seconds" in c.ask_once(f"trace posted {record('11:58:00')}", *token).stdout, "its words")
    c.post(json.loads(record("11:58:00")))
    wait_until("it is late as was told", lambda: c.ask("stages")["stages"][2]["late"] == 1)
    tapped = subprocess.Popen([c.binary, "console", "--connect", f"http://127.0.0.1:{c.http}", "-e", "tap parsed->counts --sample 2", *token],
                              stdout=subprocess.PIPE, text=True)
    Run.started.append(tapped)
    rows = []

    def passes():
        c.post(json.loads(record("12:11:00", 7)))
        return tapped.poll() is not None
    wait_until("two rows have passed", passes)
    rows = [json.loads(line) for line in tapped.stdout.read().splitlines()]
    check(len(rows) == 2 and all(r["user"] == "ann b" and r["n"] == 7 for r in rows), rows)
    wrong = c.ask_once("tap parsed->rows", *token)
    check(wrong.returncode == 1 and "parsed->counts" in wrong.stderr and wrong.stderr.count("\n") == 1, wrong)
    c.run.stop()


CASTED = {"x": "cast(\"user\" as bigint)"}
MENDED = {"x": "case when \"user\" like 'bad%' then -1 else cast(\"user\" as bigint) end"}


def more_letters_than_are_shown(c):
    """The console shows the newest of many letters and says that there are more, which `millrace letters` prints"""
    c.start()
    count = 250
    for i in range(0, count, 50):
        c.post(*({"user": f"u{n}", "at": "never"} for n in range(i, i + 50)))
    token = c.token()

    def users(text):
        return [json.loads(json.loads(line)["record"])["user"] for line in text.splitlines()]

    def all_letters():
        done = captured(c.binary, "letters", c.name, "--connect", f"http://127.0.0.1:{c.http}", *token)
        check(done.returncode == 0 and done.stderr == "", f"millrace letters: {done.stderr}")
        return users(done.stdout)
    wait_until("all letters are there", lambda: len(all_letters()) == count)
    check(all_letters() == [f"u{n}" for n in range(count)], "the oldest come first")
    for more in ([], ["--json"]):
        newest = c.ask_once("dead-letters", *token, *more)
        check(newest.returncode == 0 and users(newest.stdout) == [f"u{n}" for n in reversed(range(count - 200, count))], f"{newest.stdout[:1000]}")
        check(newest.stderr == f"millrace console: there are more; `millrace letters {c.name}` prints all, the oldest first\n", newest.stderr)
    check("millrace letters NAME" in subprocess.run([c.binary, "console", "--help"], capture_output=True, text=True).stdout, "the help")
    c.run.stop()


def replayed(c):
    """Letters go in again by the API, each once, asked for as often as may be and killed on the way; wrong requests have one answer each"""
    rows = c.folder / "casted.jsonl"
    c.topology["stages"]["casted"] = {"sink": "file", "from": "parsed", "path": str(rows), "columns": CASTED}
    c.start()
    count = 60
    c.post(*({"user": f"bad{i}" if i % 3 == 0 else str(i), "at": "2026-11-01T12:00:00Z"} for i in range(count)), {"user": "late", "at": "never"})
    token = c.token()

    def letters():
        return c.ask_once("dead-letters", *token).stdout.splitlines()
    wait_until("the letters are there", lambda: len(letters()) == count // 3 + 1)
    secret = (c.state / "token").read_text().strip()

    def asked(path, body=None, headers=None):
        status, text = c.asked("GET" if body is None else "POST", f"/api/v1/topologies/{c.name}/{path}",
                               {"Authorization": f"Bearer {secret}", "X-Millrace-Action": "yes", **(headers or {})}, body and json.dumps(body))
        return status, json.loads(text)
    newest = asked("dead_letters/newest")[1]
    check([json.dumps(x) for x in newest["letters"]] == [json.dumps(json.loads(x)) for x in letters()], "the newest come first")
    counted = asked("dead_letters/counts")[1]
    check(counted["letters"] == count // 3 + 1 and counted["all"] and {x["stage"] for x in counted["by_error"]} == {"parsed", "casted"}, counted)
    good = {"confirm": c.name, "into": "parsed"}
    for body, headers, status, text in (
            ({**good, "confirm": "other"}, {}, 400, "is confirmed"), ({"confirm": c.name}, {}, 400, "into"),
            ({**good, "into": "nowhere"}, {}, 400, "no such stage"), ({**good, "into": "counts"}, {}, 400, "a source or a parser"),
            ({**good, "letters": []}, {}, 400, "expected"), (good, {"Authorization": "Bearer wrong"}, 401, "token"),
            (good, {"Origin": "http://evil.example"}, 403, "other sites")):
        answer = asked("replay", body, headers)
        check(answer[0] == status and text in answer[1]["error"]["message"], f"{body}: {answer}")
    one = json.loads(letters()[0])["id"]
    answer = asked("replay", {**good, "letters": [one, "nobody's"]})[1]
    check((answer["replayed"], answer["unknown"], answer["over"], answer["taken_now"]) == (1, 1, True, True), answer)
    c.run.process.kill()
    c.run.process.wait()
    c.topology["stages"]["casted"]["columns"] = MENDED
    c.start()
    before = len(letters())
    said = c.ask("replay parsed", *token)
    check(said["over"] and said["before"] >= 1 and said["before"] + said["replayed"] == said["letters"] >= count // 3 + 1, said)
    c.run.process.kill()  # a lane may have found them or not
    c.run.process.wait()
    c.start()
    again = c.ask("replay parsed", *token)  # the one that cannot be parsed may have failed anew by now, and is another letter then
    check(again["before"] >= count // 3 + 1 and again["replayed"] <= 1 and again["letters"] == again["before"] + again["replayed"], f"none goes in twice: {again}")

    def casted():
        return sorted(json.loads(x)["x"] for x in rows.read_text().splitlines()) if rows.exists() else []
    wanted = sorted(-1 if i % 3 == 0 else i for i in range(count))
    wait_until("each row is there once", lambda: len(casted()) >= count, 60)
    check(casted() == wanted, f"rows: {casted()}")
    wait_until("what fails again is a new letter", lambda: len(letters()) > before)
    check(c.ask_once("replay nowhere", *token).returncode == 1, "a stage that is not there")
    check(c.ask("ledger")["holds"], "the ledger holds")
    c.run.stop()
    check(casted() == wanted, "rows after the stop")


def events(c):
    """Server-sent events: the graph each second, until the topology ends"""
    c.start()
    stream = urllib.request.urlopen(f"http://127.0.0.1:{c.http}/api/v1/topologies/{c.name}/events?figures=1", timeout=30 * PATIENCE)
    check(stream.headers["Content-Type"] == "text/event-stream", dict(stream.headers))
    got = []

    def take(what):
        while not got or got[-1][0] != what:
            line = stream.readline().decode()
            check(line, f"the stream has ended behind {got[-3:]}")
            if line.startswith("event: "):
                got.append((line[7:-1], json.loads(stream.readline()[6:])))
        return got[-1][1]
    check(take("graph")["stages"][0]["stage"] == "posted", "the graph")
    wait_until("the figures have lanes", lambda: got.append(("", {})) or take("figures")["lanes"])
    c.at("12:00:00")
    wait_until("the record shows in an event", lambda: got.append(("", {})) or take("graph")["stages"][1]["records"] == 1)
    c.run.process.send_signal(signal.SIGTERM)
    end = take("end")
    check(end.pop("ended_at") and end == {"topology": c.name, "title": "", "state": "stopped", "reason": "", "troubles": []}, got[-1])
    check(stream.read().strip() == b"", "the last event")
    check(c.run.wait() == 0, "it ends")


def who_may_ask(c):
    """Names, stages and commands that are not there; tokens, hosts and origins that are wrong; a stop by the API"""
    c.start()
    for line, status, text in (("explain count", 1, 'did you mean "counts"?'), ("stage nowhere", 1, "no stage nowhere; expected one of "),
                               ("explian counts", 2, 'did you mean "explain"?'), ("explain", 2, "explain STAGE"), ("", 2, "help")):
        done = c.ask_once(line)
        check(done.returncode == status and text in done.stderr and done.stderr.count("\n") == 1,
              f"console -e {line!r}: status {done.returncode}: {done.stderr}")
    check(c.ask_once("stages", "--topology", "no").returncode == 1, "a topology that does not run here")

    def status(path, method="GET", headers=None, body=None):
        return c.asked(method, path, headers, body)[0]
    path, token = f"/api/v1/topologies/{c.name}", (c.state / "token").read_text().strip()
    check((c.state / "token").stat().st_mode & 0o777 == 0o600, "the token is its owner's alone")
    good = {"Authorization": f"Bearer {token}", "X-Millrace-Action": "yes"}
    confirm = json.dumps({"confirm": c.name})
    for found, expected in (
            (status(path + "/graph"), 200), (status(path + "/graph", headers={"Host": "evil.example"}), 421),
            (status(path + "/graph", headers={"Origin": "http://evil.example"}), 403),
            (status(path + "/dead_letters"), 401), (status(path + "/dead_letters", headers=good), 200),
            (status(path + "/stop", "POST", {"X-Millrace-Action": "yes"}, confirm), 401),
            (status(path + "/stop", "POST", {**good, "Authorization": "Bearer wrong"}, confirm), 401),
            (status(path + "/stop", "POST", {"Authorization": f"Bearer {token}"}, confirm), 403),
            (status(path + "/stop", "POST", {**good, "Origin": "http://evil.example"}, confirm), 403),
            (status(path + "/stop", "POST", good, '{"confirm": "other"}'), 400),
            (status("/api/v1/nodes/x/drain", "POST", good, '{"confirm": "x"}'), 422), (status("/metrics"), 200)):
        check(found == expected, f"status {found}, expected {expected}")
    check(c.run.alive(), "nothing of that has stopped it")
    listed = captured(c.binary, "list", "--json", "--connect", f"http://127.0.0.1:{c.http}")
    check(json.loads(listed.stdout) == [{"topology": c.name, "title": "", "state": "running", "reason": "", "troubles": [], "ended_at": None}], listed)
    check(status(path + "/stop", "POST", good, confirm) == 200, "it may be stopped")
    check(c.run.wait() == 0, "stopped by the API it ends as by SIGTERM")


def few_rights(c):
    """--http-read-only refuses actions; --http-metrics-only has no API; beyond loopback there is none without TLS"""
    c.start("--http-read-only")
    token = (c.state / "token").read_text().strip()
    status, text = c.asked("POST", f"/api/v1/topologies/{c.name}/stop", {"Authorization": f"Bearer {token}", "X-Millrace-Action": "yes"},
                           json.dumps({"confirm": c.name}))
    check(status == 403 and "--http-read-only" in text, f"status {status}: {text}")
    c.run.stop()
    command = [c.binary, "run", str(c.folder / "topology.json"), "--state", str(c.state), "--http", f"0.0.0.0:{c.http}"]
    refused = captured(*command)
    check(refused.returncode == 2 and "--tls DIR" in refused.stderr and "0.0.0.0" in refused.stderr, refused)
    run = Run(c.binary, c.folder / "topology.json", c.state, "--http", f"0.0.0.0:{c.http}", "--http-metrics-only")

    def figures():
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"http://127.0.0.1:{c.http}/metrics", timeout=5 * PATIENCE).status == 200
        return False
    wait_until("it has metrics", figures, 30)
    check(c.ask_once("topologies").returncode == 1 and "--http-metrics-only" in c.ask_once("topologies").stderr, "it has no API")
    run.stop()


def the_end_by_the_api(c):
    """`millrace stop` and `wait` ask a run as they ask a cluster: both say how it has ended, at once"""
    c.start()
    options = ["--connect", f"http://127.0.0.1:{c.http}", *c.token()]
    waiting = subprocess.Popen([c.binary, "wait", c.name, *options], stdout=subprocess.PIPE, text=True)
    Run.started.append(waiting)
    wait_until("the run has the question", lambda: has_read_what_was_sent(c.http))
    began = time.monotonic()
    stopped = captured(c.binary, "stop", c.name, *options)
    check(stopped.returncode == 0 and stopped.stdout == f"{c.name} stopped\n", stopped)
    check(waiting.communicate(timeout=60 * PATIENCE)[0] == f"{c.name} stopped\n" and waiting.returncode == 0, "wait says so, too")
    check(c.run.wait() == 0, "it has ended as by SIGTERM")
    print(f"        stopped and told after {time.monotonic() - began:.1f} s")


def has_read_what_was_sent(port):
    """Returns whether a client has sent something to the listener there, which has read all of it."""
    def sockets(*which):
        return subprocess.run(["ss", "-tniH", "state", "established", *which], capture_output=True, text=True, check=True).stdout
    queues = [line.split()[0] for line in sockets("sport", "=", f":{port}").splitlines() if line[:1].isdigit()]
    return "bytes_sent:" in sockets("dport", "=", f":{port}") and queues and all(queue == "0" for queue in queues)


class Terminal:
    """A command in a terminal of so many rows and columns, and what it has drawn since it was last asked to draw all."""

    def __init__(self, command, rows=24, columns=80, **environment):
        self.process_id, self.fd = pty.fork()
        if self.process_id == 0:
            os.environ.update({"TERM": "xterm-256color", **environment})
            os.execv(command[0], command)
        self.resize(rows, columns)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys):
        os.write(self.fd, keys.encode())

    def drawn(self):
        """All of the screen: Ctrl-L draws it anew. Until nothing more comes for a while."""
        self.press("\x0c")
        out, until = b"", time.monotonic() + 5
        while time.monotonic() < until and select.select([self.fd], [], [], 0.4)[0]:
            try:
                out += os.read(self.fd, 1 << 16)
            except OSError:
                break
        return out.decode(errors="replace")

    def wait_for(self, *texts, without=None):
        seen = []

        def is_shown():
            seen.append(self.drawn())
            return all(t in seen[-1] for t in texts) and (without is None or without not in seen[-1])
        try:
            wait_until(f"the screen shows {texts}", is_shown, 30)
        except Exception as e:
            raise type(e)(f"{e}; it shows {seen[-1]!r}") from None
        return seen[-1]

    def end(self):
        return os.waitstatus_to_exitcode(os.waitpid(self.process_id, 0)[1])


def the_live_screen(c):
    """The console in a terminal: views by their keys, into a stage and back, a filter, few columns, a process that dies and comes back, no colours"""
    c.start()
    c.at("11:58:00", "12:01:00")
    command = [c.binary, "console", "--connect", f"http://127.0.0.1:{c.http}"]
    t = Terminal(command)
    t.wait_for("topologies", c.name, "running")
    t.press("\r")
    t.wait_for("stages", "counts", "tumbling", "rows")
    t.press("/coun\r")
    t.wait_for("counts", without="http_server")  # the filter
    t.press("\r")
    t.wait_for(f"{c.name} / counts", "(quiet_partition)", "12:05:00Z")
    t.press("\x1b")
    t.wait_for("stages", "http_server")
    for key, text in (("2", "coordinator"), ("4", "caught"), ("5", "counts/3"), ("6", "COMMITS"), ("7", "every"), ("?", "hold")):
        t.press(key)
        t.wait_for(text)
    t.press("8")
    t.wait_for("token")  # a user without one sees why there are no records
    t.press("9")
    t.wait_for("FROM", "posted")
    t.press("\r")
    t.wait_for("posted->parsed", "token")
    t.press("\x1b")
    t.wait_for("edges")
    tapping = Terminal([*command, *c.token()])
    tapping.wait_for("topologies", c.name)
    tapping.press("9")
    tapping.wait_for("FROM")
    tapping.press("\r")

    def passes():
        c.at("12:02:00")
        return '"partition":"spool"' in tapping.drawn() and "rows have passed" in tapping.drawn()
    wait_until("rows are shown as they pass", passes)
    tapping.press("q")
    t.press("3")
    t.resize(6, 20)
    t.wait_for("STAGE")
    t.resize(24, 80)
    c.run.kill()
    t.wait_for("nobody listens", "counts")
    c.start()
    wait_until("it goes on", lambda: "nobody listens" not in t.drawn())
    t.press("q")
    check(t.end() == 0, "q ends it with 0")
    plain = Terminal(command, NO_COLOR="1")
    shown = plain.wait_for("topologies")
    check("\x1b[36m" not in shown and "\x1b[1;36m" not in shown, "there are colours")
    plain.press("\x03")
    check(plain.end() == 0, "Ctrl-C ends it with 0")
    unknown = Terminal(command, TERM="nonsense")
    check(unknown.end() == 2, "a terminal that nobody knows")
    piped = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60 * PATIENCE)
    check(piped.returncode == 2 and "-e COMMAND" in piped.stderr, piped)
    c.run.stop()


class Nodes(OwnFolder):
    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.cluster = self.at_the_end.enter_context(Cluster(self.binary, self.folder))


def a_cluster(n):
    """Each node answers for all; one that is dead is told as missing, or has given its actors to others"""
    c = n.cluster
    path = topology_file(n.folder / "t.json", "t", {
        "clicks": {"source": "generator", "kind": "clicks", "rate": "1000/s"},
        "parsed": {"parser": "json", "from": "clicks", "schema": {"userid": "text", "timestamp": "timestamp"},
                   "event_time": "timestamp"},
        "counts": {"window": "tumbling", "size": "1 hour", "from": "parsed", "key": ["userid"], "shards": 6,
                   "aggregates": {"n": "count(*)"}},
        "rows": {"sink": "file", "from": "counts", "path": str(n.folder / "rows.jsonl"), "node": "a"}})
    c.ask("apply", path, by=c.nodes["a"])

    def console(line, by):
        return json.loads(c.ask("console", "-e", line, "--json", by=c.nodes[by]))

    def shards(by):
        f = console("shards", by)
        return sorted(s["shard"] for s in f["shards"]), {s["node"] for s in f["shards"]}, f["missing"]
    all_shards = [f"counts/{i}" for i in range(6)]
    for by in "abc":
        wait_until(f"{by} shows every shard once, and where it is",
                   lambda by=by: shards(by) == (all_shards, {"a", "b", "c"}, []))
        check([s["stage"] for s in console("stages", by)["stages"]] == ["clicks", "parsed", "counts", "rows"], "its stages")
    address = (c.nodes["b"].state / "http").read_text().strip()
    check("<title>millrace</title>" in urllib.request.urlopen(address + "/", timeout=30 * PATIENCE).read().decode(), "the page of a node")
    wait_until("records are read", lambda: console("stages", "b")["stages"][1]["records"] > 0)
    check(console("ledger", "c")["holds"], "the ledger holds")
    wait_until("the window is open, and says what it waits for", lambda: console("explain counts", "c")["waits_for"])
    rows = [json.loads(line) for line in c.ask("console", "-e", "tap parsed->counts --sample 5", by=c.nodes["c"]).splitlines()]
    check(len(rows) == 5 and all(set(r) == {"userid", "timestamp"} for r in rows), rows)
    for row in (r for r in rows if r["userid"]):  # three clicks in a hundred have no user
        traced = console("trace clicks " + json.dumps(row), "b")
        at = traced["steps"][-1]["windows"][0]
        wait_until("the key of a row that has passed has state at the shard that a trace names, asked of any node",
                   lambda at=at, row=row: all((s := console(f"state counts {row['userid']}", by))["windows"] and s["shard"] == at["shard"]
                                              for by in "abc"))
    c.ask("console", "-e", "pause", by=c.nodes["b"])
    wait_until("all lanes are paused", lambda: all(x["paused"] for x in console("lanes", "c")["lanes"]))
    wait_until("the window says so", lambda: console("explain counts", "a")["causes"][0]["code"] == "paused")
    c.ask("console", "-e", "restart parsed", by=c.nodes["c"])
    c.ask("console", "-e", "restart counts/2", by=c.nodes["a"])
    wait_until("they have restarted, paused", lambda: all(x["paused"] for x in console("lanes", "b")["lanes"]) and
               any(re.search(r"life \d+\.[1-9]\d* of counts/2 ", n.errors()) for n in c.nodes.values()))
    check("paused" in console("topologies", "a")[0]["reason"], "the list says so")
    addresses = [(n.state / "http").read_text().strip().removeprefix("http://") for n in c.nodes.values()]
    restarts = sum(metric(a, "millrace_restarts_total", 'actor="counts/2"') or 0 for a in addresses)
    check(restarts == 1, f"nodes count {restarts} restarts of counts/2")
    c.ask("console", "-e", "resume", by=c.nodes["a"])
    wait_until("it reads on", lambda: not any(x["paused"] for x in console("lanes", "b")["lanes"]))
    dead = next(x for x in "bc" if x != c.leader())
    c.nodes[dead].kill()
    other = "b" if dead == "c" else "c"

    def answered():
        found, nodes, missing = shards(other)
        check(found == all_shards or missing == [dead] or len(found) < 6, f"shards {found} at {nodes}, missing {missing}")
        return found == all_shards and dead not in nodes and not missing
    wait_until("what it had is elsewhere", answered, 60)
    c.ask("stop", "t", by=c.nodes[other])
    check(console("topologies", other)[0]["state"] == "stopped", "it is stopped")


def files_away(n):
    """A node dies that has the files: `list` and `explain` name the lanes that wait for it, and what has them read on"""
    c = n.cluster
    log = n.folder / "log.jsonl"
    log.write_text("".join(json.dumps({"k": "x", "at": 1_700_000_000 + i}) + "\n" for i in range(100)))
    path = topology_file(n.folder / "t.json", "t", {
        "log": {"source": "file", "path": str(log), "follow": True, "node": "c"},
        "parsed": {"parser": "json", "from": "log", "schema": {"k": "text", "at": {"type": "timestamp", "format": "epoch_s"}}, "event_time": "at"},
        "counts": {"window": "tumbling", "size": "1 hour", "from": "parsed", "key": ["k"], "aggregates": {"n": "count(*)"}},
        "rows": {"sink": "file", "from": "counts", "path": str(n.folder / "rows.jsonl"), "node": "a"}})
    c.ask("apply", path, by=c.nodes["c"])

    def console(line):
        return json.loads(c.ask("console", "-e", line, "--json", by=c.nodes["a"]))
    wait_until("the file is read", lambda: console("stages")["stages"][1]["records"] == 100)
    c.nodes["c"].kill()
    waits = "parsed/lane0 waits for node c, on whose disk it is"
    reason = wait_until("the list says so", lambda: (lambda r: r if waits in r else None)(console("topologies")[0]["reason"]))
    check(re.fullmatch(re.escape(waits) + r", since \S+: start node c again; `millrace forget c` gives it up there, .* unread lines", reason), reason)
    for stage in ("log", "parsed", "counts", "rows"):
        e = console(f"explain {stage}")
        first = e["causes"][0]
        check(e["waiting"] and waits in e["summary"] and (first["code"], first["text"]) == ("not_placed", waits) and first["since_seconds"] is not None
              and first["remedy"].startswith("start node c again"), e)
    c.nodes["c"].begin()
    wait_until("it is over", lambda: console("topologies")[0]["reason"] == "" and
               "not_placed" not in [x["code"] for x in console("explain counts")["causes"]])
    c.ask("stop", "t", by=c.nodes["a"])


def replayed_on_nodes(n):
    """Letters in the cluster's store go in again, each once, while whoever leads and whoever reads is killed; a mended topology takes them"""
    c = n.cluster
    port, rows, path = free_port(), n.folder / "rows.jsonl", n.folder / "t.json"

    def apply(columns):
        topology_file(path, "t", {
                "posted": {"source": "http_server", "listen": f"127.0.0.1:{port}", "routes": {"/": {"body": "lines", "event": {}, "reply": "Taken!\n"}}},
                "parsed": {"parser": "json", "from": "posted", "schema": {"user": "text"}},
                "rows": {"sink": "file", "from": "parsed", "path": str(rows), "node": "a", "columns": columns}})
        c.ask("apply", path, by=c.nodes["a"])
    apply(CASTED)

    def post(some):
        body = "\n".join(json.dumps({"user": f"bad{i}" if i % 3 == 0 else str(i)}) for i in some).encode()

        def posted():
            with contextlib.suppress(OSError):
                return urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/", method="POST", data=body), timeout=60 * PATIENCE).read()
        wait_until("the records are taken", posted, 60)

    def console(line, by):
        return json.loads(c.ask("console", "-e", line, "--json", by=c.nodes[by]))

    def letters(by):
        return c.ask("letters", "t", by=c.nodes[by]).splitlines()

    def values():
        return sorted(row["x"] for row in whole_rows(rows))
    count = 60
    post(range(count))
    wait_until("the letters are in the store", lambda: len(letters("b")) == count // 3, 60)
    wrong = c.ask_once("console", "-e", "replay parsd", by=c.nodes["b"])
    check(wrong.returncode == 1 and 'did you mean "parsed"' in wrong.stderr, wrong)
    apply(MENDED)
    asked = [subprocess.Popen(c.command(c.nodes[by], "console", "-e", "replay parsed", "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
             for by in "abc"]
    leader = c.leader()
    c.nodes[leader].kill()
    for process in asked:
        Run.started.append(process)
        process.communicate(timeout=300 * PATIENCE)
    by = next(x for x in "abc" if x != leader)

    def answered():
        done = c.ask_once("console", "-e", "replay parsed", "--json", by=c.nodes[by])
        return done.returncode == 0 and json.loads(done.stdout)
    wait_until("another leader replays the rest", answered, 60)
    last = console("replay parsed", by)
    check((last["replayed"], last["before"], last["over"]) == (0, count // 3, True), last)
    c.start_missing()
    reader = next((n["name"] for n in console("nodes", by) if any("parsed/lane" in a for a in n["actors"])), leader)
    c.nodes[reader].kill()
    c.start_missing()
    post(range(count, 2 * count))
    wanted = sorted(-1 if i % 3 == 0 else i for i in range(2 * count))
    wait_until("each row is there", lambda: len(values()) >= len(wanted), 90)
    check(values() == wanted, f"rows: {values()}")
    check(console("replay parsed", by)["replayed"] == 0, "none goes in twice")
    c.ask("stop", "t", by=c.nodes[by])
    check(values() == wanted, f"rows at the end: {values()}")


def replayed_into_an_end(n):
    """A topology of a cluster that has ended takes replayed letters in when it is applied the next time"""
    c = n.cluster
    count, rows, records, path = 30, n.folder / "rows.jsonl", n.folder / "in.jsonl", n.folder / "t.json"
    records.write_text("".join(json.dumps({"user": f"bad{i}" if i % 3 == 0 else str(i)}) + "\n" for i in range(count)))

    def apply(columns):
        topology_file(path, "t", {
                "in": {"source": "file", "path": str(records)}, "parsed": {"parser": "json", "from": "in", "schema": {"user": "text"}},
                "rows": {"sink": "file", "from": "parsed", "path": str(rows), "node": "a", "columns": columns}})
        c.ask("apply", path, by=c.nodes["a"])
        c.ask("wait", "t")
        check(c.state_of("t")[0] == "ended", "it has ended")
        return sorted(json.loads(x)["x"] for x in rows.read_text().splitlines())

    def replay(by):
        return json.loads(c.ask("console", "-e", "replay in", "--json", by=c.nodes[by]))
    apply(CASTED)
    check(len(apply(MENDED)) == count - count // 3, "nothing new is taken")
    said = replay("b")
    check(said["replayed"] == count // 3 and not said["taken_now"], said)
    check(apply(MENDED) == sorted(-1 if i % 3 == 0 else i for i in range(count)), f"rows: {rows.read_text()}")
    check(replay("c")["replayed"] == 0, "none goes in twice")


def mended_while_it_runs(n):
    """A parser that changes under records that come: the topology stops in order and goes on, each record once; another change needs no stop"""
    c = n.cluster
    port, rows, path = free_port(), n.folder / "rows.jsonl", n.folder / "t.json"

    def apply(parsed, x="id"):
        topology_file(path, "t", {
                "posted": {"source": "http_server", "listen": f"127.0.0.1:{port}", "routes": {"/": {"body": "lines", "event": {}, "reply": "Taken!\n"}}},
                "parsed": {"parser": "json", "from": "posted", "schema": {"id": "bigint", **parsed}, "event_time": "_timestamp"},
                "counts": {"window": "tumbling", "size": "3650 days", "from": "parsed", "key": ["id"], "aggregates": {"n": "count(*)"}, "emit": "updates", "every": "1 s"},
                "rows": {"sink": "file", "from": "parsed", "path": str(rows), "node": "a", "columns": {"x": x}},
                "changes": {"sink": "file", "from": "counts", "path": str(n.folder / "counts.jsonl"), "node": "b", "columns": {"id": "id", "n": "n"}}})
        c.ask("apply", path, "--wait", by=c.nodes["a"])
    posted, is_over = [], threading.Event()

    def post():
        while not is_over.is_set():
            some = range(len(posted), len(posted) + 20)
            body = "\n".join(json.dumps({"id": i, "more": str(i)}) for i in some).encode()
            with contextlib.suppress(OSError):
                urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/", method="POST", data=body), timeout=60 * PATIENCE).read()
                posted.extend(some)

    def stops():
        return [e for e in map(json.loads, c.ask("events", "--json", by=c.nodes["a"]).splitlines()) if e["kind"] == "stop"]
    apply({})
    poster = threading.Thread(target=post)
    poster.start()
    try:
        for parsed in ({"more": "text"}, {}, {"more": "text"}):
            before = len(posted)
            wait_until("records come", lambda before=before: len(posted) > before + 100, 60)
            apply(parsed)
        stopped = len(stops())
        apply({"more": "text"}, "id + 0")
        check(len(stops()) == stopped, "a sink's change needs no stop")
        before = len(posted)
        wait_until("records come after all", lambda: len(posted) > before + 100, 60)
    finally:
        is_over.set()
        poster.join()
    wait_until("all rows are there", lambda: len(whole_rows(rows)) >= len(posted) and len(whole_rows(n.folder / "counts.jsonl")) >= len(posted), 90)
    c.ask("stop", "t", by=c.nodes["b"])
    found = collections.Counter(row["x"] for row in whole_rows(rows))
    # A post without an answer may have been taken, and was given again.
    check(set(posted) <= set(found), f"lost: {sorted(set(posted) - set(found))[:20]}")
    counted = {row["id"]: row["n"] for row in whole_rows(n.folder / "counts.jsonl")}
    check(counted == dict(found), f"counted otherwise: {[(i, counted.get(i), found[i]) for i in found if counted.get(i) != found[i]][:20]}")
    check(stopped >= 3, stops())


def adopted_and_begun_anew(n):
    """Targets that a state of `run` has claimed are refused; --adopt goes on with their rows, each once; --fresh replaces the file and adds to the table"""
    c, rows, source = n.cluster, n.folder / "rows.jsonl", n.folder / "lines.jsonl"
    path = topology_file(n.folder / "t.json", "t", {
        "lines": {"source": "file", "path": str(source), "node": "a"},
        "parsed": {"parser": "json", "from": "lines", "schema": {"id": "bigint"}},
        "rows": {"sink": "file", "from": "parsed", "path": str(rows), "node": "a", "columns": {"id": "id"}},
        "table": {"sink": "sql", "from": "parsed", "connection": f"sqlite3://{n.folder}/table.sqlite", "table": "ids", "create": True, "node": "a",
                  "columns": {"id": "id"}}})

    def more(ids):
        with open(source, "a") as f:
            f.writelines(f'{{"id": {i}}}\n' for i in ids)

    def apply(*options, until="ended"):
        c.ask("apply", path, *options, by=c.nodes["a"])
        return wait_until(f"it has {until}", lambda: (found := c.state_of("t"))[0] == until and found)[1]

    def check_rows(ids, times_in_table=1):
        check(sorted(row["id"] for row in whole_rows(rows)) == list(ids), f"the file has {len(whole_rows(rows))} rows")
        with contextlib.closing(sqlite3.connect(n.folder / "table.sqlite")) as table:
            found = collections.Counter(row[0] for row in table.execute("select id from ids"))
        check(found == collections.Counter(dict.fromkeys(ids, times_in_table)), f"the table has {sum(found.values())} rows")
    more(range(200))
    done = captured(n.binary, "run", path, "--state", n.folder / "run")
    check(done.returncode == 0, done.stderr)
    reason = apply(until="failed")
    for option in ("--adopt", "--fresh"):
        check(f"`millrace apply FILE {option}`" in reason, reason)
    check_rows(range(200))
    apply("--adopt")
    check_rows(range(200))
    more(range(200, 300))
    apply()
    check_rows(range(300))
    apply("--fresh")
    check_rows(range(300), 2)
    both = c.answer("apply", path, "--fresh", "--adopt", by=c.nodes["a"])
    check(both.returncode == 2 and "contradict" in both.stderr, f"{both.returncode}: {both.stderr}")


CASES = (a_quiet_partition, a_stream_at_its_own_pace, a_sink_whose_reader_sleeps, a_window_without_records, records_that_are_lost,
         a_target_that_is_away, a_source_that_is_away, a_backlog_at_a_rate, a_generator_in_step,
         a_sink_that_holds_the_others_up, paused_and_restarted, a_record_a_key_and_an_edge,
         more_letters_than_are_shown, replayed, events, who_may_ask, few_rights, the_end_by_the_api, the_live_screen)
ON_NODES = (a_cluster, files_away, replayed_on_nodes, replayed_into_an_end, mended_while_it_runs, adopted_and_begun_anew)


def make(options, folder, name):
    return (Nodes if name in [case.__name__ for case in ON_NODES] else Case)(options, folder, name)


if __name__ == "__main__":
    main_of_cases((*CASES, *ON_NODES), make, __doc__)
