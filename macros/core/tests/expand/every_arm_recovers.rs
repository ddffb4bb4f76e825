// #[request(get = "/", on_error(Build => panic!("a bug"), _ => recover(0)))]
// async fn count(#[response] text: String) -> usize {
//     text.len()
// }

async fn count() -> usize {
    let request = ::backstop::Request::get("/").reads::<String>();
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::handle(|| -> usize {
        let failure = match ::backstop::read::<String>(response) {
            ::core::result::Result::Ok(text) => {
                let outcome: usize = { text.len() };
                let error = ::backstop::by_type::returned(&outcome).request_error();
                let ::core::option::Option::Some(error) = error else {
                    return outcome;
                };
                ::backstop::Failure::returned(error, outcome)
            }
            ::core::result::Result::Err(error) => ::backstop::Failure::new(error),
        };
        let error = failure.error();
        #[deny(unreachable_patterns, unused_must_use)]
        let outcome = match error.kind() {
            ::backstop::ErrorKind::Build(_) => panic!("a bug"),
            _ => failure.recover(0),
        };
        outcome
    })
}
