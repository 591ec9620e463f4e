#!/usr/bin/env bash
# The views of the job as text, from the shipped clicks: what figures.txt holds, the same at each run.
#   pipelines/active_users/figures.sh [MILLRACE] > pipelines/active_users/figures.txt
set -euo pipefail
cd "$(dirname "$0")/../.."
millrace=${1:-build/release/millrace}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
job=(pipelines/active_users/topology.json --with pipelines/active_users/embedded.json)

title() { printf '\n== %s\n\n' "$1"; }

title "The raw clicks (sample/raw_clicks.jsonl.gz)"
gzip -dc pipelines/active_users/sample/raw_clicks.jsonl.gz | head -n 3 || true

title "The feed's stages (feed.json): columns behind each"
env -u CLICKS -u KAFKA_BROKERS "$millrace" check pipelines/active_users/feed.json

env -u CLICKS DATABASE="$work/active_users.sqlite" "$millrace" run "${job[@]}" --state "$work/state" --log-level error >"$work/screen" \
  --set 'stages.topic={"sink": "file", "from": "active", "path": "'"$work"'/active2.jsonl", "order_by": "click_number"}'

title "The screen: the first windows, most active users first"
head -n 24 "$work/screen"

title "What goes to the topic active2: key and value, least active users first"
head -n 5 "$work/active2.jsonl" | sed -E 's/.*"userid":"([^"]*)".*/\1\t&/'

title "The table: the most active users"
sqlite3 -header -column "$work/active_users.sqlite" \
  "select userid, sum(click_number) as clicks, count(*) as windows from active_users group by userid order by clicks desc, userid limit 5"
