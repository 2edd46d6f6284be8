"""The supervised and the semi-supervised loss, term by term, with networks that say what we want."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.learning.objectives import (  # noqa: E402
    PairedBatch,
    PoseObjective,
    SemiSupervisedObjective,
    place_on_ray,
)
from core.learning.projection import project, unproject  # noqa: E402
from tests.core.learning.synthetic_clips import (  # noqa: E402
    SKELETON,
    make_clip,
    make_set,
    make_windows,
)

BONES = torch.from_numpy(SKELETON.bones)


class Saying(torch.nn.Module):
    """A network that gives this output, whatever it reads."""

    def __init__(self, *outputs):
        super().__init__()
        self.output = torch.nn.Parameter(torch.cat(outputs))

    def forward(self, keypoints):
        assert len(keypoints) == len(self.output)
        return self.output


def draw_batch(seed, count=6, **options):
    return make_windows(
        make_set([make_clip(seed, num_frames=8, **options)]), chunk_length=2
    ).gather(torch.arange(count))


def split(positions):
    return positions - positions[:, :, :1], positions[:, :, :1]


def without_truth(batch):
    return type(batch)(batch.keypoints, None, batch.screen, batch.confidence, batch.lens)


def semi_loss(
    labelled,
    unlabelled,
    poses,
    roots,
    *,
    is_linear=False,
    use_bone_lengths=True,
    joints=range(6),
    root_keypoint=None,
):
    joints = torch.tensor(list(joints))
    objective = SemiSupervisedObjective(
        Saying(*poses),
        Saying(*roots),
        bones=BONES,
        projected=torch.stack([joints, joints], dim=1),
        is_linear=is_linear,
        use_bone_lengths=use_bone_lengths,
        root_keypoint=root_keypoint,
    )
    loss, terms = objective(PairedBatch(labelled, unlabelled))
    assert loss.item() == pytest.approx(sum(term.item() for term in terms.values()), rel=1e-6)
    loss.backward()
    assert all(torch.isfinite(p.grad).all() for p in objective.parameters())
    return {name: term.item() for name, term in terms.items()}, objective


def perfect_case(**options):
    """The same person labelled and unlabelled, and networks that know the truth of both."""
    labelled, other = draw_batch(1), draw_batch(1, **options)
    poses, roots = zip(split(labelled.positions), split(other.positions), strict=True)
    return labelled, other, list(poses), list(roots)


def test_supervised_loss_is_the_error_relative_to_the_root():
    batch = draw_batch(1)
    pose, _ = split(batch.positions)
    loss, terms = PoseObjective(Saying(pose))(batch)
    assert loss.item() == 0 and list(terms) == ["pose"]
    loss, _ = PoseObjective(Saying(pose + torch.tensor([0.03, 0.0, 0.04])))(batch)
    assert loss.item() == pytest.approx(0.05, rel=1e-5)


def test_perfect_networks_have_no_semi_supervised_loss():
    labelled, other, poses, roots = perfect_case()
    terms, _ = semi_loss(labelled, without_truth(other), poses, roots)
    assert list(terms) == ["pose", "trajectory", "projection", "bone_length"]
    assert terms == pytest.approx(dict.fromkeys(terms, 0.0), abs=1e-5)


def test_projecting_without_distortion_misses_what_the_lens_bent():
    labelled, other, poses, roots = perfect_case()
    terms, _ = semi_loss(labelled, without_truth(other), poses, roots, is_linear=True)
    linear = project(other.positions, other.lens, is_linear=True)
    expected = torch.linalg.vector_norm(linear - other.screen, dim=-1).mean().item()
    assert terms["projection"] == pytest.approx(expected, rel=1e-5) and expected > 1e-4


def test_warming_up_learns_from_labels_alone():
    labelled, _, poses, roots = perfect_case()
    terms, _ = semi_loss(labelled, None, poses[:1], [roots[0] + torch.tensor([0, 0, 0.5])])
    assert list(terms) == ["pose", "trajectory"]
    assert terms["pose"] == 0
    expected = (0.5 / roots[0][..., 2]).mean().item()
    assert terms["trajectory"] == pytest.approx(expected, rel=1e-5)


def test_the_trajectory_is_weighted_by_the_true_depth_and_compared_in_the_labelled_half_alone():
    labelled, other, poses, roots = perfect_case()
    moved = [roots[0] + torch.tensor([0.3, 0.4, 0]), roots[1] * 1.5]
    terms, _ = semi_loss(labelled, without_truth(other), poses, moved)
    expected = (0.5 / roots[0][..., 2]).mean().item()
    assert terms["trajectory"] == pytest.approx(expected, rel=1e-5)


def test_projection_is_of_pose_and_trajectory_together_and_pulls_at_both():
    labelled, other, poses, roots = perfect_case()
    shift = torch.tensor([0.1, -0.05, 0.2])
    moved = semi_loss(
        labelled, without_truth(other), [poses[0], poses[1] + shift], [roots[0], roots[1] - shift]
    )[0]
    assert moved["projection"] == pytest.approx(0, abs=1e-5)
    terms, objective = semi_loss(
        labelled, without_truth(other), poses, [roots[0], roots[1] + shift], use_bone_lengths=False
    )
    screen = project(other.positions + shift, other.lens)
    expected = torch.linalg.vector_norm(screen - other.screen, dim=-1).mean().item()
    assert terms["projection"] == pytest.approx(expected, rel=1e-4)
    for network in (objective.model_pos, objective.model_traj):
        half = len(other.screen)
        assert (network.output.grad[half:].abs().sum(dim=(1, 2, 3)) > 0).all()


def test_bone_lengths_are_compared_by_their_means():
    labelled, other, poses, roots = perfect_case()
    poses[1] = poses[1] * 1.25
    terms, _ = semi_loss(labelled, without_truth(other), poses, roots)
    lengths = torch.linalg.vector_norm(
        poses[0][:, :, BONES[:, 1]] - poses[0][:, :, BONES[:, 0]], dim=-1
    )
    expected = 0.25 * lengths.mean(dim=(0, 1)).mean().item()
    assert terms["bone_length"] == pytest.approx(expected, rel=1e-5)
    without, _ = semi_loss(labelled, without_truth(other), poses, roots, use_bone_lengths=False)
    assert list(without) == ["pose", "trajectory", "projection"]


def test_one_person_growing_and_another_shrinking_keep_the_mean_bone():
    labelled, other, poses, roots = perfect_case()
    scale = torch.tensor([0.5, 1.5] * 3)[:, None, None, None]
    poses = [poses[0][:1].expand(6, -1, -1, -1), poses[0][:1].expand(6, -1, -1, -1) * scale]
    terms, _ = semi_loss(labelled, without_truth(other), poses, roots)
    assert terms["bone_length"] == pytest.approx(0, abs=1e-6)


def test_missing_keypoints_do_not_count():
    labelled, other, poses, roots = perfect_case(share_missing=0.4)
    is_seen = other.confidence > 0
    assert 0.2 < is_seen.float().mean() < 0.8
    terms, _ = semi_loss(labelled, without_truth(other), poses, roots)
    assert terms["projection"] == pytest.approx(0, abs=1e-5)
    shifted = [roots[0], roots[1] + torch.tensor([0.2, 0, 0])]
    terms, _ = semi_loss(labelled, without_truth(other), poses, shifted)
    screen = project(poses[1] + shifted[1], other.lens)
    errors = torch.linalg.vector_norm(screen - other.screen, dim=-1)
    assert terms["projection"] == pytest.approx(errors[is_seen].mean().item(), rel=1e-5)


def test_keypoints_count_by_their_confidence():
    labelled, other, poses, roots = perfect_case()
    confidence = torch.linspace(0.05, 1, 6).expand_as(other.confidence)
    poses = [poses[0], poses[1] * 1.5]
    errors = torch.linalg.vector_norm(
        project(poses[1] + roots[1], other.lens) - other.screen, dim=-1
    )

    def projection_loss(confidence):
        doubtful = replace(without_truth(other), confidence=confidence)
        return semi_loss(labelled, doubtful, poses, roots)[0]["projection"]

    expected = ((errors * confidence).sum() / confidence.sum()).item()
    plain = errors.mean().item()
    assert projection_loss(confidence) == pytest.approx(expected, rel=1e-4)
    assert expected != pytest.approx(plain, rel=1e-2)
    # Alike everywhere, it does not matter how sure.
    for sure in (1.0, 0.05):
        alike = torch.full_like(confidence, sure)
        assert projection_loss(alike) == pytest.approx(plain, rel=1e-4)


def test_a_batch_without_any_keypoint_has_no_projection_loss():
    labelled, other, poses, roots = perfect_case(share_missing=1.0)
    terms, _ = semi_loss(labelled, without_truth(other), poses, [roots[0], roots[1] + 1])
    assert terms["projection"] == 0


def test_only_joints_that_both_skeletons_name_are_projected():
    labelled, other, poses, roots = perfect_case()
    wrong = poses[1].clone()
    wrong[:, :, 5] += 1
    terms, _ = semi_loss(labelled, without_truth(other), [poses[0], wrong], roots, joints=range(5))
    assert terms["projection"] == pytest.approx(0, abs=1e-5)
    terms, _ = semi_loss(labelled, without_truth(other), [poses[0], wrong], roots)
    assert terms["projection"] > 0.01


def test_a_smaller_labelled_batch_goes_with_a_whole_unlabelled_one():
    labelled, other = draw_batch(1, count=3), draw_batch(1, count=6)
    poses, roots = zip(split(labelled.positions), split(other.positions), strict=True)
    assert PairedBatch(labelled, other).num_outputs == 6
    terms, _ = semi_loss(labelled, without_truth(other), poses, roots)
    assert {name: terms[name] for name in ("pose", "trajectory", "projection")} == pytest.approx(
        {"pose": 0, "trajectory": 0, "projection": 0}, abs=1e-5
    )


@pytest.mark.parametrize("is_linear", [False, True])
def test_a_projected_point_lies_on_the_ray_of_its_keypoint(is_linear):
    batch = draw_batch(1)
    root = batch.positions[:, :, 0]
    screen = project(root, batch.lens, is_linear=is_linear)
    ray = unproject(screen, batch.lens, is_linear=is_linear)
    assert torch.allclose(ray, root[..., :2] / root[..., 2:], atol=1e-5)


def test_a_root_on_its_ray_needs_its_depth_alone():
    labelled, other, poses, roots = perfect_case()
    depths = [root * torch.tensor([0.0, 0.0, 1.0]) for root in roots]
    terms, _ = semi_loss(labelled, without_truth(other), poses, depths, root_keypoint=0)
    assert terms == pytest.approx(dict.fromkeys(terms, 0.0), abs=1e-4)
    beside = [depths[0] + torch.tensor([0.3, 0.4, 0.0]), depths[1]]
    terms, _ = semi_loss(labelled, without_truth(other), poses, beside, root_keypoint=0)
    expected = (0.5 / roots[0][..., 2]).mean().item()
    assert terms["trajectory"] == pytest.approx(expected, rel=1e-3)


def test_where_the_root_is_not_seen_the_optical_axis_stands_in_for_its_ray():
    trajectory = torch.tensor([[[[0.1, -0.2, 4.0]], [[0.1, -0.2, 4.0]]]])
    screen = torch.full((1, 2, 2), 0.3)
    lens = torch.tensor([[2.0, 2.0, 0, 0, 0, 0, 0, 0, 0]])
    placed = place_on_ray(trajectory, screen, torch.tensor([[1.0, 0.0]]), lens)
    assert torch.allclose(placed[0, :, 0], torch.tensor([[0.7, 0.4, 4.0], [0.1, -0.2, 4.0]]))
