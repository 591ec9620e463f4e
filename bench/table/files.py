"""What many small files cost: a glob that is read to its end, and one that is followed, by the number of files."""
import subprocess
import time

from .harness import Failed, Row, cpu_of, middle

FILES = 10_000


def topology(files, out, follow):
    return {
        "millrace": 1,
        "topology": "files",
        "stages": {
            "in": {"source": "file", "path": f"{files}/log-*", "follow": follow},
            "lines": {"parser": "text", "from": "in"},
            "out": {"sink": "file", "from": "lines", "path": str(out), "format": "text", "template": "{line}"},
        },
    }


def make(bench, count):
    folder = bench.folder(f"files_{count}")
    for i in range(count):
        (folder / f"log-{i}").write_text(f"the only line of {i}\n")
    return folder


def line_count(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def files_bounded(bench):
    """10,000 files of a line, seconds to their end"""
    files = make(bench, FILES)

    def ours():
        at = bench.folder("bounded")
        used = bench.run(topology(files, at / "out.txt", False), at)
        if line_count(at / "out.txt") != FILES:
            raise Failed(f"{line_count(at / 'out.txt')} rows of {FILES} files")
        return used.wall

    def theirs():
        begin = time.monotonic()
        subprocess.run(["sh", "-c", "exec cat log-* > ../cat.txt"], cwd=files, check=True)
        return time.monotonic() - begin

    pairs = bench.in_turn(theirs, ours)
    walls = sorted(ours for _, ours in pairs)
    return Row(middle(walls), (walls[0], walls[-1]), "s", 5, False, f"cat {middle(theirs for theirs, _ in pairs):.2f} s", len(pairs))


def files_followed(bench):
    """a followed glob of 10,000 files of a line, seconds until each has come; then idle"""

    def idle_share(pid, seconds=15):
        time.sleep(3)  # what was read is noted once a second
        before = cpu_of(pid)
        time.sleep(seconds)
        return (cpu_of(pid) - before) / seconds

    def followed(count):
        files, at = make(bench, count), bench.folder("followed")
        begin = time.monotonic()
        process = subprocess.Popen([str(word) for word in bench.start(topology(files, at / "out.txt", True), at)])
        try:
            while line_count(at / "out.txt") < count:
                if process.poll() is not None or time.monotonic() - begin > 300:
                    raise Failed(f"{line_count(at / 'out.txt')} of {count} rows after {time.monotonic() - begin:.0f} s")
                time.sleep(0.02)
            return time.monotonic() - begin, idle_share(process.pid)
        finally:
            process.terminate()
            process.wait()

    rounds = [(followed(1), followed(FILES)) for _ in range(bench.rounds)]
    walls = sorted(many[0] for _, many in rounds)
    idle = middle(many[1] - one[1] for one, many in rounds)
    return Row(middle(walls), (walls[0], walls[-1]), "s", 5, False, f"idle {100 * idle:.1f} % of a core more than one file (at most 1)",
               len(rounds), idle <= 0.01)
