"""The templates of the compiled step: what they come to, and what is said of one that cannot be rendered."""
import pathlib

import pytest

import lifext
from lifext._core import descriptions, rendering
from lifext._core.rendering import RenderingError, render

CORE = pathlib.Path(lifext._core.__file__).parent


def rendered(folder, text, **names):
    path = folder / "loops.pxi.in"
    path.write_text(text)
    return render(path, names)


def test_text_without_marks_stays_as_it_is(tmp_path):
    for text in ("", "\n", "a % b\n    c {d} e\n\n"):
        assert rendered(tmp_path, text) == (text if text.strip() else "\n")


def test_blocks_and_expressions(tmp_path):
    text = ("%% for k in range(count):\n%% if k == 1:\n    second {{name}}_{{k}}\n%% else:\n{{name.upper()}}\n%% end\n"
            "%% end\n%% last = [name, 'b']\n  {{last}},\nend\n")
    assert rendered(tmp_path, text, count=3, name="x") == "X\n    second x_1\nX\n  x,\n  b,\nend\n"
    assert rendered(tmp_path, text, count=0, name="x") == "  x,\n  b,\nend\n"
    assert rendered(tmp_path, "a\n{{[]}}\nb\n") == "a\nb\n"


@pytest.mark.parametrize(("text", "line", "error"), [
    ("one\n\n{{missing}}\n", 3, "NameError"),
    ("%% for k in range(2):\nthat {{1//(1 - k)}}\n%% end\n", 2, "ZeroDivision"),
    ("%% if True:\nx\n", 3, "1 blocks too few are ended"), ("x\n%% end\n", 3, "1 blocks too many are ended"),
    ("x\ny\n%% for in 3:\n%% end\n", 3, "SyntaxError"), ("x\n{{1 +}}\n", 2, "SyntaxError"),
    ("%% f = lambda: missing\nx\nvalue {{f()}}\n", 1, "NameError")])
def test_a_template_that_cannot_be_rendered_is_named_with_its_line(tmp_path, text, line, error):
    with pytest.raises(RenderingError, match=error) as caught:
        rendered(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'loops.pxi.in'}:{line}: ")


@pytest.mark.parametrize("template", sorted(CORE.rglob("*.in")), ids=lambda path: path.name)
def test_the_templates_of_the_package_are_rendered(template):
    text = render(template, descriptions.read())
    assert "{{" not in text and "%%" not in text
    assert text == render(template, descriptions.read())


def test_each_equation_stands_once():
    """A receptor's, a cell's or a synapse's equations are in its own file, and in no template."""
    seen = descriptions.read()
    lines = [line for gating in seen["gatings"] for part in ("relax", "take", "arrival") for line in gating.core[part]]
    lines += [line for drive in seen["drives"] for line in (drive.current, drive.force) if line]
    lines += [line for core in seen["synapses"].values() for line in core["spike"]]
    lines += [*seen["cell"]["begin"], *seen["cell"]["move"], *seen["cell"]["correct"]]
    sources = [path.read_text() for path in (*CORE.rglob("*.in"), CORE / "fast/kernels.pxi")]
    assert len(lines) > 10
    for line in lines:
        assert not any(line in source for source in sources), line
    assert len(set(lines)) == len(lines)


def test_what_descriptions_name_is_found():
    seen = descriptions.read()
    assert {gating.name for gating in seen["gatings"]} == set(lifext.receptors.GATINGS)
    receptor = next(variant for variant in seen["variants"] if variant.name == "ring").receptors[2]
    assert receptor.states == ["s_2", "x_2"]
    assert receptor.sums == ["arrived_2", "integral_2"]
    assert receptor.current == "driven_current(g_2, s_2, force_2)"
    assert rendering.MARK == "%%"
