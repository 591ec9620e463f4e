"""The common part of all services: a folder with data, log and recorded processes, and how these are started and ended.

A process is ours only if pid, start time and boot are those that were recorded, or, where the record was lost, if it was
started with our mark in its environment; anything else is left alone.
"""
import contextlib
import fcntl
import json
import os
import pathlib
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time


# A variable in the environment of each server: the folder of its service.
MARK = "MILLRACE_SERVICE_OF"


class Failure(Exception):
    def __init__(self, message, status=1):
        super().__init__(message)
        self.status = status


class Missing(Failure):
    """Something that must be installed is not there: tests skip, and count it."""


def say(message):
    print(f"tools/services: {message}", file=sys.stderr, flush=True)


def program(name, package, folders=()):
    found = shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", ""), "/usr/sbin"]))
    if not found:
        raise Missing(f"{name} is not installed; remedy: apt-get install {package}")
    return found


def cached(name, version, download, within=""):
    """The folder where that is kept over all checkouts; where it is missing, `download(cache, folder)` makes it, once at a time.
    `within`: a folder of the cache for those that belong together."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "millrace" / within
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"{name}-{version}"
    with open(cache / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            download(cache, folder)
    return folder


@contextlib.contextmanager
def workshop(cache, name):
    """A folder to work in, which goes whatever happens. In the cache, so that a result can be renamed to its place."""
    work = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=cache))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def free_port(taken=()):
    """Ports below the range from which the kernel takes ports for outgoing connections: a client that tries to reach a dead
    server again and again could otherwise be given that very port, and keep the server from coming back."""
    for _ in range(500):
        port = random.randint(15000, 32000)
        if port in taken:
            continue
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                s.bind(("127.0.0.1", port))
                return port
    raise Failure("found no free port between 15000 and 32000 on 127.0.0.1")


def accepts(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as s:
        return s.getsockname() != s.getpeername()
    return False


def marked(folder):
    """Processes that were started for the service of this folder; not their children."""
    mark, found = f"{MARK}={folder}".encode(), {}
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):  # it has ended, or is another user's
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                found[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    return [pid for pid, parent in found.items() if parent not in found and identity(pid)]


def identity(pid):
    """Returns what tells this process from a later one of the same number; None when it is over."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return None if stat[0] in "ZX" else {"pid": pid, "started": int(stat[19]), "boot": boot}


class Home:
    """The folder of one service: state.json, data, logs."""

    def __init__(self, name):
        base = os.environ.get("MILLRACE_SERVICES_DIR") or os.path.join(
            os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"), "millrace-services")
        self.name, self.folder = name, pathlib.Path(os.path.abspath(base)) / name
        self.state_file = self.folder / "state.json"

    def exists(self):
        return self.state_file.exists()

    @contextlib.contextmanager
    def lock(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder.parent / f"{self.name}.lock", "w") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            yield

    def read(self):
        with contextlib.suppress(FileNotFoundError):
            return json.loads(self.state_file.read_text())
        return {"processes": {}}

    def write(self, state):
        part = self.state_file.with_suffix(".part")
        part.write_text(json.dumps(state, indent=1))
        part.replace(self.state_file)

    def running(self, key):
        p = self.read()["processes"].get(key)
        return p["pid"] if p and identity(p["pid"]) == p else None

    def data_folder(self, user=None):
        """Returns where the data lies. Another user's server (root starts mariadbd and postgres as theirs) may be unable to
        enter our folder; then it is one under /var/tmp, for that user alone."""
        link = self.folder / "data"
        if not link.exists():
            data = link
            link.unlink(missing_ok=True)  # it leads to a folder that is gone
            if user and not self._reachable(user):
                data = pathlib.Path(tempfile.mkdtemp(prefix=f"millrace-{self.name}-", dir="/var/tmp"))
                link.symlink_to(data)  # state.json alone would not do: it may be lost
            data.mkdir(parents=True, exist_ok=True)
            if user:
                os.chown(data, user.pw_uid, user.pw_gid)
        return link.resolve()

    def data_that_are_gone(self, proof):
        """Returns where the data lay, if they do not any more: /var/tmp, for one, may have been tidied up. `proof`: a path that all of them have."""
        link = self.folder / "data"
        return None if (link / proof).exists() else pathlib.Path(os.path.realpath(link))

    def empty_data_folder(self, user=None):
        """The remains of an interrupted first start are no database."""
        data = self.data_folder(user)
        for entry in data.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        if user:
            os.chown(data, user.pw_uid, user.pw_gid)

    def _reachable(self, user):
        return subprocess.run(["test", "-x", str(self.folder)], user=user.pw_uid, group=user.pw_gid,
                              extra_groups=[]).returncode == 0

    def remember(self, **values):
        self.write({**self.read(), **values})

    def launch(self, key, command, user=None, env=None):
        """Starts a server in a session of its own, its output in KEY.log, and records it."""
        log = open(self.folder / f"{key}.log", "wb")
        identity_of = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.data_folder(user),
                             env={**(env or os.environ), MARK: str(self.folder)}, start_new_session=True, **identity_of)
        state = self.read()
        state["processes"][key] = identity(p.pid)
        self.write(state)
        return p

    def run(self, command, what, user=None, env=None):
        identity_of = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              cwd=self.data_folder(user), env=env, **identity_of)
        if done.returncode:
            raise Failure(f"{what} failed:\n{done.stdout.decode(errors='replace')[-3000:]}")

    def wait_for(self, key, process, ready, seconds=240):
        until = time.monotonic() + seconds
        while not ready():
            if process.poll() is not None or time.monotonic() > until:
                why = "ended" if process.poll() is not None else f"was not ready after {seconds} s"
                log = (self.folder / f"{key}.log").read_text(errors="replace")[-3000:]
                self.end([key], signal.SIGKILL, 10)
                raise Failure(f"{key} {why}; its log ({self.folder / key}.log) ends with:\n{log}")
            time.sleep(0.05)

    def end(self, keys, how, seconds):
        """Signals our processes and waits until they are over; kill -9 for those that are not in time."""
        pids = {key: self.running(key) for key in keys}
        for pid in filter(None, pids.values()):
            os.kill(pid, how)
        until = time.monotonic() + seconds
        for key, pid in pids.items():
            while pid and self.running(key):
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
                if time.monotonic() > until:
                    say(f"{key} (pid {pid}) does not end: kill -9")
                    os.kill(pid, signal.SIGKILL)
                    until = time.monotonic() + 10
                time.sleep(0.02)
        state = self.read()
        for key in keys:
            state["processes"].pop(key, None)
        if self.exists():
            self.write(state)

    def strays(self):
        """Servers of this folder that no record knows: state.json was lost, or overwritten by an interrupted command."""
        known = [p["pid"] for p in self.read()["processes"].values()]
        return [pid for pid in marked(self.folder) if pid not in known]

    def end_strays(self):
        for pid in self.strays():
            say(f"{self.name}: ends pid {pid}, a server of this folder of which the record was lost")
            process, until = identity(pid), time.monotonic() + 30
            os.kill(pid, signal.SIGTERM)
            while process and identity(pid) == process:
                if time.monotonic() > until:
                    os.kill(pid, signal.SIGKILL)
                    until = time.monotonic() + 10
                time.sleep(0.05)

    def remove(self):
        shutil.rmtree((self.folder / "data").resolve(), ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def describe(self):
        state = self.read()
        for key, port in sorted(state.get("ports", {}).items()):
            if "-" in key:  # a port that nobody outside speaks to
                continue
            pid = self.running(key)
            yield f"{key}\t{f'running, pid {pid}' if pid else 'stopped'}\t127.0.0.1:{port}"
        if not state.get("ports"):
            yield f"{self.name}\tnever started"


def server_user(name):
    """Returns the user that a server runs as: root starts it as its own user, everybody else as himself."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise Missing(f"there is no user {name!r}, and the server must not run as root; remedy: install its package, "
                      "or run tools/services as an ordinary user") from None


class Single:
    """A service of one process on one port. Subclasses give its commands."""
    SECONDS_TO_END = 60
    END_SIGNAL = signal.SIGTERM
    PROOF = "."  # a path in the data folder without which there are no data

    def __init__(self, home, options):
        self.home, self.options = home, options

    def port(self):
        return self.home.read()["ports"][self.home.name]

    def start(self):
        name = self.home.name
        if self.home.running(name):
            return
        self.find()
        is_new = "ports" not in self.home.read()
        gone = None if is_new else self.home.data_that_are_gone(self.PROOF)
        if gone:
            say(f"{name}: its data in {gone} are gone; nothing of them can be had back")
        if is_new or gone:
            self.home.empty_data_folder(self.user)
            say(f"{name}: makes its data in {self.home.data_folder(self.user)}")
            self.create()
        if is_new:
            self.home.remember(ports={name: free_port()})
        for attempt in range(4):
            self.clear_the_way()
            p = self.home.launch(name, self.command(), self.user, self.environment())
            try:
                self.home.wait_for(name, p, lambda: self.ready(p))
                break
            except Failure as e:
                if attempt == 3:
                    raise Failure(f"{e}\nif its data are damaged: tools/services stop {name} --remove deletes them, and start makes new ones") from e
                time.sleep(0.5)  # its predecessor's children may still be ending
        self.prepare()
        say(f"{name}: ready on 127.0.0.1:{self.port()}")

    def environment(self):
        """The server's; None: as it is here."""

    def ready(self, _process):
        return accepts(self.port())

    def clear_the_way(self):
        """Called before each start."""

    def prepare(self):
        """Called when the server is ready."""

    def stop(self):
        if self.home.running(self.home.name):
            self.home.end([self.home.name], self.END_SIGNAL, self.SECONDS_TO_END)
            say(f"{self.home.name}: stopped")

    def kill(self, _part):
        if not self.home.running(self.home.name):
            raise Failure(f"{self.home.name} is not running")
        self.home.end([self.home.name], signal.SIGKILL, 10)
        say(f"{self.home.name}: killed")
