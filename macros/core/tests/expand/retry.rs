// #[request(get = "/", retry = 3)]
// async fn again() -> Result<String, Error>;

async fn again() -> Result<String, Error> {
    let reader = ::backstop::expansion::decode::<Result<String, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::get("/").retry(3).streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::Outcome::from_result(reader.read(response))
}
