// #[request(get = "/", on_error = |error| note(error.kind()))]
// async fn count() -> Result<usize, Error>;

async fn count() -> Result<usize, Error> {
    let reader = ::backstop::expansion::decode::<Result<usize, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::get("/").streaming(reader.streaming).handled();
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::expansion::call(|| -> Result<usize, Error> {
        let failure = match reader.read(response) {
            ::core::result::Result::Ok(outcome) => return outcome,
            ::core::result::Result::Err(failure) => failure,
        };
        let error = failure.error();
        #[deny(unused_must_use)]
        ::backstop::expansion::notify(&error, |error| note(error.kind()));
        ::backstop::Outcome::from_failure(failure)
    })
}
