// #[request(get = "/", retry = 3)]
// async fn again() -> Result<String, Error>;

async fn again() -> Result<String, Error> {
    let reader = ::backstop::expansion::decode::<Result<String, Error>>().reader();
    let request = ::backstop::Request::get("/").retry(3).streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    reader.read(response)
}
