// #[request(get = "/users/{id}", timeout = 2s)]
// async fn user(id: u64, options: &CallOptions) -> Result<User, Error>;

async fn user(id: u64, options: &CallOptions) -> Result<User, Error> {
    let reader = ::backstop::expansion::decode::<Result<User, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::get("/users/{id}")
        .path("id", &id)
        .timeout(::core::time::Duration::from_secs(2))
        .with_options(options)
        .streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::Outcome::from_result(reader.read(response))
}
