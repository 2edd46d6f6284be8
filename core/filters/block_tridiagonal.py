"""Symmetric block tridiagonal systems in O(n), for many channels at once."""

from __future__ import annotations

import numpy as np

from .arrays import FloatArray


def solve_block_tridiagonal(blocks: FloatArray, upper: FloatArray, right: FloatArray) -> FloatArray:
    """Solve a symmetric positive block tridiagonal system by cyclic reduction.

    Every second block is eliminated at once, so log2(n) vectorised steps solve it all (Hockney 1965).

    Parameters
    ----------
    blocks : (2, 2, n, C)
        Diagonal blocks.
    upper : (2, 2, n - 1, C)
        Block i couples i (rows) with i + 1 (columns).
    right : (2, K, n, C)
    """
    a, b, c, d = blocks[0, 0], blocks[0, 1], blocks[1, 0], blocks[1, 1]
    inverse = np.stack([np.stack([d, -b]), np.stack([-c, a])]) / (a * d - b * c)
    num_blocks = blocks.shape[2]
    if num_blocks == 1:
        return _multiply(inverse, right)
    odd = inverse[:, :, 1::2]
    num_odd = odd.shape[2]
    # Each odd block's couplings to the even block before it and to the one after it.
    before = upper[:, :, 0::2].swapaxes(0, 1)
    after = upper[:, :, 1::2]
    num_after = after.shape[2]
    odd_right = _multiply(odd, right[:, :, 1::2])
    odd_before = _multiply(odd, before)
    odd_after = _multiply(odd[:, :, :num_after], after)

    even_blocks, even_right = blocks[:, :, 0::2].copy(), right[:, :, 0::2].copy()
    to_odd, from_odd = before.swapaxes(0, 1), after.swapaxes(0, 1)
    even_blocks[:, :, :num_odd] -= _multiply(to_odd, odd_before)
    even_right[:, :, :num_odd] -= _multiply(to_odd, odd_right)
    even_blocks[:, :, 1 : num_after + 1] -= _multiply(from_odd, odd_after)
    even_right[:, :, 1 : num_after + 1] -= _multiply(from_odd, odd_right[:, :, :num_after])
    even_upper = -_multiply(to_odd[:, :, :num_after], odd_after)
    even = solve_block_tridiagonal(even_blocks, even_upper, even_right)

    solved = np.empty_like(right)
    solved[:, :, 0::2] = even
    solved[:, :, 1::2] = odd_right - _multiply(odd_before, even[:, :, :num_odd])
    solved[:, :, 1 : 2 * num_after : 2] -= _multiply(odd_after, even[:, :, 1 : num_after + 1])
    return solved


def _multiply(left: FloatArray, right: FloatArray) -> FloatArray:
    """Product of small matrices whose rows and columns are the first two axes."""
    return (left[:, :, None] * right[None]).sum(axis=1)
