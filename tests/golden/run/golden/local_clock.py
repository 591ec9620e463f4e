"""The clocks of a zone as Python's zoneinfo has them, and the windows that go by them, one by one."""
import datetime
import functools
import zoneinfo

from golden.oracle import EPOCH, SECOND

HOUR = 3600 * SECOND
DAY = 24 * HOUR


class LocalClock:
    """Knows the stretches of one distance from UTC between two times, and some days around."""

    def __init__(self, zone, since, until):
        self.zone = zoneinfo.ZoneInfo(zone)
        since, until = since - 40 * DAY, until + 40 * DAY
        self.stretches = [[since, until, self.offset(since)]]  # begin, end, offset
        for at in range(since, until, 3 * HOUR):
            if self.offset(at + 3 * HOUR) == self.stretches[-1][2]:
                continue
            before, behind = at // SECOND, at // SECOND + 3 * 3600
            while behind - before > 1:
                middle = (before + behind) // 2
                if self.offset(middle * SECOND) == self.stretches[-1][2]:
                    before = middle
                else:
                    behind = middle
            self.stretches[-1][1] = behind * SECOND
            self.stretches.append([behind * SECOND, until, self.offset(behind * SECOND)])

    def offset(self, instant):
        at = (EPOCH + datetime.timedelta(microseconds=instant)).replace(tzinfo=datetime.timezone.utc)
        return at.astimezone(self.zone).utcoffset() // datetime.timedelta(microseconds=1)

    @functools.cache
    def first(self, wall):
        """The first instant at which the clock shows this time or a later one."""
        return next(max(begin, wall - offset) for begin, end, offset in self.stretches if wall - offset < end)

    def windows(self, time, size, slide, anchor):
        """(start, end) of those that hold the time; of windows with one end the longest. Those below an hour count from a day's beginning."""
        if size < HOUR:
            return self.short_windows(time, size, slide, anchor)
        label = anchor + (time - size - 2 * DAY - anchor) // slide * slide
        found = {}
        while label <= time + 2 * DAY:
            start, end = self.first(label), self.first(label + size)
            if start < end:
                found[end] = min(start, found.get(end, start))
            label += slide
        return sorted((start, end) for end, start in found.items() if start <= time < end)

    def short_windows(self, time, size, slide, anchor):
        midnight = anchor + (time - 3 * DAY - anchor) // DAY * DAY
        days = [self.first(midnight + n * DAY) for n in range(7)]
        near = []
        for begin, end in zip(days, days[1:]):
            passed = max(0, (time - 3 * size - begin) // slide)
            near += range(begin + passed * slide, min(end, time + 3 * size), slide)
        starts = [(max((b for b in near if b < end - (size - slide)), default=end), end) for end in near]
        return [(start, end) for start, end in starts if start <= time < end]
