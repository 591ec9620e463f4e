"""Statements over Trino's HTTP interface: standard library only."""
import json
import urllib.request

USER = "millrace"


class Refused(Exception):
    """Trino's error for a statement that fails."""


def ask(url, sql, catalog="hive", schema="default", seconds=240):
    """(names of the columns, rows) of one statement without its semicolon."""
    request = urllib.request.Request(f"{url}/v1/statement", sql.encode(),
                                     {"X-Trino-User": USER, "X-Trino-Catalog": catalog, "X-Trino-Schema": schema})
    names, rows = [], []
    while True:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            said = json.load(answer)
        if "error" in said:
            raise Refused(f"{said['error'].get('errorName')}: {said['error'].get('message')}")
        names = [column["name"] for column in said.get("columns", [])] or names
        rows += said.get("data", [])
        if "nextUri" not in said:
            return names, rows
        request = urllib.request.Request(said["nextUri"], headers={"X-Trino-User": USER})
