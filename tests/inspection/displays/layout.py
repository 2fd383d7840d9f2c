"""What is written in a figure, and whether it can be read."""

from itertools import combinations

from skbayes.inspection.displays.figures import crowding, shown_labels


def texts_of(figure):
    """Return all texts that are drawn."""
    found = []
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            found += [axis.label, *shown_labels(axis)[1]] if ax.axison else []
        found += [ax.title, *ax.texts]
        if ax.get_legend() is not None:
            found += ax.get_legend().get_texts()
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def words_of(figure):
    """Return what is written."""
    return [text.get_text() for text in texts_of(figure)]


def check_legible(figure):
    """Assert that no text leaves the figure, and that no two of them overlap."""
    figure.draw_without_rendering()
    texts = texts_of(figure)
    assert texts
    width, height = figure.canvas.get_width_height()
    boxes = {text: text.get_window_extent() for text in texts}
    for text, box in boxes.items():
        inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1
        assert inside, f"{text.get_text()!r} is cut"
    straight = [text for text in texts if text.get_rotation() % 90 == 0]
    for a, b in combinations(straight, 2):
        one, other = boxes[a].padded(-1.5), boxes[b].padded(-1.5)
        assert not one.overlaps(other), f"{a.get_text()!r} overlaps {b.get_text()!r}"
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            labels = [label for label in shown_labels(axis)[1] if label.get_visible()]
            assert len(labels) <= 14  # the names of 12 parameters and the score
            assert not labels or crowding(axis) <= 1.01
