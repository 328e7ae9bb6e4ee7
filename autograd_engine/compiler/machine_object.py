"""The virtual machine as machine code: compiled once on a computer, from then on only loaded.

Numba compiles the emitted source; what comes out needs neither Numba nor Python to run, only
the C library's functions, so it is kept as an object file in the user's cache folder. Where
nothing can be written, nothing is kept.
"""

from __future__ import annotations

import ctypes
import hashlib
import linecache
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import llvmlite
import llvmlite.binding as llvm

ENTRY: Final = "autograd_engine_machine"
_CALLED = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_ssize_t
)


def machine_code(source: str) -> Callable[..., None]:
    """Return the function `run` of an emitted machine, which lets other threads run meanwhile.

    It takes the address of four addresses (values, adjoints, rows, outputs), that of the
    program, the number of rows, and whether a gradient is wanted.
    """
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    path = kept(source)
    code = None if path is None else read(path)
    if code is None:
        code = built(source)
        if path is not None:
            write(path, code)
    return linked(code)


def kept(source: str) -> Path | None:
    """Return where the machine code of this source is kept, or would be; None if nowhere."""
    place = folder()
    return None if place is None else place / f"machine_{stamp(source)}.o"


def stamp(source: str) -> str:
    """Return what tells this machine code from others: its source, compiler and processor."""
    features = llvm.get_host_cpu_features().flatten()
    facts = (source, llvmlite.__version__, llvm.get_host_cpu_name(), features)
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:24]


def folder() -> Path | None:
    """Return where machine code is kept: in `NUMBA_CACHE_DIR`, or the user's cache, if any."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return Path(given, "autograd_engine")
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        return Path(base, "autograd_engine").expanduser()
    except RuntimeError:  # nobody's home
        return None


def read(path: Path) -> bytes | None:
    """Return the machine code kept in a file; None if there is none, or it is damaged."""
    try:
        kept = path.read_bytes()
    except OSError:
        return None
    digest, code = kept[:32], kept[32:]
    return code if hashlib.sha256(code).digest() == digest else None


def write(path: Path, code: bytes) -> None:
    """Keep machine code in a file, if that can be written; nobody ever sees half of it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(hashlib.sha256(code).digest() + code)
        draft.replace(path)


def built(source: str) -> bytes:
    """Return the machine code of a source: the functions it calls, then an object file.

    Numba leaves room for errors and for callers it does not know. Here there are neither:
    told so, LLVM drops all that talks to Python, and what is left is a C function.
    """
    callback = executed(source)["run"]
    module = llvm.parse_assembly(callback.inspect_llvm())
    for item in (*module.functions, *module.global_variables):
        if item.name == callback.native_name:
            item.name = ENTRY
        elif not item.is_declaration:
            item.linkage = "internal"
    machine = target()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    outside = [item.name for item in module.functions if item.is_declaration]
    names = " ".join(name for name in outside if not name.startswith("llvm."))
    return names.encode() + b"\n" + bytes(machine.emit_object(module))


def executed(source: str) -> dict[str, Any]:
    """Return what an emitted module defines; its lines can be seen in tracebacks."""
    name = f"<{ENTRY} {hashlib.sha256(source.encode()).hexdigest()[:8]}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    names: dict[str, Any] = {"__name__": ENTRY}
    exec(compile(source, name, "exec"), names)
    return names


def linked(code: bytes) -> Callable[..., None]:
    """Return the entry of machine code, ready to be called."""
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target())
    names, _, code = code.partition(b"\n")
    if not all(llvm.address_of_symbol(name) for name in names.decode().split()):
        import numba  # noqa: F401  # it brings what this platform's C library lacks

    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    function = _CALLED(engine.get_function_address(ENTRY))
    function.engine = engine  # type: ignore[attr-defined]  # it owns the code
    return function


def target() -> Any:
    """Return LLVM's description of this processor."""
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        codemodel="jitdefault",
        jit=True,
    )
