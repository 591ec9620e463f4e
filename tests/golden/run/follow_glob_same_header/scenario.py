"""A followed glob whose files begin with the same wide header: each is read, also one that comes while it runs or while it is stopped"""
from golden.followed import HEADER, Followed, rows, text


def run(place):
    f = Followed(place)
    first, second, third, fourth = ([HEADER, *rows(name, 3)] for name in ("first", "second", "third", "fourth"))
    f.file("day-1.csv").write_text(text(first))
    f.file("day-2.csv").write_text(text(second))
    f.start()
    f.come([*first, *second])
    f.file("day-3.csv").write_text(text(third))
    f.stop([*first, *second, *third])
    f.file("day-4.csv").write_text(text(fourth))
    f.start()
    f.stop([*first, *second, *third, *fourth])
