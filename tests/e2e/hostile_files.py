#!/usr/bin/env -S python3 -B
"""Files that a hostile neighbour or a broken writer has laid where a run writes and reads: links, pipes, other users' files, state files of
an absurd size, lines without an end, folders open to everybody, a folder with statements for `millrace sql`. Each is refused with one message, or taken
for what it is; nothing that a link leads to changes, and nothing hangs. No server.

    hostile_files.py --millrace BINARY [--only NAME]      each case is a function below
"""
import contextlib
import ctypes
import gzip
import json
import os
import pathlib
import re
import resource
import sqlite3
import stat
import subprocess
import threading

from real_systems import PATIENCE, OwnFolder, Run, Wrong, captured, check, dead_letters, has_open, main_of_cases, topology_file, wait_until

PRECIOUS = "precious\n"
LONGEST = 64 << 20
KEPT = 64 << 10


class Case(OwnFolder):
    """A topology from a file to a file, in a folder of its own."""

    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.state, self.out = self.folder / "state", self.folder / "out.jsonl"
        self.input = self.folder / "in.jsonl"
        self.input.write_text('{"n":1}\n{"n":2}\n')
        self.victim = self.folder / "victim"
        self.victim.write_text(PRECIOUS)

    def topology(self, parser=None, source=None, sink=None):
        file = topology_file(self.folder / "topology.json", "hostile", {
            "in": {"source": "file", "path": str(self.input), **(source or {})},
            "parsed": {**(parser or {"parser": "json", "schema": {"n": "bigint"}}), "from": "in"},
            "out": {"sink": "file", "from": "parsed", "path": str(self.out), **(sink or {})}})
        return str(file)

    def call(self, *arguments, status=0, says="", seconds=60, **more):
        try:
            done = subprocess.run([self.binary, *arguments], capture_output=True, text=True, timeout=seconds * PATIENCE, cwd=self.folder,
                                  **{"stdin": subprocess.DEVNULL, **more})
        except subprocess.TimeoutExpired as e:
            raise Wrong(f"{arguments} hangs; it said: {(e.stderr or b'')[-1500:]}") from None
        said = done.stderr + done.stdout
        check(done.returncode == status, f"exit status {done.returncode}, expected {status}: {said[-1500:]}")
        check(says in said, f"{says!r} is not in {said[-1500:]}")
        return said

    def run(self, status=0, says="", parser=None, source=None, sink=None, **more):
        return self.call("run", self.topology(parser, source, sink), "--state", str(self.state), status=status, says=says, **more)

    def start(self, topology, said):
        """A run that goes on; what it says is appended to the file `said`."""
        with open(said, "ab") as out:
            process = subprocess.Popen([self.binary, "run", topology, "--state", str(self.state)], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        Run.started.append(process)
        return process

    def lacks_duckdb(self):
        if captured(self.binary, "sql", "select 1").returncode:
            print("millrace sql: not tried, there is no libduckdb.so")
            return True
        return False

    def untouched(self):
        check(self.victim.read_text() == PRECIOUS, f"what the link leads to was written: {self.victim.read_bytes()[:80]!r}")

    def rows(self):
        return [json.loads(line) for line in self.out.read_text().splitlines()]


def link_at_side_file(c):
    """A link at the hidden side file's name: refused, its target stays."""
    c.out.with_name(".millrace-out.jsonl").symlink_to(c.victim)
    c.run(status=1, says="symbolic link")
    c.untouched()


def link_at_data_path(c):
    """A link at the data path: refused with and without `at_start`."""
    c.out.symlink_to(c.victim)
    for at_start in ("append", "empty"):
        c.run(status=1, says="symbolic link", sink={"at_start": at_start})
        c.untouched()


def small_file_at_side_file(c):
    """A file of somebody's at the side file's name stays as it is."""
    side = c.out.with_name(".millrace-out.jsonl")
    side.write_text(PRECIOUS)
    c.run(status=1, says="not a progress file")
    check(side.read_text() == PRECIOUS, "it was written over")


def link_in_state_folder(c):
    """Links in a prepared state folder."""
    for name in ("lock", "control", "addresses"):
        c.state = c.folder / f"state-of-{name}"
        c.state.mkdir()
        (c.state / name).symlink_to(c.victim)
        c.run(status=2, says="symbolic link")
        c.untouched()
    for name in ("dead_letters.jsonl", ".millrace-dead_letters.jsonl"):
        c.state, c.out = c.folder / f"state-with-{name}", c.folder / f"out-{name}"
        c.run()
        for file in ("dead_letters.jsonl", ".millrace-dead_letters.jsonl"):
            (c.state / file).unlink(missing_ok=True)
        (c.state / name).symlink_to(c.victim)
        c.run(status=2, says="symbolic link")
        c.untouched()


def link_at_report(c):
    """A link at the name that the report is written under first."""
    (c.folder / "report.json.part").symlink_to(c.victim)
    c.call("run", c.topology(), "--state", str(c.state), "--report", "report.json", status=2, says="symbolic link")
    c.untouched()


def link_at_sqlite_file(c):
    """A link at the path of an SQLite database."""
    database = c.folder / "rows.db"
    database.symlink_to(c.victim)
    file = pathlib.Path(c.topology())
    t = json.loads(file.read_text())
    t["stages"]["out"] = {"sink": "sql", "from": "parsed", "connection": f"sqlite3://{database}", "table": "t", "create": True}
    file.write_text(json.dumps(t))
    c.call("run", str(file), "--state", str(c.state), status=1, says="symbolic link")
    c.untouched()


def pipes(c):
    """Named pipes at every name that is opened: refused within moments."""
    os.mkfifo(c.out)
    c.run(status=1, says="not a regular file")
    c.out.unlink()
    side = c.out.with_name(".millrace-out.jsonl")
    side.unlink()
    os.mkfifo(side)
    c.run(status=1, says="not a regular file")
    side.unlink()
    c.state = c.folder / "piped"
    c.state.mkdir()
    os.mkfifo(c.state / "lock")
    c.run(status=2, says="not a regular file")


def other_users(c):
    """Another user's state folder, and their file where everybody may lay one. Only root can make them."""
    if os.geteuid() != 0:
        print("other users' files: not tried, which takes root")
        return
    c.state.mkdir()
    os.chown(c.state, 65534, 65534)
    c.run(status=2, says="belongs to another user")
    os.chown(c.state, 0, 0)
    shared = c.folder / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    c.out = shared / "out.jsonl"
    c.out.write_text(PRECIOUS)
    os.chown(c.out, 65534, 65534)
    c.run(status=1, says="belongs to another user")
    check(c.out.read_text() == PRECIOUS, "it was written to")


def node_folders(c):
    """A node takes no folder of something else or of another user, nor a store that is another user's"""
    def node(says, store="store", state="node", status=2):
        c.call("node", "--name", "a", "--store", f"dir:{c.folder / store}", "--listen", "127.0.0.1:0", "--coordinator",
               "--state", str(c.folder / state), status=status, says=says)

    used = c.folder / "used"
    used.mkdir()
    (used / "precious").write_text(PRECIOUS)
    used.chmod(0o755)
    node("is not a folder of a node, and not empty (there is precious)", state="used")
    check(used.stat().st_mode & 0o777 == 0o755 and [f.name for f in used.iterdir()] == ["precious"], "the folder was changed")
    if os.geteuid() != 0:
        print("other users' folders: not tried, which takes root")
        return
    theirs = c.folder / "theirs"
    theirs.mkdir()
    (theirs / "token").write_text("known\n")
    (theirs / "token").chmod(0o600)
    for path in (theirs, theirs / "token"):
        os.chown(path, 65534, 65534)
    node("belongs to another user", state="theirs")
    os.chown(theirs, 0, 0)
    node("belongs to another user", state="theirs")
    foreign = c.folder / "foreign"
    foreign.mkdir()
    os.chown(foreign, 65534, 65534)
    node("belongs to another user", store="foreign", status=1)  # a store that refuses looks so, for any holder
    c.call("list", "--connect", "http://127.0.0.1:1", "--token", str(theirs / "token"), status=2, says="belongs to another user")


def states_of_others(c):
    """Root takes neither a plan nor a state out of another user's folder: not by a copy, a check or a replay"""
    if os.geteuid() != 0:
        print("other users' states: not tried, which takes root")
        return
    c.input.write_text('{"n":1}\nno JSON\n')
    c.run()
    c.call("state", "copy", f"dir:{c.state}", f"dir:{c.folder / 'store'}")
    for folder in (c.state, c.folder / "store"):
        for path in (folder, *folder.rglob("*")):
            os.chown(path, 65534, 65534)
    theirs = "belongs to another user"
    for folder in (c.state, c.folder / "store"):
        c.call("state", "copy", f"dir:{folder}", f"dir:{c.folder / 'mine'}", status=2, says=theirs)
        check(not (c.folder / "mine" / "control").exists(), "a store was made of it")
    c.call("check", c.topology(), "--state", str(c.state), status=2, says=theirs)
    c.call("replay", str(c.state / "dead_letters.jsonl"), "--into", "parsed", "--topology", c.topology(), status=2, says=theirs)
    # The folder is root's, and a file in it is not.
    os.chown(c.folder / "store", 0, 0)
    c.call("state", "copy", f"dir:{c.folder / 'store'}", f"dir:{c.folder / 'mine'}", status=2, says=theirs)


def modes(c):
    """State folders are 0700 and their files 0600 whatever the umask; rows are as the umask says."""
    c.input.write_text('{"n":1}\nno JSON\n')
    for mask, shown in ((0o000, 0o644), (0o022, 0o644), (0o077, 0o600)):
        c.state, c.out = c.folder / f"state{mask}", c.folder / f"out{mask}.jsonl"
        c.run(preexec_fn=lambda m=mask: os.umask(m))
        check(len(dead_letters(c.state)) == 1, "the dead letter is missing")
        for path in (c.state, *c.state.rglob("*")):
            mode = stat.S_IMODE(path.lstat().st_mode)
            expected = 0o700 if path.is_dir() else 0o600
            check(mode == expected, f"umask {mask:03o}: {path} is {mode:04o}, expected {expected:04o}")
        mode = stat.S_IMODE(c.out.stat().st_mode)
        check(mode == shown, f"umask {mask:03o}: {c.out} is {mode:04o}, expected {shown:04o}")
    c.state.chmod(0o755)
    c.run()
    check(stat.S_IMODE(c.state.stat().st_mode) == 0o700, "an open state folder stays open")


def absurd_sizes(c):
    """Each state file as 100 GB of nothing: one message or none, never an abort, and little memory."""
    c.run()
    files = [f for f in c.state.rglob("*") if f.is_file() and f.name != "lock"]
    check(len(files) > 6, f"files of the state: {files}")
    for file in files:
        if not file.exists():
            continue  # a chain has gone on without it
        kept = file.read_bytes()
        os.truncate(file, 100_000_000_000)
        done = subprocess.run([c.binary, "run", c.topology(), "--state", str(c.state)], capture_output=True, text=True, timeout=60 * PATIENCE,
                              stdin=subprocess.DEVNULL, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30)))
        check(done.returncode in (0, 1, 2), f"{file}: ended with {done.returncode}: {done.stderr[-500:]}")
        check(len(done.stderr.splitlines()) < 12, f"{file}: {done.stderr[-1500:]}")
        if file.exists() and file.stat().st_size == 100_000_000_000:
            file.write_bytes(kept)
    for file in (c.state / "control").iterdir():
        os.truncate(file, 100_000_000_000)
    c.run(status=2, says="damaged")


def memory_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024


def long_lines(c):
    """A line beyond 64 MiB is a dead letter with its first 64 KiB; the records before and after it count. Plain, compressed, by standard input,
    with the parsers that could take its beginning for a record."""
    before, behind = b'{"n":1}\n', b'\n{"n":3}\n'
    parts = [b'{"n":2,"x":"', b"y" * (LONGEST + 1), b'"}']
    text = before + b"".join(parts) + behind
    packed = c.folder / "in.jsonl.gz"
    packed.write_bytes(gzip.compress(text, 1))
    c.input.write_bytes(text)
    plain = c.input
    for name, parser, expected in (("json", None, [{"n": 1}, {"n": 3}]),
                                   ("text", {"parser": "text"}, [{"line": '{"n":1}'}, {"line": '{"n":3}'}])):
        for kind in ("plain", "gz", "pipe"):
            c.state, c.out = c.folder / f"{name}-{kind}", c.folder / f"{name}-{kind}.jsonl"
            c.input = {"plain": plain, "gz": packed, "pipe": "-"}[kind]
            with open(plain, "rb") as content:
                c.run(parser=parser, stdin=content if kind == "pipe" else subprocess.DEVNULL)
            check(c.rows() == expected, f"{name}, {kind}: {str(c.rows())[:300]}")
            letters = dead_letters(c.state)
            check(len(letters) == 1, f"{name}, {kind}: {len(letters)} dead letters")
            check(letters[0]["record"].encode() == (parts[0] + parts[1])[:KEPT], f"{name}, {kind}: {len(letters[0]['record'])} bytes kept")
            check("too long" in letters[0]["error"], letters[0]["error"])
            if kind != "pipe":
                check(letters[0]["position"] in (len(before), f"0:{len(before)}") or str(len(before)) in str(letters[0]["position"]),
                      f"{name}, {kind}: position {letters[0]['position']}")


def endless_line(c):
    """A gigabyte without a line's end: memory stays, and SIGTERM in the middle of it ends the run; the next one finds the same."""
    with open(c.input, "wb") as out:
        out.write(b'{"n":1}\n')
        os.truncate(c.input, 1_500_000_000)
        out.seek(0, os.SEEK_END)
        out.write(b'\n{"n":3}\n')
    said = c.folder / "said"
    process = c.start(c.topology(), said)
    wait_until("it reads its input", lambda: process.poll() is not None or has_open(process.pid, c.input))
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0.2)  # a machine that has read all of it by then shows less
    if process.poll() is None:
        process.terminate()
    check(process.wait(60 * PATIENCE) == 0, f"SIGTERM: {process.returncode}: {said.read_text()[-1500:]}")
    process = c.start(c.topology(), said)
    most = 0

    def has_ended():
        nonlocal most
        with contextlib.suppress(StopIteration, OSError):
            most = max(most, memory_of(process.pid))
        return process.poll() is not None

    wait_until("it has read its input", has_ended)
    check(process.returncode == 0, f"{process.returncode}: {said.read_text()[-1500:]}")
    check(most > 0, "its memory was never seen")
    check(c.rows() == [{"n": 1}, {"n": 3}], f"rows {c.rows()}")
    check(len(dead_letters(c.state)) == 1, f"{len(dead_letters(c.state))} dead letters")
    check(most < 700 or "asan" in str(c.binary), f"{most} MB for a line of 1.5 GB")
    print(f"a line of 1.5 GB: {most} MB")


def long_csv_lines(c):
    """CSV, too: a line beyond 64 MiB, within a quote or not, is a dead letter; a header line beyond it ends the run with one message."""
    csv = {"parser": "csv", "schema": {"n": "bigint", "x": "text"}}
    for name, begin, header in (("plain", b"2,", False), ("quoted", b'2,"', True)):
        c.state, c.out = c.folder / f"{name}.state", c.folder / f"{name}.jsonl"
        text = (b"n,x\n" if header else b"") + b"1,a\n" + begin + b"y" * LONGEST + b"\n3,c\n"
        c.input.write_bytes(text)
        c.run(parser={**csv, "header": header})
        check(c.rows() == [{"n": 1, "x": "a"}, {"n": 3, "x": "c"}], f"{name}: {str(c.rows())[:300]}")
        letters = dead_letters(c.state)
        check(len(letters) == 1 and letters[0]["record"].encode() == (begin + b"y" * KEPT)[:KEPT] and "too long" in letters[0]["error"],
              f"{name}: {[(x['error'], len(x['record'])) for x in letters]}")
    c.state, c.out = c.folder / "header.state", c.folder / "header.jsonl"
    c.input.write_bytes(b"n,x," + b"y" * LONGEST + b"\n1,a\n")
    said = c.run(status=1, parser={**csv, "header": True}, says="header line")
    check(len(said) < 10_000, f"{len(said)} bytes of messages")


def replaced_while_read(c):
    """A file that is being read is renamed over, by another file, a link, a pipe, a folder, or cut off and written anew: what was begun is
    read to its end or the reason is told; nothing is there twice, and nothing hangs. With and without `follow`."""
    count = 4_000
    lines = [f'{{"n":{i},"padding":"{"x" * 8_000}"}}\n' for i in range(count)]  # more than is read at once
    others = [f'{{"n":{i}}}\n' for i in range(10_000, 10_100)]

    def by_file(path):
        other = c.folder / "other"
        other.write_text("".join(others))
        other.rename(path)

    def by_link(path):
        (c.folder / "target").write_text("".join(others))
        (c.folder / "link").symlink_to(c.folder / "target")
        (c.folder / "link").rename(path)

    def by_pipe(path):
        os.mkfifo(c.folder / "pipe")
        (c.folder / "pipe").rename(path)

    def by_folder(path):
        path.unlink()
        path.mkdir()

    def cut_off(path):
        path.write_text("".join(others[:3]))

    for follow in (False, True):
        for how in (by_file, by_link, by_pipe, by_folder, cut_off):
            name = f"{how.__name__}-{'followed' if follow else 'bounded'}"
            top = c.folder / name
            top.mkdir()
            c.input, c.state, c.out = top / "in.jsonl", top / "state", top / "out.jsonl"
            c.input.write_text("".join(lines))
            topology = c.topology(source={"rate": "2000/s", **({"follow": True} if follow else {})})
            process = c.start(topology, top / "said")
            wait_until("the first rows", lambda: process.poll() is not None or c.out.exists() and c.out.stat().st_size > 0)
            how(c.input)
            # A run that follows its file ends only where it cannot go on.
            readable = count + (len(others) if how in (by_file, by_link) else 0)
            wait_until("it has ended, or follows with all read", lambda: process.poll() is not None
                       or follow and how is not cut_off and c.out.read_bytes().count(b"\n") >= readable)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1)  # it meets what lies there now until then
            if process.poll() is None:
                process.terminate()
            try:
                status = process.wait(60 * PATIENCE)
            except subprocess.TimeoutExpired:
                check(False, f"{name}: SIGTERM does not end it: {(top / 'said').read_text()[-1500:]}")
            text = (top / "said").read_text()
            found = [row["n"] for row in c.rows()]
            print(f"        {name}: status {status}, {len(found)} rows; {text.strip().splitlines()[-1][-230:]}", flush=True)
            check(status in (0, 1), f"{name}: exit status {status}: {text[-1500:]}")
            check(len(found) == len(set(found)), f"{name}: {len(found) - len(set(found))} rows are there twice")
            own = [n for n in found if n < count]
            check(own == list(range(len(own))), f"{name}: the rows of the first file are not its beginning: {own[:5]} ... {own[-5:]}")
            check(len(own) == count or status == 1 or how is cut_off, f"{name}: {len(own)} rows of {count} and status {status}: {text[-1500:]}")
            for path in ("target", "link", "pipe", "other"):
                (c.folder / path).unlink(missing_ok=True)


def attach_in_a_path(c):
    """Statements of SQLite's in a path or a table's name are just a name; no other file is made."""
    for number, name in enumerate(("a'; attach 'evil.db' as evil; --.db", 'b" attach "evil.db', "c.db?vfs=unix-none&mode=memory", "d %00 evil.db")):
        database = c.folder / f"odd{number}" / name
        database.parent.mkdir()
        table = "t'; attach 'evil.db' as evil; create table evil.x(y); --"
        file = pathlib.Path(c.topology())
        t = json.loads(file.read_text())
        t["stages"]["out"] = {"sink": "sql", "from": "parsed", "connection": f"sqlite3://{database}", "table": table, "create": True}
        file.write_text(json.dumps(t))
        c.state = c.folder / f"state{number}"
        c.call("run", str(file), "--state", str(c.state))
        check([p.name for p in database.parent.iterdir()] == [name], f"made: {[p.name for p in database.parent.iterdir()]}")
        with contextlib.closing(sqlite3.connect(database)) as rows:
            found = rows.execute('select n from "{}" order by n'.format(table)).fetchall()
        check(found == [(1,), (2,)], f"rows {found}")
    check(not list(c.folder.glob("**/evil*")) and not pathlib.Path("evil.db").exists(), "evil.db was made")


def mount_goes_away(c):
    """The mount below a file sink is read-only at the start and then writable, is taken away lazily in the middle and put back: the reason is
    told, nothing is written to what lies beneath, and each row is there once in the end. Only root can do it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0 or libc.unshare(0x00020000) != 0 or subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True).returncode:
        print("a mount that goes away: not tried, which takes root and mounts of its own")
        return

    def mount(*arguments):
        subprocess.run(["mount", *map(str, arguments)], check=True)
    count, disk, target = 30_000, c.folder / "disk", c.folder / "target"
    disk.mkdir()
    target.mkdir()
    mount("-t", "tmpfs", "-o", "size=64m", "none", disk)
    mount("--bind", disk, target)
    c.input.write_text("".join(f'{{"n":{i}}}\n' for i in range(count)))
    c.out = target / "out.jsonl"
    topology, said = c.topology(source={"rate": "3000/s"}), c.folder / "said"

    mount("-o", "remount,ro,bind", target)
    process = c.start(topology, said)
    try:
        wait_until("it says that nothing can be written", lambda: "ead-only file system" in said.read_text())
        mount("-o", "remount,rw,bind", target)
        if process.poll() is not None:
            process = c.start(topology, said)
        wait_until("the first rows", lambda: process.poll() is not None or c.out.exists() and c.out.stat().st_size > 0)
        subprocess.run(["umount", "-l", str(target)], check=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)  # it may go on into the file that it has open
        check(not list(target.iterdir()), f"beneath the mount lies {list(target.iterdir())}")
        mount("--bind", disk, target)
        if process.poll() is not None:
            process = c.start(topology, said)
        check(process.wait(60 * PATIENCE) == 0, f"it ended with {process.returncode}: {said.read_text()[-1500:]}")
        check([row["n"] for row in c.rows()] == list(range(count)), f"{len(c.rows())} rows, of {count}")
    finally:
        if process.poll() is None:
            process.kill()
        for path in (target, disk):
            subprocess.run(["umount", "-l", str(path)], capture_output=True)


def sql_writes_nothing(c):
    """Statements that `millrace sql` would find in a folder, and those that leave one."""
    if c.lacks_duckdb():
        return
    found = c.folder / "imp"
    found.mkdir()
    (found / "schema.sql").write_text(f"create table t(x int);\ncopy (select 1 as x) to '{c.folder}/written.csv';\n")
    (found / "load.sql").write_text("")
    before = sorted(p.name for p in c.folder.iterdir())
    for statement in ("pragma import_database('imp')", "select 1; pragma import_database('imp')", "import database 'imp'",
                      "export database 'made'", "explain analyze export database 'made'", "attach 'made.db' as m",
                      "copy from database memory to made"):
        c.call("sql", statement, status=1 if statement.startswith("select") else 2)
    check(sorted(p.name for p in c.folder.iterdir()) == before, f"left behind: {sorted(p.name for p in c.folder.iterdir())}")
    c.call("sql", "create table t as select 1 as x; pragma table_info('t')", says="x")


def sql_keeps_to_its_targets(c):
    """Copies that lead out of their targets, and functions that write files, set DuckDB up or run text."""
    if c.lacks_duckdb():
        return
    table = c.folder / "table"
    table.mkdir()
    (table / "x.csv").write_text("a\n1\n")
    (c.folder / "tmp_y.csv").write_text("a\n1\n")
    (c.folder / "y.csv").write_text("b\n2\n")
    log = "storage='file', storage_path='victim'"

    def left():
        return {str(p.relative_to(c.folder)): p.read_bytes() for p in sorted(c.folder.rglob("*")) if p.is_file()}

    before = left()
    for statement in ("copy (select 2 a) to 'other' (per_thread_output, filename_pattern '../table/evil')",
                      "copy (select 2 a, 1 b) to 'other' (partition_by (b), filename_pattern '../../table/evil', format csv)",
                      "copy (select 2 a) to 'other' (file_size_bytes 1, filename_pattern '../table/evil')",
                      "copy (select 2 a) to 'other' (per_thread_output, file_extension '/../../table/evil')",
                      r"copy (select 2 a) to E'other/\x2e\x2e/table/evil.csv'", "copy (select 2 a) to\u00a0'table/evil.csv'",
                      "copy (select 2 a) to 'y.csv'", f"from enable_logging(level='trace', {log})", f"call enable_logging(level='trace', {log})",
                      "from enable_logging(level='trace', storage='file', storage_config={'path': 'table/x.csv'})",
                      f"create table q as from enable_logging(level='trace', {log})", f"from \"Enable_Logging\"/**/(level='trace', {log})",
                      f"from enable_logging\u00a0(level='trace', {log})", f"copy (from enable_logging(level='trace', {log})) to 'other'",
                      "from enable_profiling(format='json', save_location='victim')", "from arrow_scan(1, 2, 3)",
                      "from query('from enable_profiling(save_location=''victim'')')",
                      "from json_execute_serialized_sql(json_serialize_sql('from enable_profiling(save_location=''victim'')'))"):
        c.call("sql", statement + "; select 1", "--table", f"t={table}", "--table", f"u={c.folder}/tmp_y.csv", status=2)
        check(left() == before, f"{statement}: there are now {sorted(left())}")
    c.call("sql", "copy t to 'other' (per_thread_output, filename_pattern 'part_{i}', format csv, header); from 'other/*.csv'", "--table",
           f"t={table}", says="(1 row)")


def libraries_of_others(c):
    """A library that others may change is not loaded: below another HOME, or named by the environment."""
    folder = c.folder / "cache"
    releases = re.findall(r'duckdb_release = "(.*)"', (pathlib.Path(__file__).resolve().parents[2] / "tools/sql/library.hpp").read_text())
    library = folder / "millrace" / f"duckdb-{releases[0]}" / "libduckdb.so"
    library.parent.mkdir(parents=True)
    library.write_text("no library")
    here = {**os.environ, "XDG_CACHE_HOME": str(folder)}
    here.pop("MILLRACE_DUCKDB", None)
    for place, mode in ((library, 0o666), (library.parent, 0o777), (folder, 0o777)):
        old = place.stat().st_mode & 0o777
        place.chmod(mode)
        for environment in (here, {**here, "MILLRACE_DUCKDB": str(library)}):
            said = c.call("sql", "select 1", status=2, says="others may write to it", env=environment)
            check(f"{library} is not loaded" in said and f"chmod go-w {place}" in said, f"names no file and no remedy: {said}")
        place.chmod(old)
    other = c.folder / "libxgboost.so"
    other.write_text("no library")
    other.chmod(0o666)
    c.call("model", "train", str(c.input), "--label", "n", "--out", "m.json", status=2, says="is not loaded",
           env={**os.environ, "MILLRACE_XGBOOST": str(other)})
    if os.geteuid() == 0:
        os.chown(library, 65534, 65534)
        c.call("sql", "select 1", status=2, says="is not loaded: it belongs to", env=here)


def secret_exchanged(c):
    """The file of a secret is exchanged all the time, for a link to another file, a pipe, a folder, somebody else's file and one that grows, while runs
    read it: they have the secret or say what is wrong, nothing of another file shows, nothing hangs."""
    secrets, other = c.folder / "secrets", "of-another-file"
    secrets.mkdir(mode=0o700)
    (c.folder / "key").write_text(other)
    (c.folder / "key").chmod(0o600)
    c.topology(sink={"sink": "sql", "path": None, "connection": "postgresql://u:${secret:db}@127.0.0.1:1/d", "table": "t"})
    topology = json.loads((c.folder / "topology.json").read_text())
    del topology["stages"]["out"]["path"]
    (c.folder / "topology.json").write_text(json.dumps(topology))

    def mine(path, text="hunter"):
        path.write_text(text)
        path.chmod(0o600)

    def of_nobody(path):
        mine(path, other)
        os.chown(path, 65534, 65534)

    def grows(path):
        mine(path)
        with open(path, "a") as f:
            for _ in range(200):
                f.write("x" * 4096)
                f.flush()
    kinds = {"link": lambda p: p.symlink_to(c.folder / "key"), "pipe": os.mkfifo, "folder": pathlib.Path.mkdir, "of the kernel": lambda p: p.symlink_to(
        "/proc/self/environ"), "itself": lambda p: p.symlink_to("db"), "growing": grows, **({"of another user": of_nobody} if os.geteuid() == 0 else {})}
    wrong = ("leads out", "not a regular file", "no such file", "too many", "it is open to others", "another user", "bytes; expected at most", "it is too long",
             "is a directory", "it is empty")
    for name, make in kinds.items():
        ended, swaps = threading.Event(), [0]

        def exchange(make=make, ended=ended, swaps=swaps):
            at, next_one = secrets / "db", secrets / ".next"
            while not ended.is_set():
                for how in (mine, make):
                    with contextlib.suppress(OSError):
                        how(next_one)
                    with contextlib.suppress(OSError):
                        if at.is_dir() and not at.is_symlink():
                            at.rmdir()
                        if next_one.is_dir() and not next_one.is_symlink():
                            at.unlink(missing_ok=True)
                        os.rename(next_one, at)
                        swaps[0] += 1
        thread = threading.Thread(target=exchange)
        thread.start()
        try:
            for i in range(6):
                done = subprocess.run([c.binary, "run", str(c.folder / "topology.json"), "--secrets", str(secrets), "--start-timeout", "0 s", "--state",
                                       str(c.folder / f"{name}{i}")], capture_output=True, text=True, timeout=60 * PATIENCE, stdin=subprocess.DEVNULL)
                said = done.stdout + done.stderr
                check(done.returncode in (1, 2) and other not in said, f"{name}: exit status {done.returncode}: {said[-1500:]}")
                check("127.0.0.1:1" in said or any(w in said.lower() for w in wrong), f"{name}: {said[-1500:]}")
        finally:
            ended.set()
            thread.join()
        check(swaps[0] > 10, f"{name}: it was exchanged {swaps[0]} times")


def large_overlay(c):
    """A gigabyte as topology or overlay is refused by its size, unread."""
    large = c.folder / "large.json"
    large.touch()
    os.truncate(large, 1 << 30)
    limit = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))}
    c.call("check", c.topology(), "--with", str(large), status=2, says="at most 4194304 bytes", **limit)
    c.call("check", str(large), status=2, says="at most 4194304 bytes", **limit)


def many_stages(c):
    """30,000 stages are refused at once."""
    stages = {"in": {"source": "file", "path": "x"}, "parsed": {"parser": "text", "from": "in"}}
    stages.update({f"s{i}": {"sink": "console", "from": "parsed"} for i in range(30_000)})
    file = topology_file(c.folder / "many.json", "many", stages)
    c.call("check", str(file), status=2, says="30002 stages", seconds=10)
    c.call("check", str(file), "--with", str(file), status=2, says="30002 stages", seconds=10)


def names(c):
    """Names that no database takes are mistakes at `check`."""
    for connection, column, table, says in (("sqlite3:///tmp/x.db", "n", "a\0b", "NUL"), ("mysql://u@h/d", "n", "t\U0001F600", "U+FFFF"),
                                            ("mysql://u@h/d", "n\U0001F600", "t", "U+FFFF"), ("postgresql://u@h/d", "n\0m", "t", "NUL")):
        file = topology_file(c.folder / "names.json", "names", {
            "in": {"source": "file", "path": "x"}, "parsed": {"parser": "json", "from": "in", "schema": {column: "text"}},
            "out": {"sink": "sql", "from": "parsed", "connection": connection, "table": table}})
        c.call("check", str(file), status=2, says=says)


def core_file(c):
    """No memory goes into a core file."""
    process = c.start(c.topology(source={"follow": True}), c.folder / "said")
    try:
        wait_until("its output is there", lambda: c.out.exists() or process.poll() is not None)
        check(process.poll() is None, lambda: f"it has ended: {(c.folder / 'said').read_text()[-1500:]}")
        kinds = pathlib.Path(f"/proc/{process.pid}/coredump_filter").read_text().strip()
        check(int(kinds, 16) & 0b1111 == 0, f"coredump_filter is {kinds}")
    finally:
        process.terminate()
        process.wait(60 * PATIENCE)


CASES = (link_at_side_file, link_at_data_path, small_file_at_side_file, link_in_state_folder, link_at_report, link_at_sqlite_file, pipes,
         other_users, node_folders, states_of_others, modes, absurd_sizes, long_lines, endless_line, long_csv_lines, replaced_while_read, attach_in_a_path,
         mount_goes_away, sql_writes_nothing, sql_keeps_to_its_targets, libraries_of_others, secret_exchanged, large_overlay, many_stages, names, core_file)

if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__, on_disk=True)
