#!/bin/sh
# check_units - do the units say what systemd understands, and little that they may do?
#
# usage: check_units FOLDER... (as built; and of the sockets and timers)
command -v systemd-analyze >/dev/null || exit 77
bad=0
for folder; do
    for unit in "$folder"/*.service "$folder"/*.socket "$folder"/*.timer; do
        [ -e "$unit" ] || continue
        # Of what it finds, the programs that are not installed here are no fault.
        said=$(SYSTEMD_UNIT_PATH=$1:$2: systemd-analyze verify --man=no "$unit" 2>&1 |
            grep -F "$(basename "$unit")" | grep -v 'is not executable')
        [ -z "$said" ] || { echo "$said"; bad=1; }
    done
    for unit in "$folder"/*.service; do
        [ -e "$unit" ] || continue
        systemd-analyze security --offline=true --threshold=14 --no-pager "$unit" | tail -1
        systemd-analyze security --offline=true --threshold=14 --no-pager "$unit" >/dev/null || bad=1
    done
done
exit $bad
