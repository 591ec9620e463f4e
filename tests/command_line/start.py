#!/usr/bin/env python3
"""What a run has of libraries and threads: Arrow with a parquet sink alone, and a message where its module is missing; as many workers as
`--threads` says."""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from real_systems import Wrong, check, wait_until  # noqa: E402

WORKER = "caf.multiplexer"  # CAF's name of a scheduler's thread


def topology(folder, sink):
    path = folder / f"{sink['sink']}.json"
    (folder / "in").write_text("a line\n")
    path.write_text(json.dumps({"millrace": 1, "topology": "start", "stages": {
        "in": {"source": "file", "path": str(folder / "in"), "follow": True}, "lines": {"parser": "text", "from": "in"},
        "out": {**sink, "from": "lines"}}}))
    return path


def workers_and_libraries(millrace, folder, threads):
    """Of a run that has written its row."""
    out = folder / f"out{threads}"
    process = subprocess.Popen([millrace, "run", topology(folder, {"sink": "file", "path": str(out), "format": "json"}), "--state",
                                folder / f"state{threads}", "--threads", str(threads), "--log-level", "error"])
    try:
        wait_until("a row", lambda: process.poll() is not None or (out.exists() and out.stat().st_size))
        check(process.poll() is None, f"the run ended with {process.returncode}")
        home = pathlib.Path(f"/proc/{process.pid}")
        return [t.read_text().strip() for t in home.glob("task/*/comm")].count(WORKER), (home / "maps").read_text()
    finally:
        process.kill()
        process.wait()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--millrace", required=True)
    millrace = arguments.parse_args().millrace
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        for threads in (1, 3):
            workers, maps = workers_and_libraries(millrace, folder, threads)
            check(workers == threads, f"--threads {threads} has {workers} workers")
            check("libarrow" not in maps and "libmillrace_parquet" not in maps, "a run without a parquet sink has loaded Arrow")
        alone = folder / "bin" / "millrace"
        alone.parent.mkdir()
        shutil.copy(millrace, alone)
        done = subprocess.run([alone, "check", topology(folder, {"sink": "parquet", "path": str(folder / "table")})], capture_output=True, text=True)
        check(done.returncode == 2, f"a parquet sink without the module: check ends with {done.returncode}: {done.stderr}")
        for part in ("stages.out: Parquet needs libmillrace_parquet.so, which cannot be loaded", f"looked for in {alone.parent}/lib, ",
                     "remedy: install millrace whole; beside a copied binary put a copy of the folder lib"):
            check(part in done.stderr, f"{part!r} is missing: {done.stderr}")
        built = pathlib.Path(millrace).resolve().parent / "lib"
        if (built / "libmillrace_parquet.so").exists():
            shutil.copytree(built, alone.parent / "lib")
            done = subprocess.run([alone, "check", topology(folder, {"sink": "parquet", "path": str(folder / "table")})], capture_output=True, text=True)
            check(done.returncode == 0, f"a parquet sink with the folder lib: check ends with {done.returncode}: {done.stderr}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Wrong as wrong:
        print(f"FAILED: {wrong}")
        sys.exit(1)
