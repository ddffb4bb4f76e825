//! The tokens in the attribute's parentheses → the keys and their values.
//!
//! Reading continues after a mistake, so that all mistakes are reported. `check` decides whether the
//! values are valid, and valid together.

mod incomplete;
mod retry;
mod values;

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, LitStr, Path, Token, parenthesized, token};

pub(crate) use self::retry::{Backoff, Retry};
pub(crate) use self::values::without_groups;
use self::values::{
    basic, comma_separated, crate_path, error_here, flag, header, measure_of, on_error, optional,
    parenthesized_list, skip_rest, skip_to_comma, statuses, template, timeouts, value, value_of,
};
use crate::action::Action;
use crate::errors::Errors;
use crate::habits;
use crate::pattern::Pattern;
use crate::scan;
use crate::suggest::did_you_mean;
use crate::units;

/// A key and its value.
#[derive(Clone)]
pub(crate) struct Keyed<T> {
    pub(crate) key: Ident,
    pub(crate) value: T,
}

#[derive(Clone, Default)]
pub(crate) struct Args {
    /// The attribute, if it is not the one that rustc calls. Missing keys are reported there.
    pub(crate) attribute: Option<Span>,
    pub(crate) targets: Vec<Target>,
    pub(crate) session: Option<Keyed<Expr>>,
    pub(crate) query: Option<Keyed<Expr>>,
    /// `headers = …`: a whole `HeaderMap`.
    pub(crate) header_map: Option<Keyed<Expr>>,
    pub(crate) headers: Option<Keyed<Vec<(HeaderName, Expr)>>>,
    pub(crate) bearer: Option<Keyed<Expr>>,
    pub(crate) basic: Option<Keyed<(Expr, Expr)>>,
    /// Any of `json`, `form`, `text`, `body` and `multipart`.
    pub(crate) bodies: Vec<Keyed<Expr>>,
    /// `optional` of `json(optional) = …`: `None` sends no body.
    pub(crate) optional_body: Option<Ident>,
    pub(crate) expect: Option<Keyed<Vec<StatusRange>>>,
    pub(crate) timeout: Option<Keyed<Timeouts>>,
    pub(crate) max_body: Option<Keyed<Measure<u64>>>,
    pub(crate) error_body: Option<Keyed<Measure<u64>>>,
    /// JSON is read under any content type.
    pub(crate) any_content_type: Option<Ident>,
    pub(crate) max_redirects: Option<Keyed<Expr>>,
    pub(crate) deadline: Option<Keyed<Expr>>,
    pub(crate) retry: Option<Keyed<Retry>>,
    pub(crate) on_error: Option<Keyed<OnError>>,
    /// The `(` or `=` after `on_error`.
    pub(crate) on_error_after_key: Option<Span>,
    pub(crate) fallback: Option<Keyed<Expr>>,
    pub(crate) cleanup: Option<Keyed<Expr>>,
    pub(crate) finally: Option<Keyed<Expr>>,
    pub(crate) krate: Option<Keyed<Path>>,
    /// Names after the template, as `format!` takes them for `{}`. Always a mistake.
    pub(crate) positional: Vec<Ident>,
    /// The first word of each path in a pattern that could not be read.
    pub(crate) owners: Vec<Ident>,
    /// Mistakes that the values contain, which the expanded function reports.
    pub(crate) missing: Vec<syn::Error>,
}

/// A method and its template.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) key: Ident,
    /// The name in `method("PURGE")`.
    pub(crate) custom: Option<LitStr>,
    pub(crate) template: LitStr,
    /// Whether a group's `base` was prepended to the template, which is then not a literal of the source.
    pub(crate) has_base: bool,
}

/// The name of a header: a literal, or the path of a constant.
#[derive(Clone)]
pub(crate) enum HeaderName {
    Text(LitStr),
    Path(Expr),
}

/// A duration or a size: a literal with a unit, or an expression.
#[derive(Clone)]
pub(crate) enum Measure<T> {
    Literal(T, Span),
    Expr(Expr),
}

/// The keys of a group, `#[requests(…)]`.
#[derive(Clone, Default)]
pub(crate) struct Shared {
    pub(crate) args: Args,
    /// The prefix of the templates.
    pub(crate) base: Option<Keyed<LitStr>>,
    /// `?Send`: the `?`.
    pub(crate) not_send: Option<Span>,
}

impl<T> Measure<T> {
    /// The expression, unless it is a literal.
    pub(crate) fn expr(&self) -> Option<&Expr> {
        match self {
            Measure::Literal(..) => None,
            Measure::Expr(expr) => Some(expr),
        }
    }
}

#[derive(Clone, Default)]
pub(crate) struct Timeouts {
    pub(crate) total: Option<Measure<Duration>>,
    pub(crate) attempt: Option<Measure<Duration>>,
    pub(crate) idle: Option<Measure<Duration>>,
}

/// A range of statuses, as in the source: `first > last` is possible.
#[derive(Clone)]
pub(crate) struct StatusRange {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) tokens: TokenStream,
}

#[derive(Clone)]
pub(crate) enum OnError {
    /// `on_error = ACTION`, and the expression of the action.
    Always(Action, Expr),
    Arms(Vec<Arm>),
}

#[derive(Clone)]
pub(crate) struct Arm {
    pub(crate) pattern: Pattern,
    pub(crate) guard: Option<Expr>,
    pub(crate) action: Action,
    /// The expression of the action.
    pub(crate) expr: Expr,
}

/// The names in the values, which the stub of a mistaken function uses.
#[derive(Default)]
pub(crate) struct Named {
    /// The path at the start of a value, or its macro.
    pub(crate) values: Vec<Expr>,
    /// The first word of each path in a pattern that could not be read.
    pub(crate) owners: Vec<Ident>,
    /// The attribute that the function has, if it is `#[request]` by another name.
    pub(crate) attribute: Option<Ident>,
}

impl Args {
    pub(crate) fn named(&self) -> Named {
        let single = [
            &self.session,
            &self.query,
            &self.header_map,
            &self.bearer,
            &self.max_redirects,
            &self.deadline,
            &self.fallback,
            &self.cleanup,
            &self.finally,
        ];
        let keyed = single.into_iter().flatten().chain(&self.bodies).map(|keyed| &keyed.value);
        let basic = self.basic.iter().flat_map(|keyed| [&keyed.value.0, &keyed.value.1]);
        let headers = self.headers.iter().flat_map(|keyed| &keyed.value).map(|(_, value)| value);
        let actions = match self.on_error.as_ref().map(|keyed| &keyed.value) {
            None => Vec::new(),
            Some(OnError::Always(action, _)) => vec![action],
            Some(OnError::Arms(arms)) => arms.iter().map(|arm| &arm.action).collect(),
        };
        let called = actions.into_iter().filter_map(|action| match action {
            Action::Call(called, _) => Some(called),
            _ => None,
        });
        let values = keyed.chain(basic).chain(headers).chain(called).filter_map(named);
        Named { values: values.cloned().collect(), owners: self.owners.clone(), attribute: None }
    }
}

fn named(value: &Expr) -> Option<&Expr> {
    match value {
        Expr::Path(path) => (!path.path.is_ident("self")).then_some(value),
        Expr::Macro(mac) => {
            let tokens = &mac.mac.tokens;
            let stays = !scan::may_leave(tokens) && !scan::may_await(tokens);
            (stays && !scan::has_ident(tokens, "self")).then_some(value)
        }
        Expr::Call(call) => named(&call.func),
        Expr::MethodCall(call) => named(&call.receiver),
        Expr::Field(field) => named(&field.base),
        Expr::Reference(reference) => named(&reference.expr),
        Expr::Await(awaited) => named(&awaited.base),
        Expr::Group(group) => named(&group.expr),
        _ => None,
    }
}

/// The keys for methods.
pub(crate) const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// All other keys.
pub(crate) const KEYS: [&str; 25] = [
    "method",
    "session",
    "query",
    "header",
    "headers",
    "bearer",
    "basic",
    "json",
    "form",
    "text",
    "body",
    "multipart",
    "expect",
    "timeout",
    "max_body",
    "error_body",
    "any_content_type",
    "max_redirects",
    "deadline",
    "retry",
    "on_error",
    "fallback",
    "cleanup",
    "finally",
    "crate",
];

/// The keys that a group cannot have.
pub(crate) const UNSHARED: [&str; 7] =
    ["method", "json", "form", "text", "body", "multipart", "fallback"];

/// Reads the keys of one function, and collects the mistakes.
pub(crate) fn read(tokens: TokenStream) -> (Args, Errors) {
    let reader = read_all(tokens, Reader::default());
    (reader.args, reader.errors)
}

/// Reads the keys of a group, and collects the mistakes.
pub(crate) fn read_shared(tokens: TokenStream) -> (Shared, Errors) {
    let shared = Some(Shared::default());
    let Reader { args, errors, shared } = read_all(tokens, Reader { shared, ..Reader::default() });
    (Shared { args, ..shared.unwrap_or_default() }, errors)
}

fn read_all(tokens: TokenStream, mut reader: Reader) -> Reader {
    let (tokens, missing) = incomplete::complete(tokens);
    reader.args.missing = missing;
    let parsed = (|input: ParseStream<'_>| {
        reader.entries(input);
        Ok(())
    })
    .parse2(tokens);
    // Tokens that a mistake left unread are part of that mistake.
    if let Err(error) = parsed
        && reader.errors.is_empty()
    {
        reader.errors.push(error);
    }
    reader
}

#[derive(Default)]
struct Reader {
    args: Args,
    errors: Errors,
    /// The keys that only a group has, if a group is read.
    shared: Option<Shared>,
}

impl Reader {
    fn entries(&mut self, input: ParseStream<'_>) {
        while !input.is_empty() {
            if let Err(error) = self.entry(input) {
                self.errors.push(error);
                skip_to_comma(input);
            }
            if input.is_empty() {
                return;
            }
            if input.parse::<Token![,]>().is_err() {
                self.errors
                    .push(error_here(input, "keys are separated by commas: write `,` before this"));
                if !begins_entry(input) {
                    skip_to_comma(input);
                    let _ = input.parse::<Token![,]>();
                }
            }
        }
    }

    fn entry(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if self.shared_entry(input)? {
            return Ok(());
        }
        if self.is_positional(input) {
            self.args.positional.push(input.parse()?);
            return Ok(());
        }
        let Ok(key) = input.call(Ident::parse_any) else {
            return Err(error_here(input, "expected a key, such as `get = \"/path\"`"));
        };
        let name = key.unraw().to_string();
        if METHODS.contains(&name.as_str()) {
            return self.target(key, input);
        }
        let args = &mut self.args;
        let errors = &mut self.errors;
        match name.as_str() {
            "method" => return self.custom_target(key, input),
            "session" => set_once(&mut args.session, errors, value(key, input)?),
            "query" if input.peek(token::Paren) => {
                let content;
                parenthesized!(content in input);
                skip_rest(&content);
                let message = "`query` takes a value: write `?name={argument}` in the template, or \
                               `query = [(\"name\", argument)]`";
                return Err(syn::Error::new(key.span(), message));
            }
            "query" => set_once(&mut args.query, errors, value(key, input)?),
            "headers" if input.peek(token::Paren) => {
                let content;
                parenthesized!(content in input);
                skip_rest(&content);
                let message = "`headers` takes a whole map: write `header(\"name\" = value)`, or \
                               `headers = map`";
                return Err(syn::Error::new(key.span(), message));
            }
            "headers" => set_once(&mut args.header_map, errors, value(key, input)?),
            "bearer" => set_once(&mut args.bearer, errors, value(key, input)?),
            "max_redirects" => set_once(&mut args.max_redirects, errors, value(key, input)?),
            "deadline" => set_once(&mut args.deadline, errors, value(key, input)?),
            "any_content_type" => match flag(&key, input)? {
                () if args.any_content_type.is_some() => given_twice(errors, &key),
                () => args.any_content_type = Some(key),
            },
            "fallback" => set_once(&mut args.fallback, errors, value(key, input)?),
            "cleanup" => set_once(&mut args.cleanup, errors, value(key, input)?),
            "finally" => set_once(&mut args.finally, errors, value(key, input)?),
            "json" | "form" | "text" | "body" | "multipart" => {
                if input.peek(token::Paren) {
                    args.optional_body = Some(optional(&key, input)?);
                }
                let body = value(key, input)?;
                match args.bodies.iter().find(|other| other.key == body.key) {
                    Some(_) => given_twice(errors, &body.key),
                    None => args.bodies.push(body),
                }
            }
            "basic" => {
                let content = parenthesized_list(&key, "user, password", input)?;
                set_once(&mut args.basic, errors, basic(key, &content)?);
            }
            "header" => {
                let content = parenthesized_list(&key, "\"name\" = value", input)?;
                let value = comma_separated(&content, errors, header);
                set_once(&mut args.headers, errors, Keyed { key, value });
            }
            "expect" => {
                let content = parenthesized_list(&key, "200..=299", input)?;
                let value = statuses(&content)?;
                set_once(&mut args.expect, errors, Keyed { key, value });
            }
            "timeout" => {
                let value = timeouts(&key, input, errors)?;
                set_once(&mut args.timeout, errors, Keyed { key, value });
            }
            "max_body" => {
                let value = measure_of(&key, "16MiB", input, units::bytes)?;
                set_once(&mut args.max_body, errors, Keyed { key, value });
            }
            "error_body" => {
                let value = measure_of(&key, "64KiB", input, units::bytes)?;
                set_once(&mut args.error_body, errors, Keyed { key, value });
            }
            "retry" => {
                let value = retry::read(&key, input, errors)?;
                set_once(&mut args.retry, errors, Keyed { key, value });
            }
            "on_error" => {
                args.on_error_after_key.get_or_insert(input.span());
                let value = on_error(&key, input, errors, &mut args.owners)?;
                set_once(&mut args.on_error, errors, Keyed { key, value });
            }
            "crate" => {
                let value = value_of(&key, "::path", input, crate_path)?;
                set_once(&mut args.krate, errors, Keyed { key, value });
            }
            _ if self.shared.is_some() => return Err(unknown_shared_key(&key, &name)),
            _ => return Err(unknown_key(&key, &name)),
        }
        Ok(())
    }

    /// Reads an entry that only a group has: `base = "/path"`, or `?Send`.
    fn shared_entry(&mut self, input: ParseStream<'_>) -> syn::Result<bool> {
        let Some(shared) = &mut self.shared else {
            return Ok(false);
        };
        if input.peek(Token![?]) {
            let mark: Token![?] = input.parse()?;
            let word = input.parse::<Ident>().ok();
            if word.as_ref().is_none_or(|word| word != "Send") {
                let message = "only `Send` can be left out: write `?Send`";
                return Err(syn::Error::new(mark.span, message));
            }
            match shared.not_send {
                Some(_) => self.errors.at(mark.span, "`?Send` is given twice: write it once"),
                None => shared.not_send = Some(mark.span),
            }
            return Ok(true);
        }
        if !input.fork().call(Ident::parse_any).is_ok_and(|key| key == "base") {
            return Ok(false);
        }
        let key = input.call(Ident::parse_any)?;
        let value = value_of(&key, "\"/path\"", input, template)?;
        set_once(&mut shared.base, &mut self.errors, Keyed { key, value });
        Ok(true)
    }

    /// Whether the next key is `id` after `"/users/{}"`, as in `format!`. The mistake is reported at `{}`.
    fn is_positional(&self, input: ParseStream<'_>) -> bool {
        let unnamed = self.args.targets.iter().any(|target| target.template.value().contains("{}"));
        let ahead = input.fork();
        let word = ahead.parse::<Ident>().is_ok();
        unnamed && word && (ahead.is_empty() || ahead.peek(Token![,]))
    }

    /// `get = "/path"`.
    fn target(&mut self, key: Ident, input: ParseStream<'_>) -> syn::Result<()> {
        if key == "options" && is_argument(input) {
            skip_to_comma(input);
            let message = "`options` is the method OPTIONS: an argument of the type `CallOptions` is \
                           applied without a key";
            return Err(syn::Error::new(key.span(), message));
        }
        let template = value_of(&key, "\"/path\"", input, template)?;
        if input.peek(Token![+]) {
            skip_to_comma(input);
            let message = "a template is one string literal: write the value in it, as `{name}`";
            return Err(syn::Error::new(template.span(), message));
        }
        self.args.targets.push(Target { key, custom: None, template, has_base: false });
        Ok(())
    }

    /// `method("PURGE") = "/path"`.
    fn custom_target(&mut self, key: Ident, input: ParseStream<'_>) -> syn::Result<()> {
        const FORM: &str = "write `method(\"PURGE\") = \"/path\"`";
        if !input.peek(token::Paren) {
            return Err(syn::Error::new(
                key.span(),
                format!("`method` takes a name and a template: {FORM}"),
            ));
        }
        let content;
        parenthesized!(content in input);
        let name = content.parse::<LitStr>();
        let Ok(name) = name else {
            let span = content.span();
            skip_rest(&content);
            return Err(syn::Error::new(span, format!("expected a method's name: {FORM}")));
        };
        if !content.is_empty() || !input.peek(Token![=]) {
            skip_rest(&content);
            return Err(syn::Error::new(
                key.span(),
                format!("`method` takes a name and a template: {FORM}"),
            ));
        }
        input.parse::<Token![=]>()?;
        let template = template(input)?;
        self.args.targets.push(Target { key, custom: Some(name), template, has_base: false });
        Ok(())
    }
}

fn unknown_key(key: &Ident, name: &str) -> syn::Error {
    let near = did_you_mean(name, METHODS.into_iter().chain(KEYS));
    let hint = match habits::key(name) {
        Some(hint) => hint.to_owned(),
        None if !near.is_empty() => near,
        None => format!(
            "; the keys are {}",
            METHODS
                .into_iter()
                .chain(KEYS)
                .map(|key| format!("`{key}`"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    };
    syn::Error::new(key.span(), format!("unknown key `{name}`{hint}"))
}

fn unknown_shared_key(key: &Ident, name: &str) -> syn::Error {
    let known = KEYS.into_iter().filter(|key| !UNSHARED.contains(key)).chain(["base"]);
    let near = did_you_mean(name, known.clone());
    let hint = match habits::shared_key(name) {
        Some(hint) => hint.to_owned(),
        None if !near.is_empty() => near,
        None => {
            let keys = known.map(|key| format!("`{key}`")).collect::<Vec<_>>();
            format!("; the keys are {}", keys.join(", "))
        }
    };
    syn::Error::new(key.span(), format!("unknown key `{name}`{hint}"))
}

fn set_once<T>(slot: &mut Option<Keyed<T>>, errors: &mut Errors, keyed: Keyed<T>) {
    match slot {
        Some(_) => given_twice(errors, &keyed.key),
        None => *slot = Some(keyed),
    }
}

fn given_twice(errors: &mut Errors, key: &Ident) {
    errors.at(key.span(), format!("`{key}` is given twice: write it once"));
}

/// Whether the next value is the name of an argument, or a reference to one.
fn is_argument(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    let name = (|| {
        fork.parse::<Token![=]>()?;
        fork.parse::<Option<Token![&]>>()?;
        fork.parse::<Ident>()
    })();
    let ends = fork.is_empty() || fork.peek(Token![,]);
    name.is_ok_and(|name| ends && name.to_string().starts_with(char::is_lowercase))
}

/// Whether the next tokens look like an entry, so that only a comma is missing.
fn begins_entry(input: ParseStream<'_>) -> bool {
    input.peek(syn::Ident::peek_any) && (input.peek2(Token![=]) || input.peek2(token::Paren))
}
