"""The rows that a generated topology must give: every record by hand, in the order of its partition."""
from golden.oracle import iso, unions, windows_of


class Window:
    """kind, size, slide, lateness, offset of the topology, in microseconds (size of a session: its gap; of global: its state_ttl, or none);
    clock: the zone's, or none."""

    def __init__(self, kind, size=None, slide=None, lateness=0):
        self.kind, self.size, self.slide, self.lateness, self.offset, self.clock = kind, size, slide or size, lateness, 0, None

    def windows_at(self, time):
        """(start, end) of those that hold it."""
        if self.clock is not None:
            return self.clock.windows(time, self.size, self.slide, self.offset)
        return [(s + self.offset, s + self.offset + self.size) for s in windows_of(time - self.offset, self.size, self.slide)]

    def open_at(self, time, watermark):
        """The windows that take the row: (start, end), or [None] for what has no grid; empty: it is late."""
        if self.kind == "global" and self.size is None:
            return [None]
        if self.kind in ("session", "global"):
            return [None] if watermark is None or time + self.size + self.lateness > watermark else []
        return [w for w in self.windows_at(time) if watermark is None or w[1] + self.lateness > watermark]

    def fold(self, partitions, delay, key):
        """partitions: lists of (time, row or None where a filter took it). {(start, end, *key): [(time, row)]}, late rows."""
        taken, late = {}, []
        for partition in partitions:
            watermark = None
            for time, row in partition:
                if row is not None:
                    windows = self.open_at(time, watermark)
                    over = time if watermark is None else max(time, watermark - self.lateness)
                    for window in windows:
                        taken.setdefault((window, *(row[k] for k in key)), []).append((over, time, row))
                    if not windows:
                        late.append(row)
                watermark = time - delay if watermark is None else max(watermark, time - delay)
        groups = {}
        for (window, *of), rows in taken.items():
            in_order = sorted((r[1:] for r in rows), key=lambda r: r[0])
            if self.size is None:
                groups[None, None, *of] = in_order
            elif window is not None:
                groups[*window, *of] = in_order
            else:
                for session in unions(rows, self.size):
                    groups[session[0][1], session[-1][1] + self.size, *of] = [r[1:] for r in session]
        return groups, late

    def bounds(self, start, end):
        shown = self.kind != "global"
        return {"window_start": iso(start) if shown else None, "window_end": iso(end) if shown else None}


def aggregate(function, pairs):
    """pairs: (argument's value, whether the filter takes the row), by event time."""
    values = [v for v, taken in pairs if taken]
    if function == "count(*)":
        return len(values)
    values = [v for v in values if v is not None]
    if function == "count":
        return len(values)
    if function == "count distinct":
        return len(set(values))
    if not values:
        return None
    if function == "avg":
        return sum(values) / len(values)
    if function in ("min", "max") and isinstance(values[0], str):
        return {"min": min, "max": max}[function](values, key=lambda v: v.encode())
    return {"sum": sum, "min": min, "max": max, "first": lambda v: v[0], "last": lambda v: v[-1]}[function](values)
