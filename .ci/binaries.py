"""Check the binaries of wheels for Linux: ``python binaries.py WHEEL [FOLDER ...]``, with pyelftools.

Each has tables of addresses that are read-only from the start; those that are no loops over neurons look after their
stack; none knows a folder of the machine that it was built on: of those given, of home folders and temporary ones. What
is linked in has its licence beside it.
"""
import io
import re
import sys
import zipfile

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

FOLDERS = [r"/root/", r"/home/", r"/tmp/", r"/Users/", r"/project/"]
LICENSES = {"LICENSE", "npyrandom.txt", "GPL-3.0.txt", "GCC-exception-3.1.txt", "README.md"}
# DF_BIND_NOW and DF_1_NOW
NOW = {"DT_FLAGS": 8, "DT_FLAGS_1": 1}
# the loops over neurons, which have no buffers that anything from outside fills
LOOPS = re.compile(r"/_(loops|single)_\w+\.")


def of_binary(name, content, folders):
    """Return in words what is wrong with a binary."""
    file, wrong = ELFFile(io.BytesIO(content)), []
    tags = [tag for section in file.iter_sections() if isinstance(section, DynamicSection)
            for tag in section.iter_tags()]
    if not any(tag.entry.d_val & NOW.get(tag.entry.d_tag, 0) for tag in tags):
        wrong.append("is not bound when it is loaded")
    if not any(segment["p_type"] == "PT_GNU_RELRO" for segment in file.iter_segments()):
        wrong.append("has a writable table of addresses")
    for tag in tags:
        path = getattr(tag, "runpath", None) or getattr(tag, "rpath", None)
        if path and not all(part.startswith("$ORIGIN") for part in path.split(":")):
            wrong.append(f"looks for libraries in {path}")
    called = {symbol.name for symbol in file.get_section_by_name(".dynsym").iter_symbols()}
    if not LOOPS.search(name) and "__stack_chk_fail" not in called:
        wrong.append("does not look after its stack")
    for folder in folders:
        found = re.search(folder.encode() + rb"[\w./+-]*", content)
        if found:
            wrong.append(f"has the path {found[0].decode()}")
    return [f"{name} {what}" for what in wrong]


def of_wheel(path, folders):
    """Return in words what is wrong with a wheel's binaries and licences."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        binaries = [name for name in names if name.startswith("lifext/") and name.endswith(".so")]
        wrong = [what for name in binaries for what in of_binary(name, archive.read(name), folders)]
        fortified = any(re.search(rb"__(mem|str|s|v|f)\w*_chk\0", archive.read(name)) for name in binaries)
    licenses = {name.rpartition("/")[2] for name in names if ".dist-info/licenses/" in name}
    return (wrong + ([] if binaries else ["no binaries"]) + ([] if fortified else ["no binary is fortified"])
            + [f"no licence {name}" for name in sorted(LICENSES - licenses)])


if __name__ == "__main__":
    wrong = of_wheel(sys.argv[1], FOLDERS + [re.escape(folder.rstrip("/") + "/") for folder in sys.argv[2:]])
    print(*wrong, sep="\n")
    sys.exit(bool(wrong))
