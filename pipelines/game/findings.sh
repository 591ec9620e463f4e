#!/usr/bin/env bash
# The report on the game's tables: which there are, their columns, how many rows, and who sent them.
#   TABLES=/tmp/game pipelines/game/findings.sh [MILLRACE]   MILLRACE: the binary, build/release/millrace
set -euo pipefail
cd "$(dirname "$0")/../.."
millrace=${1:-build/release/millrace}

ask() {
  echo "sql> $1;"
  "$millrace" sql --topology pipelines/game/topology.json "$1"
  echo
}

ask "show tables"
for table in sword_purchases join_guilds; do
  ask "describe $table"
done
for table in sword_purchases join_guilds; do
  ask "select count(*) from $table"
  ask "select host, count(*) from $table group by host order by host"
done
