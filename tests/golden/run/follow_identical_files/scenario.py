"""Files of a followed glob that are the same to the last byte are files of their own; one that is packed under its own name is no new one"""
import gzip

from golden.followed import Followed, text


def run(place):
    f = Followed(place)
    lines = ["one", "two"]
    for n in range(4):
        f.file(f"part-{n}").write_text(text(lines))
    f.start()
    f.come(lines * 4)
    # The last one is packed while it is read; a later part holds the same lines.
    f.file("part-3.gz").write_bytes(gzip.compress(text(lines).encode()))
    f.file("part-3").unlink()
    f.file("part-4").write_text(text(lines))
    f.stop(lines * 5)
    f.file("part-5.gz").write_bytes(gzip.compress(text(lines).encode()))
    f.start()
    f.stop(lines * 6)
