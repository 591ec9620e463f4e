#!/usr/bin/env python3
"""The man pages: no warnings from mandoc, groff and man, and all options in them. A program that is not there is SKIPPED."""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

LINTERS = {
    # The pages have no date, so that the same version gives the same bytes.
    "mandoc": (["mandoc", "-T", "lint", "-W", "warning"], r"missing date"),
    "groff": (["groff", "-man", "-ww", "-z", "-Tutf8"], None),
    "man": (["man", "--warnings=w", "-l"], None),
}


def said(command, page):
    done = subprocess.run([*command, str(page)], capture_output=True, text=True,
                          env={**os.environ, "MANWIDTH": "100", "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MAN_KEEP_FORMATTING": ""})
    return done.stdout, done.stderr


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--millrace", required=True)
    binary = str(pathlib.Path(arguments.parse_args().millrace).resolve())
    wrong = []
    with tempfile.TemporaryDirectory(prefix="millrace-man-") as name:
        subprocess.run([binary, "man", name], check=True)
        pages = sorted(pathlib.Path(name).iterdir())
        for program, (command, accepted) in LINTERS.items():
            if not shutil.which(program):
                print(f"SKIPPED: man pages by {program}, which is not installed")
                continue
            for page in pages:
                out, err = said(command, page)
                findings = (out if program == "mandoc" else "") + err
                wrong += [f"{program}: {line}" for line in findings.splitlines()
                          if line.strip() and not (accepted and re.search(accepted, line))]
            print(f"ok      {program}: {len(pages)} pages")
        names = {page.name for page in pages}
        if not {"millrace.1", "millrace-run.1", "millrace-replay.1", "millrace-topology.5"} <= names:
            wrong.append(f"pages are missing, there are {sorted(names)}")
        for page in pages:
            if not (command := re.fullmatch(r"millrace-(\w+)\.1", page.name)):
                continue
            inner = {"tls": ["init", "node", "client"]}.get(command[1], [])
            help_text = "".join(subprocess.run([binary, command[1], *more, "--help"], capture_output=True, text=True, check=True).stdout
                                for more in [[], *([name] for name in inner)])
            text = page.read_text().replace("\\-", "-")
            for option in set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", help_text, re.M)):
                if f"\\fB{option}\\fR" not in text:
                    wrong.append(f"{page.name} lacks {option}")
        topology = (pathlib.Path(name) / "millrace-topology.5").read_text().replace("\\-", "-")
        for word in ("source: kafka", "sink: sql", "window: tumbling", "\\fBbrokers\\fR", "\\fBallowed_lateness\\fR", "\\fBdead_letters\\fR"):
            if word not in topology:
                wrong.append(f"millrace-topology.5 lacks {word}")
        done = subprocess.run([binary, "man", name + "/nowhere"], capture_output=True, text=True)
        if done.returncode != 2 or "nowhere/millrace" not in done.stderr:
            wrong.append(f"a folder that is not there: {done.returncode}: {done.stderr}")
    for line in wrong:
        print(f"FAILED: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
