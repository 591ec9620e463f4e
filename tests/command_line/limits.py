#!/usr/bin/env python3
"""docs/limits.md is true: `millrace check` refuses what it says is not there, and takes the nearest way; its links lead somewhere, as do those of
README.md and docs/start.md, which name the pages that newcomers need early.

Code in the first column of a table of limits.md is refused, and code in the second one is there:

  sink redis, type map                 a type of stage, or of a column
  sink kafka with "headers"            an option of a stage; with a value behind it (": "avro""), that value
  function lag, aggregate mode         a function of a select, or of a window
  millrace savepoint, ... --threads    a command, and in the second column its options
  SELECT ..., CREATE ..., INSERT ...   a statement behind those of the page; a SELECT is a view `v`
  "every", "emit": "updates"           in the second column: an option of any stage or of the top level, maybe with a value
  (array_agg(x))[1], (a = any(x))      in the second column: an expression of a window or of a select

Other code is a mistake of the page, but for the words of PLAIN.
"""
import argparse
import concurrent.futures
import functools
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "limits.md"
# Behind which names README.md and start.md lead to the pages that newcomers need early, and to what.
EARLY = {"When windows fire": "docs/guarantees.md#when-windows-fire", "Differences from PostgreSQL": "docs/functions.md#differences-from-postgresql",
         "`explain`": "docs/operations.md#explain-why-a-stage-gives-nothing", "What it cannot do": "docs/limits.md"}
PLAIN = {"<", "qty < 1", "->", "->>", "#>>", "v", "_timestamp", "_topic", "_partition", "_position", "NAME.late", "distinct", "earliest", "latest", "kill -9", "select"}
KINDS = ("source", "parser", "transform", "window", "join", "sink")
STAGE = re.compile(rf"({'|'.join(KINDS)}) (\w+)")
VALUE = r'(?:: (".*"|true|false|\d+))?'
OPTION = re.compile(STAGE.pattern + r' with "(\w+)"' + VALUE)
ANY_OPTION = re.compile(r'"(\w+)"' + VALUE)
WORD = re.compile(r"(type|function|aggregate) (\w+)")
COMMAND = re.compile(r"millrace ([a-z]+(?: [a-z]+)?)((?: --[a-z-]+)*)")
STATEMENT = re.compile(r"(?:SELECT|WITH|CREATE|INSERT|DROP|ALTER) ")
# Such a statement is misspelled, and its refusal says nothing.
MISSPELLED = re.compile(r"there is no (?:column|table|view|stage|function)|syntax error")
STAGES = {
    "in": {"source": "file", "path": "clicks.jsonl"},
    "rows": {"parser": "json", "from": "in", "schema": {"page": "text", "n": "bigint", "at": "timestamp", "tags": ["text"], "items": [{"sku": "text", "qty": "bigint"}]}, "event_time": "at"},
    "work": {"window": "tumbling", "size": "1 minute", "from": "rows", "aggregates": {"n": "count(*)"}},
    "out": {"sink": "console", "from": "work"}}
INPUTS = {**{kind: {"from": "rows"} for kind in KINDS}, "source": {}, "parser": {"from": "in"}, "join": {"left": "rows", "right": "rows"}}


def names(text):
    """Those in double quotes, up to a remark."""
    return set(re.findall(r'"(\w+)"', text.partition(";")[0]))


class Binary:
    def __init__(self, path, folder):
        self.path, self.folder = path, folder

    @functools.lru_cache(maxsize=None)
    def run(self, *arguments):
        return subprocess.run([self.path, *arguments], capture_output=True, text=True, timeout=120, cwd=self.folder, check=False)

    @functools.lru_cache(maxsize=None)
    def check(self, text, ending="json"):
        """(status, what it says)."""
        with tempfile.NamedTemporaryFile("w", suffix=f".{ending}", dir=self.folder) as file:
            file.write(text)
            file.flush()
            done = subprocess.run([self.path, "check", file.name], capture_output=True, text=True, timeout=120, cwd=self.folder, check=False)
            return done.returncode, done.stderr.replace(file.name, "")

    def stages(self, **stages):
        """What is said of a topology that has these beside the others, or in their place."""
        return self.check(json.dumps({"millrace": 1, "topology": "limits", "stages": {**STAGES, **stages}, "nowhere": 1}))[1]

    @functools.lru_cache(maxsize=None)
    def catalogue(self):
        """The options by kind and type of a stage, as `check` names them; those of the top level by `None`."""
        said = self.stages(**{kind: {kind: "nowhere"} for kind in KINDS})
        types = [(kind, name) for kind in KINDS for name in names(re.search(rf'there is no {kind} "nowhere"; expected (.*)', said)[1])]
        said = self.stages(**{f"{kind}-{name}": {kind: name, **INPUTS[kind], "nowhere": 1} for kind, name in types})
        return {**{of: names(re.search(rf'stages.{"-".join(of)}.nowhere: .* has no "nowhere"; expected one of (.*)', said)[1]) for of in types},
                None: names(re.search(r'a topology has no "nowhere"; expected one of (.*)', said)[1])}

    def is_type(self, kind, name):
        return (kind, name) in self.catalogue()

    def takes(self, kind, name, option, value):
        """Whether that stage has the option, and may have that value."""
        if option not in self.catalogue().get((kind, name), ()):
            return False
        return value is None or f" stages.tried.{option}: found " not in self.stages(tried={kind: name, **INPUTS[kind], option: json.loads(value)})

    def is_option(self, option, value):
        has = [of for of, options in self.catalogue().items() if option in options]
        return bool(has) if value is None else any(of and self.takes(*of, option, value) for of in has)

    def is_word(self, kind, name):
        if kind == "type":
            return f'there is no type "{name}"' not in self.stages(tried={"parser": "json", "from": "in", "schema": {"x": name}})
        calls = {"x": f"{name}()", "y": f"{name}(n)"}
        said = self.stages(tried={"transform": "select", "from": "rows", "columns": calls} if kind == "function" else {**STAGES["work"], "aggregates": calls})
        return said.count(f"there is no function {name}(...)") < 2

    def refused_expression(self, expression):
        """What is said of it in a window, or nothing if a window or a select takes it."""
        found = []
        for part, stage in (("columns", {"transform": "select", "from": "rows"}), ("aggregates", STAGES["work"])):
            said = self.stages(tried={**stage, part: {"x": expression}})
            found.append("".join(line for line in said.splitlines() if f" stages.tried.{part}" in line))
        return found[-1] if all(found) else ""

    def is_command(self, command, options):
        done = self.run(*command.split(), "--help")
        return f"Usage: millrace {command} " in done.stdout and all(re.search(rf"^\s+{option}\b", done.stdout, re.M) for option in options)

    def statement(self, first, statement):
        statement = statement.rstrip(";") + ";\n"
        if re.match("SELECT|WITH", statement):
            statement = "CREATE VIEW v AS " + statement
        sink = "" if " AS SELECT " in statement and statement.startswith("CREATE TABLE") else \
            f"CREATE TABLE shown WITH (connector = 'console') AS SELECT * FROM {'v' if ' VIEW v ' in statement else 'counts'};\n"
        return self.check(first + statement + sink, "sql")


def wrong_on_the_left(binary, first, code):
    """Why the code is no limit, or nothing."""
    if found := OPTION.fullmatch(code):
        return "is there" if binary.takes(*found.groups()) else "" if binary.is_type(found[1], found[2]) else "is of a stage that is not there"
    if found := STAGE.fullmatch(code):
        return "is there" if binary.is_type(found[1], found[2]) else ""
    if found := WORD.fullmatch(code):
        return "is there" if binary.is_word(*found.groups()) else ""
    if (found := COMMAND.fullmatch(code)) and not found[2]:
        return "is there" if binary.is_command(found[1], []) else ""
    if STATEMENT.match(code):
        status, said = binary.statement(first, code)
        return "is taken" if status == 0 else f"is refused for another reason: {said}" if status != 2 or MISSPELLED.search(said) else ""
    return "" if code in PLAIN else "is of no form that is looked up"


def wrong_on_the_right(binary, first, code):
    """Why the code is not there, or nothing."""
    if found := OPTION.fullmatch(code):
        return "" if binary.takes(*found.groups()) else "is not there"
    if found := STAGE.fullmatch(code):
        return "" if binary.is_type(found[1], found[2]) else "is not there"
    if found := WORD.fullmatch(code):
        return "" if binary.is_word(*found.groups()) else "is not there"
    if found := COMMAND.fullmatch(code):
        return "" if binary.is_command(found[1], found[2].split()) else "is not there"
    if found := ANY_OPTION.fullmatch(code):
        return "" if binary.is_option(*found.groups()) else "is no option of a stage or of the top level"
    if STATEMENT.match(code):
        status, said = binary.statement(first, code)
        return "" if status == 0 else f"is refused: {said}"
    if code.startswith("(") or code.endswith(")"):
        said = binary.refused_expression(code)
        return f"is refused: {said}" if said else ""
    return "" if code in PLAIN else "is of no form that is looked up"


def tables(text):
    """(line, first column, second column) of each table that begins with `looked for`."""
    is_one = False
    for at, line in enumerate(text.splitlines(), 1):
        if line == "| looked for | here |":
            is_one = True
        elif not line.startswith("|"):
            is_one = False
        elif is_one and not line.startswith("|---"):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if len(cells) != 2:
                raise ValueError(f"line {at}: {len(cells)} columns")
            yield at, *cells


def codes(cell):
    return re.findall(r"`([^`]+)`", re.sub(r"\]\([^)]*\)", "]", cell))


def mistakes(binary, text):
    first = re.search(r"```sql\n(.*?)```", text, re.S)
    first = first[1] if first else ""
    jobs = [(at, code, judge) for at, left, right in tables(text) for cell, judge in ((left, wrong_on_the_left), (right, wrong_on_the_right)) for code in codes(cell)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda job: (job[0], job[1], job[2](binary, first, job[1])), jobs)
        return len(jobs), [f"line {at}: `{code}` {why}" for at, code, why in found if why]


def anchors(page):
    """The names of its headings, as links have them."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.*)", text, re.M)}


def broken_links(page, text):
    found = []
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.S)):
        name, _, anchor = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        if not other.exists():
            found.append(f"{page.relative_to(ROOT)}: there is no {target}")
        elif anchor and anchor not in (anchors(other) if other != page else {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.*)", text, re.M)}):
            found.append(f"{page.relative_to(ROOT)}: there is no heading {target}")
    return found


def missing_early(page, text):
    links = {name: (page.parent / target.partition("#")[0]).resolve().relative_to(ROOT).as_posix() + target[len(target.partition("#")[0]):]
             for name, target in re.findall(r"\[([^\]]+)\]\((?!https?:)([^)\s#]+[^)\s]*)\)", text)}
    return [f"{page.relative_to(ROOT)}: no link [{name}] to {target}" for name, target in EARLY.items() if links.get(name) != target]


def refuses(binary):
    """What the comparison has to find: a test that lets everything pass shows nothing."""
    first = re.search(r"```sql\n(.*?)```", PAGE.read_text(), re.S)[1]
    missed = [f"on the left: {code}" for code in (
        "sink kafka", 'window tumbling with "emit"', 'window tumbling with "emit": "updates"', 'sink nowhere with "x"', "type text", "function lower", "aggregate sum",
        "millrace run", "SELECT * FROM clicks WHERE n > 1", "SELECT nowhere FROM clicks", "SELECT FROM FROM", "some words") if not wrong_on_the_left(binary, first, code)]
    missed += [f"on the right: {code}" for code in (
        "sink nowhere", 'sink kafka with "nowhere"', 'sink kafka with "format": "nowhere"', "type nowhere", "function nowhere", "aggregate nowhere", "millrace nowhere",
        "millrace run --nowhere", '"nowhere"', '"emit": "nowhere"', "SELECT * FROM clicks ORDER BY at", "(nowhere(n))[1]", "some words")
        if not wrong_on_the_right(binary, first, code)]
    row = "| looked for | here |\n|---|---|\n| `sink kafka` | `sink nowhere`, [x](nowhere.md), [y](#nowhere) |\n"
    if len(mistakes(binary, row)[1]) != 2:
        missed.append("the mistakes of a row")
    if len(broken_links(PAGE, row)) != 2 or len(missing_early(PAGE, row)) != len(EARLY):
        missed.append("links that lead nowhere")
    return [f"the test does not see {what}" for what in missed]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--millrace", required=True)
    with tempfile.TemporaryDirectory(prefix="millrace-limits-") as folder:
        binary = Binary(str(pathlib.Path(arguments.parse_args().millrace).resolve()), folder)
        looked_up, wrong = mistakes(binary, PAGE.read_text())
        wrong += refuses(binary)
    for page in (ROOT / "README.md", ROOT / "docs" / "start.md", PAGE):
        wrong += broken_links(page, page.read_text())
    for page in (ROOT / "README.md", ROOT / "docs" / "start.md"):
        wrong += missing_early(page, page.read_text())
    print("\n".join(wrong) if wrong else f"ok      docs/limits.md: {looked_up} words are as it says, and its links lead somewhere")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
