//! The package for Python: its tests against the module as it is built with everything, and the wheel as users install it.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use super::{
    Context, Outcome,
    rust::{fresh_folder, native_module},
};
use crate::{Result, shell::Run};

/// What makes wheels.
const MATURIN: &str = "maturin==1.16.0";
/// The lines of the README that a newcomer runs, in an empty folder.
const STORY: &str = "\
import pathlib, heptad
pathlib.Path('src').mkdir()
pathlib.Path('src/a.py').write_text('eval(input())\\n')
h = heptad.open('acme.db')
report = h.review.scan('src')
assert [finding.rule for finding in report.findings] == ['python-eval'], report
assert h.search.collections().collections is not None
h.close()
";

/// The tests of `bindings/python/tests`.
pub(super) fn tests(context: &Context) -> Result<Outcome> {
    let root = &context.workspace.root;
    let folder = context.target.join("python");
    let Some(module) = native_module(context, "heptad_python")? else {
        return Ok(Outcome::failed("the native module does not build"));
    };
    // Beside a copy of the package, so that the sources stay as they are.
    let package = folder.join("package");
    fresh_folder(&package)?;
    copy(&root.join("bindings/python/python"), &package)?;
    let place = package.join("heptad/_native.abi3.so");
    fs::copy(&module, &place).map_err(|error| format!("{}: {error}", module.display()))?;
    let python =
        match environment(&folder.join("venv"), &["-r", "bindings/python/tests/requirements.txt"], root)? {
            Ok(python) => python,
            Err(reason) => return Ok(Outcome::not_run(reason)),
        };
    let tests = root.join("bindings/python/tests").to_string_lossy().into_owned();
    let arguments = [
        "-m",
        "pytest",
        "-q",
        "-rs",
        "-p",
        "no:cacheprovider",
        "-o",
        "faulthandler_timeout=300",
        tests.as_str(),
    ];
    let run =
        Run::new(&python, arguments, &folder).env("PYTHONPATH", &package).env("PYTHONDONTWRITEBYTECODE", "1");
    let ended = run.limit(context.left()).wait()?;
    Ok(Outcome::of_pytest(&ended.text, ended.ok(), &ended.how()))
}

/// The wheel of the default features is built, installed into an empty environment, and used in an empty folder.
pub(super) fn wheel(context: &Context) -> Result<Outcome> {
    let root = &context.workspace.root;
    let folder = context.target.join("python-wheel");
    let maker = match environment(&context.target.join("maturin"), &[MATURIN], root)? {
        Ok(python) => python,
        Err(reason) => return Ok(Outcome::not_run(reason)),
    };
    let wheels = folder.join("wheels");
    fresh_folder(&wheels)?;
    let out = wheels.to_string_lossy().into_owned();
    let arguments = [
        "-m",
        "maturin",
        "build",
        "--release",
        "--locked",
        "--manifest-path",
        "bindings/python/Cargo.toml",
        "--out",
        &out,
    ];
    let built = Run::new(&maker, arguments, root)
        .env("CARGO_TARGET_DIR", &context.target)
        .limit(context.left())
        .wait()?;
    if !built.ok() {
        return Ok(Outcome::failed(format!("the wheel does not build: {}", built.how())));
    }
    let wheel = fs::read_dir(&wheels).ok().and_then(|mut files| files.next()?.ok()).map(|file| file.path());
    let wheel = wheel.ok_or("maturin made no wheel")?;
    let bytes = wheel.metadata().map_or(0, |file| file.len());
    println!("{}: {:.1} MB", wheel.file_name().unwrap_or_default().to_string_lossy(), bytes as f64 / 1e6);
    let venv = folder.join("venv");
    fresh_folder(&venv)?;
    let user = match environment(&venv, &["--no-index", &wheel.to_string_lossy()], root)? {
        Ok(python) => python,
        Err(reason) => return Ok(Outcome::failed(format!("the wheel cannot be installed: {reason}"))),
    };
    let empty = folder.join("empty");
    fresh_folder(&empty)?;
    let used = Run::new(&user, ["-c", STORY], &empty).limit(context.left()).wait()?;
    Ok(if used.ok() {
        Outcome::passed()
    } else {
        Outcome::failed(format!("the installed wheel: {}", used.how()))
    })
}

/// The interpreter of a virtual environment with packages, which is made where it is not there; or why it cannot be had.
fn environment(venv: &Path, packages: &[&str], root: &Path) -> Result<Result<PathBuf>> {
    let python = venv.join("bin/python");
    let here = Run::new(&python, ["--version"], root).quiet().wait().is_ok_and(|ended| ended.ok());
    if !here {
        let arguments: [OsString; 4] = ["-m".into(), "venv".into(), "--clear".into(), venv.into()];
        let made = Run::new("python3", arguments, root).quiet().wait()?;
        if !made.ok() {
            return Ok(Err(format!("a virtual environment cannot be made: {}", made.tail(1))));
        }
    }
    let arguments = [&["-m", "pip", "install", "--quiet", "--disable-pip-version-check"], packages].concat();
    let installed = Run::new(&python, arguments, root).quiet().wait()?;
    if !installed.ok() {
        return Ok(Err(format!("{} cannot be installed: {}", packages.join(" "), installed.tail(1))));
    }
    Ok(Ok(python))
}

/// Copies the text files of a folder and of those in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    fs::create_dir_all(to).map_err(|error| failed(to, error))?;
    for entry in fs::read_dir(from).map_err(|error| failed(from, error))?.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() && name != "__pycache__" {
            copy(&path, &to.join(name))?;
        } else if path.is_file() && path.extension().is_none_or(|ending| ending != "so") {
            fs::copy(&path, to.join(name)).map_err(|error| failed(&path, error))?;
        }
    }
    Ok(())
}
