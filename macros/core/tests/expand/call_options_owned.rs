// #[request(get = "/", on_error = log)]
// async fn root(options: Option<CallOptions>) -> Result<User, Error>;

async fn root(options: Option<CallOptions>) -> Result<User, Error> {
    let reader = ::backstop::expansion::decode::<Result<User, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::get("/")
        .with_options(&options)
        .streaming(reader.streaming)
        .handled();
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::expansion::call(|| -> Result<User, Error> {
        let failure = match reader.read(response) {
            ::core::result::Result::Ok(outcome) => return outcome,
            ::core::result::Result::Err(failure) => failure,
        };
        let error = failure.error();
        ::backstop::log(&error);
        ::backstop::Outcome::from_failure(failure)
    })
}
