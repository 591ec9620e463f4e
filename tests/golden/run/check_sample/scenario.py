"""A sample runs through a topology whose servers nobody could reach, and leaves no file"""
import gzip
import subprocess

from golden.millrace import Wrong, same


def run(place):
    a = place.attempt("sample")
    left, right = a.root / "left.jsonl", a.root / "right.jsonl.gz"
    left.write_text('{"u":"a","t":"2024-01-01 10:00:00"}\n\n{"u":"a","t":"2024-01-01 10:01:30"}')
    right.write_bytes(gzip.compress(b'{"u":"a","t":"2024-01-01 10:00:59"}\nnonsense\n'))

    def check(args, exit=0, out=(), err=(), topology=None):
        done = subprocess.run(a.command(args, topology, command="check"), env=a.environment({"XDG_STATE_HOME": str(a.root / "xdg")}),
                              capture_output=True, text=True, timeout=60)
        if done.returncode != exit:
            raise Wrong(f"exit status {done.returncode}, expected {exit}\n{done.stderr}")
        for texts, found in ((out, done.stdout), (err, done.stderr)):
            for text in texts:
                if text not in found:
                    raise Wrong(f"{text!r} is not in\n{found}")
        return done.stdout

    both = ["--sample", f"left={left}", "--sample", f"right={right}"]
    text = check(both, out=["topology check_sample", "sample: 4 records, then the end of every source", "parsed_left: 2 rows",
                            "counts: 2 rows", "out: 2 rows", "table: 2 rows", "dead_letters: 1 row", "expected a JSON object"])
    same([line.split() for line in text[text.rindex("\nout: "):].splitlines()[4:6]],
         [["a", "2", "2024-01-01T10:00:00Z", "2024-01-01T10:01:00Z"], ["a", "1", "2024-01-01T10:01:00Z", "2024-01-01T10:02:00Z"]])
    check([*both, "--no-end"], out=["and no end", "counts: no rows", "parsed_right: 1 row"])
    check([*both, "--set", "stages.parsed_right.on_error=fail"], exit=1, out=["it ends here: parsed_right: ", "dead_letters: no rows"])
    check(["--sample", str(left)], exit=2, err=["2 sources", "STAGE=FILE", '"left" or "right"'])
    check(["--sample", f"lef={left}"], exit=2, err=['no source "lef"', 'did you mean "left"?'])
    check(["--sample", f"left={left}", "--sample", f"left={left}"], exit=2, err=["has a sample already"])
    check(["--sample", f"left={a.root}/nothing"], exit=2, err=["nothing: cannot be opened"])
    with_header = place.folder.parent / "csv_header"
    lines = [line for line in (with_header / "input1.csv").read_bytes().splitlines() if line]
    check(["--sample", str(with_header / "input1.csv")], topology=with_header / "topology.json",
          out=[f"sample: {len(lines) - 1} records, then the end"])  # the first line is not a record, as `run` has it
    one = a.root / "one.jsonl"
    one.write_text('{"u":"a","t":"2024-01-01 10:00:00"}\n')
    check(["--sample", f"left={one}"], out=["sample: 1 record, then the end"])
    check(["--no-end"], exit=2, err=["--sample"])
    same([p for p in a.out.iterdir()], [])
    same((a.root / "xdg").exists(), False)
