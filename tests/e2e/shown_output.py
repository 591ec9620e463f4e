"""The comparison of a command's output with what a page shows of it: pages.py says which parts of an output a page may leave out."""
import re

LOG = re.compile(r"TIME (?:trace|debug|info|warning|error) ")
PROGRESS = re.compile(r"TIME info \S+: [\d.]+ records/s, ")
WAIT = re.compile(r"millrace(?: \S+)?: waiting for ")  # told by a command that has waited for some time


def pattern_of(line):
    return re.escape(line).replace(r"\ \.\.\.", ".*")


def difference(expected, found):
    """In words, or nothing where they are equal."""
    if not any(map(WAIT.match, expected)):
        found = [line for line in found if not WAIT.match(line)]
    pairs = list(zip(["", *expected], expected))
    is_open = "..." in expected and not any(map(LOG.match, expected)) or any(line == "..." and (LOG.match(before) or LOG.match(after))
                  for (before, line), after in zip(pairs, [*expected[1:], ""]))
    expected = [line for before, line in pairs if line != "..." or not LOG.match(before)]
    logged = [line for line in found if LOG.match(line) and not PROGRESS.match(line)]
    for line in filter(LOG.match, expected):
        match = next((other for other in logged if re.fullmatch(pattern_of(line), other)), None)
        if match is None:
            return f"the log has no line\n    {line}\nbut\n" + "".join(f"    {other}\n" for other in logged)
        logged.remove(match)
    if logged and not is_open:
        return f"the page does not have\n    {logged[0]}"
    shown = [line for line in expected if not LOG.match(line)]
    printed = "".join(line + "\n" for line in found if not LOG.match(line))
    pattern = "".join(r"(?:.*\n)*" if line == "..." else pattern_of(line) + r"\n" for line in shown)
    if re.fullmatch(pattern, printed) or re.fullmatch(pattern, printed.rstrip("\n") + "\n"):
        return ""
    return "the page has\n" + "".join(f"    {line}\n" for line in shown) + "and the command printed\n" + "".join(f"    {line}\n" for line in printed.splitlines())
