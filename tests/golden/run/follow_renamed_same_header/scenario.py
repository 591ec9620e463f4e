"""logrotate's rename, of a log each file of which begins with the same wide header: seen, unseen, twice unseen, and packed meanwhile"""
import gzip

from golden.followed import HEADER, Followed, rows, text


class Log:
    def __init__(self, f):
        self.f, self.rotated, self.lines = f, 0, []

    def write(self, count):
        live = self.f.file("app.log")
        new = [] if live.exists() else [HEADER]
        new += rows("a row", count, len(self.lines))
        with live.open("a") as file:
            file.write(text(new))
        self.lines += new

    def rotate(self):
        for n in range(self.rotated, 0, -1):
            for ending in ("", ".gz"):
                old = self.f.file(f"app.log.{n}{ending}")
                if old.exists():
                    old.rename(self.f.file(f"app.log.{n + 1}{ending}"))
        self.f.file("app.log").rename(self.f.file("app.log.1"))
        self.rotated += 1

    def pack(self, n):
        plain = self.f.file(f"app.log.{n}")
        self.f.file(f"app.log.{n}.gz").write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()


def run(place):
    f = Followed(place)
    log = Log(f)
    log.write(4)
    f.start()
    f.come(log.lines)
    log.rotate()  # seen
    log.write(2)
    f.come(log.lines)
    log.write(3)
    f.stop(log.lines)
    log.write(2)
    log.rotate()  # unseen
    log.write(1)
    log.rotate()  # and again
    log.write(5)
    log.pack(3)
    f.start()
    f.come(log.lines)
    log.pack(2)  # the file that it has read to its end
    log.rotate()
    log.write(1)
    f.stop(log.lines)
    log.write(1)
    log.rotate()
    log.pack(1)  # it was not read to its end
    log.write(2)
    f.start()
    f.stop(log.lines)
