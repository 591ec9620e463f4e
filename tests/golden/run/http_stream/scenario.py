"""An endless response that breaks off anywhere, while its reader is stopped, killed and resumed with other threads: each record once"""
import contextlib
import http.server
import random
import threading
import urllib.parse

from golden.millrace import same

RECORDS = 1201  # the last one closes the twelfth window of 100 seconds


class Numbers(http.server.BaseHTTPRequestHandler):
    """Sends the records after `after`, and breaks off after some bytes, within a record most often."""

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        first = int(query.get("after", ["-1"])[0]) + 1
        text = "".join('{"n":%d,"t":"2021-04-24T10:%02d:%02dZ"}\n' % (n, n // 60, n % 60) for n in range(first, RECORDS))
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        data = text.encode()[:self.server.random.randrange(200, 6000)]
        with contextlib.suppress(OSError):
            if data:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            if len(data) == len(text):
                self.server.over.wait()  # no more records come, and it does not end either

    def log_message(self, *_):
        pass


def run(place):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Numbers)
    server.daemon_threads = True
    server.random, server.over = random.Random(place.random.random()), threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        follow(place, {"PORT": str(server.server_port)})
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()


def follow(place, env):
    a = place.attempt("streamed")
    rng = place.random
    for life in range(5):
        p = a.start(["--threads", rng.choice([1, 2, 4])], env=env)
        before = len(a.table("rows"))
        a.wait(lambda: len(a.table("rows")) > min(before, RECORDS - 250), p)
        if life % 2:
            a.stop(p)
        else:
            a.kill(p)
    p = a.start(env=env)
    a.wait(lambda: len(a.table("rows")) == RECORDS and a.lines_so_far("out.csv") == 13, p, timeout=60)
    a.stop(p)
    same([dict(r)["n"] for r in a.table("rows")], list(range(RECORDS)))
    same(a.lines("out.csv"), ["n,total"] + [f"100,{sum(range(w * 100, w * 100 + 100))}" for w in range(12)])
