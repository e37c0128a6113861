# Sourced by .ci/sanitize and .ci/coverage: HEAD in a folder, built with further flags of gcc, and a Python to use it.
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_QUIET=1 PIP_NO_INPUT=1 MPLBACKEND=Agg

say() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }

# prepare FOLDER [PYTHON]: sets work, the folder, and python, by default that of a new environment
prepare() {
    mkdir -p "$1"
    work=$(cd "$1" && pwd)
    git clone --quiet "$root" "$work/tree"
    cd "$work/tree"
    python=${2:-$work/environment/bin/python}
    if [ -z "${2:-}" ]; then
        say "environment"
        python3 -m venv "$work/environment"
        "$python" -c 'import tomllib
needed = tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["test"]
print(*needed, "coverage>=7.10", "Cython", "setuptools", sep="\n")' > "$work/needed.txt"
        [ ! -e .ci/constraints.txt ] || export PIP_CONSTRAINT=$work/tree/.ci/constraints.txt
        "$python" -m pip install -r "$work/needed.txt"
    fi
}

# build WHAT FLAGS...: the flags come last, and so have the last word
build() {
    say "build: $1"
    printf '#!/bin/sh\nexec gcc "$@" %s\n' "${*:2}" > "$work/cc"
    chmod +x "$work/cc"
    CC=$work/cc "$python" setup.py egg_info build_ext --inplace > "$work/build.log" 2>&1 ||
        { tail -n 50 "$work/build.log"; exit 1; }
    # Hypothesis sets no deadlines then, which these builds would miss
    export CI=true
    # before an installed lifext, in the tests' subprocesses too
    export PYTHONPATH=$work/tree
}
