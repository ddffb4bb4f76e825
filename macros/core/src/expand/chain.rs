//! The calls that make a request → statements, in which no expression waits for another's end.
//!
//! What an expression holds for a moment, such as the guard of a lock, Rust keeps to the end of the
//! statement. There it would be held while another waits or asks for the same lock. So a statement
//! evaluates one expression at most that calls something.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Expr;

use super::{code, user_span};
use crate::walk;

pub(super) struct Chain {
    /// Those that are complete.
    statements: TokenStream,
    /// What the next one begins with, and the calls that follow.
    start: TokenStream,
    calls: TokenStream,
    /// Whether one of them evaluates an expression that calls something.
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

    /// Has `expr` evaluated before the call that takes it, and returns the name of its value.
    // Output: let times = self.tries();
    pub(super) fn evaluate(&mut self, name: &str, expr: TokenStream) -> TokenStream {
        let name = Ident::new(name, Span::mixed_site());
        if self.occupied {
            self.end_statement();
        }
        // Before the request itself, if nothing of that is in the way.
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
