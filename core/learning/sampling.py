"""Windows of many clips, gathered by tensor indexing on the device: no loop over windows.

Every order is a function of the seed and the step's number alone, so that a run that was stopped goes
on exactly as if it had not been: there is no generator whose state could be lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import InputFormatError
from .clips import ClipSet, TrainingClip, normalized_keypoints
from .prediction import mirror_x
from .projection import LENS_MIRROR, normalized_lens

_PASS_SEED = 9_176


@dataclass(frozen=True, slots=True, eq=False)
class WindowBatch:
    """N windows that give L output frames each.

    ``keypoints`` (N, L + receptive_field - 1, J, F), normalised; ``positions`` (N,L,K,3) m, camera
    space, or None; ``screen`` (N,L,J,2) the keypoints of the output frames and ``confidence``
    (N,L,J) in them, 0 = missing, 1 where the data has none; ``lens`` (N,9) as ``normalized_lens`` or
    None.
    """

    keypoints: Tensor
    positions: Tensor | None
    screen: Tensor
    confidence: Tensor
    lens: Tensor | None

    @property
    def num_outputs(self) -> int:
        """Output frames of all windows."""
        return self.screen.shape[0] * self.screen.shape[1]


class ClipWindows:
    """All frames of a clip set on one device, cut into windows of ``chunk_length`` output frames.

    Every clip is covered by whole windows, centred on it; frames before its start and after its end
    repeat the edge, as the paper pads clips. Window ``i + num_windows`` is window ``i`` mirrored
    (where ``use_mirror``): an epoch shows each clip as it is and in the mirror.

    Parameters
    ----------
    clip_set : ClipSet
    in_features : int
        2, or 3 with confidence.
    chunk_length : int
        Output frames L of a window: 1 as in the paper, more to share work between them.
    padding : tuple of int
        Frames that the network needs before the first and after the last output frame.
    use_mirror : bool
    device : torch.device

    Raises
    ------
    InputFormatError
        When the set is empty, or only some of its clips are labelled.
    """

    def __init__(
        self,
        clip_set: ClipSet,
        *,
        in_features: int,
        chunk_length: int,
        padding: tuple[int, int],
        use_mirror: bool,
        device: torch.device,
    ) -> None:
        clips = clip_set.clips
        if not clips:
            raise InputFormatError("expected clips to learn from, found an empty split")
        labelled = [clip.positions is not None for clip in clips]
        if any(labelled) and not all(labelled):
            raise InputFormatError(
                f"{clips[labelled.index(False)].name}: expected every clip of the set to be labelled"
            )

        def joined(arrays: list[np.ndarray]) -> Tensor:
            return torch.from_numpy(np.concatenate(arrays).astype(np.float32)).to(device)

        self._names = [clip.name for clip in clips]
        self.chunk_length = chunk_length
        self.device = device
        self._keypoints = joined([normalized_keypoints(c, in_features=in_features) for c in clips])
        self._confidence = joined([_confidence(clip) for clip in clips])
        positions = [clip.positions for clip in clips if clip.positions is not None]
        self._positions = joined(positions) if positions else None
        lenses = [
            normalized_lens(clip.camera, clip.image_size)[None]
            for clip in clips
            if clip.camera is not None
        ]
        self._lens = joined(lenses) if len(lenses) == len(clips) else None
        self._mirror_in = torch.from_numpy(clip_set.skeleton_in.mirror).to(device)
        self._mirror_out = (
            torch.from_numpy(clip_set.skeleton_out.mirror).to(device)
            if clip_set.skeleton_out
            else None
        )
        self._lens_mirror = torch.tensor(LENS_MIRROR, device=device)
        self._use_mirror = use_mirror

        lengths = torch.tensor([clip.num_frames for clip in clips])
        ends = lengths.cumsum(0)
        counts = (lengths + chunk_length - 1) // chunk_length
        clip_of = torch.repeat_interleave(torch.arange(len(clips)), counts)
        number = torch.arange(len(clip_of)) - (counts.cumsum(0) - counts)[clip_of]
        margin = (counts * chunk_length - lengths) // 2
        # The first output frame of each window, and the clip that its frames must stay in.
        first = (ends - lengths)[clip_of] + number * chunk_length - margin[clip_of]
        self._first = first.to(device)
        self._clip_of = clip_of.to(device)
        self._low = (ends - lengths)[clip_of].to(device)
        self._high = (ends - 1)[clip_of].to(device)
        before, after = padding
        self._span = torch.arange(-before, chunk_length + after, device=device)
        self._inner = slice(before, before + chunk_length)
        self.num_windows = len(clip_of)

    @property
    def num_samples(self) -> int:
        """Windows of one epoch, mirrored ones counted."""
        return self.num_windows * (2 if self._use_mirror else 1)

    def describe(self, samples: Tensor) -> str:
        """The clips that ``samples`` come from, in words; the first few of many."""
        clips = self._clip_of[samples.to(self.device) % self.num_windows].unique().tolist()
        more = f" and {len(clips) - 4} more clips" if len(clips) > 4 else ""
        return ", ".join(self._names[clip] for clip in clips[:4]) + more

    def gather(self, samples: Tensor) -> WindowBatch:
        """The windows with numbers ``samples`` (N,), below ``num_samples``."""
        samples = samples.to(self.device)
        window = samples % self.num_windows
        is_mirrored = samples >= self.num_windows
        frames = self._first[window, None] + self._span
        frames = frames.clamp(self._low[window, None], self._high[window, None])
        inner = frames[:, self._inner]
        flips = is_mirrored[:, None, None, None]

        def facing(points: Tensor, mirror: Tensor) -> Tensor:
            return torch.where(flips, mirror_x(points, mirror), points)

        keypoints = facing(self._keypoints[frames], self._mirror_in)
        confidence = self._confidence[inner]
        confidence = torch.where(flips[..., 0], confidence[..., self._mirror_in], confidence)
        positions = None
        if self._positions is not None and self._mirror_out is not None:
            positions = facing(self._positions[inner], self._mirror_out)
        lens = None
        if self._lens is not None:
            lens = self._lens[self._clip_of[window]]
            lens = torch.where(is_mirrored[:, None], lens * self._lens_mirror, lens)
        return WindowBatch(keypoints, positions, keypoints[:, self._inner, :, :2], confidence, lens)


def _confidence(clip: TrainingClip) -> np.ndarray:
    return np.ones(clip.keypoints.shape[:2]) if clip.confidence is None else clip.confidence


def shuffled(num_samples: int, pass_number: int, *, seed: int) -> Tensor:
    """(num_samples,) the order of one pass over the samples."""
    generator = torch.Generator().manual_seed((seed * 1_000_003 + pass_number) * _PASS_SEED + 1)
    return torch.randperm(num_samples, generator=generator)


class SampleOrder:
    """Which samples each step takes: every pass shuffled anew, deterministic from the step's number.

    Parameters
    ----------
    num_samples, batch_size : int
    seed : int
    is_endless : bool
        False: an epoch is one pass, its last batch may be smaller; a single sample that would be left
        over joins the batch before, as BatchNorm cannot learn from one. True: passes follow each other
        without a seam and every batch is whole (the unlabelled stream).
    """

    def __init__(self, num_samples: int, batch_size: int, *, seed: int, is_endless: bool) -> None:
        self.num_samples = num_samples
        self.batch_size = batch_size
        self._seed = seed
        self._is_endless = is_endless
        self._passes: dict[int, Tensor] = {}

    @property
    def steps_per_pass(self) -> int:
        """Steps that show every sample once."""
        whole, rest = divmod(self.num_samples, self.batch_size)
        return whole + (rest > 1 or whole == 0)

    def samples(self, step: int) -> Tensor:
        """(N,) samples of a step, counted from the run's start."""
        if not self._is_endless:
            number, place = divmod(step, self.steps_per_pass)
            is_last = place == self.steps_per_pass - 1
            end = self.num_samples if is_last else (place + 1) * self.batch_size
            return self._pass(number)[place * self.batch_size : end]
        wanted = torch.arange(step * self.batch_size, (step + 1) * self.batch_size)
        numbers, places = wanted // self.num_samples, wanted % self.num_samples
        parts = [self._pass(int(n))[places[numbers == n]] for n in torch.unique(numbers)]
        return torch.cat(parts)

    def _pass(self, number: int) -> Tensor:
        if number not in self._passes:
            if len(self._passes) > 3:
                self._passes.clear()
            self._passes[number] = shuffled(self.num_samples, number, seed=self._seed)
        return self._passes[number]
