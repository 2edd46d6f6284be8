"""What a step minimises: the paper's supervised loss and its semi-supervised one (METHOD.md 3, 4)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .distributed import joined_mean, sum_over_processes
from .losses import mpjpe, weighted_mpjpe
from .network import StridedTemporalModel, TemporalModel
from .projection import project, unproject
from .sampling import WindowBatch

Network = TemporalModel | StridedTemporalModel
Terms = dict[str, Tensor]


class PoseObjective(nn.Module):
    """Supervised: mean per-joint error of the root-relative pose, m."""

    def __init__(self, model_pos: Network) -> None:
        super().__init__()
        self.model_pos = model_pos

    def forward(self, batch: WindowBatch) -> tuple[Tensor, Terms]:
        """Loss and its terms of a labelled batch."""
        assert batch.positions is not None
        target = batch.positions - batch.positions[:, :, :1]
        loss = mpjpe(self.model_pos(batch.keypoints).float(), target)
        return loss, {"pose": loss}


@dataclass(frozen=True, slots=True, eq=False)
class PairedBatch:
    """One labelled and one unlabelled batch; the latter None while warming up."""

    labelled: WindowBatch
    unlabelled: WindowBatch | None

    @property
    def num_outputs(self) -> int:
        """Labelled output frames."""
        return self.labelled.num_outputs


class SemiSupervisedObjective(nn.Module):
    """Labelled poses and trajectories, and unlabelled keypoints that both must project back to.

    Parameters
    ----------
    model_pos, model_traj : networks
        Pose relative to the root; the root's position in camera space. No shared weights.
    bones : (B,2) tensor
        Parent and child of every bone of the output skeleton.
    projected : (P,2) tensor
        Pairs (keypoint, output joint) that mark the same point of the body.
    is_linear : bool
        Project without lens distortion.
    use_bone_lengths : bool
        Ask the unlabelled people for the labelled people's mean bone lengths.
    root_keypoint : int or None
        The keypoint that marks the root: the trajectory is placed on its ray (``place_on_ray``). None:
        the trajectory network gives the root's position itself, as in the paper.
    """

    bones: Tensor
    projected: Tensor

    def __init__(
        self,
        model_pos: Network,
        model_traj: Network,
        *,
        bones: Tensor,
        projected: Tensor,
        is_linear: bool,
        use_bone_lengths: bool,
        root_keypoint: int | None = None,
    ) -> None:
        super().__init__()
        self.model_pos = model_pos
        self.model_traj = model_traj
        self.register_buffer("bones", bones, persistent=False)
        self.register_buffer("projected", projected, persistent=False)
        self._is_linear = is_linear
        self._use_bone_lengths = use_bone_lengths
        self.root_keypoint = root_keypoint

    def forward(self, batch: PairedBatch) -> tuple[Tensor, Terms]:
        """Loss and its terms of a labelled and an unlabelled batch (METHOD.md section 4)."""
        labelled, unlabelled = batch.labelled, batch.unlabelled
        assert labelled.positions is not None
        count = len(labelled.keypoints)
        inputs = labelled.keypoints
        if unlabelled is not None:
            inputs = torch.cat([inputs, unlabelled.keypoints])
        pose = self.model_pos(inputs).float()
        trajectory = self.model_traj(inputs).float()
        labelled_root = self._place(trajectory[:count], labelled)

        root = labelled.positions[:, :, :1]
        terms = {
            "pose": mpjpe(pose[:count], labelled.positions - root),
            "trajectory": weighted_mpjpe(labelled_root, root, 1 / root[..., 2]),
        }
        if unlabelled is not None:
            points = pose[count:] + self._place(trajectory[count:], unlabelled)
            terms["projection"] = self._projection_error(points, unlabelled)
            if self._use_bone_lengths:
                lengths = (
                    self._mean_bone_lengths(pose[:count]),
                    self._mean_bone_lengths(pose[count:]),
                )
                terms["bone_length"] = (lengths[0] - lengths[1]).abs().mean()
        return torch.stack(list(terms.values())).sum(), terms

    def _place(self, trajectory: Tensor, batch: WindowBatch) -> Tensor:
        keypoint = self.root_keypoint
        if keypoint is None:
            return trajectory
        assert batch.lens is not None
        screen, confidence = batch.screen[:, :, keypoint], batch.confidence[:, :, keypoint]
        return self.place(trajectory, screen, confidence, batch.lens)

    def place(self, trajectory: Tensor, screen: Tensor, confidence: Tensor, lens: Tensor) -> Tensor:
        """``place_on_ray`` with the objective's kind of projection."""
        return place_on_ray(trajectory, screen, confidence, lens, is_linear=self._is_linear)

    def _projection_error(self, points: Tensor, unlabelled: WindowBatch) -> Tensor:
        assert unlabelled.lens is not None
        marks, joints = self.projected[:, 0], self.projected[:, 1]
        # A detector is hardly sure of a hidden joint: it says little about where the joint is.
        confidence = unlabelled.confidence[:, :, marks]
        screen = project(points[:, :, joints], unlabelled.lens, is_linear=self._is_linear)
        error = torch.linalg.vector_norm(screen - unlabelled.screen[:, :, marks], dim=-1)
        return joined_mean(error, confidence)

    def _mean_bone_lengths(self, pose: Tensor) -> Tensor:
        """(B,) mean over all windows and frames."""
        child, parent = self.bones[:, 1], self.bones[:, 0]
        lengths = torch.linalg.vector_norm(pose[:, :, child] - pose[:, :, parent], dim=-1)
        total = torch.cat(
            [lengths.sum(dim=(0, 1)), lengths.new_full((1,), lengths[..., 0].numel())]
        )
        total = sum_over_processes(total)
        return total[:-1] / total[-1].detach()


def place_on_ray(
    trajectory: Tensor,
    screen: Tensor,
    confidence: Tensor,
    lens: Tensor,
    *,
    is_linear: bool = False,
) -> Tensor:
    """The root at the depth that a network gives, beside its keypoint's ray by what the network adds.

    A root's x is its depth times its ray's x/z: a product, which a network learns slowly; here it has
    to learn the depth alone.

    Parameters
    ----------
    trajectory : (N,L,1,3) tensor
        x and y beside the ray, and depth, m.
    screen, confidence : (N,L,2) and (N,L) tensors
        The root's keypoint, normalised; where it is missing (0) the optical axis stands in.
    lens : (N,9) tensor
        As ``normalized_lens``.

    Returns
    -------
    (N,L,1,3) tensor
        m, camera space.
    """
    ray = unproject(screen, lens, is_linear=is_linear)
    ray = torch.where(confidence[..., None] > 0, ray, 0.0)[:, :, None]
    return trajectory + F.pad(ray * trajectory[..., 2:], (0, 1))
