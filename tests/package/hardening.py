#!/usr/bin/env python3
"""Checks what the compiler and the linker were told to do against faults in a binary: position independent, relocations read-only from the start on,
no executable
stack, stack protector, checked functions of the C library.

    tests/package/hardening.py BINARY        # by readelf; says what is missing
"""
import re
import shutil
import subprocess
import sys


def missing_in(binary):
    """Returns what the binary lacks, in words; none where readelf is not installed."""
    if not shutil.which("readelf"):
        return []
    text = subprocess.run(["readelf", "-W", "-h", "-l", "-d", "--dyn-syms", str(binary)], capture_output=True, text=True, check=True).stdout
    stack = re.search(r"GNU_STACK .* (\S+) +0x", text)
    imported = set(re.findall(r"UND (\w+)", text))
    holds = {
        "PIE (-pie)": re.search(r"Type: +DYN", text) and "INTERP" in text,
        "RELRO (-z relro)": "GNU_RELRO" in text,
        "BIND_NOW (-z now)": re.search(r"\(FLAGS.*\).*\bNOW\b|BIND_NOW", text),
        "a stack that cannot be run": stack and "E" not in stack.group(1),
        "-fstack-protector-strong": "__stack_chk_fail" in imported,
        "_FORTIFY_SOURCE": any(name.endswith("_chk") for name in imported),
    }
    return [what for what, there in holds.items() if not there]


if __name__ == "__main__":
    lacks = missing_in(sys.argv[1])
    if lacks:
        print(f"FAILED: {sys.argv[1]} lacks {', '.join(lacks)}")
        sys.exit(1)
    print(f"ok      {sys.argv[1]}: hardened")
