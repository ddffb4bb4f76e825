// #[request(
//     get = "/",
//     on_error = {
//         let late = is_late();
//         log(info);
//         if late { notify; recover(1) } else if never() { fail(Late) }
//     },
// )]
// async fn count() -> Result<u8, Error>;

async fn count() -> Result<u8, Error> {
    let reader = ::backstop::expansion::decode::<Result<u8, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::get("/").streaming(reader.streaming).handled();
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::expansion::call(|| -> Result<u8, Error> {
        let failure = match reader.read(response) {
            ::core::result::Result::Ok(outcome) => return outcome,
            ::core::result::Result::Err(failure) => failure,
        };
        let error = failure.error();
        #[deny(unused_must_use)]
        #[allow(unreachable_code, clippy::diverging_sub_expression)]
        let late = is_late();
        ::backstop::log_at(::backstop::Level::INFO, &error);
        if late {
            ::backstop::expansion::on_error(&notify(&error), &failure).dropped();
            return failure.recover(1);
        } else if never() {
            return ::backstop::expansion::fail(failure, Late)
        }
        ::backstop::Outcome::from_failure(failure)
    })
}
