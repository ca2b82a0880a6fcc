"""Mutated reports with known answers: the proof that figures are read right or not at all."""

from tests.mutants.make import make
from tests.mutants.model import Mutant, Printed

__all__ = ["Mutant", "Printed", "make"]
