"""A start that never reached its servers fixes nothing: a topology of another shape starts in the same folder without --fresh"""
from golden.millrace import Wrong, check_ledger, same
from golden.numbered import expected, records

OTHER_SHAPE = ["--set", "stages.counts.size=7 minutes", "--set", "stages.counts.shards=3", "--set", "stages.parsed.schema.more=text"]
AWAY = '{"source": "kafka", "path": null, "brokers": "127.0.0.1:1", "topic": "t"}'


def run(place):
    for name, wrong, exit, says in [
        ("missing_file", ["--set", "stages.lines.path=${OUT}/nothing.jsonl"], 2, ", new; reads"),
        ("broker_away", ["--set", f"stages.lines={AWAY}"], 1, ", new; reads"),
        ("database_away", ["--set", 'stages.table={"sink":"sql","from":"parsed","connection":"postgresql://nobody:wrong@127.0.0.1:1/none","table":"t"}'], 1,
         "had read nothing: it begins anew"),
    ]:
        a = place.attempt(name)
        a.start_timeout = "1 s"
        (a.root / "input.jsonl").write_text(records(900))
        a.run([*OTHER_SHAPE, *wrong], exit=exit)
        a.run([*OTHER_SHAPE, *wrong], exit=exit)  # once more as it was
        a.start_timeout = "10 s"
        said = a.run(says=says)
        same(a.lines("out.jsonl"), expected(900))
        check_ledger(a.name, a.report())
        if "made by another version" in said.stderr:
            raise Wrong(said.stderr)
        a.run(OTHER_SHAPE, exit=2, says="'counts'")  # it is fixed from now on

    # The same topology: its input may have changed meanwhile, and what cannot be opened comes back.
    a = place.attempt("file_changes")
    (a.root / "input.jsonl").write_text(records(300))
    (a.out / "deep").write_text("a file, not a folder")
    table = ["--set", 'stages.table={"sink":"sql","from":"parsed","connection":"sqlite3://${OUT}/deep/out.sqlite","table":"t","create":true}']
    a.run(table, exit=1, says="deep")
    (a.root / "input.jsonl").write_text(records(900))
    (a.out / "deep").unlink()
    (a.out / "deep").mkdir()
    a.run(table)
    same(a.lines("out.jsonl"), expected(900))
    same(len(a.table("t", "deep/out.sqlite")), 900)
    check_ledger(a.name, a.report())
