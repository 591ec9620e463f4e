#!/usr/bin/env python3
"""The live screen of `millrace console` ends once its terminal is gone: reading it would give an error at once, again and again."""
import argparse
import os
import pathlib
import pty
import select
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from patience import PATIENCE  # noqa: E402


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--millrace", required=True)
    ours, theirs = pty.openpty()
    process = subprocess.Popen([arguments.parse_args().millrace, "console", "--connect", "http://127.0.0.1:1"], stdin=theirs, stdout=theirs,
                               stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    if not select.select([ours], [], [], 60 * PATIENCE)[0] or not os.read(ours, 4096):
        process.kill()
        print("FAILED: the screen shows nothing")
        return 1
    os.close(ours)
    try:
        process.wait(60 * PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        print("FAILED: it goes on without its terminal")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
