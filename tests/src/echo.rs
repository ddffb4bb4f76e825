//! A service that answers without a network.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use backstop::reqwest;
use tower_service::Service;

/// Answers with the method and the URL of the request.
#[derive(Debug, Clone)]
pub struct Echo;

impl Service<reqwest::Request> for Echo {
    type Response = reqwest::Response;
    type Error = Infallible;
    type Future = Ready<Result<reqwest::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: reqwest::Request) -> Self::Future {
        let body = format!("{} {}", request.method(), request.url());
        ready(Ok(http::Response::new(body).into()))
    }
}
