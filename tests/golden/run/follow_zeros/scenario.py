"""copytruncate under a writer that goes on at its old offset: the zeros that the file then begins with are passed over"""
import shutil

from golden.followed import Followed, rows, text


def run(place):
    f = Followed(place)
    log, lines = f.file("app.log"), rows("a row", 20)
    with log.open("w") as writer:  # the mode must not be appending

        def write(begin, end):
            writer.write(text(lines[begin:end]))
            writer.flush()

        def rotate(n):
            shutil.copyfile(log, f.file(f"app.log.{n}"))
            with log.open("r+") as file:
                file.truncate(0)

        write(0, 4)
        f.start()
        f.come(lines[:4])
        rotate(1)  # seen
        write(4, 8)
        f.come(lines[:8])
        write(8, 10)
        f.stop(lines[:10])
        write(10, 12)
        rotate(2)  # unseen
        write(12, 16)
        f.start()
        f.come(lines[:16])
        write(16, 20)
        f.stop(lines)
