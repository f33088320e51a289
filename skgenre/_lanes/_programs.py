"""Loops, and machine code of what was written."""

import ctypes
from collections.abc import Callable
from typing import Any, Self

from llvmlite import binding, ir

from skgenre._lanes._memory import Memory
from skgenre._lanes._numbers import INTEGER, POINTER, Index, Lanes, operand, vector


class Loop:
    """Repeats what is written in its ``with`` block, at least once, with an index from 0 to below ``stop``.

    ``total`` is zero at first, of the kind of numbers that stand in a Memory, or an Index; what it is set to in the
    block is its value in the next round and after the loop.
    """

    def __init__(
        self, b: ir.IRBuilder, stop: int | Index, step: int = 1, total: type[Memory] | type[Index] = Memory
    ) -> None:
        self._b, self._stop, self._step, self._kind = b, stop, step, total

    def __enter__(self) -> Self:
        before, self._body = self._b.block, self._b.append_basic_block()
        self._b.branch(self._body)
        self._b.position_at_end(self._body)
        self._index = self._b.phi(INTEGER)
        self._total = self._b.phi(vector(self._kind.element) if issubclass(self._kind, Memory) else INTEGER)
        for phi in (self._index, self._total):
            phi.add_incoming(ir.Constant(phi.type, 0 if phi.type == INTEGER else None), before)
        self.index = Index(self._b, self._index)
        self.total: Any = (Index if self._kind is Index else Lanes)(self._b, self._total)
        return self

    def __exit__(self, *_: object) -> None:
        following, after = self.index + self._step, self._b.append_basic_block()
        self._index.add_incoming(following.value, self._b.block)
        self._total.add_incoming(self.total.value, self._b.block)
        self._b.cbranch(self._b.icmp_signed("<", following.value, operand(self._stop)), self._body, after)
        self._b.position_at_end(after)


_DATA = object.__basicsize__
"""Where an array's struct holds the address of its numbers: behind what all objects begin with, as NumPy's
``PyArray_DATA`` knows, which extensions are compiled with. To ask an array for it takes longer than many a program."""


class Program:
    """Machine code: ``run`` takes an int for each Index and a contiguous array for each Memory among the parameters.

    ``write`` is called with a value for each parameter and writes the instructions. None that is written to may
    overlap another. Nothing is checked, not even that they are arrays, and other threads run beside it.
    """

    def __init__(self, write: Callable[..., None], *parameters: type[Index | Memory]) -> None:
        module = ir.Module()
        types = [INTEGER if parameter is Index else POINTER for parameter in parameters]
        function = ir.Function(module, ir.FunctionType(ir.VoidType(), types), "program")
        b = ir.IRBuilder(function.append_basic_block())
        write(*(_received(b, *pair) for pair in zip(parameters, function.args, strict=True)))
        b.ret_void()

        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        # The instructions are written as they shall be run: more optimisation takes longer and gains nothing.
        machine = binding.Target.from_default_triple().create_target_machine(
            cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=1, jit=True
        )
        engine = binding.create_mcjit_compiler(binding.parse_assembly(str(module)), machine)
        engine.finalize_object()
        c_types = [ctypes.c_int64 if parameter is Index else ctypes.py_object for parameter in parameters]
        self.run = ctypes.CFUNCTYPE(None, *c_types)(engine.get_function_address("program"))
        # It owns the code, which must not go while somebody runs it, even if this program does.
        self.run.engine = engine  # type: ignore[attr-defined]


def _received(b: ir.IRBuilder, parameter: type[Index | Memory], argument: ir.Value) -> Index | Memory:
    if parameter is Index:
        return Index(b, argument)
    place = b.gep(argument, [ir.Constant(INTEGER, _DATA)], source_etype=ir.IntType(8))
    return parameter(b, b.load(place, align=8, typ=POINTER))
