// #[request(get = "/", on_error = log)]
// async fn count(#[response] text: String) -> Result<u8, Mine> {
//     let count = text.parse()?;
//     Ok(count)
// }

async fn count() -> Result<u8, Mine> {
    let request = ::backstop::Request::get("/").reads::<String>();
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::handle(|| -> Result<u8, Mine> {
        let failure = match ::backstop::read::<String>(response) {
            ::core::result::Result::Ok(text) => {
                let outcome: Result<u8, Mine> = ::backstop::handle(|| -> Result<
                    u8,
                    Mine,
                > {
                    let count = text.parse()?;
                    Ok(count)
                });
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
