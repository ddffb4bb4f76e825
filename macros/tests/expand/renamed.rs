// #[request(get = "/", crate = http)]
// async fn root() -> Result<String, Error>;

async fn root() -> Result<String, Error> {
    let reader = ::http::by_type::returns::<Result<String, Error>>().reader();
    let request = ::http::Request::get("/").streaming(reader.streaming);
    ::http::Session::shared()
        .fetch(request)
        .await
        .and_then(reader.decode)
        .unwrap_or_else(reader.from_error)
}
