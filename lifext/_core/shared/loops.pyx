"""Choose, once at import, the build of the loops for this machine's instruction set.

`LIFEXT_SIMD` in the environment overrides the choice. All builds give the same bits.
"""
import importlib
import importlib.util
import os

cdef extern from *:
    """
    #if (defined(__x86_64__) || defined(__i386__)) && (defined(__GNUC__) || defined(__clang__))
    static int lifext_has_v3(void) {
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
            && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    }
    static int lifext_has_v4(void) {
        __builtin_cpu_init();
        return lifext_has_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq")
            && __builtin_cpu_supports("avx512vl");
    }
    #elif defined(_M_X64)
    extern int __isa_available;
    static int lifext_has_v3(void) { return __isa_available >= 5; }
    static int lifext_has_v4(void) { return __isa_available >= 6; }
    #else
    static int lifext_has_v3(void) { return 0; }
    static int lifext_has_v4(void) { return 0; }
    #endif

    #define LIFEXT_TEXT_OF(x) #x
    #define LIFEXT_TEXT(x) LIFEXT_TEXT_OF(x)
    #if defined(__clang__)
    static const char *lifext_compiler = __VERSION__;
    #elif defined(__GNUC__)
    static const char *lifext_compiler = "GCC " __VERSION__;
    #elif defined(_MSC_FULL_VER)
    static const char *lifext_compiler = "MSVC " LIFEXT_TEXT(_MSC_FULL_VER);
    #else
    static const char *lifext_compiler = "unknown";
    #endif
    #if defined(__FAST_MATH__) || defined(_M_FP_FAST)
    static const int lifext_fast_math = 1;
    #else
    static const int lifext_fast_math = 0;
    #endif
    /* setup.py defines it */
    #ifndef LIFEXT_FLAGS
    #define LIFEXT_FLAGS ""
    #endif
    static const char *lifext_flags = LIFEXT_FLAGS;
    """
    bint lifext_has_v3() noexcept
    bint lifext_has_v4() noexcept
    const char *lifext_compiler
    const char *lifext_flags
    const bint lifext_fast_math


def compiler():
    """Return the compiler and its version, the flags that setup.py gave it, and whether it may change arithmetic."""
    return lifext_compiler.decode(), lifext_flags.decode(), bool(lifext_fast_math)


def built():
    """Return the instruction sets that this installation has builds for, least first."""
    # found, not imported: what a module does when it is imported is compiled for its instruction set, too
    return [name for name in ("baseline", "x86-64-v3", "x86-64-v4")
            if importlib.util.find_spec(f"lifext._core._loops_{name.replace('-', '_')}") is not None]


def supported():
    """Return the built instruction sets that this machine can run, least first."""
    runs = {"baseline": True, "x86-64-v3": lifext_has_v3(), "x86-64-v4": lifext_has_v4()}
    return [name for name in built() if runs[name]]


def chosen():
    """Return the instruction set in use."""
    return _chosen


def choose(name=None):
    """Use the build for an instruction set; by default the best that this machine can run."""
    global loops, _chosen, _fast_table, _single_table
    names = supported()
    name = name or names[len(names) - 1]
    if name not in names:
        raise ImportError(f"LIFEXT_SIMD must be one of {', '.join(names)} on this machine, got {name!r}")
    module, single = (importlib.import_module(f"lifext._core._{what}_{name.replace('-', '_')}")
                      for what in ("loops", "single"))
    loops = (<Loops *> <size_t> module.address())[0]
    _fast_table, _single_table = <void *> <size_t> module.fast_address(), <void *> <size_t> single.fast_address()
    _chosen = name


cdef void *_fast_table = NULL
cdef void *_single_table = NULL


cdef void *fast_table_of(bint single) noexcept nogil:
    return _single_table if single else _fast_table


_chosen = None
choose(os.environ.get("LIFEXT_SIMD"))
