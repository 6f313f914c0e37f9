//! Tells the tour: a short report for a terminal.

use std::{
    fmt::{self, Write as _},
    path::Path,
};

use heptad::review::model::Severity;

use super::{
    Tour,
    models::{Models, Seen},
    stops::{Found, Happened, Hit, Kept, MARKS, Reviewed},
};
use crate::output::{
    safe,
    style::{ERROR, FAINT, HINT, KEY, NOTE, STRONG, paint},
};

/// The report, styled.
pub(super) fn render(tour: &Tour) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut out, tour);
    out
}

fn write(out: &mut String, tour: &Tour) -> fmt::Result {
    let path = shown(&tour.path);
    writeln!(out, "\n{} {}\n", paint(STRONG, "heptad tour"), paint(FAINT, &path))?;
    stop(
        out,
        "open",
        &format!("a platform with {} operations", tour.opened.operations),
        tour.opened.took_ms,
    )?;
    review(out, &tour.reviewed)?;
    let indexed = &tour.indexed;
    let again =
        if indexed.unchanged > 0 { format!(" ({} unchanged)", indexed.unchanged) } else { String::new() };
    let what = format!(
        "{} files{again}, {} definitions → {} documents",
        indexed.files, indexed.definitions, indexed.documents
    );
    stop(out, "index", &what, indexed.took_ms)?;
    search(out, &tour.found)?;
    models(out, &tour.models)?;
    events(out, &tour.events)?;
    kept(out, &tour.kept)?;
    next(out, tour)
}

fn stop(out: &mut String, name: &str, what: &str, took_ms: u64) -> fmt::Result {
    writeln!(out, "{KEY}{name:<8}{KEY:#}{what}{FAINT}  {took_ms} ms{FAINT:#}")
}

fn review(out: &mut String, reviewed: &Reviewed) -> fmt::Result {
    let mut what = format!("{} files against {} rules: ", reviewed.files, reviewed.rules);
    let counts: Vec<String> = Severity::ALL
        .iter()
        .rev()
        .filter_map(|severity| Some((*severity, *reviewed.counts.get(severity)?)))
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| {
            format!("{count} {}{}", severity.as_str(), if count == 1 { "" } else { "s" })
        })
        .collect();
    what += &if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") };
    for (count, of) in [(reviewed.skipped, "skipped"), (reviewed.problems, "with problems")] {
        if count > 0 {
            write!(what, ", {count} {of}")?;
        }
    }
    stop(out, "review", &what, reviewed.took_ms)?;
    for finding in &reviewed.worst {
        let style = match finding.severity {
            Severity::Error => ERROR,
            Severity::Warning => NOTE,
            _ => HINT,
        };
        let place = format!("{}:{}", finding.location.file, finding.location.span.start.line);
        writeln!(out, "        {} {}", paint(style, &finding.rule), paint(FAINT, &safe::visible(&place)))?;
        if let Some(line) = finding.snippet.lines.first() {
            writeln!(out, "          {}", safe::visible(line.text.trim()))?;
        }
    }
    Ok(())
}

fn search(out: &mut String, found: &Found) -> fmt::Result {
    let what = format!("“{}”: {} places", safe::visible(&found.question), found.total);
    stop(out, "search", &what, found.took_ms)?;
    found.hits.iter().try_for_each(|hit| place(out, hit))
}

fn place(out: &mut String, hit: &Hit) -> fmt::Result {
    let name =
        if hit.name.is_empty() { "the file".to_owned() } else { safe::visible(&hit.name).into_owned() };
    let place = format!("{} · {}:{}", hit.kind, hit.path, hit.line);
    writeln!(out, "        {} {}", paint(STRONG, &name), paint(FAINT, &safe::visible(&place)))?;
    let flat = hit.snippet.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut line = String::new();
    for (index, part) in flat.split(MARKS.0).enumerate() {
        let (marked, rest) =
            if index == 0 { ("", part) } else { part.split_once(MARKS.1).unwrap_or(("", part)) };
        line += &paint(HINT, &safe::visible(marked));
        line += &safe::visible(rest);
    }
    if line.trim().is_empty() { Ok(()) } else { writeln!(out, "          {line}") }
}

fn models(out: &mut String, models: &Models) -> fmt::Result {
    for (name, seen) in [("model", &models.chat), ("vectors", &models.embedder)] {
        match seen {
            Seen::Used { model, what, took_ms } => {
                stop(out, name, &format!("{}: {}", safe::visible(model), safe::visible(what)), *took_ms)?
            }
            Seen::Passed { why } => writeln!(out, "{KEY}{name:<8}{KEY:#}{}", safe::visible(why))?,
        }
    }
    Ok(())
}

fn events(out: &mut String, events: &[Happened]) -> fmt::Result {
    writeln!(out, "{KEY}{:<8}{KEY:#}what happened, as CloudEvents", "events")?;
    for happened in events {
        let event = &happened.event;
        let time = event.time.map(|time| time.strftime("%H:%M:%S%.3f").to_string()).unwrap_or_default();
        let subject = safe::visible(event.subject.as_deref().unwrap_or_default());
        let place = format!("{}/{}", happened.topic, happened.offset);
        writeln!(
            out,
            "        {time} {} {} {subject}",
            paint(STRONG, &event.event_type),
            paint(FAINT, &place)
        )?;
    }
    Ok(())
}

fn kept(out: &mut String, kept: &Kept) -> fmt::Result {
    for (name, path, bytes) in
        [("store", &kept.store, kept.store_bytes), ("index", &kept.index, kept.index_bytes)]
    {
        let path = shown(path);
        writeln!(out, "{KEY}{name:<8}{KEY:#}{path}{FAINT}  {}{FAINT:#}", human(bytes))?;
    }
    Ok(())
}

fn next(out: &mut String, tour: &Tour) -> fmt::Result {
    let db = shown(&tour.kept.store);
    let path = shown(&tour.path);
    writeln!(out, "\n{}", paint(STRONG, "What to try next"))?;
    for (command, what) in [
        (format!("heptad review scan {path} --format sarif"), "the same findings for code scanning"),
        (format!("heptad --db {db} search query code '\"retry\" OR timeout'"), "ask something else"),
        (format!("heptad --db {db} events read review"), "the whole event"),
        ("heptad operations".to_owned(), "everything there is"),
    ] {
        writeln!(out, "  {}  {}", paint(HINT, &command), paint(FAINT, what))?;
    }
    writeln!(out)
}

/// A path that cannot drive the terminal.
fn shown(path: &Path) -> String {
    safe::visible(&path.display().to_string()).into_owned()
}

fn human(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn sizes_read_well() {
        for (bytes, text) in [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (5 << 20, "5.0 MiB")] {
            assert_eq!(human(bytes), text);
        }
    }
}
