"""A declared case: topology.json, inputs, expected/SINK.* and case.json; run straight, otherwise divided, and killed."""
import collections
import json
import pathlib
import re

from golden.millrace import Wrong, check_ledger

PART = re.compile(r"part-\d{6,}-[0-9a-f]{10}(\.snappy|\.zstd)?\.parquet")
RUN_SECONDS = 1.5  # time for a killed run's records


def run(place, load_module):
    case = Case(place, load_module)
    straight = case.run_straight()
    if "parallel" in case.ways:
        case.run_divided("few", 1, 1, straight)
        case.run_divided("many", 4, 7, straight)
    if "killed" in case.ways:
        case.run_killed(straight)


class Case:
    def __init__(self, place, load_module):
        self.place = place
        folder = place.folder
        self.topology = json.loads((folder / "topology.json").read_text())
        self.stages = self.topology["stages"]
        self.spec = json.loads((folder / "case.json").read_text())
        unknown = set(self.spec) - {"about", "args", "exit", "says", "ledger", "ways", "ordered", "log_says_not",
                                    "dead_letters_file"}
        if unknown:
            raise Wrong(f"case.json: unknown members {sorted(unknown)}")
        self.ways = self.spec.get("ways", ["parallel", "killed"])
        self.args = self.spec.get("args", [])
        self.exit = self.spec.get("exit", 0)
        self.expected = {p.name: p.read_bytes().decode() for p in (folder / "expected").glob("*")}
        if (folder / "generate.py").exists():
            # Inputs too large to keep, and rows from an oracle of its own: inputs(folder) -> {file name: text}.
            self.expected.update(load_module(folder / "generate.py").make(place.inputs))

    # The three ways

    def run_straight(self):
        attempt = self.place.attempt("straight")
        ended = attempt.run(self.args, exit=self.exit, says=self.spec.get("says", []))
        if "stdout" in self.expected and ended.stdout != self.expected["stdout"]:
            raise Wrong(f"straight: stdout is\n{ended.stdout}expected\n{self.expected['stdout']}")
        self.check(attempt)
        if self.exit != 0:
            return None
        report = attempt.report()
        for stage, counts in self.spec.get("ledger", {}).items():
            for name, value in counts.items():
                if report["stages"][stage][name] != value:
                    raise Wrong(f"ledger: {stage}.{name} is {report['stages'][stage][name]}, expected {value}: "
                                f"{report['stages'][stage]}")
        attempt.run(self.args, says="has ended")
        self.check(attempt)
        return report

    def run_divided(self, name, threads, shards, straight):
        attempt = self.place.attempt(name)
        args = [*self.args, "--threads", threads]
        attempt.run(args + self.divided(shards), exit=self.exit)
        self.check(attempt)
        self.compare_reports(attempt, straight)

    def divided(self, shards):
        windows = [stage for stage, options in self.stages.items() if {"window", "join"} & options.keys()]
        return [word for stage in windows for word in ("--set", f"stages.{quoted(stage)}.shards={shards}")]

    def run_killed(self, straight):
        attempt = self.place.attempt("killed")
        attempt.run_killed(self.slowed(straight, RUN_SECONDS), self.exit, lambda: self.check_tables_so_far(attempt))
        self.check(attempt)
        if attempt.report_file.exists():  # a kill between the end and the report leaves none
            self.compare_reports(attempt, straight)

    def slowed(self, straight, seconds):
        """Arguments by which the records take this long."""
        args = list(self.args)
        for stage, options in self.stages.items():
            if "source" in options and straight:
                rate = max(2, round(straight["stages"][stage]["in"] / seconds))
                args += ["--set", f"stages.{quoted(stage)}.rate={rate}/s"]
        return args

    # Comparisons

    def compare_reports(self, attempt, straight):
        report = attempt.report()
        check_ledger(attempt.name, report)
        if straight and report["stages"] != straight["stages"]:
            raise Wrong(f"{attempt.name}: the ledger is {report['stages']}, straight it was {straight['stages']}")

    def check(self, attempt):
        for sink, options in self.stages.items():
            if options.get("sink") in ("file", "sql", "parquet"):
                self.check_sink(attempt, sink, options)
        self.check_dead_letters(attempt)
        self.check_nothing_else(attempt)
        if self.exit == 0 and attempt.report_file.exists():
            check_ledger(attempt.name, attempt.report())

    def wanted(self, sink):
        for name, text in self.expected.items():
            if name.rsplit(".", 1)[0] == sink:
                return text.split("\n")[:-1]
        if self.exit == 0:
            raise Wrong(f"the case has no expected/{sink}.*")
        return []

    def check_sink(self, attempt, sink, options):
        want = self.wanted(sink)
        if options["sink"] == "sql":
            want, have = [row(line) for line in want], [normal(r) for r in attempt.table(options["table"])]
        elif options["sink"] == "parquet":
            have = attempt.parquet_rows(table_folder(options))
            want, have = [row(line) for line in want], [row(line) for line in have]
        else:
            have = self.file_lines(attempt, options)
            if options.get("format") == "csv":  # the header, if there is one, stays in front
                if have[:1] != want[:1]:
                    raise Wrong(f"{attempt.name}: {sink}: the header is {have[:1]}, expected {want[:1]}")
            elif options.get("format", "json") == "json":
                want, have = [row(line) for line in want], [row(line) for line in have]
        ordered = "order_by" in options or sink in self.spec.get("ordered", [])
        compare(f"{attempt.name}: {sink}", have, want, ordered)

    def file_lines(self, attempt, options):
        name = pathlib.PurePath(options["path"].replace("${OUT}/", ""))
        if "roll" not in options:
            return attempt.lines(name)
        files = rolled_files(attempt, name)
        numbers = [int(n) for n, _ in files]
        if numbers != list(range(1, len(files) + 1)):
            raise Wrong(f"{attempt.name}: numbers of rolled files: {numbers}")
        lines = []
        for _, file in files:
            part = attempt.lines(file)
            # Each file of CSV begins with the header.
            lines += part[1:] if options.get("format") == "csv" and lines else part
        return lines

    def check_tables_so_far(self, attempt):
        """Rows that a killed run has committed are expected ones, already now; a table's files are whole."""
        for sink, options in self.stages.items():
            have = None
            if options.get("sink") == "sql" and options.get("mode", "append") == "append":
                have = collections.Counter(map(repr, map(normal, attempt.table(options["table"]))))
            elif options.get("sink") == "parquet":
                have = collections.Counter(repr(row(line)) for line in attempt.parquet_rows(table_folder(options)))
            if have is not None:
                more = have - collections.Counter(repr(row(line)) for line in self.wanted(sink))
                if more:
                    raise Wrong(f"{attempt.name}: {sink}: after a kill there are rows too many: {dict(more)}")

    def check_dead_letters(self, attempt):
        own = self.topology.get("dead_letters", {}).get("path")
        have = attempt.dead_letters(own and pathlib.Path(own.replace("${OUT}", str(attempt.out))))
        ids = [d.pop("id") for d in have]
        if len(set(ids)) != len(ids):
            raise Wrong(f"{attempt.name}: a dead letter stands there twice: {ids}")
        for d in have:
            d.pop("time")
            for member in ("record", "record_base64"):  # an own sink writes nulls
                if d.get(member, "") is None:
                    del d[member]
        want = [json.loads(line) for line in self.expected.get("dead_letters.jsonl", "").split("\n") if line]
        key = lambda d: (d["stage"], d.get("record", d.get("record_base64")))
        have.sort(key=key)
        want.sort(key=key)
        if len(have) != len(want):
            raise Wrong(f"{attempt.name}: {len(have)} dead letters, expected {len(want)}:\n" + text(have, want))
        for h, w in zip(have, want):
            if h["error"].find(w["error"]) >= 0:  # the case gives the part of the text that matters
                h["error"] = w["error"]
            for place in ("partition", "position"):  # a window row's: depends on the number of shards
                if place not in w:
                    del h[place]
            if "partition" in w:
                w["partition"] = w["partition"].replace("${CASE}", str(attempt.place.folder))
        if have != want:
            raise Wrong(f"{attempt.name}: dead letters differ:\n" + text(have, want))

    def check_nothing_else(self, attempt):
        known = {"out.sqlite"}
        tables = [table_folder(s) for s in self.stages.values() if s.get("sink") == "parquet"]
        for s in [*self.stages.values(), self.topology.get("dead_letters", {})]:
            if s.get("sink") == "file":
                name = pathlib.PurePath(s["path"].replace("${OUT}/", ""))
                known.add(str(name))
                known.update(str(f) for _, f in rolled_files(attempt, name))
        for path in attempt.out.rglob("*"):
            name = str(path.relative_to(attempt.out))
            hidden = path.name.startswith(".millrace-")
            if hidden and path.name.startswith(".millrace-part-"):
                raise Wrong(f"{attempt.name}: a file that is not whole was left behind: {name}")
            if any(name.startswith(t + "/") for t in tables) and PART.fullmatch(path.name):
                continue
            if path.is_file() and not hidden and name not in known and not name.startswith("out.sqlite-"):
                raise Wrong(f"{attempt.name}: an unexpected file: {name}")


def table_folder(options):
    return options["path"].replace("${OUT}/", "").rstrip("/")


def quoted(stage):
    return f'"{stage}"' if "." in stage else stage


def rolled_files(attempt, name):
    folder = attempt.out / name.parent
    pattern = re.compile(re.escape(name.stem) + r"-(\d+)" + re.escape(name.suffix))
    found = [(m.group(1), name.parent / p.name) for p in folder.glob("*") if (m := pattern.fullmatch(p.name))]
    return sorted(found, key=lambda f: int(f[0]))


def normal(value):
    """Columns keep their order, 2.0 is 2, and a text is no number."""
    if isinstance(value, list) and value and all(isinstance(v, tuple) for v in value):
        return tuple((k, normal(v)) for k, v in value)
    if isinstance(value, list):
        return [normal(v) for v in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def row(line):
    try:
        return normal(json.loads(line, object_pairs_hook=list))
    except ValueError as e:
        raise Wrong(f"not a JSON row: {line!r}: {e}") from None


def compare(what, have, want, ordered):
    if ordered and have == want:
        return
    h, w = collections.Counter(map(repr, have)), collections.Counter(map(repr, want))
    if h == w:
        if not ordered:
            return
        at = next(i for i, (x, y) in enumerate(zip(have, want)) if x != y)
        raise Wrong(f"{what}: the rows are right but not their order, from row {at + 1}:\n  have {have[at]}\n"
                    f"  want {want[at]}")
    show = lambda c: "\n".join(f"    {n} x {r}" for r, n in list(c.items())[:12])
    raise Wrong(f"{what}: {len(have)} rows, expected {len(want)}; too many:\n{show(h - w)}\n  missing:\n{show(w - h)}")


def text(have, want):
    return "\n".join(["  have"] + [f"    {d}"[:400] for d in have] + ["  want"] + [f"    {d}"[:400] for d in want])
