// #[request(get = "/", on_error(Build => panic!("a bug"), _ => recover(0)))]
// async fn count(#[response] text: String) -> usize {
//     text.len()
// }

async fn count() -> usize {
    let request = ::backstop::Request::get("/").reads::<String>().handled();
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::expansion::call(|| -> usize {
        let failure = match ::backstop::expansion::read::<String>(response) {
            ::core::result::Result::Ok(text) => {
                let outcome: usize = { text.len() };
                let error = ::backstop::expansion::inspect(&outcome).request_error();
                let ::core::option::Option::Some(error) = error else {
                    return outcome;
                };
                ::backstop::expansion::returned(error, outcome)
            }
            ::core::result::Result::Err(error) => ::backstop::expansion::failed(error),
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
