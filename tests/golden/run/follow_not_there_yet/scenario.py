"""A followed log that is not there yet, nor its folder, is waited for, and told; what lay rotated beside it is no part of it"""
from golden.followed import Followed, text
from golden.millrace import Wrong

SAYS = "app.log: no file is there yet; it is read from its beginning once it is there"


def run(place):
    f = Followed(place)

    def has_said():
        return SAYS in f.said()

    f.start()
    f.a.wait(has_said, f.process)
    f.stop([])
    f.start()
    f.a.wait(has_said, f.process)
    f.file("logs").mkdir()
    f.file("logs/app.log.1").write_text(text(["old"]))
    f.a.kill(f.process)
    f.start()
    f.a.wait(has_said, f.process)
    with f.file("logs/app.log").open("a") as log:
        log.write(text(["one", "two"]))
        log.flush()
        f.come(["one", "two"])
        f.a.kill(f.process)
        log.write(text(["three"]))
    f.start()
    f.stop(["one", "two", "three"])
    if SAYS in f.said():
        raise Wrong("a log that is there is said to be missing")
