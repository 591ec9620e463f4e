"""The patience of a test. Bounds of waits are there for events that never come: an event that comes in their time on a quiet machine may take
PATIENCE times as long.

A test process measures once, when it begins, how much longer a fixed small piece of work takes here and now than on a quiet machine.
"""
import math
import os
import subprocess
import sys
import time

LEAST, MOST = 4, 20  # a machine that is quiet when a test begins may be busy later; and a test that hangs ends some day
QUIET = 0.06  # seconds that work() takes on a quiet machine


def work():
    """A little of what tests do: processes start one after the other, and some compute at once, on all cores."""
    for _ in range(5):
        subprocess.run(["true"], check=True)
    computing = [subprocess.Popen([sys.executable, "-I", "-S", "-c", "sum(range(1_500_000))"]) for _ in range(min(4, len(os.sched_getaffinity(0))))]
    for process in computing:
        process.wait()


def measured():
    began = time.monotonic()
    work()
    return min(MOST, max(LEAST, math.ceil(LEAST * (time.monotonic() - began) / QUIET)))


PATIENCE = measured()
