"""The common part of the gate (tools/test) and the proof (tools/prove): steps with their time, builds, runs of ctest, the servers that tests share.

All that a command prints goes to a log; a summary goes to the terminal. A step that fails raises Red with the end of its log.
"""
import collections
import contextlib
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parents[2]
JOBS = os.cpu_count() or 1
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
TEST_SECONDS = 900  # limit of a test whose CMakeLists.txt sets none; those of the gate set no longer one (tests/suite)
TELLS_EVERY = 60  # seconds: a build that goes on says so
QUIET = 15 * 60  # seconds: a build that ends no step for so long hangs. Its longest step takes a minute of a quiet core
OWN_LIMIT = "FAILED: ended by its own limit"


def kept_folder():
    """Logs, and the record of trees that passed, outlive a clone that is thrown away."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.environ.get("HOME") or "/tmp", ".local", "state")
    return pathlib.Path(state) / "millrace-tests"


class Red(Exception):
    """A step has failed; the text says why."""


class NoSuchTest(Exception):
    """A test that was asked for is not in its group; the text names those that are."""


class TimeIsUp(Exception):
    """The bound on the whole run has passed; the text says which."""


Test = collections.namedtuple("Test", "name outcome seconds output")


def git(*arguments):
    return subprocess.run(["git", "-C", str(ROOT), *arguments], text=True, check=True, stdout=subprocess.PIPE).stdout.strip()


def tail(text, lines=60):
    return "\n".join(text.splitlines()[-lines:])


class Steps:
    """Prints the name of each step as it begins, and the time of all of them at the end."""

    def __init__(self):
        self.begun, self.times = time.monotonic(), []

    @contextlib.contextmanager
    def step(self, name):
        began = time.monotonic()
        print(f"\n=== {name}\n{time.strftime('%H:%M:%S', time.gmtime())}", flush=True)
        try:
            yield
        finally:
            self.times.append((time.monotonic() - began, name))

    def seconds(self):
        return time.monotonic() - self.begun

    def show(self):
        print(f"\n=== time of each step ({self.seconds():.0f} s in all)")
        for seconds, name in self.times:
            print(f"{seconds:6.0f} s  {name}")


def run(command, log, env=None, wait=subprocess.Popen.wait):
    """Runs a command in the root; its output goes to `log`. Returns the exit status, which `wait` waits for, and the output."""
    with open(log, "w+b") as out:
        process = subprocess.Popen([str(c) for c in command], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                   env={**os.environ, **(env or {})})
        try:
            status = wait(process)
        except BaseException:
            process.kill()
            process.wait()
            raise
        out.seek(0)
        return status, out.read().decode(errors="replace")


def must(command, log, env=None, wait=subprocess.Popen.wait):
    status, output = run(command, log, env, wait)
    if status != 0:
        raise Red(f"{tail(output)}\n{shlex.join(map(str, command))} ended with {status}; its output: {log}")
    return output


def while_it_gets_on(name, log):
    """Waits for a process for as long as its log grows, however long that is, and prints the log's newest line each minute. A process that writes
    nothing for QUIET seconds is ended: Red says so, and the terminal has what still ran."""
    def newest():
        return tail(log.read_text(errors="replace").rstrip(), 1)

    def wait(process):
        size, began = 0, time.monotonic()
        grew = told = began
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(timeout=1)
            now = time.monotonic()
            if log.stat().st_size > size:
                size, grew = log.stat().st_size, now
            if now - grew >= QUIET:
                print(f"\n{name} has got no further for {QUIET / 60:g} minutes. These still run:", flush=True)
                end_what_runs()
                raise Red(f"{name} got no further for {QUIET / 60:g} minutes and was ended, after {newest() or 'no output'}; its output: {log}")
            if now - told >= TELLS_EVERY:
                told = now
                print(f"{name} goes on, {(now - began) / 60:.0f} min: {newest()[:150]}", flush=True)
    return wait


def build(preset, logs, *targets):
    """Configures and builds. It takes as long as it takes: no bound on the run counts it, but it must get on."""
    with uncounted():
        for name, command in (("configure", ["cmake", "--preset", preset]), ("build", ["ninja", "-C", f"build/{preset}", f"-j{JOBS}", *targets])):
            log = logs / f"{name}.{preset}"
            output = must(command, log, wait=while_it_gets_on(f"{name} of {preset}", log))
    print(tail(output, 1), flush=True)


def ctest(preset, logs, name, *arguments, env=None, or_none=False):
    """Runs the tests that the arguments of ctest choose; the longest begin first, by what an earlier run took. Returns a list of Test.

    It is Red where none is chosen, but with `or_none`. A test that printed SKIPPED and passed stands twice in the list: what it left out counts as skipped.
    """
    folder = ROOT / "build" / preset
    costs, known = folder / "Testing/Temporary/CTestCostData.txt", kept_folder() / f"costs.{preset}"
    if not costs.exists() and known.exists():
        costs.parent.mkdir(parents=True, exist_ok=True)
        costs.write_bytes(known.read_bytes())
    report = logs / f"{name}.xml"
    report.unlink(missing_ok=True)
    _, output = run(["ctest", "--test-dir", folder, "--no-tests=error", *report_to(report), *arguments], logs / name, env)
    if not report.exists():
        raise Red(f"{tail(output)}\nctest has written no report; its output: {logs / name}")
    if costs.exists():
        known.parent.mkdir(parents=True, exist_ok=True)
        known.write_bytes(costs.read_bytes())
    tests = outcomes(report, output)
    if not tests and not or_none:
        raise Red(f"ctest has found no test: {' '.join(map(str, arguments))}")
    for test in tests:
        (logs / f"{name}.{test.name}").write_text(test.output)
    print(summary(tests), flush=True)
    return tests


def test_names(preset, *selection):
    listing = subprocess.run(["ctest", "--test-dir", ROOT / "build" / preset, "-N", *selection], text=True, check=True, stdout=subprocess.PIPE).stdout
    return re.findall(r"^ *Test +#\d+: (\S+)$", listing, re.M)


def must_know(chosen, names):
    """Raises NoSuchTest unless each chosen one is among the names; an e2e test also without "e2e_"."""
    if unknown := [n for n in chosen if n not in names and f"e2e_{n}" not in names]:
        raise NoSuchTest(f"there is no test {', '.join(unknown)} in this group; there are {', '.join(names)}")


def report_to(file):
    """Arguments of ctest: a report with all that the tests print, and a limit for tests that have none."""
    return ["--output-junit", file, "--test-output-size-passed", "10000000", "--test-output-size-failed", "10000000", "--timeout", str(TEST_SECONDS)]


def outcomes(report, printed):
    """The tests of a JUnit report as ctest writes it. Only what ctest has printed tells which of them it has ended by their limits."""
    limited = set(re.findall(r"Test +#\d+: (\S+) \.+\*\*\*Timeout", printed))
    tests = []
    for case in xml.parse(report).getroot().iter("testcase"):
        status, output = case.get("status"), case.findtext("system-out") or ""
        seconds = float(case.get("time") or 0)
        # ctest gives a test that was not run this status, and one that returned SKIP_RETURN_CODE, too.
        outcome = PASSED if status == "run" else SKIPPED if status == "notrun" and "SKIPPED" in output else FAILED
        if case.get("name") in limited:
            output += f"\n{OWN_LIMIT}, after {seconds:.0f} s (TIMEOUT in its CMakeLists.txt)"
        tests.append(Test(case.get("name"), outcome, seconds, output))
        if outcome == PASSED:
            tests += [Test(case.get("name"), SKIPPED, 0, line) for line in output.splitlines() if "SKIPPED" in line]
    return tests


def of(outcome, tests):
    return [t for t in tests if t.outcome == outcome]


def summary(tests):
    return f"{len(of(PASSED, tests))} passed, {len(of(FAILED, tests))} failed, {len(of(SKIPPED, tests))} skipped"


def reason(test):
    """Says why a test failed or was skipped, in a line."""
    lines = [line.strip() for line in test.output.splitlines() if line.strip()]
    limit = [line for line in lines if line.startswith(OWN_LIMIT)]
    telling = [line for line in lines if re.search(r"SKIPPED|FAILED|ERROR|does not hold|AddressSanitizer|runtime error|Timeout", line)]
    return (limit or telling or lines[-1:] or ["no output"])[0][:300]


def show_slowest(tests, count=15):
    print("=== the slowest tests")
    for test in sorted((t for t in tests if t.seconds), key=lambda t: -t.seconds)[:count]:
        print(f"{test.seconds:7.1f} s  {test.name}")


def show_skipped(tests):
    """Each reason once: a test program numbers its cases, and names them."""
    texts = [re.sub(r' \(\d+\)|"[^"]*" (?=needs)', "", reason(t)) for t in of(SKIPPED, tests)]
    for text, count in collections.Counter(texts).most_common():
        print(f"{count:3}  {text}")


class Servers:
    """The real servers that tests share (tools/dev/test_servers): started once, ended with the run. `env` names them; without names it is empty.
    Each run has its own, so that groups may run beside each other."""

    def __init__(self, logs, *names):
        self.names, self.log, self.env = names, logs / "servers", {}
        self.place = {**os.environ, "MILLRACE_SERVICES_DIR": str(ROOT / "build" / "services" / logs.name)}

    def __enter__(self):
        if not self.names:
            return self
        with open(self.log, "wb") as err:
            done = subprocess.run(["tools/dev/test_servers", "start", *self.names], cwd=ROOT, env=self.place, text=True, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=err)
        for line in done.stdout.splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            self.env[name] = shlex.split(value)[0]
        print(self.log.read_text(errors="replace"), end="", flush=True)
        return self

    def __exit__(self, *_):
        if self.names:
            subprocess.run(["tools/dev/test_servers", "stop"], cwd=ROOT, env=self.place, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)


def descendants():
    """(pid, seconds, command line) of this process's children, their children, and so on."""
    listing = subprocess.run(["ps", "-e", "-ww", "-o", "pid=,ppid=,etimes=,args="], text=True, stdout=subprocess.PIPE).stdout
    parents, found, rest = {os.getpid()}, [], [line.split(None, 3) for line in listing.splitlines()]
    while more := [r for r in rest if int(r[1]) in parents and int(r[0]) not in parents and "ps -e -ww" not in r[3]]:
        found += [(int(r[0]), int(r[2]), r[3]) for r in more]
        parents |= {int(r[0]) for r in more}
    return found


def end_all(processes):
    for pid, _, _ in reversed(processes):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def end_what_runs():
    """Names what this process has started and still runs, and ends it. Of a compiler's line both ends are shown: the source's name is at the end."""
    hanging = descendants()
    for pid, seconds, command in hanging:
        print(f"{pid:8} {seconds:6} s  {command if len(command) <= 200 else f'{command[:80]} ... {command[-115:]}'}", flush=True)
    end_all(hanging)


@contextlib.contextmanager
def bounded(what, minutes):
    """Raises TimeIsUp once the time has passed, builds not counted, after it has named and ended what still runs. SIGTERM ends what runs, too, and
    this process."""
    def up(*_):
        print(f"\nTIME IS UP for {what} after {minutes:g} minutes. These still run:", flush=True)
        end_what_runs()
        raise TimeIsUp(f"{what} did not end within {minutes:g} minutes, its build not counted")

    def terminated(*_):
        end_all(descendants())
        sys.exit(128 + signal.SIGTERM)
    signal.signal(signal.SIGTERM, terminated)
    signal.signal(signal.SIGALRM, up)
    signal.setitimer(signal.ITIMER_REAL, minutes * 60)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@contextlib.contextmanager
def uncounted():
    """The clock of `bounded`, if one runs, stands still meanwhile."""
    left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left)


def timed_command(name, command, logs, times=1, env=None):
    """A command as a test: exit status 0 has passed, 77 was skipped. Run `times` times, or until it fails."""
    began = time.monotonic()
    for _ in range(times):
        status, output = run(command, logs / name, env)
        if status != 0:
            break
    outcome = PASSED if status == 0 else SKIPPED if status == 77 else FAILED
    if outcome == PASSED:
        with open(logs / "passed", "a") as out:
            out.write(f"{name}\n")
    return Test(name, outcome, time.monotonic() - began, output)


class PassedBefore:
    """The tests that have passed on a commit: a file of lines COMMIT NAME, so that a run that was ended goes on where it was."""

    def __init__(self, file, commit):
        self.file, self.commit = file, commit

    def names(self):
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        return {line.split(" ", 1)[1] for line in lines if line.split(" ", 1)[0] == self.commit}

    def add(self, names):
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with open(self.file, "a") as out:
            out.writelines(f"{self.commit} {name}\n" for name in names)
