// #[request(get = "/", on_error = |error| note(error.kind()))]
// async fn count() -> Result<usize, Error>;

async fn count() -> Result<usize, Error> {
    let reader = ::backstop::by_type::total::<Result<usize, Error>>().reader();
    let request = ::backstop::Request::get("/").streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::handle(|| -> Result<usize, Error> {
        let failure: ::backstop::Failure<Result<usize, Error>> = match reader
            .read(response)
        {
            ::core::result::Result::Ok(outcome) => return outcome,
            ::core::result::Result::Err(error) => ::backstop::Failure::new(error),
        };
        let error = failure.error();
        #[deny(unused_must_use)] ::backstop::notify(&error, |error| note(error.kind()));
        ::backstop::Outcome::from_failure(failure)
    })
}
