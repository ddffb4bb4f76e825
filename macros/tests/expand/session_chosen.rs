// #[request(get = "/", session = if secure { &self.session } else { Session::shared() })]
// async fn root(&self, secure: bool) -> Result<String, Error>;

async fn root(&self, secure: bool) -> Result<String, Error> {
    let reader = ::backstop::by_type::returns::<Result<String, Error>>().reader();
    let request = ::backstop::Request::get("/").streaming(reader.streaming);
    (if secure { &self.session } else { Session::shared() })
        .fetch(request)
        .await
        .and_then(reader.decode)
        .unwrap_or_else(reader.from_error)
}
