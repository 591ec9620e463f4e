#!/usr/bin/env -S python3 -B
"""millrace model, and the transform "model", as users call them: trained on a csv and on Parquet, judged, explained, applied to a stream;
bad input; a model that changes under a state. No server; libduckdb.so (tools/duckdb) and libxgboost.so, else SKIPPED. Probabilities and
figures are compared with Python's XGBoost and scikit-learn where tools/xgboost_peer can fetch them."""
import csv
import json
import math
import random
import re
import struct
import subprocess
import sys

from cluster_under_test import Cluster
from command_under_test import Command, expect, needs_duckdb
from real_systems import PATIENCE, ROOT, SKIPPED, captured, check, main, wait_until

COLUMNS = ["userid", "gender", "last_level", "registered_days", "thumbs_down", "adverts", "churned"]


def users(count, seed):
    """Rows whose true probability of leaving is known; some have no adverts at all."""
    chance = random.Random(seed)
    rows = []
    for i in range(count):
        level = chance.choice(["free", "paid"])
        days, thumbs = chance.expovariate(1 / 60), chance.randint(0, 6)
        adverts = chance.randint(0, 6 if level == "free" else 2)
        logit = -2.6 + 0.5 * thumbs + 0.3 * adverts - 0.015 * days
        rows.append({"userid": f"user {i}", "gender": chance.choice(["F", "M"]), "last_level": level, "registered_days": days,
                     "thumbs_down": thumbs, "adverts": adverts if chance.random() > 0.1 else None,
                     "churned": int(chance.random() < 1 / (1 + math.exp(-logit)))})
    return rows


def write_csv(path, rows, columns=COLUMNS):
    with open(path, "w", newline="") as f:
        w = csv.writer(f)
        w.writerow(columns)
        w.writerows([["" if r[c] is None else r[c] for c in columns] for r in rows])


TRAIN = ("--label", "churned", "--ignore", "userid", "--seed", 42)


def trained(call, folder):
    """The same bytes from a csv and from Parquet, turned round, by one thread and by two; figures again by evaluate."""
    rows = users(600, 1)
    write_csv(folder / "features.csv", rows)
    call("sql", "copy (select * from t order by userid desc) to 'features.parquet' (format parquet)", "--table", "t=features.csv")
    for kind in ("forest", "boosted", "linear"):
        given = (*TRAIN, "--model", kind, *(("--ignore", "adverts") if kind == "linear" else ()))
        said = call("model", "train", "features.csv", *given, "--out", f"{kind}.json")
        check("ROC AUC" in said and "majority" in said and "cross validation" in said, f"{kind}: {said}")
        call("model", "train", "features.parquet", *given, "--out", "again.json", "--threads", 2)
        expect((folder / "again.json").read_bytes() == (folder / f"{kind}.json").read_bytes(), True, f"{kind}: equal bytes")
        model = json.loads((folder / f"{kind}.json").read_text())
        judged = json.loads(call("model", "evaluate", f"{kind}.json", "features.csv", "--json"))
        expect(judged["model"], model["figures"]["held_out"], f"{kind}: evaluate judges the rows held out")
        check(judged["model"]["roc_auc"] > 0.6, f"{kind}: {judged}")
        check("thumbs_down" in call("model", "explain", f"{kind}.json"), kind)
        page = (folder / f"{kind}.html").read_text()
        check(page.count("<svg") == 4 and not re.search(r"https?://|src=|<script", page), f"{kind}: the page needs something else")
    expect(sorted(p.name for p in folder.glob(".millrace-*")), [], "temporary files that stay")
    print("three models, each twice the same bytes, from csv and Parquet, by one thread and two")


def peer(call, folder):
    found = subprocess.run([ROOT / "tools" / "xgboost_peer"], capture_output=True, text=True)
    if found.returncode == 3:
        print(f"SKIPPED: comparison with Python's XGBoost and scikit-learn: {found.stderr.strip()}", flush=True)
        return
    check(found.returncode == 0, found.stderr)

    def ask(*arguments):
        done = captured(found.stdout.strip(), ROOT / "tests" / "e2e" / "model_peer.py", *arguments, cwd=folder, timeout=75 * PATIENCE)
        check(done.returncode == 0, f"{arguments}: {done.stderr[-1500:]}")
        return done.stdout.strip()

    rows = users(2000, 2)
    write_csv(folder / "others.csv", rows)
    for kind in ("forest", "boosted", "linear"):
        figures = call("model", "evaluate", f"{kind}.json", "others.csv", "--json", "--predictions", f"{kind}.jsonl")
        (folder / f"{kind}.figures").write_text(figures)
        print(f"{kind}: {ask('check', f'{kind}.json', f'{kind}.jsonl', f'{kind}.figures')}")
    (folder / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    release = ask("train", folder)
    for kind in ("boosted", "forest"):
        call("model", "evaluate", f"python-{kind}.json", "others.csv", "--label", "churned", "--predictions", "of_python.jsonl")
        ours = [json.loads(line)["probability"] for line in (folder / "of_python.jsonl").read_text().splitlines()]
        bits = [struct.unpack("I", struct.pack("f", p))[0] for p in ours]
        expect(bits == list(map(int, (folder / f"python-{kind}.txt").read_text().split())), True, f"Python's {kind}")
    print(f"models that Python's XGBoost {release} trained give its probabilities to the bit")


def streamed(call, folder):
    """Each row's probability in a stream equals the batch's; what the model cannot take is a dead letter."""
    rows = users(300, 3)
    write_csv(folder / "stream.csv", rows)
    call("model", "evaluate", "forest.json", "stream.csv", "--predictions", "batch.jsonl")
    batch = {r["userid"]: r["probability"] for r in map(json.loads, (folder / "batch.jsonl").read_text().splitlines())}
    bad = {**rows[0], "userid": "bad", "gender": "other"}
    (folder / "stream.jsonl").write_text("".join(json.dumps(r) + "\n" for r in [*rows, bad]))
    (folder / "model.json").write_bytes((folder / "forest.json").read_bytes())
    topology = {"millrace": 1, "topology": "churn", "stages": {
        "users": {"source": "file", "path": "stream.jsonl"},
        "features": {"parser": "json", "from": "users", "schema": {
            "userid": "text", "gender": "text", "last_level": "text", "registered_days": "double", "thumbs_down": "bigint",
            "adverts": "bigint"}},
        "scored": {"transform": "model", "from": "features", "model": "model.json", "column": "churn_probability"},
        "out": {"sink": "file", "from": "scored", "path": "scored.jsonl", "columns": {"userid": "userid", "p": "churn_probability"}}}}
    (folder / "churn.topology.json").write_text(json.dumps(topology))
    hash_of = re.search(r"hash (\w{64})", call("model", "explain", "model.json"))[1]
    planned = call("check", "churn.topology.json")
    check(hash_of in planned and "churn_probability" in planned, planned)
    call("run", "churn.topology.json", "--state", "state", "--report", "report.json")
    found = {r["userid"]: r["p"] for r in map(json.loads, (folder / "scored.jsonl").read_text().splitlines())}
    expect(found, batch, "probabilities of the stream and of the batch")
    scored = json.loads((folder / "report.json").read_text())["stages"]["scored"]
    expect((scored["model"], scored["in"], scored["out"], scored["dead_letters"]), (hash_of, 301, 300, 1), "the report")
    letter = json.loads((folder / "state" / "dead_letters.jsonl").read_text())
    check("a category that training has not seen" in letter["error"], letter)
    expect((folder / "state" / "models" / f"{hash_of}.json").read_bytes(), (folder / "model.json").read_bytes(), "the copy")
    (folder / "model.json").write_bytes((folder / "boosted.json").read_bytes())
    call("run", "churn.topology.json", "--state", "state", status=2, says=f"models/{hash_of}.json")
    call("check", "churn.topology.json", "--state", "state", status=2, says="--fresh")
    (folder / "model.json").write_bytes((folder / "state" / "models" / f"{hash_of}.json").read_bytes())
    call("run", "churn.topology.json", "--state", "state")
    for change, says in (({"model": "absent.json"}, "absent.json: the model's file cannot be read"),
                         ({"model": "features.csv"}, "is not a JSON object"),
                         ({"column": "gender"}, 'there is a column "gender" already'),
                         ({"from": "users"}, ""), ({"modl": "x"}, 'did you mean "model"')):
        wrong = json.loads(json.dumps(topology))
        wrong["stages"]["scored"].update(change)
        (folder / "wrong.json").write_text(json.dumps(wrong))
        call("check", "wrong.json", status=2, says=says)
    del topology["stages"]["features"]["schema"]["gender"]
    (folder / "wrong.json").write_text(json.dumps(topology))
    call("check", "wrong.json", status=2, says='"gender" (text) is missing')
    print("a stream's probabilities equal the batch's; a changed model is refused, its former copy taken")


def on_nodes(options, call, folder):
    """The model goes with the topology: nodes that were killed and have no file of it go on with the same probabilities. Another one is refused."""
    rows = users(360, 6)
    write_csv(folder / "nodes.csv", rows)
    call("model", "evaluate", "forest.json", "nodes.csv", "--predictions", "batch.jsonl")
    batch = {r["userid"]: r["probability"] for r in map(json.loads, (folder / "batch.jsonl").read_text().splitlines())}
    stream, model, out, written = folder / "nodes.jsonl", folder / "nodes.model.json", folder / "nodes.out.jsonl", folder / "nodes.topology.json"
    topology = json.loads((folder / "churn.topology.json").read_text())
    stages = topology["stages"]
    stages["users"].update(path=str(stream), follow=True)
    stages["scored"]["model"], stages["out"]["path"] = str(model), str(out)
    written.write_text(json.dumps(topology))
    lines = [json.dumps(r) + "\n" for r in rows]
    stream.write_text("".join(lines[:300]))
    model.write_bytes((folder / "forest.json").read_bytes())

    def scored():
        return {r["userid"]: r["p"] for r in map(json.loads, out.read_text().splitlines())} if out.exists() else {}

    with Cluster(options.millrace, folder / "cluster", following=()) as cluster:
        cluster.ask("apply", written, by=cluster.nodes["a"])
        model.unlink()
        wait_until("the rows are scored", lambda: len(scored()) == 300)
        for node in cluster.nodes.values():
            node.kill()
        with open(stream, "a") as more:
            more.write("".join(lines[300:]))
        cluster.start_missing()
        wait_until("further rows are scored", lambda: len(scored()) == 360)
        model.write_bytes((folder / "boosted.json").read_bytes())
        said = cluster.answer("apply", written, by=cluster.nodes["a"])
        check(said.returncode == 1 and "the file of model 'scored' has changed" in said.stderr, f"{said.returncode}: {said.stderr}")
        cluster.ask("stop", "churn")
        cluster.ask("wait", "churn")
        check(out.read_text().count("\n") == 360, "rows were written twice")
        expect(scored(), batch, "probabilities on nodes and of the batch")
    print("two nodes that were killed, without a file of the model, give the batch's probabilities; another model is refused")


def of_stage(call, folder):
    """A stage of a topology is a table, too: the rows that the model was trained on are known, whatever file they come from."""
    rows = users(600, 1)
    (folder / "users.jsonl").write_text("".join(json.dumps(r) + "\n" for r in reversed(rows)))
    topology = {"millrace": 1, "topology": "users", "stages": {
        "users": {"source": "file", "path": "users.jsonl"},
        "features": {"parser": "json", "from": "users", "schema": {
            "userid": "text", "gender": "text", "last_level": "text", "registered_days": "double", "thumbs_down": "bigint",
            "adverts": "bigint", "churned": "bigint"}},
        "kept": {"sink": "file", "from": "features", "path": "kept.jsonl"},
        "listed": {"sink": "sql", "from": "features", "connection": "sqlite3://listed.db", "create": True, "table": "listeners"}}}
    (folder / "users.topology.json").write_text(json.dumps(topology))
    stage = ("--topology", "users.topology.json")
    call("run", "users.topology.json", "--state", "stage_state")
    for kind in ("forest", "boosted", "linear"):
        expected = json.loads((folder / f"{kind}.json").read_text())["figures"]["held_out"]
        for table in ("kept", "listed"):
            expect(json.loads(call("model", "evaluate", f"{kind}.json", table, *stage, "--json"))["model"], expected, f"{kind}: of the stage {table}")
    call("model", "evaluate", "forest.json", "kept", *stage, "--predictions", "of_stage.jsonl")
    call("model", "evaluate", "forest.json", "features.csv", "--predictions", "of_file.jsonl")
    of_stage, of_file = ({r["userid"]: r["probability"] for r in map(json.loads, (folder / f"{name}.jsonl").read_text().splitlines())}
                         for name in ("of_stage", "of_file"))
    expect((len(of_stage), of_stage), (600, of_file), "probabilities of the stage's rows")
    write_csv(folder / "others.csv", users(400, 6))
    (folder / "others.jsonl").write_text("".join(json.dumps(r) + "\n" for r in users(400, 6)))
    others = json.loads(call("model", "evaluate", "forest.json", "others.csv", "--json"))
    call("run", "users.topology.json", "--set", "stages.users.path=others.jsonl", "--state", "others_state",
         "--set", "stages.kept.path=others_kept.jsonl", "--set", "stages.listed.connection=sqlite3://others.db")
    expect(json.loads(call("model", "evaluate", "forest.json", "kept", *stage, "--set", "stages.kept.path=others_kept.jsonl", "--json")), others,
           "the stage of an overlay")
    call("model", "evaluate", "forest.json", "keptt", *stage, status=2, says="keptt")
    call("model", "evaluate", "forest.json", "kept", status=2, says="kept")
    print("evaluate judges a stage's rows as those of a file, from a file sink and from a database")


def predicted(call, folder):
    """predict('FILE', f.*) of `millrace sql`: the probabilities of evaluate, wherever a query wants a number."""
    rows = users(5000, 7)
    write_csv(folder / "asked.csv", rows)

    def ask(query):
        return [json.loads(line) for line in call("sql", query, "--table", "f=asked.csv", "--format", "json").splitlines()]

    for kind in ("forest", "boosted", "linear"):
        call("model", "evaluate", f"{kind}.json", "asked.csv", "--predictions", "asked.jsonl")
        batch = {r["userid"]: r["probability"] for r in map(json.loads, (folder / "asked.jsonl").read_text().splitlines())}
        found = ask(f"select userid, predict('{kind}.json', f.*) as p from f")
        expect({r["userid"]: r["p"] for r in found}, batch, f"{kind}: probabilities by SQL")
        chosen = ask(f"select userid from f where predict('{kind}.json', f.*) >= 0.5 and thumbs_down > 2")
        thumbs = {r["userid"]: r["thumbs_down"] for r in rows}
        expect({r["userid"] for r in chosen}, {u for u, p in batch.items() if p >= 0.5 and thumbs[u] > 2}, f"{kind}: chosen by SQL")
    sums = ask("select userid, predict('forest.json', g.*) as p from (select userid, sum(thumbs_down) as thumbs_down, any_value(gender) as gender, "
               "any_value(last_level) as last_level, 1.5 as adverts, sum(registered_days::decimal(18, 3)) as registered_days from f group by userid) g")
    plain = ask("select userid, predict('forest.json', g.*) as p from (select * replace (1.5::double as adverts, "
                "registered_days::decimal(18, 3)::double as registered_days) from f) g")
    expect(sorted((r["userid"], r["p"]) for r in sums), sorted((r["userid"], r["p"]) for r in plain), "sums and decimals are numbers")
    for query, says in (("select predict('absent.json', f.*) from f", "absent.json: the model's file cannot be read"),
                        ("select predict('asked.csv', f.*) from f", "asked.csv"),
                        ("select predict('forest.json', g.*) from (select gender from f) g", 'forest.json: '),
                        ("select predict('forest.json', g.*) from (select gender from f) g", '"adverts" (double) is missing'),
                        ("select predict('forest.json', g.*) from (select * replace ('other' as gender) from f) g",
                         "forest.json: column \"gender\" is \"other\", a category that training has not seen; remedy: "),
                        ("select predict('linear.json', g.*) from (select * replace (null::double as registered_days) from f) g", "cannot do without it"),
                        ("select predict('forest.json', userid) from f", "expected predict('FILE', t.*)")):
        call("sql", query, "--table", "f=asked.csv", status=1, says=says)
    print("predict() of millrace sql gives evaluate's probabilities, of 5000 rows and three models")


def wrong(call, folder):
    """One message each, and nothing written."""
    rows = users(60, 4)
    before = sorted(p.name for p in folder.iterdir())

    def refused(says, changed=rows, *given, columns=COLUMNS, kind="boosted"):
        write_csv(folder / "wrong.csv", changed, columns)
        call("model", "train", "wrong.csv", *(given or TRAIN), "--model", kind, "--out", "never.json", status=2, says=("wrong.csv: ", says))

    refused("one class only", [{**r, "churned": 0} for r in rows])
    refused("at least 4", rows[:2] + [{**r, "churned": 0} for r in rows[2:20]])
    refused("which are not categories", [{**r, "userid": f"user {i}"} for i, r in enumerate(users(100, 5))], "--label", "churned")
    refused("which is not a category but a name", rows, "--label", "churned")
    refused("is null in row 2", [rows[0], {**rows[1], "churned": None}, *rows[2:]])
    refused("not a finite number", [{**rows[0], "registered_days": math.nan}, *rows[1:]])
    refused("not a finite number", [{**rows[0], "registered_days": math.inf}, *rows[1:]])
    refused("cannot do without it", [{**rows[0], "adverts": None}, *rows[1:]], kind="linear")
    refused('no column "left"', rows, "--label", "left")
    refused("has no rows", [])
    call("model", "train", "none.csv", *TRAIN, "--out", "never.json", status=2, says="millrace: none.csv: there is no such")
    write_csv(folder / "wrong.csv", rows)
    table, model = (folder / "wrong.csv").read_bytes(), (folder / "forest.json").read_bytes()
    (folder / "tables").mkdir()
    (folder / "tables" / "rows.csv").write_bytes(table)
    over, twice = ("would change what the command reads", "; remedy: "), "would be written twice"
    call("model", "train", "wrong.csv", *TRAIN, "--out", "./wrong.csv", status=2, says=over)
    call("model", "train", "wrong.csv", *TRAIN, "--out", "never.json", "--report", "wrong.csv", status=2, says=over)
    call("model", "train", "tables", *TRAIN, "--out", "tables/model.json", status=2, says=over)
    call("model", "train", "wrong.csv", *TRAIN, "--out", "never.json", "--report", "never.json", status=2, says=twice)
    call("model", "evaluate", "forest.json", "wrong.csv", "--predictions", "wrong.csv", status=2, says=over)
    call("model", "evaluate", "forest.json", "wrong.csv", "--report", "forest.json", status=2, says=over)
    call("model", "evaluate", "forest.json", "wrong.csv", "--report", "never.html", "--predictions", "never.html", status=2, says=twice)
    expect(((folder / "wrong.csv").read_bytes(), (folder / "forest.json").read_bytes()), (table, model), "what was read")
    (folder / "tables" / "rows.csv").unlink()
    (folder / "tables").rmdir()
    call("model", "train", "wrong.csv", *TRAIN, "--out", "none/never.json", status=2, says="none/never.json cannot be written")
    call("model", "train", "wrong.csv", *TRAIN, "--out", "never.json", status=2, says="apt-get install libxgboost0",
         environment={"MILLRACE_XGBOOST": "/nowhere/libxgboost.so"})

    def misjudged(says, changed=rows, columns=COLUMNS):
        write_csv(folder / "wrong.csv", changed, columns)
        call("model", "evaluate", "forest.json", "wrong.csv", "--predictions", "never.jsonl", "--report", "never.html", status=2,
             says=("wrong.csv: ", says, "; remedy: "))

    misjudged("a category that training has not seen", [{**r, "gender": "other"} for r in rows])
    misjudged('"adverts" (double) is missing', columns=[c for c in COLUMNS if c != "adverts"])
    misjudged('column "adverts" is text, and the model has double: row 1 has many', [{**r, "adverts": "many"} for r in rows])
    misjudged('row 2: column "registered_days" is -inf', [rows[0], {**rows[1], "registered_days": -math.inf}, *rows[2:]])
    misjudged('row 2: column "registered_days" is nan', [rows[0], {**rows[1], "registered_days": math.nan}, *rows[2:]])
    misjudged('column "gender" is boolean, and the model has text', [{**r, "gender": "F"} for r in rows])
    misjudged("with one class only", [{**r, "churned": 1} for r in rows])
    misjudged("is null in row 2", [rows[0], {**rows[1], "churned": None}, *rows[2:]])
    # A csv does not say of what type nothing is.
    write_csv(folder / "wrong.csv", [{**r, "adverts": None} for r in rows])
    call("model", "evaluate", "forest.json", "wrong.csv")
    whole = (folder / "forest.json").read_bytes()
    for text, says in ((whole[:len(whole) // 2], "cut off; remedy: "),
                       (whole.replace(b'"millrace_model": 1', b'"millrace_model": 9'), ("is 9; ", "; remedy: ")),
                       (whole.replace(b"binary:logistic", b"multi:softprob"), "multi:softprob"), (b"", "not a JSON object")):
        (folder / "wrong.json").write_bytes(text)
        call("model", "explain", "wrong.json", status=2, says=says)
        call("check", "churn.topology.json", "--set", "stages.scored.model=wrong.json", status=2, says="wrong.json: ")
    with open(folder / "wrong.json", "wb") as f:
        f.truncate(500_000_000)
    call("model", "explain", "wrong.json", status=2, says="500 MB; expected at most 100 MB; remedy: ")
    call("check", "churn.topology.json", "--set", "stages.scored.model=wrong.json", status=2, says="500 MB")
    for name in ("wrong.csv", "wrong.json"):
        (folder / name).unlink()
    expect(sorted(p.name for p in folder.iterdir()), sorted(set(before) - {"wrong.json"}), "files after refusals")
    print("bad input: one message each, nothing written")


def test(options, folder):
    call = Command(options, folder)
    needs_duckdb()
    probe = subprocess.run([options.millrace, "model", "train", "none.csv", "--label", "y", "--out", "m.json"], cwd=folder,
                           capture_output=True, text=True)
    if "libxgboost.so, and there is none" in probe.stderr:
        print("SKIPPED: model.py needs libxgboost.so; remedy: apt-get install libxgboost0", flush=True)
        sys.exit(SKIPPED)
    trained(call, folder)
    peer(call, folder)
    streamed(call, folder)
    on_nodes(options, call, folder)
    of_stage(call, folder)
    predicted(call, folder)
    wrong(call, folder)


if __name__ == "__main__":
    main(test, __doc__)
