"""The newest snapshot of every shard is damaged after a kill: the one before serves, the rows are the same"""
from golden.millrace import Wrong, check_ledger, same
from golden.numbered import expected, records


def run(place):
    for name, harm in [("flipped", flip), ("cut", lambda f: f.write_bytes(f.read_bytes()[:-3])), ("empty", lambda f: f.write_bytes(b""))]:
        a = place.attempt(name)
        (a.root / "input.jsonl").write_text(records(1200))
        args = ["--set", "snapshot_every=50 ms", "--set", "stages.lines.rate=800/s"]
        a.run_until(lambda: a.lines_so_far("out.jsonl") >= 6, args)
        shards = [d for d in a.state.glob("chains/*/*%2F*") if d.is_dir() and not d.name.startswith("value%3A")]
        same(len(shards), 4)
        for shard in shards:
            newest = max((f for f in shard.iterdir() if f.name.startswith("run-") and "." not in f.name), key=lambda f: f.stat().st_mtime_ns)
            harm(newest)
        said = a.run(args).stderr
        if "goes on from the one before" not in said and "others hold the same" not in said:
            raise Wrong(f"{name}: nothing is said of the damage\n{said[-1500:]}")
        same(a.lines("out.jsonl"), expected(1200))
        same(len(a.table("counts")), 12)
        check_ledger(a.name, a.report())
        same(a.report()["stages"]["counts"]["in"], 1200)


def flip(file):
    data = bytearray(file.read_bytes() or b"x")  # the kill may have come between the file and its bytes
    data[len(data) // 2] ^= 0x10
    file.write_bytes(data)
