//! A request that passed every rule of `check`. Expanding it cannot fail.

use std::time::Duration;

use proc_macro2::{Group, Ident, Span, TokenStream};
use syn::{Expr, ExprClosure, LitStr, Path};

use crate::action::{Action, Flow};
use crate::args::{Arm, Backoff, HeaderName, Measure};
use crate::pattern::Pattern;

pub(crate) struct Request {
    /// `::backstop`, or the value of `crate = …`.
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
    /// The key, which is also the name of the method.
    pub(crate) any_content_type: Option<Ident>,
    pub(crate) max_redirects: Option<Expr>,
    pub(crate) deadline: Option<Expr>,
    /// The argument of the type `CallOptions`.
    pub(crate) options: Option<Options>,
    pub(crate) retry: Option<Retry>,
    /// The return type; `None` for `()`.
    pub(crate) output: Option<TokenStream>,
    pub(crate) shape: Shape,
}

/// The form of the statements that handle the response. `check` decides it once, and expansion reads
/// it.
pub(crate) enum Shape {
    /// A failure is returned where it occurs. Without a body, the response is decoded as the return
    /// type.
    Plain(Option<Body>),
    Handled(Handlers),
}

impl Shape {
    /// Whether the body runs in the scope of the request's deadline.
    pub(crate) fn is_scoped(&self) -> bool {
        let body = match self {
            Shape::Plain(body) => body.as_ref(),
            Shape::Handled(handlers) => handlers.success.body(),
        };
        body.is_some_and(|body| matches!(body.form, BodyForm::Scoped { .. }))
    }
}

impl Request {
    /// The braces of an empty body whose return type is written, and may therefore be an alias of `()`.
    pub(crate) fn empty_body(&self) -> Option<Span> {
        let body = match &self.shape {
            Shape::Plain(body) => body.as_ref(),
            Shape::Handled(handlers) => handlers.success.body(),
        };
        let empty = body.filter(|body| body.block.stream().is_empty());
        empty.filter(|_| self.output.is_some()).map(|body| body.block.span())
    }
}

pub(crate) struct Body {
    /// The braces and the tokens between them.
    pub(crate) block: Group,
    pub(crate) form: BodyForm,
}

/// What surrounds the body in the expansion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum BodyForm {
    /// Nothing, and no statement follows: the body may return early, or never.
    Last { may_await: bool },
    /// Its braces. Statements follow, and nothing in the body leaves the function; `may_diverge` if
    /// the body may never reach them.
    Block { may_await: bool, may_diverge: bool },
    /// A closure, which `return` and `?` leave instead of the function.
    Closure,
    /// An `async` block, for the same reason.
    Async,
    /// An `async` block that inherits the request's deadline. `moves` if it may take the arguments.
    Scoped { moves: bool },
}

impl BodyForm {
    fn may_await(self) -> bool {
        match self {
            BodyForm::Last { may_await } | BodyForm::Block { may_await, .. } => may_await,
            BodyForm::Closure => false,
            BodyForm::Async | BodyForm::Scoped { .. } => true,
        }
    }
}

/// What happens after the response was read.
pub(crate) enum Success {
    /// The function has no body, and returns what was decoded.
    Decode,
    /// The body's outcome is inspected: a request error in it reaches the handlers.
    Inspect(Body),
    /// The body returns nothing, so there is no error to inspect.
    Run(Body),
}

impl Success {
    fn body(&self) -> Option<&Body> {
        match self {
            Success::Decode => None,
            Success::Inspect(body) | Success::Run(body) => Some(body),
        }
    }
}

/// How the statements for a failure end in the function's outcome.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Exit {
    /// Every action diverges, so there is no outcome.
    Diverge,
    /// The actions are the last expression, and each yields the outcome.
    Value,
    /// The same, in a `let`: `cleanup` or `finally` follows, or a lint attribute needs a statement.
    Bind,
    /// The last expression returns the error. Actions that recover or fail `return` before it.
    Return { may_be_unreachable: bool },
    /// `cleanup` or `finally` follows. Actions that recover or fail `break` out of a labelled block.
    Break { may_be_unreachable: bool },
    /// `cleanup` or `finally` follows, and no action recovers or fails.
    Continue { may_be_unreachable: bool },
}

pub(crate) enum Method {
    /// The key, which is also the name of the constructor.
    Named(Ident),
    Custom(LitStr),
}

/// One `{…}` of the template and its value.
pub(crate) struct Placeholder {
    /// The method of the runtime's `Request` that takes it.
    pub(crate) setter: &'static str,
    pub(crate) text: String,
    pub(crate) value: TokenStream,
    /// Whether the value is `Display`, judged by the form of its type. Otherwise method resolution decides.
    pub(crate) is_displayed: bool,
}

/// An argument that sets the options of a call.
pub(crate) struct Options {
    pub(crate) name: Ident,
    /// Whether it is a reference, or an `Option` of one.
    pub(crate) is_reference: bool,
}

pub(crate) enum Auth {
    Bearer(Expr),
    Basic(Expr, Expr),
}

pub(crate) struct Content {
    /// `json`, `form`, `text`, `body` or `multipart`: the method has the same name.
    pub(crate) key: Ident,
    /// Whether the method takes a reference.
    pub(crate) by_reference: bool,
    /// Whether `None` sends no body.
    pub(crate) is_optional: bool,
    pub(crate) value: Expr,
}

pub(crate) enum Retry {
    /// The number of retries, or a whole `Retry`.
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
    /// The expressions that are evaluated when the request is made.
    pub(crate) fn exprs(&self) -> Vec<&Expr> {
        match self {
            Retry::Simple(times) => vec![times],
            Retry::Policy { times, backoff, on_retry, .. } => {
                let backoff = backoff.iter().flat_map(Backoff::exprs);
                [times].into_iter().chain(backoff).chain(on_retry).collect()
            }
        }
    }
}

pub(crate) struct Handlers {
    pub(crate) success: Success,
    pub(crate) exit: Exit,
    pub(crate) on_error: OnError,
    pub(crate) fallback: Option<Expr>,
    pub(crate) cleanup: Option<Call>,
    pub(crate) finally: Option<Call>,
    /// Whether a handler may await: by `.await`, or in a macro that is not known.
    pub(crate) handlers_may_await: bool,
}

impl Handlers {
    /// Whether anything may be awaited after the response; if not, a closure can hold all of it.
    pub(crate) fn may_await(&self) -> bool {
        self.handlers_may_await || self.success.body().is_some_and(|body| body.form.may_await())
    }
}

pub(crate) enum OnError {
    /// Not given: every error propagates.
    Nothing,
    Always(Action, Span),
    Arms {
        /// The `(` after `on_error`; in the variant above, the `=`.
        after_key: Span,
        arms: Vec<Arm>,
        /// Whether to append `_ => {}`.
        needs_wildcard: bool,
    },
}

/// The value of `cleanup` or `finally`, and the `.await` after it.
pub(crate) struct Call {
    pub(crate) callee: Callee,
    pub(crate) awaited: Option<TokenStream>,
}

pub(crate) enum Callee {
    /// A path or a field. Called with the `Ending` for `finally`, and without arguments for `cleanup`.
    Function(Expr),
    /// Called in the same way. An `.await` at the end of its body is moved behind the call.
    Closure(ExprClosure),
    /// A call or a macro, kept as it is.
    Verbatim(Expr),
}

impl OnError {
    /// How control may leave it. An error that no arm matches propagates.
    pub(crate) fn flow(&self) -> Flow {
        match self {
            OnError::Nothing => Flow::PROPAGATES,
            OnError::Always(action, _) => action.flow(),
            OnError::Arms { arms, needs_wildcard, .. } => {
                let rest = if *needs_wildcard { Flow::PROPAGATES } else { Flow::default() };
                arms.iter().map(|arm| arm.action.flow()).fold(rest, Flow::union)
            }
        }
    }

    /// Whether the statements after it may be unreachable.
    pub(crate) fn may_diverge(&self) -> bool {
        match self {
            OnError::Nothing => false,
            OnError::Always(action, _) => action.may_diverge(),
            OnError::Arms { arms, needs_wildcard, .. } => {
                !needs_wildcard && arms.iter().all(|arm| arm.action.may_diverge())
            }
        }
    }

    /// Whether a handler's value is dropped by a call that may not be reached.
    pub(crate) fn drops_value(&self) -> bool {
        match self {
            OnError::Nothing => false,
            OnError::Always(action, _) => action.drops_value(),
            OnError::Arms { arms, .. } => arms.iter().any(|arm| arm.action.drops_value()),
        }
    }

    /// Whether its statements deny lints. rustc accepts the attribute on a statement only.
    pub(crate) fn denies_lints(&self) -> bool {
        match self {
            OnError::Nothing => false,
            OnError::Always(action, _) => {
                matches!(action, Action::Closure(_) | Action::Block(_) | Action::If { .. })
            }
            OnError::Arms { .. } => true,
        }
    }

    /// Whether it uses the error.
    pub(crate) fn needs_error(&self) -> bool {
        match self {
            OnError::Nothing => false,
            OnError::Always(action, _) => action.needs_error(),
            OnError::Arms { .. } => true,
        }
    }
}
