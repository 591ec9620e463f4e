#!/usr/bin/env python3
"""Leaves one rule of the product out at a time; the simulation of one node or that of several must find each within 1,000 seeds, or
for the rules of chains and of clusters their property tests or unit tests.

    cmake --preset mutants && ninja -C build/mutants
    tests/simulation/run_mutants.py                    all of them, two at a time
    ... --only NAME ... --without NAME ... --from 1 --seeds 1000 --jobs 2 --list
    ... --programs             what is to be built: tools/prove does
    ... --share 1/8            every eighth, beginning with the first (`tools/prove mutants` runs all of the parts)

A mutant is one source file with one change (mutants.py, cluster_mutants.py and others beside them), compiled as the build does it and linked in front of the
libraries. One that nothing finds, or whose text is not in the source any more, fails the run.
"""
import argparse
import concurrent.futures
import functools
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
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("simulation", "e2e")]

from cluster_mutants import CLUSTER_MUTANTS  # noqa: E402
from director_mutants import DIRECTOR_MUTANTS  # noqa: E402
from kafka_chain_mutants import KAFKA_CHAIN_MUTANTS  # noqa: E402
from link_mutants import LINK_MUTANTS  # noqa: E402
from mutants import (CHAIN_MUTANTS, JOIN_MUTANTS, LANE_MUTANTS, MUTANTS, NUMERIC_MUTANTS, REMOVAL_MUTANTS, RUN_MUTANTS, SHARD_MUTANTS,  # noqa: E402
                     SINK_MUTANTS, TABLE_MUTANTS, TAKEN_BACK_MUTANTS)
from node_mutants import NODE_MUTANTS  # noqa: E402
from patience import PATIENCE  # noqa: E402
from schema_mutants import AVRO_MUTANTS, CONTAINER_MUTANTS, PART_MUTANTS, PROTOBUF_MUTANTS, REGISTRY_MUTANTS, ROW_MUTANTS  # noqa: E402
from simulated_node_mutants import SIMULATED_NODE_MUTANTS  # noqa: E402

# The build has the same (cmake/toolchain.cmake): unchanged sources are not compiled again.
CCACHE = [shutil.which("ccache")] if shutil.which("ccache") else []
ENVIRONMENT = {**os.environ, "CCACHE_SLOPPINESS": "pch_defines,time_macros,include_file_mtime,include_file_ctime", "CCACHE_NOHASHDIR": "1",
               "CCACHE_BASEDIR": str(ROOT)}
FAILED = re.compile(r"(\w+\.[ch]pp:\d+): failed: (.*)")  # as Catch2's compact reporter says it
SECONDS = round(75 * PATIENCE)  # bound of one program, which takes a minute at most on a quiet machine: one that never ends does not end its part


def compile_command(build, source):
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if pathlib.Path(entry["file"]) == ROOT / source:
            return shlex.split(entry["command"]), entry["directory"]
    raise SystemExit(f"{source} is not in {build}/compile_commands.json: configure and build first")


@functools.cache
def link_command(build, program):
    listing = subprocess.run(["ninja", "-C", str(build), "-t", "commands", f"tests/{program}"], text=True, check=True,
                             stdout=subprocess.PIPE).stdout
    last = [line for line in listing.splitlines() if f" -o tests/{program} " in line][-1]
    return re.sub(r"^: && |&& :\s*$", "", last)


def compile_changed(build, folder, mutant):
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
    command = ["-O1" if c == "-O3" else c for c in command if not c.startswith("-M") and not c.endswith(".d") and c != "-Werror"]
    drop = command.index("-MT") if "-MT" in command else None
    if drop is not None:
        del command[drop:drop + 2]
    subprocess.run([*CCACHE, *command, "-w"], cwd=directory, check=True, env=ENVIRONMENT)
    return object_file


def run_linked(build, object_file, program, arguments, **environment):
    """A program with the changed source in front of its libraries; none: it came to no end, and had found nothing before."""
    linked = object_file.with_suffix("")
    link = link_command(build, program).replace(f" -o tests/{program} ", f" {object_file} -o {linked} ")
    subprocess.run(link, shell=True, cwd=build, check=True)
    try:
        return subprocess.run([linked, *arguments], text=True, errors="replace", timeout=SECONDS, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, cwd=ROOT, env={**os.environ, **environment})
    except subprocess.TimeoutExpired as e:
        said = (e.stdout or b"").decode(errors="replace")
        return subprocess.CompletedProcess([linked], 1, said) if FAILED.search(said) else None
    finally:
        linked.unlink()


def timed(hunt, *arguments):
    begun = time.monotonic()
    return *hunt(*arguments), time.monotonic() - begun


def hunt(options, build, folder, mutant, first, seeds):
    """Returns the test that has found it, or none, and its words."""
    run = run_linked(build, compile_changed(build, folder, mutant), "simulate",
                     [*options, "--from", str(first), "--seeds", str(seeds), "--no-shrink"])
    if run is None:
        return None, f"nothing was found in {SECONDS} s"
    found = re.search(r"^seed (\d+) (?:fails after \d+ steps, \d+ lives of the process: )?(.*)", run.stdout, re.M)
    if found:
        return f"seed {found[1]}", found[2]
    if run.returncode not in (0, 1):  # an assertion or a crash is a finding as well
        return f"seed {seeds}", f"ended by signal {-run.returncode}"
    return None, run.stdout.strip()


def failure_in(run):
    """Returns where a program of tests has failed, and what it says; none: it has passed, or came to no end."""
    if run is None or run.returncode == 0:
        return None
    seed = re.search(r"^seed (\d+) fails after: (.*)", run.stdout, re.M)
    if seed:
        return f"seed {seed[1]}", seed[2]
    failed = FAILED.search(run.stdout)
    return "test", f"{failed[1]} {failed[2]}" if failed else f"ended by {run.returncode}"


def hunt_in_tests(property_test, cases, unit_test, build, folder, mutant, _, seeds):
    """Likewise, by cases of a property test, and where these do not find it, by unit tests."""
    object_file = compile_changed(build, folder, mutant)
    found = run = None
    if property_test:
        run = run_linked(build, object_file, property_test, [cases, "-r", "compact", "-a"], MILLRACE_SEEDS=str(seeds))
        found = failure_in(run)
    for few in ("100", None):  # random schedules among them; most of the cases have none
        if found is None:
            run = run_linked(build, object_file, unit_test, ["-r", "compact", "-a"], **({"MILLRACE_SEEDS": few} if few else {}))
            found = failure_in(run)
    if run is None:
        return None, f"nothing was found in {SECONDS} s"
    return found or (None, run.stdout.strip())


GROUPS = [(MUTANTS, functools.partial(hunt, [])),
          (SIMULATED_NODE_MUTANTS, functools.partial(hunt, ["--nodes"])),
          (CHAIN_MUTANTS, functools.partial(hunt_in_tests, "property_chain", "over files*,where openers*", "unit_snapshot")),
          (KAFKA_CHAIN_MUTANTS, functools.partial(hunt_in_tests, "property_chain", "over a topic*", "unit_kafka_store")),
          (CLUSTER_MUTANTS, functools.partial(hunt_in_tests, "property_cluster", "*", "unit_cluster")),
          (NODE_MUTANTS, functools.partial(hunt_in_tests, "property_node", "*", "unit_node")),
          (LINK_MUTANTS, functools.partial(hunt_in_tests, "property_link", "*", "unit_link")),
          (LANE_MUTANTS, functools.partial(hunt_in_tests, None, None, "unit_lane")),
          (SHARD_MUTANTS, functools.partial(hunt_in_tests, None, None, "unit_shard")),
          (TAKEN_BACK_MUTANTS, functools.partial(hunt_in_tests, None, None, "unit_window")),
          (JOIN_MUTANTS, functools.partial(hunt_in_tests, "property_window", "a join*,rows of a join*", "unit_window")),
          (NUMERIC_MUTANTS, functools.partial(hunt_in_tests, None, None, "unit_window")),
          (RUN_MUTANTS, functools.partial(hunt_in_tests, None, None, "unit_host")),
          (REMOVAL_MUTANTS, functools.partial(hunt_in_tests, None, None, "unit_deployment")),
          (SINK_MUTANTS, functools.partial(hunt_in_tests, None, None, "unit_sink")),
          (TABLE_MUTANTS, functools.partial(hunt_in_tests, None, None, "unit_source")),
          (DIRECTOR_MUTANTS, functools.partial(hunt_in_tests, None, None, "unit_control")),
          (AVRO_MUTANTS, functools.partial(hunt_in_tests, "property_avro", "*", "unit_avro_parser")),
          (CONTAINER_MUTANTS, functools.partial(hunt_in_tests, None, None, "unit_file_source")),
          (REGISTRY_MUTANTS, functools.partial(hunt_in_tests, None, None, "unit_registry")),
          (PART_MUTANTS, functools.partial(hunt_in_tests, None, None, "unit_lane")),
          (PROTOBUF_MUTANTS, functools.partial(hunt_in_tests, None, None, "unit_protobuf_parser")),
          (ROW_MUTANTS, functools.partial(hunt_in_tests, None, None, "unit_kafka_sink"))]


def programs():
    """What the mutants are linked into."""
    in_tests = [by.args for _, by in GROUPS if by.func is hunt_in_tests]
    return ["simulate", *sorted({program for property_test, _, unit_test in in_tests for program in (property_test, unit_test) if program})]


def shared(mutants, share):
    """The I-th of N parts."""
    part, parts = map(int, share.split("/"))
    return mutants[part - 1::parts]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default="build/mutants", type=pathlib.Path)
    p.add_argument("--seeds", default=1000, type=int)
    p.add_argument("--from", default=1, type=int, dest="first")
    p.add_argument("--jobs", default=2, type=int)
    p.add_argument("--only", nargs="+", default=[])
    p.add_argument("--without", nargs="+", default=[])
    p.add_argument("--share", default="1/1", help="I/N: the I-th of N parts")
    p.add_argument("--list", action="store_true")
    p.add_argument("--programs", action="store_true")
    a = p.parse_args()
    if a.programs:
        print(*programs())
        return 0
    chosen = shared([(m, by) for group, by in GROUPS for m in group if not a.only or m[0] in a.only], a.share)
    chosen = [(m, by) for m, by in chosen if m[0] not in a.without]
    if a.list:
        for (name, rule, source, _, _), _ in chosen:
            print(f"{name:22} {rule} ({source})")
        return 0
    build = a.build.resolve()
    missed, begun = [], time.monotonic()
    folder = build / "mutants"  # always the same: its path is part of what ccache compares
    folder.mkdir(exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        hunts = {pool.submit(timed, by, build, folder, m, a.first, a.seeds): m for m, by in chosen}
        for done in concurrent.futures.as_completed(hunts):
            name, rule = hunts[done][:2]
            try:
                by, text, took = done.result()
            except (ValueError, subprocess.CalledProcessError) as e:
                by, text, took = None, str(e), 0
            if by is None:
                missed.append(name)
            print(f"{name:22} {by or 'MISSED':10} {took:4.0f} s  {rule}: {text[:110]}", flush=True)
    print(f"{len(chosen) - len(missed)} of {len(chosen)} rules were left out and found, "
          f"{time.monotonic() - begun:.0f} s" + (f"; not found: {', '.join(missed)}" if missed else ""))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
