// #[request(get = "/", on_error = log)]
// async fn count(#[response] Json(Page { names, .. }): Json<Page>) -> Result<usize, Error> {
//     Ok(names.len())
// }

async fn count() -> Result<usize, Error> {
    let request = ::backstop::Request::get("/").reads::<Json<Page>>().handled();
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::expansion::call(|| -> Result<usize, Error> {
        let failure = match ::backstop::expansion::read::<Json<Page>>(response) {
            ::core::result::Result::Ok(response) => {
                let Json(Page { names, .. }) = response;
                let outcome: Result<usize, Error> = { Ok(names.len()) };
                let error = ::backstop::expansion::inspect(&outcome).request_error();
                let ::core::option::Option::Some(error) = error else {
                    return outcome;
                };
                ::backstop::expansion::returned(error, outcome)
            }
            ::core::result::Result::Err(error) => ::backstop::expansion::failed(error),
        };
        let error = failure.error();
        ::backstop::log(&error);
        ::backstop::Outcome::from_failure(failure)
    })
}
