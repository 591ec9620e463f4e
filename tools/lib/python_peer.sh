# Python packages of others with which tests compare, in an environment of their own: what tools/*_peer share.
#
#   python_peer NAME VERSION SIZE REQUIREMENTS [--where]
# Prints the Python of the environment ${XDG_CACHE_HOME:-~/.cache}/millrace/NAME-VERSION, which it makes where it is not there: pinned
# versions with their checksums, from the package index that pip is configured with (a download of SIZE, once). With --where it
# fetches nothing. Exit status: 0 done, 3 something that must be installed is missing; the message says what, and begins with
# SKIPPED where tests count it.
python_peer() {
  local name=$1 version=$2 size=$3 requirements=$4 where=${5:-} tool=tools/${1}_peer
  local folder=${XDG_CACHE_HOME:-$HOME/.cache}/millrace/$name-$version
  lacking() { echo "$tool: SKIPPED: $1" >&2; exit 3; }
  if [ -f "$folder/whole" ]; then
    echo "$folder/bin/python3"
    return
  fi
  [ "$where" != --where ] || lacking "Python's packages of $name-$version are not there; remedy: $tool (a download of $size)"

  local python= candidate
  for candidate in python3.11 python3; do  # the wheels are for 3.11
    if command -v "$candidate" >/dev/null && [ "$("$candidate" -c 'import sys; print(*sys.version_info[:2])')" = "3 11" ]; then
      python=$candidate
      break
    fi
  done
  [ -n "$python" ] || lacking "Python 3.11 is missing, for which the pinned packages are"

  mkdir -p "$(dirname "$folder")"
  exec 9>"$folder.lock"
  flock 9
  if [ ! -f "$folder/whole" ]; then
    echo "$tool: fetching the packages of $name-$version ($size) into $folder" >&2
    rm -rf "$folder"  # a call that was cut off
    "$python" -m venv "$folder" || lacking "Python makes no environment; remedy: apt-get install python3-venv"
    if ! "$folder/bin/pip" install -q --disable-pip-version-check --no-deps --require-hashes -r /dev/stdin <<<"$requirements" >&2; then
      rm -rf "$folder"
      lacking "pip cannot install the packages of $name-$version; remedy: a Python package index that pip reaches (pip config list)"
    fi
    touch "$folder/whole"
  fi
  echo "$folder/bin/python3"
}
