"""A report as text and as HTML, in which every text of the user is escaped."""

from __future__ import annotations

import base64
from html import escape
from textwrap import shorten, wrap
from typing import Any

import numpy as np

from skbayes.findings import short

WIDTH = 79

MAX_LISTED = 4
"""Number of parameters, failures and notes that are listed; of others the number is told."""

STYLE = """
.skbayes-report { font-family: system-ui, sans-serif; max-width: 60em; line-height: 1.4; }
.skbayes-report table { border-collapse: collapse; }
.skbayes-report th, .skbayes-report td { text-align: left; padding: 0.2em 1em 0.2em 0;
  vertical-align: top; }
.skbayes-report pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.skbayes-report img { max-width: 100%; background: white; }
"""


def lines_of(report: Any) -> list[tuple[str, str]]:
    """Return what a report says, as pairs of a heading and a sentence.

    Parameters
    ----------
    report : SearchReport
    """
    lines = [
        ("best parameters", ", ".join(f"{n}={short(v)}" for n, v in report.best_params.items())),
        ("score", _score(report)),
        ("gain", _gain(report)),
        ("honest score", _honest(report)),
        ("on test data", _hold_out(report)),
        ("stability", _stability(report)),
        ("at the edge", _first(list(map(str, report.edges)))),
        ("importance", _importance(report)),
        ("did not matter", _first(report.irrelevant)),
        ("failures", _first(list(map(str, report.failures)))),
        ("outlook", "" if report.outlook is None else f"{report.outlook}"),
        ("spent", _spent(report)),
        ("not known", _first(report.notes)),
    ]
    return [(heading, text) for heading, text in lines if text]


def as_text(report: Any) -> str:
    """Return a report as a text of one screen.

    Parameters
    ----------
    report : SearchReport
    """
    title = shorten(f"{report.search} of {report.estimator}", WIDTH, placeholder=" ...")
    found = [title, ""]
    for heading, text in lines_of(report):
        wrapped = wrap(text, WIDTH - 17) or [""]
        if len(wrapped) > 3:
            wrapped = [*wrapped[:2], shorten(wrapped[2], WIDTH - 22) + " ..."]
        found.append(f"{heading:<17}{wrapped[0]}")
        found.extend(f"{'':<17}{line}" for line in wrapped[1:])
    return "\n".join(found)


def as_html(report: Any, is_page: bool = True) -> str:
    """Return a report as HTML that needs no other file.

    Parameters
    ----------
    report : SearchReport
    is_page : bool, default=True
        Whether it is a whole page, or a part of one.
    """
    rows = "".join(
        f"<tr><th scope='row'>{escape(heading)}</th><td>{escape(text)}</td></tr>\n"
        for heading, text in lines_of(report)
    )
    settings = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{escape(text)}</td></tr>\n"
        for name, text in report.settings.items()
    )
    pictures = "".join(
        f"<figure><img alt='{escape(title)}' src='data:image/png;base64,"
        f"{base64.b64encode(picture).decode()}'><figcaption>{escape(title)}</figcaption></figure>\n"
        for title, picture in report.figures.items()
    )
    as_json = escape(report.best_params_json or "not possible, see the notes")
    title = escape(f"{report.search} of {report.estimator}")
    body = (
        f"<div class='skbayes-report'>\n<h1>{title}</h1>\n"
        f"<table>\n{rows}</table>\n{pictures}"
        f"<h2>Best parameters as JSON</h2>\n<pre>{as_json}</pre>\n"
        f"<h2>To repeat it</h2>\n<table>\n{settings}</table>\n</div>\n"
    )
    if not is_page:
        return f"<style>{STYLE}</style>\n{body}"
    return (
        "<!DOCTYPE html>\n<html lang='en'>\n<head><meta charset='utf-8'>"
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body>\n{body}</body>\n</html>\n"
    )


def _score(report: Any) -> str:
    error = report.standard_error
    text = f"{report.best_score:.4g}" + (f" ± {error:.2g}" if np.isfinite(error) else "")
    return f"{text} ({report.metric}, mean of {report.counts['splits']} splits)"


def _gain(report: Any) -> str:
    if report.gain is None or report.baseline_score is None:
        return ""
    over = f"{report.gain} over the defaults, {report.baseline_score:.4g}"
    if report.gain.mean <= 0.0:
        return f"{over}: none. The defaults may be good, the space wrong, or the trials too few."
    return over if report.gain.is_sure else f"{over}: cannot be told from noise"


def _honest(report: Any) -> str:
    if report.honest is None:
        return ""
    honest = report.honest
    luck = "not lucky"
    if honest.optimism > 0.0:
        luck = f"lucky by some {honest.optimism:.2g}"
    return (
        f"{honest.score:.4g} [{honest.low:.4g}, {honest.high:.4g}]: the best of "
        f"{report.counts['candidates']} is {luck}"
    )


def _hold_out(report: Any) -> str:
    if report.hold_out is None:
        return ""
    found = report.hold_out
    if found.gain is None:
        return f"{found.score:.4g}"
    return f"{found.score:.4g}, {found.gain} over the defaults: {found.verdict}"


def _stability(report: Any) -> str:
    if report.stability is None:
        return ""
    return f"the same candidate wins on {report.stability:.0%} of resampled splits"


def _importance(report: Any) -> str:
    if report.importance is None or not report.importance.total.any():
        return ""
    pairs = zip(report.importance.names, report.importance.total, strict=True)
    return _first([f"{name} {total:.0%}" for name, total in pairs])


def _spent(report: Any) -> str:
    counts = report.counts
    parts = [f"{counts['candidates']} candidates, {counts['fits']} fits"]
    parts += [f"{counts[name]} {name}" for name in ("failed", "dropped") if counts[name]]
    parts += [f"{seconds:.3g} s {step}" for step, seconds in report.seconds.items()]
    return ", ".join(parts)


def _first(texts: list[str]) -> str:
    rest = len(texts) - MAX_LISTED
    return "; ".join(texts[:MAX_LISTED]) + (f"; and {rest} more" if rest > 0 else "")
