//! One row a language, in the order of [`Language`].

use super::{Comments, Language};

/// What is known of a language.
pub(crate) struct Row {
    pub(crate) language: Language,
    pub(crate) name: &'static str,
    pub(crate) aliases: &'static [&'static str],
    /// Lower case, without the dot. One extension may stand in several rows: then `detect.rs` looks at the content.
    pub(crate) extensions: &'static [&'static str],
    /// Whole file names; `Name.*` stands for any extension.
    pub(crate) file_names: &'static [&'static str],
    /// Programs in a `#!` line, without version numbers.
    pub(crate) interpreters: &'static [&'static str],
    pub(crate) comments: Comments,
    pub(crate) feature: Option<&'static str>,
    pub(crate) grammar: Option<fn() -> tree_sitter::Language>,
}

/// The feature of a grammar and, where it is on, the grammar.
macro_rules! grammar {
    ($feature:literal, $grammar:path) => {
        (Some($feature), {
            #[cfg(feature = $feature)]
            {
                Some((|| tree_sitter::Language::new($grammar)) as fn() -> tree_sitter::Language)
            }
            #[cfg(not(feature = $feature))]
            {
                None
            }
        })
    };
}

const C_COMMENTS: Comments = Comments { line: &["//"], block: &[("/*", "*/")] };
const HASH_COMMENTS: Comments = Comments { line: &["#"], block: &[] };
const MARKUP_COMMENTS: Comments = Comments { line: &[], block: &[("<!--", "-->")] };
const NONE: &[&str] = &[];

/// How many languages there are.
pub(crate) const COUNT: usize = 23;

type Loaded = (Option<&'static str>, Option<fn() -> tree_sitter::Language>);

const fn row(
    language: Language,
    name: &'static str,
    aliases: &'static [&'static str],
    extensions: &'static [&'static str],
    comments: Comments,
    (feature, grammar): Loaded,
) -> Row {
    Row {
        language,
        name,
        aliases,
        extensions,
        file_names: NONE,
        interpreters: NONE,
        comments,
        feature,
        grammar,
    }
}

impl Row {
    const fn files(mut self, names: &'static [&'static str]) -> Self {
        self.file_names = names;
        self
    }

    const fn run_by(mut self, interpreters: &'static [&'static str]) -> Self {
        self.interpreters = interpreters;
        self
    }
}

use Language as L;

#[rustfmt::skip]
pub(crate) static TABLE: [Row; COUNT] = [
    row(L::Bash, "bash", &["sh", "shell", "zsh", "ksh"], &["sh", "bash", "ksh", "bats"], HASH_COMMENTS,
        grammar!("lang-bash", tree_sitter_bash::LANGUAGE))
        .files(&[".bashrc", ".bash_profile", ".bash_aliases", ".bash_logout", ".profile", "PKGBUILD", "APKBUILD"])
        .run_by(&["sh", "bash", "dash", "ash", "ksh"]),
    row(L::C, "c", &[], &["c", "h"], C_COMMENTS, grammar!("lang-c", tree_sitter_c::LANGUAGE)),
    row(L::Cpp, "cpp", &["c++", "cxx"], &["cpp", "cc", "cxx", "c++", "hpp", "hh", "hxx", "h++", "ipp", "inl", "tpp", "h"], C_COMMENTS,
        grammar!("lang-cpp", tree_sitter_cpp::LANGUAGE)),
    row(L::CSharp, "csharp", &["c#", "cs"], &["cs", "csx"], C_COMMENTS, grammar!("lang-csharp", tree_sitter_c_sharp::LANGUAGE)),
    row(L::Css, "css", &[], &["css"], Comments { line: NONE, block: C_COMMENTS.block }, grammar!("lang-css", tree_sitter_css::LANGUAGE)),
    row(L::Dockerfile, "dockerfile", &["docker", "containerfile"], &["dockerfile", "containerfile"], HASH_COMMENTS,
        grammar!("lang-dockerfile", tree_sitter_containerfile::LANGUAGE))
        .files(&["Dockerfile", "Dockerfile.*", "Containerfile", "Containerfile.*"]),
    row(L::Go, "go", &["golang"], &["go"], C_COMMENTS, grammar!("lang-go", tree_sitter_go::LANGUAGE)),
    row(L::Hcl, "hcl", &["terraform", "tf"], &["hcl", "tf", "tfvars", "nomad"], Comments { line: &["#", "//"], block: C_COMMENTS.block },
        grammar!("lang-hcl", tree_sitter_hcl::LANGUAGE))
        .files(&[".terraform.lock.hcl"]),
    row(L::Html, "html", &["htm", "xhtml"], &["html", "htm", "xhtml"], MARKUP_COMMENTS, grammar!("lang-html", tree_sitter_html::LANGUAGE)),
    row(L::Java, "java", &[], &["java"], C_COMMENTS, grammar!("lang-java", tree_sitter_java::LANGUAGE)),
    row(L::JavaScript, "javascript", &["js", "jsx", "node"], &["js", "jsx", "mjs", "cjs", "es6"], C_COMMENTS,
        grammar!("lang-javascript", tree_sitter_javascript::LANGUAGE))
        .files(&["Jakefile"])
        .run_by(&["node", "nodejs", "bun"]),
    row(L::Json, "json", &["jsonc"], &["json", "jsonc", "geojson", "webmanifest", "ipynb", "har"], C_COMMENTS,
        grammar!("lang-json", tree_sitter_json::LANGUAGE))
        .files(&[".babelrc", ".eslintrc", ".prettierrc", "composer.lock", "Pipfile.lock", "flake.lock"]),
    row(L::Kotlin, "kotlin", &["kt"], &["kt", "kts", "ktm"], C_COMMENTS, grammar!("lang-kotlin", tree_sitter_kotlin_sg::LANGUAGE)),
    row(L::Markdown, "markdown", &["md"], &["md", "markdown", "mdown", "mkd"], MARKUP_COMMENTS, (None, None)),
    row(L::Php, "php", &[], &["php", "phtml", "php5", "phpt"], Comments { line: &["//", "#"], block: C_COMMENTS.block },
        grammar!("lang-php", tree_sitter_php::LANGUAGE_PHP))
        .run_by(&["php"]),
    row(L::Python, "python", &["py", "python3"], &["py", "pyi", "pyw"], HASH_COMMENTS, grammar!("lang-python", tree_sitter_python::LANGUAGE))
        .files(&["SConstruct", "SConscript", "wscript"])
        .run_by(&["python", "pypy", "uv"]),
    row(L::Ruby, "ruby", &["rb"], &["rb", "rake", "gemspec", "ru", "podspec"], Comments { line: &["#"], block: &[("=begin", "=end")] },
        grammar!("lang-ruby", tree_sitter_ruby::LANGUAGE))
        .files(&["Rakefile", "Gemfile", "Vagrantfile", "Podfile", "Fastfile", "Guardfile", "Brewfile", "Capfile"])
        .run_by(&["ruby", "jruby"]),
    row(L::Rust, "rust", &["rs"], &["rs"], C_COMMENTS, grammar!("lang-rust", tree_sitter_rust::LANGUAGE)).run_by(&["rust-script"]),
    row(L::Scala, "scala", &[], &["scala", "sc", "sbt"], C_COMMENTS, grammar!("lang-scala", tree_sitter_scala::LANGUAGE)).run_by(&["scala"]),
    row(L::Swift, "swift", &[], &["swift"], C_COMMENTS, grammar!("lang-swift", tree_sitter_swift::LANGUAGE)).run_by(&["swift"]),
    row(L::Tsx, "tsx", &["typescriptreact"], &["tsx"], C_COMMENTS, grammar!("lang-typescript", tree_sitter_typescript::LANGUAGE_TSX)),
    row(L::TypeScript, "typescript", &["ts"], &["ts", "mts", "cts"], C_COMMENTS,
        grammar!("lang-typescript", tree_sitter_typescript::LANGUAGE_TYPESCRIPT))
        .run_by(&["deno", "ts-node", "tsx"]),
    row(L::Yaml, "yaml", &["yml"], &["yaml", "yml"], HASH_COMMENTS, grammar!("lang-yaml", tree_sitter_yaml::LANGUAGE))
        .files(&[".clang-format", ".clang-tidy", ".gemrc"]),
];

/// The languages in the order of the table, which is that of the enum.
pub(super) const ALL: [Language; COUNT] = [
    L::Bash,
    L::C,
    L::Cpp,
    L::CSharp,
    L::Css,
    L::Dockerfile,
    L::Go,
    L::Hcl,
    L::Html,
    L::Java,
    L::JavaScript,
    L::Json,
    L::Kotlin,
    L::Markdown,
    L::Php,
    L::Python,
    L::Ruby,
    L::Rust,
    L::Scala,
    L::Swift,
    L::Tsx,
    L::TypeScript,
    L::Yaml,
];

const _: () = {
    let mut at = 0;
    while at < ALL.len() {
        assert!(ALL[at] as usize == at, "`ALL` is in the order of the enum");
        at += 1;
    }
};
