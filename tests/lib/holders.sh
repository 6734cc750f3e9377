# shellcheck shell=sh
# Sourced after tap.sh: the fixture "holders" (of either word), which says what
# it has of each NAME, and what `near` answers.
#
#   class NAME, count NAME, address NAME    as the fixture says
#   near NAME                               asks, after a snapshot
#   rows FILTER                             of the last answer, as compact JSON
class() {
	awk -v name="$1" '$1 == name { print $2 }' "$T/manifest"
}
count() {
	awk -v name="$1" '$1 == name { print $3 }' "$T/manifest"
}
address() {
	awk -v name="$1" '$1 == name { print $4 }' "$T/manifest"
}
near() {
	hs --json -p "$PID" -e snapshot -e "near $(class "$1")"
}
rows() {
	tail -n 1 "$T/out" | jq -c ".rows[] | $1"
}
