//! The operations of `code`, on a repository in a temporary folder.

use std::{fs, path::Path};

use heptad_core::{
    ErrorKind,
    code::{
        Code, Language, SymbolKind,
        operations::{OutlineRequest, SymbolsRequest},
    },
    operation::{Context, Empty, Handle},
    store::{Batch, KeyRange, Page, Value},
};

use crate::platform::kernel;

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        fs::create_dir_all(folder.path().join(path).parent().unwrap()).unwrap();
        fs::write(folder.path().join(path), text).unwrap();
    };
    write("src/stack.py", "import os\n\nclass Stack:\n    def push(self, x):\n        return os.getpid()\n");
    write("src/copy.py", "import os\n\nclass Stack:\n    def push(self, x):\n        return os.getpid()\n");
    write("src/push.js", "export function pushAll() {}\nexport const repush = () => pushAll();\n");
    write("README.md", "# Stack\n\n## Pushing\n");
    write("broken.py", "x = '\n");
    fs::write(folder.path().join("latin.py"), b"\xe9").unwrap();
    folder
}

fn path(folder: &tempfile::TempDir) -> String {
    Path::new(folder.path()).to_str().unwrap().to_owned()
}

fn code() -> (Code, heptad_core::Kernel) {
    let (kernel, _) = kernel();
    (Code::new(Context::owner(kernel.clone())), kernel)
}

#[tokio::test]
async fn outline_gives_each_file_and_says_what_it_could_not_read() {
    let folder = repository();
    let (code, _) = code();
    let report = code.outline(OutlineRequest::new(path(&folder))).await.unwrap();
    let files: Vec<_> = report.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(files, ["README.md", "broken.py", "src/copy.py", "src/push.js", "src/stack.py"]);
    assert!(report.files[1].outline.has_errors);
    assert_eq!(report.skipped[0].path, "latin.py");
    let stack = &report.files[4].outline;
    assert_eq!(stack.definitions[1].qualified_name, "Stack.push");
    assert!(stack.references.is_empty() && stack.imports.is_empty());
    let request = OutlineRequest { references: true, imports: true, ..OutlineRequest::new(path(&folder)) };
    let full = code.outline(request).await.unwrap();
    assert_eq!(full.files[4].outline.imports[0].module, "os");
    assert_eq!(full.files[4].outline.references[0].path, "os.getpid");
}

#[tokio::test]
async fn unchanged_files_come_from_the_cache() {
    let folder = repository();
    let (code, kernel) = code();
    let first = code.outline(OutlineRequest::new(path(&folder))).await.unwrap();
    let kept = |kernel: heptad_core::Kernel| async move {
        kernel.store.scan(KeyRange::all("code.facts"), Page::first(100)).await.unwrap()
    };
    let records = kept(kernel.clone()).await;
    assert_eq!(records.len(), 4, "two of the five files are the same");
    assert_eq!(code.outline(OutlineRequest::new(path(&folder))).await.unwrap(), first);
    assert_eq!(kept(kernel.clone()).await, records, "nothing was written again");
    fs::write(folder.path().join("src/push.js"), "let x;\n").unwrap();
    let second = code.outline(OutlineRequest::new(path(&folder))).await.unwrap();
    assert_eq!(second.files[3].outline.definitions[0].name, "x");
    assert_eq!(kept(kernel).await.len(), 5);
}

#[tokio::test]
async fn damaged_facts_are_made_again() {
    let folder = repository();
    let (code, kernel) = code();
    let first = code.outline(OutlineRequest::new(path(&folder))).await.unwrap();
    let whole = kernel.store.scan(KeyRange::all("code.facts"), Page::first(100)).await.unwrap();
    let texts = whole.iter().map(|record| String::from_utf8(record.value.as_bytes().to_vec()).unwrap());
    let text = texts.into_iter().find(|text| text.contains("Stack.push")).unwrap();
    let orphan = text.replace("\"parent\":0", "\"parent\":7");
    assert_ne!(orphan, text, "the method stands in its class");
    let damages = [
        Value::Bytes(b"\xFF\0 not JSON".to_vec().into()),
        Value::Json("{".to_owned().into()),
        Value::Json("[]".to_owned().into()),
        Value::Json(text[..text.len() / 2].to_owned().into()),
        Value::Json(orphan.into()),
        Value::Json(text.replace("python", "go").into()),
    ];
    for damage in damages {
        let mut batch = Batch::new();
        for record in &whole {
            batch.put(record.key.clone(), damage.clone());
        }
        kernel.store.commit(batch).await.unwrap();
        assert_eq!(code.outline(OutlineRequest::new(path(&folder))).await.unwrap(), first, "{damage:?}");
        for record in &whole {
            let healed = kernel.store.get(&record.key).await.unwrap().unwrap();
            assert_eq!(healed.value, record.value, "{damage:?}");
        }
    }
}

#[tokio::test]
async fn symbols_are_ranked_filtered_and_counted() {
    let folder = repository();
    let (code, _) = code();
    let names = |list: &heptad_core::code::operations::SymbolList| -> Vec<String> {
        list.symbols
            .iter()
            .map(|found| format!("{} {}", found.path, found.definition.qualified_name))
            .collect()
    };
    let found = code.symbols(SymbolsRequest::new(path(&folder), "PUSH")).await.unwrap();
    assert_eq!(
        names(&found),
        [
            "src/copy.py Stack.push",
            "src/stack.py Stack.push",
            "README.md Stack / Pushing",
            "src/push.js pushAll",
            "src/push.js repush",
        ]
    );
    let request = SymbolsRequest {
        kinds: vec![SymbolKind::Function],
        limit: 1,
        ..SymbolsRequest::new(path(&folder), "push")
    };
    let found = code.symbols(request).await.unwrap();
    assert_eq!((names(&found), found.total), (vec!["src/push.js pushAll".to_owned()], 2));
    let request = SymbolsRequest {
        languages: vec![Language::Python],
        ..SymbolsRequest::new(path(&folder), "stack.push")
    };
    assert_eq!(code.symbols(request).await.unwrap().total, 2);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let (code, _) = code();
    let error = code.outline(OutlineRequest::new("/no/such/folder")).await.expect_err("missing");
    assert_eq!((error.kind(), error.operation()), (ErrorKind::NotFound, Some("code.outline")));
    let request = SymbolsRequest { limit: 0, ..SymbolsRequest::new(".", "a") };
    assert_eq!(code.symbols(request).await.expect_err("no results wanted").kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn languages_lists_the_table() {
    let (code, _) = code();
    let list = code.languages(Empty::default()).await.unwrap().languages;
    assert_eq!(list.len(), Language::ALL.len());
    let python = list.iter().find(|support| support.name == Language::Python).unwrap();
    assert!(python.parsed && python.extensions.contains(&"py".to_owned()));
    assert_eq!(python.feature.as_deref(), Some("lang-python"));
}
