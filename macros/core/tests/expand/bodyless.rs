// #[request(get = "https://api.example.com/users/{id}")]
// async fn user(id: u64) -> Result<User, Error>;

async fn user(id: u64) -> Result<User, Error> {
    let reader = ::backstop::expansion::decode::<Result<User, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::get("https://api.example.com/users/{id}")
        .path("id", &id)
        .streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::Outcome::from_result(reader.read(response))
}
