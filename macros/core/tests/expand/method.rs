// #[request(method("PURGE") = "/cache/{key}")]
// async fn purge(key: &str) -> Result<(), Error>;

async fn purge(key: &str) -> Result<(), Error> {
    let reader = ::backstop::expansion::decode::<Result<(), Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::method("PURGE", "/cache/{key}")
        .path("key", &key)
        .streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::Outcome::from_result(reader.read(response))
}
