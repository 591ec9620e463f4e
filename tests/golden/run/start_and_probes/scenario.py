"""The start line names version, topology, state and endpoints; /healthz and /readyz say no until the servers have been reached"""
import http.server
import re
import socket
import threading
import urllib.error
import urllib.request

from golden.millrace import Wrong, same


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Stream(http.server.BaseHTTPRequestHandler):
    """Three records, then silence until the test is over."""
    over = threading.Event()

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"i":1}\n{"i":2}\n{"i":3}\n')
        self.wfile.flush()
        self.over.wait(120)

    def log_message(self, *_):
        pass


def probe(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
    except OSError:
        return None, ""


def first_line(a, process):
    return (a.root / f"stderr.{process.life}").read_text().splitlines()[:1]


def run(place):
    a = place.attempt("away")
    a.start_timeout = "60 s"
    stream, status = free_port(), free_port()
    env = {"PORT": str(stream)}
    args = ["--http", f"127.0.0.1:{status}"]
    process = a.start(args, env=env)
    a.wait(lambda: probe(status, "/livez")[0] == 200, process)
    for path in ("/healthz", "/readyz"):
        code, text = probe(status, path)
        same(code, 503)
        if "events (http_stream)" not in text:
            raise Wrong(f"{path} does not name what is waited for: {text!r}")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", stream), Stream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    a.wait(lambda: probe(status, "/healthz") == (200, "ok\n"), process, timeout=60)
    a.wait(lambda: probe(status, "/readyz") == (200, "ok\n"), process)
    same(probe(status, "/nothing")[0], 404)
    a.wait(lambda: a.lines_so_far("out.jsonl") == 3, process)
    [line] = first_line(a, process)
    for text in ("'start_and_probes' starts (millrace ", "topology.json", f"state in {a.state}, new; ",
                 f"reads events (http_stream http://127.0.0.1:{stream}/)", f"status at http://127.0.0.1:{status}"):
        if text not in line:
            raise Wrong(f"{text!r} is not in {line!r}")
    a.stop(process)
    process = a.start(args, env=env)
    a.wait(lambda: probe(status, "/healthz")[0] == 200, process, timeout=60)
    [line] = first_line(a, process)
    if not re.search(r", resumed from \d{4}-\d\d-\d\dT[0-9:.]+Z; ", line):
        raise Wrong(f"it does not say from when it is resumed: {line!r}")
    a.stop(process)
    Stream.over.set()
    server.shutdown()
