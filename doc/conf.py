"""The documentation site: `python -m sphinx -W doc doc/_build` from the root of the repository."""

import re
import zlib
from pathlib import Path
from tempfile import mkdtemp
from typing import ClassVar

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  the gallery looks its name up

import skbayes

DOC = Path(__file__).parent
REPOSITORY = "https://github.com/skbayes/skbayes"

project = "skbayes"
author = copyright = "The skbayes developers"
release = version = skbayes.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = [
    "_build",
    "auto_examples/*.py",
]
templates_path = ["_templates"]
toc_object_entries_show_parents = "hide"
html_static_path = ["_static"]

# A missing link is an error: -W makes warnings errors, and this makes missing links warnings.
nitpicky = True
suppress_warnings = ["config.cache"]  # the order of the gallery is a class
# Words in single backticks are links where they name something of ours, and code elsewhere.
default_role = "py:obj"

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_typehints = "none"
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# What the pages link to in other projects is listed here, so that the site builds without a network
# and the same everywhere.
OTHERS = {
    "python": "https://docs.python.org/3",
    "scipy": "https://docs.scipy.org/doc/scipy",
    "sklearn": "https://scikit-learn.org/stable",
    "joblib": "https://joblib.readthedocs.io/en/stable",
}


def inventory_of(name):
    """Write the names of another project, of which $ in an address is one, as Sphinx wants them."""
    header = f"# Sphinx inventory version 2\n# Project: {name}\n# Version: \n# zlib\n"
    lines = (DOC / "inventories" / f"{name}.txt").read_text("utf-8").splitlines()
    entries = [line.replace("$", line.split()[0]) + "\n" for line in lines]
    path = Path(mkdtemp()) / "objects.inv"
    path.write_bytes(header.encode() + zlib.compress("".join(entries).encode()))
    return str(path)


intersphinx_mapping = {name: (url, inventory_of(name)) for name, url in OTHERS.items()}


class InOrder:
    """Sorts the examples as they are best read."""

    NAMES: ClassVar[list[str]] = [
        "quickstart",
        "mixed_space",
        "choose_a_model",
        "preprocessing",
        "text",
        "time_series",
        "imbalanced",
        "stacking",
        "pytorch_loop",
        "boosting_rounds",
        "halving",
        "racing",
        "parallel",
        "resume",
        "after_the_search",
        "importance",
        "pareto",
        "winners_curse",
        "surrogate",
        "parzen",
    ]

    def __init__(self, folder):
        pass

    def __call__(self, name):
        return self.NAMES.index(name.removeprefix("plot_").removesuffix(".py"))


sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "within_subsection_order": InOrder,
    "abort_on_example_error": True,
    "backreferences_dir": "api/backreferences",
    "doc_module": ("skbayes",),
    "download_all_examples": False,
    "show_signature": False,
    "remove_config_comments": True,
}

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "skbayes"
html_css_files = ["style.css"]
html_show_sourcelink = False
html_theme_options = {
    "github_url": REPOSITORY,
    "show_prev_next": True,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 7,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "tango",
    "pygments_dark_style": "github-dark",
}
html_sidebars = {"index": []}


def figure_first(app, name, source):
    """Show the last figure of an example below its first paragraph, before any code."""
    if not name.startswith("auto_examples/plot_"):
        return
    figures = re.findall(r"^\.\. image-sg::.*\n(?: .*\n|\n(?= ))+", source[0], re.MULTILINE)
    if figures:
        text = source[0].replace(figures[-1], "")
        code = text.index(".. GENERATED FROM PYTHON SOURCE LINES", text.index("\n====="))
        source[0] = f"{text[:code]}\n{figures[-1]}\n{text[code:]}"


def as_code(app, env, node, content):
    """Leave what is in single backticks as code if it is no name that can be linked."""
    return content if node["reftype"] == "obj" else None


def inline_math(writer, node):
    """Write a formula as MathML, which browsers show without scripts from elsewhere."""
    writer.body.append(tex2mathml(node.astext()))
    raise SkipNode


def block_math(writer, node):
    """Write a displayed formula, which may be scrolled where the screen is narrow."""
    writer.body.append(f'<div class="formula">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (inline_math, None), (block_math, None))
    app.connect("source-read", figure_first)
    app.connect("missing-reference", as_code)
