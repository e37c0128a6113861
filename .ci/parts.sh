# Sourced by .ci/run and .ci/wheel: parts of a run, how long each took, and a table of all at the end.
#
# PARTS is the file that gathers them, for scripts that are called, too.
parts_are_mine=
if [ -z "${PARTS:-}" ]; then
    PARTS=$(mktemp)
    export PARTS
    parts_are_mine=yes
fi
part_name=

# part NAME: ends the part before, and begins one
part() {
    end_part
    part_name=$1 part_began=$EPOCHSECONDS
    printf '\n== %s\n' "$1"
}

end_part() {
    [ -z "$part_name" ] || took "$part_name" "$part_began"
    part_name=
}

# took NAME BEGAN
took() {
    local seconds=$((EPOCHSECONDS - $2))
    printf -- '-- %s: %s s\n' "$1" "$seconds"
    printf '%6s s  %s\n' "$seconds" "$1" >> "$PARTS"
}

# beside NAME COMMAND...: begins a part that runs beside others, each of which has work for one processor
beside_jobs=() beside_logs=()
beside() {
    local name=$1 log
    shift
    log=$(mktemp)
    printf '\n== %s (beside others)\n' "$name"
    # a list after || would take its -e from the command
    (
        set -euo pipefail
        began=$EPOCHSECONDS
        "$@"
        took "$name (beside others)" "$began"
    ) > "$log" 2>&1 &
    beside_jobs+=($!) beside_logs+=("$log")
}

# together: waits for what runs beside, shows what it said, and fails if any of it did
together() {
    local failed=0 k
    for k in "${!beside_jobs[@]}"; do
        wait "${beside_jobs[k]}" || failed=1
        cat "${beside_logs[k]}"
        rm "${beside_logs[k]}"
    done
    beside_jobs=() beside_logs=()
    return "$failed"
}

# done_with_parts: the table, by who began it
done_with_parts() {
    end_part
    [ -n "$parts_are_mine" ] || return 0
    printf '\n== all parts\n'
    cat "$PARTS"
    printf '%6s s  in all\n' "$SECONDS"
    rm "$PARTS"
}
