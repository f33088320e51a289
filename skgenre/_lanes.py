"""A small language for programs that work on sixteen numbers at once.

Operators on its values write instructions; LLVM makes machine code of them for the processor at hand, whatever the
width of its registers, in some hundredths of a second and without a compiler or a cache on disk.

Numbers are of single or of double precision. In single precision a product and a sum may become one instruction, where
the processor has it; in double precision they never do, so that a program gives the same bits on every processor.
"""

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from llvmlite import binding, ir

LANES = 16
"""Numbers worked on at once: what the widest registers hold; narrower ones take two or four steps."""

_FLOAT, _DOUBLE, _INTEGER, _POINTER = ir.FloatType(), ir.DoubleType(), ir.IntType(64), ir.PointerType()
_FUSED = ("contract",)
"""Lets a product and a sum become one instruction. No other liberty is taken, so NaN and infinity stay themselves."""


def _vector(element: ir.Type, n: int = LANES) -> ir.VectorType:
    return ir.VectorType(element, n)


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
    """Sixteen numbers: float32, float64, or int64 to be compared."""

    b: ir.IRBuilder
    value: ir.Value

    def __add__(self, other: "Lanes") -> "Lanes":
        return Lanes(self.b, self.b.fadd(self.value, other.value, flags=self._flags))

    def __sub__(self, other: "Lanes") -> "Lanes":
        return Lanes(self.b, self.b.fsub(self.value, other.value, flags=self._flags))

    def __mul__(self, other: "Lanes") -> "Lanes":
        return Lanes(self.b, self.b.fmul(self.value, other.value, flags=self._flags))

    def __truediv__(self, other: "float | Lanes") -> "Lanes":
        divisor = other.value if isinstance(other, Lanes) else self._all(other)
        return Lanes(self.b, self.b.fdiv(self.value, divisor))

    @property
    def _flags(self) -> tuple[str, ...]:
        return _FUSED if self.value.type.element == _FLOAT else ()

    def __lt__(self, other: "Lanes") -> "Mask":
        return self._compared("<", other)

    def equals(self, other: "Lanes") -> "Mask":
        """Return where the numbers are the same."""
        return self._compared("==", other)

    def _compared(self, sign: str, other: "Lanes") -> "Mask":
        compare = self.b.icmp_signed if self.value.type.element == _INTEGER else self.b.fcmp_ordered
        return Mask(self.b, compare(sign, self.value, other.value))

    def doubled(self) -> "Lanes":
        """Return these float32 numbers in double precision."""
        return Lanes(self.b, self.b.fpext(self.value, _vector(_DOUBLE)))

    def halved(self) -> "Lanes":
        """Return these float64 numbers in single precision; what is too large becomes infinite."""
        return Lanes(self.b, self.b.fptrunc(self.value, _vector(_FLOAT)))

    def root(self) -> "Lanes":
        """Return the square roots."""
        type_ = self.value.type
        name = f"llvm.sqrt.v{LANES}{type_.element.intrinsic_name}"
        root = self.b.module.globals.get(name) or ir.Function(self.b.module, ir.FunctionType(type_, [type_]), name)
        return Lanes(self.b, self.b.call(root, [self.value]))

    def at_most(self, bound: float) -> "Lanes":
        """Return the smaller of each number and a bound; NaN stays NaN."""
        return self.but(Mask(self.b, self.b.fcmp_ordered(">", self.value, self._all(bound))), bound)

    def if_nan(self, number: float) -> "Lanes":
        """Return the numbers, and another instead of NaN."""
        return self.but(Mask(self.b, self.b.fcmp_unordered("uno", self.value, self.value)), number)

    def but(self, mask: "Mask", number: float) -> "Lanes":
        """Return the numbers, and another where the mask says yes."""
        return Lanes(self.b, self.b.select(mask.value, self._all(number), self.value))

    def is_negative(self) -> "Mask":
        """Return where the numbers are below zero."""
        return self < Lanes(self.b, self._all(0))

    def _all(self, number: float) -> ir.Constant:
        return ir.Constant(self.value.type, [number] * LANES)

    def sum(self) -> "Lanes":
        """Return the sum of all sixteen, sixteen times."""
        total, step = self, LANES // 2
        while step:  # halves are added, their halves, and so on
            total, step = total + total.pick(total, [lane ^ step for lane in range(LANES)]), step // 2
        return total

    def pick(self, other: "Lanes", lanes: Sequence[int]) -> "Lanes":
        """Return the given lanes of these sixteen (0 to 15) and another sixteen (16 to 31)."""
        mask = ir.Constant(_vector(ir.IntType(32), len(lanes)), list(lanes))
        return Lanes(self.b, self.b.shuffle_vector(self.value, other.value, mask))

    def reversed(self) -> "Lanes":
        """Return the lanes from the last to the first."""
        return self.pick(self, range(LANES - 1, -1, -1))


@dataclass
class Mask:
    """Sixteen answers, yes or no."""

    b: ir.IRBuilder
    value: ir.Value

    def __and__(self, other: "Mask") -> "Mask":
        return Mask(self.b, self.b.and_(self.value, other.value))

    def __or__(self, other: "Mask") -> "Mask":
        return Mask(self.b, self.b.or_(self.value, other.value))

    def count(self) -> Index:
        """Return how many are yes."""
        ones = self.b.ctpop(self.b.bitcast(self.value, ir.IntType(LANES)))
        return Index(self.b, self.b.zext(ones, _INTEGER))


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
    """A place in memory where float32 numbers stand; ``memory + 3`` is three numbers further on."""

    b: ir.IRBuilder
    value: ir.Value

    element: ClassVar[ir.Type] = _FLOAT

    @classmethod
    def room(cls, b: ir.IRBuilder, n: int) -> Self:
        """Return a place for n numbers, which is there while the program runs."""
        place = b.alloca(cls.element, n)
        return cls(b, b.inttoptr(b.ptrtoint(place, _INTEGER), _POINTER))  # a pointer to whatever, as all others

    def __add__(self, offset: int | Index) -> Self:
        return type(self)(self.b, self.b.gep(self.value, [_operand(offset)], source_etype=self.element))

    def read(self, n: int = LANES) -> Lanes:
        """Return the first ``n`` of the sixteen numbers that begin here, and zero for the others."""
        lanes = Lanes(self.b, self.b.load(self.value, align=4, typ=_vector(self.element, n)))
        zeros = Lanes(self.b, ir.Constant(lanes.value.type, None))
        return lanes if n == LANES else lanes.pick(zeros, [min(lane, n) for lane in range(LANES)])

    def read_one(self) -> Lanes:
        """Return the number that stands here, sixteen times."""
        number = self.b.load(self.value, align=4, typ=self.element)
        lanes = ir.Constant(_vector(self.element), ir.Undefined)
        lane = self.b.insert_element(lanes, number, ir.Constant(ir.IntType(32), 0))
        return Lanes(self.b, lane).pick(Lanes(self.b, lane), [0] * LANES)

    def write(self, lanes: Lanes, n: int = LANES) -> None:
        """Write the first ``n`` of sixteen numbers from here on."""
        self.b.store((lanes if n == LANES else lanes.pick(lanes, range(n))).value, self.value, align=4)

    def write_one(self, number: float) -> None:
        """Write a number here."""
        self.b.store(ir.Constant(self.element, number), self.value, align=4)

    def write_all(self, number: float) -> None:
        """Write a number sixteen times from here on."""
        self.b.store(ir.Constant(_vector(self.element), [number] * LANES), self.value, align=4)

    def copy_one(self, source: "Memory") -> None:
        """Write one number here that is read elsewhere."""
        self.b.store(self.b.load(source.value, align=4, typ=self.element), self.value, align=4)


class Doubles(Memory):
    """A place in memory where float64 numbers stand."""

    element: ClassVar[ir.Type] = _DOUBLE


class Integers(Memory):
    """A place in memory where int64 numbers stand."""

    element: ClassVar[ir.Type] = _INTEGER

    def read_index(self) -> Index:
        """Return the number that stands here."""
        return Index(self.b, self.b.load(self.value, align=4, typ=_INTEGER))


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
        self._index = self._b.phi(_INTEGER)
        self._total = self._b.phi(_vector(self._kind.element) if issubclass(self._kind, Memory) else _INTEGER)
        for phi in (self._index, self._total):
            phi.add_incoming(ir.Constant(phi.type, 0 if phi.type == _INTEGER else None), before)
        self.index = Index(self._b, self._index)
        self.total: Any = (Index if self._kind is Index else Lanes)(self._b, self._total)
        return self

    def __exit__(self, *_: object) -> None:
        following, after = self.index + self._step, self._b.append_basic_block()
        self._index.add_incoming(following.value, self._b.block)
        self._total.add_incoming(self.total.value, self._b.block)
        self._b.cbranch(self._b.icmp_signed("<", following.value, _operand(self._stop)), self._body, after)
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
        types = [_INTEGER if parameter is Index else _POINTER for parameter in parameters]
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
    place = b.gep(argument, [ir.Constant(_INTEGER, _DATA)], source_etype=ir.IntType(8))
    return parameter(b, b.load(place, align=8, typ=_POINTER))
