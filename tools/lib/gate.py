"""The gate, run by tools/test: every change must pass it. No test in it depends on chance, on the commit or on the machine's speed.

Deterministic tests (label "gate") run once. Of those on real servers (label "smoke") up to two may be run once more, alone: a server
that was slow once is no fault of the change, but each is told as RETRIED with its first failure.
"""
import shutil
import sys

import suite

# Bound of all but the build. The tests take eight minutes on two quiet cores. With the limit of a test that hangs, and of a smoke test that hangs
# again as it is run once more, that is 38.
MINUTES = 40
MOST_RETRIED = 2


def to_retry(tests):
    """The tests that failed, where they are few enough to be run once more; else none."""
    failed = suite.of(suite.FAILED, tests)
    return failed if len(failed) <= MOST_RETRIED else []


def retried(failed, logs, env):
    """Runs what failed once more. Returns how those tests ended."""
    for test in failed:
        print(f"RETRIED {test.name}: {suite.reason(test)}\n{suite.tail(test.output, 30)}\n", flush=True)
    return suite.ctest("release", logs, "smoke_retried", "-R", f"^({'|'.join(t.name for t in failed)})$", "-j1", env=env)


def smoke(logs):
    with suite.Servers(logs, "mariadb", "postgres", "kafka") as servers:
        tests = suite.ctest("release", logs, "smoke", "-L", "^smoke$", "-j2", env=servers.env)
        if failed := to_retry(tests):
            tests = [t for t in tests if t not in failed] + retried(failed, logs, servers.env)
        return tests


def steps(clock, logs, tests):
    with clock.step("sources: layout, formatting, spelling, the texts of the mutants"):
        print(suite.must(["tools/dev/check_sources"], logs / "sources"), end="")
    with clock.step("build: the preset release"):
        suite.build("release", logs)
    with clock.step("deterministic tests"):
        tests += suite.ctest("release", logs, "tests", "-L", "^gate$", f"-j{suite.JOBS}")
    with clock.step("smoke on real servers"):
        tests += smoke(logs)


def record_passed():
    """Adds the tree to those that have passed, where what was tested is what is committed."""
    if suite.git("status", "--porcelain"):
        print("not recorded as passed: the working tree has uncommitted changes")
        return
    record = suite.kept_folder() / "gate-passed"
    with open(record, "a") as out:
        out.write(suite.git("rev-parse", "HEAD^{tree}") + "\n")


def main():
    logs = suite.kept_folder() / "gate"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    clock, tests, why = suite.Steps(), [], ""
    try:
        with suite.bounded("the gate", MINUTES):
            steps(clock, logs, tests)
    except (suite.Red, suite.TimeIsUp) as e:
        why = str(e)
    clock.show()
    suite.show_slowest(tests)
    suite.show_skipped(tests)
    failed = suite.of(suite.FAILED, tests)
    for test in failed:
        print(f"FAILED  {test.name}\n{suite.tail(test.output)}\n")
    if not why and not failed:
        record_passed()
    print(why or f"the tests' output: {logs}\n{suite.summary(tests)}")
    return 1 if why or failed else 0


if __name__ == "__main__":
    sys.exit(main())
