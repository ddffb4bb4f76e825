// #[request(get = "/", on_error = panic!("no error is expected"), cleanup = release)]
// async fn root() -> Result<String, Error>;

async fn root() -> Result<String, Error> {
    let reader = ::backstop::by_type::total::<Result<String, Error>>().reader();
    let request = ::backstop::Request::get("/").streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::handle(|| -> Result<String, Error> {
        let _: ::backstop::Failure<Result<String, Error>> = match reader.read(response) {
            ::core::result::Result::Ok(outcome) => return outcome,
            ::core::result::Result::Err(error) => ::backstop::Failure::new(error),
        };
        panic!("no error is expected");
        #[allow(unreachable_code)] #[deny(unused_must_use)] release();
    })
}
