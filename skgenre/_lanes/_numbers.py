"""What programs reckon with: an integer, sixteen numbers, sixteen answers, sixteen complex numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from llvmlite import ir

LANES = 16
"""Numbers worked on at once: what the widest registers hold; narrower ones take two or four steps."""

FLOAT, DOUBLE, INTEGER, POINTER = ir.FloatType(), ir.DoubleType(), ir.IntType(64), ir.PointerType()
_FUSED = ("contract",)
"""Lets a product and a sum become one instruction. No other liberty is taken, so NaN and infinity stay themselves."""


def vector(element: ir.Type, n: int = LANES) -> ir.VectorType:
    return ir.VectorType(element, n)


@dataclass
class Index:
    """An integer."""

    b: ir.IRBuilder
    value: ir.Value

    def __add__(self, other: "int | Index") -> "Index":
        return Index(self.b, self.b.add(self.value, operand(other)))

    def __sub__(self, other: "int | Index") -> "Index":
        return Index(self.b, self.b.sub(self.value, operand(other)))

    def __mul__(self, other: "int | Index") -> "Index":
        return Index(self.b, self.b.mul(self.value, operand(other)))

    def __floordiv__(self, other: int) -> "Index":
        return Index(self.b, self.b.udiv(self.value, operand(other)))

    def at_least(self, bound: int) -> "Index":
        """Return the greater of this number and another."""
        return self._choose(">", bound)

    def at_most(self, bound: "int | Index") -> "Index":
        """Return the smaller of this number and another."""
        return self._choose("<", bound)

    def _choose(self, sign: str, bound: "int | Index") -> "Index":
        other = operand(bound)
        return Index(self.b, self.b.select(self.b.icmp_signed(sign, self.value, other), self.value, other))


def operand(number: int | Index) -> ir.Value:
    return number.value if isinstance(number, Index) else ir.Constant(INTEGER, number)


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
        return _FUSED if self.value.type.element == FLOAT else ()

    def __lt__(self, other: "Lanes") -> "Mask":
        return self._compared("<", other)

    def equals(self, other: "Lanes") -> "Mask":
        """Return where the numbers are the same."""
        return self._compared("==", other)

    def _compared(self, sign: str, other: "Lanes") -> "Mask":
        compare = self.b.icmp_signed if self.value.type.element == INTEGER else self.b.fcmp_ordered
        return Mask(self.b, compare(sign, self.value, other.value))

    def doubled(self) -> "Lanes":
        """Return these float32 numbers in double precision."""
        return Lanes(self.b, self.b.fpext(self.value, vector(DOUBLE)))

    def halved(self) -> "Lanes":
        """Return these float64 numbers in single precision; what is too large becomes infinite."""
        return Lanes(self.b, self.b.fptrunc(self.value, vector(FLOAT)))

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
        mask = ir.Constant(vector(ir.IntType(32), len(lanes)), list(lanes))
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
        return Index(self.b, self.b.zext(ones, INTEGER))


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
