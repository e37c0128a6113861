"""Build the compiled kernels; everything else about the project is in pyproject.toml."""
import os
import pathlib
import platform
import tempfile

import numpy as np
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, LinkError

# LIFEXT_CHECKED=1 builds the kernels with every check on, for the test suite.
CHECKED = os.environ.get("LIFEXT_CHECKED", "0") not in ("", "0")

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": CHECKED,
    "wraparound": CHECKED,
    "initializedcheck": CHECKED,
    "nonecheck": CHECKED,
    "cdivision": not CHECKED,
    "embedsignature": True,
}

# No contraction into fused multiply-adds: the compat arithmetic keeps the published code's
# bits. What is switched off besides (errno, traps) changes no result and lets loops vectorise.
GCC_LIKE = ["-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
GCC_ONLY = ["--param=vect-max-version-for-alias-checks=64"]
# Loops that are drawn into one function share its registers, and are slower by a third.
GCC_LOOPS = ["-fno-inline-functions", "-fno-inline-functions-called-once"]
MSVC = ["/O2", "/fp:precise"]

# The loops over neurons are built once for each of these; the rest runs anywhere.
SIMD = {
    "baseline": ([], []),
    "x86_64_v3": (["-march=x86-64-v3"], ["/arch:AVX2"]),
    "x86_64_v4": (["-march=x86-64-v4", "-mprefer-vector-width=512"], ["/arch:AVX512"]),
}


def for_this_machine(path):
    """Whether a source is not the build of the loops for another kind of processor."""
    return "_x86_64_" not in path.name or platform.machine() in ("x86_64", "AMD64")


class BuildExt(build_ext):
    """Choose the flags by compiler."""

    def finalize_options(self):
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def build_extensions(self):
        msvc = self.compiler.compiler_type == "msvc"
        clang = any("clang" in word for word in getattr(self.compiler, "compiler_so", []))
        threads = self.flags_for_threads(["/openmp"] if msvc else ["-fopenmp"])
        for extension in self.extensions:
            unix_simd, msvc_simd = SIMD.get(extension.name.partition("._loops_")[2], ([], []))
            extension.extra_compile_args = (MSVC + msvc_simd if msvc
                                            else GCC_LIKE + ([] if clang else GCC_ONLY) + unix_simd)
            if "._loops_" in extension.name and not (msvc or clang):
                extension.extra_compile_args += GCC_LOOPS
            if extension.name.endswith("._core.loops"):
                extension.define_macros.append(("LIFEXT_FLAGS", f'"{self.told(extension.extra_compile_args)}"'))
            if extension.name.endswith(".fast_loop"):
                extension.extra_compile_args += threads
                extension.extra_link_args += [] if msvc else threads
        super().build_extensions()

    def told(self, flags):
        """Return what `lifext info` says of the flags."""
        return " ".join([*flags, *(["LIFEXT_CHECKED=1"] if CHECKED else [])])

    def flags_for_threads(self, flags):
        """Return the flags that switch OpenMP on, or none where the compiler has none."""
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, "threads.c")
            source.write_text("#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n")
            try:
                objects = self.compiler.compile([str(source)], output_dir=folder, extra_postargs=flags)
                self.compiler.link_executable(objects, "threads", output_dir=folder, extra_postargs=flags)
            except (CompileError, LinkError):
                print("lifext: this compiler has no OpenMP; networks will run on one thread")
                return []
        return flags


def extension(path):
    numpy_random = pathlib.Path(np.get_include()).parent.parent / "random" / "lib"
    return Extension(
        ".".join(path.with_suffix("").parts), [path.as_posix()],
        include_dirs=[np.get_include()],
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
        library_dirs=[str(numpy_random)],
        libraries=["npyrandom"] + ([] if os.name == "nt" else ["m"]),
    )


setup(
    ext_modules=cythonize(
        [extension(path) for path in sorted(pathlib.Path("lifext/_core").glob("*.pyx")) if for_this_machine(path)],
        compiler_directives=DIRECTIVES),
    cmdclass={"build_ext": BuildExt},
)
