//! From [`HandleImpl`] to code: per operation the body as a private method, the guarded method in its place, and its declaration.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, FnArg, Ident, ReturnType, Type, TypeImplTrait, TypeParamBound, parse_quote};

use crate::parse::{Effect, HandleImpl, Operation};

/// The impl with its operations.
pub(crate) fn handle(item: HandleImpl) -> TokenStream {
    let HandleImpl { handle, system, others, attributes, operations } = item;
    let methods = operations.iter().map(method);
    let declarations = operations.iter().map(|operation| declaration(&system, operation));
    let entries = operations.iter().map(entry);
    quote! {
        #(#attributes)*
        impl #handle {
            #(#others)*
            #(#methods)*
        }

        impl #handle {
            /// Every operation of this handle, in the order of declaration.
            pub const OPERATIONS: &'static [::heptad_core::operation::Operation] = &[#(#entries),*];

            #(#declarations)*
        }
    }
}

/// The method twice: the body as it was written, under another name, and the guarded call of it.
fn method(operation: &Operation) -> TokenStream {
    let Operation { method, effect, request, response, .. } = operation;
    let (cfg, lints, rest) = sort_attributes(&method.attrs);
    let (visibility, inputs, block) = (&method.vis, &method.sig.inputs, &method.block);
    let (name, spec, body) = (&method.sig.ident, spec_ident(operation), body_ident(operation));
    let argument: Option<Ident> = request.as_ref().map(|_| format_ident!("request"));
    let parameter: Option<FnArg> = request.as_ref().map(|request| parse_quote!(request: #request));
    let output = &method.sig.output;
    if *effect == Effect::Streams {
        let stream = owned_stream(output);
        return quote! {
            #(#cfg)* #(#rest)*
            #visibility fn #name(&self, #parameter) -> ::heptad_core::operation::ResultStream<#response> {
                ::heptad_core::operation::stream(
                    ::heptad_core::operation::Handle::context(self),
                    Self::#spec,
                    || self.#body(#argument),
                )
            }

            #(#cfg)* #(#lints)*
            fn #body(#inputs) -> #stream
            #block
        };
    }
    quote! {
        #(#cfg)* #(#rest)*
        #visibility async fn #name(&self, #parameter) #output {
            ::heptad_core::operation::call(
                ::heptad_core::operation::Handle::context(self),
                Self::#spec,
                self.#body(#argument),
            )
            .await
        }

        #(#cfg)* #(#lints)*
        async fn #body(#inputs) #output #block
    }
}

/// The `impl Stream` as it was written, and that it borrows nothing from `self` and may go to another thread.
fn owned_stream(output: &ReturnType) -> Type {
    let mut stream: TypeImplTrait = match output {
        ReturnType::Type(_, stream) => parse_quote!(#stream),
        ReturnType::Default => unreachable!("refused while parsing"),
    };
    stream.bounds.push(parse_quote!(::core::marker::Send));
    stream.bounds.push(parse_quote!('static));
    if !stream.bounds.iter().any(|bound| matches!(bound, TypeParamBound::PreciseCapture(_))) {
        stream.bounds.push(parse_quote!(use<>));
    }
    Type::ImplTrait(stream)
}

/// The private constant that says what the operation is.
fn declaration(system: &str, operation: &Operation) -> TokenStream {
    let Operation { method, name, doc, effect, permission, request, response } = operation;
    let (cfg, ..) = sort_attributes(&method.attrs);
    let (spec, request) = (spec_ident(operation), request_type(request.as_ref()));
    let full_name = format!("{system}.{name}");
    let effect = match effect {
        Effect::Reads => quote!(Reads),
        Effect::Writes => quote!(Writes),
        Effect::Streams => quote!(Streams),
        Effect::Table => quote!(Table),
    };
    quote! {
        #(#cfg)*
        const #spec: &'static ::heptad_core::operation::Spec = &::heptad_core::operation::Spec::declare(
            #system,
            #name,
            #full_name,
            #doc,
            ::heptad_core::operation::Effect::#effect,
            #permission,
            ::heptad_core::operation::schema::request::<#request>,
            ::heptad_core::operation::schema::response::<#response>,
        );
    }
}

/// The declaration with the function that calls it by name.
fn entry(operation: &Operation) -> TokenStream {
    let (cfg, ..) = sort_attributes(&operation.method.attrs);
    let (name, spec) = (&operation.method.sig.ident, spec_ident(operation));
    let request = request_type(operation.request.as_ref());
    let (pattern, argument) = match &operation.request {
        Some(_) => (format_ident!("request"), Some(format_ident!("request"))),
        None => (format_ident!("_request"), None),
    };
    let (invoke, body) = match operation.effect {
        Effect::Streams => (format_ident!("stream"), quote!(handle.#name(#argument))),
        Effect::Table => (format_ident!("table"), quote!(async move { handle.#name(#argument).await })),
        Effect::Reads | Effect::Writes => {
            (format_ident!("one"), quote!(async move { handle.#name(#argument).await }))
        }
    };
    quote! {
        #(#cfg)*
        ::heptad_core::operation::Operation {
            spec: Self::#spec,
            invoke: |context, request| ::heptad_core::operation::invoke::#invoke(
                Self::#spec,
                context,
                request,
                |handle: Self, #pattern: #request| #body,
            ),
        }
    }
}

fn request_type(request: Option<&Type>) -> TokenStream {
    request.map_or_else(|| quote!(::heptad_core::operation::Empty), |request| quote!(#request))
}

fn spec_ident(operation: &Operation) -> Ident {
    let name = &operation.method.sig.ident;
    Ident::new(&format!("SPEC_{}", name.to_string().to_uppercase()), name.span())
}

fn body_ident(operation: &Operation) -> Ident {
    let name = &operation.method.sig.ident;
    Ident::new(&format!("__{name}"), name.span())
}

/// What decides whether the method exists goes to all that is generated; lint levels belong to the body; the rest to the method.
fn sort_attributes(attributes: &[Attribute]) -> (Vec<&Attribute>, Vec<&Attribute>, Vec<&Attribute>) {
    let is = |attribute: &Attribute, names: &[&str]| names.iter().any(|name| attribute.path().is_ident(name));
    let (cfg, others): (Vec<_>, Vec<_>) = attributes.iter().partition(|attribute| is(attribute, &["cfg"]));
    let (lints, rest) = others
        .into_iter()
        .partition(|attribute| is(attribute, &["allow", "expect", "warn", "deny", "forbid"]));
    (cfg, lints, rest)
}
