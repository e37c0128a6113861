"""Build the compiled kernels; everything else about the project is in pyproject.toml."""
import importlib.util
import multiprocessing
import os
import pathlib
import sys
import tempfile
from sysconfig import get_platform

import Cython
import numpy as np
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, LinkError, PlatformError

# LIFEXT_CHECKED=1 builds the kernels with every check on, for the test suite.
CHECKED = os.environ.get("LIFEXT_CHECKED", "0") not in ("", "0")

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": CHECKED,
    "wraparound": False,
    "initializedcheck": CHECKED,
    "nonecheck": CHECKED,
    "cdivision": not CHECKED,
    "embedsignature": True,
}

# No contraction into fused multiply-adds: the compat arithmetic keeps the published code's
# bits. What is switched off besides (errno, traps) changes no result and lets loops vectorise.
# A checked build is for its checks, which are the same at -O1, where compiling takes less than half the time.
UNIX = ["-O1" if CHECKED else "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
# Python's own flags ask for debugging information, a quarter of the compiler's time; -g in CFLAGS keeps it.
UNIX += [] if any(flag.startswith("-g") for flag in os.environ.get("CFLAGS", "").split()) else ["-g0"]
# What has no loop over neurons or spikes is compiled in half the time, and is no slower for it.
COOL, COLD = ["-O2"], ["-O1"]
LEVELS = {
    "lifext._core.fast.emitter": COOL, "lifext._core.fast.loop": COOL, "lifext._core.fast.population": COOL,
    "lifext._core.fast.spike_source": COOL, "lifext._core.fast.lowered": COLD, "lifext._core.shared.buffers": COLD,
    "lifext._core.shared.copies": COLD, "lifext._core.shared.locked": COLD, "lifext._core.shared.logs": COLD,
    "lifext._core.shared.loops": COLD, "lifext._core.shared.ranges": COLD, "lifext._core.shared.rows": COLD,
    "lifext._core.memoryviews": COLD,
}
GCC_ONLY = ["--param=vect-max-version-for-alias-checks=64"]
# Loops that are drawn into one function share its registers, and are slower by a third.
GCC_LOOPS = ["-fno-inline-functions", "-fno-inline-functions-called-once"]
# /fp:precise contracted before Visual Studio 2022, which is why an older one is refused
MSVC = ["/O2", "/fp:precise"]
# What makes a fault harder to misuse, where the compiler has it: tables of addresses that are read-only from the start,
# and buffers on the stack that are looked after. The loops over neurons go without the latter: they have none that
# a length from outside could fill, and every instruction in them counts.
LINKED = ["-Wl,-z,relro,-z,now"]
GUARDED = ["-fstack-protector-strong"]
FORTIFIED = ["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"]

# What is rendered from templates, outside of the tree of sources; and how what is built was made.
RENDERED = pathlib.Path("build/rendered")
NOTE = pathlib.Path("build/settings")

# Cython's code for memoryviews, which would be in each module: more than half of what there is to compile.
MEMORYVIEWS = "lifext._core.memoryviews"

# The loops over neurons are built once for each of these; the rest runs anywhere.
SIMD = {
    "baseline": ([], []),
    "x86_64_v3": (["-march=x86-64-v3"], ["/arch:AVX2"]),
    "x86_64_v4": (["-march=x86-64-v4", "-mprefer-vector-width=512"], ["/arch:AVX512"]),
}

# Neither Cython nor setuptools looks at these when it decides what is to be made again.
SETTINGS = "\n".join([
    str(CHECKED), *(f"{name}={os.environ.get(name)}" for name in ("CC", "CFLAGS", "LDFLAGS")),
    f"Cython {Cython.__version__}, NumPy {np.__version__}", pathlib.Path(__file__).read_text(encoding="utf-8")])

IS_GCC = "#if !defined(__GNUC__) || defined(__clang__)\n#error\n#endif\nint main(void) { return 0; }\n"
KEEPS_PRODUCTS = "#if _MSC_VER < 1930\n#error\n#endif\nint main(void) { return 0; }\n"
PLAIN = "#include <string.h>\nint main(int n, char **v) { char a[99]; strncpy(a, v[0], 98); return a[n] == 0; }\n"
HAS_THREADS = "#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n"


def kind_of(name):
    """Return of a module of loops over neurons whether it is one of "loops" or "single", and its instruction set."""
    kind, _, simd = name.rpartition(".")[2].removeprefix("_").partition("_")
    return (kind, simd) if simd in SIMD else ("", "")


class BuildExt(build_ext):
    """Choose the flags by compiler."""

    def finalize_options(self):
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def build_extensions(self):
        msvc = self.compiler.compiler_type == "msvc"
        if msvc and not self.builds(KEEPS_PRODUCTS):
            raise PlatformError("lifext needs Visual Studio 2022 or later: an earlier compiler changes results")
        gcc = not msvc and self.builds(IS_GCC)
        flags = MSVC if msvc else UNIX + (GCC_ONLY if gcc else [])
        threads = self.flags_for_threads(["/openmp"] if msvc else ["-fopenmp"])
        guards, linked = ([], []) if msvc else self.flags_for_safety()
        paths = [] if msvc else self.flags_for_paths()
        for extension in self.extensions:
            kind, simd = kind_of(extension.name)
            extension.extra_compile_args = flags + SIMD.get(simd, ([], []))[msvc]
            extension.extra_compile_args += [] if msvc else LEVELS.get(extension.name, [])
            if kind and gcc:
                extension.extra_compile_args += GCC_LOOPS
            if kind == "single":
                extension.define_macros.append(("LIFEXT_SINGLE", "1"))
            if extension.name.endswith(".shared.loops"):
                extension.define_macros.append(("LIFEXT_FLAGS", f'"{self.told(extension.extra_compile_args)}"'))
            extension.extra_compile_args += paths + ([] if kind else guards)
            extension.extra_link_args += linked
            if extension.name.endswith(".fast.loop"):
                extension.extra_compile_args += threads
                extension.extra_link_args += [] if msvc else threads
        super().build_extensions()

    def flags_for_safety(self):
        """Return the flags for the compiler and for the linker that make a fault harder to misuse."""
        guards = GUARDED if self.builds(PLAIN, GUARDED, link=True) else []
        # sanitizers look at the same calls, and see less of them so
        if "-fsanitize" not in os.environ.get("CFLAGS", "") and self.builds(PLAIN, [*UNIX, "-Werror", *FORTIFIED]):
            guards = guards + FORTIFIED
        return guards, LINKED if self.builds(PLAIN, LINKED, link=True) else []

    def flags_for_paths(self):
        """Return the flags that keep the builder's folders out of what is built, and take them from the linker's."""
        if sys.platform.startswith("linux"):
            own = os.environ.get("LDFLAGS", "").split()
            # where Python was linked is no place to look for libraries that Python does not come with
            self.compiler.set_executable("linker_so", [
                argument for argument in self.compiler.linker_so
                if not argument.startswith("-Wl,-rpath") or argument in own])
        # of two that fit, the last counts
        folders = {sys.base_prefix: "python", sys.prefix: "python", np.get_include(): "numpy", os.getcwd(): "."}
        flags = [f"-ffile-prefix-map={folder}={name}" for folder, name in folders.items()]
        return flags if self.builds(PLAIN, ["-Werror", *flags]) else []

    def told(self, flags):
        """Return what `lifext info` says of the flags."""
        return " ".join([*flags, *(["LIFEXT_CHECKED=1"] if CHECKED else [])])

    def flags_for_threads(self, flags):
        """Return the flags that switch OpenMP on, or none where the compiler has none."""
        if self.builds(HAS_THREADS, flags, link=True):
            return flags
        print("lifext: this compiler has no OpenMP; networks will run on one thread")
        return []

    def builds(self, code, flags=(), link=False):
        """Return whether the compiler takes some code, and makes a program of it."""
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, "probe.c")
            source.write_text(code)
            try:
                objects = self.compiler.compile([str(source)], output_dir=folder, extra_postargs=list(flags))
                if link:
                    self.compiler.link_executable(objects, "probe", output_dir=folder, extra_postargs=list(flags))
            except (CompileError, LinkError):
                return False
        return True


def extension(path):
    numpy_random = pathlib.Path(np.get_include()).parent.parent / "random" / "lib"
    return Extension(
        ".".join(path.with_suffix("").parts), [path.as_posix()],
        include_dirs=[np.get_include()],
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
        library_dirs=[str(numpy_random)],
        libraries=["npyrandom"] + ([] if os.name == "nt" else ["m"]),
    )


def module_of(path):
    """Return a module of this package, which cannot be imported before it is built."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def render_templates():
    """Render the kernels' templates."""
    core = pathlib.Path("lifext/_core").resolve()
    render, names = module_of(core / "rendering.py").render, module_of(core / "descriptions.py").read()
    RENDERED.mkdir(parents=True, exist_ok=True)
    for template in core.rglob("*.in"):
        write_if_changed(RENDERED / template.stem, render(template, names))


def made_before(made_of):
    """Return whether the C that is there was made of these sources and in this way.

    Cython would make everything again in a new environment, as `pip install` has one each time: it looks at the dates
    of its own files, too.
    """
    read = [path for folder in (pathlib.Path("lifext/_core"), RENDERED) for path in folder.rglob("*.p[yx][xdi]")]
    made = [source_in_c(module) for module in made_of]
    return (settings_before() == SETTINGS and all(path.exists() for path in made)
            and max(path.stat().st_mtime for path in read) < NOTE.stat().st_mtime)


def settings_before():
    """Return the settings of the last time that C was made, or None."""
    return NOTE.read_text(encoding="utf-8") if NOTE.exists() else None


def source_in_c(module):
    """Return the C of an extension module."""
    return pathlib.Path(module.sources[0]).with_suffix(".c")


def modules():
    """Return the extension modules, of C."""
    made_of = [extension(path) for path in sorted(pathlib.Path("lifext/_core").rglob("*.pyx"))]
    # cythonize makes this source by its module's name
    made_of.append(Extension(MEMORYVIEWS, [(RENDERED / "memoryviews.c").as_posix()]))
    if made_before(made_of):
        for module in made_of:
            module.sources = [source_in_c(module).as_posix()]
    else:
        changed = settings_before() != SETTINGS
        NOTE.unlink(missing_ok=True)
        made_of = cythonize(made_of, compiler_directives=DIRECTIVES, include_path=[str(RENDERED)], force=changed,
                            nthreads=processes(), shared_utility_qualified_name=MEMORYVIEWS)
        NOTE.write_text(SETTINGS, encoding="utf-8")
    return [built for module in made_of for built in builds_of(module)]


def builds_of(module):
    """Return a module, or the modules that are built of its C for one instruction set each."""
    name = module.name.rpartition(".")[2]
    return [for_simd(module, simd) for simd in simds()] if name in ("_loops", "_single") else [module]


def simds():
    """Return the instruction sets of the platform that is built for."""
    # a Mac's Python may be for two processors at once, and builds for another than it runs on
    return [simd for simd in SIMD if not simd.startswith("x86_64") or get_platform().endswith(("x86_64", "amd64"))]


def for_simd(module, simd):
    """Return the module of the same C for an instruction set: a file that includes it under another name."""
    name, (source,) = f"{module.name}_{simd}", module.sources
    plain, own = module.name.rpartition(".")[2], name.rpartition(".")[2]
    including, text = RENDERED / f"{own}.c", f'#define PyInit_{plain} PyInit_{own}\n#include "{source}"\n'
    write_if_changed(including, text)
    return Extension(name, [including.as_posix()], depends=[source], include_dirs=[*module.include_dirs, "."],
                     define_macros=list(module.define_macros), library_dirs=module.library_dirs,
                     libraries=module.libraries)


def write_if_changed(path, text):
    """Write a file that is rendered; what has not changed stays as it is, so that it is not compiled again."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def processes():
    """Return how many processes may make C of Cython at a time: by fork only, which does not run this file again."""
    return os.cpu_count() if multiprocessing.get_start_method() == "fork" else 0


render_templates()
setup(ext_modules=modules(), cmdclass={"build_ext": BuildExt})
