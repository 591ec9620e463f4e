#!/usr/bin/env -S python3 -B
"""Evaluates every expression of cases.txt by millrace and by a real PostgreSQL 15 and compares the results,
row by row: text for text, numbers as numbers, an error with an error, and the types of the results.

Starts its own PostgreSQL in a temporary folder on a free port and stops it. Standard library only.
Prints each difference, then "N passed, N failed"; exit status 1 where something failed, 77 where there is no
PostgreSQL.
"""

import argparse
import json
import math
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path("/usr/lib/postgresql/15/bin")

# Functions of our own begin so.
NOT_THERE = ("first(", "last(", "sha256_hex(", "hmac_sha256_hex(", "base64_", "url_")

# PostgreSQL's types, and those of millrace.
TYPES = {
    "smallint": "bigint", "integer": "bigint", "bigint": "bigint",
    "numeric": "numeric", "double precision": "double", "real": "double",
    "text": "text", "character varying": "text", "unknown": "text", "boolean": "boolean",
    "timestamp with time zone": "timestamp", "timestamp without time zone": "timestamp", "date": "date", "json": "json", "jsonb": "json",
}
COLUMN_TYPES = {"double": "double precision", "timestamp": "timestamptz"}


class Case:
    def __init__(self, line):
        parts = line.split(" ||| ")
        self.ours = parts[0]
        self.theirs = parts[1] if len(parts) > 1 else parts[0]
        self.reason = parts[2] if len(parts) > 2 else ""


def read_cases(path):
    columns, rows, cases = [], [], []
    for line in path.read_text(encoding="utf-8").split("\n"):
        if not line or line.startswith("-- "):
            continue
        if line.startswith("column "):
            _, name, kind = line.split(" ")
            columns.append((name, COLUMN_TYPES.get(kind, kind)))
        elif line.startswith("row "):
            rows.append(line[4:])
        else:
            cases.append(Case(line))
    return columns, rows, cases


class Postgres:
    """A server of our own, from `with` to its end."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-postgres-"))
        self.as_user = []
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
            self.as_user = ["runuser", "-u", "postgres", "--"]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.run("initdb", "-D", self.folder / "data", "-A", "trust", "-U", "test", "--no-sync", "-E", "UTF8",
                 "--locale=C.UTF-8")
        self.run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o",
                 f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} "
                 "-c timezone=UTC -c fsync=off", "start")
        return self

    def __exit__(self, *_):
        self.run("pg_ctl", "-D", self.folder / "data", "-m", "fast", "stop", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program, *arguments, check=True):
        command = self.as_user + [str(BIN / program)] + [str(a) for a in arguments]
        subprocess.run(command, check=check, stdout=subprocess.DEVNULL, cwd="/")

    def psql(self, script):
        """Output of a script; errors stand in it as lines that begin with "ERROR"."""
        command = ["psql", "-X", "-q", "-A", "-t", "-h", "127.0.0.1", "-p", str(self.port), "-U", "test", "-d",
                   "postgres", "-v", "VERBOSITY=terse", "-f", "-"]
        # a message may cut a character in two
        done = subprocess.run(command, input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
                              errors="replace", check=True)
        return done.stdout


# A list as a JSON array of its elements' texts.
SHOW_LIST = ("create function shown(anyarray) returns text language sql as 'select case when $1 is not null then "
             "coalesce((select json_agg(e::text)::text from unnest($1) e), ''[]'') end';")


def places(output):
    """The lines of a script's output by the place that was echoed before them; only the first of each."""
    out, place = {}, None
    for line in output.split("\n"):
        if line.startswith("@"):
            place = tuple(int(n) for n in line[1:].split(" "))
        elif line and place is None:
            sys.exit(f"PostgreSQL cannot load the table: {line}")
        elif line:
            out.setdefault(place, line)
    return out


def is_value(line):
    return line.startswith('"') or line == "null"


def postgres_results(server, columns, rows, cases):
    """Returns the type of each case and, for each row, ("value", text or None) or ("error", message)."""
    script = ["set client_min_messages = error; drop table if exists t; drop function if exists shown(anyarray);", SHOW_LIST,
              f"create table t (row_number int, {', '.join(f'{n} {k}' for n, k in columns)});", "copy t from stdin;"]
    script += [f"{i}\t{row}" for i, row in enumerate(rows)] + ["\\."]
    for c, case in enumerate(cases):
        script.append(f"\\echo @{c}")
        script.append(f"select to_json(pg_typeof((select {case.theirs} from t where false))::text);")
    types = {c: json.loads(line) for (c,), line in places(server.psql("\n".join(script))).items() if is_value(line)}
    script = []
    for c, case in enumerate(cases):
        text = f"shown({case.theirs})" if types.get(c, "").endswith("[]") else f"({case.theirs})::text"
        for r in range(len(rows)):
            script.append(f"\\echo @{c} {r}")
            script.append(f"select coalesce(to_json({text})::text, 'null') from t where row_number = {r};")
    values = {place: ("value", json.loads(line)) if is_value(line) else ("error", line)
              for place, line in places(server.psql("\n".join(script))).items()}
    return types, values


def our_results(program, path):
    done = subprocess.run([program, str(path)], stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def same_number(a, b):
    try:
        x, y = float(a), float(b)
    except ValueError:
        return False
    if math.isnan(x) or math.isnan(y):
        return math.isnan(x) and math.isnan(y)
    if x == 0 and y == 0:
        return math.copysign(1, x) == math.copysign(1, y)
    return x == y


def same(ours, theirs, kind):
    if ours is None or theirs is None:
        return ours is None and theirs is None
    if kind and kind.endswith("[]"):
        x, y = json.loads(ours), json.loads(theirs)
        return len(x) == len(y) and all(same(a, b, kind[:-2]) for a, b in zip(x, y))
    if kind in ("double precision", "real"):
        return same_number(ours, theirs)
    if kind and kind.startswith("timestamp") and theirs is not None:
        return ours == theirs.replace("+00", "")
    return ours == theirs


def refused(value, kind):
    """Returns what we say of a result with a time outside of the years 1 to 9999, of a list's first; None of others."""
    kind = kind or ""
    if value is None or not kind.startswith(("timestamp", "date")):
        return None
    far = [t for t in (json.loads(value) if kind.endswith("[]") else [value]) if t and (t.endswith(" BC") or not re.match(r"\d{4}-", t))]
    return f"the {'date' if kind.startswith('date') else 'timestamp'} {far[0]} lies outside of the years 1 to 9999" if far else None


def our_type(kind):
    return f"[{our_type(kind[:-2])}]" if kind.endswith("[]") else TYPES.get(kind, kind)


def same_type(ours, kind):
    """A numeric of ours may have a scale, in which pg_typeof has no part."""
    return re.sub(r"numeric\(\d+,\d+\)", "numeric", ours) == our_type(kind)


def differences(case, ours, kind, row_values):
    """Texts of what differs."""
    out = []
    if "problem" in ours:
        # we refuse it for all rows; PostgreSQL may never come to it where an argument is null
        if all(how == "error" or value is None for how, value in row_values) and any(
                how == "error" for how, _ in row_values):
            return []
        return [f"refused ({ours['problem']}), in PostgreSQL {row_values[0][1]!r}"]
    if kind is not None and not same_type(ours["type"], kind):
        out.append(f"type {ours['type']}, in PostgreSQL {kind}")
    for row, (how, value) in enumerate(row_values):
        mine = ours["values"][row]
        failed = isinstance(mine, dict)
        if said := refused(value, kind) if how == "value" else None:
            if mine != {"error": said}:
                out.append(f"row {row}: {mine!r}, expected the error {said!r}")
        elif failed != (how == "error") or (not failed and not same(mine, value, kind)):
            out.append(f"row {row}: {mine!r}, in PostgreSQL {value!r}")
    return out


def wrong_examples(server, examples):
    """Returns the manual's examples whose result is another in PostgreSQL; it has none of NOT_THERE."""
    examples = [e for e in examples if not e[0].startswith(NOT_THERE)]
    script = []
    for i, (expression, _, rows) in enumerate(examples):
        of = f" from (values {rows}) as rows(name, n, x, ok, at)" if rows else ""
        script += [f"\\echo @{i}", f"select coalesce(to_json(({expression})::text)::text, 'null'){of};"]
    found = places(server.psql("\n".join(script)))
    wrong = []
    for i, (expression, result, _) in enumerate(examples):
        line = found.get((i,), "nothing")
        if not (is_value(line) and result == json.loads(line)):
            wrong.append(f"example {expression}: {result} in the manual, {line} in PostgreSQL")
    return wrong


def options_of(doc, **more):
    """The command line of a comparison. Where there is no PostgreSQL, it is skipped."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases-program", required=True, help="the program expression_cases")
    for name, how in more.items():
        parser.add_argument("--" + name.replace("_", "-"), **how)
    options = parser.parse_args()
    if not (BIN / "initdb").exists():
        print("skipped: there is no PostgreSQL 15 here (apt install postgresql)")
        sys.exit(77)
    return options


COUNTED = {"count": {"type": int, "default": 5000, "help": "how many are drawn"},
           "seed": {"type": int, "default": 1, "help": "the first batch's; each further one's is one more"}}


def main():
    options = options_of(__doc__, cases={"type": pathlib.Path, "default": HERE / "cases.txt"})
    columns, rows, cases = read_cases(options.cases)
    ours = our_results(options.cases_program, options.cases)
    examples = our_results(options.cases_program, "--manual")
    with Postgres() as server:
        types, values = postgres_results(server, columns, rows, cases)
        wrong = wrong_examples(server, examples)
    failed = len(wrong)
    for line in wrong:
        print(f"FAILED {line}")
    for c, case in enumerate(cases):
        found = differences(case, ours[c], types.get(c), [values[c, r] for r in range(len(rows))])
        if found:
            failed += 1
            print(f"FAILED {case.ours}")
            for line in found[:4]:
                print(f"    {line}")
    print(f"{len(cases) + len(examples) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
