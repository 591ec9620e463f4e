#!/usr/bin/env bash
# Mock players, as Apache Bench sends them: three hosts ask for all that the game has, again and again until Ctrl-C.
#   pipelines/game/ab.sh [--loops N] [URL]        N times instead of for ever; URL: http://localhost:5000
# One loop: 225 requests, 75 of them swords and 105 guilds.
set -euo pipefail
loops=
if [ "${1:-}" = --loops ]; then
  loops=$2
  shift 2
fi
url=${1:-http://localhost:5000}

while [ "$loops" != 0 ]; do
  while read -r host default sword guild; do
    ab -n "$default" -H "Host: $host" "$url/"
    ab -n "$sword" -H "Host: $host" "$url/purchase_a_sword"
    ab -n "$guild" -H "Host: $host" "$url/join_the_guild"
  done <<END
user1.comcast.com 10 20 30
user2.att.com 15 25 35
user3.gogov.com 20 30 40
END
  [ -z "$loops" ] || loops=$((loops - 1))
done
