"""Several topologies are checked at once: all mistakes of all, and the plans of those that are right"""
import subprocess

from golden.millrace import Wrong


def run(place):
    a = place.attempt("several")
    first = (place.folder / "topology.json").read_text()
    files = {}
    for name, text in {"second": first.replace('"first"', '"second"'),
                       "twin": first,
                       "bad": first.replace('"text"', '"texd"').replace('"first"', '"bad"'),
                       "worse": first.replace('"console"', '"consle"').replace('"first"', '"worse"')}.items():
        files[name] = a.root / f"{name}.json"
        files[name].write_text(text)

    def check(names, exit=0, out=(), err=(), more=()):
        done = subprocess.run([place.binary, "check", *(files[n] for n in names), *more], capture_output=True, text=True, timeout=60)
        if done.returncode != exit:
            raise Wrong(f"exit status {done.returncode}, expected {exit}\n{done.stderr}")
        for texts, found in ((out, done.stdout), (err, done.stderr)):
            for text in texts:
                if text not in found:
                    raise Wrong(f"{text!r} is not in\n{found}")
        if not err and done.stderr:
            raise Wrong(f"unexpected: {done.stderr}")

    check(["second", "twin"], out=["topology second", "topology first"])
    check(["bad", "second", "worse"], exit=2, out=["topology second"],
          err=["bad.json:6:64: stages.parsed.schema.u: ", 'did you mean "text"?', "worse.json:7:21: stages.out.sink: ", 'did you mean "console"?'])
    check(["second", "twin"], more=["--set", "second:stages.in.rate=5/s"], out=['rate: "5/s"'])
    check(["second", "twin"], exit=2, err=["--sample is of one topology"], more=["--sample", files["twin"]])
