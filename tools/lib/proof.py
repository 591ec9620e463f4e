"""The proof, run by tools/prove: runs groups, and keeps their record in docs/proof.md."""
import argparse
import collections
import re
import shutil
import subprocess
import sys
import time

import groups
import suite

RECORD = suite.ROOT / "docs/proof.md"
HEADING = "| group | commit | date | passed | failed | skipped | minutes |"
FAULTS = "## Open faults"
WHOLE_RUN = "(the run)"  # stands in the place of a test's name
NO_PRODUCT = (":!tools/lib", ":!tools/test", ":!tools/prove")  # a change of these makes nothing due
MINUTES = 75  # a part takes an hour on two cores, its build not counted; one that hangs is ended

Row = collections.namedtuple("Row", "group commit date passed failed skipped minutes")
Fault = collections.namedtuple("Fault", "group test text")


class Record:
    """docs/proof.md: a row for each run, then the tests that failed in their last run."""

    def __init__(self, text):
        self.head, _, rest = text.partition(HEADING)
        table, _, faults = rest.partition(FAULTS)
        self.rows = [Row(*(cell.strip() for cell in line.strip("| ").split("|"))) for line in table.splitlines()[2:] if line.startswith("|")]
        self.faults = [Fault(*found) for found in re.findall(r"^- (\S+(?: \d+/\d+)?): `([^`]+)`(.*)$", faults, re.M)]

    def text(self):
        rows = [f"| {' | '.join(row)} |" for row in self.rows]
        faults = [f"- {f.group}: `{f.test}`{f.text}" for f in self.faults] or ["None."]
        return "\n".join([self.head + HEADING, "|" + "---|" * len(Row._fields), *rows, "", FAULTS, "", *faults, ""])

    def add(self, row, tests):
        """A test that passed is mended; one that failed is an open fault. So is a run that came to no end, until the next one does."""
        self.rows.append(row)
        group = row.group.split(" --")[0]
        seen = {t.name for t in tests if t.outcome != suite.SKIPPED}
        # A test may have been in another part of its group when it failed.
        self.faults = [f for f in self.faults if not (f.group == group if f.test == WHOLE_RUN else
                                                      f.group.split()[0] == group.split()[0] and f.test in seen)]
        failed = {t.name: t for t in suite.of(suite.FAILED, tests)}
        self.faults += [Fault(group, name, f" ({row.commit}): {suite.reason(t).replace('`', chr(39))}") for name, t in failed.items()]

    def last(self, name):
        """The newest whole run of a group or of a part; none."""
        return next((row for row in reversed(self.rows) if row.group == name), None)


def read_record():
    return Record(RECORD.read_text())


def tested_commit():
    """The newest commit that changed more than the record, and whether there are uncommitted changes beside it."""
    commit = suite.git("log", "-1", "--format=%h", "--", ".", ":!docs/proof.md")
    return commit, bool(suite.git("status", "--porcelain", "--", ".", ":!docs/proof.md"))


def name_of(group, part):
    return f"{group.name} {part.name}".strip()


def due(record):
    """(name, why) of what has to run again."""
    found = []
    for group in groups.GROUPS.values():
        for part in group.parts:
            name = name_of(group, part)
            last = record.last(name)
            if last is None:
                found.append((name, "has never run"))
                continue
            try:
                changed = suite.git("diff", "--name-only", last.commit.rstrip("+"), "--", *group.about, *NO_PRODUCT).splitlines()
            except subprocess.CalledProcessError:
                found.append((name, f"ran on {last.commit}, which is not in this repository"))
                continue
            if changed:
                found.append((name, f"{len(changed)} files have changed since {last.commit}, such as {changed[0]}"))
    return found


def parts_named(words):
    """(group, part) for each GROUP or GROUP/PART."""
    chosen = []
    for word in words:
        name, _, number = word.partition("/")
        group = groups.GROUPS.get(name)
        if group is None:
            sys.exit(usage(f"there is no group '{name}'; there are {', '.join(groups.GROUPS)}"))
        if number and not (number.isdigit() and 1 <= int(number) <= len(group.parts)):
            sys.exit(usage(f"'{name}' has {len(group.parts)} part(s): {word}"))
        chosen += [(group, part) for part in (group.parts[int(number) - 1:int(number)] if number else group.parts)]
    return chosen


def usage(text):
    print(f"tools/prove: {text}; see tools/prove --help", file=sys.stderr)
    return 2


def ended_before(logs, commit):
    """The tests that had passed on this commit when the last run of these logs was ended from outside."""
    def text(name):
        return (logs / name).read_text(errors="replace") if (logs / name).exists() else ""
    if text("commit") != commit:
        return []
    return [*re.findall(r"Test +#\d+: (\S+) \.+ +Passed", text("tests")), *re.findall(r"^(\S+) +(?:seed \d+|test) ", text("mutants"), re.M),
            *text("passed").splitlines()]


def prove(group, part, options):
    """Runs one part and adds its line. Returns whether it is green."""
    name, began = name_of(group, part), time.monotonic()
    commit, changed = tested_commit()
    logs = suite.kept_folder() / "proof" / name.replace(" ", "_").replace("/", "_of_")
    resumes = not (options.only or options.times > 1 or options.again or changed)
    before = suite.PassedBefore(logs.with_suffix(".passed"), commit)
    before.add(ended_before(logs, commit))
    passed = before.names() if resumes else set()
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    (logs / "commit").write_text(commit + "+" * changed)
    print(f"=== {name}: {group.text}" + (f"; {len(passed)} tests have passed on {commit} before" if passed else ""), flush=True)
    tests, why = [], ""
    try:
        with suite.bounded(name, MINUTES):
            tests = part.run(logs, options.only, passed, options.times)
    except (suite.Red, suite.TimeIsUp) as e:
        why = str(e)
    if why:
        print(why)
        tests = [*tests, suite.Test(WHOLE_RUN, suite.FAILED, 0, f"FAILED: {why.splitlines()[-1]}")]
    if not changed:
        before.add(t.name for t in suite.of(suite.PASSED, tests))
    tests += [suite.Test(t, suite.PASSED, 0, "") for t in passed]
    counts = [str(len(suite.of(outcome, tests))) for outcome in (suite.PASSED, suite.FAILED, suite.SKIPPED)]
    chosen = "".join(f" --only {n}" for n in options.only) + (f" --times {options.times}" if options.times > 1 else "")
    record = read_record()
    record.add(Row(name + chosen, commit + "+" * changed, time.strftime("%Y-%m-%d", time.gmtime()), *counts,
                   str(round((time.monotonic() - began) / 60))), tests)
    RECORD.write_text(record.text())
    failed = suite.of(suite.FAILED, tests)
    for test in failed:
        print(f"FAILED  {test.name}\n{suite.tail(test.output, 30)}\n")
    suite.show_skipped(tests)
    print(f"its output: {logs}\n{suite.summary(tests)}", flush=True)
    return not failed


def main():
    parser = argparse.ArgumentParser(usage="see tools/prove --help", add_help=False)
    parser.add_argument("group", nargs="*")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--due", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--times", type=int, default=1)
    parser.error = lambda text: sys.exit(usage(text))
    options = parser.parse_args()
    if options.list:
        for group in groups.GROUPS.values():
            print(f"{group.name:<9} {group.text}" + (f" ({len(group.parts)} parts)" if len(group.parts) > 1 else ""))
        return 0
    if options.due:
        found = due(read_record())
        for name, why in found:
            print(f"{name:<12} {why}")
        return 1 if found else 0
    if not options.group:
        return usage("which group?")
    if options.times < 1:
        return usage("--times takes a number from 1 on")
    parts = parts_named(options.group)
    try:
        return 0 if all([prove(group, part, options) for group, part in parts]) else 1
    except suite.NoSuchTest as e:
        return usage(str(e))


if __name__ == "__main__":
    sys.exit(main())
