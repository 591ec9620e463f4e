"""Quotes in errors, and names of files, need not be UTF-8: dead letters, logs and rows are; replay passes over a damaged line and takes the rest"""
from golden.millrace import Wrong, same

import json
import os
import subprocess

BAD = "\N{REPLACEMENT CHARACTER}"  # the form in rows and letters
SHOWN = r"\xff"  # the form in logs


def objects(data):
    """Strictly: bytes that are no UTF-8 are an error."""
    return [json.loads(line.decode("utf-8")) for line in data.splitlines()]


def replay(a, file, exit, *says):
    done = subprocess.run([str(a.place.binary), "replay", str(file), "--into", "parsed", "--state", str(a.state)], capture_output=True, env=a.environment())
    text = (done.stdout + done.stderr).decode("utf-8")
    if done.returncode != exit or not all(s in text for s in says):
        raise Wrong(f"replay: {done.returncode}, expected {exit} and {says}: {text}")


def quoted(place):
    a = place.attempt("quoted")
    (a.root / "input.csv").write_bytes(b"n\xffame,n\na,1\n")
    p = subprocess.run(a.command(["--log-format", "json"]), capture_output=True, env=a.environment())
    same(p.returncode, 0)
    said = [o["message"] for o in objects(p.stderr)]
    if not any(f"n{SHOWN}ame,n" in message for message in said):
        raise Wrong(f"the header is not quoted: {said}")
    letter = objects((a.state / "dead_letters.jsonl").read_bytes())[1]  # behind that of the header itself
    same(letter["error"], f'the file\'s header line has no column "u"; it is: n{BAD}ame,n')
    same(letter["record"], "a,1")
    p = subprocess.run(a.command(["--fresh"]), capture_output=True, env=a.environment())
    if f"n{SHOWN}ame" not in p.stderr.decode("utf-8"):
        raise Wrong(f"the header is not quoted: {p.stderr}")


def file_names(place):
    a = place.attempt("names")
    with open(os.fsencode(a.root) + b"/input-\xff.csv", "wb") as f:
        f.write(b"u,n\na,1\nb,x\n")
    a.run()
    same([(r["u"], r["topic"].rsplit("/", 1)[1]) for r in objects((a.out / "out.jsonl").read_bytes())], [("a", f"input-{BAD}.csv")])
    same([letter["record"] for letter in objects((a.state / "dead_letters.jsonl").read_bytes())], ["b,x"])


def damaged(place):
    a = place.attempt("damaged")
    (a.root / "input.csv").write_text("u,n\na,1\nb,2.5\nc,3.5\nd,4.5\n")
    a.run()
    same(len(a.lines("out.jsonl")), 1)
    letters = (a.state / "dead_letters.jsonl").read_bytes().splitlines(keepends=True)
    same(len(letters), 3)
    copy = a.root / "copy.jsonl"
    copy.write_bytes(letters[0] + letters[1].replace(b'"record"', b'"rec\xffrd"') + letters[2])
    mended = ["--set", "stages.parsed.schema.n=double"]
    a.run(mended)  # notes the mended topology
    replay(a, copy, 1, "2 dead letters: 2 go into", f"1 not replayed: {copy}:2: column ", "correct it in a copy of the file and replay that")
    a.run(mended)
    same(sorted(json.loads(line)["u"] for line in a.lines("out.jsonl")), ["a", "b", "d"])
    copy.write_bytes(b"".join(letters))
    replay(a, copy, 0, "3 dead letters: 1 goes into", "2 were replayed before")
    a.run(mended)
    same(sorted(json.loads(line)["u"] for line in a.lines("out.jsonl")), ["a", "b", "c", "d"])
    copy.write_bytes(b"\xff\n" * 12)
    replay(a, copy, 2, f"1 not replayed: {copy}:1: ", "2 not replayed: further damaged lines")


def run(place):
    quoted(place)
    file_names(place)
    damaged(place)
