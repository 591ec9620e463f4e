"""The cases of this folder, which of them are asked for, and running them beside each other; for the programs that run them."""
import argparse
import concurrent.futures
import contextlib
import importlib.util
import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

from golden.millrace import Wrong

FOLDER = pathlib.Path(__file__).resolve().parent.parent


def load_module(path):
    spec = importlib.util.spec_from_file_location(f"case_{path.parent.name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def arguments(description):
    p = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("binary", type=pathlib.Path)
    p.add_argument("-k", dest="filter", default="", help="only cases whose name holds this")
    p.add_argument("--share", default="1/1", help="I/N: the I-th of N parts of the cases")
    p.add_argument("--jobs", type=int, default=3)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--keep", help="a folder in which the files of failed cases stay")
    return p


def parsed(parser):
    options = parser.parse_args()
    options.binary = options.binary.resolve()
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
    return options


def all_cases():
    return sorted(f for f in FOLDER.iterdir() if (f / "topology.json").exists() or (f / "scenario.py").exists())


def chosen(options, folders):
    share, shares = map(int, options.share.split("/"))
    folders = [f for f in folders[share - 1::shares] if options.filter in f.name]
    if not folders:
        sys.exit("no such case")
    return folders


@contextlib.contextmanager
def scratch(folder, options):
    """A folder for one case's files, which stays where the case fails and --keep is given."""
    base = pathlib.Path(tempfile.mkdtemp(prefix=f"golden-{folder.name}-", dir=options.keep))
    try:
        yield base
    except BaseException:
        if not options.keep:
            shutil.rmtree(base, ignore_errors=True)
        raise
    shutil.rmtree(base, ignore_errors=True)


def lacks_arrow(folder, place):
    if not folder.name.startswith("parquet") or place.parquet_dump.exists():
        return False
    print(f"SKIPPED {folder.name}: this build has no Arrow; remedy: tools/arrow, and build again")
    return True


def run_all(folders, run_case, jobs):
    """Runs run_case(folder) for each, and says how each went. Gives the names of those that failed."""
    def tried(folder):
        started, wrong = time.monotonic(), None
        try:
            run_case(folder)
        except Wrong as e:
            wrong = str(e)
        except Exception:  # a broken case must not hide the others
            wrong = traceback.format_exc()
        return wrong, time.monotonic() - started

    failed = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        runs = {pool.submit(tried, f): f for f in folders}
        for done in concurrent.futures.as_completed(runs):
            wrong, took = done.result()
            name = runs[done].name
            print(f"{'FAILED' if wrong else 'ok    '} {name} ({took:.1f} s)", flush=True)
            if wrong:
                failed.append(name)
                print("    " + wrong.replace("\n", "\n    "), flush=True)
    return failed


def sum_up(count, failed):
    """The last line, and the exit status."""
    print(f"{count - len(failed)} of {count} cases passed" + (f"; failed: {', '.join(sorted(failed))}" if failed else ""))
    return 1 if failed else 0
