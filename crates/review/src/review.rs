//! The handle: its operations, and the reading of files.

use heptad_core::{
    Error, Result,
    operation::{Context, Handle, operations},
};

use crate::{
    files::{self, Files},
    model::{Format, LatestRequest, RuleList, RulesRequest, ScanReport, ScanRequest, Timings},
    report::render,
    rules::{Choice, Rule, RuleSet, read},
    scan::{Options, Outcome, scan},
    store,
};

/// Code review. Made of a [`Context`]; cheap to clone.
#[derive(Clone)]
pub struct Review {
    context: Context,
}

impl Handle for Review {
    fn new(context: Context) -> Self {
        Self { context }
    }

    fn context(&self) -> &Context {
        &self.context
    }
}

#[operations(system = "review")]
impl Review {
    /// Scans the files at a path with rules and returns what they find.
    ///
    /// The report is kept as the latest of its path, and the event `heptad.review.scanned` is published with it. A file that cannot be
    /// read or does not parse is named in the report and does not stop the scan.
    ///
    /// A comment `heptad: ignore[rule-id] reason` on the line of a finding, or alone on the line above, suppresses it. The reason is
    /// required.
    #[operation(writes)]
    pub async fn scan(&self, request: ScanRequest) -> Result<ScanReport> {
        let review = self.clone();
        let format = request.format;
        let mut report = blocking(move || review.scan_files(&request)).await?;
        store::keep(&self.context.kernel, &report).await?;
        with_rendered(&mut report, format);
        Ok(report)
    }

    /// Lists rules with their documentation, ordered by id.
    #[operation(reads)]
    pub async fn rules(&self, request: RulesRequest) -> Result<RuleList> {
        let choose = move || choose(&request.rules, &request.rule_files, &request.languages);
        Ok(RuleList { rules: blocking(choose).await?.infos() })
    }

    /// Returns the latest report of a path, as it was made.
    #[operation(reads)]
    pub async fn latest(&self, request: LatestRequest) -> Result<ScanReport> {
        let path = request.path;
        // A folder that was removed since keeps the report of its absolute path.
        let absolute =
            move || Ok(files::absolute(&path).map_or(path, |path| path.to_string_lossy().into_owned()));
        let mut report = store::latest(&self.context.kernel, &blocking(absolute).await?).await?;
        with_rendered(&mut report, request.format);
        Ok(report)
    }
}

impl Review {
    /// The scan itself: blocks until it is done.
    fn scan_files(&self, request: &ScanRequest) -> Result<ScanReport> {
        let clock = &self.context.kernel.clock;
        let started = clock.now();
        let rules = choose(&request.rules, &request.rule_files, &request.languages)?;
        let chosen = clock.now();
        let files = Files::list(&request.path, &request.include, &request.exclude)?;
        let walked = clock.now();
        let Outcome { findings, suppressed, files_scanned, mut skipped, problems } =
            with_threads(request.threads, || self.scan_all(request, &rules, &files))?;
        let scanned = clock.now();
        skipped.extend(files.skipped);
        skipped.sort();
        let millis = |from: heptad_core::clock::Timestamp, to: heptad_core::clock::Timestamp| {
            u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
        };
        let failed = request.fail_on.is_some_and(|limit| findings.iter().any(|f| f.severity >= limit));
        Ok(ScanReport {
            path: files.path.to_string_lossy().into_owned(),
            root: files.root.to_string_lossy().into_owned(),
            started,
            timings: Timings {
                rules_ms: millis(started, chosen),
                walk_ms: millis(chosen, walked),
                scan_ms: millis(walked, scanned),
            },
            findings,
            suppressed,
            files_scanned,
            files_skipped: skipped,
            problems,
            rules: rules.infos(),
            failed,
            rendered: None,
        })
    }

    fn scan_all(&self, request: &ScanRequest, rules: &RuleSet, files: &Files) -> Outcome {
        let (min_severity, min_confidence) = (request.min_severity, request.min_confidence);
        let options = Options { min_severity, min_confidence, ..Options::default() };
        let (progress, total) = (&self.context.progress, files.names.len() as u64);
        let done = |done| progress.report(done, total, "files");
        let outcome = scan(rules, options, &files.names, |name| files.read(name, rules), done);
        progress.finish();
        outcome
    }
}

/// The rules that are asked for.
fn choose(rules: &[String], rule_files: &[String], languages: &[String]) -> Result<RuleSet> {
    let mut others: Vec<Rule> = Vec::new();
    for file in rule_files {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Error::not_found(format!("the rule file `{file}` cannot be read: {error}")))?;
        others.extend(read(file, &text)?);
    }
    Ok(RuleSet::built_in()?.choose(others, &Choice { rules, languages })?)
}

fn with_rendered(report: &mut ScanReport, format: Format) {
    report.rendered = (format != Format::Json).then(|| render(report, format));
}

/// Runs `work` on `threads` threads; 0: on as many as the machine has cores.
fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> Result<T> {
    if threads == 0 {
        return Ok(work());
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.min(256)).build();
    let pool =
        pool.map_err(|error| Error::internal("the threads of a scan cannot be started").because(error))?;
    Ok(pool.install(work))
}

/// The one place where work that blocks leaves the async threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::internal("the work of a scan was stopped").because(error)),
    }
}
