"""What fits print in a worker goes above the line of progress, in whole lines."""

import sys

from skbayes.evaluation.printing import ERASE_LINE, over_the_line


def test_lines_take_the_place_of_the_line_of_progress(capsys):
    with over_the_line():
        print("epoch 1", end=" ")
        print("loss 0.5")
        print("two\nlines")
        sys.stdout.writelines(["a ", "b\n"])
        print("no newline", end="")
        print("an error", file=sys.stderr)
        assert sys.stdout.encoding  # the rest is that of the stream
    out, err = capsys.readouterr()
    lines = ("epoch 1 loss 0.5", "two", "lines", "a b", "no newline")
    assert out == "".join(f"{ERASE_LINE}{line}\n" for line in lines)
    assert err == f"{ERASE_LINE}an error\n"
    print("after")
    assert capsys.readouterr().out == "after\n"
