//! The operations on source code: what is in it, where something is defined, which languages are read.

mod index;
mod model;
mod outlines;

pub use self::model::{
    FileOutline, FoundSymbol, IndexReport, IndexRequest, IndexSummary, LanguageList, LanguageSupport,
    OutlineReport, OutlineRequest, SymbolList, SymbolsRequest,
};
use super::{Language, SymbolKind, symbols::Definition, walk::WalkOptions};
use crate::{
    error::{Error, Result},
    operation::{Context, Empty, Handle, operations},
};

/// The handle of code intelligence.
#[derive(Clone)]
pub struct Code {
    context: Context,
}

impl Handle for Code {
    fn new(context: Context) -> Self {
        Self { context }
    }

    fn context(&self) -> &Context {
        &self.context
    }
}

#[operations(system = "code")]
impl Code {
    /// Outlines the files below a path: what each defines, with signatures and documentation, and on request what it uses and imports.
    ///
    /// Outlines are kept by content, so that unchanged files are not parsed again.
    #[operation(reads)]
    pub async fn outline(&self, request: OutlineRequest) -> Result<OutlineReport> {
        let options = WalkOptions { languages: request.languages, ..WalkOptions::default() };
        let outlines = outlines::below(&self.context, request.path, options).await?;
        let mut files = outlines.files;
        for file in &mut files {
            if !request.references {
                file.outline.references.clear();
            }
            if !request.imports {
                file.outline.imports.clear();
            }
        }
        Ok(OutlineReport { files, skipped: outlines.skipped })
    }

    /// Finds definitions below a path by name and kind, the best matches first.
    ///
    /// A query is part of a name, in any case: whole names come first, then beginnings, then other parts. With a separator in it
    /// (`Stack.push`, `Stack::push`) it is compared with qualified names.
    #[operation(reads)]
    pub async fn symbols(&self, request: SymbolsRequest) -> Result<SymbolList> {
        if request.limit == 0 {
            return Err(Error::invalid("`limit` is 0; at least 1 result must be wanted"));
        }
        let options = WalkOptions { languages: request.languages, ..WalkOptions::default() };
        let outlines = outlines::below(&self.context, request.path, options).await?;
        let query = request.query.unwrap_or_default().to_lowercase();
        let mut found: Vec<(usize, FoundSymbol)> = Vec::new();
        for file in outlines.files {
            for definition in file.outline.definitions {
                if let Some(rank) = rank(&definition, &query, &request.kinds) {
                    found.push((rank, FoundSymbol { path: file.path.clone(), definition }));
                }
            }
        }
        // Files and their definitions are in order; sorting by rank alone keeps it.
        found.sort_by_key(|(rank, _)| *rank);
        let total = found.len();
        let symbols = found.into_iter().take(request.limit).map(|(_, symbol)| symbol).collect();
        Ok(SymbolList { symbols, total, skipped: outlines.skipped })
    }

    /// Indexes the source code and Markdown below a path, so that `search.query` finds it.
    ///
    /// Each function, type and section becomes a document of its own. Only what changed since the last time is read again, and what is gone is
    /// removed. An event `heptad.code.indexed` on the topic `code` tells of it.
    #[operation(writes)]
    pub async fn index(&self, request: IndexRequest) -> Result<IndexReport> {
        index::run(self.context.clone(), request).await
    }

    /// Lists the languages that are recognised and says which of them this build parses.
    #[operation(reads)]
    pub async fn languages(&self, _request: Empty) -> Result<LanguageList> {
        Ok(LanguageList {
            languages: Language::ALL.iter().map(|language| LanguageSupport::of(*language)).collect(),
        })
    }
}

/// How well a definition fits, 0 the best; `None` where it does not.
fn rank(definition: &Definition, query: &str, kinds: &[SymbolKind]) -> Option<usize> {
    if !kinds.is_empty() && !kinds.contains(&definition.kind) {
        return None;
    }
    let is_qualified = query.contains(['.', ':', '/']);
    let name = if is_qualified { &definition.qualified_name } else { &definition.name }.to_lowercase();
    match name.find(query)? {
        _ if name.len() == query.len() => Some(0),
        0 => Some(1),
        _ if is_qualified && name.ends_with(query) => Some(1),
        _ => Some(2),
    }
}
