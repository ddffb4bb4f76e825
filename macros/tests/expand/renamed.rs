// #[request(get = "/", crate = web)]
// async fn root() -> Result<String, Error>;

async fn root() -> Result<String, Error> {
    let reader = ::web::by_type::returns::<Result<String, Error>>().reader();
    let request = ::web::Request::get("/").streaming(reader.streaming);
    ::web::Session::shared()
        .fetch(request)
        .await
        .and_then(reader.decode)
        .unwrap_or_else(reader.from_error)
}
