"""A file of parameters that is no such file is refused with its place, and costs neither minutes nor memory."""

import pytest

from sipnb import yamls

_TWENTY = ", ".join("*a{0}" for _ in range(20))
BAD = {
    "a day that is none": ("a: 2026-13-45", "holds a value that cannot be: month must be in 1..12"),
    "a character that is none": ('a: "x\0y"', "is not valid YAML: unacceptable character #x0000"),
    "a number of six thousand digits": ("a: " + "9" * 6000, "holds a value that cannot be"),
    "twenty thousand brackets": ("[" * 20_000, "is nested more than 40 deep"),
    "a list within itself": ("a: &a [*a]", "line 1 is nested more than 40 deep, or within itself"),
    "a thousand laughs": (
        "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{_TWENTY.format(i - 1)}]\n" for i in range(1, 12)),
        "unfolds into more than 500,000 values",
    ),
    "merges of merges": (
        "a0: &a0 {x: 1}\n"
        + "".join(f"a{i}: &a{i}\n" + "".join(f"  k{j}: {{<<: *a{i - 1}}}\n" for j in range(20)) for i in range(1, 12)),
        "unfolds into more than 500,000 values",
    ),
    "a value without end": ("a: " + "x" * 30_000, "line 1 holds a value of 30,000 characters; 20,000 are the most"),
    "half of a character": ('a: "x\\ud83d"', "line 1 holds half of a character ('x\\ud83d'); write the whole one"),
    "a key twice": ("a: 1\na: 2", "line 2, column 1 is not valid YAML: found duplicate key"),
    "a tag that runs something": ("a: !!python/object/apply:os.system [x]", "is not valid YAML"),
    "two documents": ("a: 1\n---\nb: 2", "is not valid YAML"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_it_is_refused_with_its_place(tmp_path, name):
    content, told = BAD[name]
    path = tmp_path / "workbook.yml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(yamls.Unreadable) as error:
        yamls.read(path)
    assert told in str(error.value) and "\n" not in str(error.value)


def test_a_character_that_json_writes_as_two_escapes_is_one(tmp_path):
    (tmp_path / "workbook.yml").write_text('{"a": "\\ud83d\\ude00"}', encoding="utf-8")
    assert yamls.read(tmp_path / "workbook.yml") == {"a": "\U0001f600"}


def test_a_folder_of_that_name_and_a_large_file_are_told(tmp_path):
    (tmp_path / "objectives.yml").mkdir()
    with pytest.raises(yamls.Unreadable, match="cannot be read: is a directory"):
        yamls.read(tmp_path / "objectives.yml")
    (tmp_path / "large.yml").write_text("#" * 6_000_000, encoding="utf-8")
    with pytest.raises(yamls.Unreadable, match="is larger than 5 MB: 6.0 MB"):
        yamls.read(tmp_path / "large.yml")


def test_anchors_and_merges_of_usual_size_are_read(tmp_path):
    path = tmp_path / "services.yml"
    path.write_text(
        "base: &base {tier: gold, owner: Ann}\nservices:\n  a: {<<: *base, name: A}\n  b: *base\n", encoding="utf-8"
    )
    assert yamls.read(path)["services"] == {
        "a": {"tier": "gold", "owner": "Ann", "name": "A"}, "b": {"tier": "gold", "owner": "Ann"},
    }  # fmt: skip
    path.write_text("", encoding="utf-8")
    assert yamls.read(path) == {}
