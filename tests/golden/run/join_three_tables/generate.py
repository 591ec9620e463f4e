"""Rows of three tables in the order of their times; what comes out is looked up row by row from the definition."""
import random

from golden.oracle import MINUTE, SECOND, iso, lines

BEGIN = 1_704_103_200 * SECOND  # 2024-01-01 10:00


def table(rng, count, rows_of):
    """Each row has a time of its own: a table's step is a multiple of 7 s, and the remainder is the table's."""
    at, out = BEGIN, []
    for i in range(count):
        at += rng.randint(1, 6) * 7 * SECOND
        out.append({**rows_of(i), "at": at})
    return out


def version(rows, key, value, time):
    """The newest row of the key at that time."""
    return next((r for r in reversed(rows) if value is not None and r[key] == value and r["at"] <= time), {})


def make(folder):
    rng = random.Random(7)
    name = lambda: rng.choice(["ann", "bob", "cy", None])
    orders = table(rng, 120, lambda i: {"id": i, "customer": name(), "amount": rng.randint(1, 9)})
    payments = table(rng, 150, lambda i: {"order_id": rng.choice([None, *range(max(0, i - 9), min(119, i + 4))]), "method": rng.choice(["card", "cash"])})
    customers = table(rng, 60, lambda i: {"name": name(), "city": rng.choice(["Ulm", "Rom", None]), "number": i})
    for i, rows in enumerate((orders, payments, customers)):
        for r in rows:
            r["at"] += i * SECOND
    written = {"orders": orders, "payments": payments, "customers": customers}
    for file, rows in written.items():
        (folder / f"{file}.jsonl").write_text(lines({**r, "at": iso(r["at"])} for r in rows))

    paid = [(o, p) for o in orders for p in payments if p["order_id"] == o["id"] and 0 <= p["at"] - o["at"] <= 2 * MINUTE]
    sold = [{"id": o["id"], "amount": o["amount"], "method": p["method"], "city": version(customers, "name", o["customer"], p["at"]).get("city"),
             "paid": iso(p["at"])} for o, p in paid]
    # The second lookup goes by what the first one has found, and finds nothing for an order without it.
    found = []
    for o in orders:
        c = version(customers, "name", o["customer"], o["at"])
        q = version(payments, "method", {"Ulm": "card", "Rom": "cash"}.get(c.get("city")), o["at"])
        met = [p for p in payments if p["order_id"] == o["id"] and -MINUTE <= p["at"] - o["at"] <= MINUTE]
        found += [{"id": o["id"], "city": c.get("city"), "last": q.get("order_id"), "paid": iso(p["at"])} for p in met]
        found += [{"id": o["id"], "city": c.get("city"), "last": q.get("order_id"), "paid": None}] if not met else []
    counts = {}
    for side, (rows, key) in enumerate(((orders, "id"), (payments, "order_id"), (customers, "number"))):
        for i, r in enumerate(rows):
            k = r[key]
            counts.setdefault((r["at"] // (5 * MINUTE), k) if k is not None else (side, i, None), ([], [], []))[side].append(r)
    each = lambda rows: rows or [{}]
    windows = [{"id": k[-1], "amount": o.get("amount"), "method": p.get("method"), "city": c.get("city")}
               for k, (os, ps, cs) in counts.items() for o in each(os) for p in each(ps) for c in each(cs)]
    assert any(r["city"] is None for r in sold) and any(r["last"] is None and r["city"] for r in found) and any(r["paid"] is None for r in found)
    assert any(r["amount"] and r["method"] and r["city"] for r in windows)
    return {"sold_out.jsonl": lines(sold), "found_out.jsonl": lines(found), "windows_out.jsonl": lines(windows)}
