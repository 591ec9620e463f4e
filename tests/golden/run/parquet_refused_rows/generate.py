"""A hundred rows, three of them with a name that no folder can have"""
import json


def make(folder):
    rows = [{"i": i, "name": "x" * (251 if i in (20, 21, 70) else i % 3)} for i in range(100)]
    text = lambda many: "".join(json.dumps(r) + "\n" for r in many)
    (folder / "input.jsonl").write_text(text(rows))
    refused = [r for r in rows if len(r["name"]) > 250]
    return {"table.jsonl": text({"i": r["i"], "name": r["name"] or None} for r in rows if r not in refused),
            "dead_letters.jsonl": text({"stage": "table", "record": json.dumps(r, separators=(",", ":")),
                                        "error": "column 'name' holds a text of 251 bytes"} for r in refused)}
