// #[request(get = "https://api.example.com/issues/{state}/{self.owner}/{id}/{VERSION}")]
// async fn issues(&self, state: State, id: u64) -> Result<Bytes, Error>;

async fn issues(&self, state: State, id: u64) -> Result<Bytes, Error> {
    let reader = ::backstop::expansion::decode::<Result<Bytes, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::get(
            "https://api.example.com/issues/{state}/{self.owner}/{id}/{VERSION}",
        )
        .path("state", &::backstop::expansion::segment(&state).text())
        .path("self.owner", &::backstop::expansion::segment(&self.owner).text())
        .path("id", &id)
        .path("VERSION", &VERSION)
        .streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::Outcome::from_result(reader.read(response))
}
