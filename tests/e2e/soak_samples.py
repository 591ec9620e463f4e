"""Samples of what a process takes, and whether it grows: for tests/e2e/soak.py and cluster_soak.py.

A measure grows when its slope over the second half of the run (Theil-Sen: the median of the slopes of all pairs, which a few
odd samples do not move), times the length of that half, is more than the measure's allowance: so much, plus a share of its
median. CPU and wake-ups are also compared between an early and the last quarter, as a leak of timers ends at a whole core.
"""
import contextlib
import dataclasses
import pathlib
import random
import statistics


@dataclasses.dataclass(frozen=True)
class Measure:
    name: str
    unit: str
    allowed: float         # growth over half of the run
    share: float           # share of the median, on top
    is_rate: bool = False  # sampled as a total, judged as a rate


MEASURES = [Measure("cpu", "cores", 0.1, 0.5, True), Measure("wake-ups", "/s", 500, 1, True),
            Measure("memory", "MB", 8, 0.05), Measure("handles", "", 3, 0.05), Measure("threads", "", 2, 0),
            Measure("state files", "", 10, 0.1), Measure("state", "MB", 3, 0.5)]


def sizes_in(folder):
    """The sizes of its files, some of which may go meanwhile."""
    sizes = []
    with contextlib.suppress(OSError):  # a folder that has just gone
        for file in folder.rglob("*"):
            with contextlib.suppress(OSError):
                if file.is_file():
                    sizes.append(file.stat().st_size)
    return sizes


class Watched:
    """The samples of one process and of its state folder."""

    def __init__(self, pid, state):
        self.proc, self.state, self.samples = pathlib.Path(f"/proc/{pid}"), pathlib.Path(state), []

    def sample(self, now):
        """False when the process is gone."""
        try:
            fields = (self.proc / "stat").read_text().rpartition(")")[2].split()
            tasks = list((self.proc / "task").iterdir())
            switches = 0
            for task in tasks:
                with contextlib.suppress(OSError):  # a thread that has just ended
                    switches += sum(int(line.split()[1]) for line in (task / "status").read_text().splitlines()
                                    if line.startswith("voluntary_ctxt_switches"))
            handles = len(list((self.proc / "fd").iterdir()))
            _, resident, shared, *_ = map(int, (self.proc / "statm").read_text().split())
        except OSError:
            return False
        sizes = sizes_in(self.state)
        self.samples.append({"time": now, "cpu": (int(fields[11]) + int(fields[12])) / 100, "wake-ups": switches,
                             "memory": int(fields[21]) * 4096 / 1e6,
                             "anonymous memory": (resident - shared) * 4096 / 1e6, "handles": handles, "threads": len(tasks),
                             "state files": len(sizes), "state": sum(sizes) / 1e6})
        return True

    def series(self, measure):
        times, values = [s["time"] for s in self.samples], [s[measure.name] for s in self.samples]
        if not measure.is_rate:
            return times, values
        rates = [(b - a) / (u - t) for a, b, t, u in zip(values, values[1:], times, times[1:])]
        return times[1:], rates


def slope(times, values):
    step = max(1, len(times) // 200)  # 20,000 pairs are enough
    points = list(zip(times, values))[::step]
    pairs = [(v - u) / (t - s) for i, (s, u) in enumerate(points) for t, v in points[i + 1:]]
    return statistics.median(pairs) if pairs else 0.0


@dataclasses.dataclass(frozen=True)
class Judged:
    measure: Measure
    median: float
    per_hour: float
    growth: float
    limit: float

    def grows(self):
        return self.growth > self.limit


def judge(measure, times, values, warm=None):
    """`warm`: the first sample that counts; the one in the middle if it is not given."""
    half, quarter = len(times) // 2 if warm is None else warm, len(times) // 4
    late_times, late = times[half:], values[half:]
    median, steep = statistics.median(late), slope(late_times, late)
    growth = steep * (late_times[-1] - late_times[0])
    if measure.is_rate:
        growth = max(growth, statistics.median(values[-quarter:]) - statistics.median(values[quarter // 3:quarter]))
    usual = min(median, statistics.median(values[quarter // 3:half]))
    return Judged(measure, median, steep * 3600, growth, measure.allowed + measure.share * usual)


def prove_judge(seconds):
    """The judge finds each planted leak in noise, and none where there is none."""
    rng, times = random.Random(1), list(range(int(seconds)))
    flat = {"cpu": 0.08, "wake-ups": 400, "memory": 60, "handles": 40, "threads": 14, "state files": 40, "state": 2}
    for m in MEASURES:
        level = flat[m.name]

        def noisy(t, leak):
            odd = level * 3 if rng.random() < 0.03 else 0  # a sample that a busy machine has spoilt
            return level * rng.uniform(0.9, 1.1) + odd + leak * t

        half = seconds / 2
        leak = 2.5 * (m.allowed + m.share * level) / half
        if judge(m, times, [noisy(t, 0) for t in times]).grows():
            return f"{m.name}: a flat series is taken for one that grows"
        if not judge(m, times, [noisy(t, leak) for t in times]).grows():
            return f"{m.name}: a growth of {leak * half:.2f} {m.unit} over half of the run is not found"
    return ""
