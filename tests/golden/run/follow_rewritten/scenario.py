"""A followed file that is written anew in place with the same wide header, while nothing runs and under a reader: its rows come from the first on"""
from golden.followed import HEADER, Followed, rows, text
from golden.millrace import Wrong


def run(place):
    f = Followed(place)
    day = f.file("day.csv")
    monday, tuesday = [HEADER, *rows("monday", 5)], [HEADER, *rows("tuesday", 8)]
    wednesday, thursday = [HEADER, *rows("wednesday", 2)], [HEADER, *rows("thursda", 2)]
    day.write_text(text([HEADER]))
    f.start()
    f.come([HEADER])
    with day.open("a") as file:  # records that a life reads after its start tell the log as well
        file.write(text(monday[1:]))
    f.stop(monday)
    day.write_text(text(tuesday))  # the same inode; longer than it was
    f.start()
    f.stop([*monday, *tuesday])
    if "written anew" not in f.said():
        raise Wrong("nothing says that the file was written anew")
    day.write_text(text(wednesday))  # shorter
    f.start()
    f.come([*monday, *tuesday, *wednesday])
    # Written over without being cut off, so that it is never shorter than what was read.
    with day.open("r+") as file:
        file.write(text(thursday) + "thursda,more\n")
    f.stop([*monday, *tuesday, *wednesday, *thursday, "thursda,more"])
