"""Readings of files with local times are in a Parquet table by the hours of Berlin, over both changes of the clocks and a kill in the middle."""
import datetime
import decimal
import json
import random
import zoneinfo

from command_under_test import Command
from real_systems import check, difference
from recipes_under_test import Recipe, start

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
SENSORS = ("hall", "roof", "cellar")
READINGS = 4000  # of each sensor and night
RATE = 3000
NIGHTS = (datetime.datetime(2021, 3, 27, 22), datetime.datetime(2021, 10, 30, 22))


def run(r):
    page(r)
    killed(r)


def page(r):
    p = Recipe(r, "local_hours")
    p.shows("millrace test")
    p.run("millrace run")
    p.shows("millrace sql")
    p.finish()


def with_comma(number):
    """As a German spreadsheet writes it: 1.234,5"""
    return f"{number:,}".translate(str.maketrans(",.", ".,"))


def hour_of(shown):
    """When the hour begins that the clocks show then, in UTC; the later hour of two has no row of its own."""
    hour = shown.replace(minute=0, tzinfo=BERLIN, fold=0)
    return hour.astimezone(datetime.timezone.utc)


def killed(r):
    rng = random.Random(r.name)
    files = r.folder / "readings"
    files.mkdir()
    groups, lines = {}, 0
    for sensor in SENSORS:
        with (files / f"{sensor}.csv").open("w") as out:
            out.write("sensor;unit;time;value\n")
            for night in NIGHTS:
                # What the clocks show: moments of UTC, seen from Berlin.
                for minute in sorted(rng.randrange(6 * 60) for _ in range(READINGS)):
                    at = (night.replace(tzinfo=datetime.timezone.utc) + datetime.timedelta(minutes=minute)).astimezone(BERLIN).replace(tzinfo=None, fold=0)
                    value = decimal.Decimal(rng.randrange(-2_000_000, 2_000_000)).scaleb(-rng.randrange(4)) if rng.random() < 0.95 else None
                    out.write(f"{sensor};hPa;{at:%d.%m.%Y %H:%M};{'' if value is None else with_comma(value)}\n")
                    groups.setdefault((sensor, hour_of(at)), []).append(value)
                    lines += 1
    table = r.folder / "table"
    env = {"READINGS": f"{files}/*.csv", "TABLE": str(table)}
    slowly = ("--set", f"stages.files.rate={RATE}/s")
    life = start(r, "local_hours", options=slowly, **env)
    life.wait_until("some readings are in", lambda: life.ask_ledger()["readings"]["in"] > lines // 10)
    life.kill()
    life = start(r, "local_hours", options=slowly, **env)
    life.expect(0, "has ended")
    check(life.ledger()["readings"]["in"] == lines, f"of {lines} readings: {life.ledger()['readings']}")
    expected = []
    for (sensor, hour), all_values in groups.items():
        values = [v for v in all_values if v is not None]
        mean = highest = None
        if values:
            mean = (sum(values) / len(values)).quantize(decimal.Decimal("0.001"), decimal.ROUND_HALF_UP)
            highest = max(values).quantize(decimal.Decimal("0.001"))
        local = hour.astimezone(BERLIN)
        expected.append((sensor, f"{local:%Y-%m-%d}", f"{local:%H:%M}", f"{hour:%Y-%m-%dT%H:%M:%SZ}", len(values), mean, highest))
    said = Command(r.options, r.folder)("sql", "select * from t", "--table", f"t={table}", "--format", "json")
    rows = [json.loads(line, parse_float=decimal.Decimal, parse_int=decimal.Decimal) for line in said.splitlines()]
    wrong = difference(expected, [(w["sensor"], w["day"], w["hour"], w["hour_begins"], w["readings"], w["mean"], w["highest"]) for w in rows])
    check(not wrong, f"the table: {wrong}")
    twice = [w for w in rows if w["day"] == "2021-10-31" and w["hour"] == "02:00"]
    check(len(twice) == len(SENSORS) and all(w["hour_ends"] == "2021-10-31T02:00:00Z" for w in twice), f"the hour that comes twice: {twice}")
    check(not any(w["day"] == "2021-03-28" and w["hour"] == "02:00" for w in rows), "a row of the hour that the clocks skip")
    print(f"{lines} readings: {len(rows)} rows as the oracle's", flush=True)
