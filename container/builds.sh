# builds.sh - the two ways in which the scripts compile everything
#
# To be sourced. Each function sets a folder up, unless it is set up already.
# shellcheck shell=sh

# set_up_release BUILD SOURCE: as people run it
set_up_release() { [ -e "$1/build.ninja" ] || meson setup "$1" "$2" -Doptimization=2 -Ddebug=false -Dunity=on; }

# set_up_sanitized BUILD SOURCE SANITIZER[,SANITIZER]: as the tests want it
set_up_sanitized() { [ -e "$1/build.ninja" ] || meson setup "$1" "$2" -Dwerror=true -Db_sanitize="$3" -Db_lundef=false; }
