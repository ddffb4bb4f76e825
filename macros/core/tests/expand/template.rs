// #[request(get = "{base}/files/{*path}/{self.version.0}.json?q={query}&n={type}&again={query}")]
// async fn find(&self, base: &Url, path: &str, (query, _n): (&str, u8), r#type: u8) -> Result<(), Error>;

async fn find(
    &self,
    base: &Url,
    path: &str,
    (query, _n): (&str, u8),
    r#type: u8,
) -> Result<(), Error> {
    let reader = ::backstop::expansion::decode::<Result<(), Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::get(
            "{base}/files/{*path}/{self.version.0}.json?q={query}&n={type}&again={query}",
        )
        .base("base", &base)
        .path_segments("path", &path)
        .path("self.version.0", &::backstop::expansion::segment(&self.version.0).text())
        .query_param("query", &query)
        .query_param("type", &r#type)
        .streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::Outcome::from_result(reader.read(response))
}
