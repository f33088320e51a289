"""A small language for programs that work on sixteen numbers at once.

Operators on its values write instructions; LLVM makes machine code of them for the processor at hand, whatever the
width of its registers, in some hundredths of a second and without a compiler or a cache on disk.
"""

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from llvmlite import binding, ir

LANES = 16
"""Numbers worked on at once: what the widest registers hold; narrower ones take two or four steps."""

_FLOAT, _INTEGER, _POINTER = ir.FloatType(), ir.IntType(64), ir.PointerType()
_VECTOR = ir.VectorType(_FLOAT, LANES)
_FUSED = ("contract",)
"""Lets a product and a sum become one instruction. No other liberty is taken, so NaN and infinity stay themselves."""


@dataclass
class Index:
    """An integer."""

    b: ir.IRBuilder
    value: ir.Value

    def __add__(self, other: "int | Index") -> "Index":
        return Index(self.b, self.b.add(self.value, _operand(other)))

    def __sub__(self, other: "int | Index") -> "Index":
        return Index(self.b, self.b.sub(self.value, _operand(other)))

    def __mul__(self, other: "int | Index") -> "Index":
        return Index(self.b, self.b.mul(self.value, _operand(other)))

    def __floordiv__(self, other: int) -> "Index":
        return Index(self.b, self.b.udiv(self.value, _operand(other)))

    def at_least(self, bound: int) -> "Index":
        """Return the greater of this number and another."""
        return self._choose(">", bound)

    def at_most(self, bound: "int | Index") -> "Index":
        """Return the smaller of this number and another."""
        return self._choose("<", bound)

    def _choose(self, sign: str, bound: "int | Index") -> "Index":
        other = _operand(bound)
        return Index(self.b, self.b.select(self.b.icmp_signed(sign, self.value, other), self.value, other))


def _operand(number: int | Index) -> ir.Value:
    return number.value if isinstance(number, Index) else ir.Constant(_INTEGER, number)


@dataclass
class Lanes:
    """Sixteen float32 numbers."""

    b: ir.IRBuilder
    value: ir.Value

    def __add__(self, other: "Lanes") -> "Lanes":
        return Lanes(self.b, self.b.fadd(self.value, other.value, flags=_FUSED))

    def __sub__(self, other: "Lanes") -> "Lanes":
        return Lanes(self.b, self.b.fsub(self.value, other.value, flags=_FUSED))

    def __mul__(self, other: "Lanes") -> "Lanes":
        return Lanes(self.b, self.b.fmul(self.value, other.value, flags=_FUSED))

    def pick(self, other: "Lanes", lanes: Sequence[int]) -> "Lanes":
        """Return the given lanes of these sixteen (0 to 15) and another sixteen (16 to 31)."""
        mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), list(lanes))
        return Lanes(self.b, self.b.shuffle_vector(self.value, other.value, mask))

    def reversed(self) -> "Lanes":
        """Return the lanes from the last to the first."""
        return self.pick(self, range(LANES - 1, -1, -1))


def transposed(rows: Sequence[Lanes], width: int = 1) -> list[Lanes]:
    """Read vectors as a matrix of as many columns as there are vectors, and return it column after column.

    An element of the matrix is a group of ``width`` lanes. To deal all elements out into two heaps, the even and the
    odd ones, log2(columns) times over, sorts them by column.
    """
    groups = np.arange(2 * LANES).reshape(-1, 2, width)
    heaps = [groups[:, parity].ravel().tolist() for parity in (0, 1)]
    columns = list(rows)
    for _ in range(len(columns).bit_length() - 1):
        columns = [a.pick(b, heap) for heap in heaps for a, b in zip(columns[::2], columns[1::2], strict=True)]
    return columns


@dataclass
class Complex:
    """Sixteen complex numbers."""

    real: Lanes
    imag: Lanes

    def __add__(self, other: "Complex") -> "Complex":
        return Complex(self.real + other.real, self.imag + other.imag)

    def __sub__(self, other: "Complex") -> "Complex":
        return Complex(self.real - other.real, self.imag - other.imag)

    def __mul__(self, other: "Complex") -> "Complex":
        real = self.real * other.real - self.imag * other.imag
        return Complex(real, self.real * other.imag + self.imag * other.real)

    def power(self) -> Lanes:
        """Return the squared magnitudes."""
        return self.real * self.real + self.imag * self.imag


@dataclass
class Memory:
    """A place in memory where numbers stand; ``memory + 3`` is three float32 numbers further on."""

    b: ir.IRBuilder
    value: ir.Value

    def __add__(self, offset: int | Index) -> "Memory":
        return Memory(self.b, self.b.gep(self.value, [_operand(offset)], source_etype=_FLOAT))

    def read(self) -> Lanes:
        """Return the sixteen numbers that begin here."""
        return Lanes(self.b, self.b.load(self.value, align=4, typ=_VECTOR))

    def read_one(self) -> Lanes:
        """Return the number that stands here, sixteen times."""
        number = self.b.load(self.value, align=4, typ=_FLOAT)
        lane = self.b.insert_element(ir.Constant(_VECTOR, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
        return Lanes(self.b, lane).pick(Lanes(self.b, lane), [0] * LANES)

    def read_integer(self, position: Index) -> Index:
        """Return one of the int64 numbers that begin here."""
        place = self.b.gep(self.value, [position.value], source_etype=_INTEGER)
        return Index(self.b, self.b.load(place, align=8, typ=_INTEGER))

    def write(self, lanes: Lanes) -> None:
        """Write sixteen numbers from here on."""
        self.b.store(lanes.value, self.value, align=4)

    def copy_one(self, source: "Memory") -> None:
        """Write one number here that is read elsewhere."""
        self.b.store(self.b.load(source.value, align=4, typ=_FLOAT), self.value, align=4)


class Loop:
    """Repeats what is written in its ``with`` block, at least once, with an index from 0 to below ``stop``.

    ``total`` is zero at first; what it is set to in the block is its value in the next round and after the loop.
    """

    def __init__(self, b: ir.IRBuilder, stop: int | Index, step: int = 1) -> None:
        self._b, self._stop, self._step = b, stop, step

    def __enter__(self) -> Self:
        before, self._body = self._b.block, self._b.append_basic_block()
        self._b.branch(self._body)
        self._b.position_at_end(self._body)
        self._index, self._total = self._b.phi(_INTEGER), self._b.phi(_VECTOR)
        self._index.add_incoming(ir.Constant(_INTEGER, 0), before)
        self._total.add_incoming(ir.Constant(_VECTOR, None), before)
        self.index, self.total = Index(self._b, self._index), Lanes(self._b, self._total)
        return self

    def __exit__(self, *_: object) -> None:
        following, after = self.index + self._step, self._b.append_basic_block()
        self._index.add_incoming(following.value, self._b.block)
        self._total.add_incoming(self.total.value, self._b.block)
        self._b.cbranch(self._b.icmp_signed("<", following.value, _operand(self._stop)), self._body, after)
        self._b.position_at_end(after)


class Program:
    """Machine code; called with an int for each Index and a contiguous array for each Memory among its parameters.

    ``write`` is called with a value for each parameter and writes the instructions. No two arrays may overlap. Nothing
    is checked while the program runs, and other threads run beside it.
    """

    def __init__(self, write: Callable[..., None], *parameters: type[Index] | type[Memory]) -> None:
        module = ir.Module()
        types = [_POINTER if parameter is Memory else _INTEGER for parameter in parameters]
        function = ir.Function(module, ir.FunctionType(ir.VoidType(), types), "program")
        b = ir.IRBuilder(function.append_basic_block())
        write(*(parameter(b, argument) for parameter, argument in zip(parameters, function.args, strict=True)))
        b.ret_void()

        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        # The instructions are written as they shall be run: more optimisation takes longer and gains nothing.
        machine = binding.Target.from_default_triple().create_target_machine(
            cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=1, jit=True
        )
        self._engine = binding.create_mcjit_compiler(binding.parse_assembly(str(module)), machine)  # owns the code
        self._engine.finalize_object()
        c_types = [ctypes.c_void_p if parameter is Memory else ctypes.c_int64 for parameter in parameters]
        self._call = ctypes.CFUNCTYPE(None, *c_types)(self._engine.get_function_address("program"))

    def __call__(self, *arguments: Any) -> None:
        """Run the program."""
        self._call(*(value.ctypes.data if isinstance(value, np.ndarray) else value for value in arguments))
