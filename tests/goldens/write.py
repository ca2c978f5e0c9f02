"""Write the goldens: every chapter executed on the tiny service of the simulated organisation."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

from sipnb import demo, places

SERVICE = "archive"
GOLDENS = Path(__file__).resolve().parent


def main() -> None:
    """Execute each chapter in reading order and keep it with its outputs."""
    with tempfile.TemporaryDirectory() as scratch:
        os.environ[places.DATA] = f"{scratch}/exports"
        os.environ[places.REPORTS] = f"{scratch}/reports"
        demo.write(Path(scratch) / "exports")
        for chapter in places.CHAPTERS:
            notebook = nbformat.read(places.NOTEBOOKS / f"{chapter}.ipynb", as_version=4)
            parameters = next(c for c in notebook.cells if "parameters" in c.metadata.get("tags", []))
            parameters.source = parameters.source.replace('"payments"', f'"{SERVICE}"')
            NotebookClient(notebook, record_timing=False, config=Config({"KernelManager": {"transport": "ipc"}})).execute()
            notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"], "language_info": {"name": "python"}}
            text = json.dumps(notebook, indent=1, ensure_ascii=False)
            (GOLDENS / f"{chapter}.ipynb").write_text(text + "\n", encoding="utf-8")
            print(f"{chapter}: {len(text):,} characters")


if __name__ == "__main__":
    main()
