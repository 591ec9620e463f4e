"""Runs in the Python of tools/xgboost_peer, for tests/e2e/churn.py: what pandas makes of Sparkify's events.

    churn_pandas.py EVENTS   of a file of events, or a .gz of them: a line a listener, the 24 features and whether they have left
"""
import json
import sys

import pandas


def features(path):
    """Returns the features as the notebook of the original has them: tables grouped by listener, day and page, and pivoted."""
    events = pandas.read_json(path, lines=True, dtype={"userId": str}, convert_dates=False)
    events = events[events["userId"] != ""]
    events["day"] = pandas.to_datetime(events["ts"], unit="ms", utc=True).dt.tz_convert("Asia/Ho_Chi_Minh").dt.normalize()
    by_user, by_day, by_session = (events.groupby(["userId", *more]) for more in ([], ["day"], ["day", "sessionId"]))
    last = events.sort_values(["ts", "itemInSession"]).groupby("userId").tail(1).set_index("userId")
    took = by_session["ts"].max() - by_session["ts"].min()
    out = pandas.DataFrame({
        "gender": by_user["gender"].first(),
        "last_level": last["level"],
        "registered_days": (by_user["ts"].max() - by_user["registration"].first()) / 86_400_000,
        "avg_length": by_user["length"].mean(),
        "avg_daily_session": by_day["itemInSession"].max().groupby("userId").mean(),
        "avg_daily_sess_cnt": by_session["sessionId"].nunique().groupby("userId").mean(),
        "avg_daily_sess_dur": took.groupby(["userId", "day"]).mean().groupby("userId").mean() / 1000,
        "churned": by_user["page"].agg(lambda pages: bool((pages == "Cancellation Confirmation").any())),
    })
    pages = events.groupby(["userId", "day", "page"]).size().unstack("page").groupby("userId").mean()
    for page in ("NextSong", "Thumbs Up", "Thumbs Down", "Home", "Roll Advert", "Add to Playlist", "Add Friend", "Logout", "Help", "About", "Settings",
                 "Save Settings", "Upgrade", "Submit Upgrade", "Downgrade", "Submit Downgrade", "Error"):
        out["avg_daily_" + page.lower().replace(" ", "_")] = pages[page] if page in pages else None
    return out


for user, row in features(sys.argv[1]).iterrows():
    print(json.dumps({"userid": user, **{name: None if pandas.isna(value) else value for name, value in row.items()}}))
