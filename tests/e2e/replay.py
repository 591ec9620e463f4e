#!/usr/bin/env -S python3 -B
"""millrace replay: the records of dead letters go in again once, killed as often as may be, also into a topology that has ended, only to the stage that they failed at; what cannot go in is told.
"""
import collections
import json
import random
import sqlite3
import subprocess
import time

from real_systems import PATIENCE, Kafka, Run, captured, check, dead_letters, main_of_parts, needed, topology_file, unique, wait_until, whole_rows


class Job:
    """SOURCE -> parsed -> good (every row) and casted (a cast that fails for some)."""

    def __init__(self, options, folder, name, source, **sinks):
        self.binary, self.folder, self.state = options.millrace, folder / name, folder / name / "state"
        self.folder.mkdir()
        self.stages = {
            "in": source,
            "parsed": {"parser": "json", "from": "in", "schema": {"n": "bigint", "w": "text"}},
            "good": {"sink": "file", "from": "parsed", "path": str(self.folder / "good.jsonl"),
                     "columns": {"n": "n", "w": "w", "key": "_key", "at": "_timestamp"}},
            "casted": {"sink": "file", "from": "parsed", "path": str(self.folder / "casted.jsonl"),
                       "columns": {"n": "n", "x": "cast(w as bigint)"}}, **sinks}
        self.topology = self.folder / "topology.json"
        self.write()

    def write(self):
        topology_file(self.topology, self.folder.name, self.stages)

    def mend(self):
        self.stages["casted"]["columns"]["x"] = "case when w like 'bad%' then -1 else cast(w as bigint) end"
        self.write()

    def run(self, *options):
        return Run(self.binary, self.topology, self.state, *options)

    def run_to_the_end(self):
        run = self.run()
        run.expect(0)
        return run

    def rows(self, name):
        return whole_rows(self.folder / f"{name}.jsonl")

    def letters(self):
        return dead_letters(self.state)

    def file_of(self, letters, name="letters.jsonl"):
        file = self.folder / name
        file.write_text("".join(json.dumps(letter) + "\n" for letter in letters))
        return file

    def command(self, file, into, *options):
        return [self.binary, "replay", str(file), "--into", into, "--topology", str(self.topology), "--state", str(self.state),
                *options]

    def replay(self, file, into, *options, status=0, says=()):
        done = captured(*self.command(file, into, *options), timeout=30 * PATIENCE)
        said = done.stdout + done.stderr
        check(done.returncode == status, f"replay gave {done.returncode}, expected {status}: {said}")
        for text in [says] if isinstance(says, str) else says:
            check(text in said, f"expected {text!r} in what replay says: {said}")
        return said


def mended(letter, **members):
    record = json.loads(letter["record"])
    return {**letter, "record": json.dumps({**record, **members})}


def records(count, pad=0):
    """One of ten records cannot be parsed, one cannot be cast."""
    for n in range(count):
        w = f"bad{n}" if n % 10 == 3 else str(n)
        yield {"n": "x" if n % 10 == 7 else n, "w": w, **({"pad": "p" * pad} if pad else {}), "i": n}


def check_all_there(job, count, cast_failed_unparsed=-1):
    good = collections.Counter(row["n"] for row in job.rows("good"))
    casted = {row["n"]: row["x"] for row in job.rows("casted")}
    check(good == {n: 1 for n in range(count)}, f"good: {[(n, c) for n, c in good.items() if c != 1][:5]} "
          f"not once, {sorted(set(range(count)) - set(good))[:5]} missing")
    check(len(job.rows("casted")) == count and set(casted) == set(range(count)), "casted has not every record once")
    wrong = [(n, x) for n, x in casted.items() if x != (cast_failed_unparsed if n % 10 == 3 else n)]
    check(not wrong, f"casted: {wrong[:5]}")


def bounded(options, folder):
    """A file that was read to its end: killed replays, a second generation, nothing twice."""
    count = 4000
    file = folder / "in.jsonl"
    file.write_text("".join(json.dumps(r) + "\n" for r in records(count, pad=60_000)))
    job = Job(options, folder, "bounded", {"source": "file", "path": str(file)})
    job.run_to_the_end()
    letters = job.letters()
    check(collections.Counter(letter["stage"] for letter in letters) == {"parsed": count // 10, "casted": count // 10},
          "other dead letters than expected")
    job.mend()
    wanted = job.file_of([mended(letter, n=json.loads(letter["record"])["i"]) for letter in letters])
    rng, killed = random.Random(11), 0
    for _ in range(options.kills):
        process = subprocess.Popen(job.command(wanted, "parsed"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(rng.uniform(0.01, 0.4))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            killed += 1
    check(killed > 0, "no replay was killed")
    job.replay(wanted, "in")
    job.replay(wanted, "in", says=f"0 go into \"in\", {len(letters)} were replayed before")
    batches = len(list(job.state.glob("chains/*/replayed%3A[0-9]*")))
    check(batches > 2, f"{batches} batches are too few to be killed between")
    run = job.run()
    time.sleep(rng.uniform(0, 0.6))
    run.kill()
    job.run_to_the_end().ledger()
    check_all_there(job, count)
    check(len(job.letters()) == len(letters), "there are new dead letters")
    check("nothing is left to do" in job.run_to_the_end().errors(), "a run behind the replayed records does not see its end")
    print(f"bounded: {len(letters)} letters in {batches} batches, {killed} replays killed, each record once")


def refused_by_the_target(options, folder):
    """A replayed row of an ended topology that its target refuses is a dead letter, too, which has no way back."""
    database = folder / "refused.db"
    with sqlite3.connect(database) as db:
        db.execute("create table t (n integer, w text check (length(w) < 8))")
    file = folder / "refused.jsonl"
    file.write_text('{"n":1,"w":"short"}\n{"n":2,"w":"far too long"}\n{"n":"x","w":"1"}\n')
    job = Job(options, folder, "refused", {"source": "file", "path": str(file)},
              table={"sink": "sql", "from": "parsed", "connection": f"sqlite3://{database}", "table": "t"})
    del job.stages["casted"]
    job.write()
    job.run_to_the_end()
    first = job.letters()
    check(sorted(letter["stage"] for letter in first) == ["parsed", "table"], f"dead letters: {first}")
    unparsed = next(letter for letter in first if letter["stage"] == "parsed")
    job.replay(job.file_of(first), "parsed", "--dry-run", status=1, says=("1 would go into \"parsed\"", "1 not replayed: of stage \"table\", which are its rows"))
    job.replay(job.file_of([letter for letter in first if letter is not unparsed], "rows.jsonl"), "in", status=2,
               says="not records of a source")
    job.replay(job.file_of([mended(unparsed, n=3, w="too long as well")]), "parsed")
    job.run_to_the_end().ledger()
    job.replay(job.file_of([mended(job.letters()[-1], n=4)], "more.jsonl"), "in", status=2)
    later = [letter for letter in job.letters() if letter not in first]
    check([letter["stage"] for letter in later] == ["table"] and json.loads(later[0]["record"])["n"] == 3,
          f"the row that was refused after the end is not a dead letter: {later}")
    # And once more: the log of refused rows has had two ends by then.
    again = {**mended(unparsed, n=5, w="0123456789"), "id": "again"}
    job.replay(job.file_of([again]), "parsed")
    job.run_to_the_end().ledger()
    check([json.loads(letter["record"]).get("n") for letter in job.letters()] == [2, "x", 3, 5]
          or sorted(str(json.loads(letter["record"]).get("n")) for letter in job.letters()) == ["2", "3", "5", "x"],
          f"dead letters: {job.letters()}")
    check(sorted(row["n"] for row in job.rows("good")) == [1, 2, 3, 5], "good has other rows than expected")
    print("refused: rows that the target refuses after the end are dead letters")


def by_the_state_alone(options, folder):
    """--topology and --state are optional: they are those of the folder that the file lies in, with the overlay and the value of its run."""
    file = folder / "alone.jsonl"
    file.write_text('{"n":1,"w":"1"}\n{"n":2,"w":"bad"}\n')
    job = Job(options, folder, "alone", {"source": "file", "path": "nowhere.jsonl"})
    overlay = job.folder / "overlay.json"
    overlay.write_text(json.dumps({"stages": {"in": {"path": str(file)}}}))
    given = ("--with", str(overlay), "--set", "stages.casted.columns.y=cast(w as bigint) + 1")
    job.run(*given).expect(0)
    job.mend()
    file_of_state = job.state / "dead_letters.jsonl"
    command = [job.binary, "replay", str(file_of_state), "--into", "parsed"]
    done = captured(*command)
    check(done.returncode == 0 and "1 dead letter: 1 goes into" in done.stdout, f"replay says {done.stdout}{done.stderr}")
    # Its own value still fails on the record: a new letter, of the same record.
    job.run(*given).expect(0)
    check([row["n"] for row in job.rows("casted")] == [1], f"{job.rows('casted')}")
    check(len(job.letters()) == 2, "the value of the run was not laid over")
    copy = folder / "alone-copy.jsonl"
    copy.write_text(file_of_state.read_text())
    done = captured(job.binary, "replay", str(copy), "--into", "parsed")
    check(done.returncode == 2 and "lies in no state folder; give --topology" in done.stderr, f"replay says {done.stderr}")
    done = captured(job.binary, "replay", str(folder / "none.jsonl"), "--into", "parsed")
    check(done.returncode == 2 and "none.jsonl: cannot be read: No such file" in done.stderr, f"replay says {done.stderr}")
    # No record has failed: an empty file, or none in a state folder, is nothing to replay, and no mistake.
    file_of_state.write_text("")
    job.replay(file_of_state, "parsed", says="holds no dead letters; nothing is replayed")
    file_of_state.unlink()
    job.replay(file_of_state, "parsed", says="there is no such file, because no record")
    print("by the state alone: its topology, overlay and value")


def wrong_input(options, folder):
    file = folder / "wrong.in.jsonl"
    file.write_text('{"n":"x"}\n')
    job = Job(options, folder, "wrong", {"source": "file", "path": str(file)})
    letter = {"id": "1", "stage": "parsed", "partition": "0", "position": 0, "error": "e", "record": '{"n":1}',
              "time": "2020-01-01T00:00:00Z"}
    good = job.file_of([letter])
    job.replay(good, "parsed", status=2, says=("there is no state folder", "--state"))
    job.run_to_the_end()
    job.replay(good, "parsed", status=2, says=("1 not replayed", "before this state began", "--older"))
    job.replay(folder / "nowhere.jsonl", "parsed", status=2, says="nowhere.jsonl: cannot be read: No such file")
    job.replay(file, "parsed", status=2, says=(f"{file}:1: \"id\" is missing", "expected what millrace writes"))
    job.replay(good, "pasred", status=2, says='did you mean "parsed"?')
    job.replay(good, "good", status=2, says='expected "in" or "parsed"')
    job.replay(job.file_of([{**letter, "stage": "gone"}]), "in", status=2, says='of stage "gone", which topology')
    own = job.file_of(job.letters())
    with open(own, "a") as f:
        f.write('{"id":"2","stage":"par')
    job.replay(own, "parsed", says=("1 goes into", "the last line is not complete and is left out"))
    check(not list(job.state.glob("chains/*/replayed%3A2")), "more than the one letter was stored")
    print("wrong input: told")


def kafka(options, folder):
    """A running job takes replayed records in, with key, headers and timestamp of the topic's own record; of one that the topic
    has dropped they are missed."""
    broker = Kafka(needed("KAFKA_BROKERS")[0])
    topic, count = unique("replay"), 500
    broker.create(topic, 2)
    broker.produce(topic, [f"k{r['i']}\t{json.dumps(r)}".encode() for r in records(count)], "-K", "\t")
    sent = {json.loads(m.value)["i"]: m for m in broker.read(topic)}
    job = Job(options, folder, "kafka", {"source": "kafka", "brokers": broker.brokers, "topic": topic})
    # A window that stays open all the time: what is replayed joins it.
    job.stages["parsed"]["event_time"] = "_timestamp"
    job.stages["counts"] = {"window": "tumbling", "size": "10000 days", "from": "parsed", "key": [], "shards": 2,
                            "aggregates": {"c": "count(*)"}, "emit": "updates", "every": "500 ms"}
    job.stages["ticks"] = {"sink": "file", "from": "counts", "path": str(job.folder / "ticks.jsonl")}
    job.write()
    run = job.run()
    wait_until("dead letters", lambda: len(job.letters()) == count // 5)
    letters = job.letters()
    whole = job.file_of([mended(letter, n=json.loads(letter["record"])["i"]) for letter in letters])
    run.stop()
    job.mend()
    run = job.run()
    # Only those of the parser: the rest stays for later.
    job.replay(job.file_of([json.loads(line) for line in whole.read_text().splitlines() if '"stage": "parsed"' in line],
                           "parsed.jsonl"), "parsed", says="within 10 s")
    wait_until("the replayed records", lambda: len(job.rows("good")) == count)
    job.replay(whole, "in", says=f"{count // 10} go into \"in\", {count // 10} were replayed before")
    wait_until("the others", lambda: len(job.rows("casted")) == count)
    wait_until("the window has every record", lambda: job.rows("ticks") and job.rows("ticks")[-1]["c"] >= count)
    run.stop()
    late = run.ledger()["counts"].get("late_at_shard")
    check(job.rows("ticks")[-1]["c"] == count and late == 0, f"the window has {job.rows('ticks')[-1]['c']} of {count}, {late} late")
    check_all_there(job, count)
    for row in job.rows("good"):
        m = sent[row["n"]]
        stamp = int(time.mktime(time.strptime(row["at"][:19], "%Y-%m-%dT%H:%M:%S"))) - time.timezone
        check(row["key"] == m.key.decode() and stamp == m.timestamp // 1000, f"{row}: the record had {m.key} and {m.timestamp}")
    # The records are gone from the topic: their value alone is not what the topology uses.
    for partition in (0, 1):
        broker.delete_records(topic, sum(1 for m in sent.values() if m.partition == partition), partition)
    gone = {**mended(next(letter for letter in letters if letter["stage"] == "parsed"), n=1), "id": "new"}
    job.replay(job.file_of([gone], "gone.jsonl"), "parsed", status=2, says="has dropped key, headers and timestamp")
    done = captured(*job.command(whole, "in"), "--start-timeout", "1 s", "--set", "stages.in.brokers=127.0.0.1:1")
    check(done.returncode == 0, f"brokers are asked where nothing is to do: {done.stderr}")
    away = {**gone, "id": "away"}
    job.replay(job.file_of([away], "away.jsonl"), "parsed", "--start-timeout", "1 s", "--set", "stages.in.brokers=127.0.0.1:1",
               status=1, says="127.0.0.1:1")
    print(f"kafka: {len(letters)} letters into a running job, with their keys and timestamps")


PARTS = (wrong_input, by_the_state_alone, refused_by_the_target, bounded, kafka)


if __name__ == "__main__":
    main_of_parts(PARTS, __doc__, kills=8)
