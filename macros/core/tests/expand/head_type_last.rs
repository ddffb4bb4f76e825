// #[request(get = "/", on_error = log)]
// async fn remaining(#[response] status: StatusCode, #[response] left: Remaining) -> Result<(u16, u64), Error> {
//     Ok((status.as_u16(), left.0))
// }

async fn remaining() -> Result<(u16, u64), Error> {
    let reader = ::backstop::expansion::extract::<(StatusCode, Remaining)>()
        .reader(::backstop::FromResponse::from_response);
    let request = ::backstop::Request::get("/").streaming(reader.streaming).handled();
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::expansion::call(|| -> Result<(u16, u64), Error> {
        let failure = match reader.read(response) {
            ::core::result::Result::Ok((status, left)) => {
                let outcome: Result<(u16, u64), Error> = {
                    Ok((status.as_u16(), left.0))
                };
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
