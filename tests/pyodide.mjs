// Runs pytest under Pyodide. Arguments: the folder of what is installed, the project, and what pytest is given.
import { loadPyodide } from "pyodide";

const [installed, project, ...given] = process.argv.slice(2);
const pyodide = await loadPyodide();
pyodide.mountNodeFS("/installed", installed);
pyodide.mountNodeFS("/project", project);
pyodide.globals.set("given", pyodide.toPy(["-p", "no:cacheprovider", ...given]));
process.exit(
  pyodide.runPython(`
import os
import sys

sys.path.insert(0, "/installed")
os.chdir("/project")
import pytest

print(sys.version)
int(pytest.main(given))
`),
);
