"""The groups of the proof: what each runs, and which files it is about. tools/prove --list shows them."""
import collections
import re
import sys

import suite

# `run(logs, chosen, passed, times)` runs the tests that are chosen (all but those that have passed where none is), N times each, and returns
# a list of suite.Test.
Part = collections.namedtuple("Part", "name run")
# `about`: folders and files; a change in one of them makes the group due.
Group = collections.namedtuple("Group", "name text about parts")

ENGINE = ("runtime/", "config/", "actors/", "cmake/")
PRODUCT = (*ENGINE, "tools/", "pipelines/")


def named(chosen):
    """A regular expression for ctest: these tests, an e2e test also by its name without the prefix."""
    return "^(e2e_)?(" + "|".join(re.escape(name) for name in chosen) + ")$"


def by_ctest(preset, *selection, targets=(), servers=(), jobs=suite.JOBS, env=None):
    """Tests of a build, chosen by ctest's own arguments."""
    def run(logs, chosen, passed, times):
        suite.build(preset, logs, *targets)
        suite.must_know(chosen, suite.test_names(preset, *selection))
        arguments = [*selection, f"-j{jobs}"]
        if chosen:
            arguments = [*selection, "-R", named(chosen), f"-j{jobs}"]
        elif passed:
            arguments += ["-E", "^(" + "|".join(re.escape(name) for name in passed) + ")$"]
        if times > 1:
            arguments += ["--repeat", f"until-fail:{times}"]
        with suite.Servers(logs, *servers) as started:
            return suite.ctest(preset, logs, "tests", *arguments, env={**started.env, **(env or {})}, or_none=bool(passed))
    return run


def by_commands(commands, preset="release", targets=(), servers=()):
    """Commands, one after the other, each a test: name -> words."""
    def run(logs, chosen, passed, times):
        suite.must_know(chosen, list(commands))
        suite.build(preset, logs, *targets)
        names = [n for n in commands if n in chosen] if chosen else [n for n in commands if n not in passed]
        with suite.Servers(logs, *servers) as started:
            return [suite.timed_command(name, commands[name], logs, times, started.env) for name in names]
    return run


def e2e(name, *options):
    return [sys.executable, "-B", f"tests/e2e/{name}.py", "--millrace", "build/release/millrace", *options]


def fuzzers():
    names = sorted(p.stem for p in (suite.ROOT / "tests/fuzz").glob("*_fuzz.cpp"))
    return {name: ["tools/dev/fuzz", name, "--minutes", "1", "--leave-corpus"] for name in names}


def mutants(part, parts):
    script = [sys.executable, "-B", "tests/simulation/run_mutants.py"]

    def run(logs, chosen, passed, times):
        listing = suite.must([*script, "--list"], logs / "listing")
        suite.must_know(chosen, [line.split()[0] for line in listing.splitlines()])
        suite.build("mutants", logs, *suite.must([*script, "--programs"], logs / "programs").split())
        only = ["--only", *chosen] if chosen else []
        without = ["--without", *passed] if passed and not chosen else []
        tests = []
        for _ in range(times):
            _, output = suite.run([*script, "--build", "build/mutants", "--share",
                                   "1/1" if chosen else f"{part}/{parts}", *only, *without], logs / "mutants")
            found = re.findall(r"^(\S+) +(MISSED|seed \d+|test) +(\d+) s +(.*)$", output, re.M)
            if not found:
                raise suite.Red(suite.tail(output))
            tests += [suite.Test(name, suite.FAILED if by == "MISSED" else suite.PASSED, float(seconds), f"{by}: {text}")
                      for name, by, seconds, text in found]
        return tests
    return run


SEEDS = {f"simulate_nodes_{i + 1}": ["build/release/tests/simulate", "--nodes", "--from", str(2500 * i + 1), "--seeds", "2500"] for i in range(4)}
SEEDS["simulate"] = ["build/release/tests/simulate", "--seeds", "10000"]
SEEDS["property_delivery"] = ["build/release/tests/property_delivery"]

KILLS = {
    "kills": e2e("kills", "--kills", "300"),
    "chaos": e2e("chaos", "--rounds", "30"),
    "starts": e2e("starts", "--starts", "2000"),
    "csv_dialects": [sys.executable, "-B", "tests/golden/run/run_golden.py", "build/release/millrace", "-k", "csv_dialects", "--kills", "20"],
}
NODES = {
    **{f"crashing_record_{store}": e2e("crashing_record", "--store", store) for store in ("dir", "postgresql", "kafka")},
    "cluster_kills_dir": e2e("kills", "--on", "nodes", "--kills", "40", "--store", "dir", "--moving"),
    **{f"cluster_kills_{store}": e2e("kills", "--on", "nodes", "--kills", "40", "--store", store) for store in ("postgresql", "kafka")},
    "cluster_network": e2e("cluster_network", "--schedules", "20"),
    "cluster_store_faults": e2e("cluster_store_faults"),
    "relinked": e2e("relinked", "--rounds", "8"),
    "zombies": e2e("zombies", "--rounds", "4"),
    "zombies_past_timeouts": e2e("zombies", "--rounds", "1", "--past-timeouts"),
}
SOAK = {
    "soak": e2e("soak", "--seconds", "600"),
    "memory": e2e("memory", "--seconds", "300", "--retain", "1 GB", "--keys", "3000000"),
}
CLUSTER_SOAKS = {f"cluster_soak_{store}": e2e("cluster_soak", "--store", store, "--seconds", "3600") for store in ("dir", "postgresql", "kafka")}
PEER_JOBS = ("file_10k", "file_1m", "sliding", "kafka_10k", "kafka_1m", "exactly_once", "latency", "recovery",
             *(f"nexmark_{q.stem}" for q in sorted((suite.ROOT / "bench/nexmark/millrace").glob("q*.sql"))))
SHARED = ("mariadb", "postgres", "kafka")
ALL_SERVERS = (*SHARED, "hdfs", "s3")
MUTANT_PARTS = 8


def parts_of(*runs):
    return [Part("", runs[0])] if len(runs) == 1 else [Part(f"{i + 1}/{len(runs)}", run) for i, run in enumerate(runs)]


GROUPS = {g.name: g for g in [
    Group("asan", "AddressSanitizer and UBSan: unit, property, golden, simulation, the fuzzers' kept inputs",
          (*PRODUCT, "tests/unit/", "tests/property/", "tests/simulation/", "tests/golden/", "tests/fuzz/", "tests/support/"),
          parts_of(by_ctest("asan", "-L", "^gate$"))),
    Group("tsan", "ThreadSanitizer: actors, topologies of one process, streams; and a race that must be seen",
          (*ENGINE, "tools/cli/", "tests/race/", "tests/unit/actors/", "tests/unit/control/", "tests/unit/cli/"),
          parts_of(by_ctest("tsan", "-R", "^(unit_(actors|control|cli|http_stream)|no_race|planted_race)$", targets=["race_programs"],
                            env={"TSAN_OPTIONS": f"suppressions={suite.ROOT}/tests/support/tsan.supp"}))),
    Group("clock", "what asserts on time or CPU, one program at a time", (*ENGINE, "tests/unit/"),
          parts_of(by_ctest("release", "-L", "^clock$", jobs=1))),
    Group("fuzz", "each fuzzer for a minute, under both sanitizers, with a seed that is printed", (*ENGINE, "tests/fuzz/"),
          parts_of(by_commands(fuzzers(), preset="asan", targets=["fuzzers"]))),
    Group("mutants", "rules left out, one at a time: simulation or tests find each", (*ENGINE, "tests/simulation/", "tests/property/"),
          parts_of(*(mutants(i + 1, MUTANT_PARTS) for i in range(MUTANT_PARTS)))),
    Group("seeds", "10,000 seeds of each simulation, 50,000 schedules of delivery", (*ENGINE, "tests/simulation/", "tests/property/"),
          parts_of(by_commands(SEEDS))),
    Group("servers", "every end-to-end test that neither the gate nor another group has, and the unit tests of what speaks to a server", (*PRODUCT, "tests/e2e/"),
          parts_of(by_ctest("release", "-L", "^(e2e|servers)$", "-LE", "^smoke$", servers=ALL_SERVERS, jobs=3))),
    Group("kills", "kill -9 of one process and of its servers, hundreds of times", (*PRODUCT, "tests/e2e/", "tests/golden/run/csv_dialects/"),
          parts_of(by_commands(KILLS, servers=SHARED))),
    Group("nodes", "kills of nodes over three stores, networks that fail, processes that stand still, stores that are away", (*ENGINE, "tests/e2e/"),
          parts_of(by_commands(NODES, servers=SHARED))),
    Group("soak", "ten minutes of every source, window and sink, and an hour of a cluster over each store: nothing grows; memory is as configured",
          (*ENGINE, "tests/e2e/soak.py", "tests/e2e/cluster_soak.py", "tests/e2e/soak_samples.py", "tests/e2e/memory.py"),
          parts_of(by_commands(SOAK, servers=SHARED), *(by_commands({name: words}, servers=SHARED) for name, words in CLUSTER_SOAKS.items()))),
    Group("package", "the Debian package, installed into a root that has nothing else", ("packaging/", "tools/deb", "tests/package/", "tools/packages"),
          parts_of(by_ctest("release", "-L", "^package$", targets=["millrace", "documents"]))),
    Group("readmes", "every command of every README and of pages of docs/, typed in its order; the compose files",
          ("README.md", "docs/start.md", "docs/hourly.md", "docs/webhooks.md", "docs/first_cluster.md",
           "docs/runbook.md", "pipelines/", "tools/cli/", "tests/command_line/pages.py"),
          parts_of(by_ctest("release", "-L", "^readmes$", servers=SHARED, jobs=1))),
    Group("instructions", "what a record, a call and a start cost, beside bench/instructions.json: nothing grows by more than 3 %", (*ENGINE, "bench/"),
          parts_of(by_commands({name: ["bench/instructions", name] for name in ("start", "shapes", "functions", "aggregates")}, targets=["millrace"]))),
    Group("bench", "whether every row of bench/run works, at small sizes", (*ENGINE, "bench/"),
          parts_of(by_commands({"bench": ["bench/run", "--quick"]}, targets=["millrace", "bench/all"], servers=SHARED))),
    Group("peers", "the jobs of bench/peers/run, at small sizes: the rows of Flink, Kafka Streams, Spark and millrace equal DuckDB's",
          (*ENGINE, "bench/"),
          parts_of(by_commands({job: ["bench/peers/run", "--quick", "--only", job] for job in PEER_JOBS},
                               targets=["millrace", "bench/measured", "bench/clicks_bench_data", "bench/passage_bench"], servers=("kafka",)))),
]}
