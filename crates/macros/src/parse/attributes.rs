//! What stands above a method: `#[operation(…)]` and the documentation comment.

use proc_macro2::Span;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Result, spanned::Spanned as _};

use super::Effect;

/// What stands in `#[operation(…)]`.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) effect: Option<Effect>,
    pub(super) permission: Option<String>,
    pub(super) name: Option<String>,
}

impl Arguments {
    pub(super) fn parse(attribute: &Attribute) -> Result<Self> {
        const EFFECTS: &str = "say what the operation does: `reads`, `writes`, `streams` or `table`";
        let Meta::List(_) = &attribute.meta else {
            return Err(syn::Error::new(attribute.span(), format!("{EFFECTS}, as in `#[operation(reads)]`")));
        };
        let mut found = Self::default();
        attribute.parse_nested_meta(|meta| {
            let effect = Effect::NAMES.iter().find(|(name, _)| meta.path.is_ident(name));
            if let Some((_, effect)) = effect {
                if found.effect.replace(*effect).is_some() {
                    return Err(meta.error("an operation has one effect"));
                }
                return Ok(());
            }
            if meta.path.is_ident("permission") {
                let text: LitStr = meta.value()?.parse()?;
                check_permission(&text)?;
                found.permission = Some(text.value());
            } else if meta.path.is_ident("name") {
                let text: LitStr = meta.value()?.parse()?;
                check_name("an operation", &text.value(), text.span())?;
                found.name = Some(text.value());
            } else {
                return Err(meta.error(
                    "expected `reads`, `writes`, `streams`, `table`, `permission = \"…\"` or `name = \"…\"`",
                ));
            }
            Ok(())
        })?;
        match found.effect {
            Some(_) => Ok(found),
            None => Err(syn::Error::new(attribute.span(), EFFECTS)),
        }
    }
}

/// The documentation comment, without the space that follows `///`. Its first paragraph becomes one line, the summary, however it was
/// wrapped in the source.
pub(super) fn doc(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<String> =
        lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect();
    let text = lines.join("\n").trim().to_owned();
    match text.split_once("\n\n") {
        Some((summary, rest)) => format!("{}\n\n{rest}", summary.replace('\n', " ")),
        None => text.replace('\n', " "),
    }
}

/// Names travel to six languages and into URLs, so they are `snake_case` of ASCII.
pub(super) fn check_name(what: &str, name: &str, span: Span) -> Result<()> {
    let first = name.bytes().next().is_some_and(|c| c.is_ascii_lowercase());
    if first && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_') {
        return Ok(());
    }
    Err(syn::Error::new(span, format!("`{name}` does not name {what}: a-z 0-9 _ beginning with a letter")))
}

fn check_permission(text: &LitStr) -> Result<()> {
    let value = text.value();
    let mut parts = value.split('.');
    let named =
        |part: Option<&str>| part.is_some_and(|part| check_name("a permission", part, text.span()).is_ok());
    if named(parts.next()) && named(parts.next()) && parts.next().is_none() {
        return Ok(());
    }
    Err(syn::Error::new(text.span(), format!("`{value}` is not a permission: it is written `system.name`")))
}
