#!/bin/sh
# Run the benchmarks; each writes its section of benchmarks/RESULTS.md. Any that misses its aim fails the whole.
#
#   scripts/bench.sh [NAME [OPTIONS]]      all of them without arguments
#
# NAME: import_time, heartbeat, streaming, catalogue, packages, review or review_steps.
#
# In development: scripts/bench.sh streaming --rows plate96 slide --repeats 1
set -eu
. "$(dirname -- "$0")/common.sh"
cd "$root"

# Run the benchmark named $1, with its options.
bench() {
    name=$1
    shift
    case $name in
    import_time | packages) .venv/bin/python "benchmarks/$name.py" "$@" ;;
    heartbeat | streaming | catalogue | review | review_steps) on_virtual_display env QT_API=pyqt6 .venv/bin/python "benchmarks/$name.py" "$@" ;;
    *) fail "scripts/bench.sh takes import_time, heartbeat, streaming, catalogue, packages, review or review_steps, not $name" ;;
    esac
}

case "${1:-streaming}" in
streaming) sh scripts/peer.sh ;;
esac
if [ $# -gt 0 ]; then
    bench "$@"
    exit
fi
missed=''
for name in import_time heartbeat streaming catalogue packages review review_steps; do
    bench "$name" || missed="$missed $name"
done
say "the results are in benchmarks/RESULTS.md"
[ -z "$missed" ] || fail "these benchmarks missed their aim:$missed"
