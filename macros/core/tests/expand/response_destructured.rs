// #[request(get = "/", on_error = log)]
// async fn count(#[response] Json(Page { names, .. }): Json<Page>) -> Result<usize, Error> {
//     Ok(names.len())
// }

async fn count() -> Result<usize, Error> {
    let request = ::backstop::Request::get("/").reads::<Json<Page>>();
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::handle(|| -> Result<usize, Error> {
        let failure = match ::backstop::read::<Json<Page>>(response) {
            ::core::result::Result::Ok(response) => {
                let Json(Page { names, .. }) = response;
                let outcome: Result<usize, Error> = { Ok(names.len()) };
                let error = ::backstop::by_type::returned(&outcome).request_error();
                let ::core::option::Option::Some(error) = error else {
                    return outcome;
                };
                ::backstop::Failure::returned(error, outcome)
            }
            ::core::result::Result::Err(error) => ::backstop::Failure::new(error),
        };
        let error = failure.error();
        ::backstop::log(&error);
        ::backstop::Outcome::from_failure(failure)
    })
}
