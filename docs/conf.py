"""Configuration of the site. Nothing is fetched while it is built."""

import os
import re

# One thread for each numeric library: the examples then give the same pictures on every machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from importlib.metadata import version as installed_version

from sphinx_gallery.sorting import ExplicitOrder

project = "skgenre"
author = "the skgenre developers"
copyright = "2026, the skgenre developers"
version = release = installed_version("skgenre")

extensions = [
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["templates"]
exclude_patterns = ["_build", "templates"]
default_role = "literal"

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's sections say the types, with shapes
numpydoc_show_class_members = False
toc_object_entries_show_parents = "hide"

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "within_subsection_order": ExplicitOrder(
        [
            "plot_classify_folder.py",
            "plot_audit_tracks.py",
            "plot_compare_protocols.py",
            "plot_tune_extractor_and_net.py",
            "plot_describe_tracks.py",
            "plot_multilabel.py",
            "plot_similar_tracks.py",
            "plot_playlist.py",
            "plot_hybrid_recommender.py",
            "plot_stream.py",
            "plot_explanation.py",
            "plot_inside_another_project.py",
            "plot_many_machines.py",
        ]
    ),
    "abort_on_example_error": True,
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("skgenre",),
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "skgenre"
html_show_sourcelink = False
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,
    "header_links_before_dropdown": 7,
}
html_sidebars = {name: [] for name in ("start", "auto_examples/*", "accuracy", "ablation", "benchmarks")}


def skip_inherited_from_elsewhere(app, what, name, member, skip, options):
    """Leave out what scikit-learn gives every estimator: its own documentation has it."""
    module = getattr(member, "__module__", None) or getattr(getattr(member, "fget", None), "__module__", "")
    return skip or not (module or "").startswith("skgenre")


INITIAL = re.compile(r"^([ *-]*(?:\.\. \[\d+\] )?)([A-Z]\. )", re.MULTILINE)


def keep_initials_of_pages(app, name, source):
    """Keep reST from reading the initial of an author, where a line begins with it, as the letter of a list."""
    source[0] = INITIAL.sub(r"\1\\\2", source[0])


def keep_initials_of_docstrings(app, what, name, obj, options, lines):
    """Do the same to a docstring."""
    lines[:] = [INITIAL.sub(r"\1\\\2", line) for line in lines]


def setup(app):
    app.connect("source-read", keep_initials_of_pages)
    app.connect("autodoc-process-docstring", keep_initials_of_docstrings, priority=400)  # before numpydoc
    app.connect("autodoc-skip-member", skip_inherited_from_elsewhere)
