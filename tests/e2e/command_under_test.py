"""Commands of millrace in a folder, for the tests of `sql` and `model`."""
import os
import pathlib
import subprocess
import sys

from real_systems import PATIENCE, ROOT, SKIPPED, captured, check


class Command:
    def __init__(self, options, folder):
        self.binary, self.folder = options.millrace, folder

    def __call__(self, *arguments, status=0, says=(), environment=None):
        done = captured(self.binary, *arguments, cwd=self.folder, timeout=75 * PATIENCE, env={**os.environ, **(environment or {})})
        said = done.stderr
        check(done.returncode == status, f"{arguments}: exit status {done.returncode}, expected {status}: {said[-800:]}")
        for text in (says,) if isinstance(says, str) else says:
            check(text in said, f"{arguments}: expected {text!r} in: {said[-800:]}")
        check(status == 0 or self.is_one_message(arguments[0], said), f"{arguments}: several messages: {said[-800:]}")
        return done.stdout

    @staticmethod
    def is_one_message(command, said):
        """DuckDB shows the place in a statement below its message."""
        return said.count("\n") == 1 + said.count("\n  ") if command == "model" else said.count("\n") <= 4


def expect(found, expected, what):
    check(found == expected, f"{what}: found {found!r}, expected {expected!r}")


def needs_duckdb():
    if "MILLRACE_DUCKDB" in os.environ:
        return
    fetched = subprocess.run([ROOT / "tools" / "duckdb"], capture_output=True, text=True)
    if fetched.returncode == 3:
        print(f"SKIPPED: {pathlib.Path(sys.argv[0]).name} needs libduckdb.so: {fetched.stderr.strip()}", flush=True)
        sys.exit(SKIPPED)
    check(fetched.returncode == 0, f"tools/duckdb: {fetched.stderr}")
