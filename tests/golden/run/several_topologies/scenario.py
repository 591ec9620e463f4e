"""Several topologies in one process: each with a state, one report and one address of --http; one that fails ends alone, SIGTERM ends all"""
import json
import signal
import socket
import time
import urllib.request

from golden.millrace import Wrong, same


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(what, true, seconds=60):
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise Wrong(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def get(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.read().decode()
    except OSError:
        return ""


def run(place):
    counts, endless = place.folder / "counts.json", place.folder / "endless.json"

    def attempt(name):
        a = place.attempt(name)
        (a.root / "input.jsonl").write_text("".join('{"i":%d}\n' % i for i in range(100)))
        return a

    # Both end: two states, a list of reports; a second start finds nothing to do.
    a = attempt("both")
    a.run([counts])
    same((a.lines("sums.jsonl"), a.lines("counts.jsonl")), (['{"s":4950}'], ['{"n":100}']))
    same(sorted(p.name for p in a.state.iterdir()), ["counts", "sums"])
    reports = json.loads(a.report_file.read_text())
    same([(r["topology"], r["ended"], r["stages"]["parsed"]["out"]) for r in reports], [("sums", True, 100), ("counts", True, 100)])
    a.run([counts], says=["'sums' has ended", "'counts' has ended"])

    # One that fails ends alone.
    b = attempt("one_fails")
    b.run([counts, "--set", "counts:stages.lines.path=/no/such/file"], exit=1, says=["/no/such/file", "'sums' has ended"])
    same(b.lines("sums.jsonl"), ['{"s":4950}'])
    b.run([counts], says="'counts' has ended")
    same(b.lines("counts.jsonl"), ['{"n":100}'])

    # A mistake in one is found before any of them runs.
    c = attempt("wrong")
    c.run([place.folder / "topology.json"], exit=2, says='both hold topology "sums"')
    c.run([counts, "--set", "counts:stages.lines.pth=x"], exit=2, says="did you mean")
    c.run([counts, "--set", "stages.total.aggregates.more=count(*)", "--set", "snapshot_every=soon"], exit=2, says="snapshot_every")
    same((list(c.out.iterdir()), c.state.exists()), ([], False))

    # One server for all; a report at any time; SIGTERM ends all, and the same command goes on.
    d = attempt("served")
    port = free_port()
    args = [counts, endless, "--http", f"127.0.0.1:{port}"]
    process = d.start(args)
    wait_until("endless runs, the others have ended", lambda: all(
        line in get(port, "/metrics") for line in ('millrace_running{topology="endless"} 1', 'millrace_running{topology="sums"} 0',
                                                   'millrace_running{topology="counts"} 0')))
    same(get(port, "/healthz"), "ok\n")
    for text in ('millrace_records_total{topology="endless",lane="parsed/lane0"}', 'millrace_records_total{topology="sums",lane="parsed/lane0"} 100'):
        if text not in get(port, "/metrics"):
            raise Wrong(f"{text} is not in the metrics")
    process.send_signal(signal.SIGUSR1)
    wait_until("a report", d.report_file.exists)
    same(sorted((r["topology"], r["ended"]) for r in json.loads(d.report_file.read_text())), [("counts", True), ("endless", False), ("sums", True)])
    process.send_signal(signal.SIGTERM)
    ended = d.end(process)
    same(ended.status, 0)
    before = len(d.lines("endless.jsonl"))
    process = d.start(args)
    wait_until("it goes on", lambda: d.lines_so_far("endless.jsonl") > before)
    process.send_signal(signal.SIGTERM)
    same(d.end(process).status, 0)
