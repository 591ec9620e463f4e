"""Cases of docs/grafana/alerts.yml for `promtool test rules`: series under which each alert goes off and ends again, in virtual time.
Values come a minute apart. The signs are promtool's: "0+1x60" grows, "1x10" stays, "stale" is what Prometheus notes once a process no longer has the series."""
import json

AT = 'instance="a:1",job="millrace"'
# Alerts that series never set off: a lookup table that nobody changes is idle, so that its watermark has no series; rows every 15 minutes.
QUIET = [("MillraceWatermarkStands", {'millrace_watermark_seconds{topology="t",lane="orders/lane0"}': "100+60x60",
                                      'millrace_watermark_seconds{topology="t",lane="rates/lane0"}': "50x2 stale",
                                      'millrace_records_total{topology="t",lane="orders/lane0"}': "0+10x60",
                                      'millrace_records_total{topology="t",lane="rates/lane0"}': "9x60"}),
         ("MillraceNoRows", {'millrace_sink_rows_total{topology="t",sink="s"}': " ".join(f"{5 * n}x14" for n in range(4)),
                             'millrace_records_total{topology="t",lane="p/lane0"}': "0+10x60"})]
# alert: [(series, when it goes off, when it is quiet again)], in minutes
CASES = {
    "MillraceTopologyFailed": [({'millrace_topology_state{topology="t",state="failed"}': "0x5 1x10 0x10"}, 8, 20),
                               ({'millrace_topology_state{topology="t",state="failed"}': "0x5 1x10 stale"}, 8, 20)],
    "MillraceNodeSilent": [({'millrace_node_state{node="c",state="silent"}': "0x5 1x10 0x10"}, 10, 20)],
    "MillraceNodeFlaps": [({'millrace_node_state{node="c",state="flapping"}': "0x5 1x10 0x10"}, 10, 20)],
    "MillraceNoCoordinator": [({'millrace_coordinator_heard{node="c"}': "1x5 0x10 1x10"}, 10, 20)],
    "MillraceLagGrows": [({'millrace_lag_records{topology="t",lane="p/lane0"}': "0+1000x60 0x40"}, 45, 80)],
    "MillraceBytesGrow": [({'millrace_pending_bytes{topology="t",source="lines"}': "0+10000000x60 0x40"}, 45, 80)],
    "MillraceWatermarkStands": [({'millrace_watermark_seconds{topology="t",lane="p/lane0"}': "100x40 101+1x40",
                                  'millrace_records_total{topology="t",lane="p/lane0"}': "0+10x80"}, 30, 60),
                                # It went to another node: what it said last here holds for nobody.
                                ({'millrace_watermark_seconds{topology="t",lane="p/lane0"}': "100x20 stale",
                                  'millrace_records_total{topology="t",lane="p/lane0"}': "0+10x80"}, 18, 22)],
    "MillraceNoRows": [({'millrace_sink_rows_total{topology="t",sink="s"}': "0+10x30 300x40 310+10x30",
                         'millrace_sink_rows_total{topology="t",sink="dead_letters"}': "0+10x100",
                         'millrace_records_total{topology="t",lane="p/lane0"}': "0+10x100"}, 56, 78),
                       # Without records there is nothing to write.
                       ({'millrace_sink_rows_total{topology="t",sink="s"}': "0+10x30 300x70",
                         'millrace_records_total{topology="t",lane="p/lane0"}': "0+10x50 500x50"}, 58, 70)],
    "MillraceSinkAway": [({'millrace_sink_away{topology="t",sink="s"}': "0x5 1x10 0x10"}, 10, 20),
                         ({'millrace_sink_away{topology="t",sink="s"}': "0x5 1x10 stale"}, 10, 20)],
    "MillraceSinkSlow": [({'millrace_sink_slow{topology="t",sink="s"}': "0x5 1x10 0x10"}, 8, 20),
                         ({'millrace_sink_slow{topology="t",sink="s"}': "0x5 1x10 stale"}, 8, 20)],
    "MillraceSinkStalled": [({'millrace_sink_stalled{topology="t",sink="s"}': "0x5 1x10 0x10"}, 8, 20),
                            ({'millrace_sink_stalled{topology="t",sink="s"}': "0x5 1x10 stale"}, 8, 20)],
    "MillraceSourceAway": [({'millrace_source_away{topology="t",lane="p/lane0"}': "0x5 1x10 0x10"}, 10, 20),
                           ({'millrace_source_away{topology="t",lane="p/lane0"}': "0x5 1x10 stale"}, 10, 20)],
    "MillraceDeadLetters": [({'millrace_dead_letters_total{topology="t",stage="p"}': "0x5 1x30"}, 8, 25)],
    "MillraceLate": [({'millrace_trouble{topology="t",stage="w",code="late"}': "0x5 1x10 stale"}, 10, 20)],
    "MillraceSnapshotsFail": [({'millrace_snapshot_failures_total{topology="t",shard="w/0"}': "0x5 3x30"}, 8, 25)],
    "MillraceOutputKept": [({'millrace_spilled_bytes{topology="t",shard="w/0"}': "2000000000x20 0x10"}, 15, 25)],
    "MillraceStalled": [({'millrace_stalled{topology="t",shard="w/0"}': "0x5 1x10 0x10"}, 13, 20),
                        ({'millrace_stalled{topology="t",shard="w/0"}': "0x5 1x10 stale"}, 13, 20)],
    "MillraceLedgerUnequal": [({f'millrace_stage_{what}_total{{topology="t",stage="p"}}': values for what, values in (
        ("in", "10x30"), ("out", "9x20 10x10"), ("filtered", "0x30"), ("late", "0x30"), ("dead", "0x30"))}, 15, 28)],
    "MillraceRestarts": [({'millrace_restarts_total{topology="t",stage="p",actor="p/lane0"}': "0x5 4x30"}, 8, 25)],
}


def text(rules):
    """`rules`: the path of alerts.yml. JSON is YAML."""
    def firing(alert, at, times):
        expr = f'count by (alertname) (ALERTS{{alertname="{alert}",alertstate="firing"}})'
        found = [{"labels": f'{{alertname="{alert}"}}', "value": times}] if times else []
        return {"expr": expr, "eval_time": f"{at}m", "exp_samples": found}

    cases = [(alert, series, [(on, 1), (off, 0)]) for alert, of_alert in CASES.items() for series, on, off in of_alert]
    cases += [(alert, series, [(at, 0) for at in range(60)]) for alert, series in QUIET]
    tests = [{"name": alert, "interval": "1m",
              "input_series": [{"series": s.replace("{", "{" + AT + ","), "values": v} for s, v in series.items()],
              "promql_expr_test": [firing(alert, at, times) for at, times in moments]} for alert, series, moments in cases]
    return json.dumps({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": tests})
