"""A state that was made from a file is refused for a job on Kafka, also when it has ended: the end mark is not looked at first"""
from golden.millrace import Wrong, same

import subprocess


def check(place, a, args, exit, says):
    done = subprocess.run(a.command([*args, "--state", a.state], command="check"), capture_output=True, text=True, env=a.environment())
    if done.returncode != exit or says not in done.stdout + done.stderr:
        raise Wrong(f"check: {done.returncode}, expected {exit} and {says!r}: {done.stdout[-500:]} {done.stderr}")


def run(place):
    a = place.attempt("embedded_then_kafka")
    (a.root / "input.jsonl").write_text('{"i":0}\n{"i":1}\n')
    kafka = ["--with", place.folder / "kafka.json"]
    check(place, a, kafka, 0, "run begins one")
    a.run()
    same(a.lines("out.jsonl"), ['{"i":0}', '{"i":1}'])
    differs = "source 'lines' was of type \"file\" and is \"kafka\""
    check(place, a, kafka, 2, differs)
    said = a.run(kafka, exit=2, says=[differs, "--state DIR", "--fresh"])
    if "has ended" in said.stderr:
        raise Wrong(said.stderr)
    check(place, a, [], 0, "fits")
    a.run(says="has ended")
    same(a.lines("out.jsonl"), ['{"i":0}', '{"i":1}'])
