"""Where the numbers of a program stand."""

from dataclasses import dataclass
from typing import ClassVar, Self

from llvmlite import ir

from skgenre._lanes._numbers import DOUBLE, FLOAT, INTEGER, LANES, POINTER, Index, Lanes, operand, vector


@dataclass
class Memory:
    """A place in memory where float32 numbers stand; ``memory + 3`` is three numbers further on."""

    b: ir.IRBuilder
    value: ir.Value

    element: ClassVar[ir.Type] = FLOAT

    @classmethod
    def room(cls, b: ir.IRBuilder, n: int) -> Self:
        """Return a place for n numbers, which is there while the program runs."""
        place = b.alloca(cls.element, n)
        return cls(b, b.inttoptr(b.ptrtoint(place, INTEGER), POINTER))  # a pointer to whatever, as all others

    def __add__(self, offset: int | Index) -> Self:
        return type(self)(self.b, self.b.gep(self.value, [operand(offset)], source_etype=self.element))

    def read(self, n: int = LANES) -> Lanes:
        """Return the first ``n`` of the sixteen numbers that begin here, and zero for the others."""
        lanes = Lanes(self.b, self.b.load(self.value, align=4, typ=vector(self.element, n)))
        zeros = Lanes(self.b, ir.Constant(lanes.value.type, None))
        return lanes if n == LANES else lanes.pick(zeros, [min(lane, n) for lane in range(LANES)])

    def read_one(self) -> Lanes:
        """Return the number that stands here, sixteen times."""
        number = self.b.load(self.value, align=4, typ=self.element)
        lanes = ir.Constant(vector(self.element), ir.Undefined)
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
        self.b.store(ir.Constant(vector(self.element), [number] * LANES), self.value, align=4)

    def copy_one(self, source: "Memory") -> None:
        """Write one number here that is read elsewhere."""
        self.b.store(self.b.load(source.value, align=4, typ=self.element), self.value, align=4)


class Doubles(Memory):
    """A place in memory where float64 numbers stand."""

    element: ClassVar[ir.Type] = DOUBLE


class Integers(Memory):
    """A place in memory where int64 numbers stand."""

    element: ClassVar[ir.Type] = INTEGER

    def read_index(self) -> Index:
        """Return the number that stands here."""
        return Index(self.b, self.b.load(self.value, align=4, typ=INTEGER))
