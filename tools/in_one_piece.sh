#!/usr/bin/env bash
# in_one_piece.sh NAME COMMAND…: runs a command, and prints at its end all that it has said, so that nothing of what runs beside it comes in between.
name=$1
shift
output=$(mktemp)
trap 'rm -f "$output"' EXIT
begun=$SECONDS
"$@" >"$output" 2>&1
status=$?
echo "== $name ($((SECONDS - begun)) s): $([ "$status" = 0 ] && echo passed || echo failed)"
cat "$output"
exit "$status"
