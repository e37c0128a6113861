"""Links of pages that stand elsewhere in the repository.

Some pages include a file from outside of docs/ (`repository_pages` in conf.py). Links and pictures in it are written
for its own place, so that they work where the repository is read, and links elsewhere in docs/ point to the file, not
to the page. This brings each to the page, or to the file itself as a download.
"""
import os
import posixpath

from docutils import nodes
from sphinx import addnodes

LINKS = (addnodes.pending_xref, addnodes.download_reference)


def setup(app):
    app.add_config_value("repository_pages", {}, "env", dict)
    # before Sphinx collects pictures and downloads
    app.connect("doctree-read", mend, priority=400)
    return {"parallel_read_safe": True}


def mend(app, doctree):
    """Point each link and picture of a page to where the site has it."""
    pages = app.config.repository_pages
    docname = app.env.docname
    source = pages.get(docname, f"docs/{docname}.md")
    if source in pages.values():
        for image in doctree.findall(nodes.image):
            if "://" not in image["uri"]:
                image["uri"] = from_page(docname, beside(source, image["uri"]))
    for link in [link for kind in LINKS for link in doctree.findall(kind) if link.get("reftype") == "myst"]:
        mend_link(app, link, docname, source)


def mend_link(app, link, docname, source):
    if link.get("refdomain") == "doc":  # a Markdown file that myst-parser has found, inside of docs/ or outside
        file = os.path.join(app.srcdir, link["reftarget"])
        path, anchor = f"{os.path.relpath(file, os.path.dirname(app.srcdir))}.md", link.get("reftargetid")
    else:
        path, _, anchor = link["reftarget"].partition("#")
        if not path:
            return
        path = beside(source, path)
    page = next((name for name, file in app.config.repository_pages.items() if file == path), None)
    if page is None and path.startswith("docs/"):
        page = path.removeprefix("docs/").removesuffix(".md")
    if page in app.env.found_docs:
        replace(link, addnodes.pending_xref, refdomain="doc", reftarget=page, reftargetid=anchor or None,
                # a path as the text of a link says little to who sees no files: then the page's title stands there
                refexplicit=not link.astext().endswith(".md"))
    else:
        replace(link, addnodes.download_reference, refdomain=None, reftarget=from_page(docname, path),
                refexplicit=True)


def replace(link, kind, **attributes):
    found = kind("", **{**link.attributes, "reftype": "myst", **attributes})
    found += link.children
    if not found["refexplicit"]:
        for text in found.findall(nodes.Text):
            text.parent.replace(text, nodes.Text(""))
    link.replace_self(found)


def beside(source, path):
    """Return a path that is written in the file `source`, seen from the root of the repository."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), path))


def from_page(docname, path):
    """Return a path of the repository as Sphinx wants it on a page of docs/."""
    return posixpath.relpath(path, posixpath.dirname(f"docs/{docname}"))
