"""A small language for programs that work on sixteen numbers at once.

Operators on its values write instructions; LLVM makes machine code of them for the processor at hand, whatever the
width of its registers, in some hundredths of a second and without a compiler or a cache on disk.

Numbers are of single or of double precision. In single precision a product and a sum may become one instruction, where
the processor has it; in double precision they never do, so that a program gives the same bits on every processor.
"""

from skgenre._lanes._memory import Doubles, Integers, Memory
from skgenre._lanes._numbers import LANES, Complex, Index, Lanes, Mask, transposed
from skgenre._lanes._programs import Loop, Program

__all__ = [
    "LANES",
    "Complex",
    "Doubles",
    "Index",
    "Integers",
    "Lanes",
    "Loop",
    "Mask",
    "Memory",
    "Program",
    "transposed",
]
