//! The calls that build a request → statements in which temporaries do not overlap.
//!
//! Rust keeps a temporary, such as the guard of a lock, until the end of the statement. If one statement had
//! all calls, the guard would be held while another expression awaits or takes the same lock. Each statement
//! therefore evaluates at most one expression with a call.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Expr;

use super::{code, user_span};
use crate::walk;

pub(super) struct Chain {
    /// The complete statements.
    statements: TokenStream,
    /// The beginning of the next statement, and the calls on it.
    start: TokenStream,
    calls: TokenStream,
    /// Whether one of `calls` evaluates an expression that calls something.
    occupied: bool,
}

impl Chain {
    pub(super) fn new(start: TokenStream) -> Self {
        let (statements, calls) = (TokenStream::new(), TokenStream::new());
        Self { statements, start, calls, occupied: false }
    }

    // Output: .query(&filter)
    pub(super) fn call(&mut self, call: TokenStream, evaluated: &[&Expr]) {
        let occupies = evaluated.iter().any(|expr| walk::calls(expr));
        if occupies && self.occupied {
            self.end_statement();
        }
        self.occupied |= occupies;
        self.calls.extend(call);
    }

    /// Evaluates `expr` in a statement before the call that takes it, and returns its variable.
    // Output: let times = self.tries();
    pub(super) fn evaluate(&mut self, name: &str, expr: TokenStream) -> TokenStream {
        let name = Ident::new(name, Span::mixed_site());
        if self.occupied {
            self.end_statement();
        }
        // Before the request, if the request evaluates nothing yet.
        self.statements.extend(code!(let #name = #expr;));
        code!(#name)
    }

    // Output: let request = ::backstop::Request::get("/").query(&filter());
    //         let request = request.bearer_auth(token().await);
    fn end_statement(&mut self) {
        let (start, calls) = (&self.start, std::mem::take(&mut self.calls));
        self.statements.extend(code!(let request = #start #calls;));
        self.start = code!(request);
        self.occupied = false;
    }

    pub(super) fn into_statements(mut self) -> TokenStream {
        self.end_statement();
        self.statements
    }
}

// Input:  self.user()
// Output: ::std::string::ToString::to_string(&self.user())
pub(super) fn to_string_call(expr: &Expr) -> TokenStream {
    let span = user_span(expr);
    quote_spanned!(span=> ::std::string::ToString::to_string(&#expr))
}
