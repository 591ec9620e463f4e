"""The commands of a README, as a reader types them: taken from its indented blocks, run by bash from a folder that looks like the project's
top folder, each process in a terminal of its own. A play names each command by its beginning, in the README's order; the text that
runs is the README's, and a command that no play names is a failure.
"""
import os
import re
import signal
import subprocess
import time

from real_systems import PATIENCE, ROOT, Run, Wrong, check, wait_until

# A line of an indented block is a command if it begins so; other lines are what a command prints.
COMMAND = re.compile(r"(\$ )?((?:[A-Z_]+=\S+ )*(?:(?:build/release/)?millrace|tools/\w+|pipelines/\S+\.sh|python3|export|eval|alias|set|"
                     r"curl|kcat|psql|mariadb|sqlite3|cat|ls|tail|cmake|ninja|dpkg-deb|apt|docker)(?: .*)?)$")
ENVIRONMENT = ("export ", "eval ", "alias ", "set ")


def is_whole(text):
    """Returns whether bash needs no further line."""
    if text.endswith(("\\", "|")):
        return False
    return subprocess.run(["bash", "-n", "-c", text], capture_output=True).returncode == 0


def commands_of(readme):
    """[(line number, text)] of all commands."""
    found, lines, i = [], readme.read_text().splitlines(), 0
    fenced = False
    while i < len(lines):
        line = lines[i]
        i += 1
        if line.startswith("```"):
            fenced = not fenced
        if fenced or not line.startswith("    "):
            continue
        match = COMMAND.match(line.strip())
        if not match:
            continue
        at, text = i, match[2]
        while not is_whole(text):
            check(i < len(lines) and lines[i].startswith("    "), f"{readme.name}:{at}: the command has no end: {text}")
            text += "\n" + lines[i][4:]
            i += 1
        found.append((at, text))
    return found


class Process:
    """A command in a terminal of its own; it ends by Ctrl-C."""

    def __init__(self, text, script, env, cwd, folder, name):
        self.text = text
        self.out, self.err = folder / f"{name}.out", folder / f"{name}.err"
        with open(self.out, "wb") as o, open(self.err, "wb") as e:
            self.process = subprocess.Popen(["bash", "-c", script], stdin=subprocess.DEVNULL, stdout=o, stderr=e, cwd=cwd, env=env,
                                            start_new_session=True)
        Run.started.append(self.process)

    def said(self):
        return self.out.read_text(errors="replace")

    def errors(self):
        return self.err.read_text(errors="replace")

    def alive(self):
        return self.process.poll() is None

    def check_alive(self):
        check(self.alive(), lambda: f"`{self.text}` has ended by itself with {self.process.returncode}: {self.errors()[-1500:]}")

    def wait_until(self, what, ready, seconds=60):
        """Waits for what this process brings about; an end by itself is told at once."""
        wait_until(what, lambda: not self.alive() or ready(), seconds)
        self.check_alive()

    def kill(self):
        """kill -9 of the command, of its shell and of all that it has started."""
        self.check_alive()
        os.killpg(self.process.pid, signal.SIGKILL)
        self.wait()

    def wait(self, seconds=60):
        seconds *= PATIENCE
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise Wrong(f"`{self.text}` does not end within {seconds:.0f} s; it said: {self.said()[-800:]} {self.errors()[-800:]}") from None

    def interrupt(self, *statuses, seconds=60):
        """Ctrl-C; 0 is expected where nothing else is."""
        self.check_alive()
        os.killpg(self.process.pid, signal.SIGINT)
        found = self.wait(seconds)
        check(found in (statuses or (0,)), f"Ctrl-C ends `{self.text}` with {found}, expected {statuses or 0}: {self.errors()[-800:]}")


class Readme:
    """One README's play. `folder` becomes the working folder, a stand-in for the project's top folder."""

    def __init__(self, path, millrace, folder, env=None):
        self.path = path
        self.left = commands_of(ROOT / path)
        self.count = len(self.left)
        self.folder, self.top = folder, folder / "top"
        self.top.mkdir(parents=True)
        (self.top / "build").mkdir()
        for name in ("pipelines", "tools", "docs", "CMakePresets.json"):
            (self.top / name).symlink_to(ROOT / name)
        binary = os.path.realpath(millrace)
        (self.top / "build" / "release").symlink_to(os.path.dirname(binary))
        home = folder / "home"
        home.mkdir()
        self.aliases = ""
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        self.env = {**{k: v for k, v in os.environ.items() if k not in ("KAFKA_BROKERS", "MARIADB_URL", "POSTGRES_URL", "WEBHDFS_URL", "S3_URL")},
                    "HOME": str(home), "XDG_CACHE_HOME": cache, "XDG_STATE_HOME": str(home / ".local" / "state"),
                    "MILLRACE_SERVICES_DIR": str(folder / "services"), **(env or {})}
        self.running = []

    def close(self):
        for p in self.running:
            if p.alive():
                os.killpg(p.process.pid, signal.SIGKILL)
                p.process.wait()
        subprocess.run([str(ROOT / "tools" / "services"), "stop", "--remove"], env=self.env, capture_output=True)

    def _take(self, beginning):
        check(self.left, f"{self.path} has no command left that begins with {beginning!r}")
        at, text = self.left.pop(0)
        check(text.startswith(beginning), f"{self.path}:{at}: the next command is {text!r}; the play expects one that begins with {beginning!r}")
        return at, text

    def leave(self, beginning, why):
        """A command that the play does not run, for a reason that is printed."""
        at, text = self._take(beginning)
        print(f"        not run, {why}: {self.path}:{at}: {text}", flush=True)

    def environment(self, beginning):
        """One that changes the environment of all that follow."""
        at, text = self._take(beginning)
        check(text.startswith(ENVIRONMENT), f"{self.path}:{at}: {text!r} changes no environment")
        if text.startswith("alias "):
            self.aliases += text + "\n"
            return
        after = self.folder / "environment"
        done = subprocess.run(["bash", "-c", f"set -e\n{text}\nenv -0 >'{after}'"], cwd=self.top, env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=150 * PATIENCE)
        # `eval "$(command)"` succeeds whatever the command did.
        check(done.returncode == 0 and " failed" not in done.stderr, f"{self.path}:{at}: {text}: {done.stderr[-800:]}")
        self.env = dict(pair.split("=", 1) for pair in after.read_text().split("\0") if "=" in pair)

    def _script(self, text):
        return f"shopt -s expand_aliases\n{self.aliases}{text}"

    def start(self, beginning):
        """Runs in a terminal of its own."""
        at, text = self._take(beginning)
        p = Process(text, self._script(text), self.env, self.top, self.folder, f"line{at}")
        self.running.append(p)
        return p

    def run(self, beginning, status=0, seconds=75, errors=False):
        """Runs it to its end; returns what it printed."""
        p = self.start(beginning)
        found = p.wait(seconds)
        check(found == status, lambda: f"`{p.text}` ends with {found}, expected {status}: {p.said()[-800:]} {p.errors()[-1500:]}")
        return p.said() + p.errors() if errors else p.said()

    def again(self, process):
        """The same command once more."""
        p = Process(process.text, self._script(process.text), self.env, self.top, self.folder, f"again{time.monotonic_ns()}")
        self.running.append(p)
        return p

    def finish(self):
        check(not self.left, f"{self.path}: no play runs these commands: {[text for _, text in self.left]}")
        print(f"        {self.count} commands of {self.path}", flush=True)
