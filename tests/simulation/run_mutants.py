#!/usr/bin/env python3
"""Leaves one rule of the product out at a time; the simulation must find each within 500 seeds.

    tests/simulation/run_mutants.py --build build/release            all of them, two at a time
    ... --only NAME ... --from 1 --seeds 500 --jobs 2 --list

A mutant is one source file with one change (mutants.py), compiled as the build does it and linked in front of the
libraries. One that nothing finds, or whose text is not in the source any more, fails the run.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from mutants import MUTANTS  # noqa: E402

# As the build has it (cmake/toolchain.cmake): what has not changed since the last run is not compiled again.
CCACHE = [shutil.which("ccache")] if shutil.which("ccache") else []
ENVIRONMENT = {**os.environ, "CCACHE_SLOPPINESS": "pch_defines,time_macros,include_file_mtime,include_file_ctime", "CCACHE_NOHASHDIR": "1",
               "CCACHE_BASEDIR": str(ROOT)}
SECONDS = 900  # of one mutant: one that never comes to an end is found at its step limit


def compile_command(build, source):
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if pathlib.Path(entry["file"]) == ROOT / source:
            return shlex.split(entry["command"]), entry["directory"]
    raise SystemExit(f"{source} is not in {build}/compile_commands.json: configure and build first")


def link_command(build):
    listing = subprocess.run(["ninja", "-C", str(build), "-t", "commands", "tests/simulate"], text=True, check=True,
                             stdout=subprocess.PIPE).stdout
    last = [line for line in listing.splitlines() if " -o tests/simulate " in line][-1]
    return re.sub(r"^: && |&& :\s*$", "", last)


def make(build, folder, mutant, link):
    name, _, source, old, new = mutant
    text = (ROOT / source).read_text()
    if text.count(old) != 1:
        raise ValueError(f"its text is {text.count(old)} times in {source}")
    changed = folder / f"{name}.cpp"
    changed.write_text(text.replace(old, new))
    command, directory = compile_command(build, source)
    object_file = folder / f"{name}.o"
    command[command.index("-o") + 1] = str(object_file)
    command[command.index("-c") + 1] = str(changed)
    command = [c for c in command if not c.startswith("-M") and not c.endswith(".d") and c != "-Werror"]
    drop = command.index("-MT") if "-MT" in command else None
    if drop is not None:
        del command[drop:drop + 2]
    subprocess.run([*CCACHE, *command, "-w"], cwd=directory, check=True, env=ENVIRONMENT)
    program = folder / name
    subprocess.run(link.replace(" -o tests/simulate ", f" {object_file} -o {program} "), shell=True, cwd=build, check=True)
    return program


def hunt(build, folder, mutant, link, first, seeds):
    """The seed that finds it, or none; and what it says."""
    program = make(build, folder, mutant, link)
    try:
        run = subprocess.run([program, "--from", str(first), "--seeds", str(seeds), "--no-shrink"], text=True, timeout=SECONDS,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return None, f"nothing was found in {SECONDS} s"
    finally:
        program.unlink()
    found = re.search(r"^seed (\d+) (?:fails after \d+ steps, \d+ lives of the process: )?(.*)", run.stdout, re.M)
    if found:
        return int(found[1]), found[2]
    if run.returncode not in (0, 1):  # an assertion or a crash is a finding as well
        return seeds, f"ended by signal {-run.returncode}"
    return None, run.stdout.strip()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default="build/release", type=pathlib.Path)
    p.add_argument("--seeds", default=500, type=int)
    p.add_argument("--from", default=1, type=int, dest="first", help="the first seed")
    p.add_argument("--jobs", default=2, type=int)
    p.add_argument("--only", nargs="+", default=[])
    p.add_argument("--list", action="store_true")
    a = p.parse_args()
    chosen = [m for m in MUTANTS if not a.only or m[0] in a.only]
    if a.list:
        for name, rule, source, _, _ in chosen:
            print(f"{name:22} {rule} ({source})")
        return 0
    build = a.build.resolve()
    link = link_command(build)
    missed, begun = [], time.monotonic()
    folder = build / "mutants"  # always the same: its path is part of what ccache compares
    folder.mkdir(exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        hunts = {pool.submit(hunt, build, folder, m, link, a.first, a.seeds): m for m in chosen}
        for done in concurrent.futures.as_completed(hunts):
            name, rule = hunts[done][:2]
            try:
                seed, text = done.result()
            except (ValueError, subprocess.CalledProcessError) as e:
                seed, text = None, str(e)
            if seed is None:
                missed.append(name)
            print(f"{name:22} {'MISSED' if seed is None else f'seed {seed}':10} {rule}: {text[:110]}", flush=True)
    print(f"{len(chosen) - len(missed)} of {len(chosen)} rules were left out and found, "
          f"{time.monotonic() - begun:.0f} s" + (f"; not found: {', '.join(missed)}" if missed else ""))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
