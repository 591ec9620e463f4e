"""A followed log that is not there yet, nor its folder, is waited for, and told; what lay rotated beside it is no part of it"""
from golden.followed import Followed, text
from golden.millrace import Wrong

SAYS = "app.log: no file is there yet; it is read from its beginning once it is there"


def run(place):
    f = Followed(place)

    def wait_until_said():
        if place.is_on_nodes:  # the log is the node's
            f.a.wait_for_start(f.process)
        else:
            f.a.wait(lambda: SAYS in f.said(), f.process)

    f.start()
    wait_until_said()
    f.stop([])
    f.start()
    wait_until_said()
    f.file("logs").mkdir()
    f.file("logs/app.log.1").write_text(text(["old"]))
    f.a.kill(f.process)
    f.start()
    wait_until_said()
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
