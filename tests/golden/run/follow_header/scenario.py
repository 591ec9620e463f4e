"""csv with a header and a skipped line, followed: each file names its own columns, rotated or new, with its first lines in pieces and over a restart"""
from golden.millrace import same


def run(place):
    a = place.attempt("followed")
    one, first, second = a.root / "app.csv", a.root / "day-1.csv", a.root / "day-2.csv"

    def add(file, text):
        with file.open("a") as f:
            f.write(text)

    def come(process, **wanted):
        for name, ids in wanted.items():
            a.wait(lambda name=name, ids=ids: a.lines_so_far(f"{name}.jsonl") >= len(ids), process)
            same(a.lines(f"{name}.jsonl"), [f'{{"id":{i},"name":"n{i}"}}' for i in ids])

    add(one, "exported on Monday\nid,na")
    add(first, "name,id\nn1,1\n")
    process = a.start()
    come(process, many=[1])
    add(one, "me\n1,n1\n")
    come(process, one=[1])
    one.rename(a.root / "app.csv.1")
    add(one, "exported on Tuesday\nname,other,id\nn2,x,2\n")
    add(second, "other,id,name\ny,2,n2\n")
    come(process, one=[1, 2], many=[1, 2])
    add(first, "n3,3\n")  # its generation begins in the middle of the file
    come(process, many=[1, 2, 3])
    a.wait_for_start(process)
    a.stop(process)
    add(one, "n3,x,3\n")
    add(second, "y,4,n4\n")
    process = a.start()
    come(process, one=[1, 2, 3], many=[1, 2, 3, 4])
    a.wait_for_start(process)
    a.stop(process)
    same(a.lines("one.jsonl"), [f'{{"id":{i},"name":"n{i}"}}' for i in (1, 2, 3)])
