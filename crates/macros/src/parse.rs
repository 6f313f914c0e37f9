//! From the tokens of an impl to [`HandleImpl`]: what the operations are, or what is wrong with them.

use proc_macro2::{Span, TokenStream};
use syn::{
    Attribute, Expr, ExprLit, FnArg, GenericArgument, ImplItem, ImplItemFn, ItemImpl, Lit, LitStr, Meta, Pat,
    PathArguments, PathSegment, ReceiverKind, Result, ReturnType, Safety, Type, TypeParamBound,
    parse::Parser as _, spanned::Spanned as _,
};

/// The impl of a handle.
pub(crate) struct HandleImpl {
    /// The handle's type.
    pub(crate) handle: Box<Type>,
    /// The system, as in `review`.
    pub(crate) system: String,
    /// The items that stay as they are.
    pub(crate) others: Vec<ImplItem>,
    /// The attributes of the impl.
    pub(crate) attributes: Vec<Attribute>,
    /// Its operations, in order.
    pub(crate) operations: Vec<Operation>,
}

/// One method that is an operation.
pub(crate) struct Operation {
    /// The method, without `#[operation]`.
    pub(crate) method: ImplItemFn,
    /// The name on every surface.
    pub(crate) name: String,
    /// The documentation in Markdown.
    pub(crate) doc: String,
    pub(crate) effect: Effect,
    pub(crate) permission: String,
    /// The type of the request, where there is one.
    pub(crate) request: Option<Type>,
    /// The `T` of the result.
    pub(crate) response: Type,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Reads,
    Writes,
    Streams,
    Table,
}

impl Effect {
    const NAMES: [(&'static str, Self); 4] = [
        ("reads", Self::Reads),
        ("writes", Self::Writes),
        ("streams", Self::Streams),
        ("table", Self::Table),
    ];
}

/// Reads `#[operations(attribute)] item`. All that is wrong is reported at once.
pub(crate) fn handle(attribute: TokenStream, item: TokenStream) -> Result<HandleImpl> {
    let system = system(attribute)?;
    let item: ItemImpl = syn::parse2(item)?;
    if let Some((path, _)) = &item.trait_ {
        return Err(syn::Error::new(
            path.span(),
            "operations are declared on `impl Handle { … }`, not on a trait's impl",
        ));
    }
    if !item.generics.params.is_empty() {
        return Err(syn::Error::new(
            item.generics.span(),
            "a handle has no type parameters: it is made of a `Context`",
        ));
    }
    let (mut operations, mut others, mut errors) = (Vec::new(), Vec::new(), Errors::default());
    for item in item.items {
        match item {
            ImplItem::Fn(method) if method.attrs.iter().any(is_operation) => {
                if let Some(operation) = errors.keep(operation(&system, method)) {
                    operations.push(operation);
                }
            }
            other => others.push(other),
        }
    }
    for (index, operation) in operations.iter().enumerate() {
        if operations[..index].iter().any(|earlier| earlier.name == operation.name) {
            let message = format!(
                "two operations are called `{system}.{}`; give one another `name = \"…\"`",
                operation.name
            );
            errors.push(syn::Error::new(operation.method.sig.ident.span(), message));
        }
    }
    if operations.is_empty() && errors.0.is_none() {
        let message =
            "no operation here: mark methods with `#[operation(reads)]`, `writes`, `streams` or `table`";
        errors.push(syn::Error::new(item.self_ty.span(), message));
    }
    errors.finish()?;
    Ok(HandleImpl { handle: item.self_ty, system, others, attributes: item.attrs, operations })
}

fn is_operation(attribute: &Attribute) -> bool {
    attribute.path().is_ident("operation")
}

/// `system = "review"`.
fn system(attribute: TokenStream) -> Result<String> {
    let mut system = None;
    let parser = syn::meta::parser(|meta| {
        if !meta.path.is_ident("system") {
            return Err(meta.error("the argument is `system = \"…\"`"));
        }
        let text: LitStr = meta.value()?.parse()?;
        check_name("a system", &text.value(), text.span())?;
        system = Some(text.value());
        Ok(())
    });
    parser.parse2(attribute)?;
    system.ok_or_else(|| {
        syn::Error::new(Span::call_site(), "say which system this is: `#[operations(system = \"…\")]`")
    })
}

fn operation(system: &str, mut method: ImplItemFn) -> Result<Operation> {
    let mut errors = Errors::default();
    let ident = method.sig.ident.clone();
    let position = method.attrs.iter().position(is_operation);
    let attribute = method.attrs.remove(position.expect("the caller found the attribute"));
    let arguments = errors.keep(Arguments::parse(&attribute));
    if method.attrs.iter().any(is_operation) {
        errors.push(syn::Error::new(ident.span(), "one `#[operation]` is enough"));
    }
    let doc = doc(&method.attrs);
    if doc.is_empty() {
        let message = format!("`{ident}` needs a documentation comment: it is the help on every surface");
        errors.push(syn::Error::new(ident.span(), message));
    }
    let request = errors.keep(request(&method));
    let effect = arguments.as_ref().and_then(|arguments| arguments.effect);
    let response = effect.and_then(|effect| errors.keep(response(&method, effect)));
    errors.finish()?;
    let (Some(arguments), Some(effect), Some(request), Some(response)) =
        (arguments, effect, request, response)
    else {
        unreachable!("whatever is missing was reported as an error");
    };
    let name = arguments.name.unwrap_or_else(|| ident.to_string());
    check_name("an operation", &name, ident.span())?;
    let permission = arguments.permission.unwrap_or_else(|| format!("{system}.{name}"));
    Ok(Operation { method, name, doc, effect, permission, request, response })
}

/// What stands in `#[operation(…)]`.
#[derive(Default)]
struct Arguments {
    effect: Option<Effect>,
    permission: Option<String>,
    name: Option<String>,
}

impl Arguments {
    fn parse(attribute: &Attribute) -> Result<Self> {
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

/// The documentation comment, without the space that follows `///`.
fn doc(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<String> =
        lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect();
    lines.join("\n").trim().to_owned()
}

/// The type of the one parameter after `&self`, if there is one.
fn request(method: &ImplItemFn) -> Result<Option<Type>> {
    const SHAPE: &str = "an operation takes `&self` and at most one request: `(&self, request: R)`";
    let signature = &method.sig;
    if !signature.generics.params.is_empty() {
        return Err(syn::Error::new(
            signature.generics.span(),
            "an operation has no type parameters: its schema is one",
        ));
    }
    if !matches!(signature.safety, Safety::Default)
        || signature.constness.is_some()
        || signature.abi.is_some()
    {
        return Err(syn::Error::new(
            signature.span(),
            "an operation is a plain method: no `const`, `unsafe` or `extern`",
        ));
    }
    let mut inputs = signature.inputs.iter();
    let receiver = match inputs.next() {
        Some(FnArg::Receiver(receiver)) => receiver,
        _ => return Err(syn::Error::new(signature.ident.span(), SHAPE)),
    };
    if !matches!(receiver.kind, ReceiverKind::Reference(_, None, None)) {
        return Err(syn::Error::new(receiver.span(), SHAPE));
    }
    let request = match inputs.next() {
        None => None,
        Some(FnArg::Typed(input)) => {
            if matches!(&*input.ty, Type::Reference(_)) {
                return Err(syn::Error::new(
                    input.ty.span(),
                    "a request is taken by value: it is read from JSON",
                ));
            }
            if !matches!(&*input.pat, Pat::Ident(_) | Pat::Struct(_) | Pat::Wild(_) | Pat::TupleStruct(_)) {
                return Err(syn::Error::new(input.pat.span(), SHAPE));
            }
            Some((*input.ty).clone())
        }
        Some(other) => return Err(syn::Error::new(other.span(), SHAPE)),
    };
    match inputs.next() {
        Some(extra) => Err(syn::Error::new(extra.span(), format!("{SHAPE}; put the rest into it"))),
        None => Ok(request),
    }
}

/// The `T` of `async fn … -> Result<T>`, or of `fn … -> impl Stream<Item = Result<T>>` where it streams.
fn response(method: &ImplItemFn, effect: Effect) -> Result<Type> {
    const STREAM: &str =
        "an operation that `streams` is a plain `fn … -> impl Stream<Item = Result<T>>`, not `async`";
    let signature = &method.sig;
    let returned = match &signature.output {
        ReturnType::Type(_, returned) => Some(&**returned),
        ReturnType::Default => None,
    };
    if effect == Effect::Streams {
        let item = returned.filter(|_| signature.asyncness.is_none()).and_then(stream_item);
        return item
            .and_then(result_of)
            .cloned()
            .ok_or_else(|| syn::Error::new(returned.map_or(signature.ident.span(), |r| r.span()), STREAM));
    }
    let (shape, want) = match effect {
        Effect::Table => ("`table`", "Table"),
        _ => ("`reads` or `writes`", "T"),
    };
    let wrong = || {
        let message = format!(
            "an operation that {shape} is an `async fn … -> Result<{want}>` with the kernel's `Result`"
        );
        syn::Error::new(returned.map_or(signature.ident.span(), |r| r.span()), message)
    };
    let result = returned.filter(|_| signature.asyncness.is_some()).and_then(result_of).ok_or_else(wrong)?;
    if effect == Effect::Table && !last_segment(result).is_some_and(|segment| segment.ident == "Table") {
        return Err(wrong());
    }
    Ok(result.clone())
}

fn last_segment(given: &Type) -> Option<&PathSegment> {
    match given {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        _ => None,
    }
}

/// `T` of `Result<T>`.
fn result_of(given: &Type) -> Option<&Type> {
    let segment = last_segment(given).filter(|segment| segment.ident == "Result")?;
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) if arguments.args.len() == 1 => match &arguments.args[0] {
            GenericArgument::Type(inner) => Some(inner),
            _ => None,
        },
        _ => None,
    }
}

/// `X` of `impl Stream<Item = X>`.
fn stream_item(given: &Type) -> Option<&Type> {
    let Type::ImplTrait(given) = given else { return None };
    given.bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return None };
        let segment = bound.path.segments.last().filter(|segment| segment.ident == "Stream")?;
        let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
        arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(item) if item.ident == "Item" => Some(&item.ty),
            _ => None,
        })
    })
}

/// Names travel to six languages and into URLs, so they are `snake_case` of ASCII.
fn check_name(what: &str, name: &str, span: Span) -> Result<()> {
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

/// Everything that is wrong, so that one build reports all of it.
#[derive(Default)]
struct Errors(Option<syn::Error>);

impl Errors {
    fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            none => *none = Some(error),
        }
    }

    fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    fn finish(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
