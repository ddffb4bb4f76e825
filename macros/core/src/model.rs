//! A request that `check` found nothing wrong with: whatever is here can be expanded.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Expr, ExprClosure, LitStr, Path};

use crate::action::{Action, Ends};
use crate::args::{Arm, Backoff, HeaderName, Measure};
use crate::pattern::Pattern;

pub(crate) struct Request {
    /// `::backstop`, or what `crate = …` says.
    pub(crate) krate: Path,
    pub(crate) method: Method,
    pub(crate) template: LitStr,
    pub(crate) placeholders: Vec<Placeholder>,
    pub(crate) session: Option<Expr>,
    pub(crate) query: Option<Expr>,
    /// A whole `HeaderMap`.
    pub(crate) header_map: Option<Expr>,
    pub(crate) headers: Vec<(HeaderName, Expr)>,
    pub(crate) auth: Option<Auth>,
    pub(crate) content: Option<Content>,
    pub(crate) expect: Option<Vec<(u16, u16)>>,
    pub(crate) timeout: Option<Measure<Duration>>,
    pub(crate) attempt_timeout: Option<Measure<Duration>>,
    pub(crate) idle_timeout: Option<Measure<Duration>>,
    pub(crate) max_body: Option<Measure<u64>>,
    pub(crate) error_body: Option<Measure<u64>>,
    pub(crate) retry: Option<Retry>,
    /// The return type; nothing for `()`.
    pub(crate) output: Option<TokenStream>,
    /// Whether the body waits, so that what it asks for has no more time than is left of this.
    pub(crate) scoped: bool,
    /// Whether what runs after a body that waits uses what the body may take.
    pub(crate) handlers_use_arguments: bool,
    /// Nothing when a failure is simply returned.
    pub(crate) handlers: Option<Handlers>,
}

pub(crate) enum Method {
    /// The name of the constructor, which is the key itself.
    Named(Ident),
    Custom(LitStr),
}

/// One `{…}` of the template and the value it stands for.
pub(crate) struct Placeholder {
    /// The method that takes it.
    pub(crate) setter: &'static str,
    pub(crate) text: String,
    pub(crate) value: TokenStream,
}

pub(crate) enum Auth {
    Bearer(Expr),
    Basic(Expr, Expr),
}

pub(crate) struct Content {
    /// `json`, `form`, `text`, `body` or `multipart`, each a method of the same name.
    pub(crate) key: Ident,
    /// Whether the method takes a reference.
    pub(crate) by_reference: bool,
    pub(crate) value: Expr,
}

pub(crate) enum Retry {
    /// How often, or a whole policy.
    Simple(Expr),
    Policy {
        times: Expr,
        on: Option<Pattern>,
        backoff: Option<Backoff>,
        idempotency_key: Option<Ident>,
        on_retry: Option<Expr>,
    },
}

impl Retry {
    /// What is evaluated when the request is made.
    pub(crate) fn evaluated(&self) -> Vec<&Expr> {
        match self {
            Retry::Simple(times) => vec![times],
            Retry::Policy { times, backoff, on_retry, .. } => {
                let backoff = backoff.iter().flat_map(Backoff::evaluated);
                [times].into_iter().chain(backoff).chain(on_retry).collect()
            }
        }
    }
}

pub(crate) struct Handlers {
    pub(crate) on_error: OnError,
    pub(crate) fallback: Option<Expr>,
    pub(crate) cleanup: Option<Call>,
    pub(crate) finally: Option<Call>,
    /// Whether the body or a handler may wait, or a macro in them that is not known.
    pub(crate) wait: bool,
}

pub(crate) enum OnError {
    /// Nothing is done about it: it goes on.
    Nothing,
    Always(Action, Span),
    Arms {
        /// The `(` after `on_error`; in the variant above, the `=`.
        begins: Span,
        arms: Vec<Arm>,
        /// Whether the last word is left to a `_` of our own.
        open: bool,
    },
}

/// `path`, or `path(args)`; and the `.await` that followed.
pub(crate) struct Call {
    pub(crate) callee: Callee,
    pub(crate) awaited: Option<TokenStream>,
}

pub(crate) enum Callee {
    /// A path or a field, called with what there is to tell.
    Function(Expr),
    /// Called likewise; an `.await` at its end stands for one after the call.
    Closure(ExprClosure),
    /// Called as written.
    Written(Expr),
}

impl OnError {
    /// How the ways through it end: an error that no arm matches goes on.
    pub(crate) fn ends(&self) -> Ends {
        match self {
            OnError::Nothing => Ends::GOES_ON,
            OnError::Always(action, _) => action.ends(),
            OnError::Arms { arms, open, .. } => {
                let rest = if *open { Ends::GOES_ON } else { Ends::default() };
                arms.iter().map(|arm| arm.action.ends()).fold(rest, Ends::or)
            }
        }
    }

    /// Whether what comes after it may never be reached.
    pub(crate) fn may_diverge(&self) -> bool {
        match self {
            OnError::Nothing => false,
            OnError::Always(action, _) => action.may_diverge(),
            OnError::Arms { arms, open, .. } => {
                !open && arms.iter().all(|arm| arm.action.may_diverge())
            }
        }
    }

    /// Whether it looks at the error, or hands it on.
    pub(crate) fn needs_error(&self) -> bool {
        match self {
            OnError::Nothing => false,
            OnError::Always(action, _) => action.needs_error(),
            OnError::Arms { .. } => true,
        }
    }
}
