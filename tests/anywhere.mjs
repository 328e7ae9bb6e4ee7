// What holds anywhere, in Pyodide under Node: node anywhere.mjs FOLDER_OF_PYODIDE ROOT
const [, , pyodide, root] = process.argv;
const { loadPyodide } = await import(`${pyodide}/pyodide.mjs`);
const python = await loadPyodide();
python.FS.mkdirTree("/project");
python.FS.mount(python.FS.filesystems.NODEFS, { root }, "/project");
try {
  python.runPython(`
import runpy, sys, warnings
warnings.simplefilter("error")
sys.argv, sys.dont_write_bytecode = [""], True
runpy.run_path("/project/tests/anywhere.py", run_name="__main__")
`);
} catch (error) {
  console.log(error.message);
  process.exit(1);
}
