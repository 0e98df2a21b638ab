# Sourced by sim/run, tests/run and .ci/run: from a fresh Debian 12 to a built tree, and fast when there is nothing to do.
#
# Promises: nothing is installed that was not announced; SLOTSIM_NO_INSTALL=1 installs nothing; a build that is up to date
# costs milliseconds; the tree may lie under any path, and needs no .git. Everything printed here goes to stderr, because
# stdout belongs to slotsim.
#
# Exit codes: 2 the machine lacks something and it was not (or must not be) installed; 70 our own sources do not build.

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." >/dev/null && pwd -P)

# Debian package, and what it is for. The one list there is.
packages_to_run=(
  "g++                 compiles slotsim"
  "cmake               configures the build"
  "ninja-build         runs the build"
  "libboost-graph-dev  Boost.Graph: topology, paths, single points of failure"
  "nlohmann-json3-dev  reads scenarios, writes reports"
  "libfmt-dev          prints what a person reads"
  "libcli11-dev        parses the command line"
  "libxxhash-dev       XXH3 for the run digest"
  "libbenchmark-dev    slotsim bench"
)
# Nice to have: installed along with the others, but their absence alone stops nobody.
packages_recommended=(
  "graphviz            slotsim graph --format svg|png"
)
packages_to_test=(
  "libgtest-dev        GoogleTest"
  "libgmock-dev        GoogleTest's matchers"
  "librapidcheck-dev   property tests"
  "redis-server        real servers, run in virtual time"
  "tcl                 a test suite that slotsim exec runs"
)
packages_for_ci=(
  "clang               the second compiler"
  "libclang-rt-14-dev  its sanitizers"
)

say() { printf 'slotsim: %s\n' "$*" >&2; }
die() { local code=$1; shift; say "$@"; exit "$code"; }

# Prints those "package  purpose" lines whose package is not installed.
missing_of() {
  (($#)) || return 0
  local -A installed=()
  local name state line
  while read -r state name; do
    [[ $state == installed ]] && installed[$name]=1
  done < <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${@%% *}" 2>/dev/null)
  for line in "$@"; do
    [[ -n ${installed[${line%% *}]-} ]] || printf '%s\n' "$line"
  done
}

# ensure_packages "package  purpose"...   Installs what is missing, or explains how and exits 2.
ensure_packages() {
  if ! command -v dpkg-query >/dev/null; then
    local tool
    for tool in cmake ninja c++; do
      command -v "$tool" >/dev/null ||
        die 2 "$tool not found. This is not Debian, so please install the counterparts of: ${*%% *}"
    done
    return 0
  fi
  local missing=() wanted=() become=()
  mapfile -t missing < <(missing_of "$@")
  ((${#missing[@]})) || return 0
  mapfile -t wanted < <(missing_of "$@" "${packages_recommended[@]}")

  say "these Debian packages are missing:"
  printf '    %s\n' "${wanted[@]}" >&2
  local command=(apt-get install -y --no-install-recommends "${wanted[@]%% *}")
  [[ -z ${SLOTSIM_NO_INSTALL-} || $SLOTSIM_NO_INSTALL == 0 ]] ||
    die 2 "SLOTSIM_NO_INSTALL is set, so nothing was installed. As root: ${command[*]}"
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die 2 "neither root nor sudo, so nothing was installed. As root: ${command[*]}"
    become=(sudo)
  fi
  say "installing them (SLOTSIM_NO_INSTALL=1 forbids it)"
  local log
  log=$(mktemp)
  local apt=("${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
  # A stale package list is refreshed first; if that fails (no network, a local mirror) the install may still succeed.
  if ! { "${apt[@]}" update; "${apt[@]}" "${command[@]:1}"; } </dev/null >"$log" 2>&1; then
    tail -n 30 -- "$log" >&2
    rm -f -- "$log"
    die 2 "apt-get failed, see above. The command was: ${become[*]} ${command[*]}"
  fi
  rm -f -- "$log"
}

# What a build depends on, as text: every source with time and size, so that a deleted file shows as well as a new or an
# older one; where the tree lies; and when packages last changed. Equal text, equal build.
build_inputs() {
  printf '%s\n' "$root"
  (cd -- "$root" && LC_ALL=C find CMakeLists.txt CMakePresets.json sim viz scenarios/schema /var/lib/dpkg/status \
    -name node_modules -prune -o -type f -printf '%p %T@ %s\n' 2>/dev/null | LC_ALL=C sort)
}

# Shows ninja's progress as one line that rewrites itself, when somebody is watching.
show_progress() {
  if [[ -t 2 ]]; then
    local line
    while IFS= read -r line; do
      printf '%s\n' "$line"
      [[ $line == \[*/*\]* ]] && printf '\r\033[Kslotsim: building %.60s' "${line%%]*}]" >&2
    done
    printf '\r\033[K' >&2
  else
    cat
  fi
}

# The folder a preset builds in, as CMakePresets.json has it.
folder_of() { [[ $1 == release ]] && printf '%s/build' "$root" || printf '%s/build-%s' "$root" "$1"; }

# build PRESET TARGET TESTS   Configures if need be, then builds; quiet unless it fails.
# TESTS is ON, or OFF for a first configuration that needs no test packages; what was ON stays ON.
# Two builds of one preset in one tree take turns.
build() (
  set -o pipefail
  preset=$1 target=$2 tests=$3 folder=$(folder_of "$1")
  log=$folder/slotsim-build.log
  mkdir -p -- "$folder" && exec 9>"$folder/.slotsim-lock" || die 2 "cannot write to $folder"
  flock 9
  cd -- "$root" || exit 2
  # A tree that was moved or copied together with its build folder: CMake insists on starting afresh.
  if [[ -f $folder/CMakeCache.txt ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
    rm -rf -- "$folder/CMakeCache.txt" "$folder/CMakeFiles" "$folder/build.ninja"
  fi
  if [[ ! -f $folder/build.ninja ]] ||
    { [[ $tests == ON ]] && ! grep -qx 'SLOTSIM_TESTS:BOOL=ON' "$folder/CMakeCache.txt"; }; then
    say "building in ${folder##*/}/; the first time takes some minutes"
    if ! cmake --preset "$preset" "-DSLOTSIM_TESTS=$tests" >"$log" 2>&1; then
      cat -- "$log" >&2
      rm -f -- "$folder/build.ninja"
      die 70 "cmake could not configure the build, see above"
    fi
  fi
  if ! NINJA_STATUS='[%f/%t] ' cmake --build "$folder" --target "$target" --parallel "$(nproc)" 2>&1 |
    show_progress >"$log"; then
    grep -v '^\[[0-9]*/[0-9]*\] ' -- "$log" | head -n 100 >&2
    die 70 "the build failed, see above (all of it: ${log#"$root"/})"
  fi
)
