//! What of a query is embedded, and what of it holds for every document that is found.

use crate::search::{Operator, Query, Schema, parse};

/// The words of a query that say what is looked for, in their order; `None` where it has none.
///
/// Words and phrases of the default fields and of embedded ones; not those that are unwanted, and not exact values, ranges or prefixes.
pub(in crate::search) fn meaning(query: &Query, schema: &Schema) -> Option<String> {
    let mut words = Vec::new();
    collect(query, schema, &mut words);
    let words = words.join(" ");
    words.chars().any(char::is_alphanumeric).then_some(words)
}

fn collect(query: &Query, schema: &Schema, words: &mut Vec<String>) {
    let counts = |field: &Option<String>| match field {
        None => true,
        Some(name) => schema.embedded().any(|field| field.name == *name),
    };
    match query {
        Query::Text(line) => {
            // What cannot be parsed is refused where it is searched for.
            if let Ok(parsed) = parse(line, Operator::Any) {
                collect(&parsed, schema, words);
            }
        }
        Query::Term { field, value: text } | Query::Phrase { field, text, .. } if counts(field) => {
            words.push(text.clone())
        }
        Query::Boolean { must, should, .. } => {
            must.iter().chain(should).for_each(|query| collect(query, schema, words))
        }
        _ => {}
    }
}

/// What every document must be that is found by its vector: the part of the query that is not about meaning. Words that are needed are
/// not in it, for documents are found that say the same in other words; phrases, values of fields, and what is unwanted are.
pub(in crate::search) fn constraints(query: &Query, schema: &Schema) -> Vec<Query> {
    let mut found = Vec::new();
    constrain(query, schema, &mut found);
    found
}

fn constrain(query: &Query, schema: &Schema, found: &mut Vec<Query>) {
    match query {
        Query::MatchAll | Query::Term { field: None, .. } => {}
        Query::Text(line) => {
            if let Ok(parsed) = parse(line, Operator::Any) {
                constrain(&parsed, schema, found);
            }
        }
        Query::Boolean { must, should, not } => {
            must.iter().for_each(|query| constrain(query, schema, found));
            found.extend(not.iter().cloned().map(Query::not));
            // Alternatives bind only where none of them is about meaning.
            let any = Query::any(should.iter().cloned());
            if !should.is_empty() && must.is_empty() && meaning(&any, schema).is_none() {
                found.push(any);
            }
        }
        other => found.push(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Field;

    fn schema() -> Schema {
        Schema::new([Field::text("body").embedded(), Field::keyword("path")]).expect("a valid schema")
    }

    fn read(line: &str, operator: Operator) -> (Option<String>, Vec<Query>) {
        let query = parse(line, operator).expect("parsed");
        (meaning(&query, &schema()), constraints(&query, &schema()))
    }

    #[test]
    fn words_are_meaning_and_the_rest_is_a_constraint() {
        let (a, hail) = (Query::term("path", "a"), Query::word("hail"));
        for (line, words, bound) in [
            ("rain in spring", Some("rain in spring"), vec![]),
            ("rain -hail", Some("rain"), vec![Query::not(hail.clone())]),
            ("rain +path:a", Some("rain"), vec![a.clone()]),
            ("rain path:a", Some("rain"), vec![]),
            ("body:rain", Some("rain"), vec![Query::term("body", "rain")]),
            ("path:a", None, vec![a.clone()]),
            ("*", None, vec![]),
            ("...", None, vec![]),
        ] {
            assert_eq!(read(line, Operator::Any), (words.map(str::to_owned), bound), "{line}");
        }
        let (words, bound) = read("rain \"hail storm\" path:a", Operator::All);
        assert_eq!(words.as_deref(), Some("rain hail storm"));
        assert_eq!(bound, [Query::phrase("hail storm"), a]);
    }
}
