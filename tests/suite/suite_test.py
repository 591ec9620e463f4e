#!/usr/bin/env python3
"""Tests what tools/test and tools/prove make of the tests' results: how ctest's report is read, what is run once more, what docs/proof.md keeps."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

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
add_test(NAME hangs COMMAND sleep 60)
add_test(NAME is_not_built COMMAND this_program_is_missing)
set_tests_properties(is_skipped PROPERTIES SKIP_RETURN_CODE 77)
set_tests_properties(hangs PROPERTIES TIMEOUT 1)
"""


def test(name, outcome, output=""):
    return suite.Test(name, outcome, 1.0, output)


def row(group, commit="abc"):
    return proof.Row(group, commit, "2026-11-26", "1", "0", "0", "5")


class Reports(unittest.TestCase):
    def test_each_end_of_a_test_is_told_apart(self):
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder) / "report.xml"
            (pathlib.Path(folder) / "CMakeLists.txt").write_text(PROJECT)
            subprocess.run(["cmake", "-S", folder, "-B", f"{folder}/build"], check=True, stdout=subprocess.DEVNULL)
            subprocess.run(["ctest", "--test-dir", f"{folder}/build", *suite.report_to(report)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            found = suite.outcomes(report)
        names = {outcome: [t.name for t in suite.of(outcome, found)] for outcome in (suite.PASSED, suite.FAILED, suite.SKIPPED)}
        self.assertEqual(names, {"passed": ["passes"], "failed": ["fails", "crashes", "hangs", "is_not_built"], "skipped": ["passes", "is_skipped"]})
        self.assertEqual([suite.reason(t) for t in suite.of(suite.SKIPPED, found)], ["SKIPPED: a part of it", "SKIPPED: no server"])
        self.assertEqual(suite.reason(suite.of(suite.FAILED, found)[0]), "FAILED: a reason")


class Retries(unittest.TestCase):
    def test_two_are_run_once_more_and_three_are_not(self):
        failed = [test(n, suite.FAILED) for n in ("a", "b", "c")]
        passed = test("d", suite.PASSED)
        self.assertEqual(gate.to_retry([passed]), [])
        self.assertEqual(gate.to_retry([failed[0], passed, failed[1]]), failed[:2])
        self.assertEqual(gate.to_retry([*failed, passed]), [])


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
        self.assertEqual(proof.Record(text).text(), text)

    def test_what_has_never_run_is_due(self):
        self.assertIn(("soak", "has never run"), proof.due(self.empty()))

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
