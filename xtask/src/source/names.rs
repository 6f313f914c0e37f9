//! `use` trees: what a short name in a file stands for.

use std::collections::BTreeMap;

use syn::{ItemUse, UseTree, spanned::Spanned};

/// One imported path.
#[derive(Clone, Debug)]
pub(super) struct Import {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
    pub(super) offset: usize,
}

/// The imports of a file: short name to full path.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    short: BTreeMap<String, Vec<String>>,
}

impl Names {
    /// Takes in one `use` item and returns the paths it imports.
    pub(super) fn add(&mut self, item: &ItemUse) -> Vec<Import> {
        let mut found = Vec::new();
        self.walk(&item.tree, &mut Vec::new(), &mut found);
        found
    }

    fn walk(&mut self, tree: &UseTree, prefix: &mut Vec<String>, found: &mut Vec<Import>) {
        let span = tree.span();
        let mut leaf = |path: Vec<String>| {
            found.push(Import { path, line: span.start().line, offset: span.byte_range().start })
        };
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.walk(&path.tree, prefix, found);
                prefix.pop();
            }
            UseTree::Name(name) if name.ident == "self" => {
                if let Some(last) = prefix.last() {
                    self.short.insert(last.clone(), prefix.clone());
                }
                leaf(prefix.clone());
            }
            UseTree::Name(name) => {
                let path = joined(prefix, &name.ident.to_string());
                self.short.insert(name.ident.to_string(), path.clone());
                leaf(path);
            }
            UseTree::Rename(rename) => {
                let path = if rename.ident == "self" {
                    prefix.clone()
                } else {
                    joined(prefix, &rename.ident.to_string())
                };
                self.short.insert(rename.rename.to_string(), path.clone());
                leaf(path);
            }
            UseTree::Glob(_) => leaf(joined(prefix, "*")),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.walk(tree, prefix, found);
                }
            }
        }
    }

    /// The path with its first segment spelt out: `Instant::now` becomes `std::time::Instant::now`.
    pub(super) fn resolve(&self, mut path: Vec<String>) -> Vec<String> {
        // A rename may stand on another import (`use a::b; use b::c;`), but never on more than a few.
        for _ in 0..4 {
            match path.first().and_then(|first| self.short.get(first)) {
                Some(full) if full.first() != path.first() => path = [full.as_slice(), &path[1..]].concat(),
                _ => break,
            }
        }
        path
    }
}

fn joined(prefix: &[String], last: &str) -> Vec<String> {
    prefix.iter().cloned().chain([last.to_owned()]).collect()
}
