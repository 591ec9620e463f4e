"""The row of http_server: wrk with 64 connections against it, and against nginx that answers a constant body."""
import contextlib
import re
import shutil
import subprocess
import time
import urllib.request

from table.harness import Failed, Skipped, middle, ratio

REPLY = "You Purchased a Sword!\n"
ROUTE = "/purchase_a_sword"
LATENCY_UNITS = {"us": 1e-3, "ms": 1, "s": 1e3}


def tool(name, package):
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if not path:
        raise Skipped(f"{name} is not there; remedy: apt-get install {package}")
    return path


@contextlib.contextmanager
def running(command, port):
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{ROUTE}", timeout=5) as answer:
                    if answer.read().decode() != REPLY:
                        raise Failed("another server answers on that port")
                    break
            except OSError:
                if process.poll() is not None or time.monotonic() > until:
                    raise Failed(f"{command[0]} does not answer") from None
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def asked(bench, wrk, port, seconds):
    """Requests a second, 99th percentile in ms, and how many were answered with 200."""
    out = bench.measured([wrk, "-t1", "-c64", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}{ROUTE}"]).out.decode()
    if "Non-2xx" in out or "Socket errors" in out:
        raise Failed(f"not every request was answered: {out}")
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", out).groups()
    return (float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), float(value) * LATENCY_UNITS[unit],
            int(re.search(r"(\d+) requests in", out)[1]))


def nginx(bench, wrk, program, seconds):
    folder, port = bench.folder("nginx"), bench.free_port()
    (folder / "nginx.conf").write_text(f"""
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes auto;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 100000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location = {ROUTE} {{ return 200 "{REPLY.strip()}\\n"; }} }} }}
""")
    with running([program, "-p", folder, "-c", folder / "nginx.conf"], port):
        return asked(bench, wrk, port, seconds)


def ours(bench, wrk, seconds):
    """Events go on into a file; each that was answered has to be there."""
    folder, port = bench.folder("http"), bench.free_port()
    plan = {"millrace": 1, "topology": "bench",
            "stages": {"events": {"source": "http_server", "listen": f"127.0.0.1:{port}",
                                  "routes": {ROUTE: {"event": {"event_type": "purchase_sword"}, "reply": REPLY}}},
                       "lines": {"parser": "text", "from": "events"},
                       "rows": {"sink": "file", "from": "lines", "path": str(folder / "rows.txt"), "format": "text",
                                "template": "{line}"}}}
    with running(bench.start(plan, folder, threads=2), port):
        found = asked(bench, wrk, port, seconds)
    with open(folder / "rows.txt", "rb") as rows:
        there = sum(1 for _ in rows)
    if there < found[2]:
        raise Failed(f"{found[2]} requests were answered, {there} are in the file")
    shutil.rmtree(folder)
    return found


def http(bench):
    """requests/s of http_server, each durable when it is answered, against nginx with a constant body"""
    wrk, program = tool("wrk", "wrk"), tool("nginx", "nginx-light")
    seconds = 2 if bench.rounds == 1 else 10
    seen = []

    def rate(use):
        def figure():
            seen.append(use())
            return 1 / seen[-1][0]
        return figure

    pairs = bench.in_turn(rate(lambda: nginx(bench, wrk, program, seconds)), rate(lambda: ours(bench, wrk, seconds)))
    return ratio(pairs, 0.3, f"nginx {middle([1 / p[0] for p in pairs]) / 1e3:.0f}, millrace "
                             f"{middle([1 / p[1] for p in pairs]) / 1e3:.0f} k requests/s; p99 {middle([s[1] for s in seen[::2]]):.1f}, "
                             f"{middle([s[1] for s in seen[1::2]]):.1f} ms")
