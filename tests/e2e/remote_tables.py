"""Tables of Parquet files on servers: the two kinds of places, a reader that never rests, and the table whose rows are known.

A place gives: `stage(table)`, what a sink needs to write there; `walk(table)`, all files with their sizes, hidden ones too; `read`, `write`;
`server`, what messages must name. Cases that hold of both are in remote_cases.py.
"""
import collections
import hashlib
import json
import pathlib
import random
import re
import threading
import time
import urllib.parse

from parquet_tables import table_rows
from real_systems import Run, Wrong, check, difference, topology_file, wait_until

import s3_client
import webhdfs

# Values of partitions, and Hive's names of their folders; signs that a URL must not carry as they are among them.
PARTITIONS = {"plain": "plain", "b c": "b c", "ü+&;~": "ü+&;~", "x=y/z?#%": "x%3Dy%2Fz%3F%23%25", None: "__HIVE_DEFAULT_PARTITION__"}
Trouble = (OSError, webhdfs.Refused, s3_client.Refused)


class Hdfs:
    name = "hdfs"

    def __init__(self, url, servers=None):
        self.url, self.servers = url, servers
        self.server = self.url.removeprefix("http://")
        self.client = webhdfs.Client(self.url)

    def stage(self, table, user=None):
        return {"connection": f"webhdfs://{user}@{self.server}" if user else self.url, "path": f"/lake/{table}"}

    def walk(self, table):
        try:
            return self.client.walk(f"/lake/{table}")
        except webhdfs.Refused as e:
            if e.kind == "FileNotFoundException":  # also where a folder or a file goes between two questions
                return {}
            raise

    def read(self, table, file):
        return self.client.read(f"/lake/{table}/{file}")

    def write(self, table, file, data):
        self.client.write(f"/lake/{table}/{file}", data)


class S3:
    name = "s3"

    def __init__(self, url, servers=None):
        self.url, self.servers = url, servers
        self.client = s3_client.Client(self.url)
        self.server = self.client.address

    def stage(self, table):
        return {"connection": self.url, "path": f"lake/{table}"}

    def stage_with(self, table, secret=None, bucket=None, endpoint=None):
        """Sends something else than what is right."""
        parts = urllib.parse.urlsplit(self.url)
        options = dict(urllib.parse.parse_qsl(parts.query))
        options["endpoint"] = endpoint or options["endpoint"]
        parts = parts._replace(netloc=f"{parts.username}:{secret or parts.password}@{bucket or parts.hostname}",
                               query=urllib.parse.urlencode(options))
        return {**self.stage(table), "connection": parts.geturl()}

    def walk(self, table):
        start = f"lake/{table}/"
        return {key.removeprefix(start): size for key, size in self.client.list(start).items()}

    def read(self, table, file):
        return self.client.read(f"lake/{table}/{file}")

    def write(self, table, file, data):
        self.client.write(f"lake/{table}/{file}", data)


def visible(files):
    return {file: size for file, size in files.items() if not any(part.startswith((".", "_")) for part in file.split("/"))}


class Reader(threading.Thread):
    """Looks all the time: what bears a visible name is a whole file of Parquet from the first moment, stays, and never changes."""

    def __init__(self, place, table):
        super().__init__(daemon=True)
        self.place, self.table, self.ending, self.failure = place, table, threading.Event(), None
        self.seen, self.looks, self.hidden = {}, 0, set()
        self.start()

    def run(self):
        try:
            while not self.ending.wait(0.02):
                self._look()
        except Exception as e:  # shown by end(): a thread must not fail in silence
            self.failure = e

    def _look(self):
        try:
            there = self.place.walk(self.table)
        except Trouble:
            return  # the server is away, or comes and goes
        self.looks += 1
        self.hidden |= there.keys() - visible(there).keys()
        for file, size in visible(there).items():
            known = self.seen.get(file)
            check(not known or known[0] == size, f"{file} has had {known} bytes and has {size} now")
            if known:
                continue
            try:
                data = self.place.read(self.table, file)
            except Trouble:
                continue  # it is seen at the next look
            self._whole(file, size, data)
            self.seen[file] = size, hashlib.sha256(data).hexdigest()

    @staticmethod
    def _whole(file, size, data):
        check(len(data) == size and data[:4] == data[-4:] == b"PAR1", f"{file} is listed with {size} bytes and is not a whole file of Parquet: "
              f"{len(data)} bytes, {data[:4]!r} ... {data[-4:]!r}")
        check(re.fullmatch(r"(part=[^/]+/)?part-\d{6,}-[0-9a-f]+\.\w+\.parquet", file), f"a visible name that is none of ours: {file}")

    def end(self):
        """Every file that was ever seen is there still, as it was. Returns what it has seen, in words."""
        self.ending.set()
        self.join()
        check(not self.failure, lambda: f"the reader: {self.failure}")
        there = self.place.walk(self.table)
        for file, (size, digest) in self.seen.items():
            check(file in there, f"{file} was visible and has gone")
            check(hashlib.sha256(self.place.read(self.table, file)).hexdigest() == digest, f"{file} has changed")
        return f"{self.looks} looks at {len(self.seen)} files, {len(self.hidden)} hidden ones seen"


def fetch(place, table, folder):
    """The visible files as local ones."""
    for file in visible(place.walk(table)):
        local = pathlib.Path(folder) / file
        local.parent.mkdir(parents=True, exist_ok=True)
        local.write_bytes(place.read(table, file))
    return pathlib.Path(folder)


class Rows:
    """Known rows, `size` random bytes in each, their file, and the topology that takes them to a table, at `rate` a second."""

    def __init__(self, options, folder, place, table, count, seed=1, rate=4000, size=100, **sink):
        self.options, self.folder, self.place, self.table, self.count = options, pathlib.Path(folder), place, table, count
        self.folder.mkdir(parents=True, exist_ok=True)
        rng, names = random.Random(seed), list(PARTITIONS)
        self.rows = [(n, rng.choice(names), rng.randbytes(size).hex()) for n in range(count)]
        with open(self.folder / "rows.jsonl", "w", encoding="utf-8") as f:
            f.writelines(json.dumps({"n": n, "part": part, "text": text}, ensure_ascii=False) + "\n" for n, part, text in self.rows)
        self.name, self.topology, self.state = f"remote_{table}", self.folder / "topology.json", self.folder / "state"
        self.write(rate, place.stage(table), **sink)

    def write(self, rate, where, **sink):
        topology_file(self.topology, self.name, {
            "lines": {"source": "file", "path": str(self.folder / "rows.jsonl"), **({"rate": f"{rate}/s"} if rate else {})},
            "rows": {"parser": "json", "from": "lines", "schema": {"n": "bigint", "part": "text", "text": "text"}},
            "table": {"sink": "parquet", "from": "rows", "partition_by": "part", "roll": {"age": "300 ms"}, **where, **sink}})

    def run(self, *options):
        return Run(self.options.millrace, self.topology, self.state, *options)

    def wait_for_files(self, more_than=0, seconds=60):
        return wait_until("files in the table", lambda: len(visible(self.place.walk(self.table))) > more_than, seconds)

    def compare(self, *others):
        """All that is visible: these rows, and those of `others`, each once, each in its partition's folder; nothing else lies there but
        what is hidden."""
        wanted = collections.defaultdict(list)
        for rows in (self, *others):
            for n, part, text in rows.rows:
                wanted[f"part={PARTITIONS[part]}"].append((n, text))
        copy = fetch(self.place, self.table, self.folder / f"copy-{time.monotonic_ns()}")
        folders = {p.name for p in copy.iterdir()}
        check(folders == set(wanted), f"folders: {sorted(folders)}, expected {sorted(wanted)}")
        for name, expected in wanted.items():
            found = [(r["n"], r["text"]) for r in table_rows(self.options, copy / name)]
            wrong = difference(expected, found)
            check(not wrong, f"{name}: {wrong}")
        return len(list(copy.rglob("*.parquet")))

    def left_behind(self):
        """Hidden files beside the mark that says whose the table is."""
        there = self.place.walk(self.table)
        return sorted(there.keys() - visible(there).keys() - {".millrace-table"})


def killed_at_random(rows, kills, seed, longest=1.2):
    """Lives of random length, each ended by kill -9; (how many left something half done, the life that goes on)."""
    rng, half = random.Random(seed), 0
    for _ in range(kills):
        running = rows.run()
        time.sleep(rng.uniform(0.25, longest))
        running.check_alive()
        running.kill()
        half += bool(rows.left_behind())
    return half, rows.run()


def says(running, *texts, seconds=30):
    """Waits until one line of what it says holds all of these; gives that line."""
    def line():
        return next((x for x in running.errors().splitlines() if all(text.lower() in x.lower() for text in texts)), None)
    try:
        return running.wait_until(f"a line with {texts}", line, seconds)
    except Wrong as e:
        raise Wrong(f"{e}; it says: {running.errors()[-1500:]}") from None


def said_once(running, *texts):
    """One line holds these, not one an attempt."""
    lines = [x for x in running.errors().splitlines() if all(text.lower() in x.lower() for text in texts)]
    check(len(lines) == 1, f"{len(lines)} lines with {texts}, expected one: {lines[:4]}")


def refused(running, status, *texts):
    """Ends by itself with this status, and its last word, one line, holds all of these."""
    said = running.expect(status, seconds=60)
    lines = [x for x in said.splitlines() if x.startswith("millrace: ")]
    check(len(lines) == 1 and all(text.lower() in lines[0].lower() for text in texts), f"expected one line with {texts}: {said[-1500:]}")
