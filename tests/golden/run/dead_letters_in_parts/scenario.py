"""Dead letters become parts by size: over kills each is in one of them, once, and replay takes all parts, or one by its name"""
from golden.millrace import Wrong, same

import json
import subprocess

LETTERS, KILLS = 3000, 8
LAST = 10  # come when the kills are over: the last run has letters to tell of, however much the killed ones got through


def run(place):
    a = place.attempt("parts")
    records = [f'{{"n":"no number {i}"}}\n' for i in range(LETTERS)]
    (a.root / "input.jsonl").write_text("".join(records[:-LAST]))

    def files():
        return sorted(a.state.glob("dead_letters*.jsonl"))

    def letters():
        return [json.loads(line) for f in files() for line in f.read_text().split("\n")[:-1]]

    def count():
        """The file of a running job is not there for a moment when it has become a part."""
        try:
            return len(letters())
        except FileNotFoundError:
            return 0

    for kill in range(KILLS):
        p = a.start()
        a.wait(lambda: count() > LETTERS * (kill + 1) // (KILLS + 2), p)
        a.kill(p)
    with (a.root / "input.jsonl").open("a") as more:
        more.write("".join(records[-LAST:]))
    p = a.start()
    a.wait(lambda: count() >= LETTERS, p)
    a.stop(p)
    if f"{a.state}/dead_letters.jsonl" not in a.ended(p).stderr:
        raise Wrong(f"where the letters lie is not said: {a.ended(p).stderr[-1500:]}")
    same(sorted(letter["position"] for letter in letters()), sorted({letter["position"] for letter in letters()}))
    same(len(letters()), LETTERS)
    if len(files()) < 20:
        raise Wrong(f"{LETTERS} letters lie in {len(files())} files")
    same(a.report()["stages"]["parsed"]["dead_letters"], LETTERS)

    (a.root / "mended.json").write_text((place.folder / "topology.json").read_text().replace("bigint", "text"))

    def replay(name, found):
        done = subprocess.run([place.binary, "replay", a.state / name, "--into", "parsed", "--dry-run", "--topology", a.root / "mended.json"],
                              capture_output=True, text=True, env=a.environment())
        letters_found = "1 dead letter" if found == 1 else f"{found} dead letters"
        if done.returncode != 0 or f"{letters_found}: {found} would go into" not in done.stdout.replace(",", ""):
            raise Wrong(f"replay of {name}: expected {found} letters: {done.returncode} {done.stdout} {done.stderr}")

    first = len((a.state / "dead_letters-000001.jsonl").read_text().splitlines())
    replay("dead_letters-000001.jsonl", first)
    replay("dead_letters.jsonl", LETTERS)
    # Killed between the end of a part and the file that follows it: the parts stand for themselves.
    last = len((a.state / "dead_letters.jsonl").read_text().splitlines())
    (a.state / "dead_letters.jsonl").rename(a.root / "last.jsonl")
    replay("dead_letters.jsonl", LETTERS - last)
    (a.root / "last.jsonl").rename(a.state / "dead_letters.jsonl")
    # Parts are their readers' to take away: the state goes on without them.
    for part in a.state.glob("dead_letters-*.jsonl"):
        part.unlink()
    a.stop(a.start())
    if last:
        replay("dead_letters.jsonl", last)
