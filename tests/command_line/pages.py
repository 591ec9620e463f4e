#!/usr/bin/env -S python3 -B
"""A page of docs/, typed as a reader types it: files are written, commands run, and their output is what the page shows.

    pages.py --millrace BINARY                     the pages whose commands end by themselves, without what needs servers
    pages.py --millrace BINARY --with-servers      all pages, whole
    ... --page docs/start.md                       this page alone

How a page is read:
- A fenced block behind a line that ends with `NAME`: is the file NAME, written when the reader comes to it.
- Lines of a ```console block that begin with "$ " are commands, "> " goes on with one. One bash, in an empty folder, takes them all in their order.
  The clone is ~/millrace there, whose build/release has the program; the state lies in the same HOME, which is made for the page.
- The lines behind a command are its output, on standard output and then standard error, and have to be equal, empty lines at the end aside.
  `...` alone stands for any lines, ` ...` in a line for any text. Lines of the log may come in any order, and those of the progress may stand
  there or not, as may "waiting for" of a command; `...` beside a line of the log stands for other lines of it, and behind one for no other
  output; where no line of the log is shown, it stands for any.
- A command ends with 0, unless the next one is `echo $?`. One that ends with & goes on, and what it prints goes to files that it names.
- <!-- again --> before a block has it typed again until its output is the page's: what it waits for takes a moment.
- <!-- needs: kafka --> below a heading leaves out its section, but with --with-servers. The page itself starts the servers. What takes long says
  <!-- needs: time -->, and what mounts a file system <!-- needs: root -->; a page has mounts of its own there.

These are made equal on both sides: times of the clock, which are those of the day that <!-- today: 2026-11-30 --> gives, and of the day of the run;
versions of millrace, ids of 16 or 32 hex digits, the folder and HOME. Each address 127.0.0.1:PORT of a page gets a free port of its own wherever the
page names it; all ports of 127.0.0.1 are equal in output.
"""
import datetime
import itertools
import os
import pathlib
import re
import secrets
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from command_under_test import needs_duckdb  # noqa: E402
from real_systems import ROOT, Wrong, check, free_port, main, wait_until  # noqa: E402
from shown_output import difference  # noqa: E402

ENDING = ("docs/start.md", "docs/hourly.md")  # their commands end by themselves, but for those that need servers: the gate types these
PAGES = (*ENDING, "docs/webhooks.md", "docs/runbook.md", "docs/first_cluster.md")
AGAIN_SECONDS = 15  # of a block that is typed until its output is as shown, on a quiet machine
COMMAND_SECONDS = 60  # of a command on a quiet machine; the first start of a server is the longest
EQUAL = ((r"\bmillrace \d+\.\d+\.\d+", "millrace VERSION"), (r"^\d+\.\d+\.\d+$", "VERSION"), (r"\b(?:[0-9a-f]{32}|[0-9a-f]{16})\b", "ID"),
         (r"\b127\.0\.0\.1:\d+", "127.0.0.1:PORT"))
TODAY = re.compile(r"<!-- today: (\d{4}-\d\d-\d\d) -->")
NEEDS = re.compile(r"<!-- needs: [a-z, ]+ -->")


class Step:
    """A file to write, or a console block's commands with the output of each."""

    def __init__(self, at, name=None, text="", again=False, needs_servers=False):
        self.at, self.name, self.text, self.again, self.needs_servers = at, name, text, again, needs_servers

    def commands(self):
        """[(command, its lines of output)]."""
        found = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.startswith("> ") and found and not found[-1][1]:
                found[-1] = (f"{found[-1][0]}\n{line[2:]}", [])
            else:
                check(found, f"line {self.at}: a console block begins with output: {line}")
                found[-1][1].append(line)
        return found


def steps_of(page):
    """The page's steps in their order."""
    found, lines = [], enumerate(page.read_text().splitlines(), 1)
    said, again, needs = "", False, 0  # `needs`: the level of the heading whose section needs servers
    level = 0
    for at, line in lines:
        fence = re.match(r"(`{3,})(\w*)$", line)
        if not fence:
            if heading := re.match(r"(#+) ", line):
                level = len(heading[1])
                needs = 0 if level <= needs else needs
            elif NEEDS.fullmatch(line):
                needs = needs or level
            elif line == "<!-- again -->":
                again = True
            else:
                check(TODAY.fullmatch(line) or not line.startswith("<!--"), f"{page}:{at}: there is no mark {line}")
            said = line or said
            continue
        text = [inner for _, inner in itertools.takewhile(lambda pair: pair[1] != fence[1], lines)]
        name = fence[2] != "console" and re.search(r"`([\w./-]+)`:$", said)
        check(name or fence[2] == "console", f"{page}:{at}: a block that is neither a file nor a console's: {said!r} stands before it")
        found.append(Step(at, name and name[1], "\n".join(text) + "\n", again, bool(needs)))
        said, again = "", False
    check(any(not step.name for step in found), f"{page}: it has no command")
    return found


class Bash:
    """One bash, which takes command after command; each leaves its output in files of its own."""

    def __init__(self, folder, env, with_mounts):
        self.folder, self.count = folder, 0
        own_mounts = ["unshare", "--mount"] if with_mounts else []
        self.process = subprocess.Popen([*own_mounts, "bash", "--norc"], cwd=folder / "empty", env=env, stdin=subprocess.PIPE, text=True, start_new_session=True,
                                        stdout=subprocess.DEVNULL, stderr=open(folder / "bash.err", "w"))
        self.write("set -m")  # %1 is a job, and has a process group of its own

    def write(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def run(self, command):
        """(its status, the lines that it printed)."""
        self.count += 1
        out, err, done = (self.folder / f"{self.count}.{part}" for part in ("out", "err", "done"))
        mark = secrets.token_hex(8)
        self.write(f"read -r -d '' page_text <<'{mark}'\n{command}\n{mark}\n"
                   f"(exit ${{page_status:-0}}); eval \"$page_text\" >'{out}' 2>'{err}' </dev/null; page_status=$?; "
                   f"echo $page_status >'{done}.new'; mv '{done}.new' '{done}'")
        wait_until(f"`{command}` has ended; it said {told(out)} {told(err)}", lambda: done.exists() or self.process.poll() is not None, COMMAND_SECONDS)
        check(done.exists(), f"`{command}` has ended the bash of the page")
        # Bash's own words on a job that was killed.
        printed = [line for line in err.read_text().splitlines() if not re.match(r"(?:bash|\S*/pages\S*): line \d+: +\d+ Killed ", line)]
        return int(done.read_text()), out.read_text().splitlines() + printed

    def close(self):
        """Ends what the page has left running: the processes of its session."""
        for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                after_name = status.read_text().rpartition(")")[2].split()
                if int(after_name[3]) == self.process.pid:
                    os.kill(int(status.parent.name), signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError):
                pass
        self.process.wait()


def told(path):
    return path.read_text(errors="replace")[-800:] if path.exists() else ""


def made_equal(lines, replaced, days):
    """The lines as they are compared; times of `days` are those of the clock."""
    found = []
    for line in lines:
        for text, name in replaced:
            line = line.replace(text, name)
        line = re.sub(rf"\b(?:{'|'.join(days)})[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?", "TIME", line)
        for pattern, name in EQUAL:
            line = re.sub(pattern, name, line)
        found.append(line.rstrip())
    while found and not found[-1]:
        found.pop()
    return found


class Page:
    """A reader of one page, in a folder that is empty as yet."""

    def __init__(self, path, options, folder):
        self.path, self.steps = path, steps_of(ROOT / path)
        self.with_servers, self.empty, home = options.with_servers, folder / "empty", folder / "home"
        clone = home / "millrace"
        (clone / "build").mkdir(parents=True)
        self.empty.mkdir()
        (clone / "build" / "release").symlink_to(pathlib.Path(options.millrace).parent)
        for name in ("pipelines", "tools", "docs"):
            (clone / name).symlink_to(ROOT / name)
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        env = {k: v for k, v in os.environ.items() if not re.match("XDG_|MILLRACE_(?!DUCKDB|PAGE)|KAFKA_|MARIADB_|POSTGRES_", k)}
        env |= {"HOME": str(home), "XDG_CACHE_HOME": cache, "TERM": "dumb", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        self.services = {**env, "MILLRACE_SERVICES_DIR": str(folder / "services")}
        self.bash = Bash(folder, self.services, with_mounts=self.with_servers and os.geteuid() == 0)
        self.replaced = [(str(self.empty), "FOLDER"), (str(home), "HOME")]
        today = TODAY.search((ROOT / path).read_text())
        check(today, f"{path}: it has no mark <!-- today: YYYY-MM-DD -->")
        self.today, self.begun = today[1], datetime.datetime.now(datetime.UTC).date().isoformat()
        self.ports = {port: free_port() for port in sorted(set(re.findall(r"127\.0\.0\.1:(\d+)", (ROOT / path).read_text())))}

    def here(self, text):
        """The page's text with the ports of this run."""
        return re.sub(r"127\.0\.0\.1:(\d+)", lambda found: f"127.0.0.1:{self.ports[found[1]]}", text)

    def play(self):
        """Returns how many commands it has run, and how many it has left out."""
        ran, left, status = 0, 0, (0, "")
        for step in self.steps:
            if step.needs_servers and not self.with_servers:
                left += 1
            elif step.name:
                file = self.empty / step.name
                check(file.resolve().is_relative_to(self.empty.resolve()), f"{self.path}:{step.at}: {step.name} lies elsewhere")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(self.here(step.text))
            elif step.again:
                wait_until(f"{self.path}:{step.at} prints what the page shows", lambda step=step: self.typed(step, (0, "")), AGAIN_SECONDS)
                ran, status = ran + len(step.commands()), (0, "")
            else:
                status = self.typed(step, status)
                ran += len(step.commands())
        check(status[0] == 0, f"{self.path}: `{status[1]}` ends with {status[0]}, and no `echo $?` follows")
        return ran, left

    def typed(self, step, before):
        """(status, command) of the last command of a block; `before`: of the command before it."""
        for command, expected in step.commands():
            check(before[0] == 0 or command == "echo $?", f"{self.path}:{step.at}: `{before[1]}` ends with {before[0]}, and no `echo $?` follows")
            status, printed = self.bash.run(self.here(command))
            days = {self.begun, datetime.datetime.now(datetime.UTC).date().isoformat()}
            wrong = difference(made_equal(expected, self.replaced, [self.today]), made_equal(printed, self.replaced, days))
            check(not wrong, f"{self.path}:{step.at}: `{command}` (status {status}): {wrong}")
            before = (status, command)
        return before

    def close(self):
        self.bash.close()
        if self.with_servers:
            subprocess.run([ROOT / "tools" / "services", "stop", "--remove"], env=self.services, capture_output=True, check=False)


def refuses():
    """The comparison tells what differs: a test of pages that lets everything pass shows nothing."""
    log = f"TIME warning {'x' * 3}: late"
    for expected, found in ((["a"], ["b"]), (["a"], ["a", "b"]), (["a", "b"], ["a"]), ([], ["a"]), (["a"], []), (["a", "...", "b"], ["a", "c"]),
                            ([log], []), ([], [log]), (["a ..."], ["b c"]), ([log, "a", "...", "b"], [log, "a", "b", "TIME info x: y"]), (["TIME info x: ..."], [log]),
                            (["millrace apply: waiting for b"], []), ([log, "..."], [log, "a"]), (["a", "...", "b", log], ["a", "b", log, "TIME info x: y"])):
        check(difference(expected, found), f"{expected} is taken for {found}")
    for expected, found in ((["a"], ["a"]), (["a", "...", "b"], ["a", "b"]), (["...", "b"], ["a", "x", "b"]), (["a ... d"], ["a b c d"]),
                            (["a", log], [log, "a"]), (["...", log], ["a", log, "TIME info x: y"]), ([log, "..."], [log, "TIME info x: y"]), (["a", "..."], ["a", log]), ([], ["TIME info visits: 0 records/s, 11 since this start"]),
                            (["a"], ["a", "millrace apply: waiting for b"])):
        wrong = difference(expected, found)
        check(not wrong, f"{expected} is not taken for {found}: {wrong}")


def test(options, folder):
    refuses()
    for path in PAGES:
        steps_of(ROOT / path)  # those that are not typed here are read all the same
    if options.with_servers:
        needs_duckdb()
    failed = []
    for path in PAGES if options.with_servers or options.page else ENDING:
        if options.page not in ("", path):
            continue
        page = None
        try:
            (folder / path).mkdir(parents=True)
            page = Page(path, options, folder / path)
            ran, left = page.play()
            print(f"ok      {path}: {ran} commands" + (f"; left out with their servers: {left} blocks" if left else ""), flush=True)
        except (Wrong, OSError) as e:
            failed.append(path)
            print(f"FAILED  {e}", flush=True)
        finally:
            if page:
                page.close()
    check(not failed, f"{len(failed)} pages: {', '.join(failed)}")


if __name__ == "__main__":
    main(test, __doc__, with_servers=False, page="")
