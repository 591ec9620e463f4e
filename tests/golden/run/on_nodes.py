#!/usr/bin/env python3
"""Runs the golden cases on a cluster of two nodes, with the rows that one process has: first each straight, several beside each
other; then those that were right again in batches, with other shards, while each of the two nodes is killed with -9 and comes back.
Scenarios, some of which kill nodes, come last, one after the other. What has no place on a cluster is in NOT_ON_NODES.

    python3 tests/golden/run/on_nodes.py build/release/millrace            all cases
    ... -k late --share 2/4 --seed 7 --keep /somewhere
"""
import contextlib
import pathlib
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from golden import cases, declared  # noqa: E402
from golden.millrace import Wrong  # noqa: E402
from golden.nodes import Pair, PlaceOnNodes  # noqa: E402
from real_systems import Run  # noqa: E402

RUN_ONLY = "shows options of `run`, or what it prints"
STATE_FOLDER = "looks into, copies or replaces the state folder of a run; a cluster's state is in its store"
NOT_ON_NODES = {
    "adopt": STATE_FOLDER,
    "bad_changed_file": "changes a file while nothing runs; on nodes a topology goes on when a process is killed",
    "bad_closed_pipe": "is about the standard output of a run, which ends with its reader",
    "bad_foreign_state": STATE_FOLDER,
    "bad_locked_state": STATE_FOLDER,
    "bad_options": "is about the command line of `run`",
    "bad_sink_file_gone": STATE_FOLDER,
    "bad_utf8_in_errors": "replays into a state folder, and looks into it",
    "bad_unreadable_file": "runs as another user; a node reads as its own",
    "check_sample": "runs nothing",
    "check_several": "runs nothing",
    "damaged_snapshots": STATE_FOLDER,
    "dead_letters_in_parts": "kills more often than a topology on nodes may be, and replays into a state folder",
    "file_at_start": STATE_FOLDER,
    "first_start_fixes_nothing": "needs a --start-timeout of its own; on nodes it is the node's",
    "flow": RUN_ONLY,
    "follow_rewritten": "changes a file while nothing runs; on nodes a topology goes on when a process is killed",
    "full_standard_output": "is about the standard output of a run",
    "log_format": RUN_ONLY,
    "glob_overlapping_hours": "begins anew with --fresh, and reads what `run` says of it",
    "glob_order": "starts with another order between a kill and the end; on nodes a topology goes on when a process is killed",
    "lost_is_said": RUN_ONLY,
    "mended_parser": "replays into a state folder, and checks it",
    "mended_parser_in_windows": "replays into a state folder, and checks it",
    "on_crash": "starts its own process each time; tests/e2e/crashing_record.py has nodes",
    "parquet_at_start": STATE_FOLDER,
    "parquet_bad_targets": STATE_FOLDER,
    "parquet_numerics": STATE_FOLDER,
    "progress_line": RUN_ONLY,
    "replay_into_elements": "replays into a state folder",
    "replay_into_windows": "replays into a state folder",
    "report_after_a_kill_at_the_end": STATE_FOLDER,
    "report_on_signal": RUN_ONLY,
    "sample_beyond_memory": "compares `check --sample` and `test` with one run",
    "second_run_and_fresh": "begins anew with --fresh, and reads what `run` says of it",
    "secrets": "starts its own processes; tests/e2e/topology_secrets.py has nodes",
    "several_topologies": RUN_ONLY,
    "start_and_probes": RUN_ONLY,
    "state_of_another_source": STATE_FOLDER,
    "topology_runs_no_code": "starts its own processes; tests/e2e/hostile_topology.py has nodes",
    "unit_tests": "runs nothing",
}
BATCH = 12  # topologies that run while nodes are killed
SECONDS = 5  # time for the records of one then
SHARDS = 5


class OnNodes:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.pair = None
        self.reports = {}  # keyed by case that was right: the report of the straight run

    def begin(self, name):
        """Two new nodes: a cluster has at most 100 topologies."""
        Run.end_all()
        self.pair = Pair(self.options.binary, self.folder / name, self.options.seed)

    def case(self, folder):
        place = PlaceOnNodes(self.pair, self.options.binary, folder, self.options.seed)
        return None if cases.lacks_arrow(folder, place) else declared.Case(place, cases.load_module)

    def straight(self, folder):
        if not (case := self.case(folder)):
            return
        with self.pair.screen if "stdout" in case.expected else contextlib.nullcontext():
            self.reports[folder] = case.run_straight(), case.ways

    def killed(self, folders):
        """Faults are found after the kills, case by case."""
        runs = {}
        for folder in folders:
            case, report = self.case(folder), self.reports[folder][0]
            attempt = case.place.attempt("killed")
            runs[folder] = case, attempt, attempt.start(case.slowed(report, SECONDS) + case.divided(SHARDS))
        so_far = {}
        for node in self.pair.random.sample(list(self.pair.cluster.nodes.values()), 2):
            time.sleep(self.pair.random.uniform(0.1, 1))
            self.pair.blow(node)
            for folder, (case, attempt, _) in runs.items():
                try:
                    case.check_tables_so_far(attempt)
                except Wrong as e:
                    so_far[folder] = e

        def end(folder):
            if folder in so_far:
                raise so_far[folder]
            case, attempt, process = runs[folder]
            attempt.checked(attempt.end(process), case.exit, ())
            case.check(attempt)
            case.compare_reports(attempt, self.reports[folder][0])

        return cases.run_all(runs, end, self.options.jobs)

    def scenario(self, folder):
        cases.load_module(folder / "scenario.py").run(
            PlaceOnNodes(self.pair, self.options.binary, folder, self.options.seed))

    def run(self, folders):
        """Gives the names of those that failed."""
        failed = []
        scenarios = [f for f in folders if (f / "scenario.py").exists()]
        if straight := [f for f in folders if f not in scenarios]:
            self.begin("straight")
            failed += cases.run_all(straight, self.straight, self.options.jobs)
        if to_kill := sorted(f for f, (_, ways) in self.reports.items() if "killed" in ways):
            self.begin("killed")
            for first in range(0, len(to_kill), BATCH):
                print(f"{BATCH} at a time, with kills:", flush=True)
                failed += self.killed(to_kill[first:first + BATCH])
        if scenarios:
            self.begin("scenarios")
            failed += cases.run_all(scenarios, self.scenario, 1)
        return failed


def main():
    options = cases.parsed(cases.arguments(__doc__))
    everything = cases.all_cases()
    if unknown := set(NOT_ON_NODES) - {f.name for f in everything}:
        sys.exit(f"NOT_ON_NODES names cases that are not there: {sorted(unknown)}")
    folders = cases.chosen(options, [f for f in everything if f.name not in NOT_ON_NODES])
    failed = ["nodes"]
    # The suppressed one only tells that files of failed cases are to stay.
    with contextlib.suppress(Wrong), cases.scratch(pathlib.Path("nodes"), options) as folder:
        try:
            failed = OnNodes(options, folder).run(folders)
        finally:
            Run.end_all()
        if failed:
            raise Wrong
    sys.exit(cases.sum_up(len(folders), failed))


if __name__ == "__main__":
    main()
