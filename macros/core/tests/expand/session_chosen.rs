// #[request(get = "/", session = if secure { &self.session } else { Session::shared() })]
// async fn root(&self, secure: bool) -> Result<String, Error>;

async fn root(&self, secure: bool) -> Result<String, Error> {
    let reader = ::backstop::expansion::decode::<Result<String, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::get("/").streaming(reader.streaming);
    let exchange = (if secure { &self.session } else { Session::shared() })
        .fetch(request);
    let response = exchange.await;
    ::backstop::Outcome::from_result(reader.read(response))
}
