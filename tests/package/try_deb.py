#!/usr/bin/env python3
"""The Debian package in a root that has nothing else: apt installs it with what it depends on, and the binary runs there.

    tests/package/try_deb.py                 # builds the package first
    tests/package/try_deb.py --deb FILE

As root; debootstrap and the mirror of this machine's own apt sources are needed, else SKIPPED: also where the mirror does not answer on the way.
Takes some minutes.
"""
import argparse
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from hardening import missing_in  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = "/usr/share/doc/millrace/pipelines"
SECONDS = 1800  # bound of one command: a mirror that takes longer does not answer
# Texts of debootstrap and apt if the mirror, or the way to it, is at fault.
UNREACHABLE = re.compile(r"Invalid Release file|Failed getting release|Couldn't download|Failed to fetch|Unable to fetch|Unable to connect|Could not connect|"
                         r"Could not resolve|Temporary failure resolving|Connection (?:failed|timed out|refused|reset)|Network is unreachable|"
                         r"Hash Sum mismatch|File has unexpected size")


class Failed(Exception):
    pass


class NoMirror(Exception):
    """The network, or the mirror, which are not what is tried here."""


def skip(why):
    print(f"SKIPPED: the Debian package in a clean root: {why}", flush=True)
    sys.exit(0)  # the line is counted (tools/lib/suite.py)


def mirror_of_this_machine():
    """(address, suite, keyring's folder is the machine's): of the Debian that runs here."""
    suite = platform.freedesktop_os_release().get("VERSION_CODENAME")
    done = subprocess.run(["apt-get", "indextargets", "--format", "$(CREATED_BY)|$(SITE)|$(REPO_URI)|$(CODENAME)|$(ORIGIN)|$(COMPONENT)"],
                          capture_output=True, text=True)
    for line in done.stdout.splitlines():
        made, _, address, codename, origin, component = line.split("|")
        if made == "Packages" and codename == suite and origin == "Debian" and component == "main":
            return address.rstrip("/"), suite
    return None, suite


def inside(root, *command, **more):
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    environment.update({k: v for k, v in os.environ.items() if k.lower().endswith("_proxy")})
    try:
        done = subprocess.run(["chroot", str(root), *command], capture_output=True, text=True, env=environment, timeout=SECONDS, **more)
    except subprocess.TimeoutExpired:
        raise Failed(f"{' '.join(command)}: no end after {SECONDS} s") from None
    if done.returncode:
        raise Failed(f"{' '.join(command)}: {done.returncode}: {(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def fetch(command, *arguments):
    """A command that needs the mirror; NoMirror where it fails for want of that."""
    try:
        return command(*arguments)
    except Failed as e:
        if UNREACHABLE.search(str(e)) or "no end after" in str(e):
            raise NoMirror(str(e).strip().splitlines()[-1]) from None
        raise


def bootstrap(root, suite, address):
    command = ["debootstrap", "--variant=minbase", suite, str(root), address]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise Failed(f"debootstrap: no end after {SECONDS} s") from None
    if done.returncode:
        raise Failed(f"debootstrap: {(done.stdout + done.stderr)[-1500:]}")


def make_root(root):
    address, suite = mirror_of_this_machine()
    if not address:
        skip("no Debian mirror in this machine's apt sources")
    fetch(bootstrap, root, suite, address)
    # Returns this machine's way to its mirror, should there be something between.
    settings = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True, check=True).stdout
    (root / "etc/apt/apt.conf.d/90-as-outside").write_text("".join(line + "\n" for line in settings.splitlines() if "Proxy" in line))
    for name in ("resolv.conf", "hosts"):
        shutil.copy(f"/etc/{name}", root / "etc" / name)
    print(f"ok      a clean root of {suite}: {len(inside(root, 'dpkg-query', '-W').splitlines())} packages", flush=True)


def try_it(root, deb):
    shutil.copy(deb, root / "tmp" / "millrace.deb")
    fetch(inside, root, "apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any")
    fetch(inside, root, "apt-get", "install", "-y", "-q", "--no-install-recommends", "/tmp/millrace.deb")
    version = inside(root, "millrace", "--version").strip()
    if not version:
        raise Failed("millrace --version says nothing")
    missing = [line for line in inside(root, "ldd", "/usr/bin/millrace").splitlines() if "not found" in line or str(pathlib.Path.home()) in line]
    if missing:
        raise Failed(f"libraries: {missing}")
    for path in ("usr/share/man/man1/millrace-run.1", "usr/share/man/man5/millrace-topology.5", "usr/lib/systemd/system/millrace@.service",
                 "usr/share/man/man1/millrace-node.1", "usr/lib/systemd/system/millrace-node@.service",
                 "usr/share/bash-completion/completions/millrace", "usr/share/zsh/vendor-completions/_millrace",
                 "usr/share/fish/vendor_completions.d/millrace.fish"):
        if not (root / path).exists():
            raise Failed(f"/{path} is not there")
    print(f"ok      installed {version}", flush=True)
    if b"$ORIGIN/" in (root / "usr/bin/millrace").read_bytes():
        raise Failed("usr/bin/millrace has a run path, from which a library beside it would be loaded")
    if lacks := missing_in(root / "usr/bin/millrace"):
        raise Failed(f"the binary lacks {', '.join(lacks)}")
    print("ok      the binary is hardened", flush=True)
    pipeline = f"{EXAMPLES}/active_users"
    topology = (f"{pipeline}/topology.json", "--with", f"{pipeline}/embedded.json")
    plan = inside(root, "millrace", "check", *topology)
    if "counts" not in plan:
        raise Failed(f"millrace check: {plan}")
    (root / "tmp/in.jsonl").write_text('{"n":1}\n{"n":2}\n{"n":"x"}\n')
    (root / "tmp/small.json").write_text("""{ "millrace": 1, "topology": "small", "stages": {
        "in": { "source": "file", "path": "/tmp/in.jsonl" },
        "parsed": { "parser": "json", "from": "in", "schema": { "n": "bigint" } },
        "sums": { "window": "global", "from": "parsed", "key": [], "aggregates": { "total": "sum(n)" } },
        "rows": { "sink": "sql", "from": "parsed", "connection": "sqlite3:///tmp/rows.db", "table": "rows", "create": true },
        "out": { "sink": "file", "from": "sums", "path": "/tmp/out.jsonl", "columns": { "total": "total" } } } }""")
    inside(root, "millrace", "run", "/tmp/small.json", "--state", "/tmp/state")
    found = (root / "tmp/out.jsonl").read_text()
    if found != '{"total":3}\n' or not (root / "tmp/rows.db").exists():
        raise Failed(f"a small run gives {found!r}")
    if len((root / "tmp/state/dead_letters.jsonl").read_text().splitlines()) != 1:
        raise Failed("a small run has not one dead letter")
    if list((root / "usr/lib/millrace").glob("libparquet*")) if (root / "usr/lib/millrace").exists() else False:
        (root / "tmp/parquet.json").write_text((root / "tmp/small.json").read_text().replace('"small"', '"parquet"').replace(
            '"sink": "sql", "from": "parsed", "connection": "sqlite3:///tmp/rows.db", "table": "rows", "create": true',
            '"sink": "parquet", "from": "parsed", "path": "/tmp/table"').replace("/tmp/out.jsonl", "/tmp/out2.jsonl"))
        inside(root, "millrace", "run", "/tmp/parquet.json", "--state", "/tmp/state2")
        if not list((root / "tmp/table").rglob("*.parquet")):
            raise Failed("the parquet sink, whose libraries the package brings, gives no file")
        if (root / "usr/lib/millrace/libduckdb.so").exists():
            rows = inside(root, "millrace", "sql", "select sum(n) as total from t", "--table", "t=/tmp/table", "--format", "csv")
            if rows.split() != ["total", "3"]:
                raise Failed(f"millrace sql over the table: {rows!r}")
            print("ok      sql by the package's own DuckDB", flush=True)
        else:
            print("SKIPPED: millrace sql from the package, which was built without DuckDB (tools/duckdb)", flush=True)
        print("ok      parquet by the package's own libraries", flush=True)
    print("ok      check, and a small run", flush=True)
    inside(root, "apt-get", "remove", "-y", "-q", "millrace")
    left = [str(p.relative_to(root)) for p in (root / "usr").rglob("*millrace*") if "share/doc" not in str(p)]
    if left:
        raise Failed(f"removed, it leaves {left}")
    print("ok      removed without a trace", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--deb", help="the package (default: tools/deb builds it)")
    options = arguments.parse_args()
    if os.getuid() != 0:
        skip("needs to be root")
    for program in ("debootstrap", "apt-get", "chroot"):
        if not shutil.which(program):
            skip(f"{program} is not installed")
    with tempfile.TemporaryDirectory(prefix="millrace-deb-") as name:
        folder = pathlib.Path(name)
        deb = options.deb
        if not deb:
            done = subprocess.run([ROOT / "tools/deb", folder / "packages"], capture_output=True, text=True)
            if done.returncode:
                raise Failed(f"tools/deb: {done.stdout + done.stderr}")
            deb = done.stdout.strip().splitlines()[-1]
        root = folder / "root"
        make_root(root)
        # The dynamic linker asks /proc where a program lies.
        mounted = subprocess.run(["mount", "-t", "proc", "proc", str(root / "proc")], capture_output=True, text=True)
        if mounted.returncode:
            skip(f"/proc cannot be mounted: {mounted.stderr.strip()}")
        try:
            try_it(root, deb)
        finally:
            subprocess.run(["umount", str(root / "proc")], check=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NoMirror as e:
        skip(f"the mirror does not answer; remedy: a network with a Debian mirror. It said: {e}")
    except Failed as e:
        print(f"FAILED: {e}")
        sys.exit(1)
