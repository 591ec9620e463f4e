"""Instructions that a program executes, counted by valgrind's callgrind."""
import re

COMMAND = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]


def collected(said):
    """The count in what valgrind has said; none where there is none."""
    found = re.search(r"Collected : (\d+)", said)
    return int(found[1]) if found else None
