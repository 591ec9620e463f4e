"""Every line on stderr is a JSON object with --log-format json, also findings and errors with line breaks or foreign letters in them"""
import json

from golden.millrace import Wrong, same


def run(place):
    a = place.attempt("json")
    (a.root / "input.jsonl").write_text('{"i":1}\n{"i":2}\n')

    def lines(args, exit):
        objects = []
        for line in a.run(["--log-format", "json", *args], exit=exit).stderr.splitlines():
            try:
                objects.append(json.loads(line))
            except ValueError:
                raise Wrong(f"no JSON: {line!r}") from None
            same(list(objects[-1])[:5], ["time", "level", "topology", "stage", "message"])
        return objects

    found = lines(["--set", "stages.out.format=größer\n\"x\"", "--set", "stages.parsed.schema.i=int"], 2)
    same([o["level"] for o in found], ["error", "error"])
    if not any('größer\n\\"x\\"' in o["message"] or 'größer' in o["message"] for o in found):
        raise Wrong(f"the value is not named: {found}")
    missing = lines(["--set", "stages.lines.path=/no/such/füle\n"], 2)[-1]
    same((missing["level"], missing["topology"], missing["stage"]), ("error", "log_format", "lines"))
    if "/no/such/füle\n" not in missing["message"]:
        raise Wrong(f"the file is not named: {missing}")
    first, *_, last = lines([], 0)
    same((first["level"], first["topology"], first["resumed_from"], first["state"]), ("info", "log_format", None, str(a.state)))
    same(first["sources"], [{"stage": "lines", "type": "file", "place": f"{a.out}/../input.jsonl"}])
    same((last["level"], last["topology"], last["stage"]), ("info", "log_format", None))
    same(last["message"], "'log_format' has ended: 2 records read, 1 row out, none late, no dead letters")
    same([last[name] for name in ("read", "rows_out", "late", "dead_letters")], [2, 1, 0, 0])
    a.run(["--log-format", "xml"], exit=2, says="log-format")
