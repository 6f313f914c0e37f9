//! The types in a method's signature: what it takes and what it returns.

use syn::{
    FnArg, GenericArgument, ImplItemFn, Pat, PathArguments, PathSegment, ReceiverKind, Result, ReturnType,
    Safety, Type, TypeParamBound, spanned::Spanned as _,
};

use super::Effect;

/// The type of the one parameter after `&self`, if there is one.
pub(super) fn request(method: &ImplItemFn) -> Result<Option<Type>> {
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
pub(super) fn response(method: &ImplItemFn, effect: Effect) -> Result<Type> {
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
    if effect == Effect::Table && last_segment(result).is_none_or(|segment| segment.ident != "Table") {
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
