#!/bin/sh
# Run every benchmark; each writes its section of benchmarks/RESULTS.md. Any that misses its aim fails the whole.
set -eu
. "$(dirname -- "$0")/common.sh"
cd "$root"

python=.venv/bin/python
missed=''
"$python" benchmarks/import_time.py || missed="$missed import_time"
on_virtual_display env QT_API=pyqt6 "$python" benchmarks/heartbeat.py || missed="$missed heartbeat"
say "the results are in benchmarks/RESULTS.md"
[ -z "$missed" ] || fail "these benchmarks missed their aim:$missed"
