//! The JSON Schema of SARIF 2.1.0.
//!
//! It is a work of the OASIS SARIF technical committee, and the file says nothing about its licence; so it is not part of this repository.
//! The crate `serde-sarif` (MIT) holds it as `src/schema.json`: cargo fetches that crate as the lock file names it, and we read the file
//! where cargo unpacked it. The crate is never built.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

/// A validator, or why there is none: the registry is out of reach.
pub(crate) fn validator() -> Result<jsonschema::Validator, String> {
    let schema = text()?;
    // The pattern of a language tag has a stray bracket, which makes it no regular expression of ECMA 262. We write no such tags.
    let schema = schema.replace("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}$");
    let schema = serde_json::from_str(&schema).map_err(|error| error.to_string())?;
    jsonschema::options().should_validate_formats(true).build(&schema).map_err(|error| error.to_string())
}

fn text() -> Result<String, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = root.ancestors().find(|folder| folder.join("crates/review").is_dir()).unwrap_or(root);
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(workspace)
        .output()
        .map_err(|error| format!("cargo does not run: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let manifest = packages
        .filter(|package| package["name"] == "serde-sarif")
        .find_map(|package| package["manifest_path"].as_str())
        .ok_or("serde-sarif is not in the lock file")?;
    let schema = Path::new(manifest).with_file_name("src").join("schema.json");
    fs::read_to_string(&schema).map_err(|error| format!("{}: {error}", schema.display()))
}
