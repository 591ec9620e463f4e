#!/usr/bin/env python3
"""Mistakes on the command line: each is one line on standard error that names the option and what is expected; exit status 2."""
import argparse
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile

TOPOLOGY = {"millrace": 1, "topology": "usage", "stages": {
    "in": {"source": "generator", "kind": "clicks", "count": 1},
    "parsed": {"parser": "text", "from": "in"},
    "out": {"sink": "console", "from": "parsed"}}}


def cases(topology, folder, taken):
    """Arguments, and what the line says; maybe an environment."""
    run = ["run", topology, "--state", f"{folder}/state"]
    node = ["node", "--name", "a", "--store", f"dir:{folder}/store", "--listen", "127.0.0.1:0", "--coordinator", "--state", f"{folder}/node"]
    return [
        (["foo"], r'there is no command "foo"; expected run, check'),
        (["is\x1b[2J\x7f\u009b\u202eit"], r'there is no command "is\\u001b\[2J\\u007f\\u009b\\u202eit"'),
        ([*run, "--x\x1b[2J"], r"there is no option --x\\u001b\[2J"),
        (["check", "\x1b[2J.json"], r"^\\u001b\[2J\.json: "),
        (["savepoint", "--help"], r'^millrace: there is no command "savepoint"; expected run, check'),
        (["--help", "rnu"], r'there is no command "rnu".*did you mean "run"\?'),
        (["savepoint", "--version"], r'there is no command "savepoint"'),
        (["state", "savepoint", "--help"], r'^millrace state: there is no command "savepoint"'),
        (["rnu"], r'there is no command "rnu".*did you mean "run"\?'),
        ([], r"expected a command: run, check"),
        ([*run, "--sate", "x"], r'there is no option --sate; did you mean "--state"\?'),
        ([*run, "--reprot=x"], r'there is no option --reprot; did you mean "--report"\?'),
        (["check", "--wiht", "x"], r'there is no option --wiht; did you mean "--with"\?'),
        (["sql", "--topolgy", "x"], r'there is no option --topolgy; did you mean "--topology"\?'),
        (["man", folder, "more"], r'"more" is one argument too many'),
        (["run"], r"TOPOLOGY is required"),
        ([*run, "--start-timeout", "5"], r"--start-timeout: '5' is not a duration; expected a number and a unit"),
        (["replay", topology, "--into", "in", "--topology", topology, "--start-timeout", "5"], r"--start-timeout: '5' is not a duration"),
        (["load", "--kind", "clicks", "--out", f"{folder}/o", "--start-timeout", "5"], r"--start-timeout 5: '5' is not a duration"),
        ([*run, "--fresh", "--adopt"], r"--fresh and --adopt contradict each other.*give one of them"),
        ([*run, "--threads", "100000"], r"--threads: 100000 is not a number of threads; expected 1 to 1024"),
        ([*run, "--threads", "many"], r"--threads: many is not a number of threads; expected 1 to 1024"),
        (["sql", "select 1", "--threads", "0"], r"--threads: 0 is not a number of threads; expected 1 to 1024"),
        (["load", "--kind", "clicks", "--out", f"{folder}/o", "--count", "ten"], r"--count ten: expected a whole number"),
        ([*run, "--log-format", "xml"], r"--log-format: xml not in"),
        ([*run, "--state"], r"--state"),
        ([*run, "--report", f"{folder}/nowhere/report.json"], r"--report .*nowhere/report.json: No such file or directory; expected"),
        (["run", topology, "--state", "s3://bucket/state"], r"--state: s3://bucket/state is a URL; expected a path of this machine"),
        (["load", "--kind", "clicks", "--out", "file:///o", "--count", "1"], r"--out: file:///o is a URL; expected a path"),
        (["tls", "init", "s3://bucket/tls"], r"DIR: s3://bucket/tls is a URL; expected a path"),
        (["node", "--name", "a", "--store", "dir:s3://bucket/store", "--listen", "127.0.0.1:0", "--coordinator",
          "--state", f"{folder}/node"], r"the store dir: names a URL, and its folder is on this machine"),
        ([*run, "--report", str(folder)], r"--report .*: it is a folder; expected"),
        ([*run, "--report", "/dev/null"], r"--report /dev/null: it is there and is not a regular file; expected"),
        (["load", "--kind", "clicks", "--out", f"{folder}/o", "--count", "1", "--report", f"{folder}/nowhere/r"],
         r"--report .*nowhere/r: No such file or directory; expected"),
        ([*run, "--http", f"127.0.0.1:{taken}"], rf"cannot listen on 127.0.0.1:{taken}: Address already in use; .*another address by --http"),
        ([*run, "--http", "nowhere"], r"--http nowhere"),
        ([*run, "--with", f"{folder}/nowhere.json"], r"nowhere.json: .*No such file or directory"),
        (["apply"], r"^millrace apply: TOPOLOGY is required"),
        (["apply", topology, "--conect", "x"], r'^millrace apply: there is no option --conect; did you mean "--connect"\?'),
        (["stop"], r"^millrace stop: NAME is required"),
        (["start"], r"^millrace start: NAME is required"),
        (["drain"], r"^millrace drain: NODE is required"),
        (["wait", "usage", "--json"], r"^millrace wait: there is no option --json"),
        (["list", "more"], r'^millrace list: "more" is one argument too many'),
        (["list", "--connect", "127.0.0.1:1"], r"^millrace list: \"127.0.0.1:1\" is not an address of a node's API; expected http://HOST:PORT"),
        (["nodes", "--connect", "https://localhost:1"], r"https://localhost:1 speaks TLS: give the folder .* by --tls DIR"),
        (["list"], r"--connect URL is missing, and neither XDG_STATE_HOME nor HOME", {}),
        (["tls"], r"^millrace tls: expected a command: init, node, client"),
        (["tls", "inti", folder], r'^millrace tls: there is no command "inti".*did you mean "init"\?'),
        (["tls", "node"], r"^millrace tls node: .*required"),
        (["tls", "node", "a", "--dri", folder], r'^millrace tls node: there is no option --dri; did you mean "--dir"\?'),
        (["tls", "init", f"{folder}/tls", "more"], r'^millrace tls init: "more" is one argument too many'),
        (["tls", "init", f"{folder}/tls", "--days", "0"], r"--days"),
        ([*node, "--detach-after", "soon"], r"--detach-after: 'soon' is not a duration; expected a number and a unit"),
        ([*node, "--detach-after", "3 s"], r"--detach-after 3 s is longer than --away-after 2 s: .*; give it a shorter time"),
        ([*node, "--away-after", "2 h"], r"--away-after 2 h: give a time from 200 ms to 1 h"),
        ([*node, "--detach-after", "10 ms"], r"--detach-after 10 ms: give a time from 200 ms to 1 h"),
        (["run", topology], r"neither XDG_STATE_HOME nor HOME names an absolute folder; give one with --state DIR", {}),
        (["run", topology], r"neither XDG_STATE_HOME nor HOME", {"HOME": "", "XDG_STATE_HOME": "state"}),
    ]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--millrace", required=True)
    binary = str(pathlib.Path(arguments.parse_args().millrace).resolve())
    wrong = []
    with tempfile.TemporaryDirectory(prefix="millrace-usage-") as folder, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        topology = pathlib.Path(folder) / "topology.json"
        topology.write_text(json.dumps(TOPOLOGY))
        for command, expected, *environment in cases(str(topology), folder, other.getsockname()[1]):
            own = {k: v for k, v in os.environ.items() if k not in ("HOME", "XDG_STATE_HOME")} if environment else dict(os.environ)
            done = subprocess.run([binary, *command], capture_output=True, text=True, timeout=120, cwd=folder,
                                  env={**own, **(environment[0] if environment else {})})
            line = done.stderr
            if done.returncode != 2 or done.stdout or line.count("\n") != 1 or not re.search(expected, line):
                wrong.append(f"millrace {' '.join(command)}: status {done.returncode}, expected 2 and one line with {expected!r}: {line!r} {done.stdout[:200]!r}")
        left = sorted(p.name for p in pathlib.Path(folder).iterdir())
        if left not in (["state", "topology.json"], ["topology.json"]):
            wrong.append(f"it has left files: {left}")
    print("\n".join(wrong) if wrong else "ok      every mistake is one line with the remedy, and status 2")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
