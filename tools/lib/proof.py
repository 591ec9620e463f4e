"""The proof, run by tools/prove: runs groups, and keeps their record in docs/development/proof.md."""
import argparse
import collections
import datetime
import pathlib
import re
import shutil
import subprocess
import sys
import time

import groups
import suite

RECORD = suite.ROOT / "docs/development/proof.md"
HEADING = "| group | commit | date | passed | failed | skipped | minutes |"
FAULTS = "## Open faults"
RUNS = "## Every run, the newest first"
WHOLE_RUN = "(the run)"  # stands in the place of a test's name
NO_PRODUCT = (":!tools/lib", ":!tools/test", ":!tools/prove")  # a change of these makes nothing due
DUE_COMMITS = 100  # a group runs again after so many, whatever they changed: it may fail by chance
DUE_HOURS = 7 * 24  # likewise: packages of the system change without a commit
MINUTES = 75  # a part takes an hour on two cores, its build not counted; one that hangs is ended

Row = collections.namedtuple("Row", "group commit date passed failed skipped minutes")
Fault = collections.namedtuple("Fault", "group test text")


def rows_of(text):
    lines = [line for line in text.splitlines() if line.startswith("| ") and line != HEADING]
    return [Row(*(cell.strip() for cell in line.strip("| ").split("|"))) for line in lines]


def table(rows):
    return [HEADING, "|" + "---|" * len(Row._fields), *(f"| {' | '.join(row)} |" for row in rows)]


def names():
    """Groups and parts, in the order of tools/prove --list."""
    return [name_of(group, part) for group in groups.GROUPS.values() for part in group.parts]


def by_hand(fault):
    """Whether somebody has written it into the page: a run names the commit that it was on."""
    return not re.match(r" \([0-9a-f]+\+?\): ", fault.text)


class Record:
    """docs/development/proof.md: the newest whole run of each group, the tests that failed in their last run or are known to fail, and all runs. `rows` has the
    newest last."""

    def __init__(self, text):
        begin, log, runs = text.partition(RUNS)
        self.head, _, rest = begin.partition(HEADING)
        newest, _, faults = rest.partition(FAULTS)
        # A page of before has its runs in its only table, the oldest first.
        self.rows = rows_of(runs)[::-1] if log else rows_of(newest)
        self.faults = [Fault(*found) for found in re.findall(r"^- (\S+(?: \d+/\d+)?): `([^`]+)`(.*)$", faults, re.M)]

    def text(self):
        newest = [self.last(name) or Row(name, "has never run", *[""] * 5) for name in names()]
        faults = [f"- {f.group}: `{f.test}`{f.text}" for f in self.faults] or ["None."]
        return self.head + "\n".join([*table(newest), "", FAULTS, "", *faults, "", RUNS, "", *table(self.rows[::-1]), ""])

    def add(self, row, tests):
        """A test that passed is mended; one that failed is an open fault. So is a run that came to no end, until the next one does. What somebody has
        written about a test stays until it passes."""
        self.rows.append(row)
        group = row.group.split(" --")[0]
        failed = {t.name: t for t in suite.of(suite.FAILED, tests)}
        passed = {t.name for t in suite.of(suite.PASSED, tests)} - failed.keys()

        def over(fault):
            if fault.test == WHOLE_RUN:
                return fault.group == group
            # A test may have been in another part of its group when it failed.
            ended = {fault.test, f"e2e_{fault.test}"} & (passed if by_hand(fault) else passed | failed.keys())
            return fault.group.split()[0] == group.split()[0] and bool(ended)
        self.faults = [f for f in self.faults if not over(f)]
        self.faults += [Fault(group, name, f" ({row.commit}): {suite.reason(t).replace('`', chr(39))}") for name, t in failed.items()]

    def take(self, other):
        """Adds the runs of another page that this one lacks, and the faults that they have found. A fault of ours that the other page lacks is mended
        if the other's newest whole run of its group is newer than each of ours: the test passed there. Returns those runs."""
        taken = [row for row in other.rows if row not in self.rows]

        def mended(fault):
            theirs, ours = other.last(fault.group), self.last(fault.group)
            return (theirs in taken and (not ours or theirs.date > ours.date) and not by_hand(fault)
                    and (fault.group, fault.test) not in {(f.group, f.test) for f in other.faults})
        self.faults = [f for f in self.faults if not mended(f)]
        self.rows = sorted(self.rows + taken, key=lambda row: row.date)
        found = {(row.group.split(" --")[0], f" ({row.commit}): ") for row in taken}
        self.faults += [f for f in other.faults if f not in self.faults and any(f.group == g and f.text.startswith(c) for g, c in found)]
        return taken

    def last(self, name):
        """The newest whole run of a group or of a part; none."""
        return next((row for row in reversed(self.rows) if row.group == name), None)


def read_record():
    return Record(RECORD.read_text())


def tested_commit():
    """The newest commit that changed more than the record, and whether there are uncommitted changes beside it."""
    commit = suite.git("log", "-1", "--format=%h", "--", ".", ":!docs/development/proof.md")
    return commit, bool(suite.git("status", "--porcelain", "--", ".", ":!docs/development/proof.md"))


def name_of(group, part):
    return f"{group.name} {part.name}".strip()


def hours_since(date, now):
    """From a row's date (UTC) on; a row of before has no time of day, and counts from the day's beginning."""
    ran = datetime.datetime.strptime(date, "%Y-%m-%d %H:%M" if " " in date else "%Y-%m-%d").replace(tzinfo=datetime.timezone.utc)
    return max(0, int((now - ran).total_seconds() // 3600))


def counted(number, word):
    return f"{number} {word}{'s' if number != 1 else ''}"


def why_due(group, last, now):
    """Says why a group that ran has to run again; empty where it has not."""
    commit = last.commit.rstrip("+")
    try:
        changed = suite.git("diff", "--name-only", commit, "--", *group.about, *NO_PRODUCT).splitlines()
        commits = int(suite.git("rev-list", "--count", f"{commit}..HEAD"))
    except subprocess.CalledProcessError:
        return f"ran on {last.commit}, which is not in this repository"
    hours = hours_since(last.date, now)
    ago = f"ran {counted(hours, 'hour')} and {counted(commits, 'commit')} ago"
    if changed:
        return f"{ago}; {counted(len(changed), 'file')} changed since {last.commit}, such as {changed[0]}"
    return ago if commits >= DUE_COMMITS or hours >= DUE_HOURS else ""


def due(record, now=None):
    """(name, why) of what has to run again: a file of its group has changed, or its last whole run is long ago."""
    now = now or datetime.datetime.now(datetime.timezone.utc)
    found = []
    for group in groups.GROUPS.values():
        for part in group.parts:
            last = record.last(name_of(group, part))
            if why := why_due(group, last, now) if last else "has never run":
                found.append((name_of(group, part), why))
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
    record.add(Row(name + chosen, commit + "+" * changed, time.strftime("%Y-%m-%d %H:%M", time.gmtime()), *counts,
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
    parser.add_argument("--take")
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
    if options.take:
        if not pathlib.Path(options.take).is_file():
            return usage(f"there is no file {options.take}")
        record = read_record()
        taken = record.take(Record(pathlib.Path(options.take).read_text()))
        RECORD.write_text(record.text())
        print(f"{counted(len(taken), 'run')} taken from {options.take}")
        return 0
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
