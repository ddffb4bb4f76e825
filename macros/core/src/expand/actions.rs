//! The actions of `on_error` → statements, and the outcome of those that recover or fail.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, Pat, Path};

use super::{
    call, call_at, code, crate_at, last_span, local_at, mixed_span, parentheses, user_span,
};
use crate::action::{Action, Step};
use crate::args::Arm;
use crate::model::Exit;
use crate::pattern::{Kind, Leaf, Pattern, Payload};

/// Writes the actions of one function.
pub(super) struct ArmWriter<'a> {
    pub(super) krate: &'a Path,
    pub(super) has_finally: bool,
    pub(super) exit: Exit,
}

impl ArmWriter<'_> {
    // Output: failure.recover(None)
    fn recover(&self, word: &Ident, value: Option<&Expr>) -> TokenStream {
        let value = value.map_or_else(|| quote_spanned!(word.span()=> ()), Expr::to_token_stream);
        self.exit(self.with_ending("Done", failure_call(word.span(), "recover", value)))
    }

    // Output: ::backstop::expansion::fail(failure, error)
    fn fail(&self, word: &Ident, error: &Expr) -> TokenStream {
        let span = mixed_span(word);
        let krate = crate_at(self.krate, span);
        let failed = quote_spanned!(span=> #krate::expansion::fail(failure, #error));
        self.exit(self.with_ending("Failed", failed))
    }

    // Output: (::backstop::Ending::Done, VALUE)          with `finally`
    pub(super) fn with_ending(&self, ending: &str, value: TokenStream) -> TokenStream {
        let krate = self.krate;
        let ending = Ident::new(ending, Span::mixed_site());
        match self.has_finally {
            true => code!((#krate::Ending::#ending, #value)),
            false => value,
        }
    }

    fn exit(&self, value: TokenStream) -> TokenStream {
        match self.exit {
            Exit::Return { .. } => code!(return #value),
            Exit::Break { .. } => code!(break 'handled #value),
            Exit::Diverge | Exit::Value | Exit::Bind | Exit::Continue { .. } => value,
        }
    }

    // Input:  Connect => print, Status(404) => recover(None), e @ _ if busy(e) => log(warn)
    // Output: match (error.kind(), &error) {
    //             (::backstop::ErrorKind::Connect(_), _) => ::backstop::print(&error),
    //             (::backstop::ErrorKind::Status(404), _) => return failure.recover(None),
    //             (_, e) if busy(e) => ::backstop::log_at(::backstop::Level::WARN, &error),
    //             _ => {}
    //         }
    pub(super) fn match_arms(&self, arms: &[Arm], needs_wildcard: bool) -> TokenStream {
        let named = arms.iter().any(|arm| arm.pattern.binding.is_some());
        let subject = match named {
            true => code!((error.kind(), &error)),
            false => code!(error.kind()),
        };
        let arms = arms.iter().map(|arm| {
            let pattern = self.pattern(&arm.pattern, named);
            let guard = arm.guard.as_ref().map(|guard| code!(if #guard));
            let body = self.arm(&arm.action);
            code!(#pattern #guard => #body)
        });
        let rest = needs_wildcard.then(|| code!(_ => {}));
        code!(match #subject { #(#arms)* #rest })
    }

    fn pattern(&self, pattern: &Pattern, named: bool) -> TokenStream {
        let kind = kind_pattern(&pattern.kind, self.krate);
        if !named {
            return kind;
        }
        let error = match &pattern.binding {
            Some(error) => error.clone(),
            None => code!(_),
        };
        // The parentheses have the span too: rustc reports an unreachable arm at them.
        quote_spanned!(pattern.span=> (#kind, #error))
    }

    // Output: ::backstop::print(&error),
    //         { released(&error); }
    fn arm(&self, action: &Action) -> TokenStream {
        match action {
            Action::Log(..) | Action::Print(_) => {
                let call = statement(action, self.krate);
                code!(#call,)
            }
            Action::Recover(..) | Action::Fail(..) | Action::Diverge(_) => {
                let value = self.action(action);
                code!(#value,)
            }
            _ => {
                let contents = self.action(action);
                code!({ #contents })
            }
        }
    }

    /// The statements of an action, for a block.
    pub(super) fn action(&self, action: &Action) -> TokenStream {
        match action {
            Action::Recover(word, value) => self.recover(word, value.as_ref()),
            Action::Fail(word, error) => self.fail(word, error),
            Action::Diverge(tokens) => code!(#tokens),
            Action::Block(steps) => self.block(steps),
            Action::If { condition, then, else_branch } => {
                let then = self.action(then);
                let else_branch = else_branch.as_deref().map(|action| {
                    let contents = self.action(action);
                    match action {
                        Action::If { .. } => code!(else #contents),
                        _ => code!(else { #contents }),
                    }
                });
                code!(#condition { #then } #else_branch)
            }
            Action::Match { head, arms } => {
                let arms = arms.iter().map(|(pat, action)| {
                    let contents = self.action(action);
                    code!(#pat => { #contents })
                });
                code!(#head { #(#arms)* })
            }
            Action::Log(..)
            | Action::Print(_)
            | Action::Call(..)
            | Action::Closure(_)
            | Action::AsyncClosure(_)
            | Action::Value(_)
            | Action::Statement(_) => {
                let call = statement(action, self.krate);
                code!(#call;)
            }
        }
    }

    fn block(&self, steps: &[Step]) -> TokenStream {
        let last = steps.len().saturating_sub(1);
        let steps = steps.iter().enumerate().map(|(index, step)| match step {
            Step::Verbatim(tokens) => tokens.clone(),
            Step::Action(Action::Block(steps)) => {
                let contents = self.block(steps);
                code!({ #contents })
            }
            Step::Action(action @ Action::Diverge(_)) if index < last => {
                let contents = self.action(action);
                code!(#contents;)
            }
            Step::Action(action) => self.action(action),
        });
        code!(#(#steps)*)
    }
}

// Output: failure.recover(None)
pub(super) fn failure_call(span: Span, how: &str, value: TokenStream) -> TokenStream {
    let failure = local_at(span, "failure");
    let call = call_at(span, how, value);
    code!(#failure #call)
}

/// The expression of an action that neither recovers nor fails.
fn statement(action: &Action, krate: &Path) -> Option<TokenStream> {
    match action {
        Action::Log(log, None) => Some(quote_spanned!(mixed_span(log)=> #krate::log(&error))),
        Action::Log(log, Some(level)) => {
            let level = Ident::new(&level.to_string().to_uppercase(), mixed_span(level));
            Some(quote_spanned!(mixed_span(log)=> #krate::log_at(#krate::Level::#level, &error)))
        }
        Action::Print(print) => Some(quote_spanned!(mixed_span(print)=> #krate::print(&error))),
        Action::Call(called, awaited) => {
            let call = call(called, quote_spanned!(mixed_span(called)=> &error));
            Some(dropped(last_span(called), code!(#call #awaited), krate))
        }
        Action::Value(tokens) => Some(dropped(user_span(tokens), tokens.clone(), krate)),
        Action::Closure(closure) => {
            // With the user's span: a lint about an unused value then points at the closure.
            let span = user_span(closure);
            let krate = crate_at(krate, span);
            let error = local_at(span, "error");
            let arguments = parentheses(closure, quote_spanned!(span=> &#error, #closure));
            Some(quote_spanned!(span=> #krate::expansion::notify #arguments))
        }
        Action::AsyncClosure(closure) => {
            let span = mixed_span(closure);
            let krate = crate_at(krate, span);
            let mut closure = closure.clone();
            // The closure's argument needs a type before methods can be called on it.
            for pat in &mut closure.inputs {
                if !matches!(pat, Pat::Type(_)) {
                    *pat = Pat::Verbatim(quote_spanned!(span=> #pat: &#krate::Error));
                }
            }
            Some(quote_spanned!(span=> (#closure)(&error).await))
        }
        Action::Statement(tokens) => Some(tokens.clone()),
        _ => None,
    }
}

/// The call of a handler whose value must be one that may be dropped. Located at the handler, where rustc
/// reports any other value.
// Output: ::backstop::expansion::on_error(&notify(&error), &failure).dropped()
fn dropped(span: Span, call: TokenStream, krate: &Path) -> TokenStream {
    super::dropped(span, krate, "on_error", code!(&#call, &failure))
}

// Input:  Connect(Dns | Refused)
// Output: ::backstop::ErrorKind::Connect(
//             ::backstop::ConnectError::Dns | ::backstop::ConnectError::Refused)
pub(super) fn kind_pattern(kind: &Kind, krate: &Path) -> TokenStream {
    match kind {
        Kind::Any(token) => token.to_token_stream(),
        Kind::Verbatim(pat) => pat.to_token_stream(),
        Kind::Or(kinds) => {
            let kinds = kinds.iter().map(|each| kind_pattern(each, krate));
            code!(#(#kinds)|*)
        }
        // At the user's word: rustc reports an unknown class there.
        Kind::Class(class, inside) => {
            let span = class.span();
            let here = crate_at(krate, span);
            let inside = match inside {
                Payload::NoParens { has_payload: false } => None,
                Payload::NoParens { has_payload: true } => Some(quote_spanned!(span=> (_))),
                Payload::Verbatim(tokens) => Some(quote_spanned!(span=> (#tokens))),
                Payload::Status(pat) => Some(quote_spanned!(span=> (#pat))),
                Payload::Leaves(leaves, each) => {
                    let inside = leaf_pattern(each, &Ident::new(leaves, span), krate);
                    Some(quote_spanned!(span=> (#inside)))
                }
            };
            quote_spanned!(span=> #here::ErrorKind::#class #inside)
        }
    }
}

fn leaf_pattern(leaf: &Leaf, leaves: &Ident, krate: &Path) -> TokenStream {
    match leaf {
        Leaf::Variant(word) => {
            let krate = crate_at(krate, word.span());
            quote_spanned!(word.span()=> #krate::#leaves::#word)
        }
        Leaf::Binding(name, each) => {
            let inside = leaf_pattern(each, leaves, krate);
            match **each {
                Leaf::Or(_) => code!(#name @ (#inside)),
                _ => code!(#name @ #inside),
            }
        }
        Leaf::Or(each) => {
            let each = each.iter().map(|each| leaf_pattern(each, leaves, krate));
            code!(#(#each)|*)
        }
        Leaf::Verbatim(pat) => pat.to_token_stream(),
    }
}
