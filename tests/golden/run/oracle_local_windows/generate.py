"""Windows by the clocks of zones over their changes, out of order: every sink against zoneinfo"""
import random

from golden.drawn import Readings
from golden.local_clock import DAY, HOUR, LocalClock
from golden.oracle import MINUTE, fold, groups, lines, micros, windows_of

# sink: zone, size, slide, anchor, allowed lateness, columns of the key
WINDOWS = {
    "apia": ("Pacific/Apia", DAY, DAY, 0, 0, ["u"]),  # it had no 30th of December 2011
    "sao_paulo": ("America/Sao_Paulo", DAY, DAY, 0, 2 * HOUR, ["u"]),  # a day began at one o'clock there
    "lord_howe": ("Australia/Lord_Howe", HOUR, HOUR, 0, 0, []),  # its clocks change by half an hour
    "kathmandu": ("Asia/Kathmandu", 7 * DAY, DAY, 6 * HOUR, 0, ["u"]),
    "new_york": ("America/New_York", 7 * DAY, 7 * DAY, 4 * DAY + 6 * DAY, 0, []),  # weeks from Sunday
    "berlin": ("Europe/Berlin", 3 * HOUR, HOUR // 2, 10 * MINUTE, HOUR, []),
    "saigon": ("Asia/Ho_Chi_Minh", 2 * DAY, DAY, 0, 0, ["u"]),
    "plain": (None, DAY, DAY // 2, 5 * HOUR, 0, []),
}
# Days around which records are drawn: changes of clocks in one of these zones, in order.
AROUND = ["1911-03-12", "1919-10-05", "1942-02-09", "1945-05-25", "1986-01-01", "2011-12-30", "2018-02-18", "2018-11-04", "2021-03-14",
          "2021-03-28", "2021-04-04", "2021-10-03", "2021-10-31", "2021-11-07", "2038-03-28", "2099-03-29", "2099-10-25"]


def make(folder):
    rng = random.Random(17)
    drawn = Readings(rng)
    rows = []
    for day in AROUND:
        time = micros(day + "T00:00:00Z") - 2 * DAY
        while time < micros(day + "T00:00:00Z") + 2 * DAY:
            time += rng.randrange(2 * HOUR)
            at = time - rng.choice([0, 0, 0, rng.randrange(30 * HOUR)])
            rows.append((at, drawn.record(at, None)))
    for _, row in rows:
        row["u"] = row["u"] and row["u"][:2]
    (folder / "input.jsonl").write_text(lines(r for _, r in rows))
    since, until = rows[0][0] - 40 * DAY, rows[-1][0] + 40 * DAY
    expected = {}
    for name, (zone, size, slide, anchor, lateness, key) in WINDOWS.items():
        if zone:
            clock = LocalClock(zone, since, until)
            windows_at = lambda time: clock.windows(time, size, slide, anchor)
        else:
            windows_at = lambda time: [(s + anchor, s + size + anchor) for s in windows_of(time - anchor, size, slide)]
        windows, _ = fold([rows], size, slide, delay=HOUR, lateness=lateness, windows_at=windows_at)
        counted = groups(windows, key, lambda of: {"n": len(of), "s": sum(r["i"] or 0 for r in of)})
        expected[name + ".jsonl"] = lines(counted)
    return expected
