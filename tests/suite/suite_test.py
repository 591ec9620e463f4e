#!/usr/bin/env python3
"""Tests what tools/test and tools/prove make of the tests' results: how ctest's report is read, what is run once more, what is ended, what docs/development/proof.md keeps."""
import contextlib
import datetime
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/lib"))

import gate  # noqa: E402
import groups  # noqa: E402
import proof  # noqa: E402
import suite  # noqa: E402

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(five_ends NONE)
enable_testing()
add_test(NAME passes COMMAND sh -c "head -c 5000 /dev/zero | tr '\\\\0' x; echo; echo SKIPPED: a part of it")
add_test(NAME fails COMMAND sh -c "echo FAILED: a reason; exit 1")
add_test(NAME is_skipped COMMAND sh -c "echo SKIPPED: no server; exit 77")
add_test(NAME crashes COMMAND sh -c "kill -SEGV $$")
add_test(NAME hangs COMMAND sh -c "echo FAILED: an earlier line; exec sleep 60")
add_test(NAME is_not_built COMMAND this_program_is_missing)
set_tests_properties(is_skipped PROPERTIES SKIP_RETURN_CODE 77)
set_tests_properties(hangs PROPERTIES TIMEOUT 1)
"""


def test(name, outcome, output=""):
    return suite.Test(name, outcome, 1.0, output)


def row(group, commit="abc", date="2026-11-26 10:00"):
    return proof.Row(group, commit, date, "1", "0", "0", "5")


def printed(function):
    """What it prints, and what it raises or returns."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            end = function()
        except (suite.Red, suite.TimeIsUp) as e:
            end = e
    return out.getvalue(), end


class Reports(unittest.TestCase):
    def test_each_end_of_a_test_is_told_apart(self):
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder) / "report.xml"
            (pathlib.Path(folder) / "CMakeLists.txt").write_text(PROJECT)
            subprocess.run(["cmake", "-S", folder, "-B", f"{folder}/build"], check=True, stdout=subprocess.DEVNULL)
            done = subprocess.run(["ctest", "--test-dir", f"{folder}/build", *suite.report_to(report)], text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
            found = suite.outcomes(report, done.stdout)
        names = {outcome: [t.name for t in suite.of(outcome, found)] for outcome in (suite.PASSED, suite.FAILED, suite.SKIPPED)}
        self.assertEqual(names, {"passed": ["passes"], "failed": ["fails", "crashes", "hangs", "is_not_built"], "skipped": ["passes", "is_skipped"]})
        self.assertEqual([suite.reason(t) for t in suite.of(suite.SKIPPED, found)], ["SKIPPED: a part of it", "SKIPPED: no server"])
        self.assertEqual(suite.reason(suite.of(suite.FAILED, found)[0]), "FAILED: a reason")
        self.assertEqual(suite.reason(suite.of(suite.FAILED, found)[2]), "FAILED: ended by its own limit, after 1 s (TIMEOUT in its CMakeLists.txt)")

    def test_a_test_without_a_limit_gets_one(self):
        self.assertEqual(suite.report_to("report")[-2:], ["--timeout", "900"])

    @unittest.skipUnless("MILLRACE_TESTED_BUILD" in os.environ, "ctest names the build")
    def test_each_test_of_the_gate_has_a_limit_well_within_the_bound(self):
        with tempfile.TemporaryDirectory() as folder:  # not the build's: the ctest that runs this has its log there
            (pathlib.Path(folder) / "CTestTestfile.cmake").write_text(f'subdirs("{os.environ["MILLRACE_TESTED_BUILD"]}")\n')
            listing = subprocess.run(["ctest", "--test-dir", folder, "-L", "^(gate|smoke)$", "--show-only=json-v1"], text=True, check=True,
                                     stdout=subprocess.PIPE)
        tests = json.loads(listing.stdout)["tests"]
        limits = {t["name"]: next((p["value"] for p in t["properties"] if p["name"] == "TIMEOUT"), None) for t in tests}
        self.assertIn("suite", limits)
        self.assertEqual({name: limit for name, limit in limits.items() if limit is None or limit > suite.TEST_SECONDS}, {})


class Retries(unittest.TestCase):
    def test_two_are_run_once_more_and_three_are_not(self):
        failed = [test(n, suite.FAILED) for n in ("a", "b", "c")]
        passed = test("d", suite.PASSED)
        self.assertEqual(gate.to_retry([passed]), [])
        self.assertEqual(gate.to_retry([failed[0], passed, failed[1]]), failed[:2])
        self.assertEqual(gate.to_retry([*failed, passed]), [])


class Bounds(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.addCleanup(signal.signal, signal.SIGTERM, signal.getsignal(signal.SIGTERM))

    def build(self, **commands):
        """suite.build with programs in the place of cmake and ninja."""
        for name, script in {"cmake": "true", **commands}.items():
            (self.folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (self.folder / name).chmod(0o755)
        with mock.patch.dict(os.environ, PATH=f"{self.folder}:{os.environ['PATH']}"):
            suite.build("release", self.folder)

    def sleeping(self, *arguments):
        """A process that hangs: sleep takes the sum of its arguments."""
        process = subprocess.Popen(["sleep", "600", *map(str, arguments)])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def waits(self, minutes, lines):
        """while_it_gets_on, on a process that ends after so many minutes of a clock that is not real; lines: minute -> what it writes then."""
        log, now = self.folder / "log", 0
        log.touch()

        def wait(timeout):
            nonlocal now
            now += timeout
            if now % 60 == 0 and now // 60 in lines:
                with open(log, "a") as out:
                    out.write(lines[now // 60] + "\n")
            if now < minutes * 60:
                raise subprocess.TimeoutExpired("ninja", timeout)
            return 0
        with mock.patch.object(suite.time, "monotonic", lambda: now):
            text, end = printed(lambda: suite.while_it_gets_on("the build", log)(mock.Mock(wait=wait)))
        return text, end, now

    def test_a_build_is_not_counted_and_the_tests_after_it_are(self):
        left = []

        def seen(command, *_, **__):
            left.append((command[0], signal.getitimer(signal.ITIMER_REAL)[0]))
            return 0, "[2/2] linked"
        with suite.bounded("the gate", 60), mock.patch.object(suite, "run", seen):
            suite.run(["before"])
            printed(lambda: suite.build("release", self.folder))
            suite.run(["after"])
        self.assertEqual([(name, seconds > 0) for name, seconds in left], [("before", True), ("cmake", False), ("ninja", False), ("after", True)])
        self.assertLessEqual(left[3][1], left[0][1])

    def test_the_bound_names_and_ends_what_runs_and_says_which_it_is(self):
        hangs = self.sleeping()

        def whole():
            with suite.bounded("the gate", 60):
                signal.raise_signal(signal.SIGALRM)
        text, end = printed(whole)
        self.assertEqual(hangs.wait(timeout=60), -signal.SIGKILL)
        self.assertRegex(text, r"TIME IS UP for the gate after 60 minutes. These still run:\n *\d+ +\d+ s  sleep 600\n")
        self.assertIsInstance(end, suite.TimeIsUp)
        self.assertEqual(str(end), "the gate did not end within 60 minutes, its build not counted")

    def test_no_bound_is_left_behind(self):
        with suite.bounded("the gate", 60):
            pass
        printed(lambda: self.build(ninja="true"))
        self.assertEqual(signal.getitimer(signal.ITIMER_REAL)[0], 0)

    def test_a_build_says_each_minute_how_far_it_is(self):
        text, end, _ = self.waits(40, {1: "[1/9] compiled", 15: "[2/9] compiled", 29: "[3/9] compiled"})
        self.assertEqual(end, 0)
        lines = text.splitlines()
        self.assertEqual(len(lines), 39)
        self.assertEqual([lines[0], lines[20], lines[38]], ["the build goes on, 1 min: [1/9] compiled", "the build goes on, 21 min: [2/9] compiled",
                                                            "the build goes on, 39 min: [3/9] compiled"])

    def test_a_build_that_gets_no_further_is_ended_with_what_still_runs(self):
        hangs = self.sleeping(*range(1000, 1100))
        text, end, now = self.waits(1000, {14: "[6/9] compiled", 28: "[7/9] compiled"})
        self.assertEqual(now, 43 * 60)
        self.assertEqual(hangs.wait(timeout=60), -signal.SIGKILL)
        self.assertIn("the build has got no further for 15 minutes. These still run:", text)
        self.assertRegex(text, rf"(?m)^ *{hangs.pid} +\d+ s  sleep 600 1000 .* \.\.\. .* 1098 1099$")
        self.assertIsInstance(end, suite.Red)
        self.assertEqual(str(end), f"the build got no further for 15 minutes and was ended, after [7/9] compiled; its output: {self.folder / 'log'}")

    def test_a_build_that_fails_is_red_with_its_output(self):
        _, end = printed(lambda: self.build(ninja="echo 'FAILED: page.o'; exit 1"))
        self.assertIn("FAILED: page.o\nninja -C build/release", str(end))


class Records(unittest.TestCase):
    HEAD = "# The proof's record\n\n"

    def empty(self):
        return proof.Record(self.HEAD + proof.HEADING + "\n|---|---|---|---|---|---|---|\n\n## Open faults\n\nNone.\n")

    def test_what_is_written_is_read_again(self):
        record = self.empty()
        record.add(row("servers"), [test("e2e_page", suite.FAILED, "FAILED: the page shows `x`"), test("e2e_sql", suite.PASSED)])
        record.add(row("mutants 1/8"), [test("shard_late", suite.FAILED, "MISSED: nothing found it")])
        again = proof.Record(record.text())
        self.assertEqual(again.text(), record.text())
        self.assertEqual(again.rows, record.rows)
        self.assertEqual([(f.group, f.test) for f in again.faults], [("servers", "e2e_page"), ("mutants 1/8", "shard_late")])
        self.assertTrue(record.text().startswith(self.HEAD))

    def test_a_fault_is_open_until_its_test_passes_in_its_group(self):
        record = self.empty()
        record.add(row("servers"), [test("e2e_page", suite.FAILED)])
        record.add(row("servers"), [test("e2e_sql", suite.PASSED), test("e2e_page", suite.SKIPPED)])
        record.add(row("readmes"), [test("e2e_page", suite.PASSED)])
        self.assertEqual([f.test for f in record.faults], ["e2e_page"])
        record.add(row("servers --only page"), [test("e2e_page", suite.PASSED)])
        self.assertEqual(record.faults, [])
        self.assertIn("None.", record.text())

    def test_a_fault_is_mended_by_whatever_part_of_its_group_has_its_test_now(self):
        record = self.empty()
        record.add(row("mutants 3/8"), [test("shard_late", suite.FAILED), test(proof.WHOLE_RUN, suite.FAILED)])
        record.add(row("mutants 4/8"), [test("shard_late", suite.PASSED)])
        self.assertEqual([f.test for f in record.faults], [proof.WHOLE_RUN])
        record.add(row("mutants 3/8"), [test("shard_early", suite.PASSED)])
        self.assertEqual(record.faults, [])

    def test_a_run_that_came_to_no_end_is_a_fault_until_one_does(self):
        record = self.empty()
        record.add(row("asan"), [test(proof.WHOLE_RUN, suite.FAILED, "FAILED: it did not end")])
        self.assertEqual([f.test for f in record.faults], [proof.WHOLE_RUN])
        record.add(row("asan"), [test("unit_base", suite.PASSED)])
        self.assertEqual(record.faults, [])

    def test_a_run_of_one_test_is_no_run_of_the_group(self):
        record = self.empty()
        record.add(row("servers", "old"), [])
        record.add(row("servers --only page", "new"), [])
        self.assertEqual(record.last("servers").commit, "old")
        self.assertIsNone(record.last("asan"))

    def test_the_record_of_this_tree_is_one(self):
        text = proof.RECORD.read_text()
        self.assertEqual(proof.Record(text).text(), text, "tools/prove --take docs/development/proof.md writes it anew; what that drops had not the form")
        self.assertLessEqual({f.group.split()[0] for f in proof.Record(text).faults}, set(groups.GROUPS))

    def test_the_page_begins_with_the_newest_whole_run_of_each_group(self):
        record = self.empty()
        for group, commit in (("clock", "old"), ("mutants 2/8", "two"), ("clock", "new"), ("clock --only memory", "one")):
            record.add(row(group, commit), [])
        newest, _, log = record.text().partition(proof.RUNS)
        lines = newest.partition(proof.FAULTS)[0].removeprefix(self.HEAD).splitlines()
        self.assertEqual(lines[0], proof.HEADING)
        self.assertEqual([line.split("|")[1].strip() for line in lines[2:] if line], proof.names())
        self.assertIn("| clock | new | 2026-11-26 10:00 | 1 | 0 | 0 | 5 |", lines)
        self.assertIn("| mutants 2/8 | two | 2026-11-26 10:00 | 1 | 0 | 0 | 5 |", lines)
        self.assertIn("| asan | has never run |  |  |  |  |  |", lines)
        self.assertEqual([line.split("|")[2].strip() for line in log.splitlines()[4:]], ["one", "new", "two", "old"])

    def test_a_page_of_before_is_read(self):
        runs = "| clock | old | 2026-11-25 | 1 | 0 | 0 | 5 |\n| clock | new | 2026-11-26 | 1 | 0 | 0 | 5 |\n"
        record = proof.Record(f"{self.HEAD}{proof.HEADING}\n|---|---|---|---|---|---|---|\n{runs}\n## Open faults\n\nNone.\n")
        self.assertEqual([r.commit for r in record.rows], ["old", "new"])
        self.assertEqual(proof.Record(record.text()).rows, record.rows)

    def test_a_fault_written_by_hand_stays_until_its_test_passes_in_its_group(self):
        line = "- servers: `page` seed 8123 shows `x` twice"
        record = proof.Record(self.empty().text().replace("None.", line))
        record.add(row("servers"), [test("e2e_page", suite.FAILED, "FAILED: a reason"), test("e2e_sql", suite.PASSED)])
        record.add(row("readmes"), [test("e2e_page", suite.PASSED)])
        record = proof.Record(record.text())
        self.assertIn(f"\n{line}\n- servers: `e2e_page` (abc): FAILED: a reason\n", record.text())
        record.add(row("servers --only page"), [test("e2e_page", suite.PASSED)])
        self.assertEqual(record.faults, [])

    def test_runs_of_another_page_are_taken_once_with_the_faults_that_they_found(self):
        ours, theirs = self.empty(), self.empty()
        for record in (ours, theirs):
            record.add(row("asan", "a", "2026-11-25"), [test("unit_base", suite.FAILED)])
        theirs.add(row("clock", "b", "2026-11-26 09:00"), [test("memory", suite.FAILED, "FAILED: it grows")])
        theirs.add(row("asan", "b", "2026-11-26 11:00"), [test("unit_base", suite.PASSED)])
        ours.add(row("kills", "c", "2026-11-26 10:00"), [])
        self.assertEqual([r.group for r in ours.take(proof.Record(theirs.text()))], ["clock", "asan"])
        self.assertEqual([(r.group, r.commit) for r in ours.rows], [("asan", "a"), ("clock", "b"), ("kills", "c"), ("asan", "b")])
        self.assertEqual([(f.group, f.test, f.text) for f in ours.faults], [("clock", "memory", " (b): FAILED: it grows")])
        self.assertEqual(ours.take(theirs), [])
        theirs.add(row("clock", "b", "2026-11-26 12:00"), [test("memory", suite.FAILED, "FAILED: it grows")])
        self.assertEqual(len(ours.take(theirs)), 1)
        self.assertEqual([f.test for f in ours.faults], ["memory"])

    def test_a_newer_whole_run_of_another_page_mends_the_faults_that_it_has_not(self):
        fault = lambda record: [f.test for f in record.faults]  # noqa: E731
        for date, run, result, left in (("2026-11-26", "asan", suite.PASSED, []), ("2026-11-26", "asan", suite.SKIPPED, ["unit_base"]),
                                        ("2026-11-24", "asan", suite.PASSED, ["unit_base"]),
                                        ("2026-11-26", "asan --only unit_base", suite.PASSED, ["unit_base"])):
            with self.subTest(date=date, run=run, result=result):
                ours, theirs = self.empty(), self.empty()
                for record in (ours, theirs):
                    record.add(row("asan", "a", "2026-11-25"), [test("unit_base", suite.FAILED)])
                theirs.add(row(run, "b", date), [test("unit_base", result)])
                self.assertEqual(len(ours.take(theirs)), 1)
                self.assertEqual(fault(ours), left)

    def test_what_has_never_run_is_due(self):
        self.assertIn(("clock", "has never run"), proof.due(self.empty()))

    def why_due(self, date, changed, commits):
        """What --due says of `soak` at noon of 26 November, after so many commits that changed these files."""
        record = self.empty()
        record.add(row("clock", "abc", date), [])
        answers = {"diff": "\n".join(changed), "rev-list": str(commits)}
        with mock.patch.object(suite, "git", lambda command, *_: answers[command]):
            return dict(proof.due(record, datetime.datetime(2026, 11, 26, 12, 30, tzinfo=datetime.timezone.utc))).get("clock")

    def test_a_group_is_due_when_its_files_changed_and_100_commits_or_a_week_after_its_run(self):
        self.assertEqual(self.why_due("2026-11-26 11:00", ["a", "b"], 3), "ran 1 hour and 3 commits ago; 2 files changed since abc, such as a")
        self.assertIsNone(self.why_due("2026-11-26 11:00", [], 99))
        self.assertEqual(self.why_due("2026-11-24 23:30", [], 100), "ran 37 hours and 100 commits ago")
        self.assertIsNone(self.why_due("2026-11-19 12:31", [], 0))
        self.assertEqual(self.why_due("2026-11-19 12:30", [], 0), "ran 168 hours and 0 commits ago")
        self.assertEqual(self.why_due("2026-11-25", [], 101), "ran 36 hours and 101 commits ago")

    def test_a_run_keeps_its_time_of_day(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "proof.md"
            page.write_text(self.empty().text())
            part = groups.Part("", lambda logs, chosen, passed, times: [test("memory", suite.PASSED)])
            options = mock.Mock(only=[], times=1, again=True)
            with mock.patch.dict(os.environ, XDG_STATE_HOME=folder), mock.patch.object(proof, "RECORD", page), \
                    mock.patch.object(proof, "tested_commit", lambda: ("abc", False)):
                printed(lambda: proof.prove(groups.GROUPS["clock"], part, options))
            self.assertRegex(page.read_text(), r"\| clock \| abc \| \d{4}-\d\d-\d\d \d\d:\d\d \| 1 \| 0 \| 0 \| 0 \|")

    def test_a_run_that_was_ended_tells_what_had_passed(self):
        with tempfile.TemporaryDirectory() as folder:
            logs = pathlib.Path(folder)
            (logs / "commit").write_text("abc")
            (logs / "tests").write_text(" 1/2 Test #3: e2e_sql ......   Passed    1.0 sec\n 2/2 Test #4: e2e_page .....***Failed    1.0 sec\n")
            (logs / "passed").write_text("soak\n")
            (logs / "mutants").write_text("shard_late             seed 3       12 s  a rule: text\nlane_early             MISSED      500 s  a rule: \n")
            self.assertEqual(proof.ended_before(logs, "abc"), ["e2e_sql", "shard_late", "soak"])
            self.assertEqual(proof.ended_before(logs, "def"), [])


class Groups(unittest.TestCase):
    def test_a_test_that_is_not_there_is_refused_with_those_that_are(self):
        suite.must_know(["page", "e2e_sql"], ["e2e_page", "e2e_sql"])
        with self.assertRaisesRegex(suite.NoSuchTest, "no test pgae in this group; there are e2e_page, e2e_sql"):
            suite.must_know(["pgae"], ["e2e_page", "e2e_sql"])

    def test_what_a_group_is_about_exists(self):
        for group in groups.GROUPS.values():
            for path in group.about:
                self.assertTrue((ROOT / path).exists(), f"{group.name}: {path}")


if __name__ == "__main__":
    unittest.main()
