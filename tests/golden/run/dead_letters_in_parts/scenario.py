"""Dead letters become parts by size: over kills each is in one of them, once, and replay takes all parts, or one by its name"""
from golden.millrace import Wrong, same

import json
import subprocess

LETTERS, KILLS = 3000, 8


def run(place):
    a = place.attempt("parts")
    (a.root / "input.jsonl").write_text("".join(f'{{"n":"no number {i}"}}\n' for i in range(LETTERS)))

    def files():
        return sorted(a.state.glob("dead_letters*.jsonl"))

    def letters():
        return [json.loads(line) for f in files() for line in f.read_text().split("\n")[:-1]]

    for kill in range(KILLS):
        p = a.start()
        a.wait(lambda: len(letters()) > LETTERS * (kill + 1) // (KILLS + 2), p)
        a.kill(p)
    p = a.start()
    a.wait(lambda: len(letters()) >= LETTERS, p)
    a.stop(p)
    same(sorted(letter["position"] for letter in letters()), sorted({letter["position"] for letter in letters()}))
    same(len(letters()), LETTERS)
    if len(files()) < 20:
        raise Wrong(f"{LETTERS} letters lie in {len(files())} files")
    same(a.report()["stages"]["parsed"]["dead_letters"], LETTERS)

    (a.root / "mended.json").write_text((place.folder / "topology.json").read_text().replace("bigint", "text"))
    for name, count in (("dead_letters-000001.jsonl", None), ("dead_letters.jsonl", LETTERS)):
        found = count or len((a.state / name).read_text().splitlines())
        done = subprocess.run([place.binary, "replay", a.state / name, "--into", "parsed", "--dry-run", "--topology", a.root / "mended.json"],
                              capture_output=True, text=True, env=a.environment())
        if done.returncode != 0 or f"{found} dead letters: {found} would go into" not in done.stdout:
            raise Wrong(f"replay of {name}: expected {found} letters: {done.returncode} {done.stdout} {done.stderr}")
