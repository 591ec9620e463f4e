#!/usr/bin/env python3
"""The table of tools/dev/coverage from gcovr's JSON: by folder, then what is reached least, then functions never entered."""
import json
import os
import subprocess
import sys
from collections import defaultdict

LEAST_REACHED = 85  # a file with fewer per cent of its lines is named
SMALLEST_FILE = 10  # lines: fewer say little


def of_file(f):
    lines = [l for l in f["lines"] if not l.get("gcovr/noncode") and not l.get("gcovr/excluded")]
    branches = [b for l in lines for b in l["branches"] if not b.get("throw")]
    return (sum(l["count"] > 0 for l in lines), len(lines), sum(b["count"] > 0 for b in branches), len(branches))


def share(part, whole):
    return f"{100 * part / whole:5.1f} %" if whole else "      -"


def add(a, b):
    return tuple(x + y for x, y in zip(a, b))


def plain(names):
    out = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True).stdout
    return out.splitlines()


def never_entered(files):
    """Outermost functions alone: of a lambda it is enough that its function is reached."""
    found = []
    for f in files:
        for function in f.get("functions", []):
            if function["execution_count"] == 0:
                found.append((f["file"], function["lineno"], function["name"]))
    names = plain([n for _, _, n in found])
    shown = {}
    for (file, line, _), name in zip(found, names):
        name = name.replace("millrace::", "").replace("(anonymous namespace)::", "").split("(")[0].split(" ")[-1]
        if "lambda" not in name and file.endswith(".cpp"):
            shown[(file, line)] = name
    return [f"{file}:{line}: {name}" for (file, line), name in sorted(shown.items())]


def main():
    files = json.load(open(sys.argv[1]))["files"]
    folders, tops = defaultdict(lambda: (0, 0, 0, 0)), defaultdict(lambda: (0, 0, 0, 0))
    low = []
    for f in files:
        figures = of_file(f)
        folder = os.path.dirname(f["file"])
        folders[folder] = add(folders[folder], figures)
        tops[folder.split("/")[0]] = add(tops[folder.split("/")[0]], figures)
        if figures[1] >= SMALLEST_FILE and 100 * figures[0] < LEAST_REACHED * figures[1]:
            low.append((100 * figures[0] / figures[1], f["file"]))
    print(f"{'folder':<32}{'lines':>8}{'reached':>10}{'branches':>11}{'taken':>10}")
    for name, (hit, lines, taken, branches) in [*sorted(folders.items()), *((t + " in all", v) for t, v in sorted(tops.items()))]:
        print(f"{name:<32}{lines:>8}{share(hit, lines):>10}{branches:>11}{share(taken, branches):>10}")
    print(f"\nfiles of which less than {LEAST_REACHED} % of the lines are reached:")
    for reached, name in sorted(low):
        print(f"  {reached:5.1f} %  {name}")
    print("\nfunctions that no test enters:")
    for line in never_entered(files):
        print("  " + line)


if __name__ == "__main__":
    main()
