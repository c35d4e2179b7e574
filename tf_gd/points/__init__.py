"""The data: two columns of numbers from whatever holds them, validated once; and the bundled samples."""

from tf_gd.points.one_column import check_one_column
from tf_gd.points.points import Points, common_dtype
from tf_gd.points.samples import SAMPLES, sample
from tf_gd.points.vectors import Vector, as_vector, is_number, vector_of

__all__ = [
    "SAMPLES",
    "Points",
    "Vector",
    "as_vector",
    "check_one_column",
    "common_dtype",
    "is_number",
    "sample",
    "vector_of",
]
