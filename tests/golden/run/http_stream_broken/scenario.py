"""A line within which the connection breaks is a dead letter of every parser, also after a kill; a last line of a whole response is a record"""
import contextlib
import http.server
import threading

from golden.millrace import same


class Broken(http.server.BaseHTTPRequestHandler):
    """The first response breaks off within its second line; the second one ends in order, without a line end; the others wait."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        self.server.asked += 1
        text = {1: b"bob,1\nann,12", 2: b"zoe,3\neve,4"}.get(self.server.asked, b"")
        with contextlib.suppress(OSError):
            if text:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(text), text))
            if self.server.asked == 2:
                self.wfile.write(b"0\r\n\r\n")
            if self.server.asked > 2:
                self.server.over.wait()

    def log_message(self, *_):
        pass


def run(place):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Broken)
    server.daemon_threads = True
    server.asked, server.over = 0, threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        read(place.attempt("broken"), {"PORT": str(server.server_port)})
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()


def read(a, env):
    p = a.start(env=env)
    a.wait(lambda: a.lines_so_far("out.jsonl") == 3 and a.lines_so_far("lines.jsonl") == 3, p)
    a.kill(p)
    p = a.start(env=env)
    a.wait(lambda: a.place.is_on_nodes or len(a.dead_letters()) == 2, p)
    a.stop(p)
    same(a.lines("out.jsonl"), ['{"user":"bob","sum":1}', '{"user":"zoe","sum":3}', '{"user":"eve","sum":4}'])
    same(a.lines("lines.jsonl"), ['{"line":"bob,1"}', '{"line":"zoe,3"}', '{"line":"eve,4"}'])
    letters = a.dead_letters()
    same(sorted((d["stage"], d["record"]) for d in letters), [("lines", "ann,12"), ("parsed", "ann,12")])
    same(["its connection broke within it" in d["error"] for d in letters], [True, True])
