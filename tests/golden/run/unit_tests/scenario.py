"""`test` runs every case of every file, says which failed and why, and its exit status tells right, failed and wrong apart"""
import subprocess

from golden.millrace import Wrong, same


def run(place):
    a = place.attempt("tests")
    good = place.folder / "even.test.json"
    failing, wrong = a.root / "failing.test.json", a.root / "wrong.test.json"
    text = good.read_text().replace('"topology.json"', f'"{place.folder}/topology.json"')
    failing.write_text(text.replace('{"half": 2}', '{"half": 3}'))
    wrong.write_text(text.replace('"half": 2', '"haf": 2'))

    def test(files, exit, out, err=""):
        done = subprocess.run([str(place.binary), "test", *map(str, files)], env=a.environment(), capture_output=True, text=True, timeout=60)
        if done.returncode != exit:
            raise Wrong(f"exit status {done.returncode}, expected {exit}\n{done.stdout}{done.stderr}")
        same(done.stdout.replace(str(place.folder) + "/", "").replace(str(a.root) + "/", ""), out)
        if err not in done.stderr:
            raise Wrong(f"{err!r} is not in\n{done.stderr}")

    test([good], 0, "ok     even.test.json: even numbers are halved\nok     even.test.json: null is not even\n2 cases, 0 failed\n")
    test([failing, good], 1,
         "failed failing.test.json: even numbers are halved\n"
         "    out: 1 row expected, 1 found; 1 missing (-), 1 unexpected (+)\n"
         '      - {"half":3}\n'
         '      + {"half":2}\n'
         "ok     failing.test.json: null is not even\n"
         "ok     even.test.json: even numbers are halved\nok     even.test.json: null is not even\n4 cases, 1 failed\n")
    test([good, wrong], 2, "", 'wrong.test.json:4:100: cases[0].expect.out[0].haf: there is no column "haf"; expected "half"; did you mean "half"?')
    test([a.root / "none.test.json"], 2, "", "none.test.json")
