"""scikit-learn's installed test modules, imported with our classes in place of theirs."""

import importlib.util
import sys
from contextlib import ExitStack
from unittest.mock import patch


def import_with(suite, search_class, replacements):
    """Import a test module afresh, so that its parametrisations hold our classes.

    Parameters
    ----------
    suite : str
        Full name of the module.
    search_class : class
        What it is tested with; the copy has its name, so that several can stand side by side.
    replacements : list of (module, dict)
        What to put in place of the names of a module while the suite is imported.
    """
    name = f"{suite}_of_{search_class.__name__}"
    origin = importlib.util.find_spec(suite).origin
    spec = importlib.util.spec_from_file_location(name, origin)
    module = importlib.util.module_from_spec(spec)
    with ExitStack() as patches:
        for target, names in replacements:
            patches.enter_context(patch.multiple(target, **names))
        sys.modules[name] = module  # where pickle looks for its classes
        spec.loader.exec_module(module)
    return module
