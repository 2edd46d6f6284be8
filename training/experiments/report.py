"""What an experiment leaves behind: a table and a plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path


def write_table(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows of equal keys as a Markdown table and write it to ``path``."""
    titles = list(rows[0])
    lines = [[str(row[title]) for title in titles] for row in rows]
    text = "\n".join(
        "| " + " | ".join(cells) + " |" for cells in [titles, ["---"] * len(titles), *lines]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")
    print(text, flush=True)


def draw_label_curve(path: Path, errors: Mapping[tuple[str, float], Sequence[float]]) -> None:
    """Error against the labelled share, one line per arm, every seed a dot."""
    import matplotlib  # noqa: PLC0415

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    for arm, marker in (("supervised", "o"), ("semi-supervised", "s")):
        points = {share: values for (name, share), values in errors.items() if name == arm}
        if not points:
            continue
        shares = sorted(points)
        means = [sum(points[share]) / len(points[share]) for share in shares]
        (line,) = axes.plot([100 * share for share in shares], means, marker=marker, label=arm)
        for share in shares:
            axes.plot(
                [100 * share] * len(points[share]),
                points[share],
                linestyle="none",
                marker=".",
                color=line.get_color(),
                alpha=0.5,
            )
    axes.set_xscale("log")
    axes.set_xticks([1, 10, 100], ["1 %", "10 %", "100 %"])
    axes.set_xlabel("labelled share of one performer's clips")
    axes.set_ylabel("MPJPE on unseen performers (mm)")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
