# Sourced by tools/quickstart, tools/test, tools/deb and others: installs what tools/packages lists and this machine lacks.
# Usage: install_packages build [test]; fetch_arrow; fetch_page_libraries; install_for_tests

install_packages() {
  local root missing=() name groups=" $* "
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
  while read -r group name; do
    [[ "$groups" == *" $group "* ]] || continue
    dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done < <(grep -vE '^(#|$)' "$root/tools/packages")
  [ ${#missing[@]} -eq 0 ] && return 0
  echo "installing: ${missing[*]}" >&2
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "these packages are missing, and neither root nor sudo is there: ${missing[*]}" >&2
      echo "remedy: as root, apt-get install ${missing[*]}" >&2
      return 1
    }
    as_root=(sudo)
  fi
  # A service that a package would start (mariadb, postgresql) is not wanted: the tests start their own.
  "${as_root[@]}" apt-get update -qq >&2 &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
      apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# Arrow is no package of Debian. Where it cannot be had, the build goes on without the parquet sink.
fetch_arrow() {
  local root
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
  "$root/tools/arrow" >/dev/null || echo "building WITHOUT the parquet sink" >&2
}

# uPlot and dagre are no packages of Debian either. Where they cannot be had, the page has simpler plots.
fetch_page_libraries() {
  local root
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
  "$root/tools/page_libraries" >/dev/null || echo "building WITHOUT the page's plots" >&2
}

# All that the gate and the proof need.
install_for_tests() {
  local root
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
  install_packages build test
  fetch_arrow
  fetch_page_libraries
  "$root/tools/duckdb" >/dev/null || echo "no DuckDB here: its tests are skipped" >&2
}
