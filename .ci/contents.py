"""Check what is in an sdist and a wheel: ``python contents.py SDIST WHEEL``, in a git checkout."""
import pathlib
import subprocess
import sys
import tarfile
import zipfile

# what setup.py builds of one .pyx, once for each instruction set, and has no stub; and Cython's own module
SIMD = ("baseline", "x86_64_v3", "x86_64_v4")
LOOPS = ("lifext/_core/_loops", "lifext/_core/_single")
MEMORYVIEWS = "lifext/_core/memoryviews"
# of the repository alone
NOT_IN_SDIST = (".gitignore", ".github/")


def differences(what, have, wanted):
    """Return in words which names are missing and which are too many."""
    return [f"{what} {verb} {name}" for verb, names in (("lacks", wanted - have), ("has", have - wanted))
            for name in sorted(names)]


def of_sdist(path):
    """Return what is wrong with an sdist: it has what is committed, and what setuptools adds."""
    with tarfile.open(path) as archive:
        files = {name.partition("/")[2] for name in archive.getnames() if archive.getmember(name).isfile()}
    added = {"PKG-INFO", "setup.cfg"}
    committed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.splitlines()
    wanted = {name for name in committed if not name.startswith(NOT_IN_SDIST)}
    return differences("sdist", {name for name in files if ".egg-info/" not in name} - added, wanted)


def of_wheel(path):
    """Return what is wrong with a wheel: it has the package, a binary and a stub for each .pyx, and no C."""
    files = {pathlib.PurePosixPath(name) for name in zipfile.ZipFile(path).namelist() if not name.endswith("/")}
    own = {name for name in files if name.parts[0] == "lifext"}
    binaries = {name for name in own if name.suffix in (".so", ".pyd")}
    built = {str(name.with_name(name.name.partition(".")[0])) for name in binaries}
    sources = {path for path in pathlib.Path("lifext").rglob("*")
               if path.is_file() and path.suffix not in (".c", ".so", ".pyd", ".pyc")}
    pyx = {name.with_suffix("").as_posix() for name in sources if name.suffix == ".pyx"} - set(LOOPS)
    wanted = pyx | {MEMORYVIEWS} | {f"{loops}_{simd}" for loops in LOOPS for simd in SIMD}
    return (differences("wheel", {str(name) for name in own - binaries}, {path.as_posix() for path in sources})
            + differences("built wheel", built, wanted)
            + [f"wheel has {name}" for name in files - own if not name.parts[0].startswith(("lifext-", "lifext.libs"))]
            + differences("stubs", {str(name.with_suffix("")) for name in sources if name.suffix == ".pyi"}, pyx))


if __name__ == "__main__":
    wrong = of_sdist(sys.argv[1]) + of_wheel(sys.argv[2])
    print(*wrong, sep="\n")
    sys.exit(bool(wrong))
