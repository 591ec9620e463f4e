#!/usr/bin/env -S python3 -B
"""The dashboard and the alert rules of docs/grafana: each metric and each label that they use is one of docs/metrics.md, each alert goes off
and ends again, also on nodes of which one dies and a topology fails, and a real Prometheus, which scrapes a running job, answers each query.

    operate.py --millrace BINARY
"""
import contextlib
import datetime
import http.server
import json
import os
import pathlib
import re
import select
import shutil
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

import alert_cases
from cluster_under_test import Cluster
from patience import LEAST
from posted_under_test import Posted
from real_systems import PATIENCE, ROOT, SKIPPED, Run, check, free_port, http_status, main, metric, told_address, topology_file, wait_until

GRAFANA = ROOT / "docs" / "grafana"
# Scraping gives these to every series; `le` is a histogram's.
ALWAYS = {"job", "instance", "le"}
# A file has no lag in records.
MAY_BE_EMPTY = ("millrace_lag_records", "millrace_pending_records")


def table():
    """{name: (type, labels)} of docs/metrics.md, with the series of histograms."""
    out = {}
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| [^|]* \| ([^|]*) \|", (ROOT / "docs" / "metrics.md").read_text(), re.M)
    check(len(rows) > 50, "docs/metrics.md has hardly any rows")
    for name, kind, labels in rows:
        known = set(filter(None, labels.strip().split(", ")))
        for end in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            out[name + end] = (kind, known)
    return out


def dashboard_queries():
    board = json.loads((GRAFANA / "millrace.json").read_text())
    check(board["schemaVersion"] >= 38, "the dashboard is older than Grafana 10")
    names = {v["name"] for v in board["templating"]["list"]}
    for panel in board["panels"]:
        check(panel["datasource"]["uid"] == "${datasource}", f"{panel['title']}: its data source is no variable")
        check(panel["targets"], f"{panel['title']} asks nothing")
        for target in panel["targets"]:
            used = set(re.findall(r"\$(\w+)", target["expr"])) - {"__rate_interval"}
            check(used <= names, f"{panel['title']}: unknown variables {used - names}")
            yield panel["title"], target["expr"]
    for v in board["templating"]["list"]:
        if v["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", v["query"]["query"]).groups()
            yield f"variable {v['name']}", f"sum by ({label}) ({metric})"


def alert_queries():
    text = (GRAFANA / "alerts.yml").read_text()
    for name, expr in re.findall(r"- alert: (\w+)\n +expr: (?:>-\n)?(.*?)\n +(?:for|labels):", text, re.S):
        yield name, " ".join(expr.split())


def legends_and_annotations():
    board = json.loads((GRAFANA / "millrace.json").read_text())
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"], re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])
    text = (GRAFANA / "alerts.yml").read_text()
    exprs = dict(alert_queries())
    for name, rest in re.findall(r"- alert: (\w+)\n(.*?)(?=\n +- alert|\Z)", text, re.S):
        yield name, exprs[name], re.findall(r"\$labels\.(\w+)", rest)


def labels_used(expr):
    inside = " ".join(re.findall(r"\{([^}]*)\}", expr))
    grouped = " ".join(re.findall(r"\b(?:by|on|without|ignoring) ?\(([^)]*)\)", expr))
    return set(re.findall(r"(\w+) *(?:=~|!~|!=|=)", inside)) | set(re.findall(r"\w+", grouped))


def check_names():
    """Grafana and Prometheus take an unknown name for one that has no data yet: nobody would be told."""
    known = table()
    queries = [*dashboard_queries(), *alert_queries()]
    check(len(queries) > 30, f"{len(queries)} queries were found")
    for title, expr in queries:
        names = set(re.findall(r"\b(?:millrace|process)_\w+", expr))
        check(names, f"{title}: no metric in {expr}")
        for name in names:
            check(name in known, f"{title}: {name} is no metric of docs/metrics.md")
        may = set.union(*(known[name][1] for name in names)) | ALWAYS
        check(labels_used(expr) <= may, f"{title}: {labels_used(expr) - may} are no labels in {expr}")
    for title, expr, labels in legends_and_annotations():
        may = set.union(*(known[n][1] for n in re.findall(r"\b(?:millrace|process)_\w+", expr))) | ALWAYS
        check(set(labels) <= may, f"{title}: it shows {set(labels) - may}, which no series has")
    return queries


class Job:
    """Records of the last minute that grow on, with one broken and one late."""

    def __init__(self, options, folder):
        self.input, self.at = folder / "in.jsonl", 0
        self.input.touch()
        topology = {
            "millrace": 1, "topology": "operated", "snapshot_every": "200 ms", "stages": {
                "lines": {"source": "file", "path": str(self.input), "follow": True},
                "parsed": {"parser": "json", "from": "lines", "schema": {"user": "text", "at": "timestamp"}, "event_time": "at"},
                "counts": {"window": "tumbling", "size": "1 second", "from": "parsed", "key": ["user"], "aggregates": {"n": "count(*)"}},
                "rows": {"sink": "file", "from": "counts", "path": str(folder / "rows.jsonl"), "columns": {"user": '"user"', "n": "n"}}}}
        path = folder / "topology.json"
        path.write_text(json.dumps(topology))
        self.port = free_port()
        self.run = Run(options.millrace, path, folder / "state", "--http", f"127.0.0.1:{self.port}")

    def write(self, *more):
        begin = datetime.datetime(2026, 1, 1)
        with open(self.input, "a", encoding="utf-8") as f:
            for i in range(100):
                time = begin + datetime.timedelta(milliseconds=20 * (100 * self.at + i))
                f.write(json.dumps({"user": f"u{i % 7}", "at": time.isoformat() + "Z"}) + "\n")
            f.write("".join(line + "\n" for line in more))
        self.at += 1


class Prometheus:
    def __init__(self, folder, *targets, rules=GRAFANA / "alerts.yml"):
        config, every = folder / "prometheus.yml", f"{500 * PATIENCE / LEAST:.0f}ms"  # a scrape may take as long as the next one is away
        config.write_text(json.dumps({  # JSON is YAML
            "global": {"scrape_interval": every, "evaluation_interval": every},
            "rule_files": [str(rules)],
            "scrape_configs": [{"job_name": "millrace", "file_sd_configs": [{"files": [str(folder / "targets.json")], "refresh_interval": "1s"}]}]}))
        self.folder = folder
        self.scrape(targets)
        self.port, self.log = free_port(), folder / "prometheus.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}",
                                             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=log, stderr=log)
        Run.started.append(self.process)

    def scrape(self, targets):
        """These and no others from now on: a node that begins again has another address."""
        new = self.folder / "targets.json.new"
        new.write_text(json.dumps([{"targets": list(targets)}]))
        new.replace(self.folder / "targets.json")

    def get(self, what, **parameters):
        url = f"http://127.0.0.1:{self.port}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=20 * PATIENCE) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as e:
            text = e.read().decode(errors="replace")
            with contextlib.suppress(ValueError):
                return json.loads(text)
            return {"status": "error", "error": text}  # it starts
        except OSError as e:
            check(self.process.poll() is None, lambda: f"Prometheus has ended: {self.log.read_text()[-1500:]}")
            return {"status": "error", "error": str(e)}

    def series(self, expr):
        for variable, value in (("$__rate_interval", f"{20 * PATIENCE / LEAST:.0f}s"), ("$topology", ".*"), ("$job", ".*")):
            expr = expr.replace(variable, value)
        answer = self.get("query", query=expr)
        check(answer["status"] == "success", f"{expr}: {answer.get('error')}")
        return answer["data"]["result"]

    def has(self, expr):
        answer = self.get("query", query=expr)
        return answer["status"] == "success" and bool(answer["data"]["result"])

    def alerts(self):
        answer = self.get("alerts")
        return answer["data"]["alerts"] if answer["status"] == "success" else []

    def rules(self):
        answer = self.get("rules")
        check(answer["status"] == "success", f"its rules: {answer.get('error')}")
        return [r for g in answer["data"]["groups"] for r in g["rules"]]


def try_queries(options, folder):
    job = Job(options, folder)
    job.write()
    prometheus = Prometheus(folder, f"127.0.0.1:{job.port}")
    def is_scraped():
        job.run.check_alive()
        return prometheus.has("millrace_stage_in_total > 0")

    wait_until("the job is scraped", is_scraped)
    job.write("this is broken", json.dumps({"user": "late", "at": "2025-01-01T00:00:00Z"}))
    wait_until("losses are scraped", lambda: prometheus.has("millrace_dead_letters_total > 0"), 60)
    for more in range(3):
        job.write()
        wait_until("more rows are scraped", lambda n=200 + 100 * (more + 1): prometheus.has(f"millrace_records_total > {n}"), 60)
    wait_until("commits and snapshots are scraped",
               lambda: prometheus.has("millrace_latency_seconds_count > 1") and prometheus.has("millrace_snapshot_seconds_count > 1"), 60)
    for title, expr in dashboard_queries():
        wait_until(f"{title} shows something: {expr}", lambda q=expr: prometheus.series(q) or any(name in q for name in MAY_BE_EMPTY))
    for stage, n in (("parsed", 502), ("counts", 501)):
        wait_until(f"{stage} has {n} records in", lambda s=stage, m=n: prometheus.has(f'millrace_stage_in_total{{stage="{s}"}} == {m}'), 60)
    alerts = dict(alert_queries())
    for name, expr in alerts.items():
        def is_quiet(name=name, expr=expr):
            found = prometheus.series(expr)
            check(not found or name == "MillraceDeadLetters", f"it goes off: {found}")
            return True
        wait_until(f"{name} is quiet in a job that is well", is_quiet)  # an alert is for what stays so
    rules = wait_until("Prometheus has read its rules", prometheus.rules)
    check({r["name"] for r in rules} == set(alerts), f"Prometheus has the rules {[r['name'] for r in rules]}")
    wait_until("every rule was evaluated", lambda: all(r["health"] == "ok" for r in prometheus.rules()))


def try_rules(folder):
    """Each rule goes off and ends again, by Prometheus's own clock of tests."""
    check(set(alert_cases.CASES) == set(dict(alert_queries())), f"rules without a case: {set(dict(alert_queries())) ^ set(alert_cases.CASES)}")
    cases = folder / "cases.yml"
    cases.write_text(alert_cases.text(GRAFANA / "alerts.yml"))
    done = subprocess.run(["promtool", "test", "rules", str(cases)], capture_output=True, text=True)
    check(done.returncode == 0, done.stdout + done.stderr)
    print(f"{len(alert_cases.CASES)} rules go off and end again")


class Screen(Posted):
    """A run with a console sink whose reader sleeps."""

    def is_there(self):
        return http_status(f"127.0.0.1:{self.http}", "/readyz")[0] == 200

    def reason(self):
        told, = json.loads(http_status(f"127.0.0.1:{self.http}", "/api/v1/topologies")[1])
        return told["reason"]


def try_sleeping_reader(screen, reader, alarms):
    """A call that is not answered is slow, and then stalled, and the reason of its topology; once it is, all is well."""
    screen.fill_screen()
    for alert in ("MillraceSinkSlow", "MillraceSinkStalled"):
        alarms(alert, "sink", "screen", True)
    check(screen.reason().startswith("screen is stalled: its target has not answered a call for "), f"the reason is {screen.reason()!r}")
    os.set_blocking(reader, True)

    def is_read():
        if select.select([reader], [], [], 0.1)[0]:
            os.read(reader, 1 << 20)
        return screen.reason() == ""
    wait_until("it goes on", is_read)
    for alert in ("MillraceSinkSlow", "MillraceSinkStalled"):
        alarms(alert, "sink", "screen", False)
    screen.run.kill()
    os.close(reader)


def try_hung_target(cluster, folder, alarms):
    """A server that takes connections and says nothing more, each of which is given up after 10 s: whoever leads names the sink, which is on
    another node."""
    lines, path = folder / "hung.jsonl", folder / "hung.json"
    lines.write_text('{"n": 1}\n')
    with socket.create_server(("127.0.0.1", 0)) as silent:
        topology_file(path, "hung", {
            "lines": {"source": "file", "path": str(lines), "follow": True, "node": "a"},
            "parsed": {"parser": "json", "from": "lines", "schema": {"n": "bigint"}},
            "table": {"sink": "sql", "from": "parsed", "connection": f"postgresql://u:p@127.0.0.1:{silent.getsockname()[1]}/d", "table": "t",
                      "columns": {"n": "n"}, "node": "b"}})
        cluster.ask("apply", path)
        wait_until("its sink is named", lambda: cluster.state_of("hung")[1].startswith("waiting for the target of table at the start, since "), 60)
        alarms("MillraceSinkAway", "topology", "hung", True)
        cluster.ask("stop", "hung")
        cluster.ask("wait", "hung")
        check(cluster.state_of("hung") == ("stopped", ""), f"hung is {cluster.state_of('hung')}")
        cluster.ask("remove", "hung")
    alarms("MillraceSinkAway", "topology", "hung", False)


class Streaming(http.server.BaseHTTPRequestHandler):
    """Streams a record while its server is well, and tells that it is not else."""

    def do_GET(self):
        if not self.server.is_well.is_set():
            return self.send_error(503)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"n": 1}\n')
        return self.server.is_ill.wait()

    def log_message(self, *_):
        pass


def try_away_source(cluster, folder, alarms):
    """A server that has streamed, and then answers 503: the source is on another node than the one that leads."""
    path = folder / "streamed.json"
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Streaming) as server:
        server.daemon_threads, server.is_well, server.is_ill = True, threading.Event(), threading.Event()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        topology_file(path, "streamed", {
            "events": {"source": "http_stream", "url": f"http://127.0.0.1:{server.server_port}/", "node": "b"},
            "parsed": {"parser": "json", "from": "events", "schema": {"n": "bigint"}},
            "rows": {"sink": "file", "from": "parsed", "path": str(folder / "streamed.jsonl"), "node": "a"}})
        server.is_well.set()
        cluster.ask("apply", path)
        wait_until("a record has come", lambda: metric(told_address(cluster.nodes["b"].state), "millrace_records_total", 'topology="streamed"') > 0)
        server.is_well.clear()
        server.is_ill.set()
        alarms("MillraceSourceAway", "topology", "streamed", True)
        server.is_ill.clear()
        server.is_well.set()
        alarms("MillraceSourceAway", "topology", "streamed", False)
        cluster.ask("stop", "streamed")
        cluster.ask("wait", "streamed")
        cluster.ask("remove", "streamed")
        server.is_ill.set()
        server.shutdown()


SECRET = "4111-1111"  # the text is in a record


def try_failures(options, folder):
    """A topology that fails on nodes and a node that dies are in metrics, probes, answers and alerts, and are not once that is mended."""
    folder = folder / "failures"
    cluster = Cluster(options.millrace, folder)
    cluster.start()
    lines = {name: folder / f"{name}.jsonl" for name in ("strict", "calm")}
    for name, file in lines.items():
        file.write_text('{"n": 1}\n')
        topology = {"millrace": 1, "topology": name, "stages": {
            "lines": {"source": "file", "path": str(file), "follow": True, "node": "a"},
            "parsed": {"parser": "json", "from": "lines", "schema": {"n": "bigint"}, **({"on_error": "fail"} if name == "strict" else {})},
            "kept": {"transform": "select", "from": "parsed", "columns": {"n": "n"}},
            "rows": {"sink": "file", "from": "kept", "path": str(folder / f"{name}-rows.jsonl"), "columns": {"n": "n"}, "node": "a"}}}
        path = folder / f"{name}.json"
        path.write_text(json.dumps(topology))
        cluster.ask("apply", path)
    addresses = {name: told_address(n.state) for name, n in cluster.nodes.items()}
    # The same rules with no time to wait before they go off.
    rules = folder / "hurried.yml"
    rules.write_text(re.sub(r"for: \w+", "for: 0s", (GRAFANA / "alerts.yml").read_text()))
    screen = Screen(options, folder, "slept")
    reader = screen.sleeping_reader()
    screen.start()
    prometheus = Prometheus(folder, *addresses.values(), f"127.0.0.1:{screen.http}", rules=rules)

    def begin_again(*names):
        for name in names:
            cluster.nodes[name].start()
        for name in names:
            cluster.nodes[name].wait_ready()
            addresses[name] = told_address(cluster.nodes[name].state)
        prometheus.scrape([*addresses.values(), f"127.0.0.1:{screen.http}"])

    def answer(path, by="a"):
        return json.loads(http_status(addresses[by], f"/api/v1/{path}")[1])

    def stages(name, by="a"):
        return {s["stage"]: s for s in answer(f"topologies/{name}/graph", by)["stages"]}

    def shows(expr):
        wait_until(f"Prometheus has {expr}", lambda: prometheus.has(expr), 60)

    def alarms(alert, of, value, goes_off):
        wait_until(f"{alert} of {value} {'goes off' if goes_off else 'ends'}", lambda: goes_off == any(
            a["labels"]["alertname"] == alert and a["labels"].get(of) == value and a["state"] == "firing" for a in prometheus.alerts()), 90)

    for name in lines:
        wait_until(f"a transform of {name} counts", lambda n=name: stages(n)["kept"]["records"] == 1)
        shows(f'sum by (topology) (millrace_topology_state{{topology="{name}",state="running"}}) == 1')
        shows(f'max(millrace_running{{topology="{name}"}}) == 1')
    shows('count(millrace_coordinator_heard == 1) == 3')
    check({by: answer("status", by)["cluster"] != "" and answer("status", by)["session"] > 0 for by in addresses} == dict.fromkeys(addresses, True),
          f"status: {[answer('status', by) for by in addresses]}")

    with open(lines["strict"], "a", encoding="utf-8") as f:
        f.write('{"n": "%s"}\n' % SECRET)
    alarms("MillraceTopologyFailed", "topology", "strict", True)
    shows('millrace_topology_state{topology="strict",state="failed"} == 1')
    shows('sum(millrace_running{topology="strict"}) == 0')
    shows('max(millrace_running{topology="calm"}) == 1')
    for by, address in addresses.items():
        wait_until(f"/readyz of {by} tells", lambda a=address: http_status(a, "/readyz") == (503, "strict has failed; `millrace list` says why\n"))
        check(http_status(address, "/livez") == (200, "ok\n"), f"/livez of {by}")
        check(http_status(address, "/healthz") == (200, "ok\n"), f"/healthz of {by}")
        told = answer("topologies", by)
        check(SECRET not in json.dumps(told) and [t["state"] for t in told] == ["running", "failed"], f"without the token {by} tells {told}")
    state, reason = cluster.state_of("strict")
    check(state == "failed" and reason.startswith("parsed") and SECRET in reason, f"with the token: {state}: {reason}")
    found = {s: v["state"] for s, v in stages("strict", "c").items()}
    check(found == {"lines": "stopped", "parsed": "failed", "kept": "stopped", "rows": "stopped"}, f"stages of what has failed: {found}")
    cluster.ask("remove", "strict")
    alarms("MillraceTopologyFailed", "topology", "strict", False)
    wait_until("all are ready again", lambda: all(http_status(a, "/readyz")[0] == 200 for a in addresses.values()))

    cluster.nodes["c"].kill()
    alarms("MillraceNodeSilent", "node", "c", True)
    shows('millrace_node_state{node="c",state="silent"} == 1')
    begin_again("c")
    alarms("MillraceNodeSilent", "node", "c", False)

    with open(lines["calm"], "a", encoding="utf-8") as f:
        f.write("this is broken\n")
    alarms("MillraceDeadLetters", "topology", "calm", True)
    try_sleeping_reader(screen, reader, alarms)
    try_hung_target(cluster, folder, alarms)
    try_away_source(cluster, folder, alarms)
    wait_until("MillraceRestarts goes off", lambda: cluster.ask("console", "-e", "restart rows", "--topology", "calm") and any(
        a["labels"]["alertname"] == "MillraceRestarts" and a["labels"]["actor"] == "rows" for a in prometheus.alerts()), 90)

    cluster.ask("stop", "calm")
    cluster.ask("wait", "calm")
    shows('millrace_topology_state{topology="calm",state="stopped"} == 1')
    shows('sum(millrace_running{topology="calm"}) == 0')
    wait_until("a sink that is over does not say how it stands", lambda: not prometheus.has('millrace_sink_away{topology="calm"}'))
    check({s["state"] for s in stages("calm").values()} == {"stopped"}, f"stages of what was stopped: {stages('calm')}")
    # c may not lead, and hears nobody.
    for name in ("a", "b"):
        cluster.nodes[name].kill()
    wait_until("/readyz of c tells that nobody leads", lambda: http_status(addresses["c"], "/readyz") == (
        503, "no coordinator is heard\n"), 60)
    alarms("MillraceNoCoordinator", "node", "c", True)
    begin_again("a", "b")
    alarms("MillraceNoCoordinator", "node", "c", False)
    cluster.stop()
    prometheus.process.terminate()
    print("failures are seen on nodes, and their ends")


def test(options, folder):
    queries = check_names()
    print(f"{len(queries)} queries use metrics and labels that there are")
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        print(f"SKIPPED: {pathlib.Path(sys.argv[0]).name} tries no query, because there is no prometheus; remedy: the packages in tools/packages",
              flush=True)
        sys.exit(SKIPPED)
    subprocess.run(["promtool", "check", "rules", str(GRAFANA / "alerts.yml")], check=True)
    try_rules(folder)
    try_failures(options, folder)
    try_queries(options, folder)
    print(f"Prometheus answers all {len(queries)}")


if __name__ == "__main__":
    main(test, __doc__)
