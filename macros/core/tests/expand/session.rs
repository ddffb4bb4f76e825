// #[request(get = "/", session = self.session, basic("user", &self.password))]
// async fn root(&self) -> Result<String, Error>;

async fn root(&self) -> Result<String, Error> {
    let reader = ::backstop::expansion::decode::<Result<String, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::get("/")
        .basic_auth("user", &self.password)
        .streaming(reader.streaming);
    let response = ::backstop::Session::fetch(&self.session, request).await;
    ::backstop::Outcome::from_result(reader.read(response))
}
