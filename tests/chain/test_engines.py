"""The warm engine against Papermill's own: the same notebooks, cell by cell."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from sipnb.chain import executed
from sipnb.chain.unit import SETTLED
from sipnb.chain.warm import imports

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

CELLS = {
    "prints between displays": """
        import sys
        from IPython.display import HTML, JSON, Image, Markdown, clear_output, display
        print("one"); display(1); print("two"); print("aside", file=sys.stderr); display(2); print("three")""",
    "a display that is updated": 'handle = display("first", display_id="mine")\nprint("after it")',
    "its update, in another cell": 'handle.update("second")\n"a result"',
    "alternative text": f"import base64\ndisplay(Image(data=base64.b64decode('{PNG}'), alt='one red dot'))",
    "kinds of output": """
        display(HTML("<b>bold</b>"), Markdown("*it*"), JSON({"a": [1, None, 2.5]}), metadata={"kept": True})
        class Own:
            def _repr_mimebundle_(self, **_):
                return {"text/plain": "own", "application/x-own+json": {"n": 1}}, {"application/x-own+json": {"m": 2}}
        Own()""",
    "a table": "import pandas as pd\npd.DataFrame({'a': [1, 2], 'b': ['x', None]})",
    "a magic that times": '%%time\nprint("timed")',
    "a shell command": "!echo from the shell; echo and its error >&2",
    "a cell for bash": "%%bash\necho in bash",
    "a captured cell": "%%capture kept\nprint('not shown')",
    "what was captured": "kept.stdout",
    "programs that write past Python": """
        import os, subprocess
        print("before"); sys.stdout.flush()
        os.system("echo by the system"); subprocess.run(["echo", "by a program"]); os.write(2, b"to the descriptor\\n")
        import time; time.sleep(0.5)""",
    "warnings": """
        import warnings
        for _ in range(3):
            warnings.warn("mind the gap", stacklevel=1)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        warnings.warn("later", PendingDeprecationWarning, stacklevel=1)""",
    "a warning of a library": """
        import numpy as np
        np.log(np.array([0.0]))""",
    "logging": 'import logging\nlogging.getLogger("mine").warning("logged")\nlogging.info("not shown")',
    "awaiting at top level": """
        import asyncio
        await asyncio.sleep(0.01)
        await asyncio.gather(*[asyncio.sleep(0, n) for n in (1, 2)])""",
    "a loop in a loop": "try:\n    asyncio.run(asyncio.sleep(0))\nexcept RuntimeError as error:\n    print(error)",
    "a figure of the inline backend": "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3]); plt.title('t')",
    "another one, not mixed with the first": """
        fig, ax = plt.subplots(figsize=(2, 1)); ax.bar([1], [2]); plt.show()
        print(plt.get_backend())""",
    "clearing": 'print("gone"); clear_output(); print("stays"); clear_output(wait=True); print("last")',
    "a thread": "import threading\nt = threading.Thread(target=print, args=('from a thread',)); t.start(); t.join()",
    "a forked process": """
        pid = os.fork()
        if pid == 0:
            print("from a child", flush=True); os._exit(0)
        _ = os.waitpid(pid, 0); time.sleep(0.5)""",
    "asking": "try:\n    input('?')\nexcept Exception as error:\n    print(type(error).__name__, error)",
    "the session": "print(In[1][:10], Out[3], len(In), __name__, 'sys' in globals())",
    "the world around": """
        print(os.path.basename(os.getcwd()), sys.path[:1])
        print(sys.stdout.isatty(), sys.stdout.encoding, sys.stdin is None)""",
    "a state that must be fresh": """
        import random
        (random.random() == random.random(), np.random.rand() == random.random(), warnings.filters[0][0])""",
    "chance": "print(random.random(), np.random.rand())",
    "much": "print('x' * 3_000_000)",
    "a carriage return": "print('10 %\\r20 %', end='\\r'); print('done')",
    "an error that is allowed": "def deeper(n):\n    return 1 / n\n\ndeeper(0)",
    "an error while showing": "class Bad:\n    def __repr__(self):\n        raise ValueError('no repr')\nBad()",
    "syntax": "not python",
    "silence": "x = 1;",
    "empty": "",
    "an error": 'print("just before")\nraise KeyError("no such key")',
    "never reached": "print('never')",
}  # fmt: skip
ALLOWED = ("an error that is allowed", "an error while showing", "syntax")

_RUN = """
import sys
from sipnb.chain.warm import imports
import papermill
warm = sys.argv[1] == "warm"
if warm:
    imports.load()
    assert imports.alone()
for number in range(2):
    try:
        papermill.execute_notebook(sys.argv[2], f"{sys.argv[3]}{number}.ipynb", cwd=sys.argv[4], progress_bar=False,
                                   engine_name="warm" if warm else None)
    except papermill.PapermillExecutionError:
        pass
    if not warm:
        break
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The awkward notebook, run by the stock engine, twice by warm kernels that are forked, once by a started one."""
    folder = tmp_path_factory.mktemp("engines")
    (folder / "work").mkdir()
    new = nbformat.v4
    cells = [new.new_code_cell(_dedented(source), id=f"c{n}") for n, source in enumerate(CELLS.values())]
    for name, cell in zip(CELLS, cells, strict=True):
        cell.metadata["tags"] = ["raises-exception"] if name in ALLOWED else []
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    awkward = folder / "awkward.ipynb"
    nbformat.write(new.new_notebook(cells=cells, metadata={"kernelspec": kernel}), awkward)
    quiet = {name: value for name, value in SETTLED.items() if name != "MPLBACKEND"}
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MPLBACKEND"))}
    environment = clean | quiet | imports.QUIET | {"IPYTHONDIR": str(folder / "ipython")}
    for engine in ("stock", "warm"):
        command = [sys.executable, "-c", _RUN, engine, str(awkward), str(folder / engine), str(folder / "work")]
        subprocess.run(command, env=environment, check=True, timeout=120)
    # With a progress bar Papermill has a thread, and must not fork.
    command = [
        str(Path(sys.executable).with_name("papermill")),
        str(awkward),
        str(folder / "started.ipynb"),
        "--engine",
        "warm",
        "--progress-bar",
        "--cwd",
    ]
    told = subprocess.run(
        [*command, str(folder / "work")], env=environment, capture_output=True, text=True, timeout=120
    )
    assert "KeyError" in told.stderr
    return folder


def _dedented(source: str) -> str:
    lines = source.strip("\n").splitlines()
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[indent:] for line in lines)


def _cells(path: Path) -> dict[str, Any]:
    notebook = nbformat.read(path, as_version=4)
    kept = executed.cells_of(notebook)
    return dict(zip(CELLS, kept, strict=True))


def _plain(outputs: list[Any]) -> list[Any]:
    """Outputs without what differs between any two runs: file names, durations, addresses."""
    text = json.dumps(executed.joined(outputs), sort_keys=True)
    text = re.sub(r"0\.\d{12,}", "by chance", text)
    text = re.sub(r"ipykernel_\d+/\d+\.py", "cell.py", text)
    text = re.sub(r"(CPU times|Wall time): .*?\\n", r"\1", text)
    return json.loads(re.sub(r"0x[0-9a-f]+", "0x", text))


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("how", ["warm0", "warm1", "started"])
def test_a_cell_has_the_same_outputs_under_both_engines(folder: Path, how: str, name: str) -> None:
    stock, warm = _cells(folder / "stock0.ipynb")[name], _cells(folder / f"{how}.ipynb")[name]
    assert _plain(warm.outputs) == _plain(stock.outputs)
    assert warm.execution_count == stock.execution_count


def test_the_awkward_notebook_is_awkward(folder: Path) -> None:
    cells = _cells(folder / "warm0.ipynb")
    kinds = {name: [output.output_type for output in cell.outputs] for name, cell in cells.items()}
    assert kinds["prints between displays"][:4] == ["stream", "display_data", "stream", "stream"]
    assert cells["a display that is updated"].outputs[0].data["text/plain"] == "'second'"
    assert cells["alternative text"].outputs[0].metadata["image/png"]["alt"] == "one red dot"
    assert "image/png" in cells["a figure of the inline backend"].outputs[-1].data
    assert "mind the gap" in cells["warnings"].outputs[0].text
    assert cells["awaiting at top level"].outputs[0].data["text/plain"] == "[1, 2]"
    assert cells["an error"].outputs[-1].ename == "KeyError" and not cells["never reached"].outputs
    assert cells["a state that must be fresh"].outputs[0].data["text/plain"].startswith("(False, False")


def test_kernels_of_one_parent_share_no_chance(folder: Path) -> None:
    drawn = [_cells(folder / f"warm{n}.ipynb")["chance"].outputs[0].text for n in (0, 1)]
    assert drawn[0] != drawn[1]
