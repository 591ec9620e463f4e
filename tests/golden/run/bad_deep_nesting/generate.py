"""Nesting up to 1024 levels is read, beyond it the record is a dead letter, also with a hundred thousand levels."""
import json


def make(folder):
    rows, letters, at = [], [], 0
    for i, levels in enumerate([1, 1023, 1024, 5000, 100_000, 3]):  # the record itself is one more
        record = '{"i":%d,"x":%s1%s}' % (i, "[" * levels, "]" * levels)
        rows.append(record)
        if levels + 1 > 1024:
            letters.append({"stage": "parsed", "partition": "0", "position": at, "error": "values are nested deeper than 1024 levels", "record": record})
        at += len(record) + 1
    (folder / "input.jsonl").write_text("\n".join(rows) + "\n")
    return {"out.jsonl": '{"i":0}\n{"i":1}\n{"i":5}\n', "dead_letters.jsonl": "".join(json.dumps(d) + "\n" for d in letters)}
