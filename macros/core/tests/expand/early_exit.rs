// #[request(get = "/", on_error = log)]
// async fn count(#[response] text: String) -> Result<u8, Mine> {
//     let count = text.parse()?;
//     Ok(count)
// }

async fn count() -> Result<u8, Mine> {
    let request = ::backstop::Request::get("/").reads::<String>().handled();
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::expansion::call(|| -> Result<u8, Mine> {
        let failure = match ::backstop::expansion::read::<String>(response) {
            ::core::result::Result::Ok(text) => {
                let outcome = ::backstop::expansion::call(|| -> Result<u8, Mine> {
                    let count = text.parse()?;
                    Ok(count)
                });
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
