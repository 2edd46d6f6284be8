"""Symmetric banded systems in O(n), for many channels at once."""

from __future__ import annotations

import numpy as np

from .arrays import FloatArray


def solve_pentadiagonal(
    main: FloatArray, first: FloatArray, second: FloatArray, right: FloatArray
) -> FloatArray:
    """Solve symmetric positive systems whose unknowns reach two frames far.

    Parameters
    ----------
    main : (T, C)
        Diagonal; at least 2 frames.
    first : (T - 1, C) or (T - 1, 1)
        Couples each frame with the next one.
    second : (T - 2, C) or (T - 2, 1)
        And with the one after that.
    right : (T, C, K)

    Returns
    -------
    (T, C, K)
    """
    num_frames, num_channels = main.shape
    # Two frames a block; an odd last one gets a partner that is tied to nothing.
    num_blocks = (num_frames + 1) // 2
    main = _lengthen(main, 2 * num_blocks, value=1.0)
    first, second = _lengthen(first, 2 * num_blocks), _lengthen(second, 2 * num_blocks)
    blocks = np.empty((2, 2, num_blocks, num_channels))
    blocks[0, 0], blocks[1, 1] = main[0::2], main[1::2]
    blocks[0, 1] = blocks[1, 0] = first[0::2]
    # Rows: frames 2i, 2i+1; columns: frames 2i+2, 2i+3.
    upper = np.zeros_like(blocks)
    upper[0, 0], upper[1, 1] = second[0::2], second[1::2]
    upper[1, 0] = first[1::2]
    pairs = _lengthen(right, 2 * num_blocks).reshape(num_blocks, 2, num_channels, -1)
    columns = np.ascontiguousarray(np.moveaxis(pairs, (1, 3), (0, 1)))
    solved = solve_block_tridiagonal(blocks, upper[:, :, :-1], columns)
    frames = np.moveaxis(solved, (0, 1), (1, 3)).reshape(2 * num_blocks, num_channels, -1)
    return frames[:num_frames]


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


def _lengthen(values: FloatArray, num_frames: int, *, value: float = 0.0) -> FloatArray:
    """``values`` (T, ...) with frames of ``value`` after the last one."""
    after = [(0, num_frames - len(values)), *[(0, 0)] * (values.ndim - 1)]
    return np.pad(values, after, constant_values=value)


def _multiply(left: FloatArray, right: FloatArray) -> FloatArray:
    """Product of small matrices whose rows and columns are the first two axes."""
    return (left[:, :, None] * right[None]).sum(axis=1)
