// #[request(get = "/", on_error = log)]
// async fn remaining(#[response] status: StatusCode, #[response] left: Remaining) -> Result<(u16, u64), Error> {
//     Ok((status.as_u16(), left.0))
// }

async fn remaining() -> Result<(u16, u64), Error> {
    let reader = ::backstop::by_type::taken::<(StatusCode, Remaining)>().reader();
    let request = ::backstop::Request::get("/").streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::handle(|| -> Result<(u16, u64), Error> {
        let failure = match reader.read(response) {
            ::core::result::Result::Ok((status, left)) => {
                let outcome: Result<(u16, u64), Error> = {
                    Ok((status.as_u16(), left.0))
                };
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
