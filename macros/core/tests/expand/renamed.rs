// #[request(get = "/", crate = web)]
// async fn root() -> Result<String, Error>;

async fn root() -> Result<String, Error> {
    let reader = ::web::expansion::decode::<Result<String, Error>>()
        .reader(::web::expansion::FromJson::from_json);
    let request = ::web::Request::get("/").streaming(reader.streaming);
    let response = ::web::Session::shared().fetch(request).await;
    ::web::Outcome::from_result(reader.read(response))
}
