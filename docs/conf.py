"""How Sphinx builds the site: ``sphinx-build -W docs site``. CONTRIBUTING.md says what to install."""
import pathlib
import re
import sys
import warnings
from importlib.metadata import version as version_of

sys.path.insert(0, str(pathlib.Path(__file__).parent))  # gallery_order, repository_links

project = "lifext"
author = "The lifext developers"
version = release = version_of("lifext")

extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.mathjax", "numpydoc", "myst_parser",
              "sphinx_gallery.gen_gallery", "repository_links"]
templates_path = ["_templates"]
default_role = "py:obj"
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}

# Pages that are files of the repository, outside of docs/: the page has nothing but an include.
repository_pages = {"start": "README.md", "speed": "bench/README.md", "race": "bench/RESULTS.md",
                    "contributing": "CONTRIBUTING.md", "changelog": "CHANGELOG.md"}

myst_heading_anchors = 3

autosummary_ignore_module_all = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
# What a public docstring must have; with `sphinx-build -W` a warning of numpydoc's is an error. Not asked for are
# things that would be said twice, since a method that overrides another says only what differs (PR01, PR04, RT01); See
# Also, an extended summary and an example for each (SA01, ES01, EX01; examples/ and the guide have them in context);
# full stops and capitals in lists (PR05, PR08, PR09, RT04, RT05, SA03, SA04); a text for returned things whose type
# says all (RT02, RT03); the imperative (SS05), where what a class or property is gets named.
numpydoc_validation_checks = {"GL03", "GL06", "GL07", "GL08", "GL09", "GL10", "SS01", "SS02", "SS03", "SS04", "SS06",
                              "PR02", "PR03", "PR06", "PR10", "YD01", "SA02"}

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"\.py$",
    "ignore_pattern": r"__init__\.py",
    "within_subsection_order": "gallery_order.ReadmeOrder",
    "download_all_examples": False,
    "show_memory": False,
    "min_reported_time": 1000,
    "reference_url": {"lifext": None},
    "doc_module": ("lifext",),
    "backreferences_dir": "api/backreferences",
    "inspect_global_variables": True,
    "abort_on_example_error": False,
}
# sphinx-gallery turns an example's figures into pictures itself, so examples may call plt.show()
warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive", category=UserWarning)

html_theme = "pydata_sphinx_theme"
html_title = "lifext"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "lifext"},
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
copyright = "the lifext developers, BSD-3-Clause"  # noqa: A001 (Sphinx wants this name)
html_sidebars = {"start": [], "index": []}
exclude_patterns = ["_build", "site", "sg_execution_times.rst"]


def setup(app):
    app.connect("autodoc-process-bases", public_bases)
    app.connect("autodoc-skip-member", skipped)


def public_bases(app, name, obj, options, bases):
    """Have a class's page name the public class that it inherits from."""
    public = [base for base in obj.__mro__[1:] if not re.search(r"\b_", f"{base.__module__}.{base.__name__}")]
    bases[:] = public[:1]


def skipped(app, what, name, obj, skip, options):
    """Leave out the fields of named tuples, of which the class's docstring says more than Python does."""
    return True if (getattr(obj, "__doc__", None) or "").startswith("Alias for field number") else None
