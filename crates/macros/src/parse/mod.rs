//! From the tokens of an impl to [`HandleImpl`]: what the operations are, or what is wrong with them.

mod attributes;
mod signature;

use proc_macro2::{Span, TokenStream};
use syn::{
    Attribute, ImplItem, ImplItemFn, ItemImpl, LitStr, Result, Type, parse::Parser as _,
    spanned::Spanned as _,
};

use self::attributes::{Arguments, check_name};

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
    let doc = attributes::doc(&method.attrs);
    if doc.is_empty() {
        let message = format!("`{ident}` needs a documentation comment: it is the help on every surface");
        errors.push(syn::Error::new(ident.span(), message));
    }
    let request = errors.keep(signature::request(&method));
    let effect = arguments.as_ref().and_then(|arguments| arguments.effect);
    let response = effect.and_then(|effect| errors.keep(signature::response(&method, effect)));
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
