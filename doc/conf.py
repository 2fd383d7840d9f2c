"""The documentation site: `python -m sphinx -W doc doc/_build` from the root of the repository."""

import re
import zlib
from pathlib import Path
from tempfile import mkdtemp

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
    "sphinx.ext.mathjax",
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
html_static_path = ["_static"]

# A missing link is an error: -W makes warnings errors, and this makes missing links warnings.
nitpicky = True
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
    """Write the list of names of another project as Sphinx wants it, and return its path."""
    header = f"# Sphinx inventory version 2\n# Project: {name}\n# Version: \n# zlib\n"
    lines = (DOC / "inventories" / f"{name}.txt").read_bytes()
    path = Path(mkdtemp()) / "objects.inv"
    path.write_bytes(header.encode() + zlib.compress(lines))
    return str(path)


intersphinx_mapping = {name: (url, inventory_of(name)) for name, url in OTHERS.items()}

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": "/plot_",
    "abort_on_example_error": True,
    "backreferences_dir": "api/backreferences",
    "doc_module": ("skbayes",),
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "image_scrapers": ("matplotlib",),
    "matplotlib_animations": False,
    "remove_config_comments": True,
}

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
    code = source[0].find(".. GENERATED FROM PYTHON SOURCE LINES", source[0].find("\n====="))
    if figures and code >= 0:
        without = source[0].replace(figures[-1], "")
        code = without.find(".. GENERATED FROM PYTHON SOURCE LINES", without.find("\n====="))
        before, after = without[:code], without[code:]
        source[0] = f"{before}\n{figures[-1]}\n{after}"


def as_code(app, env, node, content):
    """Leave what is in single backticks as code if it is no name that can be linked."""
    return content if node["reftype"] == "obj" else None


def setup(app):
    app.connect("source-read", figure_first)
    app.connect("missing-reference", as_code)
