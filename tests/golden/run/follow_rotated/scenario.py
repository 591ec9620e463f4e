"""What programs that rotate, shippers and editors do to a followed log, while it is read, while nothing runs, and over a kill: each line once"""
import gzip
import os
import shutil

from golden.followed import Followed
from golden.millrace import Wrong


class Log:
    """A folder of files that a source follows."""

    def __init__(self, f, tool):
        self.name, self.turn = tool.__name__, tool
        self.folder = f.file(self.name)
        self.folder.mkdir()
        self.lines = []
        self.turns = 0
        self.links = 0

    def path(self, name):
        return self.folder / name

    def write(self, name, count=2):
        added = [f"{self.name} line {len(self.lines) + i} of {name}" for i in range(count)]
        with self.path(name).open("a") as file:
            file.write("".join(line + "\n" for line in added))
        self.lines += added

    def shift(self, ending=""):
        """app.log.1 becomes app.log.2, and so on."""
        for n in range(9, 0, -1):
            if self.path(f"app.log.{n}{ending}").exists():
                self.path(f"app.log.{n}{ending}").rename(self.path(f"app.log.{n + 1}{ending}"))

    def play(self):
        self.turns += 1
        self.turn(self)


def rename(log):
    log.write("app.log")
    log.shift()
    log.path("app.log").rename(log.path("app.log.1"))
    log.write("app.log")


def late_writer(log):
    """The program goes on in the old file for a while, as it does until it is told to open its log again."""
    rename(log)
    log.write("app.log.1")
    log.write("app.log")


def copytruncate(log):
    log.write("app.log")
    log.shift()
    shutil.copy2(log.path("app.log"), log.path("app.log.1"))
    os.truncate(log.path("app.log"), 0)
    log.write("app.log")


def dateext(log):
    log.write("app.log")
    log.path("app.log").rename(log.path(f"app.log-202611{log.turns:02}"))
    log.write("app.log")


def compress(log):
    log.write("app.log")
    log.shift(".gz")
    log.path("app.log").rename(log.path("app.log.1"))
    log.write("app.log")
    with log.path("app.log.1").open("rb") as plain, gzip.open(log.path("app.log.1.gz"), "wb") as packed:
        shutil.copyfileobj(plain, packed)
    shutil.copystat(log.path("app.log.1"), log.path("app.log.1.gz"))
    log.path("app.log.1").unlink()


def link(log):
    """A link names the newest file; the one before still gets lines."""
    before = log.links
    if before:
        log.write(f"{before}.txt")
    log.links += 1
    log.write(f"{log.links}.txt")
    log.path("next").symlink_to(log.path(f"{log.links}.txt"))
    log.path("next").rename(log.path("current.log"))
    if before:
        log.write(f"{before}.txt")


def replaced(log):
    """rsync and editors write a copy, and give it the name."""
    log.write("app.log")
    shutil.copy(log.path("app.log"), log.path("hidden"))
    log.write("hidden")
    log.path("hidden").rename(log.path("app.log"))


def daily(log):
    log.write(f"day-{log.turns}.log")
    log.write(f"day-{log.turns + 1}.log")


def by_turns(log):
    """A log each of several programs."""
    for name in ("b.log", "a.log", "c.log", "a.log"):
        log.write(name)


def glob_renamed(log):
    """The name that it gets does not match the glob."""
    rename(log)


def glob_copytruncate(log):
    """The copies match the glob as well."""
    copytruncate(log)


def run(place):
    f = Followed(place)
    logs = [Log(f, tool) for tool in (rename, late_writer, copytruncate, dateext, compress, link, replaced, daily, by_turns, glob_renamed,
                                      glob_copytruncate)]

    def play():
        for log in logs:
            log.play()

    def all_came():
        return all(f.a.lines_so_far(f"{log.name}.txt") >= len(log.lines) for log in logs)

    def compare():
        wrong = [log for log in logs if sorted(f.a.lines(f"{log.name}.txt")) != sorted(log.lines)]
        if wrong:
            raise Wrong("".join(f"{log.name}: wrote {log.lines}, read {f.a.lines(f'{log.name}.txt')}\n" for log in wrong))

    def come():
        f.a.wait(all_came, f.process)
        compare()

    for log in logs:  # what was rotated before the first start is no part of a log
        if log.turn in (link, daily, by_turns):
            log.play()
        else:
            log.write("app.log")
    f.start()
    come()
    for _ in range(2):
        play()
        come()
    f.a.stop(f.process)
    play()
    f.start()
    come()
    f.a.kill(f.process)
    play()
    for log in logs:
        if log.turn is not link:  # nobody could know a file that the link named only while nothing ran
            log.play()
    f.start()
    come()
    f.a.stop(f.process)
    compare()
