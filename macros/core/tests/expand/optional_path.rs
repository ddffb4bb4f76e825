// #[request(get = "https://{tenant}.example.com/repos/{name}/contents{/*path}{/page}?{ids}")]
// async fn contents(
//     tenant: &str,
//     name: &str,
//     path: Option<&str>,
//     page: Option<u8>,
//     ids: Commas<&[u64]>,
// ) -> Result<Bytes, Error>;

async fn contents(
    tenant: &str,
    name: &str,
    path: Option<&str>,
    page: Option<u8>,
    ids: Commas<&[u64]>,
) -> Result<Bytes, Error> {
    let reader = ::backstop::expansion::decode::<Result<Bytes, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::get(
            "https://{tenant}.example.com/repos/{name}/contents{/*path}{/page}?{ids}",
        )
        .host_label("tenant", &tenant)
        .path("name", &name)
        .optional_path_segments("path", &path)
        .optional_path("page", &page)
        .query_param("ids", &ids)
        .streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::Outcome::from_result(reader.read(response))
}
