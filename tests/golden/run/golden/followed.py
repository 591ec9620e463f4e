"""Files of a followed log that begin alike: with one header that is wider than the 1,024 bytes a file is known by."""
from golden.millrace import same

HEADER = "# " + ",".join(f"column_{i:03}" for i in range(150))


def rows(name, count, begin=0):
    return [f"{name},{i}" for i in range(begin, begin + count)]


def text(lines):
    return "".join(line + "\n" for line in lines)


class Followed:
    """A run of the case's topology whose output is compared with what was written to the log."""

    def __init__(self, place):
        self.a = place.attempt("followed")
        self.process = None

    def file(self, name):
        return self.a.root / name

    def start(self):
        self.process = self.a.start()

    def come(self, lines):
        """Waits for so many lines, and compares them."""
        self.a.wait(lambda: self.a.lines_so_far("out.txt") >= len(lines), self.process)
        same(self.a.lines("out.txt"), lines)

    def stop(self, lines):
        self.come(lines)
        self.a.wait_for_start(self.process)
        self.a.stop(self.process)
        same(self.a.lines("out.txt"), lines)

    def said(self):
        return self.a.ended(self.process).stderr
