"""Rate and pending say how fast records come and what is left; both are zero once the producer has stopped. Ticks are counted"""
import json
import signal
import socket
import time
import urllib.request

from golden.millrace import Wrong, same


def run(place):
    a = place.attempt("flow")
    with (a.root / "input.jsonl").open("w") as f:
        f.writelines('{"i":%d}\n' % i for i in range(1000))
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]

    def metric(name, label):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                text = answer.read().decode()
        except OSError:
            return None
        found = [line.split()[-1] for line in text.splitlines() if line.startswith(name + "{") and label in line]
        return float(found[0]) if found else None

    def wait_until(what, true, seconds=90):
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                raise Wrong(f"not within {seconds} s: {what}")
            time.sleep(0.05)

    process = a.start(["--http", f"127.0.0.1:{port}"])
    wait_until("a rate", lambda: (metric("millrace_input_records_per_second", 'source="lines"') or 0) > 0)
    wait_until("all records", lambda: metric("millrace_records_total", "parsed/lane0") == 1000)
    wait_until("rate and pending are zero", lambda: metric("millrace_input_records_per_second", 'source="lines"') == 0
               and metric("millrace_pending_bytes", 'source="lines"') == 0)
    wait_until("the last tick", lambda: a.lines_so_far("out.jsonl") > 0 and json.loads(a.lines("out.jsonl")[-1])["n"] == 1000)
    last = json.loads(a.lines("out.jsonl")[-1])
    same(metric("millrace_sink_batch", 'sink="out"'), float(last["batch"]))
    same(metric("millrace_sink_batch_rows", 'sink="out"'), 1.0)
    same(metric("millrace_sink_row_commits_total", 'sink="out"'), float(last["batch"]))
    for name in ("millrace_sink_batch_seconds", "millrace_sink_wait_seconds_total", "millrace_sink_commit_seconds_total"):
        if not metric(name, 'sink="out"') >= 0:
            raise Wrong(f"{name} is missing")
    if not metric("millrace_chunks_total", "parsed/lane0") >= 1:
        raise Wrong("no chunk was counted")
    process.send_signal(signal.SIGUSR1)
    wait_until("a report", a.report_file.exists)
    flow = json.loads(a.report_file.read_text())["flow"]
    same((flow["lines"]["records_per_second"], flow["lines"]["pending_bytes"], sorted(flow["out"])), (0.0, 0, ["commit_seconds", "wait_seconds"]))
    process.send_signal(signal.SIGTERM)
    same(a.end(process).status, 0)
