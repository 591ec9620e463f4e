"""A job of posted events, counted in windows of five minutes into a file, with --http: for tests that look into it."""
import http.client
import json
import os
import urllib.request

from real_systems import PATIENCE, OwnFolder, Run, Wrong, free_port, metric, wait_until


class Posted(OwnFolder):
    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.port, self.http, self.state = free_port(), free_port(), self.folder / "state"
        self.rows_file = self.folder / "rows.jsonl"
        self.topology = {
            "millrace": 1, "topology": name, "snapshot_every": "200 ms", "stages": {
                "posted": {"source": "http_server", "listen": f"127.0.0.1:{self.port}",
                           "routes": {"/": {"body": "lines", "event": {}, "reply": "Taken!\n"}}},
                "parsed": {"parser": "json", "from": "posted", "schema": {"user": "text", "at": "timestamp"},
                           "event_time": "at", "watermark_delay": "10 s"},
                "counts": {"window": "tumbling", "size": "5 minutes", "from": "parsed", "key": ["user"],
                           "aggregates": {"n": "count(*)"}},
                "rows": {"sink": "file", "from": "counts", "path": str(self.rows_file),
                         "columns": {"user": '"user"', "n": "n", "end": "window_end"}}}}

    def is_there(self):
        """It answers as the test needs it."""
        raise NotImplementedError

    def start(self, *options):
        path = self.folder / "topology.json"
        path.write_text(json.dumps(self.topology))
        self.run = Run(self.binary, path, self.state, "--http", f"127.0.0.1:{self.http}", *options)
        self.run.wait_until("it is there", self.is_there, 30)

    def post(self, *records):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/", method="POST",
                                         data="\n".join(map(json.dumps, records)).encode())
        try:
            urllib.request.urlopen(request, timeout=30 * PATIENCE).read()
        except (OSError, http.client.HTTPException) as e:
            raise Wrong(f"a post is not taken: {e!r}; the run says {self.run.errors()[-1500:]}") from None

    def sleeping_reader(self):
        """Gives the run, before it starts, a console sink `screen` whose output nobody reads; the end to read from."""
        out = f"{self.state}.out"
        os.mkfifo(out)
        self.topology["stages"]["screen"] = {"sink": "console", "from": "parsed"}
        return os.open(out, os.O_RDONLY | os.O_NONBLOCK)

    def fill_screen(self):
        """Posts until a call to the screen has been under way for a second."""
        def is_under_way():
            self.post(*({"user": "u" * 200, "at": "2026-11-01T12:00:01Z"} for _ in range(500)))
            return metric(f"127.0.0.1:{self.http}", "millrace_sink_under_way_seconds", 'sink="screen"') > 1
        wait_until("the pipe is full", is_under_way)
