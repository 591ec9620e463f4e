"""Wrong options and arguments: exit status 2, where and what, and nothing is created"""
from golden.millrace import Wrong, check_ledger, same

def run(place):
    a = place.attempt("options")
    (a.root / "input.jsonl").write_text('{"i":1}\n')
    for change, says in [("stages.lines.rate=fast", "rate"), ("stages.lines.pth=x", "did you mean"), ("stages.out.format=xml", "csv"), ("stages.table.mode=upsert", "key"),
                         ("stages.parsed.schema.i=int", "bigint"), ("stages.out.from=nobody", "nobody"), ("stages.out.where=i >", "where"), ("snapshot_every=-1 s", "snapshot_every"),
                         ("stages.table.connection=oracle://x", "connection"), ("stages.out.path=${NO_SUCH_VARIABLE}/x", "NO_SUCH_VARIABLE"), ("nonsense", "nonsense")]:
        a.run(["--set", change], exit=2, says=says)
    a.start_timeout = "soon"
    a.run(exit=2, says="soon")
    a.start_timeout = "10 s"
    a.run(["--with", a.root / "nothing.json"], exit=2, says="nothing.json")
    a.run(topology=a.root / "nothing.json", exit=2, says="nothing.json")
    a.run(["--no-such-option"], exit=2)
    same(sorted(p.name for p in a.out.iterdir()), [])
    same(a.state.exists(), False)
